"""Checks a record log of this installation: its records, its openings, its tree, its signed checkpoints."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from sqlalchemy import Table
from sqlalchemy.orm import Session

from examsite.domain import checkpoints
from examsite.domain.checkpoints import Checkpoint
from examsite.domain.errors import InvalidError
from examsite.domain.events import Event
from examsite.domain.merkle import BLOCK_LEAVES, TreeState
from examsite.domain.records import VERSION, LogProblem, Record, check_log, leaf_hash
from examsite.services.checkpoints import is_signature_good, origin_of
from examsite.services.context import LogSigner
from examsite.storage.models.competitions import GatePassage
from examsite.storage.models.records import CheckpointRow, RecordBlock, RecordLog, RecordRow
from examsite.storage.queries.checkpoints import map_blocks
from examsite.storage.queries.code_maps import list_withheld
from examsite.storage.queries.records import find_last_gate, list_checkpoints, list_records
from examsite.storage.unreadable_rows import UNREADABLE, list_unreadable_rows

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


def verify_log(session: Session, log: RecordLog, signer: LogSigner, *, against: Sequence[str] = ()) -> LogReport:
    """Check one log from its rows alone, and against checkpoints that somebody kept outside (`against`).

    Whoever owns the server and its key can write the whole log anew, or put an old backup in its place: then only a
    checkpoint that is out of reach convicts, best one that witnesses signed.

    Problems beside those of `check_log`: `leaf_differs` (a row and its stored leaf), `block_differs` (the rows of a run
    and its kept root), `size_differs` and `root_differs` (rows and the head), `checkpoint_not_signed`,
    `checkpoint_root_differs` (with the `first` and `last` record that may have been changed), `checkpoint_beyond_log`,
    `checkpoint_row_differs` (a row says another size or root than its signed note),
    `checkpoint_missing` (a gate was passed and nothing signed covers it), `opening_missing` (a record that every
    bundle must open lost its content, and it does not lie in the closed code map); and of checkpoints from outside:
    `history_differs` (as `checkpoint_root_differs`), `log_shorter_than_kept` (rolled back or cut, with the `first` and
    `last` record that are gone or changed). Contents that an erasure destroyed are the matter of `check_erasures`.
    `row_unreadable` names the `row` of a `table` that holds what its column cannot: nothing else is said of such a log.
    """
    try:
        return _verify(session, log, signer, against)
    except UNREADABLE as crash:
        tables = [model.__table__ for model in (RecordRow, RecordLog, CheckpointRow, RecordBlock, GatePassage)]
        rows = list_unreadable_rows(session, cast(list[Table], tables))
        problems = [LogProblem(0, "row_unreadable", {"table": table, "row": row}) for table, row in rows]
        failed = LogProblem(0, "check_failed", {"error": f"{type(crash).__name__} {crash}"[:80]})
        return LogReport(code=str(log.code), size=0, root="", checkpoints=0, problems=tuple(problems or [failed]))


def _verify(session: Session, log: RecordLog, signer: LogSigner, against: Sequence[str]) -> LogReport:
    rows = list_records(session, log.id)
    payloads = {row.seq: _payload(row) for row in rows if row.payload is not None}
    salts = {row.seq: _bytes(row.salt) for row in rows if row.salt is not None}
    problems = check_log([_as_object(row) for row in rows], payloads, salts)
    closed = list_withheld(session, log.competition_id)
    for row in rows:
        if row.payload is None and row.event in _MUST_BE_OPENED and row.seq not in closed:
            problems.append(LogProblem(row.seq, "opening_missing", {"event": row.event}))
    signed = list_checkpoints(session, log.id)
    opened = [_opened(checkpoint.note, log.code, signer) for checkpoint in signed]
    kept = [_opened(note, log.code, signer) for note in against]
    wanted = {one.size for one in (*opened, *kept) if isinstance(one, Checkpoint)}
    blocks = map_blocks(session, log.id)
    tree = TreeState()
    roots = {0: tree.root()}
    for place, row in enumerate(rows):
        leaf = _leaf(row)
        if leaf is None or leaf.hex() != row.leaf:
            problems.append(LogProblem(row.seq, "leaf_differs", {}))
        leaf = leaf or b"\0" * 32
        root = tree.block_filled_by(leaf)
        if root is not None and blocks.pop(place // BLOCK_LEAVES, None) != root.hex():
            problems.append(_range_problem("block_differs", place + 1 - BLOCK_LEAVES, place + 1))
        tree = tree.append(leaf)
        if tree.size in wanted:
            roots[tree.size] = tree.root()
    problems += [LogProblem(number * BLOCK_LEAVES, "block_differs", {}) for number in sorted(blocks)]
    if log.size != len(rows):
        problems.append(LogProblem(len(rows), "size_differs", {"head": log.size, "rows": len(rows)}))
    if log.tree != tree.to_json():
        problems.append(LogProblem(len(rows), "root_differs", {}))
    for checkpoint, one in zip(signed, opened, strict=True):
        if isinstance(one, Checkpoint) and (checkpoint.size, checkpoint.root) != (one.size, one.root.hex()):
            problems.append(
                LogProblem(
                    max(one.size - 1, 0), "checkpoint_row_differs", {"table": "checkpoints", "row": checkpoint.id}
                )
            )
    problems += _problems_of_checkpoints(opened, roots, tree.size, beyond="checkpoint_beyond_log")
    problems += _problems_of_checkpoints(kept, roots, tree.size, beyond="log_shorter_than_kept")
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
    except (TypeError, ValueError):  # SQLite keeps bytes in a column of text, too
        return b""


def _leaf(row: RecordRow) -> bytes | None:
    try:
        return leaf_hash(Record(VERSION, row.seq, row.at, row.event, row.actor, row.subject, row.commit))
    except InvalidError:
        return None


def _opened(note: str, code: str, signer: LogSigner) -> Checkpoint | InvalidError:
    origin = origin_of(signer.host_name, code)
    try:
        return checkpoints.open_checkpoint(note, origin, public_key=signer.public_key, verify=is_signature_good)
    except InvalidError as refusal:
        return refusal


def _problems_of_checkpoints(
    opened: Sequence[Checkpoint | InvalidError], roots: dict[int, bytes], size: int, *, beyond: str
) -> list[LogProblem]:
    """What signed states do not agree with the rows; each names the records since the last state that does."""
    problems = [LogProblem(0, one.code, one.params) for one in opened if isinstance(one, InvalidError)]
    differs = "checkpoint_root_differs" if beyond == "checkpoint_beyond_log" else "history_differs"
    agreed = 0
    for one in sorted((one for one in opened if isinstance(one, Checkpoint)), key=lambda one: one.size):
        if one.size > size:
            problems.append(_range_problem(beyond, agreed, one.size))
        elif roots[one.size] == one.root:
            agreed = one.size
        else:
            problems.append(_range_problem(differs, agreed, one.size))
    return problems


def _range_problem(code: str, first: int, end: int) -> LogProblem:
    """One of these records was changed: roots do not tell which."""
    return LogProblem(first, code, {"size": end, "first": first, "last": end - 1})
