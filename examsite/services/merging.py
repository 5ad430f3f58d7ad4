"""After the codes are opened: deductions from decided incidents, the written results, the appeal window."""

from __future__ import annotations

from examsite.domain.competitions import GateEvent
from examsite.domain.events import Event
from examsite.domain.scores import score_text
from examsite.domain.working_days import ZONE, end_of_working_day
from examsite.services.context import ServiceContext
from examsite.services.gates import check_gate, pass_gate
from examsite.services.records import record
from examsite.services.rulesets import ruleset_of
from examsite.services.working_days import work_calendar
from examsite.storage.models.competitions import Competition
from examsite.storage.models.ranking import Deduction
from examsite.storage.queries.codes import list_decided_incidents
from examsite.storage.queries.marking import WRITTEN


def apply_deductions(ctx: ServiceContext, competition: Competition) -> list[Deduction]:
    """Put every decided percentage on its candidate; how they add up is the rule set's business.

    An annulled part needs no deduction: its decision stands in the log already.

    Source: TT 22/2025/TT-BNV, Nội quy: deductions are made when codes are joined, from the minutes of the room.
    """
    applied = []
    for incident in list_decided_incidents(ctx.session, competition.id):
        if incident.void or incident.percent is None or incident.candidacy is None or incident.record_seq is None:
            continue
        payload = {
            "part": WRITTEN,
            "percent": score_text(incident.percent),
            "incident_seq": incident.record_seq,
        }
        subject = f"candidate/{incident.candidacy.public_code}"
        seq = record(ctx, competition, Event.DEDUCTION_APPLIED, subject, payload)
        deduction = Deduction(
            candidacy_id=incident.candidacy.id,
            part=WRITTEN,
            incident_id=incident.id,
            percent=incident.percent,
            applied_at=ctx.now,
            record_seq=seq,
        )
        ctx.session.add(deduction)
        applied.append(deduction)
    ctx.session.flush()
    return applied


def publish_written(ctx: ServiceContext, competition: Competition) -> None:
    """Tell each candidate the own written result and open the appeal window of the rule set.

    Raises:
        ConflictError: `event_not_open`, `gate_shut`.
        NotAllowedError: `role_needed`, `fresh_factor_needed`.

    Source: NĐ 170/2025/NĐ-CP art. 16(4b): so many working days to ask for a second look; the figure is data.
    """
    check_gate(ctx, competition, GateEvent.WRITTEN_PUBLISHED)
    ctx.require_fresh_factor()
    seq = record(ctx, competition, Event.WRITTEN_PUBLISHED, f"competition/{competition.code}", {"part": WRITTEN})
    days = ruleset_of(competition).appeal_window_working_days
    calendar = work_calendar(ctx.session, ctx.now)
    competition.appeals_close_at = end_of_working_day(ctx.now, days, calendar=calendar, zone=ZONE)
    pass_gate(ctx, competition, GateEvent.WRITTEN_PUBLISHED, record_seq=seq)


def close_appeals(ctx: ServiceContext, competition: Competition) -> None:
    """End the appeals and open the upload of proposals.

    Raises:
        ConflictError: `event_not_open`, `gate_shut` as long as the window is open.
        NotAllowedError: `role_needed`.
    """
    check_gate(ctx, competition, GateEvent.APPEALS_CLOSED)
    seq = record(ctx, competition, Event.APPEALS_CLOSED, f"competition/{competition.code}", {"part": WRITTEN})
    pass_gate(ctx, competition, GateEvent.APPEALS_CLOSED, record_seq=seq)
