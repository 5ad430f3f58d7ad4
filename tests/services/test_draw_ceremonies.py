"""A draw that several people decide: nobody chooses, nobody stops it, nobody is left out, nobody draws twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pyrage
import pytest
from sqlalchemy import delete, func, inspect, select, text, update
from sqlalchemy.orm import Session

from examsite.domain.draw_ceremonies import DrawState, NumberWay
from examsite.domain.draws import check_draw, commitment_of
from examsite.domain.errors import DomainError
from examsite.domain.events import Event
from examsite.domain.permissions import Role
from examsite.domain.split_keys import KeyPurpose
from examsite.services.announcements import announce
from examsite.services.context import Actor, ServiceContext
from examsite.services.draw_checks import check_draws
from examsite.services.draws import (
    commit_draw,
    contribute_number,
    draw,
    drop_draw,
    open_numbers,
    prepare_draw,
    reveal_number,
)
from examsite.services.rulesets import change_ruleset
from examsite.services.split_keys import Sheet
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.draws import DrawCeremony, DrawContribution
from examsite.storage.models.records import RecordRow
from examsite.storage.queries.draws import get_ceremony
from examsite.storage.queries.records import get_log, list_records
from examsite.storage.queries.split_keys import get_split_key
from tests.factories.competitions import Plan, make_complete_plan
from tests.factories.draws import give_numbers, make_number, number_all
from tests.factories.split_keys import make_split_key
from tests.scenes import Keep

ORDER = "presentation-order"
ITEMS = ["A", "B", "C", "D", "E"]


class Council:
    """Three members of a council whose rule set draws together, with the sheets of the key of its draws."""

    def __init__(self, session: Session, now: datetime) -> None:
        self.plan: Plan = make_complete_plan(session, now)
        self.session = session
        self.competition = self.plan.competition
        change_ruleset(self.plan.ctx(), self.competition, {"draw_contributors": "council", "draw_notice_minutes": "10"})
        announce(self.plan.ctx(), self.competition)
        self.people = [*self.plan.people[Role.CHAIR], *self.plan.people[Role.COUNCIL_MEMBER]]
        self.now = now
        self.sheets: list[Sheet] = make_split_key(
            self.by(0), self.competition, KeyPurpose.DRAWS, holders=self.people, needed=2
        )
        self.recipient = get_split_key(session, self.competition.id, KeyPurpose.DRAWS).recipient

    def by(self, place: int, *, minutes: int = 0) -> ServiceContext:
        """The context of a member, some minutes after the beginning."""
        return self.acting(self.people[place], minutes=minutes)

    def acting(self, held: RoleAssignment, *, minutes: int = 0) -> ServiceContext:
        """The context of anybody."""
        actor = Actor(held.account_id, held.role, held.id, held.pseudonym, self.competition.id)
        now = self.now + timedelta(minutes=minutes)
        return ServiceContext(session=self.session, now=now, actor=actor, factor_at=now)

    def recorded(self, event: Event) -> list[dict[str, Any]]:
        """What the log says of draws under this event."""
        rows = self.session.scalars(select(RecordRow.payload).where(RecordRow.event == event.value).order_by("seq"))
        return [json.loads(row) for row in rows]

    def words(self, *places: int) -> list[str]:
        """The words of these sheets."""
        return [self.sheets[place].words for place in places]


@pytest.fixture
def council(session: Session, now: datetime, keep: Keep) -> Council:
    return keep("council", lambda: Council(session, now), session)


def refusal(act: Callable[[], object]) -> str:
    """The code with which the act is refused."""
    with pytest.raises(DomainError) as caught:
        act()
    return caught.value.code


def test_members_commit_then_show_and_the_outcome_follows_from_the_record(council: Council) -> None:
    competition = council.competition
    prepare_draw(council.by(0), competition, ORDER, ITEMS)
    assert refusal(lambda: commit_draw(council.by(0), competition, ORDER)) == "contributors_too_few"
    machines = give_numbers(competition, ORDER, [council.by(place) for place in range(3)])
    assert refusal(lambda: draw(council.by(0), competition, ORDER, ITEMS)) == "draw_not_committed"
    commit_draw(council.by(0), competition, ORDER)

    late = make_number(council.recipient, 9)
    for act in (
        lambda: contribute_number(council.by(1), competition, ORDER, commitment=late.commitment, deposit=late.deposit),
        lambda: drop_draw(council.by(0), competition, ORDER),
        lambda: commit_draw(council.by(0), competition, ORDER),
    ):
        assert refusal(act) == "draw_list_closed"
    assert refusal(lambda: reveal_number(council.by(1, minutes=9), competition, ORDER, machines[1].nonce)) == (
        "draw_notice_runs"
    )
    for place in (2, 0):
        reveal_number(council.by(place, minutes=10), competition, ORDER, machines[place].nonce)
    assert refusal(lambda: draw(council.by(0, minutes=11), competition, ORDER, ITEMS)) == "draw_numbers_missing"
    assert refusal(lambda: reveal_number(council.by(1, minutes=11), competition, ORDER, machines[0].nonce)) == (
        "number_not_committed"
    )
    reveal_number(council.by(1, minutes=11), competition, ORDER, machines[1].nonce)
    assert refusal(lambda: draw(council.by(0, minutes=12), competition, ORDER, ITEMS[:-1])) == "draw_list_changed"
    held = draw(council.by(0, minutes=12), competition, ORDER, ITEMS)

    (committed,), (told,) = council.recorded(Event.DRAW_COMMITTED), council.recorded(Event.DRAW_HELD)
    assert told == {"document": held.document, "outcome": held.outcome}
    commitments = {row["by"]: row["commitment"] for row in committed["commitments"]}
    assert set(commitments) == {"council/C01", "council/C02", "council/C03", "system"}
    assert [row.get("deposit") for row in committed["commitments"]] == [*(m.deposit for m in machines), None]
    check_draw(told["document"], commitments, told["outcome"], committed_items=committed["items"])
    assert get_ceremony(council.session, competition.id, ORDER).state is DrawState.HELD
    assert refusal(lambda: draw(council.by(0), competition, ORDER, ITEMS)) == "draw_already_held"
    assert refusal(lambda: prepare_draw(council.by(0), competition, ORDER, ITEMS)) == "draw_already_prepared"


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        ("UPDATE draw_contributions SET nonce = :nonce, commitment = :commitment WHERE by = 'system'", "commitment"),
        ("UPDATE draw_ceremonies SET items = :items WHERE name = 'presentation-order'", "list"),
    ],
)
def test_numbers_and_list_are_those_on_record_whoever_changes_the_rows(
    council: Council, change: str, refused: str
) -> None:
    competition = council.competition
    prepare_draw(council.by(0), competition, ORDER, ITEMS)
    number_all(
        competition,
        ORDER,
        [council.by(place) for place in range(3)],
        [council.by(place, minutes=10) for place in range(3)],
    )
    other = bytes([77]) * 32
    items = ITEMS[::-1]
    values = {"nonce": other.hex(), "commitment": commitment_of(other), "items": json.dumps(items)}
    statement = text(change)
    used = {name: value for name, value in values.items() if f":{name}" in change}
    council.session.connection().execute(statement, used)
    council.session.expire_all()
    said = refusal(lambda: draw(council.by(0, minutes=12), competition, ORDER, items if refused == "list" else ITEMS))
    assert said == {"commitment": "draw_commitment_broken", "list": "draw_list_changed"}[refused]


def test_a_number_kept_back_is_opened_by_holders_and_counts(council: Council) -> None:
    competition = council.competition
    prepare_draw(council.by(0), competition, ORDER, ITEMS)
    machines = give_numbers(competition, ORDER, [council.by(place) for place in range(3)])
    commit_draw(council.by(0), competition, ORDER)
    assert refusal(lambda: open_numbers(council.by(0), competition, ORDER, council.words(0, 2))) == "draw_notice_runs"
    reveal_number(council.by(0, minutes=10), competition, ORDER, machines[0].nonce)
    reveal_number(council.by(1, minutes=10), competition, ORDER, machines[1].nonce)
    chair = council.by(0, minutes=20)
    assert refusal(lambda: open_numbers(chair, competition, ORDER, council.words(0))) == "shares_too_few"

    (opened,) = open_numbers(chair, competition, ORDER, council.words(0, 2))

    assert (opened.by, opened.nonce, opened.way) == ("council/C03", machines[2].nonce.hex(), NumberWay.HOLDERS)
    assert opened.holders == ["C01", "C03"]
    document = draw(chair, competition, ORDER, ITEMS).document
    assert {"by": "council/C03", "nonce": machines[2].nonce.hex()} in document["contributions"]
    assert council.recorded(Event.DRAW_REVEALED)[-1] == {
        "numbers": [{"by": "council/C03", "way": "holders"}],
        "holders": ["C01", "C03"],
    }
    assert refusal(lambda: open_numbers(chair, competition, ORDER, council.words(0, 2))) == "draw_already_held"


@pytest.mark.parametrize("deposited", [b"", bytes(32), b"words"])
def test_a_broken_deposit_is_named_and_its_substitute_counts(council: Council, deposited: bytes) -> None:
    competition = council.competition
    prepare_draw(council.by(0), competition, ORDER, ITEMS)
    good, broken = make_number(council.recipient, 1), make_number(council.recipient, 2, deposited=deposited)
    for place, machine in enumerate((good, broken)):
        ctx = council.by(place)
        contribute_number(ctx, competition, ORDER, commitment=machine.commitment, deposit=machine.deposit)
    commit_draw(council.by(0), competition, ORDER)
    reveal_number(council.by(0, minutes=10), competition, ORDER, good.nonce)

    (opened,) = open_numbers(council.by(0, minutes=20), competition, ORDER, council.words(1, 2))

    assert (opened.by, opened.way) == ("council/C02", NumberWay.SUBSTITUTE)
    assert council.recorded(Event.DRAW_REVEALED)[-1]["numbers"] == [{"by": "council/C02", "way": "substitute"}]
    late = council.by(1, minutes=21)
    assert refusal(lambda: reveal_number(late, competition, ORDER, broken.nonce)) == "number_shown_already"
    held = draw(council.by(0, minutes=22), competition, ORDER, ITEMS)
    (committed,) = council.recorded(Event.DRAW_COMMITTED)
    entry = next(row for row in committed["commitments"] if row["by"] == "council/C02")
    (used,) = [row["nonce"] for row in held.document["contributions"] if row["by"] == "council/C02"]
    assert commitment_of(bytes.fromhex(used)) == entry["substitute"] != entry["commitment"]


def test_a_deposit_to_another_key_is_broken_too(council: Council) -> None:
    competition = council.competition
    prepare_draw(council.by(0), competition, ORDER, ITEMS)
    stranger = str(pyrage.x25519.Identity.generate().to_public())
    for place, recipient in enumerate((council.recipient, stranger)):
        machine = make_number(recipient, place + 1)
        ctx = council.by(place)
        contribute_number(ctx, competition, ORDER, commitment=machine.commitment, deposit=machine.deposit)
    commit_draw(council.by(0), competition, ORDER)
    rows = open_numbers(council.by(2, minutes=10), competition, ORDER, council.words(0, 1))
    assert [row.way for row in rows] == [NumberWay.HOLDERS, NumberWay.SUBSTITUTE]


def test_before_the_closing_a_member_may_give_anew_and_the_chair_may_take_the_draw_back(council: Council) -> None:
    competition = council.competition
    assert refusal(lambda: draw(council.by(0), competition, ORDER, ITEMS)) == "draw_not_prepared"
    assert refusal(lambda: prepare_draw(council.by(0), competition, "lottery", ITEMS)) == "draw_name_not_known"
    prepare_draw(council.by(1), competition, ORDER, ITEMS)
    give_numbers(competition, ORDER, [council.by(0), council.by(1)])
    again = make_number(council.recipient, 7)
    contribute_number(council.by(1), competition, ORDER, commitment=again.commitment, deposit=again.deposit)
    assert [row.commitment for row in get_ceremony(council.session, competition.id, ORDER).contributions] == [
        make_number(council.recipient, 1).commitment,
        again.commitment,
    ]
    for commitment, deposit, code in (
        (again.commitment, again.deposit, "commitment_taken"),
        ("XY", again.deposit, "commitment_not_valid"),
        ("0" * 64, "no age", "deposit_not_valid"),
    ):
        assert refusal(
            lambda commitment=commitment, deposit=deposit: contribute_number(
                council.by(2), competition, ORDER, commitment=commitment, deposit=deposit
            )
        ) == (code)
    assert refusal(lambda: drop_draw(council.by(1), competition, ORDER)) == "role_needed"
    drop_draw(council.by(0), competition, ORDER)
    assert council.recorded(Event.DRAW_COMMITTED) == []
    assert prepare_draw(council.by(0), competition, ORDER, ITEMS[:3]).items == ITEMS[:3]


def test_only_the_council_contributes_and_only_who_contributed_shows(council: Council) -> None:
    competition = council.competition
    prepare_draw(council.by(0), competition, ORDER, ITEMS)
    machine = make_number(council.recipient, 5)
    for role in (Role.MARKER, Role.SUPERVISOR, Role.SETTER):
        stranger = council.acting(council.plan.people[role][0])
        assert refusal(
            lambda stranger=stranger: contribute_number(
                stranger, competition, ORDER, commitment=machine.commitment, deposit=machine.deposit
            )
        ) == ("role_needed")
    give_numbers(competition, ORDER, [council.by(0), council.by(1)])
    commit_draw(council.by(0), competition, ORDER)
    assert refusal(lambda: reveal_number(council.by(2, minutes=10), competition, ORDER, machine.nonce)) == (
        "not_a_contributor"
    )


def test_without_a_key_or_with_one_contributor_there_is_no_ceremony(session: Session, now: datetime) -> None:
    plan = make_complete_plan(session, now)
    chair = plan.ctx(Role.CHAIR)
    change_ruleset(plan.ctx(), plan.competition, {"draw_contributors": "council"})
    assert refusal(lambda: prepare_draw(chair, plan.competition, "allocation", ITEMS)) == "draw_key_missing"
    change_ruleset(plan.ctx(), plan.competition, {"draw_contributors": "one"})
    announce(plan.ctx(), plan.competition)
    assert refusal(lambda: prepare_draw(chair, plan.competition, ORDER, ITEMS)) == "draw_at_once"
    no_factor = replace(chair, factor_at=None)
    assert refusal(lambda: draw(no_factor, plan.competition, ORDER, ITEMS)) == "fresh_factor_needed"
    held = draw(chair, plan.competition, ORDER, ITEMS)
    assert sorted(held.outcome) == ITEMS
    ceremony = get_ceremony(session, plan.competition.id, ORDER)
    assert [(row.by, row.way) for row in ceremony.contributions] == [
        ("council/C01", NumberWay.SYSTEM),
        ("system", NumberWay.SYSTEM),
    ]
    assert refusal(lambda: draw(chair, plan.competition, ORDER, ITEMS)) == "draw_already_held"


@pytest.mark.parametrize(
    ("model", "column", "value", "code"),
    [
        (DrawCeremony, "items", ["P09", "P08"], "value_differs"),
        (DrawCeremony, "held_seq", 7, "value_differs"),
        (DrawContribution, "commitment", "0" * 64, "value_differs"),
        (DrawContribution, "by", "council/C99", "record_missing"),
        (DrawContribution, None, None, "row_missing"),
        (DrawCeremony, None, None, "row_missing"),
    ],
)
def test_a_draw_that_is_not_as_recorded_is_named(
    council: Council, model: Any, column: str | None, value: object, code: str
) -> None:
    session, competition = council.session, council.competition
    prepare_draw(council.by(0), competition, ORDER, ITEMS)
    give_numbers(competition, ORDER, [council.by(place) for place in range(3)])
    commit_draw(council.by(0), competition, ORDER)
    records = {row.seq: row for row in list_records(session, get_log(session, competition.code).id)}
    assert list(check_draws(session, competition, records)) == []

    table, first = inspect(model).local_table, select(func.min(model.id)).scalar_subquery()
    if column is None:
        if model is DrawCeremony:
            session.connection().execute(delete(inspect(DrawContribution).local_table))
        session.connection().execute(delete(table).where(table.c.id == first))
    else:
        session.connection().execute(update(table).where(table.c.id == first).values({column: value}))
    session.expire_all()
    assert (table.name, code) in {(one.table, one.code) for one in check_draws(session, competition, records)}
