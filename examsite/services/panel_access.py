"""Who may act on one defence: the head leads it, a member who is not near to the candidate scores it."""

from __future__ import annotations

from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import ConflictError, NotAllowedError
from examsite.domain.permissions import Role
from examsite.services.context import ServiceContext
from examsite.storage.models.competitions import Competition
from examsite.storage.models.proposals import Defence
from examsite.storage.queries.conflicts import find_declaration, list_conflicted_accounts
from examsite.storage.queries.defence import get_defence


def defence_for_head(ctx: ServiceContext, competition: Competition, position: int) -> Defence:
    """The defence, its row locked, for an act of the head.

    Raises:
        ConflictError: `defence_not_now`.
        NotAllowedError: `role_needed`.
        NotFoundError: `defence_not_found`.
    """
    ctx.require(Role.PANEL_HEAD, competition_id=competition.id)
    check_step(competition)
    return get_defence(ctx.session, competition.id, position, for_update=True)


def defence_for_member(ctx: ServiceContext, competition: Competition, position: int) -> Defence:
    """The defence, its row locked, for an act of a member who has declared and stands near to nobody in it.

    Raises:
        ConflictError: `defence_not_now`.
        NotAllowedError: `role_needed`, `conflicts_not_declared`, `member_recused`.
        NotFoundError: `defence_not_found`.
    """
    ctx.require(Role.PANELLIST, competition_id=competition.id)
    check_step(competition)
    defence = get_defence(ctx.session, competition.id, position, for_update=True)
    if find_declaration(ctx.session, competition.id, ctx.actor.account_id) is None:
        raise NotAllowedError("conflicts_not_declared")
    if is_recused(ctx, competition, defence):
        raise NotAllowedError("member_recused")
    return defence


def is_recused(ctx: ServiceContext, competition: Competition, defence: Defence) -> bool:
    """Whether the person who acts declared a relation to the candidate."""
    return ctx.actor.account_id in list_conflicted_accounts(ctx.session, competition.id, defence.candidacy_id)


def check_step(competition: Competition) -> None:
    """Refuse what belongs to the defence at any other step.

    Raises:
        ConflictError: `defence_not_now`.
    """
    if competition.state is not CompetitionState.DEFENCE:
        raise ConflictError("defence_not_now")


def subject_of(defence: Defence) -> str:
    """How the record log names a defence: by the public code."""
    return f"defence/{defence.candidacy.public_code}"
