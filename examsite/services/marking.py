"""Marking: drafts and locks. Who marks what stands in `allocations`, how marks become a score in `settling`.

A script with an agreed mark is drafted and locked like any other; its lock is a record of its own and settles nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from examsite.domain.appeals import is_remark, round_word
from examsite.domain.errors import ConflictError, InvalidError
from examsite.domain.events import Event
from examsite.domain.marking import (
    MARK_MACHINE,
    MarkEvent,
    MarkState,
    ScriptKind,
)
from examsite.domain.papers import Paper
from examsite.domain.permissions import Role
from examsite.domain.reasons import LONGEST_TEXT
from examsite.domain.rubrics import Points, Rubric, check_points, points_data, points_from_data, total
from examsite.domain.scores import score_text
from examsite.domain.scripts import plain_text
from examsite.services.context import ServiceContext
from examsite.services.marker_stops import check_may_mark, check_not_held, watch_markers
from examsite.services.records import record
from examsite.services.remarking import take_round, weigh_remarks
from examsite.services.settling import check_round_open, settle_script
from examsite.storage.models.competitions import Competition
from examsite.storage.models.marking import Allocation, Mark, Script
from examsite.storage.models.papers import RubricChange
from examsite.storage.queries.marking import WRITTEN, find_decision, get_script_for_update, lock_script
from examsite.storage.queries.queues import QUEUED, find_own_mark, get_own_allocation, read_own_work
from examsite.storage.queries.rubric_changes import frozen_paper, paper_with

#: Key of the comment on the whole script.
WHOLE = ""


@dataclass(frozen=True)
class OwnDraft:
    """A marker's allocation, its row locked, and the draft as it stands behind that lock."""

    allocation: Allocation
    mark: Mark | None
    #: Agreed changes of the rubric in their order; their number is the version of the rubric.
    changes: tuple[RubricChange, ...] = ()

    @property
    def paper(self) -> Paper:
        """The paper of the script as it reads now."""
        return paper_with(self.allocation.script.paper, self.changes)


def take_draft(ctx: ServiceContext, competition: Competition, code: str) -> OwnDraft:
    """Lock the marker's own draft of a script for an act on it; whether anything may be saved is not asked yet.

    Raises:
        NotAllowedError: `role_needed`, `marker_not_qualified`.
        NotFoundError: `script_not_found`, also for a script of others.
    """
    actor = ctx.require(Role.MARKER, competition_id=competition.id)
    allocation = get_own_allocation(ctx.session, competition.id, actor.assignment_id or 0, code, for_update=True)
    # Who marks anew was named by the council for it; the qualification is that of the first rounds.
    if allocation.script.kind in QUEUED and not is_remark(allocation.round):
        check_may_mark(ctx, competition, allocation.assignment_id)
    return OwnDraft(allocation, *read_own_work(ctx.session, allocation))


def save_draft(
    ctx: ServiceContext,
    competition: Competition,
    code: str,
    *,
    revision: int,
    points: Points,
    comments: Mapping[str, str],
    taken: OwnDraft | None = None,
    rubric: int | None = None,
) -> Mark:
    """Keep what the marker has so far; a criterion that is not in `points` is not marked yet.

    `revision` is the one that the page was made from: another page may have saved since. The comment on the whole
    stands under `WHOLE`. `taken` is the draft where this transaction has taken it already, to make its form. `rubric`
    is the version of the rubric that the page shows: points chosen by older words are not kept.

    Raises:
        ConflictError: `marking_not_open`, `mark_already_locked`, `rubric_changed`, `draft_changed_elsewhere`.
        InvalidError: a code of `check_points`; `comment_too_long`.
        NotAllowedError: `role_needed`, `marker_not_qualified`.
        NotFoundError: `script_not_found`, also for a script of others.
    """
    taken = taken or take_draft(ctx, competition, code)
    allocation, mark = taken.allocation, taken.mark
    check_round_open(ctx, competition, allocation.round)
    _check_rubric(taken, rubric)
    _check_draft(mark, revision)
    guide = frozen_paper(allocation.script.paper).rubric
    _check_points_so_far(guide, points)
    known = {criterion: plain_text(text).strip() for criterion, text in comments.items()}
    known = {criterion: text for criterion, text in known.items() if text}
    _check_comments(guide, known)
    if mark is None:
        mark = Mark(
            script_id=allocation.script_id,
            assignment_id=allocation.assignment_id,
            round=allocation.round,
            revision=0,
            points={},
            comments={},
            updated_at=ctx.now,
        )
        ctx.session.add(mark)
    elif mark.points == points_data(points) and mark.comments == known:
        return mark
    mark.points = points_data(points)
    mark.comments = known
    mark.revision += 1
    mark.updated_at = ctx.now
    ctx.session.flush()
    return mark


