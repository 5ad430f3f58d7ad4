"""People of the boards declare whether they stand near to a candidate; the council judges what hints at more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import delete, select

from examsite.domain.competitions import CompetitionState
from examsite.domain.conflicts import DECLARING, check_conflicts, share_board
from examsite.domain.errors import ConflictError, InvalidError, NotAllowedError, NotFoundError
from examsite.domain.events import Event
from examsite.domain.marking import MarkState
from examsite.domain.panels import SCORES_SHOWN
from examsite.domain.permissions import Role
from examsite.domain.reasons import checked_reason
from examsite.services.context import ServiceContext
from examsite.services.records import record
from examsite.services.rulesets import ruleset_of
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.competitions import Competition
from examsite.storage.models.dossiers import ConflictDeclaration, ConflictRuling
from examsite.storage.models.marking import Mark
from examsite.storage.models.proposals import Defence
from examsite.storage.queries.conflicts import (
    Declaration,
    HintedPair,
    find_declaration,
    has_work_begun,
    list_final_candidacies,
    list_hinted_pairs,
    list_roles_of,
)
from examsite.storage.queries.queues import has_allocations


def declare_conflicts(
    ctx: ServiceContext,
    competition: Competition,
    conflicts: Mapping[int, str],
    *,
    unit: str = "",
    hometown: str = "",
    reason: str = "",
) -> None:
    """Put down a person's word: a relation for each candidacy named, and none with anybody else on the final list.

    Said once for all roles that the person holds in the competition, because kinship does not depend on the role. A
    later declaration replaces the earlier one; the log keeps both. The list is fixed once and never changes, so nobody
    is asked a second time.

    Once scripts were given out or a defence began, a relation left out here stands all the same: `reason` asks the
    council to take it back. Where the person works and comes from is added to then, never changed.

    Raises:
        ConflictError: `list_not_final` before the roster is fixed; `conflict_after_mark` about a candidate whose
            defence this person has scored and locked; `conflict_after_allocation` by a marker who has scripts already:
            which of them it concerns may be known to nobody here, so people settle it, on paper.
        InvalidError: `conflict_not_on_list`, `relation_not_known`; `relation_stands` when one is left out without a
            reason after work began, `reason_too_long`.
        NotAllowedError: `role_needed`.

    Source: TT 22/2025/TT-BNV art. 23(7b); NĐ 170/2025/NĐ-CP art. 8(3).
    """
    actor = ctx.require(*DECLARING, competition_id=competition.id)
    if not competition.state.has_reached(CompetitionState.ROSTERED):
        raise ConflictError("list_not_final")
    listed = {row.id: row for row in list_final_candidacies(ctx.session, competition.id)}
    relations = [item.code for item in ruleset_of(competition).kinship]
    check_conflicts(conflicts, candidacies=listed, relations=relations)
    held = list(
        ctx.session.scalars(
            select(RoleAssignment.id).where(
                RoleAssignment.competition_id == competition.id, RoleAssignment.account_id == actor.account_id
            )
        )
    )
    earlier = find_declaration(ctx.session, competition.id, actor.account_id) or Declaration(ctx.now, {})
    added = set(conflicts) - set(earlier.conflicts)
    if added and any(has_allocations(ctx.session, assignment_id) for assignment_id in held):
        raise ConflictError("conflict_after_allocation")
    left_out: set[int] = set()
    if has_work_begun(ctx.session, competition.id, actor.account_id):
        left_out = set(earlier.conflicts) - set(conflicts)
        unit, hometown = earlier.unit or unit, earlier.hometown or hometown
    if left_out and not reason.strip():
        raise InvalidError("relation_stands", field="reason")
    words = checked_reason(reason) if left_out else ""
    _check_not_scored(ctx, held, named=set(conflicts), added=added)
    ctx.session.execute(delete(ConflictDeclaration).where(ConflictDeclaration.assignment_id.in_(held)))
    standing = {**conflicts, **{key: earlier.conflicts[key] for key in left_out}}
    for candidacy_id, relation in standing.items() or {None: ""}.items():
        ctx.session.add(
            ConflictDeclaration(
                assignment_id=actor.assignment_id,
                candidacy_id=candidacy_id,
                relation=relation,
                unit=unit,
                hometown=hometown,
                declared_at=ctx.now,
                asked_back_at=ctx.now if candidacy_id in left_out else None,
                asked_back_reason=words if candidacy_id in left_out else "",
            )
        )
    ctx.session.flush()
    named = sorted((listed[key].public_code or "", relation) for key, relation in conflicts.items())
    payload: dict[str, object] = {"conflicts": [{"candidate": code, "relation": relation} for code, relation in named]}
    if left_out:
        payload |= {"asked_back": sorted(listed[key].public_code or "" for key in left_out), "reason": words}
    record(ctx, competition, Event.CONFLICT_DECLARED, f"competition/{competition.code}", payload)


def _check_not_scored(ctx: ServiceContext, held: list[int], *, named: set[int], added: set[int]) -> None:
    """Behind the lock of the defences named, so that a declaration and the lock of a sheet never cross."""
    ctx.session.execute(select(Defence.id).where(Defence.candidacy_id.in_(named)).with_for_update())
    scored = ctx.session.scalars(
        select(Defence.candidacy_id)
        .join(Mark, Mark.defence_id == Defence.id)
        .where(Mark.assignment_id.in_(held), Mark.state == MarkState.LOCKED)
    )
    if set(scored) & added:
        raise ConflictError("conflict_after_mark")


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

    Nobody judges about oneself or about somebody of the own board. Asked again only when something further hints at a
    relation, or when the person asks to take a declared one back. Once scripts were given out or a defence began, it
    takes effect when a second person of the council says the same; a different word begins anew.

    Raises:
        ConflictError: `conflict_after_allocation` when a marker who has scripts already would be kept away;
            `conflict_after_reveal` about a member of the panel, once the scores of this candidate's defence were shown.
            Before that a locked sheet is taken out by the reveal. `ruling_said_already` to whoever said it already.
        InvalidError: `reason_missing`, `reason_too_long`.
        NotAllowedError: `role_needed`, `judge_concerned`, `judge_of_same_board`.
        NotFoundError: `hint_not_found`, also for a declared relation that nobody asks to take back.

    Source: TT 22/2025/TT-BNV art. 23(7b); that a person of the council judges is our choice.
    """
    actor = ctx.require(Role.CHAIR, Role.COUNCIL_MEMBER, competition_id=competition.id)
    words = checked_reason(reason)
    if account_id == actor.account_id:
        raise NotAllowedError("judge_concerned")
    pair = _pair_to_judge(ctx, competition, account_id, candidacy_id)
    concerned = list_roles_of(ctx.session, competition.id, account_id)
    own = list_roles_of(ctx.session, competition.id, actor.account_id)
    if share_board({row.role for row in own}, {row.role for row in concerned}, competition.state):
        raise NotAllowedError("judge_of_same_board")
    # Whoever has declared was kept away by the draw already.
    if is_barred and not pair.is_declared and any(has_allocations(ctx.session, row.id) for row in concerned):
        raise ConflictError("conflict_after_allocation")
    if any(row.role in (Role.PANELLIST, Role.PANEL_HEAD) for row in concerned):
        _check_not_shown(ctx, candidacy_id)
    is_pending = has_work_begun(ctx.session, competition.id, account_id)
    first = pair.pending if pair.pending is not None and pair.pending.is_barred == is_barred else None
    if is_pending and first is not None:
        if first.decided_by_id == actor.account_id:
            raise ConflictError("ruling_said_already")
        is_pending = False
    payload = _ruling_payload(pair, words, is_barred=is_barred, is_pending=is_pending, first=first)
    ruling = ConflictRuling(
        competition_id=competition.id,
        account_id=account_id,
        candidacy_id=candidacy_id,
        is_barred=is_barred,
        reason=words,
        hints=payload["hints"],
        decided_by_id=actor.account_id,
        decided_at=ctx.now,
        record_seq=record(ctx, competition, Event.CONFLICT_JUDGED, f"competition/{competition.code}", payload),
        is_pending=is_pending,
        seconded_by_id=None if first is None else first.decided_by_id,
    )
    ctx.session.add(ruling)
    if pair.asked_back and not is_pending:
        _answer_asked_back(ctx, concerned, candidacy_id, is_barred=is_barred)
    ctx.session.flush()
    return ruling


