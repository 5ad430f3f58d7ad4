"""Who may act on one defence: the head leads it, a member who is not near to the candidate scores it.

Decision: where the head of the panel is kept away from a candidate, the chair of the council acts as head of that one
defence; its records name `head/` with the chair's own pseudonym, so that a reader sees both the office and the person.
"""

from __future__ import annotations

from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import ConflictError, NotAllowedError
from examsite.domain.permissions import Role, actor_name
from examsite.services.context import ServiceContext
from examsite.storage.models.competitions import Competition
from examsite.storage.models.proposals import Defence
from examsite.storage.queries.conflicts import find_declaration, list_recused_accounts
from examsite.storage.queries.corrections import defence_state, find_supplementary_defence
from examsite.storage.queries.defence import get_defence, list_leaders

#: In which roles a defence can be led; who does lead one is for `list_leaders`.
LEADING = (Role.PANEL_HEAD, Role.CHAIR)


def defence_for_head(ctx: ServiceContext, competition: Competition, position: int) -> Defence:
    """The defence, its row locked, for an act of whoever leads it.

    Raises:
        ConflictError: `defence_not_now`; and as `check_leads`.
        NotAllowedError: as `check_leads`.
        NotFoundError: `defence_not_found`.
    """
    ctx.require(*LEADING, competition_id=competition.id)
    defence = get_defence_now(ctx, competition, position)
    check_leads(ctx, competition, defence)
    return defence


def check_leads(ctx: ServiceContext, competition: Competition, defence: Defence) -> None:
    """Refuse everybody but the person who leads this defence.

    Raises:
        ConflictError: `head_leads`, by the chair, where the head of the panel may lead.
        NotAllowedError: `role_needed`, `head_recused`.
    """
    ctx.require(*LEADING, competition_id=competition.id)
    if is_recused(ctx, competition, defence):
        raise NotAllowedError("head_recused")
    if ctx.actor.account_id not in list_leaders(ctx.session, competition.id, defence.candidacy_id):
        raise ConflictError("head_leads")


def head_name(ctx: ServiceContext) -> str:
    """The actor of what is done as head of a defence."""
    return actor_name(Role.PANEL_HEAD, ctx.actor.pseudonym or "")


def defence_for_member(ctx: ServiceContext, competition: Competition, position: int) -> Defence:
    """The defence, its row locked, for an act of a member who has declared and stands near to nobody in it.

    Raises:
        ConflictError: `defence_not_now`.
        NotAllowedError: `role_needed`, `conflicts_not_declared`, `member_recused`.
        NotFoundError: `defence_not_found`.
    """
    ctx.require(Role.PANELLIST, competition_id=competition.id)
    defence = get_defence_now(ctx, competition, position)
    if find_declaration(ctx.session, competition.id, ctx.actor.account_id) is None:
        raise NotAllowedError("conflicts_not_declared")
    if is_recused(ctx, competition, defence):
        raise NotAllowedError("member_recused")
    return defence


def is_recused(ctx: ServiceContext, competition: Competition, defence: Defence) -> bool:
    """Whether the person who acts has a relation to the candidate, declared or judged."""
    return ctx.actor.account_id in list_recused_accounts(ctx.session, competition.id, defence.candidacy_id)


def get_defence_now(ctx: ServiceContext, competition: Competition, position: int) -> Defence:
    """The defence at one place of the drawn order, its row locked, for an act while defences are held.

    In a supplementary defence only theirs who are called to it: what was held before the publication stays as it is.

    Raises:
        ConflictError: `defence_not_now`.
        NotFoundError: `defence_not_found`.
    """
    check_step(ctx, competition)
    defence = get_defence(ctx.session, competition.id, position, for_update=True)
    check_in_round(ctx, competition, defence)
    return defence


def check_in_round(ctx: ServiceContext, competition: Competition, defence: Defence) -> None:
    """Refuse, in a supplementary defence, what concerns a defence that was held before the publication.

    Raises:
        ConflictError: `defence_not_now`.
    """
    called = find_supplementary_defence(ctx.session, competition)
    if called is not None and defence.candidacy.public_code not in called.candidates:
        raise ConflictError("defence_not_now")


def check_step(ctx: ServiceContext, competition: Competition) -> None:
    """Refuse what belongs to the defence at any other step.

    Raises:
        ConflictError: `defence_not_now`.
    """
    if defence_state(ctx.session, competition) is not CompetitionState.DEFENCE:
        raise ConflictError("defence_not_now")


def subject_of(defence: Defence) -> str:
    """How the record log names a defence: by the public code."""
    return f"defence/{defence.candidacy.public_code}"
