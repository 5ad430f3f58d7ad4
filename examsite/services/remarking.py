"""The re-marking of appeals: fresh markers by the draw, the weighing of their marks, the talk, the chair's decision."""

from __future__ import annotations

from examsite.domain.appeals import (
    APPEAL,
    FIRST_REMARK,
    LEAST_REMARKERS,
    AppealEvent,
    AppealState,
    check_window_over,
    draw_remarkers,
)
from examsite.domain.draws import draw_seed
from examsite.domain.errors import ConflictError, NotAllowedError, NotFoundError
from examsite.domain.events import Event
from examsite.domain.marking import (
    AppealStep,
    NeededAct,
    check_score_in_range,
    check_score_within,
    settle_appeal,
)
from examsite.domain.permissions import Role
from examsite.domain.reasons import LEAST_REASON, checked_reason
from examsite.domain.scores import ZERO, Score, score_text
from examsite.services.context import ServiceContext
from examsite.services.records import record
from examsite.storage.models.appeals import Appeal
from examsite.storage.models.competitions import Competition
from examsite.storage.models.marking import Allocation, Mark, Script
from examsite.storage.queries.accounts import list_holders
from examsite.storage.queries.allocations import find_eligible
from examsite.storage.queries.appeals import (
    count_locked_remarks,
    count_remarks_given,
    find_appeal_of_script,
    get_appeal,
    get_appeal_standing,
    get_appealed_script,
    list_first_markers,
    remarks_of,
    system_total_of,
)
from examsite.storage.queries.codes import ALLOCATION
from examsite.storage.queries.conflicts import list_recused_accounts
from examsite.storage.queries.corrections import marking_state
from examsite.storage.queries.draws import find_draw_record
from examsite.storage.queries.marking import WRITTEN, find_last_position, lock_script, written_part


def name_remarkers(ctx: ServiceContext, competition: Competition, number: int) -> tuple[str, ...]:
    """Give the script of an appeal to two fresh markers whom the draw of the allocation names; their pseudonyms.

    Where two have marked and differ, and nobody was left for the third mark then, that one is named now.

    Raises:
        ConflictError: `appeals_not_open`, `appeal_window_runs`, `remarkers_named_already`, `remarkers_too_few`.
        NotAllowedError: `role_needed`.
        NotFoundError: `appeal_not_found`.

    Source: TT 22/2025/TT-BNV art. 17: two people mark anew, who see neither earlier points nor names.
    """
    ctx.require(Role.CHAIR, Role.COUNCIL_MEMBER, competition_id=competition.id)
    check_window_over(marking_state(ctx.session, competition), competition.appeals_close_at, ctx.now)
    appeal, script = _taken(ctx, competition, number)
    if appeal.state is AppealState.SUBMITTED:
        named = _give(ctx, competition, script, count=LEAST_REMARKERS)
        appeal.state = APPEAL.after(appeal.state, AppealEvent.REMARKERS_NAMED)
        ctx.session.flush()
        return named
    if not get_appeal_standing(ctx.session, competition, number).needs_third:
        raise ConflictError("remarkers_named_already")
    return _give(ctx, competition, script, count=1)


def replace_remarker(ctx: ServiceContext, competition: Competition, number: int, *, marker: str, reason: str) -> str:
    """Take an appealed script from a re-marker who has not locked it, and give it to whom the draw names; that one.

    Raises:
        ConflictError: `appeals_not_open`, `appeal_window_runs`, `remarkers_too_few`, `remarker_has_locked`.
        InvalidError: `reason_missing`, `reason_too_long`.
        NotAllowedError: `role_needed`, `conflict_declared`.
        NotFoundError: `appeal_not_found`, `marker_not_found`.
    """
    ctx.require(Role.CHAIR, Role.COUNCIL_MEMBER, competition_id=competition.id)
    check_window_over(marking_state(ctx.session, competition), competition.appeals_close_at, ctx.now)
    words = checked_reason(reason)
    appeal, script = _taken(ctx, competition, number)
    _check_not_recused(ctx, competition, appeal)
    held = [
        row
        for row in script.allocations
        if row.round >= FIRST_REMARK and row.withdrawn_at is None and row.assignment.pseudonym == marker
    ]
    if not held:
        raise NotFoundError("marker_not_found", marker=marker)
    if any(mark.assignment_id == held[0].assignment_id for mark in remarks_of(script)):
        raise ConflictError("remarker_has_locked")
    held[0].withdrawn_at = ctx.now
    held[0].reason = words
    (taker,) = _give(ctx, competition, script, count=1, instead_of=held[0], reason=words)
    return taker