def lock_mark(
    ctx: ServiceContext, competition: Competition, code: str, *, revision: int, rubric: int | None = None
) -> Mark:
    """Lock the marker's own draft for good, record it, and let the ladder decide what follows.

    Raises:
        ConflictError: `marking_not_open`, `mark_already_locked`, `rubric_changed`, `draft_changed_elsewhere`,
            `marker_paused`.
        InvalidError: `points_missing` or another code of `check_points`.
        NotAllowedError: `role_needed`, `marker_not_qualified`.
        NotFoundError: `script_not_found`.
    """
    taken = take_draft(ctx, competition, code)
    allocation = taken.allocation
    check_round_open(ctx, competition, allocation.round)
    _check_rubric(taken, rubric)
    lock_script(ctx.session, competition.id, code)
    mark = find_own_mark(ctx.session, allocation)
    _check_draft(mark, revision)
    points = {} if mark is None else points_from_data(mark.points)
    check_points(frozen_paper(allocation.script.paper).rubric, points)
    if mark is None:
        raise ConflictError("draft_changed_elsewhere")
    if is_remark(mark.round):
        take_round(ctx, allocation, mark)
    _lock(ctx, competition, allocation.script, mark, points)
    if allocation.script.kind in QUEUED:
        # Behind the lock of the log, since another lock of the same marker may have paused them a moment ago.
        check_not_held(ctx, allocation.assignment_id)
    if is_remark(mark.round):
        weigh_remarks(ctx, competition, code)
    else:
        _follow_lock(ctx, competition, code)
    return mark


def _lock(ctx: ServiceContext, competition: Competition, script: Script, mark: Mark, points: Points) -> None:
    """The draft becomes a lock, with its record."""
    payload: dict[str, object] = {
        "part": WRITTEN,
        "round": round_word(mark.round),
        "content": script.content_sha256,
        "points": points_data(points),
        "total": score_text(total(points)),
    }
    mark.record_seq = _record_lock(ctx, competition, script, payload)
    mark.state = MARK_MACHINE.after(mark.state, MarkEvent.LOCKED)
    mark.total = total(points)
    mark.locked_at = ctx.now
    mark.updated_at = ctx.now
    ctx.session.flush()


def _follow_lock(ctx: ServiceContext, competition: Competition, code: str) -> None:
    """What a lock of the first rounds and of the third marker brings about: the ladder, and the watch over markers."""
    script = get_script_for_update(ctx.session, competition.id, code)
    if script.kind is ScriptKind.LIVE:
        try:
            settle_script(ctx, competition, script)
        except InvalidError as error:
            # A broken mark of somebody else is a fault of the program; its points are not this marker's to read.
            raise RuntimeError(f"script {code} cannot be settled: {error.code}") from None
    else:
        # The same reads as for a candidate's script, so that no lock is quicker than another.
        find_decision(ctx.session, script.id)
    if script.kind in QUEUED:
        watch_markers(ctx, competition)


def set_aside(mark: Mark, *, now: datetime) -> None:
    """Let a mark on a script with an agreed mark count no more, so that it is marked anew."""
    if mark.state is MarkState.LOCKED:
        mark.state = MARK_MACHINE.after(mark.state, MarkEvent.WITHDRAWN)
        mark.updated_at = now


def _record_lock(ctx: ServiceContext, competition: Competition, script: Script, payload: dict[str, object]) -> int:
    """The record of a lock. One on a script with an agreed mark names the competition: no candidate stands behind."""
    if script.kind is ScriptKind.LIVE:
        return record(ctx, competition, Event.MARK_LOCKED, f"script/{script.code}", payload)
    named = {"script": script.code, "kind": str(script.kind), **payload}
    return record(ctx, competition, Event.STANDARD_MARKED, f"competition/{competition.code}", named)


def _check_rubric(taken: OwnDraft, shown: int | None) -> None:
    """Refuse what was made from a page with older words of the rubric; which criteria read anew since then."""
    newer = [] if shown is None else taken.changes[shown:]
    if newer:
        raise ConflictError("rubric_changed", criterion=", ".join(sorted({change.criterion for change in newer})))


def _check_draft(mark: Mark | None, revision: int) -> None:
    if mark is not None and mark.state is not MarkState.DRAFT:
        raise ConflictError("mark_already_locked")
    if revision != (0 if mark is None else mark.revision):
        raise ConflictError("draft_changed_elsewhere")


def _check_points_so_far(rubric: Rubric, points: Points) -> None:
    """As `check_points`, for the criteria marked so far; nobody marks what is the system's."""
    known = {criterion.criterion for criterion in rubric.human}
    unknown = sorted(set(points) - known)
    if unknown:
        raise InvalidError("criterion_unknown", criterion=unknown[0])
    marked = tuple(criterion for criterion in rubric.human if criterion.criterion in points)
    check_points(replace(rubric, criteria=marked), points)


def _check_comments(rubric: Rubric, comments: Mapping[str, str]) -> None:
    known = {WHOLE, *(criterion.criterion for criterion in rubric.human)}
    for criterion, text in comments.items():
        if criterion not in known:
            raise InvalidError("criterion_unknown", criterion=criterion)
        if len(text) > LONGEST_TEXT:
            raise InvalidError("comment_too_long", criterion=criterion, limit=LONGEST_TEXT)
