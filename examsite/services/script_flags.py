"""A marker asks the head about a script, and the head answers: between these two, the other marker never learns of it.

The subject of their records is the competition, for a script with a question would otherwise be seen to be begun; which
script it is stands in the closed payload.
"""

from __future__ import annotations

from examsite.domain.errors import ConflictError
from examsite.domain.events import Event
from examsite.domain.permissions import Role
from examsite.domain.reasons import checked_reason
from examsite.services.context import ServiceContext
from examsite.services.marker_stops import check_may_mark
from examsite.services.marking_heads import require_head_of_scripts
from examsite.services.records import record
from examsite.services.settling import check_marking_open
from examsite.storage.models.competitions import Competition
from examsite.storage.models.marking import ScriptFlag
from examsite.storage.queries.marking_notes import get_flag, list_own_flags
from examsite.storage.queries.queues import QUEUED, get_own_allocation

#: Source: our choice, because further ones wait until the head has answered.
MOST_WAITING = 3


def flag_script(ctx: ServiceContext, competition: Competition, code: str, *, text: str) -> ScriptFlag:
    """Ask the head about a script of one's own; possible after the lock too.

    Raises:
        ConflictError: `marking_not_open`, `flags_waiting`.
        InvalidError: `reason_missing`, `reason_too_long`.
        NotAllowedError: `role_needed`, `marker_not_qualified`.
        NotFoundError: `script_not_found`.
    """
    actor = ctx.require(Role.MARKER, competition_id=competition.id)
    check_marking_open(competition)
    words = checked_reason(text)
    assignment_id = actor.assignment_id or 0
    allocation = get_own_allocation(ctx.session, competition.id, assignment_id, code)
    if allocation.script.kind in QUEUED:
        check_may_mark(ctx, competition, allocation.assignment_id)
    flags = list_own_flags(ctx.session, competition.id, assignment_id, code)
    if sum(1 for flag in flags if flag.answered_at is None) >= MOST_WAITING:
        raise ConflictError("flags_waiting", most=MOST_WAITING)
    flag = ScriptFlag(script_id=allocation.script_id, assignment_id=assignment_id, text=words, raised_at=ctx.now)
    ctx.session.add(flag)
    ctx.session.flush()
    record(ctx, competition, Event.SCRIPT_FLAGGED, f"competition/{competition.code}", {"script": code, "text": words})
    return flag


def answer_flag(ctx: ServiceContext, competition: Competition, flag_id: int, *, text: str) -> ScriptFlag:
    """Answer, as head, once; only the marker who asked reads it.

    Raises:
        ConflictError: `flag_already_answered`.
        InvalidError: `reason_missing`, `reason_too_long`.
        NotAllowedError: as `require_head_of_scripts`.
        NotFoundError: `flag_not_found`.
    """
    actor = require_head_of_scripts(ctx, competition)
    words = checked_reason(text)
    flag = get_flag(ctx.session, competition.id, flag_id, for_update=True)
    if flag.answered_at is not None:
        raise ConflictError("flag_already_answered")
    flag.answer = words
    flag.answered_at = ctx.now
    flag.answered_by_id = actor.assignment_id
    ctx.session.flush()
    payload = {"script": flag.script.code, "marker": str(flag.assignment.pseudonym), "answer": words}
    record(ctx, competition, Event.FLAG_ANSWERED, f"competition/{competition.code}", payload)
    return flag