def take_round(ctx: ServiceContext, allocation: Allocation, mark: Mark) -> None:
    """Number a re-mark that is about to be locked: whoever locks first is the first one, whoever began.

    The script's row is locked by whoever locks the mark. Source: result format: re-marks stand in the order of locking.
    """
    mark.round = allocation.round = FIRST_REMARK + count_locked_remarks(ctx.session, allocation.script_id)


def weigh_remarks(ctx: ServiceContext, competition: Competition, code: str) -> None:
    """Move the appeal on after a re-mark was locked: adopt it, call the third, or leave it to the chair.

    The script's row is locked by whoever locked the mark. A third re-marker is named at once where there is one.
    """
    appeal = find_appeal_of_script(ctx.session, competition.id, code)
    if appeal is None or appeal.state is not AppealState.REMARKING:
        return
    script = get_appealed_script(ctx.session, competition.id, code)
    found = settle_appeal(written_part(competition), script.score or ZERO, _totals(script))
    if found.act is NeededAct.THIRD_MARKER:
        appeal.state = APPEAL.after(appeal.state, AppealEvent.REMARKS_DIFFERED)
        try:
            _give(ctx, competition, script, count=1, actor="system")
        except ConflictError:
            # Nobody is left: the council sees it on its page, appoints somebody, and names the third itself.
            return
    elif found.act is NeededAct.CHAIR_DECIDES:
        appeal.state = APPEAL.after(appeal.state, AppealEvent.REMARK_FAR)
    elif found.act is NeededAct.SETTLED:
        appeal.state = APPEAL.after(appeal.state, AppealEvent.REMARK_ADOPTED)
        appeal.step, appeal.score, appeal.settled_at = AppealStep.ADOPTED, found.score, ctx.now
    ctx.session.flush()


def note_dialogue(ctx: ServiceContext, competition: Competition, number: int, *, text: str) -> Appeal:
    """Write down the talk of the two heads about a re-mark that lies far from the settled score.

    Raises:
        ConflictError: `decision_not_due_on_appeal`, `dialogue_noted_already`.
        InvalidError: `reason_missing`, `reason_too_short`, `reason_too_long`.
        NotAllowedError: `role_needed`, `conflict_declared`.
        NotFoundError: `appeal_not_found`.

    Source: TT 22/2025/TT-BNV art. 17-18: from the limit on there is a recorded dialogue, then the chair decides.
    """
    ctx.require(Role.CHAIR, Role.COUNCIL_MEMBER, competition_id=competition.id)
    appeal, script = _taken(ctx, competition, number)
    _check_not_recused(ctx, competition, appeal)
    if appeal.state is not AppealState.DECIDING:
        raise ConflictError("decision_not_due_on_appeal")
    if appeal.dialogue:
        raise ConflictError("dialogue_noted_already")
    words = checked_reason(text, least=LEAST_REASON)
    record(ctx, competition, Event.DIALOGUE_NOTED, f"script/{script.code}", {"part": appeal.part, "text": words})
    appeal.dialogue, appeal.dialogue_at = words, ctx.now
    ctx.session.flush()
    return appeal


