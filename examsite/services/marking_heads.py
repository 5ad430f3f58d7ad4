"""Who may act as head of marking on scripts: somebody who stands near to no candidate at all.

Whose script it is nobody knows, the head neither. A refusal for single scripts would betray one of them, so whoever has
any relation to a candidate, by the own word or by the council's, leaves all acts on scripts to a deputy.
"""

from __future__ import annotations

from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import NotAllowedError
from examsite.domain.permissions import Role
from examsite.services.context import Actor, ServiceContext
from examsite.storage.models.competitions import Competition
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
