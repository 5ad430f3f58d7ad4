"""Checks a record log of this installation: its records, its openings, its tree, its signed checkpoints."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sqlalchemy.orm import Session

from examsite.domain import checkpoints
from examsite.domain.errors import InvalidError
from examsite.domain.events import Event
from examsite.domain.merkle import TreeState
from examsite.domain.records import VERSION, LogProblem, Record, check_log, leaf_hash
from examsite.services.checkpoints import is_signature_good, origin_of
from examsite.services.context import LogSigner
from examsite.storage.models.records import RecordLog, RecordRow
from examsite.storage.queries.records import find_last_gate, list_checkpoints, list_records

_MUST_BE_OPENED = frozenset(event.value for event in Event if event.must_be_opened)

#: Stands for a content that is no JSON: floating-point numbers have no canonical form, so no commitment fits.
_UNREADABLE = 0.5


@dataclass(frozen=True)
class LogReport:
    """What checking one log found."""

    code: str
    size: int
    root: str
    checkpoints: int
    problems: tuple[LogProblem, ...]


def verify_log(session: Session, log: RecordLog, signer: LogSigner) -> LogReport:
    """Check one log from its rows alone.

    Problems beside those of `check_log`: `leaf_differs` (a row and its stored leaf), `size_differs` and
    `root_differs` (rows and the head), `checkpoint_not_signed`, `checkpoint_root_differs`, `checkpoint_beyond_log`,
    `checkpoint_missing` (a gate was passed and nothing signed covers it), and `opening_missing` (a
    record that every bundle must open lost its content).
    """
    rows = list_records(session, log.id)
    payloads = {row.seq: _payload(row) for row in rows if row.payload is not None}
    salts = {row.seq: _bytes(row.salt) for row in rows if row.salt is not None}
    problems = check_log([_as_object(row) for row in rows], payloads, salts)
    for row in rows:
        if row.payload is None and row.event in _MUST_BE_OPENED:
            problems.append(LogProblem(row.seq, "opening_missing", {"event": row.event}))
    tree = TreeState()
    roots = {0: tree.root().hex()}
    for row in rows:
        leaf = _leaf(row)
        if leaf is None or leaf.hex() != row.leaf:
            problems.append(LogProblem(row.seq, "leaf_differs", {}))
        tree = tree.append(leaf or b"\0" * 32)
        roots[tree.size] = tree.root().hex()
    if log.size != len(rows):
        problems.append(LogProblem(len(rows), "size_differs", {"head": log.size, "rows": len(rows)}))
    if log.tree != tree.to_json():
        problems.append(LogProblem(len(rows), "root_differs", {}))
    signed = list_checkpoints(session, log.id)
    for checkpoint in signed:
        problems += _problems_of_checkpoint(checkpoint.note, log.code, signer, roots)
    passed = find_last_gate(session, log.competition_id)
    covered = max((checkpoint.size for checkpoint in signed), default=0)
    if passed is not None and covered <= passed:
        problems.append(LogProblem(passed, "checkpoint_missing", {"covered": covered}))
    return LogReport(
        code=log.code,
        size=len(rows),
        root=tree.root().hex(),
        checkpoints=len(signed),
        problems=tuple(problems),
    )


def _as_object(row: RecordRow) -> dict[str, object]:
    return {
        "v": VERSION,
        "seq": row.seq,
        "at": row.at,
        "event": row.event,
        "actor": row.actor,
        "subject": row.subject,
        "commit": row.commit,
    }


def _payload(row: RecordRow) -> object:
    """The content of a record; what cannot be read fits no commitment."""
    try:
        value: object = json.loads(row.payload or "")
    except (ValueError, RecursionError):
        return _UNREADABLE
    return value


def _bytes(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def _leaf(row: RecordRow) -> bytes | None:
    try:
        return leaf_hash(Record(VERSION, row.seq, row.at, row.event, row.actor, row.subject, row.commit))
    except InvalidError:
        return None


def _problems_of_checkpoint(note: str, code: str, signer: LogSigner, roots: dict[int, str]) -> list[LogProblem]:
    origin = origin_of(signer.host_name, code)
    try:
        opened = checkpoints.open_checkpoint(note, origin, public_key=signer.public_key, verify=is_signature_good)
    except InvalidError as refusal:
        return [LogProblem(0, refusal.code, refusal.params)]
    if opened.size not in roots:
        return [LogProblem(opened.size, "checkpoint_beyond_log", {"size": opened.size})]
    if roots[opened.size] != opened.root.hex():
        return [LogProblem(opened.size, "checkpoint_root_differs", {"size": opened.size})]
    return []
