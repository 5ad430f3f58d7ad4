"""Sittings from the plan to the close: scheduled, seated, started by the server's clock, closed by it.

Nobody starts or closes a sitting by hand. The closer of the server calls `start_sitting` and `close_overdue`; both
may run in several processes at once and after any crash: the row is locked, the state is asked again, and what is
done already is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select

from examsite.domain.attempts import (
    ATTEMPT,
    AttemptEvent,
    deadline_of,
    is_to_close,
    option_orders,
    shuffle_seed,
)
from examsite.domain.canonical import instant_text
from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import ConflictError, InvalidError, NotAllowedError
from examsite.domain.events import Event
from examsite.domain.lost_times import Stretch
from examsite.domain.papers import Paper as Frozen
from examsite.domain.papers import paper_from_data
from examsite.domain.permissions import Role
from examsite.domain.sittings import (
    SITTING,
    SittingEvent,
    SittingState,
    seat_codes,
    started_at_of,
)
from examsite.services.adjustments import apply_adjustments
from examsite.services.answer_files import set_recipient
from examsite.services.context import ServiceContext
from examsite.services.lost_times import propose
from examsite.services.records import record
from examsite.services.rehearsals import identity_of
from examsite.services.rooms import lock_open_attempts, lock_seat_of
from examsite.services.rulesets import ruleset_of
from examsite.services.submissions import close_attempt
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.competitions import Competition
from examsite.storage.models.papers import Paper
from examsite.storage.models.sittings import Attempt, Sitting, SittingInvigilator
from examsite.storage.queries.rooms import list_held
from examsite.storage.queries.sittings import (
    list_attempts,
    list_left_behind,
    list_running,
    opened_papers,
    reasons_against_start,
    waits_for_left_behind,
)

#: Why time was lost, as the minutes of the room say it: data like every other cause, not a text of a page.
LEFT_BEHIND_CAUSE = "Máy chủ không mở được bài ở chỗ này lúc bắt đầu ca thi"

#: How many attempts one transaction closes, so that nobody waits long for the database. Unit: attempts.
CLOSED_AT_ONCE = 25


def schedule_sitting(
    ctx: ServiceContext,
    competition: Competition,
    *,
    code: str,
    room: str,
    rows: int,
    columns: int,
    starts_at: datetime,
    invigilators: Iterable[RoleAssignment] = (),
) -> Sitting:
    """Plan a sitting in a room; its length and its grace are those of the rule set.

    Raises:
        ConflictError: `sittings_frozen`, once the written test has begun.
        InvalidError: `sitting_code_taken`, `room_size_out_of_range`, `start_in_the_past`.
        NotAllowedError: `role_needed`; `not_an_invigilator` for somebody who may not watch here.
    """
    ctx.require(Role.ORGANISER, competition_id=competition.id)
    check_plannable(competition)
    seat_codes(rows, columns)
    if starts_at <= ctx.now:
        raise InvalidError("start_in_the_past", field="starts_at")
    taken = select(Sitting.id).where(Sitting.competition_id == competition.id, Sitting.code == code)
    if ctx.session.scalars(taken).first() is not None:
        raise InvalidError("sitting_code_taken", field="code", sitting=code)
    ruleset = ruleset_of(competition)
    sitting = Sitting(
        competition_id=competition.id,
        code=code,
        room=room,
        seat_rows=rows,
        seat_columns=columns,
        starts_at=starts_at,
        duration_minutes=ruleset.written_minutes,
        grace_seconds=ruleset.grace_seconds,
    )
    set_recipient(ctx, competition, sitting)
    ctx.session.add(sitting)
    ctx.session.flush()
    watchers = list(invigilators)
    for assignment in watchers:
        assign_invigilator(ctx, competition, sitting, assignment)
    payload = {
        "room": room,
        "seats": rows * columns,
        "starts_at": instant_text(starts_at),
        "minutes": sitting.duration_minutes,
        "invigilators": sorted(str(item.pseudonym) for item in watchers),
    }
    record(ctx, competition, Event.SITTING_SCHEDULED, f"sitting/{code}", payload)
    return sitting


def assign_invigilator(
    ctx: ServiceContext, competition: Competition, sitting: Sitting, assignment: RoleAssignment
) -> None:
    """Let an invigilator of the competition watch a sitting; does nothing when it is so already.

    Once the written test has begun people are only added, and each one on record.

    Raises:
        NotAllowedError: `role_needed`, `not_an_invigilator`.
    """
    ctx.require(Role.ORGANISER, competition_id=competition.id)
    fits = (
        assignment.role is Role.INVIGILATOR
        and assignment.competition_id == competition.id
        and assignment.revoked_at is None
    )
    if not fits:
        raise NotAllowedError("not_an_invigilator")
    held = select(SittingInvigilator.id).where(
        SittingInvigilator.sitting_id == sitting.id, SittingInvigilator.assignment_id == assignment.id
    )
    if ctx.session.scalars(held).first() is None:
        ctx.session.add(SittingInvigilator(sitting_id=sitting.id, assignment_id=assignment.id))
        ctx.session.flush()
        if competition.state.has_reached(CompetitionState.WRITTEN):
            payload = {"invigilator": assignment.pseudonym}
            record(ctx, competition, Event.SITTING_CHANGED, f"sitting/{sitting.code}", payload)


def move_start(ctx: ServiceContext, competition: Competition, sitting: Sitting, *, starts_at: datetime) -> None:
    """Give a sitting another hour, before the written test begins.

    Raises:
        ConflictError: `sittings_frozen`, `sitting_started`.
        InvalidError: `start_in_the_past`.
        NotAllowedError: `role_needed`.
    """
    ctx.require(Role.ORGANISER, competition_id=competition.id)
    check_plannable(competition)
    locked = _locked(ctx, sitting.id)
    if locked.state is not SittingState.SCHEDULED or ctx.now >= locked.starts_at:
        raise ConflictError("sitting_started")
    if starts_at <= ctx.now:
        raise InvalidError("start_in_the_past", field="starts_at")
    locked.starts_at = starts_at
    payload = {"starts_at": instant_text(starts_at), "minutes": locked.duration_minutes}
    record(ctx, competition, Event.SITTING_SCHEDULED, f"sitting/{locked.code}", payload)


def start_sitting(ctx: ServiceContext, sitting_id: int, *, opens: bool = True) -> bool:
    """Open the paper to everyone in the sitting at one instant, whoever is logged in.

    `opens` False: the sitting starts and nobody's attempt is opened yet, because one of them fails and would hold all
    others; `open_left_behind` then opens each one alone.

    False: it runs already, or another process is starting it at this instant and this one may go on to the next.

    Raises:
        ConflictError: `sitting_not_due`; `written_not_begun`, `paper_not_opened`, or what is wrong with the certificate
            of the rehearsal (`rehearsal_missing` …): it stays planned and the board says why.
    """
    sitting = _found_free(ctx, sitting_id)
    if sitting is None or sitting.state is not SittingState.SCHEDULED:
        return False
    if ctx.now < sitting.starts_at:
        raise ConflictError("sitting_not_due")
    competition = _competition_of(ctx, sitting)
    identity = identity_of(ctx.settings)
    reasons = reasons_against_start(ctx.session, sitting, competition.state, identity=identity, now=ctx.now)
    if reasons:
        raise ConflictError(reasons[0].code, **reasons[0].params)
    papers, _without = opened_papers(ctx.session, sitting.id)
    frozen = {post_id: paper_from_data(paper.data) for post_id, paper in papers.items()}
    opened = [paper.opened_at for paper in papers.values() if paper.opened_at is not None]
    sitting.started_at = started_at_of(sitting.starts_at, ctx.now, papers_opened_at=opened)
    sitting.state = SITTING.after(sitting.state, SittingEvent.STARTED)
    set_recipient(ctx, competition, sitting)
    for attempt in list_attempts(ctx.session, sitting.id) if opens else ():
        if ATTEMPT.is_open(attempt.state, AttemptEvent.STARTED):
            paper = papers[attempt.candidacy.post_id]
            _open(ctx, competition, sitting, attempt, paper=paper, frozen=frozen[paper.post_id])
    payload = {"papers": {frozen[paper.post_id].post: paper.code for paper in papers.values()}}
    record(ctx, competition, Event.SITTING_STARTED, f"sitting/{sitting.code}", payload, actor="system")
    return True


def open_left_behind(ctx: ServiceContext, sitting_id: int, attempt_id: int) -> bool:
    """Open an attempt that the start of its sitting left behind; False when there is nothing to do any more.

    What it lost since the start is put before the invigilators, who give it back; until then it is not closed.

    Raises:
        NotFoundError: `seat_not_found` when no such attempt sits there.
    """
    sitting = _locked(ctx, sitting_id)
    attempt = lock_seat_of(ctx, sitting, attempt_id)
    is_left = sitting.state is SittingState.STARTED and ATTEMPT.is_open(attempt.state, AttemptEvent.STARTED)
    if sitting.started_at is None or not is_left:
        return False
    papers, _without = opened_papers(ctx.session, sitting.id)
    paper = papers[attempt.candidacy.post_id]
    _open(ctx, _competition_of(ctx, sitting), sitting, attempt, paper=paper, frozen=paper_from_data(paper.data))
    ctx.session.flush()
    propose(ctx.session, attempt.id, Stretch(sitting.started_at, ctx.now), cause=LEFT_BEHIND_CAUSE)
    return True


def _open(
    ctx: ServiceContext, competition: Competition, sitting: Sitting, attempt: Attempt, *, paper: Paper, frozen: Frozen
) -> None:
    """The paper in front of one candidate, in the order drawn for the seat, with the time approved beforehand."""
    seed = shuffle_seed(competition.code, sitting.code, attempt.seat, paper.paper_sha256)
    attempt.paper_id = paper.id
    attempt.shuffle_seed = seed.hex()
    attempt.option_orders = option_orders(frozen, seed)
    attempt.state = ATTEMPT.after(attempt.state, AttemptEvent.STARTED)
    apply_adjustments(ctx, sitting, attempt)


def close_overdue(ctx: ServiceContext) -> int:
    """Close attempts whose deadline and grace have passed, and sittings with nobody left; how much was done.

    Whoever an outage of the server touched is left until the lost time is decided, ten minutes at most.

    One call does a handful in one sitting, so that the database is free in between and nobody's seat is waited for
    while a log is held; call again until nothing is left.
    """
    for sitting_id in list_running(ctx.session):
        done = close_overdue_in(ctx, sitting_id)
        if done:
            return done
    return 0


def close_overdue_in(ctx: ServiceContext, sitting_id: int, *, attempt_id: int | None = None) -> int:
    """As `close_overdue` in one sitting; or that one attempt alone, without the sitting. How much was done."""
    sitting = _locked(ctx, sitting_id)
    if sitting.state is not SittingState.STARTED or sitting.started_at is None:
        return 0
    competition = _competition_of(ctx, sitting)
    # Sitting, attempts, log: everyone takes the locks in this order.
    working = lock_open_attempts(ctx, sitting)
    held = list_held(ctx.session, sitting.id, ctx.now)
    overdue = [item for item in working if item.id not in held and _is_to_close(sitting, item, ctx.now)]
    if attempt_id is not None:
        overdue = [item for item in overdue if item.id == attempt_id]
    done = 0
    for attempt in overdue[:CLOSED_AT_ONCE]:
        close_attempt(ctx, competition, sitting, attempt)
        working.remove(attempt)
        done += 1
    if not working and attempt_id is None and not waits_for_left_behind(ctx.session, sitting, ctx.now):
        for left in list_left_behind(ctx.session, sitting.id):
            left.state = ATTEMPT.after(left.state, AttemptEvent.FOUND_ABSENT)
        _close(ctx, competition, sitting)
        done += 1
    return done


def _close(ctx: ServiceContext, competition: Competition, sitting: Sitting) -> None:
    sitting.state = SITTING.after(sitting.state, SittingEvent.CLOSED)
    sitting.closed_at = ctx.now
    papers, _without = opened_papers(ctx.session, sitting.id)
    payload = {"papers": {paper.code.rpartition("-")[0]: paper.code for paper in papers.values()}}
    record(ctx, competition, Event.SITTING_CLOSED, f"sitting/{sitting.code}", payload, actor="system")


def _is_to_close(sitting: Sitting, attempt: Attempt, now: datetime) -> bool:
    assert sitting.started_at is not None  # noqa: S101 -- asked by the caller; tells the type checker
    deadline_at = deadline_of(sitting.started_at, sitting.duration_minutes, attempt.added_seconds)
    return is_to_close(now, deadline_at, sitting.grace_seconds, paused_at=attempt.paused_at)


def _locked(ctx: ServiceContext, sitting_id: int) -> Sitting:
    return ctx.session.scalars(
        select(Sitting).where(Sitting.id == sitting_id).with_for_update().execution_options(populate_existing=True)
    ).one()


def _found_free(ctx: ServiceContext, sitting_id: int) -> Sitting | None:
    """The sitting with its row locked; None while somebody else has it, so that several closers share a start."""
    return ctx.session.scalars(
        select(Sitting)
        .where(Sitting.id == sitting_id)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).one_or_none()


def _competition_of(ctx: ServiceContext, sitting: Sitting) -> Competition:
    return ctx.session.scalars(select(Competition).where(Competition.id == sitting.competition_id)).one()


def check_plannable(competition: Competition) -> None:
    """Refuse to plan sittings once the written test has begun.

    Raises:
        ConflictError: `sittings_frozen`.
    """
    if competition.state.has_reached(CompetitionState.WRITTEN):
        raise ConflictError("sittings_frozen")
