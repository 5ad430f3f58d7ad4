"""A key that nobody has alone: any k sheets open it, any fewer do not, and none of it is in the database."""

from __future__ import annotations

from datetime import datetime
from itertools import combinations

import pyrage
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from examsite.domain.errors import ConflictError, InvalidError, NotAllowedError
from examsite.domain.permissions import Role
from examsite.domain.split_keys import KeyPurpose
from examsite.services.split_keys import check_share, join_split_key, make_split_key, split_secret
from examsite.storage.queries.split_keys import get_split_key
from tests.factories.competitions import make_complete_plan


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
    with pytest.raises(ConflictError, match="split_key_made"):
        make_split_key(chair, plan.competition, KeyPurpose.DRAWS, holders=holders, needed=2)


def test_no_word_of_a_sheet_is_in_any_table(session: Session, now: datetime) -> None:
    plan = make_complete_plan(session, now)
    holders = [*plan.people[Role.CHAIR], *plan.people[Role.COUNCIL_MEMBER]]
    sheets = make_split_key(plan.ctx(Role.CHAIR), plan.competition, KeyPurpose.CODES, holders=holders, needed=2)
    kept = "\n".join(
        str(tuple(row))  # a row itself cuts long values short
        for table in ("split_keys", "key_shares", "records")
        for row in session.execute(text(f"SELECT * FROM {table}")).all()
    )
    assert plan.people[Role.CHAIR][0].pseudonym in kept
    for sheet in sheets:
        assert " ".join(sheet.words.split()[4:8]) not in kept


def test_holders_sit_in_the_council_or_watch_and_only_the_chair_splits(session: Session, now: datetime) -> None:
    plan = make_complete_plan(session, now)
    marker = plan.people[Role.MARKER][0]
    chair = plan.ctx(Role.CHAIR)
    with pytest.raises(InvalidError, match="holder_not_valid"):
        make_split_key(chair, plan.competition, KeyPurpose.CODES, holders=[*plan.people[Role.CHAIR], marker], needed=2)
    with pytest.raises(InvalidError, match="quorum_not_valid"):
        make_split_key(chair, plan.competition, KeyPurpose.CODES, holders=plan.people[Role.COUNCIL_MEMBER], needed=1)
    with pytest.raises(NotAllowedError, match="role_needed"):
        make_split_key(
            plan.ctx(Role.SETTER),
            plan.competition,
            KeyPurpose.CODES,
            holders=plan.people[Role.COUNCIL_MEMBER],
            needed=2,
        )
