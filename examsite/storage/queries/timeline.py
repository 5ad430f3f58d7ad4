"""Everything that rows and records say of the attempts of a sitting, without a word of any answer.

A handful of statements whatever the number of candidates; the text of an attempt is read by `list_replay` alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from examsite.domain.attempts import deadline_of, pause_seconds
from examsite.domain.canonical import parse_instant
from examsite.domain.events import Event
from examsite.domain.payloads import read_payload
from examsite.domain.rooms import RequestKind, RequestState
from examsite.domain.saves import FLAGS, content_of
from examsite.domain.timelines import AttemptFacts, Happening, HappeningKind, StoredVersion, overlap
from examsite.storage.models.dossiers import Candidacy
from examsite.storage.models.records import RecordLog, RecordRow
from examsite.storage.models.rooms import (
    AnswerFile,
    Evidence,
    HelpCall,
    LostTime,
    Pause,
    RefusedMachine,
    RoomMessage,
    RoomRequest,
    ServerOutage,
    Silence,
)
from examsite.storage.models.sittings import AnswerVersion, Attempt, Extension, Incident, Sitting
from examsite.storage.queries.boards import ForcedEnd, list_forced_ends

_Happenings = Iterator[tuple[int, Happening]]

#: What only the log says: a page opened again, a machine freed, a seat changed.
_FROM_RECORDS = {
    Event.ATTEMPT_OPENED: HappeningKind.REOPENED,
    Event.ATTEMPT_FREED: HappeningKind.FREED,
    Event.SEAT_CHANGED: HappeningKind.MOVED,
}


@dataclass(frozen=True, slots=True)
class ReplayStep:
    """One version of a written answer with its text."""

    item: str
    at: datetime
    text: str
    set_aside: bool


def list_facts(session: Session, sitting: Sitting, *, seat: str | None = None) -> list[AttemptFacts]:
    """The facts of every attempt of a sitting in the order of seats, or of the one at that seat."""
    rows = session.execute(
        select(Attempt, Candidacy.candidate_number, Candidacy.id)
        .join(Candidacy, Candidacy.id == Attempt.candidacy_id)
        .where(Attempt.sitting_id == sitting.id, *([Attempt.seat == seat] if seat else []))
        .order_by(Attempt.id)
    ).all()
    attempts = [row[0] for row in rows]
    numbers = {row[0].id: str(row[1]) for row in rows}
    by_candidacy = {row[2]: row[0].id for row in rows}
    versions = _versions(session, [attempt.id for attempt in attempts])
    happened: dict[int, list[Happening]] = {attempt.id: [] for attempt in attempts}
    for source in (
        _own(attempts, numbers, list_forced_ends(session, sitting.competition_id, sitting.code)),
        _rows(session, list(numbers)),
        _messages(session, sitting, list(numbers)),
        _incidents(session, sitting, by_candidacy),
        _records(session, sitting, {text: key for key, text in numbers.items()}),
        _outages(session, sitting, attempts),
    ):
        for attempt_id, happening in source:
            happened[attempt_id].append(happening)
    started_at = sitting.started_at
    return [
        AttemptFacts(
            number=numbers[attempt.id],
            seat=attempt.seat,
            state=attempt.state,
            epoch=attempt.epoch,
            started_at=started_at,
            deadline_at=deadline_of(started_at, sitting.duration_minutes, attempt.added_seconds)
            if started_at
            else None,
            ended_at=attempt.handed_in_at or attempt.closed_at,
            added_seconds=attempt.added_seconds,
            versions=tuple(versions.get(attempt.id, ())),
            happenings=tuple(sorted(happened[attempt.id], key=lambda one: (one.at, one.kind))),
        )
        for attempt in attempts
    ]


def list_replay(session: Session, attempt_id: int) -> list[ReplayStep]:
    """Every version of the written answers with its text, as they came in; only for those who may read it."""
    rows = session.execute(
        select(AnswerVersion.item, AnswerVersion.received_at, AnswerVersion.content, AnswerVersion.set_aside)
        .where(AnswerVersion.attempt_id == attempt_id, AnswerVersion.item != FLAGS)
        .order_by(AnswerVersion.received_at, AnswerVersion.id)
    )
    steps = [ReplayStep(item, at, _text(content_of(content)), set_aside) for item, at, content, set_aside in rows]
    return [step for step in steps if step.item.startswith("E")]


def count_evidence(session: Session, sitting_id: int) -> dict[int, int]:
    """How many things the pages of a sitting noticed, by the key of the attempt: counts only, for the board."""
    rows = session.execute(
        select(Evidence.attempt_id, func.count(Evidence.id))
        .join(Attempt, Attempt.id == Evidence.attempt_id)
        .where(Attempt.sitting_id == sitting_id)
        .group_by(Evidence.attempt_id)
    )
    return {attempt_id: count for attempt_id, count in rows}  # noqa: C416 -- rows are not pairs to the type checker


def _versions(session: Session, attempt_ids: list[int]) -> dict[int, list[StoredVersion]]:
    found: dict[int, list[StoredVersion]] = {}
    rows = session.execute(
        select(
            AnswerVersion.attempt_id,
            AnswerVersion.item,
            AnswerVersion.epoch,
            AnswerVersion.number,
            AnswerVersion.received_at,
            func.length(AnswerVersion.content),
            AnswerVersion.set_aside,
            AnswerVersion.by_file,
        )
        .where(AnswerVersion.attempt_id.in_(attempt_ids))
        .order_by(AnswerVersion.received_at, AnswerVersion.id)
    )
    for attempt_id, *rest in rows:
        found.setdefault(attempt_id, []).append(StoredVersion(*rest))
    return found


def _own(attempts: Iterable[Attempt], numbers: dict[int, str], ends: dict[str, ForcedEnd]) -> _Happenings:
    for attempt in attempts:
        forced = ends.get(numbers[attempt.id])
        for kind, at in (
            (HappeningKind.CHECKED_IN, attempt.checked_in_at),
            (HappeningKind.OPENED, attempt.opened_at),
            (HappeningKind.HANDED_IN, attempt.handed_in_at),
            (HappeningKind.CLOSED, attempt.closed_at if forced is None else None),
        ):
            if at is not None:
                yield attempt.id, Happening(kind, at)
        if forced is not None and attempt.closed_at is not None:
            yield attempt.id, Happening(HappeningKind.CLOSED, attempt.closed_at, word="person", reason=forced.reason)


def _rows(session: Session, attempt_ids: list[int]) -> _Happenings:
    """What has a table of its own."""
    for model, told in _TOLD.items():
        rows: Iterable[Any] = session.scalars(
            select(model).where(model.attempt_id.in_(attempt_ids)).order_by(model.id)  # type: ignore[attr-defined]
        )
        for row in rows:
            happening = told(row)
            if happening is not None:
                yield row.attempt_id, happening


def _silence(row: Silence) -> Happening:
    return Happening(HappeningKind.SILENT, row.began_at, row.ended_at, word="reopened" if row.reopened else "")


def _pause(row: Pause) -> Happening:
    seconds = pause_seconds(row.began_at, row.ended_at) if row.ended_at else 0
    return Happening(HappeningKind.PAUSED, row.began_at, row.ended_at, seconds=seconds, reason=row.reason)


def _extension(row: Extension) -> Happening:
    return Happening(HappeningKind.EXTENDED, row.granted_at, seconds=row.seconds, reason=row.reason)


def _lost_time(row: LostTime) -> Happening:
    return Happening(
        HappeningKind.LOST,
        row.began_at,
        row.ended_at,
        seconds=row.seconds,
        count=row.given_seconds or 0,
        word=row.state.value,
        reason=row.reason or row.cause,
    )


def _help_call(row: HelpCall) -> Happening:
    return Happening(
        HappeningKind.CALLED, row.called_at, row.answered_at, word=row.kind.value, item=row.item, reason=row.answer
    )


def _evidence(row: Evidence) -> Happening:
    letters = row.data.get("letters", 0)
    return Happening(
        HappeningKind.NOTICED,
        row.received_at,
        seconds=(row.milliseconds or 0) // 1000,
        count=letters if isinstance(letters, int) else 0,
        word=row.kind,
        item=str(row.data.get("item", "")),
        reason="own" if row.data.get("own") is True else "",
    )


def _answer_file(row: AnswerFile) -> Happening:
    return Happening(HappeningKind.CARRIED, row.imported_at, count=row.new_versions, word=row.state.value)


def _refused_machine(row: RefusedMachine) -> Happening:
    return Happening(HappeningKind.KEPT_OUT, row.first_at, row.last_at, word=row.reason, reason=row.address)


def _late_answers(row: RoomRequest) -> Happening | None:
    is_accepted = row.kind is RequestKind.ACCEPT_LATE_ANSWERS and row.state is RequestState.APPROVED
    if not is_accepted or row.decided_at is None:
        return None
    count = len(row.data.get("versions", ()))
    return Happening(HappeningKind.LATE_ACCEPTED, row.decided_at, count=count, reason=row.reason)


_TOLD: Final[Mapping[type, Callable[[Any], Happening | None]]] = {
    Silence: _silence,
    Pause: _pause,
    Extension: _extension,
    LostTime: _lost_time,
    HelpCall: _help_call,
    Evidence: _evidence,
    AnswerFile: _answer_file,
    RefusedMachine: _refused_machine,
    RoomRequest: _late_answers,
}


def _messages(session: Session, sitting: Sitting, attempt_ids: list[int]) -> _Happenings:
    rows = session.scalars(
        select(RoomMessage)
        .where(
            RoomMessage.sitting_id == sitting.id,
            or_(RoomMessage.attempt_id.is_(None), RoomMessage.attempt_id.in_(attempt_ids)),
        )
        .order_by(RoomMessage.id)
    )
    for message in rows:
        word = "room" if message.attempt_id is None else ""
        said = Happening(HappeningKind.MESSAGE, message.sent_at, word=word, reason=message.text)
        for attempt_id in attempt_ids if message.attempt_id is None else [message.attempt_id]:
            yield attempt_id, said


def _incidents(session: Session, sitting: Sitting, by_candidacy: dict[int, int]) -> _Happenings:
    rows = session.scalars(
        select(Incident)
        .where(Incident.sitting_id == sitting.id, Incident.candidacy_id.in_(list(by_candidacy)))
        .order_by(Incident.id)
    )
    for incident in rows:
        yield (
            by_candidacy[incident.candidacy_id or 0],
            Happening(HappeningKind.INCIDENT, incident.recorded_at, word=incident.measure, reason=incident.minutes),
        )


def _records(session: Session, sitting: Sitting, by_number: dict[str, int]) -> _Happenings:
    rows = session.execute(
        select(RecordRow.at, RecordRow.event, RecordRow.payload)
        .join(RecordLog, RecordLog.id == RecordRow.log_id)
        .where(
            RecordLog.competition_id == sitting.competition_id,
            RecordRow.subject == f"sitting/{sitting.code}",
            RecordRow.event.in_([event.value for event in _FROM_RECORDS]),
            RecordRow.payload.is_not(None),
        )
        .order_by(RecordRow.seq)
    )
    for at, event, payload in rows:
        said = read_payload(payload)
        attempt_id = by_number.get(str(said.get("number")))
        if attempt_id is None:
            continue
        places = f"{said['from']} → {said['to']}" if "to" in said else ""
        yield (
            attempt_id,
            Happening(
                _FROM_RECORDS[Event(event)],
                parse_instant(at),
                count=int(said.get("epoch", 0)),
                word=places,
                reason=str(said.get("reason", "")),
            ),
        )


def _outages(session: Session, sitting: Sitting, attempts: Iterable[Attempt]) -> _Happenings:
    """What each candidate had of the server's outages: from the start of the sitting to the end of the attempt."""
    if sitting.started_at is None:
        return
    rows = session.scalars(
        select(ServerOutage).where(ServerOutage.ended_at > sitting.started_at).order_by(ServerOutage.id)
    ).all()
    for attempt in attempts:
        last = attempt.handed_in_at or attempt.closed_at or sitting.closed_at
        for outage in rows:
            shared = overlap(outage.began_at, outage.ended_at, sitting.started_at, last or outage.ended_at)
            if shared is not None:
                yield attempt.id, Happening(HappeningKind.OUTAGE, *shared)


def _text(content: object) -> str:
    return content if isinstance(content, str) else ""
