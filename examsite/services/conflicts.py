"""People of the boards declare whether they stand near to a candidate; the council judges what hints at more."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import delete, select

from examsite.domain.competitions import CompetitionState
from examsite.domain.conflicts import DECLARING, check_conflicts
from examsite.domain.errors import ConflictError, NotAllowedError, NotFoundError
from examsite.domain.events import Event
from examsite.domain.marking import MarkState
from examsite.domain.permissions import Role
from examsite.services.context import ServiceContext
from examsite.services.records import record
from examsite.services.rulesets import ruleset_of
from examsite.services.settling import checked_reason
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.competitions import Competition
from examsite.storage.models.dossiers import ConflictDeclaration, ConflictRuling
from examsite.storage.models.marking import Mark
from examsite.storage.models.proposals import Defence
from examsite.storage.queries.conflicts import list_final_candidacies, list_hinted_pairs
from examsite.storage.queries.marking import has_allocations


def declare_conflicts(
    ctx: ServiceContext, competition: Competition, conflicts: Mapping[int, str], *, unit: str = "", hometown: str = ""
) -> None:
    """Put down a person's word: a relation for each candidacy named, and none with anybody else on the final list.

    Said once for all roles that the person holds in the competition, because kinship does not depend on the role. A
    later declaration replaces the earlier one; the log keeps both. The list is fixed once and never changes, so nobody
    is asked a second time.

    Raises:
        ConflictError: `list_not_final` before the roster is fixed; `conflict_after_mark` about a candidate whose
            defence this person has scored and locked; `conflict_after_allocation` by a marker who has scripts already:
            which of them it concerns may be known to nobody here, so people settle it, on paper.
        InvalidError: `conflict_not_on_list`, `relation_not_known`.
        NotAllowedError: `role_needed`.

    Source: TT 22/2025/TT-BNV art. 23(7b); NĐ 170/2025/NĐ-CP art. 8(3).
    """
    actor = ctx.require(*DECLARING, competition_id=competition.id)
    if not competition.state.has_reached(CompetitionState.ROSTERED):
        raise ConflictError("list_not_final")
    listed = {row.id: row for row in list_final_candidacies(ctx.session, competition.id)}
    relations = [item.code for item in ruleset_of(competition).kinship]
    check_conflicts(conflicts, candidacies=listed, relations=relations)
    if conflicts and actor.role is Role.MARKER and has_allocations(ctx.session, actor.assignment_id or 0):
        raise ConflictError("conflict_after_allocation")
    held = select(RoleAssignment.id).where(
        RoleAssignment.competition_id == competition.id, RoleAssignment.account_id == actor.account_id
    )
    scored = set(
        ctx.session.scalars(
            select(Defence.candidacy_id)
            .join(Mark, Mark.defence_id == Defence.id)
            .where(Mark.assignment_id.in_(held), Mark.state == MarkState.LOCKED)
        )
    )
    if scored & set(conflicts):
        raise ConflictError("conflict_after_mark")
    ctx.session.execute(delete(ConflictDeclaration).where(ConflictDeclaration.assignment_id.in_(held)))
    for candidacy_id, relation in conflicts.items() or {None: ""}.items():
        ctx.session.add(
            ConflictDeclaration(
                assignment_id=actor.assignment_id,
                candidacy_id=candidacy_id,
                relation=relation,
                unit=unit,
                hometown=hometown,
                declared_at=ctx.now,
            )
        )
    ctx.session.flush()
    named = sorted((listed[key].public_code or "", relation) for key, relation in conflicts.items())
    payload = {"conflicts": [{"candidate": code, "relation": relation} for code, relation in named]}
    record(ctx, competition, Event.CONFLICT_DECLARED, f"competition/{competition.code}", payload)


def judge_hint(
    ctx: ServiceContext,
    competition: Competition,
    *,
    account_id: int,
    candidacy_id: int,
    is_barred: bool,
    reason: str,
) -> ConflictRuling:
    """Say, as council, whether a person of a board is kept away from a candidate; it stands until judged anew.

    Nobody judges about oneself. Asked again only when something further hints at a relation.

    Raises:
        ConflictError: `conflict_after_allocation` when a marker who has scripts already would be kept away.
        InvalidError: `reason_missing`, `comment_too_long`.
        NotAllowedError: `role_needed`, `judge_concerned`.
        NotFoundError: `hint_not_found`.

    Source: TT 22/2025/TT-BNV art. 23(7b); that a person of the council judges is our choice.
    """
    actor = ctx.require(Role.CHAIR, Role.COUNCIL_MEMBER, competition_id=competition.id)
    words = checked_reason(reason)
    if account_id == actor.account_id:
        raise NotAllowedError("judge_concerned")
    pairs = list_hinted_pairs(ctx.session, competition.id)
    found = [row for row in pairs if (row.holder.account_id, row.candidacy.id) == (account_id, candidacy_id)]
    if not found:
        raise NotFoundError("hint_not_found")
    (pair,) = found
    if is_barred and pair.holder.role is Role.MARKER and has_allocations(ctx.session, pair.holder.id):
        raise ConflictError("conflict_after_allocation")
    hints = [hint.value for hint in pair.hints]
    payload = {
        "person": str(pair.holder.pseudonym),
        "candidate": pair.candidacy.public_code or "",
        "barred": is_barred,
        "hints": hints,
        "reason": words,
    }
    ruling = ConflictRuling(
        competition_id=competition.id,
        account_id=account_id,
        candidacy_id=candidacy_id,
        is_barred=is_barred,
        reason=words,
        hints=hints,
        decided_by_id=actor.account_id,
        decided_at=ctx.now,
        record_seq=record(ctx, competition, Event.CONFLICT_JUDGED, f"competition/{competition.code}", payload),
    )
    ctx.session.add(ruling)
    ctx.session.flush()
    return ruling