def _pair_to_judge(ctx: ServiceContext, competition: Competition, account_id: int, candidacy_id: int) -> HintedPair:
    pairs = list_hinted_pairs(ctx.session, competition.id)
    found = [row for row in pairs if (row.holder.account_id, row.candidacy.id) == (account_id, candidacy_id)]
    if not found or not found[0].is_judged:
        raise NotFoundError("hint_not_found")
    (pair,) = found
    return pair


def _ruling_payload(
    pair: HintedPair, words: str, *, is_barred: bool, is_pending: bool, first: ConflictRuling | None
) -> dict[str, object]:
    """What the log keeps of a ruling; `first` is the same word of another person, which this one seconds."""
    payload: dict[str, object] = {
        "person": str(pair.holder.pseudonym),
        "candidate": pair.candidacy.public_code or "",
        "barred": is_barred,
        "hints": [hint.value for hint in pair.hints],
        "reason": words,
    }
    if pair.asked_back:
        payload["asked_back"] = pair.asked_back
    if is_pending:
        payload["pending"] = True
    elif first is not None:
        payload["seconds"] = first.record_seq
    return payload


def _answer_asked_back(
    ctx: ServiceContext, concerned: Sequence[RoleAssignment], candidacy_id: int, *, is_barred: bool
) -> None:
    """What was declared stands, or becomes the word that there is no relation."""
    rows = ctx.session.scalars(
        select(ConflictDeclaration).where(
            ConflictDeclaration.assignment_id.in_([row.id for row in concerned]),
            ConflictDeclaration.candidacy_id == candidacy_id,
        )
    )
    for row in rows:
        row.asked_back_at = None
        row.asked_back_reason = ""
        if not is_barred:
            row.candidacy_id = None
            row.relation = ""


def _check_not_shown(ctx: ServiceContext, candidacy_id: int) -> None:
    """The row of the defence is locked first, so that a judgement and a reveal never cross."""
    defence = ctx.session.scalars(
        select(Defence)
        .where(Defence.candidacy_id == candidacy_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if defence is not None and defence.state in SCORES_SHOWN:
        raise ConflictError("conflict_after_reveal")
