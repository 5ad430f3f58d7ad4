"""Who may act on scripts, as head of marking or as the second person: somebody who stands near to no candidate at all.

Whose script it is nobody knows, the head neither. A refusal for single scripts would betray one of them, so whoever has
any relation to a candidate, by the own word or by the council's, leaves all acts on scripts, on rubrics and on agreed
marks to somebody else.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import NotAllowedError
from examsite.domain.permissions import Role
from examsite.services.context import Actor, ServiceContext
from examsite.storage.models.competitions import Competition
from examsite.storage.queries.accounts import list_holders
from examsite.storage.queries.conflicts import list_recused_accounts, list_unclear


def require_head_of_scripts(ctx: ServiceContext, competition: Competition) -> Actor:
    """The head of marking, if nothing keeps this person away from any candidate.

    Raises:
        NotAllowedError: `role_needed`; `head_not_clear` before the own declaration, or while a hint is not judged;
            `head_leaves_scripts` with a relation to anybody.

    Source: TT 22/2025/TT-BNV art. 23(7b): whoever is related to a candidate serves on no board; that the head leaves
    all scripts to a deputy is our choice, because the codes stay sealed.
    """
    actor = ctx.require(Role.MARKING_HEAD, competition_id=competition.id)
    if competition.state is CompetitionState.MARKING:
        word = standing_of_head(ctx, competition)
        if word:
            raise NotAllowedError(word)
    return actor


def standing_of_head(ctx: ServiceContext, competition: Competition) -> str:
    """Why this head may not act on scripts, as the code of an error; empty: nothing is in the way."""
    if ctx.actor.account_id in list_recused_accounts(ctx.session, competition.id):
        return "head_leaves_scripts"
    return "head_not_clear" if ctx.actor.account_id in list_unclear(ctx.session, competition.id) else ""


def require_second_of_scripts(ctx: ServiceContext, competition: Competition, *roles: Role) -> Actor:
    """The second person over scripts in one of these roles, if no relation to a candidate is known.

    Raises:
        NotAllowedError: `role_needed`; `second_leaves_scripts` with a relation to anybody.

    Source: TT 22/2025/TT-BNV art. 23(7b), as for the head.
    """
    actor = ctx.require(*roles, competition_id=competition.id)
    if actor.account_id in list_recused_accounts(ctx.session, competition.id):
        raise NotAllowedError("second_leaves_scripts")
    return actor


def standing_of_second(session: Session, competition: Competition, *, account_id: int | None, role: Role | None) -> str:
    """Why this person of the council may not answer a wish about a mark, as the code of an error; empty: nothing.

    Nobody knows whose script it is, so a chair with any relation leaves all of them to a member of the council.
    """
    recused = list_recused_accounts(session, competition.id)
    if account_id in recused:
        return "second_leaves_scripts"
    chairs = {row.account_id for row in list_holders(session, competition.id, Role.CHAIR)}
    return "chair_answers_withdrawal" if role is Role.COUNCIL_MEMBER and chairs - recused else ""
