"""What follows the lock of the sheets: the reveal, the talk about it, changed marks, the score of the defence."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from examsite.domain.errors import ConflictError, InvalidError, NotAllowedError
from examsite.domain.events import Event
from examsite.domain.marking import (
    MARK_MACHINE,
    LadderPlace,
    MarkEvent,
    MarkingStep,
    MarkState,
    NeededAct,
    check_score_in_range,
)
from examsite.domain.panels import (
    DEFENCE_MACHINE,
    PART,
    SHEET_OPEN,
    DefenceEvent,
    DefenceState,
    MemberScore,
    reasons_against_reveal,
    settle_panel,
)
from examsite.domain.permissions import Role
from examsite.domain.reasons import LEAST_REASON, LONGEST_TEXT, checked_reason
from examsite.domain.rubrics import Points, check_points, points_data, total
from examsite.domain.scores import ZERO, Score, is_multiple, score_text
from examsite.services.context import ServiceContext
from examsite.services.defence import points_of, rubric_of
from examsite.services.panel_access import (
    LEADING,
    defence_for_head,
    defence_for_member,
    get_defence_now,
    head_name,
    is_recused,
    subject_of,
)
from examsite.services.records import record
from examsite.services.rulesets import ruleset_of
from examsite.storage.models.competitions import Competition
from examsite.storage.models.marking import Mark, Settlement
from examsite.storage.models.proposals import Defence
from examsite.storage.queries.conflicts import list_recused_accounts, list_rulings
from examsite.storage.queries.defence import (
    CHANGED_ROUND,
    ROUND,
    find_changed_sheet,
    find_council_name,
    find_own_sheet,
    list_agreed_excuses,
    list_leaders,
    list_locked_marks,
    list_members,
    list_members_at,
)


def reveal_scores(
    ctx: ServiceContext, competition: Competition, position: int, *, excused: Mapping[str, str] | None = None
) -> Defence:
    """Show every locked sheet to the whole panel at once; the talk about them is open until the head closes it.

    `excused` are the members who do not score this defence, by pseudonym, each with the reason. A sheet locked before
    the council kept its member away is withdrawn here and counts no more: the leader's act, with whoever judged as the
    second person.

    Raises:
        ConflictError: `head_leads`, `defence_not_now`, `event_not_open`, `members_not_locked`, `too_few_markers`,
            `member_has_locked` (somebody excused has a locked sheet), `excuse_needs_second` when somebody excused has
            begun a sheet and nobody of the council but the leader has agreed.
        InvalidError: `excuse_reason_missing`, `member_unknown`, each with the `member`.
        NotAllowedError: `role_needed`, `head_recused`, `ruling_needs_second` when the leader judged, too.
        NotFoundError: `defence_not_found`.

    Source: TT 22/2025/TT-BNV art. 19-22; shown together is our choice, because a score seen early pulls the others.
    """
    defence = defence_for_head(ctx, competition, position)
    revealed = DEFENCE_MACHINE.after(defence.state, DefenceEvent.SCORES_REVEALED)
    part = ruleset_of(competition).panel(PART)
    recused = list_recused_accounts(ctx.session, competition.id, defence.candidacy_id)
    _withdraw_barred(ctx, competition, defence, recused)
    locked = {_member(mark) for mark in list_locked_marks(ctx.session, [defence.id])}
    members = {row.pseudonym or "": row.account_id for row in list_members(ctx.session, competition.id)}
    reasons = {name: " ".join(reason.split()) for name, reason in (excused or {}).items()}
    begun = list_members_at(ctx.session, defence.id, MarkState.DRAFT)
    agreed = list_agreed_excuses(ctx.session, competition, subject_of(defence))
    agreed_by_others = {name for name, second in agreed if second != ctx.actor.pseudonym}
    for name, reason in reasons.items():
        if name not in members:
            raise InvalidError("member_unknown", member=name)
        if name in locked:
            raise ConflictError("member_has_locked", member=name)
        if not reason or len(reason) > LONGEST_TEXT:
            raise InvalidError("excuse_reason_missing", member=name)
        if name in begun - agreed_by_others:
            raise ConflictError("excuse_needs_second", member=name)
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
    record(ctx, competition, Event.DEFENCE_REVEALED, subject_of(defence), payload, actor=head_name(ctx))
    ctx.session.flush()
    return defence


def _withdraw_barred(ctx: ServiceContext, competition: Competition, defence: Defence, recused: Collection[int]) -> None:
    """Take out the sheets of those whom the council kept away after they had locked.

    Source: record format, `mark:withdrawn`: two people. The reason names the record of the judgement and not its words:
    this record is opened to everyone, the relation of two people is not.
    """
    rulings = list_rulings(ctx.session, competition.id)
    for mark in list_locked_marks(ctx.session, [defence.id]):
        if mark.assignment is None or mark.assignment.account_id not in recused:
            continue
        ruling = rulings[mark.assignment.account_id, defence.candidacy_id]
        others = {ruling.decided_by_id, ruling.seconded_by_id} - {None, ctx.actor.account_id}
        judge = find_council_name(ctx.session, competition.id, others)
        if judge is None:
            raise NotAllowedError("ruling_needs_second", member=_member(mark))
        payload = {"seq": mark.record_seq, "reason": f"conflict:judged {ruling.record_seq}", "second": judge}
        record(ctx, competition, Event.MARK_WITHDRAWN, subject_of(defence), payload, actor=head_name(ctx))
        mark.state = MARK_MACHINE.after(mark.state, MarkEvent.WITHDRAWN)
        mark.updated_at = ctx.now
    ctx.session.flush()


def agree_excuse(ctx: ServiceContext, competition: Competition, position: int, *, member: str, reason: str) -> int:
    """Agree, as council, that a member who has begun a sheet does not score this defence; the leader's reveal needs it.

    Nothing is told of how far the sheet is. It changes nothing by itself: whoever locks after all is counted.

    Raises:
        ConflictError: `defence_not_now`, `excuse_not_now` unless sheets are open.
        InvalidError: `member_unknown`, `reason_missing`, `reason_too_short`, `reason_too_long`.
        NotAllowedError: `role_needed`, `excuse_by_concerned` by whoever scores or leads this defence or is kept away.
        NotFoundError: `defence_not_found`.

    Source: our choice, because whoever leads must not choose alone whose mark is left out.
    """
    actor = ctx.require(Role.CHAIR, Role.COUNCIL_MEMBER, competition_id=competition.id)
    defence = get_defence_now(ctx, competition, position)
    if defence.state not in SHEET_OPEN:
        raise ConflictError("excuse_not_now")
    members = {row.pseudonym or "": row.account_id for row in list_members(ctx.session, competition.id)}
    leaders = list_leaders(ctx.session, competition.id, defence.candidacy_id)
    if is_recused(ctx, competition, defence) or actor.account_id in {*members.values(), *leaders}:
        raise NotAllowedError("excuse_by_concerned")
    if member not in members:
        raise InvalidError("member_unknown", member=member)
    payload = {"member": member, "reason": checked_reason(reason, least=LEAST_REASON)}
    return record(ctx, competition, Event.EXCUSE_AGREED, subject_of(defence), payload)


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
    return checked_reason(reason)


def outlook(competition: Competition, marks: Sequence[Mark]) -> LadderPlace:
    """What the locked marks come to as they stand: a mean, or the head's decision needed."""
    changed = {mark.assignment_id: mark.total for mark in marks if mark.round == CHANGED_ROUND}
    scores = [
        MemberScore(_member(mark), mark.total or ZERO, changed.get(mark.assignment_id))
        for mark in marks
        if mark.round == ROUND
    ]
    return settle_panel(ruleset_of(competition).panel(PART), scores)


