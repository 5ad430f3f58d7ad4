"""What happened in the room: an invigilator writes it down, the council decides it.

Nothing punishes by itself: a decision takes effect only when marks are merged.
"""

from __future__ import annotations

from sqlalchemy import select

from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import ConflictError, InvalidError, NotAllowedError
from examsite.domain.events import Event
from examsite.domain.permissions import Role
from examsite.domain.scores import score_text
from examsite.domain.sittings import INCIDENT, IncidentEvent
from examsite.services.context import ServiceContext
from examsite.services.records import record
from examsite.services.rooms import PART, require_watcher, subject_of
from examsite.services.rulesets import ruleset_of
from examsite.storage.models.competitions import Competition
from examsite.storage.models.sittings import Incident, Sitting
from examsite.storage.queries.accounts import list_holders
from examsite.storage.queries.attempts import get_attempt
from examsite.storage.queries.conflicts import list_recused_accounts
from examsite.storage.queries.sittings import get_incident


def record_incident(
    ctx: ServiceContext,
    competition: Competition,
    sitting: Sitting,
    *,
    seat: str | None,
    measure: str,
    minutes: str,
    witnesses: str = "",
) -> Incident:
    """Write down what happened; a measure is a proposal to the council and takes nothing from anyone by itself.

    Raises:
        InvalidError: `minutes_missing`, `measure_not_known`, `measure_without_candidate`, with the `field`.
        NotAllowedError: `role_needed`, `not_in_this_room`.
        NotFoundError: `seat_not_found`.
    """
    require_watcher(ctx, competition, sitting)
    if not minutes.strip():
        raise InvalidError("minutes_missing", field="minutes")
    if measure and measure not in {item.measure for item in ruleset_of(competition).measures}:
        raise InvalidError("measure_not_known", field="measure")
    if measure and not seat:
        raise InvalidError("measure_without_candidate", field="measure")
    attempt = get_attempt(ctx.session, sitting.id, seat) if seat else None
    incident = Incident(
        sitting_id=sitting.id,
        candidacy_id=attempt.candidacy_id if attempt else None,
        measure=measure,
        minutes=minutes.strip(),
        witnesses=witnesses.strip(),
        recorded_at=ctx.now,
        recorded_by_id=ctx.actor.account_id,
    )
    ctx.session.add(incident)
    ctx.session.flush()
    payload = {
        "number": attempt.candidacy.candidate_number if attempt else None,
        "measure": measure or None,
        "minutes": minutes.strip(),
        "witnesses": witnesses.strip(),
    }
    incident.recorded_seq = record(ctx, competition, Event.INCIDENT_RECORDED, subject_of(sitting), payload)
    ctx.session.flush()
    return incident


def why_not_decide(ctx: ServiceContext, competition: Competition, incident: Incident) -> str | None:
    """Why this person of the council may not decide an incident, None where they may: the rule of the page and the act.

    Whoever stands near to the candidate does not; a member decides only where that is the chair.
    """
    actor = ctx.require(Role.CHAIR, Role.COUNCIL_MEMBER, competition_id=competition.id)
    near: set[int] = set()
    if incident.candidacy_id is not None:
        near = list_recused_accounts(ctx.session, competition.id, incident.candidacy_id)
    if actor.account_id in near:
        return "incident_concerned"
    chairs = {row.account_id for row in list_holders(ctx.session, competition.id, Role.CHAIR)}
    return None if actor.role is Role.CHAIR or chairs & near else "role_needed"


def decide_incident(ctx: ServiceContext, competition: Competition, incident: Incident, *, measure: str | None) -> None:
    """Decide an incident: a measure of the rule set, or None for no measure. It is applied when marks are merged.

    What is written down after the codes are sealed can only be closed without a measure: it stays in the log.

    Raises:
        ConflictError: `incident_too_late` for a measure once codes are sealed; `event_not_open` when it was decided
            before.
        InvalidError: `measure_without_candidate`.
        NotAllowedError: `role_needed`, `incident_concerned`.
        NotFoundError: `measure_not_found`.
    """
    refusal = why_not_decide(ctx, competition, incident)
    if refusal is not None:
        raise NotAllowedError(refusal, roles=str(Role.CHAIR))
    if measure is not None and competition.state is not CompetitionState.WRITTEN:
        raise ConflictError("incident_too_late")
    ctx.session.execute(select(Incident.id).where(Incident.id == incident.id).with_for_update())
    incident = get_incident(ctx.session, competition.id, incident.id)
    subject = subject_of(incident.sitting)
    if measure is None:
        incident.state = INCIDENT.after(incident.state, IncidentEvent.DISMISSED)
        incident.decided_at, incident.decided_by_id = ctx.now, ctx.actor.account_id
        number = incident.candidacy.candidate_number if incident.candidacy else None
        incident.record_seq = record(ctx, competition, Event.INCIDENT_DISMISSED, subject, {"number": number})
        return
    if incident.candidacy is None:
        raise InvalidError("measure_without_candidate", field="measure")
    known = ruleset_of(competition).measure_named(measure)
    incident.state = INCIDENT.after(incident.state, IncidentEvent.DECIDED)
    incident.measure, incident.percent, incident.void = known.measure, known.percent, known.void
    incident.decided_at, incident.decided_by_id = ctx.now, ctx.actor.account_id
    payload = {
        "candidate": incident.candidacy.public_code,
        "part": PART,
        "measure": known.measure,
        "percent": None if known.percent is None else score_text(known.percent),
        "void": known.void,
    }
    incident.record_seq = record(ctx, competition, Event.INCIDENT_DECIDED, subject, payload)
