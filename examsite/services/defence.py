"""A defence before the panel: its clock, each member's own sheet, and who was absent.

Every act on one defence locks its row first, so that a save, a lock and the reveal never cross.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from examsite.domain.errors import ConflictError, InvalidError
from examsite.domain.events import Event
from examsite.domain.marking import MARK_MACHINE, MarkEvent, MarkState
from examsite.domain.panels import (
    DEFENCE_MACHINE,
    PART,
    SHEET_OPEN,
    DefenceEvent,
    DefenceState,
    is_order_used_after,
)
from examsite.domain.permissions import Role
from examsite.domain.reasons import LONGEST_TEXT, checked_reason
from examsite.domain.rubrics import (
    Points,
    Rubric,
    check_points,
    points_data,
    points_from_data,
    rubric_from_snapshot,
    total,
)
from examsite.domain.scores import Score, score_text
from examsite.services.assessments import lock_assessments
from examsite.services.context import ServiceContext
from examsite.services.panel_access import (
    check_step,
    defence_for_head,
    defence_for_member,
    get_defence_now,
    head_name,
    subject_of,
)
from examsite.services.records import record
from examsite.services.rulesets import ruleset_of
from examsite.storage.models.competitions import Competition
from examsite.storage.models.marking import Mark
from examsite.storage.models.proposals import Defence
from examsite.storage.queries.corrections import find_defence_round
from examsite.storage.queries.defence import (
    ROUND,
    SESSION_SUBJECT,
    find_own_sheet,
    list_defences,
)
from examsite.storage.queries.proposals import list_standings


def rubric_of(defence: Defence) -> Rubric:
    """The criteria by which a defence is scored."""
    return rubric_from_snapshot(defence.candidacy.post.defence_rubric)


def start_presentation(ctx: ServiceContext, competition: Competition, position: int) -> Defence:
    """The next candidate begins to present; the clock runs for everyone, and what members wrote before is locked.

    Raises:
        ConflictError: `head_leads`, `defence_not_now` at another step of the competition, `event_not_open`,
            `defence_not_next` (someone earlier in the drawn order neither began nor is absent), `defence_running` (one
            at a time).
        NotAllowedError: as `check_leads`.
        NotFoundError: `defence_not_found`.
    """
    defence = defence_for_head(ctx, competition, position)
    state = DEFENCE_MACHINE.after(defence.state, DefenceEvent.STARTED)
    for other in list_defences(ctx.session, competition.id):
        if other.position < position and other.state is DefenceState.SCHEDULED:
            raise ConflictError("defence_not_next", position=other.position)
        if other.state in (DefenceState.PRESENTING, DefenceState.QUESTIONING):
            raise ConflictError("defence_running", position=other.position)
    defence.state = state
    defence.started_at = ctx.now
    ctx.session.flush()
    lock_assessments(ctx, competition, defence)
    record(ctx, competition, Event.DEFENCE_BEGUN, subject_of(defence), {"position": position}, actor=head_name(ctx))
    return defence


def start_questions(ctx: ServiceContext, competition: Competition, position: int) -> Defence:
    """The presentation is over; the time for questions runs.

    Raises:
        ConflictError: `head_leads`, `defence_not_now`, `event_not_open`.
        NotAllowedError: as `check_leads`.
        NotFoundError: `defence_not_found`.
    """
    defence = defence_for_head(ctx, competition, position)
    defence.state = DEFENCE_MACHINE.after(defence.state, DefenceEvent.PRESENTATION_ENDED)
    defence.questions_at = ctx.now
    return _step_taken(ctx, competition, defence)


def open_scoring(ctx: ServiceContext, competition: Competition, position: int) -> Defence:
    """The questions are over; members may lock their sheets.

    Raises:
        ConflictError: `head_leads`, `defence_not_now`, `event_not_open`.
        NotAllowedError: as `check_leads`.
        NotFoundError: `defence_not_found`.
    """
    defence = defence_for_head(ctx, competition, position)
    defence.state = DEFENCE_MACHINE.after(defence.state, DefenceEvent.QUESTIONS_ENDED)
    defence.scoring_at = ctx.now
    return _step_taken(ctx, competition, defence)


def _step_taken(ctx: ServiceContext, competition: Competition, defence: Defence) -> Defence:
    payload = {"position": defence.position, "to": defence.state.value}
    record(ctx, competition, Event.DEFENCE_STEP_TAKEN, subject_of(defence), payload, actor=head_name(ctx))
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
        NotFoundError: `defence_not_found`.
    """
    defence = _for_sheet(ctx, competition, position)
    _check_given(competition, rubric_of(defence), points)
    known = {item.criterion for item in rubric_of(defence).human}
    kept = {name: text.strip() for name, text in comments.items() if text.strip()}
    for name, text in kept.items():
        if name not in known:
            raise InvalidError("criterion_unknown", criterion=name)
        if len(text) > LONGEST_TEXT:
            raise InvalidError("sheet_comment_too_long", criterion=name, most=LONGEST_TEXT)
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
        NotFoundError: `defence_not_found`.

    Source: TT 22/2025/TT-BNV art. 19-22: each marks independently.
    """
    defence = _for_sheet(ctx, competition, position)
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
    mark.record_seq = record(ctx, competition, Event.MARK_LOCKED, subject_of(defence), payload)
    ctx.session.flush()
    return mark


def record_attendance(ctx: ServiceContext, competition: Competition, absent: Collection[int]) -> None:
    """Put on record who did not come to the defence; `absent` are places of the drawn order.

    May be done again as the day goes on: each record names everyone absent so far, those without a proposal included.

    Raises:
        ConflictError: `defence_not_now`, `order_not_drawn_yet`, `event_not_open` about somebody who already began.
        NotAllowedError: `role_needed`.
        NotFoundError: `defence_not_found`.
    """
    ctx.require(Role.INVIGILATOR, competition_id=competition.id)
    check_step(ctx, competition)
    if not find_defence_round(ctx.session, competition).is_drawn:
        raise ConflictError("order_not_drawn_yet")
    for position in sorted(absent):
        defence = get_defence_now(ctx, competition, position)
        if defence.state is not DefenceState.ABSENT:
            defence.state = DEFENCE_MACHINE.after(defence.state, DefenceEvent.ABSENCE_RECORDED)
    ctx.session.flush()
    _record_absent(ctx, competition)


def withdraw_absence(ctx: ServiceContext, competition: Competition, position: int, *, reason: str) -> Defence:
    """Take back, as invigilator, that somebody was put down as absent by mistake; the turn waits as before.

    Only while nobody later in the drawn order has begun. Both the taking back with its reason and the attendance as it
    stands now are recorded; of the attendance the last record counts.

    Raises:
        ConflictError: `defence_not_now`, `event_not_open` unless absent, `order_used`.
        InvalidError: `reason_missing`, `reason_too_long`.
        NotAllowedError: `role_needed`.
        NotFoundError: `defence_not_found`.
    """
    ctx.require(Role.INVIGILATOR, competition_id=competition.id)
    defence = get_defence_now(ctx, competition, position)
    words = checked_reason(reason)
    defences = list_defences(ctx.session, competition.id)
    back = DEFENCE_MACHINE.after(defence.state, DefenceEvent.ABSENCE_WITHDRAWN)
    if is_order_used_after(position, {row.position: row.state for row in defences}):
        raise ConflictError("order_used", position=position)
    defence.state = back
    ctx.session.flush()
    payload = {"part": PART, "candidate": str(defence.candidacy.public_code), "reason": words}
    record(ctx, competition, Event.ABSENCE_WITHDRAWN, SESSION_SUBJECT, payload)
    _record_absent(ctx, competition)
    return defence


def _record_absent(ctx: ServiceContext, competition: Competition) -> None:
    """Everybody absent so far, of every round: the last record tells all."""
    defences = list_defences(ctx.session, competition.id)
    missing = {row.candidacy_id for row in defences if row.state is DefenceState.ABSENT}
    codes = sorted(
        row.candidacy.public_code or ""
        for row in list_standings(ctx.session, competition)
        if row.last is None or row.last.locked_at is None or row.candidacy.id in missing
    )
    record(ctx, competition, Event.ATTENDANCE_RECORDED, SESSION_SUBJECT, {"part": PART, "absent": codes})


def points_of(mark: Mark) -> dict[str, Score]:
    """The points of a sheet as scores."""
    return points_from_data(mark.points)


def _for_sheet(ctx: ServiceContext, competition: Competition, position: int) -> Defence:
    defence = defence_for_member(ctx, competition, position)
    if defence.state not in SHEET_OPEN:
        raise ConflictError("sheet_not_open")
    return defence


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
