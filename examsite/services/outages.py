"""Signs of life of the server, and what becomes of a stretch without any: lost time for everyone who was writing.

Whoever the outage touched is not closed before somebody has decided about the lost time, or ten minutes have passed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from examsite.domain.canonical import instant_text
from examsite.domain.events import Event
from examsite.domain.lost_times import OUTAGE_AFTER_SECONDS, Stretch
from examsite.domain.sittings import SittingState
from examsite.services.context import ServiceContext
from examsite.services.lost_times import propose
from examsite.services.records import record
from examsite.services.rooms import lock_open_attempts, subject_of
from examsite.storage.models.competitions import Competition
from examsite.storage.models.rooms import ServerOutage, ServerPulse
from examsite.storage.models.sittings import Sitting
from examsite.storage.queries.rooms import find_pulse
from examsite.storage.queries.sittings import list_running

#: How often a sign of life is written. Unit: seconds.
# Source: our choice, because the beginning of an outage is then known to within it, and one row costs nothing.
PULSE_EVERY_SECONDS = 5


def is_pulse_due(ctx: ServiceContext) -> bool:
    """Whether the last sign of life is old enough for a new one; also when it lies in the future."""
    pulse = find_pulse(ctx.session)
    return pulse is None or not timedelta(0) <= ctx.now - pulse.at < timedelta(seconds=PULSE_EVERY_SECONDS)


def beat(ctx: ServiceContext, *, was_alive: bool) -> ServerOutage | None:
    """Write a sign of life; the first one after a gap finds the outage, once for all processes.

    `was_alive` says that the calling process itself gave a sign of life just before, by the machine's own count: then
    there was no outage, whatever the instants say.
    """
    pulse = _locked_pulse(ctx)
    gap = Stretch(pulse.at, ctx.now)
    pulse.at = ctx.now
    ctx.session.flush()
    if was_alive or gap.length <= timedelta(seconds=OUTAGE_AFTER_SECONDS):
        return None
    running = list_running(ctx.session)
    if not running:
        return None
    outage = ServerOutage(began_at=gap.began_at, ended_at=gap.ended_at)
    ctx.session.add(outage)
    ctx.session.flush()
    # All seats before the first log: whoever holds a seat may be waiting for the log.
    touched = [(sitting, _propose_in(ctx, sitting, outage)) for sitting in _locked_running(ctx, running)]
    for sitting, count in touched:
        payload = {
            "began_at": instant_text(outage.began_at),
            "ended_at": instant_text(outage.ended_at),
            "candidates": count,
        }
        competition = ctx.session.get_one(Competition, sitting.competition_id)
        record(ctx, competition, Event.OUTAGE_FOUND, subject_of(sitting), payload, actor="system")
    return outage


def _locked_running(ctx: ServiceContext, sitting_ids: Sequence[int]) -> list[Sitting]:
    found = ctx.session.scalars(
        select(Sitting)
        .where(Sitting.id.in_(sitting_ids), Sitting.state == SittingState.STARTED)
        .order_by(Sitting.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list(found)


def _propose_in(ctx: ServiceContext, sitting: Sitting, outage: ServerOutage) -> int:
    """Propose the lost time to everyone who was there to lose it; how many that are."""
    lost = Stretch(max(outage.began_at, sitting.started_at or outage.began_at), outage.ended_at)
    touched = 0
    for attempt in lock_open_attempts(ctx, sitting):
        is_here = attempt.opened_at is not None or attempt.checked_in_at is not None
        if is_here and propose(ctx.session, attempt.id, lost, outage_id=outage.id) is not None:
            touched += 1
    return touched


def _locked_pulse(ctx: ServiceContext) -> ServerPulse:
    """The one row, made by whoever comes first."""
    insert: Any = sqlite.insert if ctx.session.connection().dialect.name == "sqlite" else postgresql.insert
    ctx.session.execute(insert(ServerPulse).values(id=1, at=ctx.now).on_conflict_do_nothing(index_elements=["id"]))
    return ctx.session.scalars(
        select(ServerPulse).where(ServerPulse.id == 1).with_for_update().execution_options(populate_existing=True)
    ).one()
