"""The key of the codes of all boards, and whose script each is: what only holders of the key and a test may ask."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import pyrage
import shamir_mnemonic
from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.domain.answer_files import identity_text
from examsite.domain.code_maps import ClosedMap, read_map, unpack
from examsite.services.split_keys import SplitSecret, split_secret
from examsite.storage.models.code_maps import ClosedAnswers
from examsite.storage.models.marking import CodeEntry, Script
from examsite.storage.queries.code_maps import find_closed_map, get_closed_map


@cache
def codes_key() -> SplitSecret:
    """One key for all boards: splitting is slow, and here nobody keeps a secret."""
    return split_secret(needed=2, holders=3)


def code_sheets() -> list[str]:
    """The words of two of its sheets, which are enough."""
    return list(codes_key().shares[1:])


@cache
def identity_of(*words: str) -> pyrage.x25519.Identity:
    """What the words of enough sheets make."""
    return pyrage.x25519.Identity.from_str(identity_text(shamir_mnemonic.combine_mnemonics(words)))


def owners(session: Session, competition_id: int, words: Sequence[str]) -> dict[str, int]:
    """Whose script each is, as a candidacy by code: out of the closed map, or of the opened one."""
    closed = find_closed_map(session, competition_id)
    if closed is None:
        entries = session.execute(
            select(Script.code, CodeEntry.candidacy_id)
            .join(CodeEntry, CodeEntry.script_id == Script.id)
            .where(Script.competition_id == competition_id)
        )
        return {code: candidacy for code, candidacy in entries}  # noqa: C416 -- rows are no pairs to a type checker
    return {line.script: line.candidacy_id for line in closed_map(session, competition_id, words).lines}


def closed_map(session: Session, competition_id: int, words: Sequence[str]) -> ClosedMap:
    """What lies in the closed map."""
    found = get_closed_map(session, competition_id)
    return read_map(pyrage.decrypt(found.content.encode("ascii"), [identity_of(*words)]))


def closed_answers(session: Session, attempt_id: int, words: Sequence[str]) -> dict[str, Any]:
    """What lies in the closed file of an attempt."""
    file = session.scalars(select(ClosedAnswers).where(ClosedAnswers.attempt_id == attempt_id)).one()
    return unpack(pyrage.decrypt(file.content, [identity_of(*words)]))
