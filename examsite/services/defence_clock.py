"""A step of the defence's clock that was taken by mistake is taken back, for a short time and on record."""

from __future__ import annotations

from datetime import datetime, timedelta

from examsite.domain.errors import ConflictError
from examsite.domain.events import Event
from examsite.domain.marking import MarkState
from examsite.domain.panels import DEFENCE_MACHINE, UNDO_SECONDS, DefenceEvent, DefenceState
from examsite.services.context import ServiceContext
from examsite.services.panel_access import defence_for_head, head_name, subject_of
from examsite.services.records import record
from examsite.storage.models.competitions import Competition
from examsite.storage.models.proposals import Defence
from examsite.storage.queries.defence import list_defences, list_members_at


def undo_step(ctx: ServiceContext, competition: Competition, position: int, *, seen: DefenceState) -> Defence:
    """Take back the step that led to the state `seen`: the clock before it runs on as if it had never stopped.

    Assessments that the beginning locked are on record and stay locked; whoever had written nothing may write again.
    Questions and drafts of sheets stay.

    Raises:
        ConflictError: `head_leads`, `event_not_open`, also when another page took a step since; `undo_too_late`;
            `undo_sheet_locked`; `defence_running`, when the next one has begun; `defence_not_now`.
        NotAllowedError: as `check_leads`.
        NotFoundError: `defence_not_found`.
    """
    defence = defence_for_head(ctx, competition, position)
    state = DEFENCE_MACHINE.after(defence.state, DefenceEvent.STEP_UNDONE)
    if defence.state is not seen:
        raise ConflictError(
            "event_not_open", machine=DEFENCE_MACHINE.name, state=defence.state, event=DefenceEvent.STEP_UNDONE
        )
    until = undo_until(defence)
    if until is None or ctx.now > until:
        raise ConflictError("undo_too_late", seconds=UNDO_SECONDS)
    if list_members_at(ctx.session, defence.id, MarkState.LOCKED):
        raise ConflictError("undo_sheet_locked")
    for other in list_defences(ctx.session, competition.id):
        if other.position != position and other.state in (DefenceState.PRESENTING, DefenceState.QUESTIONING):
            raise ConflictError("defence_running", position=other.position)
    if seen is DefenceState.PRESENTING:
        defence.started_at = None
    elif seen is DefenceState.QUESTIONING:
        defence.questions_at = None
    else:
        defence.scoring_at = None
    defence.state = state
    record(
        ctx,
        competition,
        Event.DEFENCE_STEP_UNDONE,
        subject_of(defence),
        {"position": position, "from": seen.value, "to": state.value},
        actor=head_name(ctx),
    )
    ctx.session.flush()
    return defence


def undo_until(defence: Defence) -> datetime | None:
    """Until when the last step may be taken back; None where no step can be."""
    if not DEFENCE_MACHINE.is_open(defence.state, DefenceEvent.STEP_UNDONE):
        return None
    taken_at = {
        DefenceState.PRESENTING: defence.started_at,
        DefenceState.QUESTIONING: defence.questions_at,
        DefenceState.SCORING: defence.scoring_at,
    }[defence.state]
    return None if taken_at is None else taken_at + timedelta(seconds=UNDO_SECONDS)
