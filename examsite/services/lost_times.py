"""Lost time found by the machine and put before a person: silences of pages, outages of the server.

Nothing here gives time. `services.room_time` decides what is proposed here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.domain.attempts import AttemptState
from examsite.domain.lost_times import Stretch, is_silence, seconds_lost, silence_began_at, what_is_left
from examsite.domain.rooms import LostTimeState
from examsite.storage.models.rooms import LostTime, Pause, Silence
from examsite.storage.queries.attempts import AttemptClock


def note_silence(session: Session, clock: AttemptClock, *, now: datetime, reopened: bool = False) -> None:
    """Write down that a page spoke again after a silence, and propose the time as lost; mostly there was none.

    To be called in the transaction in which the page of the present epoch speaks or is opened, before
    `last_seen_at` is set anew, with what was read under the lock of the attempt.
    """
    if clock.state is not AttemptState.OPEN or clock.started_at is None:
        return
    began_at = silence_began_at(
        last_word_at=clock.last_seen_at, started_at=clock.started_at, checked_in_at=clock.checked_in_at
    )
    # The first opening is no return: a whole room opens at one instant, and some are a few seconds later.
    is_return = reopened and clock.epoch > 0
    if began_at is None or not is_silence(began_at, now, reopened=is_return):
        return
    silence = Silence(attempt_id=clock.attempt_id, began_at=began_at, ended_at=now, reopened=is_return)
    session.add(silence)
    session.flush()
    propose(session, clock.attempt_id, Stretch(began_at, now), silence_id=silence.id)


def propose(
    session: Session,
    attempt_id: int,
    found: Stretch,
    *,
    silence_id: int | None = None,
    outage_id: int | None = None,
    cause: str = "",
) -> LostTime | None:
    """Put a stretch before a person, joined with one that waits already, less pauses and what was decided before.

    None: nothing worth proposing is left. The row of the attempt must be locked.
    """
    known = list(session.scalars(select(LostTime).where(LostTime.attempt_id == attempt_id).order_by(LostTime.id)))
    waiting = next((row for row in known if row.state is LostTimeState.PROPOSED and stretch_of(row).meets(found)), None)
    taken = [stretch_of(row) for row in known if row is not waiting]
    taken += pauses_of(session, attempt_id, until=found.ended_at)
    whole = found if waiting is None else found.joined(stretch_of(waiting))
    left = what_is_left(whole, taken)
    if left is None:
        return None
    row = waiting or LostTime(attempt_id=attempt_id, cause=cause)
    row.began_at, row.ended_at = left.began_at, left.ended_at
    row.seconds = seconds_lost(whole, taken)
    row.silence_id = row.silence_id or silence_id
    row.outage_id = row.outage_id or outage_id
    row.cause = row.cause or cause
    session.add(row)
    session.flush()
    return row


def end_pause(session: Session, attempt_id: int, *, at: datetime) -> None:
    """Let a pause of an attempt that ends now end with it; nothing is added to an attempt that is over.

    The caller, who ends the attempt, lets its clock stand still no more.
    """
    for pause in session.scalars(select(Pause).where(Pause.attempt_id == attempt_id, Pause.ended_at.is_(None))):
        pause.ended_at = at
    session.flush()


def stretch_of(row: LostTime) -> Stretch:
    """The stretch of a row."""
    return Stretch(row.began_at, row.ended_at)


def pauses_of(session: Session, attempt_id: int, *, until: datetime) -> Sequence[Stretch]:
    """The pauses of an attempt; one that is not ended lasts until the instant given."""
    rows = session.scalars(select(Pause).where(Pause.attempt_id == attempt_id).order_by(Pause.id))
    return [Stretch(row.began_at, row.ended_at or max(until, row.began_at)) for row in rows]
