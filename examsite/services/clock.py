"""The clock that every act reads, how far the wall clock is from it, and setting it anew on record."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, inspect, select
from sqlalchemy.orm import Session

from examsite.config import Settings
from examsite.domain.canonical import instant_text
from examsite.domain.errors import ConflictError
from examsite.domain.events import Event
from examsite.domain.permissions import Role
from examsite.services import context
from examsite.services.context import ServiceContext
from examsite.services.records import record
from examsite.storage.clock import InstallationClock
from examsite.storage.database import open_engine
from examsite.storage.models.records import RecordLog
from examsite.storage.models.rooms import ServerPulse
from examsite.storage.queries.rooms import find_pulse
from examsite.storage.queries.sittings import list_running

#: File of the anchor in the folder of the installation.
ANCHOR_FILE = "clock.json"

#: From which difference on the wall clock is worth an administrator's act. Unit: seconds.
# Source: our choice, because a day of a good machine stays below it and no invigilator's watch shows less.
NOTABLE_DIFFERENCE_SECONDS = 2

_MILLISECOND = timedelta(milliseconds=1)


def open_clock(settings: Settings) -> InstallationClock:
    """Let this process read the time of the installation from now on; nothing is written before the first reading."""
    path = settings.instance_path / ANCHOR_FILE
    known = context.installation_clock()
    if known is None or known.path != path:
        known = InstallationClock(path, lambda: last_known_instant(settings))
        context.use_clock(known)
    return known


def clock_difference() -> timedelta:
    """How far the wall clock is ahead of the clock of the installation; nothing where that is the wall clock itself."""
    clock = context.installation_clock()
    return timedelta(0) if clock is None else clock.difference()


def anchor_clock(ctx: ServiceContext) -> timedelta:
    """Set the clock of the installation to the wall clock, on record; gives back by how much it moved.

    Raises:
        ConflictError: `clock_anchored_in_sitting` while a sitting runs; `clock_right` when there is nothing to set.
        NotAllowedError: `role_needed`.
    """
    ctx.require(Role.ADMINISTRATOR)
    clock = context.installation_clock()
    if list_running(ctx.session):
        raise ConflictError("clock_anchored_in_sitting")
    moved = timedelta(0) if clock is None else clock.difference()
    if clock is None or abs(moved) < timedelta(seconds=NOTABLE_DIFFERENCE_SECONDS):
        raise ConflictError("clock_right")
    to = ctx.now + moved
    payload = {"from": instant_text(ctx.now), "to": instant_text(to), "milliseconds": round(moved / _MILLISECOND)}
    record(ctx, None, Event.CLOCK_ANCHORED, "installation/clock", payload)
    pulse = find_pulse(ctx.session)
    if pulse is not None:
        pulse.at = to
    ctx.session.flush()
    clock.set(clock.read() + moved)
    return moved


def last_known_instant(settings: Settings) -> datetime | None:
    """The last instant that the installation is known to have lived through: its pulse, else its newest record.

    The pulse goes before the records: after a clock that ran ahead was set right, records may be later than now.
    """
    if settings.is_sqlite and not Path(settings.database_url.removeprefix("sqlite:///")).exists():
        return None
    engine = open_engine(settings)
    try:
        if not inspect(engine).has_table(ServerPulse.__tablename__):
            return None
        with Session(engine) as session:
            pulse = find_pulse(session)
            newest: datetime | None = session.scalar(select(func.max(RecordLog.last_at)))
            return newest if pulse is None else pulse.at
    finally:
        engine.dispose()
