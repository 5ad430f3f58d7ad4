"""What a panel member writes about a proposal before its defence: alone, kept as a draft, locked before the first word.

Nobody else reads it before the scores of the defence are shown; the head learns how many have written, not who.
"""

from __future__ import annotations

from examsite.domain.errors import ConflictError, InvalidError
from examsite.domain.events import Event
from examsite.domain.panels import DefenceState
from examsite.services.context import ServiceContext
from examsite.services.panel_access import defence_for_member, head_name
from examsite.services.records import record
from examsite.storage.models.competitions import Competition
from examsite.storage.models.proposals import Defence, ProposalAssessment
from examsite.storage.queries.assessments import find_own_assessment, list_assessments
from examsite.storage.queries.conflicts import list_recused_accounts

#: Longest assessment. Unit: characters. Source: our choice, because four printed pages are more than is read aloud.
MOST_ASSESSMENT_LENGTH = 12000


def save_assessment(
    ctx: ServiceContext, competition: Competition, position: int, text: str, *, revision: int
) -> ProposalAssessment:
    """Keep a member's draft; `revision` is the one that the page had loaded.

    Raises:
        ConflictError: `defence_not_now`, `assessment_locked` also once the defence has begun,
            `assessment_saved_elsewhere`.
        InvalidError: `assessment_too_long`.
        NotAllowedError: `role_needed`, `conflicts_not_declared`, `member_recused`.
        NotFoundError: `defence_not_found`.
    """
    defence = defence_for_member(ctx, competition, position)
    kept = _draft(ctx, defence, revision=revision)
    text = text.replace("\r\n", "\n").strip()
    if len(text) > MOST_ASSESSMENT_LENGTH:
        raise InvalidError("assessment_too_long", field="text", most=MOST_ASSESSMENT_LENGTH)
    if kept is None:
        kept = ProposalAssessment(
            candidacy_id=defence.candidacy_id, assignment_id=ctx.actor.assignment_id, revision=0, updated_at=ctx.now
        )
        ctx.session.add(kept)
    kept.text = text
    kept.revision += 1
    kept.updated_at = ctx.now
    ctx.session.flush()
    return kept


def lock_assessment(
    ctx: ServiceContext, competition: Competition, position: int, *, revision: int
) -> ProposalAssessment:
    """A member locks the own assessment for good; `revision` is the one that the member read over.

    Raises:
        ConflictError: as `save_assessment`.
        InvalidError: `assessment_missing`.
        NotAllowedError: `role_needed`, `conflicts_not_declared`, `member_recused`.
        NotFoundError: `defence_not_found`.
    """
    defence = defence_for_member(ctx, competition, position)
    kept = _draft(ctx, defence, revision=revision)
    if kept is None or not kept.text:
        raise InvalidError("assessment_missing", field="text")
    _lock(ctx, competition, defence, kept, ctx.actor.pseudonym or "")
    return kept


def lock_assessments(ctx: ServiceContext, competition: Competition, defence: Defence) -> None:
    """The defence begins: whatever stands written is locked as it is. Part of `start_presentation`.

    A draft of somebody who is kept away by now stays a draft.
    """
    recused = list_recused_accounts(ctx.session, competition.id, defence.candidacy_id)
    for kept in list_assessments(ctx.session, defence.candidacy_id):
        if kept.locked_at is None and kept.text and kept.assignment.account_id not in recused:
            _lock(ctx, competition, defence, kept, kept.assignment.pseudonym or "", actor=head_name(ctx))


def _draft(ctx: ServiceContext, defence: Defence, *, revision: int) -> ProposalAssessment | None:
    kept = find_own_assessment(ctx.session, defence.candidacy_id, ctx.actor.assignment_id)
    if defence.state is not DefenceState.SCHEDULED or (kept is not None and kept.locked_at is not None):
        raise ConflictError("assessment_locked")
    if revision != (0 if kept is None else kept.revision):
        raise ConflictError("assessment_saved_elsewhere")
    return kept


def _lock(
    ctx: ServiceContext,
    competition: Competition,
    defence: Defence,
    kept: ProposalAssessment,
    by: str,
    *,
    actor: str | None = None,
) -> None:
    kept.locked_at = ctx.now
    payload = {"member": by, "text": kept.text}
    subject = f"proposal/{defence.candidacy.public_code}"
    kept.record_seq = record(ctx, competition, Event.ASSESSMENT_LOCKED, subject, payload, actor=actor)
    ctx.session.flush()
