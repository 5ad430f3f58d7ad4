"""What every act in a room begins with: who watches it, the seat with its row locked, the reason in words.

Locks are taken in one order everywhere: sitting, attempts by their keys, log.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from examsite.domain.attempts import AttemptState, deadline_of
from examsite.domain.errors import ConflictError, NotAllowedError, NotFoundError
from examsite.domain.permissions import Role
from examsite.domain.saves import FLAGS
from examsite.domain.sittings import most_given_alone
from examsite.services.context import Actor, ServiceContext
from examsite.storage.models.competitions import Competition
from examsite.storage.models.papers import Paper
from examsite.storage.models.sittings import AnswerVersion, Attempt, Extension, Sitting
from examsite.storage.queries.attempts import get_attempt
from examsite.storage.queries.papers import get_frozen_paper
from examsite.storage.queries.rooms import list_given_alone
from examsite.storage.queries.sittings import is_invigilator_of

#: The part of the competition that is written in a sitting.
PART = "written"


def subject_of(sitting: Sitting) -> str:
    """How the record names a sitting; what happens at a seat names it too, never the candidate."""
    return f"sitting/{sitting.code}"


def require_watcher(ctx: ServiceContext, competition: Competition, sitting: Sitting) -> Actor:
    """The actor, if it watches this sitting.

    Raises:
        NotAllowedError: `role_needed`, `not_in_this_room`.
    """
    actor = ctx.require(Role.INVIGILATOR, competition_id=competition.id)
    if not is_invigilator_of(ctx.session, sitting.id, actor.assignment_id):
        raise NotAllowedError("not_in_this_room")
    return actor


def lock_seat(ctx: ServiceContext, sitting: Sitting, seat: str) -> Attempt:
    """The attempt at a seat with its row locked and read anew.

    Raises:
        NotFoundError: `seat_not_found`.
    """
    ctx.session.execute(
        select(Attempt.id).where(Attempt.sitting_id == sitting.id, Attempt.seat == seat).with_for_update()
    )
    return get_attempt(ctx.session, sitting.id, seat)


def lock_seat_of(ctx: ServiceContext, sitting: Sitting, attempt_id: int) -> Attempt:
    """As `lock_seat`, by the key of the attempt.

    Raises:
        NotFoundError: `seat_not_found`.
    """
    found = _locked(ctx, Attempt.sitting_id == sitting.id, Attempt.id == attempt_id)
    if not found:
        raise NotFoundError("seat_not_found", seat="")
    return found[0]


def lock_room(ctx: ServiceContext, sitting: Sitting) -> list[Attempt]:
    """All attempts of a sitting with their rows locked and read anew, in the order of their keys."""
    return _locked(ctx, Attempt.sitting_id == sitting.id)


def lock_open_attempts(ctx: ServiceContext, sitting: Sitting) -> list[Attempt]:
    """The attempts that are being written, with their rows locked and read anew, in the order of their keys."""
    return _locked(ctx, Attempt.sitting_id == sitting.id, Attempt.state == AttemptState.OPEN)


def deadline_at_of(sitting: Sitting, attempt: Attempt) -> datetime | None:
    """When the time of an attempt ends; None before the start."""
    if sitting.started_at is None:
        return None
    return deadline_of(sitting.started_at, sitting.duration_minutes, attempt.added_seconds)


def check_given_alone(ctx: ServiceContext, sitting: Sitting, attempt: Attempt) -> None:
    """Refuse a figure of one's own to one seat more when half of the room has one: seat by seat is the whole room, too.

    Raises:
        ConflictError: `room_time_takes_two`.
    """
    present = select(func.count(Attempt.id)).where(
        Attempt.sitting_id == sitting.id, Attempt.state != AttemptState.ABSENT
    )
    most = most_given_alone(ctx.session.scalars(present).one())
    if len(list_given_alone(ctx.session, sitting.id, ctx.actor.account_id or 0) | {attempt.id}) > most:
        raise ConflictError("room_time_takes_two", most=most)


def add_time(ctx: ServiceContext, sitting: Sitting, attempt: Attempt, *, seconds: int, reason: str) -> Extension:
    """Give time to an attempt whose row is locked; the caller has checked everything and puts it on record.

    Units: seconds.
    """
    extension = Extension(
        attempt_id=attempt.id,
        seconds=seconds,
        reason=reason,
        granted_by_id=ctx.actor.account_id,
        granted_at=ctx.now,
    )
    ctx.session.add(extension)
    lengthen(ctx, sitting, attempt, seconds=seconds)
    return extension


def lengthen(ctx: ServiceContext, sitting: Sitting, attempt: Attempt, *, seconds: int) -> None:
    """Move the deadline of a locked attempt; what came too late for the old one and in time for the new one counts.

    Only words of the page that writes now: what an older page sent stays beside, and what came before the start.

    Units: seconds.
    """
    attempt.added_seconds += seconds
    ctx.session.flush()
    deadline_at = deadline_at_of(sitting, attempt)
    if deadline_at is None or attempt.state is not AttemptState.OPEN:
        return
    late = ctx.session.scalars(
        select(AnswerVersion).where(
            AnswerVersion.attempt_id == attempt.id,
            AnswerVersion.set_aside,
            AnswerVersion.epoch == attempt.epoch,
            AnswerVersion.item.in_(items_of_paper(ctx, attempt)),
            AnswerVersion.received_at >= sitting.started_at,
            AnswerVersion.received_at <= deadline_at + timedelta(seconds=sitting.grace_seconds),
        )
    )
    for version in late:
        version.set_aside = False
    ctx.session.flush()


def items_of_paper(ctx: ServiceContext, attempt: Attempt) -> list[str]:
    """The items that an answer of this attempt may be for: those of its paper, and the review flags."""
    row = ctx.session.execute(select(Paper.id, Paper.paper_sha256).where(Paper.id == attempt.paper_id)).first()
    if row is None:
        return [FLAGS]
    return [FLAGS, *(item.item for item in get_frozen_paper(ctx.session, row.id, row.paper_sha256).items)]


def _locked(ctx: ServiceContext, *conditions: object) -> list[Attempt]:
    return list(
        ctx.session.scalars(
            select(Attempt)
            .options(joinedload(Attempt.candidacy, innerjoin=True))
            .where(*conditions)  # type: ignore[arg-type]  # conditions of the three callers above
            .order_by(Attempt.id)
            .with_for_update(of=Attempt)
            .execution_options(populate_existing=True)
        )
    )
