"""Reads of the closed code map: that it is closed, and what of the log lies in it. Never what it says."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, cast

from sqlalchemy import ColumnElement, Integer, Table, func, or_, select
from sqlalchemy.orm import Session

from examsite.domain.errors import ConflictError
from examsite.domain.events import Event
from examsite.domain.marking import ScriptKind
from examsite.storage.models.code_maps import ClosedAnswers, CodeMap
from examsite.storage.models.draws import DrawCeremony, DrawContribution
from examsite.storage.models.marking import Script
from examsite.storage.models.papers import Paper
from examsite.storage.models.records import RecordRow
from examsite.storage.models.sittings import AnswerVersion
from examsite.storage.row_sets import among, in_portions

_versions = cast(Table, AnswerVersion.__table__)

#: Columns of a version that are put away; the others say whose it is and are known again at the opening. The seal goes
#: with them, so that a version that was changed before comes back with its broken one.
VERSION_COLUMNS = ("item", "epoch", "number", "content", "received_at", "set_aside", "by_file", "row_seal")

#: Of how many attempts the versions are read at once. Source: our choice, because each has hundreds.
_ATTEMPTS_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class RecordHead:
    """What stands of a record whose content is closed."""

    id: int
    seq: int
    event: str
    commit: str


def find_closed_map(session: Session, competition_id: int | None) -> CodeMap | None:
    """The map of a competition from the cut to the opening; None before and after."""
    return session.scalars(
        select(CodeMap).where(CodeMap.competition_id == competition_id, CodeMap.opened_at.is_(None))
    ).one_or_none()


def get_closed_map(session: Session, competition_id: int) -> CodeMap:
    """As `find_closed_map`, its row locked.

    Raises:
        ConflictError: `code_map_not_closed`.
    """
    statement = select(CodeMap).where(CodeMap.competition_id == competition_id, CodeMap.opened_at.is_(None))
    found = session.scalars(statement.with_for_update()).one_or_none()
    if found is None:
        raise ConflictError("code_map_not_closed")
    return found


def list_withheld(session: Session, competition_id: int | None) -> frozenset[int]:
    """The numbers of the records whose content lies in the closed map; none before the cut and after the opening."""
    found = find_closed_map(session, competition_id)
    return frozenset() if found is None else frozenset(found.withheld)


def list_content_numbers(session: Session, log_id: int, *, events: Collection[Event], draw: str) -> list[int]:
    """The numbers of the records of these events and of the outcome of this draw that have a content, in order."""
    return list(
        session.scalars(select(RecordRow.seq).where(*_with_content(log_id, events, draw)).order_by(RecordRow.seq))
    )


def list_contents(
    session: Session, log_id: int, *, events: Collection[Event], draw: str
) -> list[tuple[int, str, str, str]]:
    """As `list_content_numbers`, each with its event, its salt and its content."""
    rows = session.execute(
        select(RecordRow.seq, RecordRow.event, RecordRow.salt, RecordRow.payload)
        .where(*_with_content(log_id, events, draw))
        .order_by(RecordRow.seq)
    )
    return [(seq, event, salt or "", payload or "") for seq, event, salt, payload in rows]


def _with_content(log_id: int, events: Collection[Event], draw: str) -> tuple[ColumnElement[bool], ...]:
    return (
        RecordRow.log_id == log_id,
        or_(
            RecordRow.event.in_([event.value for event in events]),
            (RecordRow.event == Event.DRAW_HELD.value) & (RecordRow.subject == f"draw/{draw}"),
        ),
        RecordRow.payload.is_not(None),
    )


def iterate_versions(session: Session, attempt_ids: Sequence[int]) -> Iterator[tuple[int, list[tuple[Any, ...]]]]:
    """The versions of each attempt that has any, in the order of `VERSION_COLUMNS`, as they came in."""
    columns = [_versions.c[name] for name in VERSION_COLUMNS]
    statement = (
        select(_versions.c.attempt_id, *columns)
        .where(among(_versions.c.attempt_id, "attempt_ids"))
        .order_by(_versions.c.attempt_id, _versions.c.id)
    )
    for portion in in_portions(sorted(attempt_ids), _ATTEMPTS_AT_ONCE):
        rows = session.execute(statement, {"attempt_ids": portion}).all()
        for attempt_id, own in groupby(rows, key=lambda row: row[0]):
            yield attempt_id, [tuple(row[1:]) for row in own]


def list_version_stamps(session: Session, attempt_ids: Collection[int]) -> list[tuple[int, ...]]:
    """For each attempt that has versions: how many, the newest, how long all are, how many are set aside.

    Versions are only ever added, or set aside: where this is the same nothing came in between.
    """
    rows = session.execute(
        select(
            _versions.c.attempt_id,
            func.count(),
            func.max(_versions.c.id),
            func.sum(func.length(_versions.c.content)),
            func.sum(_versions.c.set_aside.cast(Integer)),
        )
        .where(among(_versions.c.attempt_id, "attempt_ids"))
        .group_by(_versions.c.attempt_id)
        .order_by(_versions.c.attempt_id),
        {"attempt_ids": attempt_ids},
    )
    return [tuple(int(value) for value in row) for row in rows]


def list_records_of(session: Session, log_id: int, numbers: Collection[int]) -> list[RecordRow]:
    """The records of a log with these numbers, in order."""
    rows = session.scalars(
        select(RecordRow).where(RecordRow.log_id == log_id, among(RecordRow.seq, "numbers")).order_by(RecordRow.seq),
        {"numbers": numbers},
    )
    return list(rows)


def list_record_heads(session: Session, log_id: int, numbers: Collection[int]) -> list[RecordHead]:
    """What the log is committed to under these numbers, in order; their contents may be closed."""
    rows = session.execute(
        select(RecordRow.id, RecordRow.seq, RecordRow.event, RecordRow.commit)
        .where(RecordRow.log_id == log_id, among(RecordRow.seq, "numbers"))
        .order_by(RecordRow.seq),
        {"numbers": numbers},
    )
    return [RecordHead(*row) for row in rows]


def list_closed_files(session: Session, attempt_ids: Collection[int]) -> dict[int, bytes]:
    """The closed files of these attempts."""
    rows = session.execute(
        select(ClosedAnswers.attempt_id, ClosedAnswers.content).where(among(ClosedAnswers.attempt_id, "attempt_ids")),
        {"attempt_ids": attempt_ids},
    )
    return {attempt_id: bytes(content) for attempt_id, content in rows}


def list_contributions(session: Session, competition_id: int, draw: str) -> list[DrawContribution]:
    """What was put into a draw, by contributor."""
    return list(
        session.scalars(
            select(DrawContribution)
            .join(DrawCeremony, DrawCeremony.id == DrawContribution.ceremony_id)
            .where(DrawCeremony.competition_id == competition_id, DrawCeremony.name == draw)
            .order_by(DrawContribution.by)
        )
    )


def list_live_scripts(session: Session, competition_id: int) -> list[Script]:
    """The scripts of candidates by code, and nothing that hangs on them."""
    found = session.scalars(
        select(Script).where(Script.competition_id == competition_id, Script.kind == ScriptKind.LIVE)
    )
    # Not by the database: its order of letters is its own, the map's is that of the program.
    return sorted(found, key=lambda script: script.code)


def list_papers_of(session: Session, paper_ids: Collection[int]) -> list[Paper]:
    """The papers with these keys."""
    return list(session.scalars(select(Paper).where(Paper.id.in_(paper_ids)).order_by(Paper.id)))
