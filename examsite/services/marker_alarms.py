"""Alarms that name markers without pausing anybody, and what the head makes of them.

One is raised where two people marked differently from some script on and nothing tells which of them moved, or where
somebody moved who has nothing left to mark. No mark is touched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from examsite.domain.errors import ConflictError
from examsite.domain.events import Event
from examsite.domain.reasons import checked_reason
from examsite.domain.standardisation import NamingOutcome
from examsite.services.context import ServiceContext
from examsite.services.marking_heads import require_head_of_scripts
from examsite.services.records import record
from examsite.services.settling import check_marking_open
from examsite.storage.models.competitions import Competition
from examsite.storage.models.standardisation import MarkerAlarm
from examsite.storage.queries.standardisation import get_alarm, list_open_alarms

if TYPE_CHECKING:
    from examsite.statistics.drift import Alarm


def figures_of(alarm: Alarm) -> dict[str, str]:
    """A move as it is kept: direction, first script, points."""
    return {"direction": str(alarm.direction), "since": str(alarm.since), "points": f"{alarm.points:.2f}"}


def name_markers(ctx: ServiceContext, competition: Competition, moves: Mapping[str, Alarm]) -> MarkerAlarm | None:
    """Tell the head, after a lock, that one of these markers moved; nothing new while an alarm names one of them."""
    known = {marker for alarm in list_open_alarms(ctx.session, competition.id) for marker in alarm.markers}
    if known & set(moves):
        return None
    figures = {marker: figures_of(alarm) for marker, alarm in sorted(moves.items())}
    payload = {"markers": sorted(moves), "figures": figures}
    alarm = MarkerAlarm(
        competition_id=competition.id,
        named=" ".join(sorted(moves)),
        figures=figures,
        raised_at=ctx.now,
        named_seq=record(
            ctx, competition, Event.MARKERS_NAMED, f"competition/{competition.code}", payload, actor="system"
        ),
    )
    ctx.session.add(alarm)
    ctx.session.flush()
    return alarm


def leave_markers(ctx: ServiceContext, competition: Competition, alarm_id: int, *, reason: str) -> MarkerAlarm:
    """Let all those go on whom an alarm names, as head; from here on they are watched anew.

    Raises:
        ConflictError: `marking_not_open`, `alarm_already_decided`.
        InvalidError: `reason_missing`, `reason_too_long`.
        NotAllowedError: as `require_head_of_scripts`.
        NotFoundError: `alarm_not_found`.
    """
    require_head_of_scripts(ctx, competition)
    check_marking_open(competition)
    alarm = get_alarm(ctx.session, competition.id, alarm_id, for_update=True)
    if alarm.decided_at is not None:
        raise ConflictError("alarm_already_decided")
    _decide(ctx, competition, [alarm], NamingOutcome.LEFT, reason=checked_reason(reason))
    return alarm


def answer_by_stop(ctx: ServiceContext, competition: Competition, marker: str, *, reason: str) -> None:
    """Close, as head, the alarms that name a marker whom the head has just paused."""
    named = [row for row in list_open_alarms(ctx.session, competition.id) if marker in row.markers]
    _decide(ctx, competition, named, NamingOutcome.STOPPED, reason=reason)


def _decide(
    ctx: ServiceContext, competition: Competition, alarms: Sequence[MarkerAlarm], outcome: NamingOutcome, *, reason: str
) -> None:
    for alarm in alarms:
        payload = {"markers": alarm.markers, "outcome": str(outcome), "reason": reason}
        alarm.record_seq = record(ctx, competition, Event.NAMING_DECIDED, f"competition/{competition.code}", payload)
        alarm.outcome = outcome
        alarm.reason = reason
        alarm.decided_at = ctx.now
        alarm.decided_by_id = ctx.actor.assignment_id
    ctx.session.flush()