def close_discussion(ctx: ServiceContext, competition: Competition, position: int) -> Defence:
    """The talk is over: scores that lie close enough become the defence's score by their mean, and that is recorded.

    Raises:
        ConflictError: `defence_not_now`, `event_not_open`, `gap_needs_decision`; as `check_leads`.
        NotAllowedError: as `check_leads`.
        NotFoundError: `defence_not_found`.

    Source: TT 22/2025/TT-BNV art. 19-22: the mean with two decimals.
    """
    defence = defence_for_head(ctx, competition, position)
    DEFENCE_MACHINE.after(defence.state, DefenceEvent.SCORE_SETTLED)
    outcome = outlook(competition, list_locked_marks(ctx.session, [defence.id]))
    if outcome.act is not NeededAct.SETTLED or outcome.score is None:
        raise ConflictError("gap_needs_decision")
    payload = {"part": PART, "step": str(outcome.step), "score": score_text(outcome.score)}
    record(ctx, competition, Event.DISCUSSION_CLOSED, subject_of(defence), payload, actor=head_name(ctx))
    _settle(defence, outcome.step, outcome.score)
    ctx.session.flush()
    return defence


def decide_gap(
    ctx: ServiceContext,
    competition: Competition,
    position: int,
    *,
    decided: Score,
    reason: str,
    seen: int | None = None,
) -> Defence:
    """The head settles a defence whose scores lie too far apart, with a reason; where the head may not, the chair.

    `seen` is the record of the newest mark that the head had on the page, see `newest_mark`.

    Raises:
        ConflictError: `head_leads`, `defence_not_now`, `event_not_open`, `gap_within_limit`: then the mean stands; and
            as `check_decision`.
        InvalidError: as `check_decision`.
        NotAllowedError: `role_needed`; `head_recused`, when the head stands near to the candidate.
        NotFoundError: `defence_not_found`.

    Source: TT 22/2025/TT-BNV art. 19-22: the head of the board decides a gap above the limit.
    """
    defence = defence_for_head(ctx, competition, position)
    DEFENCE_MACHINE.after(defence.state, DefenceEvent.SCORE_SETTLED)
    if outlook(competition, list_locked_marks(ctx.session, [defence.id])).act is NeededAct.SETTLED:
        raise ConflictError("gap_within_limit")
    reason = check_decision(ctx, competition, defence, decided=decided, reason=reason, seen=seen)
    payload = {"part": PART, "step": MarkingStep.HEAD.value, "score": score_text(decided), "reason": reason}
    seq = record(ctx, competition, Event.SETTLEMENT_DECIDED, subject_of(defence), payload, actor=head_name(ctx))
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


