"""Reads of what happens in a room beside the writing: lost time, pauses, messages, calls, requests of two people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, joinedload

from examsite.domain.attempts import AttemptState, deadline_of
from examsite.domain.errors import NotFoundError
from examsite.domain.lost_times import (
    HELD_AFTER_OUTAGE_SECONDS,
    Stretch,
    is_growing,
    is_silence,
    pieces_left,
    seconds_lost,
    silence_began_at,
    until_decided,
)
from examsite.domain.rooms import LostTimeState, RequestKind, RequestState
from examsite.storage.models.rooms import (
    HelpCall,
    LostTime,
    Pause,
    RoomMessage,
    RoomRequest,
    ServerOutage,
    ServerPulse,
    Silence,
)
from examsite.storage.models.sittings import Attempt, Extension, Sitting


@dataclass(frozen=True)
class ProposedLoss:
    """Lost time that waits for a decision; `seconds` is what giving it back takes now."""

    lost: LostTime
    attempt: Attempt
    seconds: int
    is_growing: bool
    #: Whether the machine was gone, not only the network (None: no machine noticed it).
    reopened: bool | None
    #: Where the attempt would end if all of it were given.
    ends_at: datetime


@dataclass(frozen=True)
class RunningSilence:
    """A machine that is silent now; what is lost grows until its work is open again."""

    attempt: Attempt
    began_at: datetime
    seconds: int


@dataclass(frozen=True)
class ObjectiveResult:
    """One line of the list of results of the objective part."""

    number: str
    seat: str
    full_name: str
    state: AttemptState
    total: Any


def get_lost_time(session: Session, sitting_id: int, lost_time_id: int) -> LostTime:
    """One loss of a sitting.

    Raises:
        NotFoundError: `lost_time_not_found`.
    """
    found = session.scalars(
        select(LostTime)
        .join(Attempt, Attempt.id == LostTime.attempt_id)
        .where(Attempt.sitting_id == sitting_id, LostTime.id == lost_time_id)
    ).one_or_none()
    if found is None:
        raise NotFoundError("lost_time_not_found")
    return found


def is_measured(lost: LostTime) -> bool:
    """Whether the machine alone found a loss; what somebody named, also as more of a found one, nobody measured."""
    return not lost.cause and (lost.silence_id is not None or lost.outage_id is not None)


def list_given_alone(session: Session, sitting_id: int, account_id: int) -> set[int]:
    """The keys of attempts of a sitting to which this account gave time that was neither measured nor asked for."""
    asked = select(RoomRequest.id).where(
        RoomRequest.sitting_id == sitting_id,
        RoomRequest.kind == RequestKind.EXTEND_ROOM,
        RoomRequest.decided_by_id == Extension.granted_by_id,
        RoomRequest.decided_at == Extension.granted_at,
    )
    rows = session.execute(
        select(Attempt.id, LostTime)
        .join(Extension, Extension.attempt_id == Attempt.id)
        .outerjoin(LostTime, LostTime.extension_id == Extension.id)
        .where(Attempt.sitting_id == sitting_id, Extension.granted_by_id == account_id, ~asked.exists())
    )
    return {
        attempt_id
        for attempt_id, lost in rows
        if lost is None or not is_measured(lost) or (lost.given_seconds or 0) > lost.seconds
    }


def list_undecided(session: Session, sitting_id: int) -> list[LostTime]:
    """Losses of a sitting that wait for a decision, as they began."""
    return list(
        session.scalars(
            select(LostTime)
            .join(Attempt, Attempt.id == LostTime.attempt_id)
            .where(Attempt.sitting_id == sitting_id, LostTime.state == LostTimeState.PROPOSED)
            .order_by(LostTime.began_at, LostTime.id)
            .execution_options(populate_existing=True)
        )
    )


def list_proposed_losses(session: Session, sitting: Sitting, now: datetime) -> list[ProposedLoss]:
    """What waits for a decision at the seats of those who write, with its figure at this instant, as it began."""
    if sitting.started_at is None:
        return []
    rows = session.execute(
        select(LostTime, Attempt, Silence.reopened)
        .join(Attempt, Attempt.id == LostTime.attempt_id)
        .outerjoin(Silence, Silence.id == LostTime.silence_id)
        .options(joinedload(Attempt.candidacy))
        .where(
            Attempt.sitting_id == sitting.id,
            Attempt.state == AttemptState.OPEN,
            LostTime.state == LostTimeState.PROPOSED,
        )
        .order_by(LostTime.began_at, LostTime.id)
    ).all()
    pauses = list_pauses_by_attempt(session, sitting.id, until=now)
    losses = []
    for lost, attempt, reopened in rows:
        deadline_at = deadline_of(sitting.started_at, sitting.duration_minutes, attempt.added_seconds)
        found = Stretch(lost.began_at, lost.ended_at)
        whole = until_decided(found, now=now, deadline_at=deadline_at)
        grown = seconds_lost(Stretch(found.ended_at, whole.ended_at), pauses.get(attempt.id, []))
        seconds = lost.seconds + grown
        losses.append(
            ProposedLoss(
                lost=lost,
                attempt=attempt,
                seconds=seconds,
                is_growing=is_growing(found, deadline_at=deadline_at),
                reopened=reopened,
                ends_at=deadline_at + timedelta(seconds=seconds),
            )
        )
    return losses


def list_running_silences(session: Session, sitting: Sitting, now: datetime) -> list[RunningSilence]:
    """The machines of a sitting that are silent now and whose clock runs, longest first."""
    if sitting.started_at is None:
        return []
    attempts = session.scalars(
        select(Attempt)
        .options(joinedload(Attempt.candidacy))
        .where(Attempt.sitting_id == sitting.id, Attempt.state == AttemptState.OPEN, Attempt.paused_at.is_(None))
        .order_by(Attempt.id)
    ).all()
    taken = list_pauses_by_attempt(session, sitting.id, until=now)
    for lost in session.scalars(
        select(LostTime).join(Attempt, Attempt.id == LostTime.attempt_id).where(Attempt.sitting_id == sitting.id)
    ):
        taken.setdefault(lost.attempt_id, []).append(Stretch(lost.began_at, lost.ended_at))
    found = []
    for attempt in attempts:
        began_at = silence_began_at(
            last_word_at=attempt.last_seen_at, started_at=sitting.started_at, checked_in_at=attempt.checked_in_at
        )
        if began_at is None or not is_silence(began_at, now):
            continue
        left = pieces_left(Stretch(began_at, now), taken.get(attempt.id, []))
        if left:
            seconds = seconds_lost(Stretch(began_at, now), taken.get(attempt.id, []))
            found.append(RunningSilence(attempt=attempt, began_at=began_at, seconds=seconds))
    return sorted(found, key=lambda item: (item.began_at, item.attempt.id))


def list_pauses_by_attempt(session: Session, sitting_id: int, *, until: datetime) -> dict[int, list[Stretch]]:
    """The pauses of every attempt of a sitting; one that is not ended lasts until the instant given."""
    found: dict[int, list[Stretch]] = {}
    rows = session.scalars(
        select(Pause)
        .join(Attempt, Attempt.id == Pause.attempt_id)
        .where(Attempt.sitting_id == sitting_id)
        .order_by(Pause.id)
    )
    for row in rows:
        stretch = Stretch(row.began_at, row.ended_at or max(until, row.began_at))
        found.setdefault(row.attempt_id, []).append(stretch)
    return found


def list_held(session: Session, sitting_id: int, now: datetime) -> frozenset[int]:
    """Attempts that are not closed yet because the server itself cost them time and nobody has decided.

    It was down, or it opened the attempt late.

    Source: our choice, because lost time must be given back before anyone is closed over it.
    """
    since = now - timedelta(seconds=HELD_AFTER_OUTAGE_SECONDS)
    return frozenset(
        session.scalars(
            select(LostTime.attempt_id)
            .outerjoin(ServerOutage, ServerOutage.id == LostTime.outage_id)
            .join(Attempt, Attempt.id == LostTime.attempt_id)
            .where(
                Attempt.sitting_id == sitting_id,
                LostTime.state == LostTimeState.PROPOSED,
                or_(
                    ServerOutage.ended_at > since,
                    # A silence of a page is no fault of the server.
                    LostTime.outage_id.is_(None) & LostTime.silence_id.is_(None) & (LostTime.ended_at > since),
                ),
            )
        )
    )


def find_pulse(session: Session) -> ServerPulse | None:
    """The last sign of life of the server."""
    return session.scalars(select(ServerPulse).order_by(ServerPulse.id)).first()


def list_outages(session: Session, began_at: datetime, ended_at: datetime) -> list[ServerOutage]:
    """Outages that touch a stretch of time, as they began."""
    return list(
        session.scalars(
            select(ServerOutage)
            .where(ServerOutage.ended_at >= began_at, ServerOutage.began_at <= ended_at)
            .order_by(ServerOutage.began_at, ServerOutage.id)
        )
    )


def list_messages_for(session: Session, attempt: Attempt, *, after: int) -> list[RoomMessage]:
    """Messages to a seat and to its room that are newer than the number given, as they were sent."""
    return list(
        session.scalars(
            select(RoomMessage)
            .where(
                RoomMessage.sitting_id == attempt.sitting_id,
                RoomMessage.attempt_id.is_(None) | (RoomMessage.attempt_id == attempt.id),
                RoomMessage.id > after,
            )
            .order_by(RoomMessage.id)
        )
    )


def find_open_call(session: Session, attempt_id: int) -> HelpCall | None:
    """The call for help of a candidate that nobody has answered yet."""
    return session.scalars(
        select(HelpCall).where(HelpCall.attempt_id == attempt_id, HelpCall.answered_at.is_(None)).order_by(HelpCall.id)
    ).first()


def find_newest_call(session: Session, attempt_id: int) -> HelpCall | None:
    """The last call for help of a candidate, answered or not."""
    return session.scalars(
        select(HelpCall).where(HelpCall.attempt_id == attempt_id).order_by(HelpCall.id.desc())
    ).first()


def find_pause_that_ended_at(session: Session, attempt_id: int, at: datetime) -> Pause | None:
    """The pause of an attempt that ended at this instant; the end of an attempt ends the pause it is in."""
    return session.scalars(
        select(Pause).where(Pause.attempt_id == attempt_id, Pause.ended_at == at).order_by(Pause.id).limit(1)
    ).one_or_none()


def get_call(session: Session, sitting_id: int, call_id: int) -> HelpCall:
    """One call for help of a sitting.

    Raises:
        NotFoundError: `help_call_not_found`.
    """
    found = session.scalars(
        select(HelpCall)
        .join(Attempt, Attempt.id == HelpCall.attempt_id)
        .where(Attempt.sitting_id == sitting_id, HelpCall.id == call_id)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFoundError("help_call_not_found")
    return found


def get_room_request(session: Session, competition_id: int, request_id: int) -> RoomRequest:
    """One request of a competition with its sitting, its row locked.

    Raises:
        NotFoundError: `request_not_found`.
    """
    found = session.scalars(
        select(RoomRequest)
        .join(Sitting, Sitting.id == RoomRequest.sitting_id)
        .options(joinedload(RoomRequest.sitting, innerjoin=True))
        .where(Sitting.competition_id == competition_id, RoomRequest.id == request_id)
        .with_for_update(of=RoomRequest)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFoundError("request_not_found")
    return found


def find_waiting_request(
    session: Session, sitting_id: int, kind: RequestKind, attempt_id: int | None
) -> RoomRequest | None:
    """A request of this kind, for this seat where it is about one, that waits for a second person."""
    seat = RoomRequest.attempt_id.is_(None) if attempt_id is None else RoomRequest.attempt_id == attempt_id
    return session.scalars(
        select(RoomRequest).where(
            RoomRequest.sitting_id == sitting_id,
            RoomRequest.kind == kind,
            RoomRequest.state == RequestState.ASKED,
            seat,
        )
    ).first()


def count_waiting_requests(session: Session, competition_id: int, kind: RequestKind) -> int:
    """How many requests of this kind in all rooms of a competition wait for a second person."""
    statement = (
        select(func.count(RoomRequest.id))
        .join(Sitting, Sitting.id == RoomRequest.sitting_id)
        .where(
            Sitting.competition_id == competition_id,
            RoomRequest.kind == kind,
            RoomRequest.state == RequestState.ASKED,
        )
    )
    return session.scalar(statement) or 0


def list_objective_results(session: Session, sitting_id: int) -> list[ObjectiveResult]:
    """The results of the objective part of a sitting, by candidate number; who was absent has none."""
    attempts = session.scalars(
        select(Attempt)
        .options(joinedload(Attempt.candidacy))
        .where(Attempt.sitting_id == sitting_id)
        .order_by(Attempt.id)
    ).all()
    rows = [
        ObjectiveResult(
            number=attempt.candidacy.candidate_number or "",
            seat=attempt.seat,
            full_name=attempt.candidacy.full_name,
            state=attempt.state,
            total=attempt.objective_total,
        )
        for attempt in attempts
    ]
    return sorted(rows, key=lambda row: (row.number, row.seat))
