"""A defence before the panel: its clock, each member's own sheet, the reveal, the gap, and who was absent.

Every act on one defence locks its row first, so that a save, a lock and the reveal never cross.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from examsite.domain.competitions import CompetitionState
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
from examsite.domain.panels import (
    DEFENCE_MACHINE,
    SHEET_OPEN,
    DefenceEvent,
    DefenceState,
    MemberScore,
    reasons_against_reveal,
    settle_panel,
)
from examsite.domain.permissions import Role
from examsite.domain.rubrics import Points, Rubric, check_points, points_data, rubric_from_snapshot, total
from examsite.domain.scores import ZERO, Score, is_multiple, score, score_text
from examsite.services.context import ServiceContext
from examsite.services.records import record
from examsite.services.rulesets import ruleset_of
from examsite.storage.models.competitions import Competition
from examsite.storage.models.marking import Mark, Settlement
from examsite.storage.models.proposals import Defence
from examsite.storage.queries.conflicts import find_declaration, list_conflicted_accounts
from examsite.storage.queries.defence import (
    PART,
    ROUND,
    SESSION_SUBJECT,
    find_own_sheet,
    get_defence,
    list_defences,
    list_locked_marks,
    list_members,
)
from examsite.storage.queries.proposals import list_standings

#: Longest comment or reason. Unit: characters.
MOST_TEXT_LENGTH = 4000


def rubric_of(defence: Defence) -> Rubric:
    """The criteria by which a defence is scored."""
    return rubric_from_snapshot(defence.candidacy.post.defence_rubric)


def start_presentation(ctx: ServiceContext, competition: Competition, position: int) -> Defence:
    """The next candidate begins to present; the clock runs for everyone.

    Raises:
        ConflictError: `defence_not_now` at another step of the competition, `event_not_open`, `defence_not_next`
            (someone earlier in the drawn order neither began nor is absent), `defence_running` (one at a time).
        NotAllowedError: `role_needed`.
    """
    defence = _for_head(ctx, competition, position)
    state = DEFENCE_MACHINE.after(defence.state, DefenceEvent.STARTED)
    for other in list_defences(ctx.session, competition.id):
        if other.position < position and other.state is DefenceState.SCHEDULED:
            raise ConflictError("defence_not_next", position=other.position)
        if other.state in (DefenceState.PRESENTING, DefenceState.QUESTIONING):
            raise ConflictError("defence_running", position=other.position)
    defence.state = state
    defence.started_at = ctx.now
    ctx.session.flush()
    record(ctx, competition, Event.DEFENCE_BEGUN, _subject(defence), {"position": position})
    return defence


def start_questions(ctx: ServiceContext, competition: Competition, position: int) -> Defence:
    """The presentation is over; the time for questions runs.

    Raises:
        ConflictError: `defence_not_now`, `event_not_open`.
        NotAllowedError: `role_needed`.
    """
    defence = _for_head(ctx, competition, position)
    defence.state = DEFENCE_MACHINE.after(defence.state, DefenceEvent.PRESENTATION_ENDED)
    defence.questions_at = ctx.now
    ctx.session.flush()
    return defence


def open_scoring(ctx: ServiceContext, competition: Competition, position: int) -> Defence:
    """The questions are over; members may lock their sheets.

    Raises:
        ConflictError: `defence_not_now`, `event_not_open`.
        NotAllowedError: `role_needed`.
    """
    defence = _for_head(ctx, competition, position)
    defence.state = DEFENCE_MACHINE.after(defence.state, DefenceEvent.QUESTIONS_ENDED)
    defence.scoring_at = ctx.now
    ctx.session.flush()
    return defence


def save_sheet(
    ctx: ServiceContext,
    competition: Competition,
    position: int,
    points: Points,
    comments: Mapping[str, str],
    *,
    revision: int,
) -> Mark:
    """Keep a member's draft; `revision` is the one that the page had loaded.

    Raises:
        ConflictError: `defence_not_now`, `sheet_not_open`, `sheet_locked`, `sheet_saved_elsewhere`.
        InvalidError: `points_negative`, `points_above_maximum`, `points_off_step`, `criterion_unknown`, each naming
            `criterion`; `sheet_comment_too_long`.
        NotAllowedError: `role_needed`, `conflicts_not_declared`, `member_recused`.
    """
    defence = _for_member(ctx, competition, position)
    _check_given(competition, rubric_of(defence), points)
    known = {item.criterion for item in rubric_of(defence).human}
    kept = {name: text.strip() for name, text in comments.items() if text.strip()}
    for name, text in kept.items():
        if name not in known:
            raise InvalidError("criterion_unknown", criterion=name)
        if len(text) > MOST_TEXT_LENGTH:
            raise InvalidError("sheet_comment_too_long", criterion=name, most=MOST_TEXT_LENGTH)
    mark = _draft(ctx, defence, revision=revision)
    if mark is None:
        mark = Mark(
            defence_id=defence.id,
            assignment_id=ctx.actor.assignment_id,
            round=ROUND,
            revision=0,
            updated_at=ctx.now,
        )
        ctx.session.add(mark)
    mark.points = points_data(points)
    mark.comments = kept
    mark.revision += 1
    mark.updated_at = ctx.now
    ctx.session.flush()
    return mark


def lock_sheet(ctx: ServiceContext, competition: Competition, position: int, *, revision: int) -> Mark:
    """Lock a member's sheet for good; `revision` is the one whose total the member confirmed.

    Raises:
        ConflictError: `defence_not_now`, `scoring_not_open` before the questions are over, `sheet_not_open` after the
            reveal, `sheet_locked`, `sheet_saved_elsewhere`.
        InvalidError: `points_missing` and the other codes of `save_sheet`.
        NotAllowedError: `role_needed`, `conflicts_not_declared`, `member_recused`.

    Source: TT 22/2025/TT-BNV art. 19-22: each marks independently.
    """
    defence = _for_member(ctx, competition, position)
    mark = _draft(ctx, defence, revision=revision)
    if defence.state is not DefenceState.SCORING:
        raise ConflictError("scoring_not_open")
    points = {} if mark is None else points_of(mark)
    check_points(rubric_of(defence), points, step=ruleset_of(competition).defence_mark_step)
    if mark is None:
        raise ConflictError("sheet_saved_elsewhere")
    mark.state = MARK_MACHINE.after(mark.state, MarkEvent.LOCKED)
    mark.total = total(points)
    mark.locked_at = ctx.now
    payload = {
        "part": PART,
        "round": ROUND,
        "content": None,
        "points": points_data(points),
        "total": score_text(mark.total),
    }
    mark.record_seq = record(ctx, competition, Event.MARK_LOCKED, _subject(defence), payload)
    ctx.session.flush()
    return mark


def reveal_scores(
    ctx: ServiceContext, competition: Competition, position: int, *, excused: Mapping[str, str] | None = None
) -> Defence:
    """Show every locked sheet to the whole panel at once; scores that lie close enough are settled by their mean.

    `excused` are the members who do not score this defence, by pseudonym, each with the reason.

    Raises:
        ConflictError: `defence_not_now`, `event_not_open`, `members_not_locked`, `too_few_markers`,
            `member_has_locked` (somebody excused has a locked sheet).
        InvalidError: `excuse_reason_missing`, `member_unknown`, each with the `member`.
        NotAllowedError: `role_needed`.

    Source: TT 22/2025/TT-BNV art. 19-22; shown together is our choice, because a score seen early pulls the others.
    """
    defence = _for_head(ctx, competition, position)
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
    record(ctx, competition, Event.DEFENCE_REVEALED, _subject(defence), payload)
    settlement = settle_panel(part, [MemberScore(_member(mark), mark.total or ZERO) for mark in marks])
    if settlement.act is NeededAct.SETTLED:
        _settle(defence, settlement.step, settlement.score)
    ctx.session.flush()
    return defence


def decide_gap(ctx: ServiceContext, competition: Competition, position: int, *, decided: Score, reason: str) -> Defence:
    """The head settles a defence whose scores lie too far apart, with a reason.

    Raises:
        ConflictError: `defence_not_now`, `event_not_open`.
        InvalidError: `score_out_of_range`, `points_off_step`, `reason_missing`, `reason_too_long`.
        NotAllowedError: `role_needed`; `head_recused`, when the head stands near to the candidate.

    Source: TT 22/2025/TT-BNV art. 19-22: the head of the board decides a gap above the limit.
    """
    defence = _for_head(ctx, competition, position)
    DEFENCE_MACHINE.after(defence.state, DefenceEvent.SCORE_SETTLED)
    if _is_recused(ctx, competition, defence):
        raise NotAllowedError("head_recused")
    reason = check_decision(ctx, competition, decided=decided, reason=reason)
    payload = {"part": PART, "step": MarkingStep.HEAD.value, "score": score_text(decided), "reason": reason}
    seq = record(ctx, competition, Event.SETTLEMENT_DECIDED, _subject(defence), payload)
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
    reason = reason.strip()
    if not reason:
        raise InvalidError("reason_missing", field="reason")
    if len(reason) > MOST_TEXT_LENGTH:
        raise InvalidError("reason_too_long", field="reason", most=MOST_TEXT_LENGTH)
    return reason


def record_attendance(ctx: ServiceContext, competition: Competition, absent: Collection[int]) -> None:
    """Put on record who did not come to the defence; `absent` are places of the drawn order.

    May be done again as the day goes on: each record names everyone absent so far, those without a proposal included.

    Raises:
        ConflictError: `defence_not_now`, `order_not_drawn_yet`, `event_not_open` about somebody who already began.
        NotAllowedError: `role_needed`.
        NotFoundError: `defence_not_found`.
    """
    ctx.require(Role.INVIGILATOR, competition_id=competition.id)
    _check_step(competition)
    standings = list_standings(ctx.session, competition)
    defences = list_defences(ctx.session, competition.id)
    if not defences and any(row.last is not None for row in standings):
        raise ConflictError("order_not_drawn_yet")
    for position in sorted(absent):
        defence = get_defence(ctx.session, competition.id, position, for_update=True)
        if defence.state is not DefenceState.ABSENT:
            defence.state = DEFENCE_MACHINE.after(defence.state, DefenceEvent.ABSENCE_RECORDED)
    ctx.session.flush()
    missing = {row.candidacy_id for row in defences if row.state is DefenceState.ABSENT}
    codes = sorted(
        row.candidacy.public_code or ""
        for row in standings
        if row.last is None or row.last.locked_at is None or row.candidacy.id in missing
    )
    record(ctx, competition, Event.ATTENDANCE_RECORDED, SESSION_SUBJECT, {"part": PART, "absent": codes})


def points_of(mark: Mark) -> dict[str, Score]:
    """The points of a sheet as scores."""
    return {criterion: score(text) for criterion, text in mark.points.items()}


def _settle(defence: Defence, step: MarkingStep | None, settled: Score | None) -> None:
    defence.state = DEFENCE_MACHINE.after(defence.state, DefenceEvent.SCORE_SETTLED)
    defence.score = settled
    defence.step = "" if step is None else step.value


def _for_head(ctx: ServiceContext, competition: Competition, position: int) -> Defence:
    ctx.require(Role.PANEL_HEAD, competition_id=competition.id)
    _check_step(competition)
    return get_defence(ctx.session, competition.id, position, for_update=True)


def _for_member(ctx: ServiceContext, competition: Competition, position: int) -> Defence:
    ctx.require(Role.PANELLIST, competition_id=competition.id)
    _check_step(competition)
    defence = get_defence(ctx.session, competition.id, position, for_update=True)
    if find_declaration(ctx.session, competition.id, ctx.actor.account_id) is None:
        raise NotAllowedError("conflicts_not_declared")
    if _is_recused(ctx, competition, defence):
        raise NotAllowedError("member_recused")
    if defence.state not in SHEET_OPEN:
        raise ConflictError("sheet_not_open")
    return defence


def _is_recused(ctx: ServiceContext, competition: Competition, defence: Defence) -> bool:
    return ctx.actor.account_id in list_conflicted_accounts(ctx.session, competition.id, defence.candidacy_id)


def _check_step(competition: Competition) -> None:
    if competition.state is not CompetitionState.DEFENCE:
        raise ConflictError("defence_not_now")


def _check_given(competition: Competition, rubric: Rubric, points: Points) -> None:
    """A draft may have gaps, but nothing in it may be unreachable."""
    given = replace(rubric, criteria=tuple(item for item in rubric.human if item.criterion in points))
    check_points(given, points, step=ruleset_of(competition).defence_mark_step)


def _draft(ctx: ServiceContext, defence: Defence, *, revision: int) -> Mark | None:
    mark = find_own_sheet(ctx.session, defence.id, ctx.actor.assignment_id)
    if mark is not None and mark.state is not MarkState.DRAFT:
        raise ConflictError("sheet_locked")
    if revision != (0 if mark is None else mark.revision):
        raise ConflictError("sheet_saved_elsewhere")
    return mark


def _member(mark: Mark) -> str:
    return "" if mark.assignment is None else mark.assignment.pseudonym or ""


def _subject(defence: Defence) -> str:
    return f"defence/{defence.candidacy.public_code}"
