"""A key that nobody has alone: any k sheets open it, any fewer do not, and none of it is in the database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from itertools import combinations
from pathlib import Path
from typing import Any

import pyrage
import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from examsite.config import Settings
from examsite.domain.errors import DomainError, InvalidError
from examsite.domain.permissions import Role
from examsite.domain.split_keys import KeyPurpose
from examsite.services.announcements import announce
from examsite.services.context import Actor, ServiceContext
from examsite.services.key_sheets import discard_key, hand_out_key, show_sheet, take_sheet
from examsite.services.split_keys import Sheet, check_share, join_split_key, split_secret
from examsite.services.table_checks import check_seals, check_tables
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.competitions import Competition
from examsite.storage.models.split_keys import KeyShare
from examsite.storage.queries.split_keys import (
    find_split_key,
    get_split_key,
    get_split_key_number,
    list_missing_key,
)
from tests.factories.competitions import Plan, make_complete_plan
from tests.factories.split_keys import make_split_key


@pytest.fixture
def plan(session: Session, now: datetime) -> Plan:
    made = make_complete_plan(session, now)
    announce(made.ctx(), made.competition)
    return made


@pytest.fixture
def ctx_of(plan: Plan, tmp_path: Path) -> Callable[[RoleAssignment], ServiceContext]:
    """A context of somebody on the installation, a second factor just shown."""
    settings = Settings(tmp_path, secret_key="0" * 64, database_url="sqlite://", testing=True)

    def make(held: RoleAssignment) -> ServiceContext:
        actor = Actor(held.account_id, held.role, held.id, held.pseudonym, plan.competition.id)
        return ServiceContext(plan.session, plan.now, actor, settings, factor_at=plan.now)

    return make


def holders_of(plan: Plan) -> list[RoleAssignment]:
    return [*plan.people[Role.CHAIR], *plan.people[Role.COUNCIL_MEMBER]]


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(DomainError) as found:
        act()
    return found.value.code


def test_any_two_of_three_sheets_open_and_no_sheet_alone(session: Session, now: datetime) -> None:
    plan = make_complete_plan(session, now)
    chair = plan.ctx(Role.CHAIR)
    holders = [*plan.people[Role.CHAIR], *plan.people[Role.COUNCIL_MEMBER]]
    sheets = make_split_key(chair, plan.competition, KeyPurpose.DRAWS, holders=holders, needed=2)
    key = get_split_key(session, plan.competition.id, KeyPurpose.DRAWS)
    sealed = pyrage.encrypt(b"32 bytes", [pyrage.x25519.Recipient.from_str(key.recipient)])

    for pair in combinations(sheets, 2):
        identity, names = join_split_key(chair, key, [f"  {sheet.words.upper()}\n" for sheet in pair])
        assert pyrage.decrypt(sealed, [identity]) == b"32 bytes"
        short, _names = join_split_key(chair, key, [" ".join(word[:4] for word in s.words.split()) for s in pair])
        assert pyrage.decrypt(sealed, [short]) == b"32 bytes"
        assert names == sorted(sheet.pseudonym for sheet in pair)
    for words, code in (
        ([sheets[0].words], "shares_too_few"),
        ([sheets[0].words, sheets[0].words], "share_twice"),
        ([sheets[0].words, "academic acid"], "share_words_missing"),
        ([sheets[0].words, sheets[1].words.replace(sheets[1].words.split()[9], "quyen")], "share_word_unknown"),
        ([sheets[0].words, " ".join(sorted(sheets[1].words.split()))], "share_not_valid"),
        ([sheets[0].words, split_secret(needed=2, holders=3).shares[1]], "share_of_other_key"),
    ):
        with pytest.raises(InvalidError, match=code):
            join_split_key(chair, key, words)
    assert check_share(chair, key, sheets[2].words).assignment_id == holders[2].id


def test_no_word_of_a_sheet_is_in_any_table_while_it_waits(session: Session, plan: Plan, ctx_of: Any) -> None:
    holders = holders_of(plan)
    made = hand_out_key(ctx_of(holders[0]), plan.competition, KeyPurpose.CODES, holders=holders, needed=2)
    key = get_split_key_number(session, plan.competition.id, made.id)
    sheets = [show_sheet(ctx_of(held), plan.competition, key) for held in holders]
    kept = "\n".join(
        str(tuple(row))  # a row itself cuts long values short
        for table in ("split_keys", "key_shares", "records")
        for row in session.execute(text(f"SELECT * FROM {table}")).all()
    )
    assert plan.people[Role.CHAIR][0].pseudonym in kept
    for sheet in sheets:
        assert " ".join(sheet.words.split()[4:8]) not in kept


def test_holders_sit_in_the_council_or_watch_and_only_the_chair_splits(plan: Plan, ctx_of: Any) -> None:
    marker, (chair, *members) = plan.people[Role.MARKER][0], holders_of(plan)

    def split(who: RoleAssignment, holders: list[RoleAssignment], needed: int = 2, **changes: Any) -> str:
        ctx = replace(ctx_of(who), **changes)
        purpose = KeyPurpose.CODES
        return refusal(lambda: hand_out_key(ctx, plan.competition, purpose, holders=holders, needed=needed))

    assert split(chair, [chair, marker]) == "holder_not_valid"
    # One person with two seats would hold two sheets, and with three of them a quorum alone.
    marker.role, marker.account_id = Role.SUPERVISOR, chair.account_id
    assert split(chair, [chair, marker, *members]) == "holder_twice"
    assert split(chair, members, 1) == "quorum_not_valid"
    assert split(members[0], members) == "role_needed"
    assert split(chair, members, factor_at=None) == "fresh_factor_needed"


def test_each_holder_takes_the_own_sheet_and_then_the_key_is_in_force(plan: Plan, ctx_of: Any) -> None:
    session, here, purpose = plan.session, plan.competition, KeyPurpose.DRAWS
    holders = holders_of(plan)
    chair = ctx_of(holders[0])
    key = hand_out_key(chair, here, purpose, holders=holders, needed=2)
    key = get_split_key_number(session, here.id, key.id)
    assert find_split_key(session, here.id, purpose) is None
    stranger = ctx_of(plan.people[Role.SUPERVISOR][0])
    assert refusal(lambda: show_sheet(stranger, here, key)) == "no_share_held"

    def takes(holder: ServiceContext, *, is_last: bool) -> Sheet:
        assert find_split_key(session, here.id, purpose) is None
        assert refusal(lambda: take_sheet(holder, here, key)) == "sheet_not_shown"
        assert refusal(lambda: show_sheet(replace(holder, factor_at=None), here, key)) == "fresh_factor_needed"
        sheet = show_sheet(holder, here, key)
        assert refusal(lambda: take_sheet(replace(holder, factor_at=None), here, key)) == "fresh_factor_needed"
        assert show_sheet(holder, here, key) == sheet  # the page was lost before
        assert take_sheet(holder, here, key) is is_last
        assert refusal(lambda: show_sheet(holder, here, key)) == "sheet_taken"
        return sheet

    sheets = [takes(ctx_of(held), is_last=held is holders[-1]) for held in holders]
    found = find_split_key(session, here.id, purpose)
    assert found is not None
    assert [share.waiting for share in found.shares] == [None] * 3
    assert [sheet.pseudonym for sheet in sheets] == [held.pseudonym for held in holders]
    _identity, names = join_split_key(chair, found, [sheet.words for sheet in sheets[1:]])
    assert names == sorted(str(held.pseudonym) for held in holders[1:])
    assert refusal(lambda: hand_out_key(chair, here, purpose, holders=holders, needed=2)) == "split_key_made"
    assert refusal(lambda: discard_key(chair, here, found, reason="Thôi")) == "split_key_made"
    assert check_seals(session) == []
    assert [one for one in check_tables(session, here) if one.table == "split_keys"] == []


def test_a_key_that_somebody_does_not_take_is_given_up_and_split_anew(plan: Plan, ctx_of: Any) -> None:
    session, here, purpose = plan.session, plan.competition, KeyPurpose.CODES
    holders = holders_of(plan)
    chair = ctx_of(holders[0])
    first = hand_out_key(chair, here, purpose, holders=holders, needed=2)
    first = get_split_key_number(session, here.id, first.id)
    show_sheet(chair, here, first)
    take_sheet(chair, here, first)
    (missing,) = list_missing_key(session, here.id, purpose, code="codes_key_missing")
    assert (missing.code, missing.params) == ("key_sheets_untaken", {"count": 2})
    assert refusal(lambda: hand_out_key(chair, here, purpose, holders=holders, needed=2)) == "split_key_waiting"
    assert refusal(lambda: discard_key(chair, here, first, reason=" ")) == "reason_missing"
    assert refusal(lambda: discard_key(ctx_of(holders[1]), here, first, reason="Thôi")) == "role_needed"
    no_factor = replace(chair, factor_at=None)
    assert refusal(lambda: discard_key(no_factor, here, first, reason="Thôi")) == "fresh_factor_needed"
    discard_key(chair, here, first, reason="Ủy viên đi công tác")
    assert session.scalars(select(KeyShare).where(KeyShare.waiting.is_not(None))).all() == []
    hand_out_key(chair, here, purpose, holders=holders[:2], needed=2)
    assert check_seals(session) == []
    assert [one for one in check_tables(session, here) if one.table == "split_keys"] == []


def test_a_sheet_that_was_put_in_another_ones_place_is_not_shown(plan: Plan, ctx_of: Any) -> None:
    here, holders = plan.competition, holders_of(plan)
    key = hand_out_key(ctx_of(holders[0]), here, KeyPurpose.CODES, holders=holders, needed=2)
    key = get_split_key_number(plan.session, here.id, key.id)
    key.shares[0].waiting = key.shares[1].waiting
    plan.session.flush()
    assert refusal(lambda: show_sheet(ctx_of(holders[0]), here, key)) == "sheet_damaged"


def test_a_sheet_or_a_key_that_is_put_back_as_it_was_with_its_own_seal_is_named(plan: Plan, ctx_of: Any) -> None:
    """Otherwise a key in force could be given up: it would look as if a sheet still waited for its holder."""
    session, here, holders = plan.session, plan.competition, holders_of(plan)
    chair = ctx_of(holders[0])
    made = hand_out_key(chair, here, KeyPurpose.CODES, holders=holders, needed=2)
    key = get_split_key_number(session, here.id, made.id)
    show_sheet(chair, here, key)

    def kept(model: Any, number: int) -> dict[str, Any]:
        session.flush()
        found = session.connection().execute(select(model.__table__).where(model.__table__.c.id == number))
        return dict(found.mappings().one())

    def put_back(model: Any, row: dict[str, Any]) -> list[tuple[str, int | None, str]]:
        here_id = here.id
        with session.begin_nested() as point:
            session.connection().execute(update(model.__table__).where(model.__table__.c.id == row["id"]).values(**row))
            session.expire_all()
            assert check_seals(session) == []
            found = [
                (one.table, one.row, one.column) for one in check_tables(session, session.get_one(Competition, here_id))
            ]
            point.rollback()
        session.expire_all()
        return [one for one in found if one[0] in ("split_keys", "key_shares")]

    share, whole = kept(KeyShare, key.shares[0].id), kept(type(key), key.id)
    take_sheet(chair, here, key)
    assert put_back(KeyShare, share) == [("key_shares", share["id"], "taken_at")]
    discard_key(
        ctx_of(holders[0]),
        session.get_one(Competition, here.id),
        get_split_key_number(session, here.id, whole["id"]),
        reason="Đi công tác",
    )
    assert put_back(type(key), whole) == [("split_keys", whole["id"], "discarded_at")]
