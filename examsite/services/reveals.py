"""What follows the lock of the sheets: the reveal, the talk about it, changed marks, the score of the defence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from examsite.domain.errors import ConflictError, InvalidError, NotAllowedError
from examsite.domain.events import Event
from examsite.domain.marking import (
    MARK_MACHINE,
    MarkEvent,
    MarkingStep,
    MarkState,
    NeededAct,
    check_score_in_range,
)
from examsite.domain.marking import Settlement as Outcome
from examsite.domain.panels import (
    DEFENCE_MACHINE,
    DefenceEvent,
    DefenceState,
    MemberScore,
    reasons_against_reveal,
    settle_panel,
)
from examsite.domain.permissions import Role
from examsite.domain.rubrics import Points, check_points, points_data, total
from examsite.domain.scores import ZERO, Score, is_multiple, score_text
from examsite.services.context import ServiceContext
from examsite.services.defence import MOST_TEXT_LENGTH, points_of, rubric_of
from examsite.services.panel_access import defence_for_head, defence_for_member, is_recused, subject_of
from examsite.services.records import record
from examsite.services.rulesets import ruleset_of
from examsite.storage.models.competitions import Competition
from examsite.storage.models.marking import Mark, Settlement
from examsite.storage.models.proposals import Defence
from examsite.storage.queries.conflicts import list_conflicted_accounts
from examsite.storage.queries.defence import (
    CHANGED_ROUND,
    PART,
    ROUND,
    find_changed_sheet,
    find_own_sheet,
    list_locked_marks,
    list_members,
)


def reveal_scores(
    ctx: ServiceContext, competition: Competition, position: int, *, excused: Mapping[str, str] | None = None
) -> Defence:
    """Show every locked sheet to the whole panel at once; the talk about them is open until the head closes it.

    `excused` are the members who do not score this defence, by pseudonym, each with the reason.

    Raises:
        ConflictError: `defence_not_now`, `event_not_open`, `members_not_locked`, `too_few_markers`,
            `member_has_locked` (somebody excused has a locked sheet).
        InvalidError: `excuse_reason_missing`, `member_unknown`, each with the `member`.
        NotAllowedError: `role_needed`.
        NotFoundError: `defence_not_found`.

    Source: TT 22/2025/TT-BNV art. 19-22; shown together is our choice, because a score seen early pulls the others.
    """
    defence = defence_for_head(ctx, competition, position)
    revealed = DEFENCE_MACHINE.after(defence.state, DefenceEvent.SCORES_REVEALED)
    part = ruleset_of(competition).panel(PART)
    marks = list_locked_marks(ctx.session, [defence.id])
    locked = {_member(mark) for mark in marks}
    recused = list_conflicted_accounts(ctx.session, competition.id, defence.candidacy_id)
    members = {row.pseudonym or "": row.account_id for row in list_members(ctx.session, competition.id)}
    reasons = {name: " ".join(reason.split()) for name, reason in (excused or {}).items()}
    for name, reason in reasons.items():
        if name not in members:
            raise InvalidError("member_unknown", member=name)
        if name in locked:
            raise ConflictError("member_has_locked", member=name)
        if not reason or len(reason) > MOST_TEXT_LENGTH:
            raise InvalidError("excuse_reason_missing", member=name)
    present = {name for name, account_id in members.items() if account_id not in recused} - set(reasons)
    against = reasons_against_reveal(part, present=present, locked=locked)
    if "members_not_locked" in against:
        raise ConflictError("members_not_locked", count=len(present - locked))
    if "too_few_markers" in against:
        raise ConflictError("too_few_markers", have=len(locked), least=part.least_markers)
    defence.state = revealed
    defence.revealed_at = ctx.now
    payload = {
        "members": sorted(locked),
        "recused": sorted(name for name, account_id in members.items() if account_id in recused),
        "excused": [{"member": name, "reason": reason} for name, reason in sorted(reasons.items())],
    }
    record(ctx, competition, Event.DEFENCE_REVEALED, subject_of(defence), payload)
    ctx.session.flush()
    return defence


def change_sheet(ctx: ServiceContext, competition: Competition, position: int, points: Points, *, reason: str) -> Mark:
    """A member changes the own mark after the discussion: a second mark beside the first, which stays.

    Raises:
        ConflictError: `defence_not_now`, `change_not_open` unless the scores are shown and not settled,
            `sheet_not_locked` by whoever has no first mark, `change_already_made`: a lock is never changed.
        InvalidError: `reason_missing`, `reason_too_long`, `change_is_none`, and the codes of `save_sheet`.
        NotAllowedError: `role_needed`, `conflicts_not_declared`, `member_recused`.
        NotFoundError: `defence_not_found`.

    Source: our choice, because a change that leaves the first mark standing shows what the talk did.
    """
    defence = defence_for_member(ctx, competition, position)
    if defence.state is not DefenceState.REVEALED:
        raise ConflictError("change_not_open")
    first = find_own_sheet(ctx.session, defence.id, ctx.actor.assignment_id)
    if first is None or first.state is not MarkState.LOCKED:
        raise ConflictError("sheet_not_locked")
    if find_changed_sheet(ctx.session, defence.id, ctx.actor.assignment_id) is not None:
        raise ConflictError("change_already_made")
    reason = check_change(ctx, competition, defence, first, points, reason=reason)
    mark = Mark(
        defence_id=defence.id,
        assignment_id=ctx.actor.assignment_id,
        round=CHANGED_ROUND,
        points=points_data(points),
        reason=reason,
        total=total(points),
        revision=1,
        updated_at=ctx.now,
        locked_at=ctx.now,
    )
    # Born locked: what a member thinks of saying is not kept, so that no half-made change stands anywhere.
    mark.state = MARK_MACHINE.after(MarkState.DRAFT, MarkEvent.LOCKED)
    payload = {
        "part": PART,
        "round": CHANGED_ROUND,
        "content": None,
        "points": points_data(points),
        "total": score_text(total(points)),
    }
    mark.record_seq = record(ctx, competition, Event.MARK_LOCKED, subject_of(defence), payload)
    # The payload of a mark is fixed by the published format; the reason stands in a record of its own.
    explained = {"mark_seq": mark.record_seq, "reason": reason}
    record(ctx, competition, Event.CHANGE_EXPLAINED, subject_of(defence), explained)
    ctx.session.add(mark)
    ctx.session.flush()
    return mark


def check_change(
    ctx: ServiceContext, competition: Competition, defence: Defence, first: Mark, points: Points, *, reason: str
) -> str:
    """The reason as it would be kept, when these points and this reason may stand beside the first mark.

    Raises:
        InvalidError: `reason_missing`, `reason_too_long`, `change_is_none`, `points_missing` and the like.
        NotAllowedError: `role_needed`.
    """
    ctx.require(Role.PANELLIST, competition_id=competition.id)
    check_points(rubric_of(defence), points, step=ruleset_of(competition).defence_mark_step)
    if points_of(first) == dict(points):
        raise InvalidError("change_is_none")
    return _check_reason(reason)


def outlook(competition: Competition, marks: Sequence[Mark]) -> Outcome:
    """What the locked marks come to as they stand: a mean, or the head's decision needed."""
    changed = {mark.assignment_id: mark.total for mark in marks if mark.round == CHANGED_ROUND}
    scores = [
        MemberScore(_member(mark), mark.total or ZERO, changed.get(mark.assignment_id))
        for mark in marks
        if mark.round == ROUND
    ]
    return settle_panel(ruleset_of(competition).panel(PART), scores)