def newest_mark(marks: Sequence[Mark]) -> int:
    """The record of the newest of these marks: says which state of the scores a page shows."""
    return max((mark.record_seq or 0 for mark in marks), default=0)


def check_decision(
    ctx: ServiceContext,
    competition: Competition,
    defence: Defence,
    *,
    decided: Score,
    reason: str,
    seen: int | None = None,
) -> str:
    """The reason as it would be recorded, when this score and reason may stand.

    Raises:
        ConflictError: `scores_changed` when a member changed a mark since the page was made; `talk_not_recorded` before
            it is noted where the recording of the talk is kept.
        InvalidError: `score_out_of_range`, `decided_score_off_step`, `decided_outside_marks` below the lowest or above
            the highest total that a member gave, changes included; `reason_missing`, `reason_too_short`,
            `reason_too_long`.
        NotAllowedError: `role_needed`.

    Source: TT 22/2025/TT-BNV art. 19-22: everything said is recorded. That the score lies within the members' marks is
    our choice, because the head weighs what the panel found and gives no mark of the own.
    """
    ctx.require(*LEADING, competition_id=competition.id)
    ruleset = ruleset_of(competition)
    check_score_in_range(ruleset.panel(PART), decided)
    if not is_multiple(decided, ruleset.defence_mark_step):
        raise InvalidError("decided_score_off_step", field="score", step=ruleset.defence_mark_step)
    marks = list_locked_marks(ctx.session, [defence.id])
    if seen is not None and seen != newest_mark(marks):
        raise ConflictError("scores_changed")
    totals = [mark.total or ZERO for mark in marks]
    if not min(totals) <= decided <= max(totals):
        raise InvalidError("decided_outside_marks", field="score", least=min(totals), most=max(totals))
    words = checked_reason(reason, least=LEAST_REASON)
    if not defence.recording_reference:
        raise ConflictError("talk_not_recorded")
    return words


def _settle(defence: Defence, step: MarkingStep | None, settled: Score | None) -> None:
    defence.state = DEFENCE_MACHINE.after(defence.state, DefenceEvent.SCORE_SETTLED)
    defence.score = settled
    defence.step = "" if step is None else step.value


def _member(mark: Mark) -> str:
    return "" if mark.assignment is None else mark.assignment.pseudonym or ""
