"""Pausing a marker: by the watch over drift after each lock, or by the head, who decides what follows.

A pause changes no mark. What a replaced marker locked since the last good seed is named, and withdrawn mark by mark in
the usual way of two people; what is open goes to others by the draw.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import mean
from typing import TYPE_CHECKING

from examsite.domain.errors import ConflictError, NotAllowedError, NotFoundError
from examsite.domain.events import Event
from examsite.domain.marking import ScriptKind
from examsite.domain.reasons import checked_reason
from examsite.domain.standardisation import StopCause, StopOutcome
from examsite.services import allocations
from examsite.services.context import ServiceContext
from examsite.services.marker_alarms import answer_by_stop, figures_of, name_markers
from examsite.services.marking_heads import require_head_of_scripts
from examsite.services.records import record
from examsite.services.settling import check_marking_open
from examsite.storage.models.competitions import Competition
from examsite.storage.models.marking import MarkWithdrawal
from examsite.storage.models.standardisation import MarkerStop
from examsite.storage.queries.allocations import list_open_allocations
from examsite.storage.queries.codes import ALLOCATION
from examsite.storage.queries.draws import find_draw_record
from examsite.storage.queries.marking import find_marker, written_part
from examsite.storage.queries.marking_statistics import (
    LockedMark,
    checks_of,
    count_queues,
    list_locked_marks,
    list_new_beginnings,
    list_watched_marks,
)
from examsite.storage.queries.standardisation import find_hold, get_stop, is_qualified
from examsite.storage.queries.withdrawals import list_open_withdrawals_of

if TYPE_CHECKING:
    from examsite.statistics.drift import DriftWatch

#: Locked marks from which on the watch looks at seeds. Source: our choice, because fewer tell nothing of anybody.
LEAST_MARKS = 12
#: Locked marks from which on it compares markers with each other. Source: our choice, because on a small board a few
#: scripts on which two markers differ look like a move of one of them; wide gaps go to the head there anyhow.
LEAST_MARKS_FOR_DRIFT = 40


@dataclass(frozen=True)
class Replacement:
    """What followed from replacing a marker: marks that wait for the chair, scripts that went to others.

    `waiting` are the open scripts for which nobody is left; they stay in the list of scripts without a marker.
    """

    withdrawals: int
    passed_on: int
    waiting: tuple[str, ...]


def check_may_mark(ctx: ServiceContext, competition: Competition, assignment_id: int) -> None:
    """Refuse the queue to a marker whom the rule set wants qualified first, and who is not.

    Raises:
        NotAllowedError: `marker_not_qualified`.
    """
    if not is_qualified(ctx.session, competition, assignment_id):
        raise NotAllowedError("marker_not_qualified")


def check_not_held(ctx: ServiceContext, assignment_id: int) -> None:
    """Refuse the lock of a marker who is paused or replaced; drafts may still be kept.

    Raises:
        ConflictError: `marker_paused`.
    """
    if find_hold(ctx.session, assignment_id) is not None:
        raise ConflictError("marker_paused")


def watch_markers(ctx: ServiceContext, competition: Competition) -> MarkerStop | None:
    """Look, after a lock, whether anybody has moved away from their own level; pause the one who locked if they have.

    Nobody is paused by the lock of somebody else: a move that shows there stops its marker at the own next lock. Where
    it is not known which of two people moved, or nothing is left to lock, the head is told and nobody is paused.
    Asked after every lock alike, of a candidate's script or a seed, so that the answer takes the same time.
    """
    marks = list_watched_marks(ctx.session, competition.id)
    queues = count_queues(ctx.session, competition.id)
    if len(marks) < LEAST_MARKS:
        return None
    from examsite.statistics.drift import TOLERANCE_SEEDS, watch_drift  # noqa: PLC0415 - numbers only when needed

    checks = checks_of(marks, list_new_beginnings(ctx.session, competition.id))
    watches = watch_drift(checks, queues=queues)
    people = {mark.marker: mark.assignment_id for mark in marks}
    if len(marks) >= LEAST_MARKS_FOR_DRIFT:
        _name_moved(ctx, competition, watches, people)
    own = str(ctx.actor.pseudonym)
    watch = watches.get(own)
    if watch is None:
        return None
    alarm = watch.alarm if len(marks) >= LEAST_MARKS_FOR_DRIFT else None
    is_moved = alarm is not None and alarm.is_certain
    if not is_moved and not watch.out_of_tolerance:
        return None
    if find_hold(ctx.session, people[own]) is not None:
        return None
    figures: dict[str, object] = {"strain": f"{watch.strain:.2f}", "seeds": [f"{error:.2f}" for error in watch.seeds]}
    if alarm is not None and is_moved:
        figures |= figures_of(alarm)
    else:
        figures["mean_error"] = f"{mean(watch.seeds[-TOLERANCE_SEEDS:]):.2f}"
    cause = StopCause.DRIFT if is_moved else StopCause.TOLERANCE
    return _stop(ctx, competition, own, people[own], cause=cause, figures=figures, actor="system")


def stop_marker(ctx: ServiceContext, competition: Competition, pseudonym: str, *, reason: str) -> MarkerStop:
    """Pause a marker by hand, as head, with a reason.

    Raises:
        ConflictError: `marking_not_open`, `marker_paused`.
        InvalidError: `reason_missing`, `reason_too_long`.
        NotAllowedError: as `require_head_of_scripts`.
        NotFoundError: `marker_not_found`.
    """
    require_head_of_scripts(ctx, competition)
    check_marking_open(competition)
    person = find_marker(ctx.session, competition.id, pseudonym)
    if person is None:
        raise NotFoundError("marker_not_found", marker=pseudonym)
    check_not_held(ctx, person.id)
    words = checked_reason(reason)
    stop = _stop(ctx, competition, pseudonym, person.id, cause=StopCause.HEAD, figures={"reason": words}, actor=None)
    answer_by_stop(ctx, competition, pseudonym, reason=words)
    return stop


def resume_marker(ctx: ServiceContext, competition: Competition, stop_id: int, *, reason: str) -> MarkerStop:
    """Let a paused marker go on, as head; from here on the marker is watched anew.

    Raises:
        ConflictError: `marking_not_open`, `stop_already_decided`.
        InvalidError: `reason_missing`, `reason_too_long`.
        NotAllowedError: as `require_head_of_scripts`.
        NotFoundError: `stop_not_found`.
    """
    stop = _open_stop(ctx, competition, stop_id)
    _decide(ctx, competition, stop, StopOutcome.RESUMED, reason=checked_reason(reason), scripts=[])
    return stop


def replace_marker(ctx: ServiceContext, competition: Competition, stop_id: int, *, reason: str) -> Replacement:
    """Give the work of a paused marker to others, as head.

    What is open goes on by the draw at once, where there is somebody for it. What was locked since the last good seed
    is asked to be withdrawn; the council has the second word on each mark, and until then it counts as it was locked.

    Raises:
        ConflictError: `marking_not_open`, `stop_already_decided`.
        InvalidError: `reason_missing`, `reason_too_long`.
        NotAllowedError: as `require_head_of_scripts`.
        NotFoundError: `stop_not_found`.
    """
    stop = _open_stop(ctx, competition, stop_id)
    words = checked_reason(reason)
    doubtful = list_doubtful(ctx, competition, stop)
    known = list_open_withdrawals_of(ctx.session, [mark.mark_id for mark in doubtful])
    wishes = [
        MarkWithdrawal(
            mark_id=mark.mark_id, reason=words, requested_by_id=ctx.actor.assignment_id, requested_at=ctx.now
        )
        for mark in doubtful
        if mark.mark_id not in known
    ]
    ctx.session.add_all(wishes)
    _decide(ctx, competition, stop, StopOutcome.REPLACED, reason=words, scripts=[mark.script for mark in doubtful])
    rows = list_open_allocations(ctx.session, competition.id, stop.assignment_id)
    if not rows or find_draw_record(ctx.session, competition.id, ALLOCATION, Event.DRAW_HELD) is None:
        return Replacement(len(wishes), 0, ())
    passed = allocations.pass_on(ctx, competition, stop.assignment, rows, reason=words)
    return Replacement(len(wishes), len(passed.given), passed.waiting)


def take_over_marker(
    ctx: ServiceContext, competition: Competition, pseudonym: str, *, expected: int, reason: str
) -> Replacement:
    """Replace a marker who is not paused, as head: everything open goes to others by the draw, no lock is doubted.

    On the record it is a pause that is decided at once. Of one who is replaced already, what still waits goes on as
    far as there is somebody by now. `expected` is the number of open scripts that the head was shown: the marker may
    have locked one since.

    Raises:
        ConflictError: `marking_not_open`, `takeover_outdated`, `marker_stop_waits` while a pause waits for its
            decision, `marker_already_replaced` when nothing waits, `substitute_missing` when nothing can go on.
        InvalidError: `reason_missing`, `reason_too_long`.
        NotAllowedError: as `require_head_of_scripts`.
        NotFoundError: `marker_not_found`.
    """
    require_head_of_scripts(ctx, competition)
    check_marking_open(competition)
    words = checked_reason(reason)
    person = find_marker(ctx.session, competition.id, pseudonym)
    if person is None:
        raise NotFoundError("marker_not_found", marker=pseudonym)
    hold = find_hold(ctx.session, person.id)
    if hold is not None and hold.decided_at is None:
        raise ConflictError("marker_stop_waits", marker=pseudonym)
    rows = list_open_allocations(ctx.session, competition.id, person.id)
    count = sum(1 for row in rows if row.script.kind is ScriptKind.LIVE)
    if count != expected:
        raise ConflictError("takeover_outdated", marker=pseudonym, count=count)
    if hold is not None and not rows:
        raise ConflictError("marker_already_replaced", marker=pseudonym)
    if hold is None:
        figures = {"reason": words}
        made = _stop(ctx, competition, pseudonym, person.id, cause=StopCause.HEAD, figures=figures, actor=None)
        answer_by_stop(ctx, competition, pseudonym, reason=words)
        stop = get_stop(ctx.session, competition.id, made.id)
        _decide(ctx, competition, stop, StopOutcome.REPLACED, reason=words, scripts=[])
    passed = allocations.pass_on(ctx, competition, person, rows, reason=words) if rows else allocations.PassedOn((), ())
    if passed.waiting and not passed.given:
        raise ConflictError("substitute_missing")
    return Replacement(0, len(passed.given), passed.waiting)


def list_doubtful(ctx: ServiceContext, competition: Competition, stop: MarkerStop) -> list[LockedMark]:
    """What a paused marker locked on candidates' scripts since the last good seed, or since the move began if earlier.

    Without any good seed it is everything. A seed was marked well as far from the agreed mark as two marks may lie
    apart and still be averaged by the rule set.
    """
    good_within = written_part(competition).mean_at_most
    own = [mark for mark in list_locked_marks(ctx.session, competition.id) if mark.assignment_id == stop.assignment_id]
    since = int(stop.figures.get("since", 0)) or None
    good = 0
    for mark in own:
        if mark.kind is not ScriptKind.SEED or mark.error is None:
            continue
        if abs(mark.error) <= good_within and (since is None or mark.number < since):
            good = mark.number
    return [mark for mark in own if mark.kind is ScriptKind.LIVE and mark.number > good]


def _name_moved(
    ctx: ServiceContext, competition: Competition, watches: Mapping[str, DriftWatch], people: Mapping[str, int]
) -> None:
    """Tell the head of moves that pause nobody."""
    for marker, watch in watches.items():
        alarm = watch.alarm
        if alarm is None or any(find_hold(ctx.session, people[name]) for name in (marker, *alarm.rivals)):
            continue
        named = {name: watches[name].alarm for name in (marker, *alarm.rivals)}
        moves = {name: move for name, move in named.items() if move is not None}
        if alarm.is_certain and marker == ctx.actor.pseudonym:
            continue
        if alarm.rivals or not list_open_allocations(ctx.session, competition.id, people[marker]):
            name_markers(ctx, competition, moves)


def _open_stop(ctx: ServiceContext, competition: Competition, stop_id: int) -> MarkerStop:
    require_head_of_scripts(ctx, competition)
    check_marking_open(competition)
    stop = get_stop(ctx.session, competition.id, stop_id, for_update=True)
    if stop.decided_at is not None:
        raise ConflictError("stop_already_decided", marker=stop.assignment.pseudonym)
    return stop


def _stop(
    ctx: ServiceContext,
    competition: Competition,
    marker: str,
    assignment_id: int,
    *,
    cause: StopCause,
    figures: Mapping[str, object],
    actor: str | None,
) -> MarkerStop:
    payload = {"marker": marker, "cause": str(cause), "figures": dict(figures)}
    seq = record(ctx, competition, Event.MARKER_STOPPED, f"competition/{competition.code}", payload, actor=actor)
    stop = MarkerStop(
        assignment_id=assignment_id,
        cause=cause,
        figures=dict(figures),
        stopped_at=ctx.now,
        stopped_seq=seq,
        stopped_by_id=None if actor == "system" else ctx.actor.assignment_id,
    )
    ctx.session.add(stop)
    ctx.session.flush()
    return stop


def _decide(
    ctx: ServiceContext,
    competition: Competition,
    stop: MarkerStop,
    outcome: StopOutcome,
    *,
    reason: str,
    scripts: list[str],
) -> None:
    payload = {"marker": stop.assignment.pseudonym, "outcome": str(outcome), "reason": reason, "scripts": scripts}
    stop.record_seq = record(ctx, competition, Event.MARKER_DECIDED, f"competition/{competition.code}", payload)
    stop.outcome = outcome
    stop.reason = reason
    stop.decided_at = ctx.now
    stop.decided_by_id = ctx.actor.assignment_id
    ctx.session.flush()