def close_discussion(ctx: ServiceContext, competition: Competition, position: int) -> Defence:
    """The talk is over: scores that lie close enough become the defence's score by their mean.

    Raises:
        ConflictError: `defence_not_now`, `event_not_open`, `gap_needs_decision`.
        NotAllowedError: `role_needed`.
        NotFoundError: `defence_not_found`.

    Source: TT 22/2025/TT-BNV art. 19-22: the mean with two decimals.
    """
    defence = defence_for_head(ctx, competition, position)
    DEFENCE_MACHINE.after(defence.state, DefenceEvent.SCORE_SETTLED)
    outcome = outlook(competition, list_locked_marks(ctx.session, [defence.id]))
    if outcome.act is not NeededAct.SETTLED:
        raise ConflictError("gap_needs_decision")
    _settle(defence, outcome.step, outcome.score)
    ctx.session.flush()
    return defence


def decide_gap(ctx: ServiceContext, competition: Competition, position: int, *, decided: Score, reason: str) -> Defence:
    """The head settles a defence whose scores lie too far apart, with a reason.

    Raises:
        ConflictError: `defence_not_now`, `event_not_open`, `gap_within_limit`: then the mean stands.
        InvalidError: `score_out_of_range`, `decided_score_off_step`, `reason_missing`, `reason_too_long`.
        NotAllowedError: `role_needed`; `head_recused`, when the head stands near to the candidate.
        NotFoundError: `defence_not_found`.

    Source: TT 22/2025/TT-BNV art. 19-22: the head of the board decides a gap above the limit.
    """
    defence = defence_for_head(ctx, competition, position)
    DEFENCE_MACHINE.after(defence.state, DefenceEvent.SCORE_SETTLED)
    if is_recused(ctx, competition, defence):
        raise NotAllowedError("head_recused")
    if outlook(competition, list_locked_marks(ctx.session, [defence.id])).act is NeededAct.SETTLED:
        raise ConflictError("gap_within_limit")
    reason = check_decision(ctx, competition, decided=decided, reason=reason)
    payload = {"part": PART, "step": MarkingStep.HEAD.value, "score": score_text(decided), "reason": reason}
    seq = record(ctx, competition, Event.SETTLEMENT_DECIDED, subject_of(defence), payload)
    ctx.session.add(
        Settlement(
            defence_id=defence.id,
            step=MarkingStep.HEAD.value,
            score=decided,
            reason=reason,
            assignment_id=ctx.actor.assignment_id,
            decided_at=ctx.now,
            record_seq=seq,
        )
    )
    _settle(defence, MarkingStep.HEAD, decided)
    ctx.session.flush()
    return defence


