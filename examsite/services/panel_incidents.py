"""What came to light about a member of the panel once the scores of a defence were shown: put on record, for people.

Nothing follows by itself: scores that were shown stay, and the council decides on paper what becomes of them.
"""

from __future__ import annotations

from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import ConflictError, InvalidError, NotAllowedError
from examsite.domain.events import Event
from examsite.domain.panels import SCORES_SHOWN
from examsite.domain.permissions import Role
from examsite.domain.reasons import LEAST_REASON, checked_reason
from examsite.services.context import ServiceContext
from examsite.services.panel_access import check_in_round, head_name, is_recused, subject_of
from examsite.services.records import record
from examsite.storage.models.competitions import Competition
from examsite.storage.queries.corrections import defence_state
from examsite.storage.queries.defence import get_defence, list_members


def note_member_incident(
    ctx: ServiceContext, competition: Competition, position: int, *, member: str, what: str, reason: str
) -> int:
    """Record what is known about a member and why it is recorded, as council or head; gives back the record's number.

    Raises:
        ConflictError: `defence_not_now` before the defence, once results are published, and in a supplementary defence
            about those held before; `incident_before_reveal` while the council can still keep the member away.
        InvalidError: `member_unknown`; `reason_missing`, `reason_too_short`, `reason_too_long`, with the `field`.
        NotAllowedError: `role_needed`, `head_recused`, `incident_by_concerned` by the member concerned.
        NotFoundError: `defence_not_found`.

    Source: TT 22/2025/TT-BNV art. 19-22: everything said is recorded.
    """
    actor = ctx.require(Role.PANEL_HEAD, Role.CHAIR, Role.COUNCIL_MEMBER, competition_id=competition.id)
    state = defence_state(ctx.session, competition)
    if not state.has_reached(CompetitionState.DEFENCE) or state.has_reached(CompetitionState.PUBLISHED):
        raise ConflictError("defence_not_now")
    defence = get_defence(ctx.session, competition.id, position, for_update=True)
    check_in_round(ctx, competition, defence)
    if defence.state not in SCORES_SHOWN:
        raise ConflictError("incident_before_reveal")
    is_head = actor.role is Role.PANEL_HEAD
    if is_head and is_recused(ctx, competition, defence):
        raise NotAllowedError("head_recused")
    members = {row.pseudonym or "": row.account_id for row in list_members(ctx.session, competition.id)}
    if member not in members:
        raise InvalidError("member_unknown", member=member, field="member")
    if members[member] == actor.account_id:
        raise NotAllowedError("incident_by_concerned")
    payload = {
        "member": member,
        "what": _words(what, field="what"),
        "reason": _words(reason, field="reason"),
    }
    by = head_name(ctx) if is_head else None
    return record(ctx, competition, Event.MEMBER_NOTED, subject_of(defence), payload, actor=by)


def _words(text: str, *, field: str) -> str:
    try:
        return checked_reason(text, least=LEAST_REASON)
    except InvalidError as error:
        raise InvalidError(error.code, **{**error.params, "field": field}) from None