def decide_appeal(ctx: ServiceContext, competition: Competition, number: int, *, decided: Score, reason: str) -> Appeal:
    """Set, as chair, what replaces the settled score, between it and the re-marks, up or down, with a reason.

    A chair who stands near to the candidate leaves it to a member of the council.

    Raises:
        ConflictError: `decision_not_due_on_appeal`, `dialogue_not_noted`.
        InvalidError: `score_out_of_range`, `decision_outside_marks`, `reason_missing`, `reason_too_short`,
            `reason_too_long`.
        NotAllowedError: `role_needed`, `conflict_declared`, `chair_decides_appeal`.
        NotFoundError: `appeal_not_found`.

    Source: TT 22/2025/TT-BNV art. 17-18. That the decision stays between the marks is our choice, as for the head.
    """
    ctx.require(Role.CHAIR, Role.COUNCIL_MEMBER, competition_id=competition.id)
    appeal, script = _taken(ctx, competition, number)
    _check_may_decide(ctx, competition, appeal)
    if appeal.state is not AppealState.DECIDING:
        raise ConflictError("decision_not_due_on_appeal")
    check_score_in_range(written_part(competition), decided)
    words = checked_reason(reason, least=LEAST_REASON)
    check_score_within((script.score or ZERO, *_totals(script)), decided)
    if not appeal.dialogue:
        raise ConflictError("dialogue_not_noted")
    payload = {"part": appeal.part, "score": score_text(decided), "reason": words}
    appeal.decided_seq = record(ctx, competition, Event.APPEAL_DECIDED, f"script/{script.code}", payload)
    appeal.state = APPEAL.after(appeal.state, AppealEvent.CHAIR_DECIDED)
    appeal.step, appeal.score = AppealStep.CHAIR, decided
    appeal.decision_reason, appeal.settled_at = words, ctx.now
    ctx.session.flush()
    return appeal


def _taken(ctx: ServiceContext, competition: Competition, number: int) -> tuple[Appeal, Script]:
    """The appeal and its script for an act: the script's row is locked first, as by whoever locks a mark."""
    code = get_appeal(ctx.session, competition.id, number).script
    lock_script(ctx.session, competition.id, code)
    appeal = get_appeal(ctx.session, competition.id, number, for_update=True)
    return appeal, get_appealed_script(ctx.session, competition.id, code)


def _give(
    ctx: ServiceContext,
    competition: Competition,
    script: Script,
    *,
    count: int,
    instead_of: Allocation | None = None,
    reason: str = "",
    actor: str | None = None,
) -> tuple[str, ...]:
    held = find_draw_record(ctx.session, competition.id, ALLOCATION, Event.DRAW_HELD)
    if held is None:
        raise ConflictError("remarkers_too_few", have=0, need=count)
    eligible = find_eligible(ctx.session, competition.id)
    named = draw_remarkers(
        script.code,
        sorted(eligible.markers),
        seed=draw_seed(held["document"]),
        taken={str(row.assignment.pseudonym) for row in script.allocations},
        loads=count_remarks_given(ctx.session, competition.id),
        worked=list_first_markers(ctx.session, competition.id),
        barred=eligible.barred,
        count=count,
    )
    for name in named:
        person = eligible.markers[name]
        ctx.session.add(
            Allocation(
                script_id=script.id,
                assignment_id=person.id,
                round=FIRST_REMARK,
                position=find_last_position(ctx.session, person.id) + 1,
                allocated_at=ctx.now,
            )
        )
    payload: dict[str, object] = {
        "part": WRITTEN,
        "markers": list(named),
        "from": None if instead_of is None else str(instead_of.assignment.pseudonym),
        "reason": reason,
    }
    record(ctx, competition, Event.REMARKERS_NAMED, f"script/{script.code}", payload, actor=actor)
    ctx.session.flush()
    return named


def _totals(script: Script) -> list[Score]:
    system = system_total_of(script)
    return [(mark.total or ZERO) + system for mark in remarks_of(script)]


def _check_not_recused(ctx: ServiceContext, competition: Competition, appeal: Appeal) -> set[int]:
    """Refuse who stands near to the candidate; everybody who does."""
    recused = list_recused_accounts(ctx.session, competition.id, appeal.candidacy_id)
    if ctx.actor.account_id in recused:
        raise NotAllowedError("conflict_declared")
    return recused


def _check_may_decide(ctx: ServiceContext, competition: Competition, appeal: Appeal) -> None:
    recused = _check_not_recused(ctx, competition, appeal)
    chairs = {row.account_id for row in list_holders(ctx.session, competition.id, Role.CHAIR)}
    if ctx.actor.role is Role.COUNCIL_MEMBER and chairs - recused:
        raise NotAllowedError("chair_decides_appeal")
