"""What is one entry of the record log, and how does anyone see that none was changed, dropped or slipped in?

A record commits to its payload by a salted hash: payload and salt can be destroyed and the log still verifies. Records
are the leaves of a Merkle tree; its root stands in signed checkpoints. Nothing here stores, signs or reads a clock.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final

from examsite.domain.canonical import MAX_INTEGER, canonical_bytes, instant_text, parse_instant, sha256_hex
from examsite.domain.errors import DomainError, InvalidError
from examsite.domain.events import check_event
from examsite.domain.merkle import leaf_hash_of

VERSION: Final = 1
"""`v` of every record. Source: our choice (record format, version 1); a change of format is a new number."""

SALT_BYTES: Final = 32
"""Length of a salt. Source: our choice, because 256 random bits keep a payload that can be guessed from being tried."""

_HASH: Final = re.compile(r"[0-9a-f]{64}")


def plan_log_code(competition: str) -> str:
    """The log of what is done to a competition before its announcement.

    Source: record format: in the log of a competition the frozen rule set stands before everything but its opening,
    so the drafting of the plan is kept beside, and the opening names its size and root.
    """
    return f"{competition}.plan"


@dataclass(frozen=True)
class Record:
    """One entry of a log, member for member as it is hashed; `at` is the text of `instant_text`."""

    v: int
    seq: int
    at: str
    event: str
    actor: str
    subject: str
    commit: str

    def as_object(self) -> dict[str, object]:
        """The JSON object that is hashed and published."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


_MEMBERS: Final = {field.name: (int if field.name in ("v", "seq") else str) for field in fields(Record)}


@dataclass(frozen=True)
class LogProblem:
    """One thing that is wrong with a log; `seq` is the place in it, counted from 0."""

    seq: int
    code: str
    params: Mapping[str, object]


def commitment(salt: bytes, payload: object) -> str:
    """Hex of SHA-256(salt ‖ canonical payload): says nothing about the payload, and fits no other.

    Raises:
        InvalidError: `salt_not_valid`; those of `canonical_bytes`.
    """
    if len(salt) != SALT_BYTES:
        raise InvalidError("salt_not_valid", length=len(salt), wanted=SALT_BYTES)
    return sha256_hex(salt + canonical_bytes(payload))


def make_record(
    seq: int, at: datetime, *, event: str, actor: str, subject: str, salt: bytes, payload: object
) -> Record:
    """The record of a fact, checked as every reader will check it.

    Raises:
        InvalidError: `record_not_valid` for a sequence number out of range; those of `check_event`, `commitment`
            and `instant_text`.
        NotAllowedError: `event_not_for_actor`.
    """
    known = check_event(event, actor, subject)
    made = Record(VERSION, seq, instant_text(at), known.value, actor, subject, commitment(salt, payload))
    return parse_record(made.as_object())


def parse_record(value: object) -> Record:
    """The record in a JSON value that has exactly the members of a record, each of its shape.

    Whether the event is known and the actor entitled is asked by `check_event`, not here.

    Raises:
        InvalidError: `record_not_valid`, with the `member` that is wrong.
    """
    if not isinstance(value, Mapping) or set(value) != set(_MEMBERS):
        raise InvalidError("record_not_valid", member="*")
    for member, kind in _MEMBERS.items():
        if type(value[member]) is not kind:
            raise InvalidError("record_not_valid", member=member)
    record = Record(**value)
    if record.v != VERSION:
        raise InvalidError("record_not_valid", member="v")
    if not 0 <= record.seq <= MAX_INTEGER:
        raise InvalidError("record_not_valid", member="seq")
    if _HASH.fullmatch(record.commit) is None:
        raise InvalidError("record_not_valid", member="commit")
    try:
        parse_instant(record.at)
    except InvalidError:
        raise InvalidError("record_not_valid", member="at") from None
    return record


def record_bytes(record: Record) -> bytes:
    """The exact bytes of the record: one line of the published log, without the line end."""
    return canonical_bytes(record.as_object())


def leaf_hash(record: Record) -> bytes:
    """The record as a leaf of the log's tree, 32 bytes."""
    return leaf_hash_of(record_bytes(record))


def check_log(
    records: Iterable[Record | Mapping[str, object]],
    payloads: Mapping[int, object],
    salts: Mapping[int, bytes],
) -> list[LogProblem]:
    """Everything that is wrong with a log, in its order; an empty list is a sound log.

    Payload and salt may both be missing (never disclosed, or erased); one without the other is a problem. That the
    records are those of a signed checkpoint is a question for the tree, not asked here.

    Codes: `record_not_valid`, `seq_gap`, `at_decreases`, the codes of `check_event`, `payload_not_committed`,
    `opening_incomplete`, `opening_without_record`.
    """
    problems: list[LogProblem] = []
    latest = ""
    length = 0
    for place, given in enumerate(records):
        length = place + 1
        try:
            record = parse_record(given.as_object() if isinstance(given, Record) else given)
        except InvalidError as refusal:
            problems.append(LogProblem(place, refusal.code, refusal.params))
            continue
        if record.seq != place:
            problems.append(LogProblem(place, "seq_gap", {"found": record.seq, "wanted": place}))
        # Instants of this one spelling compare as text.
        if record.at < latest:
            problems.append(LogProblem(place, "at_decreases", {"at": record.at, "before": latest}))
        latest = max(latest, record.at)
        try:
            check_event(record.event, record.actor, record.subject)
        except DomainError as refusal:
            problems.append(LogProblem(place, refusal.code, refusal.params))
        problems += _problems_of_opening(place, record, payloads, salts)
    for seq in sorted(set(payloads) | set(salts)):
        if not 0 <= seq < length:
            problems.append(LogProblem(seq, "opening_without_record", {}))
    return problems


def _problems_of_opening(
    place: int, record: Record, payloads: Mapping[int, object], salts: Mapping[int, bytes]
) -> list[LogProblem]:
    if place not in payloads and place not in salts:
        return []
    if place not in payloads or place not in salts:
        return [LogProblem(place, "opening_incomplete", {})]
    try:
        fits = commitment(salts[place], payloads[place]) == record.commit
    except InvalidError:
        fits = False
    return [] if fits else [LogProblem(place, "payload_not_committed", {})]
