"""The room held against the record log: how long each sitting lasts, who sits where, who was given how much time.

What decides who may write how long is computed anew from the log, so that a row that is gone or too many is found, too.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from examsite.domain.adjustments import planned_seconds
from examsite.domain.canonical import instant_text
from examsite.domain.events import Event
from examsite.domain.records import plan_log_code
from examsite.domain.rooms import RequestKind, RequestState
from examsite.domain.sittings import SittingState
from examsite.domain.table_problems import TableProblem
from examsite.storage.models.competitions import Competition
from examsite.storage.models.dossiers import Candidacy
from examsite.storage.models.records import RecordRow
from examsite.storage.models.rooms import LostTime, Pause, RoomRequest
from examsite.storage.models.sittings import Attempt, Extension, Sitting
from examsite.storage.queries.records import list_records_of_events

_Records = Mapping[int, RecordRow]

#: Records that give time to somebody in a room.
_TIME = (Event.TIME_EXTENDED, Event.TIME_RESUMED, Event.TIME_DECIDED, Event.REQUEST_DECIDED)


def check_rooms(session: Session, competition: Competition, records: _Records) -> Iterator[TableProblem]:
    """Every sitting and attempt of a competition that the log does not know, or knows otherwise."""
    sittings = list(
        session.scalars(select(Sitting).where(Sitting.competition_id == competition.id).order_by(Sitting.id))
    )
    yield from _sittings(session, competition, records, sittings)
    for sitting in sittings:
        yield from _attempts(session, records, sitting)
        yield from _pauses(session, records, sitting)
        yield from _requests(session, competition, records, sitting)


def _sittings(
    session: Session, competition: Competition, records: _Records, sittings: list[Sitting]
) -> Iterator[TableProblem]:
    plan = list_records_of_events(session, plan_log_code(competition.code), (Event.SITTING_SCHEDULED,))
    planned: dict[str, tuple[RecordRow, int | None]] = {row.subject: (row, None) for row in plan}
    planned |= {row.subject: (row, row.seq) for row in records.values() if row.event == Event.SITTING_SCHEDULED}
    started = {row.subject for row in records.values() if row.event == Event.SITTING_STARTED}
    for sitting in sittings:
        subject = f"sitting/{sitting.code}"
        row, seq = planned.pop(subject, (None, None))
        if row is None:
            yield TableProblem("sittings", sitting.id, "record_missing", "code")
            continue
        said = row.content
        compared = {
            "duration_minutes": said.get("minutes") == sitting.duration_minutes,
            "starts_at": said.get("starts_at") == instant_text(sitting.starts_at),
            "state": sitting.state is not SittingState.SCHEDULED or subject not in started,
        }
        for column, holds in compared.items():
            if row.payload is not None and not holds:
                yield TableProblem("sittings", sitting.id, "value_differs", column, seq, row.event)
    for row, seq in planned.values():
        yield TableProblem("sittings", None, "row_missing", "", seq, row.event)


def _attempts(session: Session, records: _Records, sitting: Sitting) -> Iterator[TableProblem]:
    here = _here(records.values(), sitting)
    seats = _seats(here)
    is_told = all(row.payload is not None for row in here if row.event in _TIME)
    time = _time_given(here) if is_told else None
    if is_told:
        yield from _losses(session, sitting, here)
    found = session.execute(
        select(Attempt, Candidacy.candidate_number, Candidacy.adjustments)
        .join(Candidacy, Candidacy.id == Attempt.candidacy_id)
        .where(Attempt.sitting_id == sitting.id)
        .order_by(Attempt.id)
    )
    extended = _extended(session, sitting)
    for attempt, number, adjustments in found:
        if seats is not None:
            row, seat = seats.pop(number, (None, ""))
            if row is None:
                yield TableProblem("attempts", attempt.id, "record_missing", "candidacy_id")
            elif seat != attempt.seat:
                yield TableProblem("attempts", attempt.id, "value_differs", "seat", row.seq, row.event)
        if time is None:
            continue
        given, stood, last = time.get(number, (0, 0, None))
        if attempt.paper_id is not None and adjustments.get("decided_by_id") is not None:
            given += planned_seconds(adjustments, sitting.duration_minutes)
        seq, event = (None, "") if last is None else (last.seq, last.event)
        if given != attempt.added_seconds:
            yield TableProblem("attempts", attempt.id, "value_differs", "added_seconds", seq, event)
        if given - stood != extended.get(attempt.id, 0):
            yield TableProblem("extensions", None, "row_missing", "", seq, event)
    for row, _seat in (seats or {}).values():
        yield TableProblem("attempts", None, "row_missing", "", row.seq, row.event)


def _seats(here: list[RecordRow]) -> dict[str | None, tuple[RecordRow, str]] | None:
    """Who sits where by the last list and all moves since; None where a content of it was destroyed."""
    seats: dict[str | None, tuple[RecordRow, str]] = {}
    for row in here:
        if row.event not in (Event.SEATS_ASSIGNED, Event.SEAT_CHANGED):
            continue
        if row.payload is None:
            return None
        said = row.content
        if row.event == Event.SEATS_ASSIGNED:
            seats = {one["number"]: (row, one["seat"]) for one in said["seats"]}
        else:
            seats[said["number"]] = (row, said["to"])
    return seats


def _time_given(here: list[RecordRow]) -> dict[str | None, tuple[int, int, RecordRow]]:
    """By candidate number the seconds given, those of them in which the clock stood, and the last record of any."""
    given: defaultdict[str | None, int] = defaultdict(int)
    stood: defaultdict[str | None, int] = defaultdict(int)
    last: dict[str | None, RecordRow] = {}
    for row in here:
        for number, seconds in _given_by(row.event, row.content):
            given[number] += seconds
            stood[number] += seconds if row.event == Event.TIME_RESUMED else 0
            last[number] = row
    return {number: (given[number], stood[number], last[number]) for number in given}


def _extended(session: Session, sitting: Sitting) -> dict[int, int]:
    """By attempt the seconds that the rows of its extensions give; the time a clock stood has no such row."""
    rows = session.execute(
        select(Extension.attempt_id, func.sum(Extension.seconds))
        .join(Attempt, Attempt.id == Extension.attempt_id)
        .where(Attempt.sitting_id == sitting.id)
        .group_by(Extension.attempt_id)
    )
    return {attempt_id: int(seconds) for attempt_id, seconds in rows}


def _pauses(session: Session, records: _Records, sitting: Sitting) -> Iterator[TableProblem]:
    """As many pauses of each attempt as records name its candidate."""
    paused = [row for row in _here(records.values(), sitting) if row.event == Event.TIME_PAUSED]
    if any(row.payload is None for row in paused):
        return
    told = Counter(number for row in paused for number in row.content["numbers"])
    rows = session.execute(
        select(Candidacy.candidate_number, func.count(Pause.id))
        .select_from(Attempt)
        .join(Candidacy, Candidacy.id == Attempt.candidacy_id)
        .outerjoin(Pause, Pause.attempt_id == Attempt.id)
        .where(Attempt.sitting_id == sitting.id)
        .group_by(Attempt.id, Candidacy.candidate_number)
    )
    if any(held != told[number] for number, held in rows):
        yield TableProblem("pauses", None, "row_missing", "", None, Event.TIME_PAUSED.value)


def _requests(
    session: Session, competition: Competition, records: _Records, sitting: Sitting
) -> Iterator[TableProblem]:
    """As many requests of each kind as were asked, and as many agreed to and refused as were decided."""
    events = (Event.REQUEST_ASKED, Event.REQUEST_DECIDED)
    plan = list_records_of_events(session, plan_log_code(competition.code), events)
    told = [row for row in _here([*plan, *records.values()], sitting) if row.event in events]
    if any(row.payload is None for row in told):
        return
    said = Counter((row.content["kind"], row.content.get("state", RequestState.ASKED)) for row in told)
    rows = session.execute(select(RoomRequest.kind, RoomRequest.state).where(RoomRequest.sitting_id == sitting.id))
    held: Counter[tuple[str, str]] = Counter()
    for kind, state in rows:
        held[kind, RequestState.ASKED] += 1
        if state is not RequestState.ASKED:
            held[kind, state] += 1
    if held != said:
        yield TableProblem("room_requests", None, "row_missing", "", None, Event.REQUEST_ASKED.value)


def _here(rows: Iterable[RecordRow], sitting: Sitting) -> list[RecordRow]:
    return [row for row in rows if row.subject == f"sitting/{sitting.code}"]


def _losses(session: Session, sitting: Sitting, here: list[RecordRow]) -> Iterator[TableProblem]:
    """As many decided losses of time as decisions, each with its figure; one that waits is nobody's word yet."""
    rows = session.execute(
        select(LostTime, Candidacy.candidate_number)
        .join(Attempt, Attempt.id == LostTime.attempt_id)
        .join(Candidacy, Candidacy.id == Attempt.candidacy_id)
        .where(Attempt.sitting_id == sitting.id, LostTime.decided_at.is_not(None))
    )
    decided = Counter((number, row.given_seconds) for row, number in rows)
    for row in here:
        if row.event == Event.TIME_DECIDED:
            decided.subtract((one["number"], one["given_seconds"]) for one in row.content["decisions"])
    if any(decided.values()):
        yield TableProblem("lost_times", None, "row_missing", "", None, Event.TIME_DECIDED.value)


def _given_by(event: str, said: Mapping[str, Any]) -> list[tuple[str | None, int]]:
    if event == Event.TIME_EXTENDED:
        return [(said["number"], said["seconds"])]
    if event == Event.TIME_RESUMED:
        return list(said["added"].items())
    if event == Event.TIME_DECIDED:
        return [(one["number"], one["given_seconds"] or 0) for one in said["decisions"]]
    is_given = event == Event.REQUEST_DECIDED and said["state"] == RequestState.APPROVED
    if is_given and said["kind"] == RequestKind.EXTEND_ROOM:
        return [(number, said["seconds"]) for number in said["numbers"]]
    return []