def check_decision(ctx: ServiceContext, competition: Competition, *, decided: Score, reason: str) -> str:
    """The reason as it would be recorded, when this score and reason may stand.

    Raises:
        InvalidError: `score_out_of_range`, `decided_score_off_step`, `reason_missing`, `reason_too_long`.
        NotAllowedError: `role_needed`.
    """
    ctx.require(Role.PANEL_HEAD, competition_id=competition.id)
    ruleset = ruleset_of(competition)
    check_score_in_range(ruleset.panel(PART), decided)
    if not is_multiple(decided, ruleset.defence_mark_step):
        raise InvalidError("decided_score_off_step", field="score", step=ruleset.defence_mark_step)
    return _check_reason(reason)


def _settle(defence: Defence, step: MarkingStep | None, settled: Score | None) -> None:
    defence.state = DEFENCE_MACHINE.after(defence.state, DefenceEvent.SCORE_SETTLED)
    defence.score = settled
    defence.step = "" if step is None else step.value


def _check_reason(reason: str) -> str:
    reason = reason.strip()
    if not reason:
        raise InvalidError("reason_missing", field="reason")
    if len(reason) > MOST_TEXT_LENGTH:
        raise InvalidError("reason_too_long", field="reason", most=MOST_TEXT_LENGTH)
    return reason


def _member(mark: Mark) -> str:
    return "" if mark.assignment is None else mark.assignment.pseudonym or ""
