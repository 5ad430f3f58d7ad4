"""Marking: who marks what, drafts, locks, and how two blind marks become one score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from examsite.domain.allocation import plan_marking, third_marker
from examsite.domain.competitions import CompetitionState
from examsite.domain.draws import draw_seed
from examsite.domain.errors import ConflictError, InvalidError
from examsite.domain.events import Event
from examsite.domain.marking import (
    MARK_MACHINE,
    SCRIPT_MACHINE,
    MarkEvent,
    MarkState,
    NeededAct,
    ScriptEvent,
    ScriptState,
    check_score_in_range,
)
from examsite.domain.marking import Settlement as Standing
from examsite.domain.papers import paper_from_data
from examsite.domain.permissions import Role
from examsite.domain.rubrics import Points, Rubric, check_points, points_data, total
from examsite.domain.scores import ZERO, Score, score, score_text
from examsite.domain.scripts import plain_text
from examsite.services.context import ServiceContext
from examsite.services.draws import draw
from examsite.services.records import record
from examsite.storage.models.competitions import Competition
from examsite.storage.models.marking import Allocation, Mark, Script, Settlement
from examsite.storage.queries.codes import ALLOCATION, find_held_draw, list_barred
from examsite.storage.queries.marking import (
    WRITTEN,
    ScriptStanding,
    count_third_allocations,
    find_decision,
    find_last_position,
    find_own_mark,
    get_own_allocation,
    get_script_for_update,
    list_markers,
    list_scripts,
    lock_script,
    standing_of,
    written_part,
)

#: Longest comment or reason. Unit: characters.
LONGEST_TEXT = 4000

#: Key of the comment on the whole script.
WHOLE = ""


def draw_allocation(ctx: ServiceContext, competition: Competition) -> int:
    """Give each script to two markers by one draw, each marker in an order of the own; how many scripts.

    Conflicts are looked up behind the codes and never shown.

    Raises:
        ConflictError: `marking_not_open`, `allocation_already_drawn`, `markers_too_few`, `markers_in_conflict`.
        NotAllowedError: `role_needed`.

    Source: TT 22/2025/TT-BNV art. 16(2): two markers, independently of each other.
    """
    ctx.require(Role.CHAIR, Role.COUNCIL_MEMBER, competition_id=competition.id)
    check_marking_open(competition)
    if find_held_draw(ctx.session, competition.id, ALLOCATION) is not None:
        raise ConflictError("allocation_already_drawn")
    scripts = {script.code: script for script in list_scripts(ctx.session, competition.id)}
    markers = {str(row.pseudonym): row for row in list_markers(ctx.session, competition.id)}
    held = draw(ctx, competition, ALLOCATION, [*sorted(scripts), *sorted(markers)])
    plan = plan_marking(
        sorted(scripts),
        sorted(markers),
        seed=draw_seed(held.document),
        barred=list_barred(ctx.session, competition.id),
    )
    for pseudonym, order in sorted(plan.orders.items()):
        for position, code in enumerate(order, start=1):
            ctx.session.add(
                Allocation(
                    script_id=scripts[code].id,
                    assignment_id=markers[pseudonym].id,
                    round=1,
                    position=position,
                    allocated_at=ctx.now,
                )
            )
    for script in scripts.values():
        script.state = SCRIPT_MACHINE.after(script.state, ScriptEvent.ALLOCATED)
    payload = {
        "draw_seq": held.record_seq,
        "round": 1,
        "orders": {pseudonym: list(order) for pseudonym, order in plan.orders.items()},
    }
    record(ctx, competition, Event.ALLOCATION_DRAWN, f"competition/{competition.code}", payload)
    return len(scripts)


def save_draft(
    ctx: ServiceContext,
    competition: Competition,
    code: str,
    *,
    revision: int,
    points: Points,
    comments: Mapping[str, str],
) -> Mark:
    """Keep what the marker has so far; a criterion that is not in `points` is not marked yet.

    `revision` is the one that the page was made from: another page may have saved since. The comment on the whole
    stands under `WHOLE`.

    Raises:
        ConflictError: `marking_not_open`, `mark_already_locked`, `draft_changed_elsewhere`.
        InvalidError: a code of `check_points`; `comment_too_long`.
        NotAllowedError: `role_needed`.
        NotFoundError: `script_not_found`, also for a script of others.
    """
    allocation = _own_allocation(ctx, competition, code)
    mark = find_own_mark(ctx.session, allocation)
    _check_draft(mark, revision)
    rubric = paper_from_data(allocation.script.paper.data).rubric
    _check_points_so_far(rubric, points)
    known = {criterion: plain_text(text).strip() for criterion, text in comments.items()}
    known = {criterion: text for criterion, text in known.items() if text}
    _check_comments(rubric, known)
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


def lock_mark(ctx: ServiceContext, competition: Competition, code: str, *, revision: int) -> Mark:
    """Lock the marker's own draft for good, record it, and let the ladder decide what follows.

    Raises:
        ConflictError: `marking_not_open`, `mark_already_locked`, `draft_changed_elsewhere`.
        InvalidError: `points_missing` or another code of `check_points`.
        NotAllowedError: `role_needed`.
        NotFoundError: `script_not_found`.
    """
    allocation = _own_allocation(ctx, competition, code)
    lock_script(ctx.session, competition.id, code)
    mark = find_own_mark(ctx.session, allocation)
    _check_draft(mark, revision)
    rubric = paper_from_data(allocation.script.paper.data).rubric
    points = {} if mark is None else _points_of(mark)
    check_points(rubric, points)
    if mark is None:
        raise ConflictError("draft_changed_elsewhere")
    payload = {
        "part": WRITTEN,
        "round": mark.round,
        "content": allocation.script.content_sha256,
        "points": points_data(points),
        "total": score_text(total(points)),
    }
    mark.record_seq = record(ctx, competition, Event.MARK_LOCKED, f"script/{code}", payload)
    mark.state = MARK_MACHINE.after(mark.state, MarkEvent.LOCKED)
    mark.total = total(points)
    mark.locked_at = ctx.now
    mark.updated_at = ctx.now
    ctx.session.flush()
    settle_script(ctx, competition, get_script_for_update(ctx.session, competition.id, code))
    return mark


def allocate_third(ctx: ServiceContext, competition: Competition, code: str) -> Allocation:
    """Give a script with a wide gap to the third marker whom the first draw names; nobody picks one.

    Raises:
        ConflictError: `marking_not_open`, `third_marker_not_due`, `third_marker_missing`.
        NotAllowedError: `role_needed`.
        NotFoundError: `script_not_found`.

    Source: TT 22/2025/TT-BNV art. 16(2): a gap of ten points or more goes to a third marker.
    """
    standing = _standing(ctx, competition, code)
    if standing is None or standing.standing.act is not NeededAct.THIRD_MARKER or standing.third_allocation:
        raise ConflictError("third_marker_not_due", script=code)
    held = find_held_draw(ctx.session, competition.id, ALLOCATION)
    if held is None:
        raise ConflictError("third_marker_not_due", script=code)
    markers = {str(row.pseudonym): row for row in list_markers(ctx.session, competition.id)}
    taken = {str(row.assignment.pseudonym) for row in standing.script.allocations}
    # Whoever joined after the draw is asked only when nobody in it is left: adding a marker must not move the outcome.
    drawn = [name for name in sorted(markers) if name in held["document"]["items"]]
    barred = list_barred(ctx.session, competition.id)
    free = [name for name in drawn if name not in taken and (code, name) not in barred]
    chosen = third_marker(
        code,
        drawn if free else sorted(markers),
        taken=taken,
        seed=draw_seed(held["document"]),
        thirds=count_third_allocations(ctx.session, competition.id),
        barred=barred,
    )
    allocation = Allocation(
        script_id=standing.script.id,
        assignment_id=markers[chosen].id,
        round=2,
        position=find_last_position(ctx.session, markers[chosen].id) + 1,
        allocated_at=ctx.now,
    )
    ctx.session.add(allocation)
    payload = {"round": 2, "script": code, "marker": chosen}
    record(ctx, competition, Event.ALLOCATION_DRAWN, f"competition/{competition.code}", payload)
    return allocation


def decide_settlement(
    ctx: ServiceContext, competition: Competition, code: str, *, decided: Score, reason: str
) -> Settlement:
    """Set the score of a script on a rung where the head decides, after talking or by collective marking.

    Raises:
        ConflictError: `marking_not_open`, `decision_not_due`.
        InvalidError: `score_out_of_range`, `reason_missing`, `comment_too_long`.
        NotAllowedError: `role_needed`.
        NotFoundError: `script_not_found`.

    Source: TT 22/2025/TT-BNV art. 16(2).
    """
    standing = _standing(ctx, competition, code)
    if standing is None or standing.standing.act not in (NeededAct.HEAD_DISCUSSES, NeededAct.HEAD_DECIDES_COLLECTIVE):
        raise ConflictError("decision_not_due", script=code)
    check_score_in_range(written_part(competition), decided)
    words = plain_text(reason).strip()
    if not words:
        raise InvalidError("reason_missing", field="reason")
    if len(words) > LONGEST_TEXT:
        raise InvalidError("comment_too_long", limit=LONGEST_TEXT)
    step = str(standing.standing.step)
    payload = {"part": WRITTEN, "step": step, "score": score_text(decided), "reason": words}
    seq = record(ctx, competition, Event.SETTLEMENT_DECIDED, f"script/{code}", payload)
    settlement = Settlement(
        script_id=standing.script.id,
        step=step,
        score=decided,
        reason=words,
        assignment_id=ctx.actor.assignment_id,
        decided_at=ctx.now,
        record_seq=seq,
    )
    ctx.session.add(settlement)
    ctx.session.flush()
    settle_script(ctx, competition, standing.script, decision=settlement)
    return settlement


def acknowledge_straddle(ctx: ServiceContext, competition: Competition, code: str) -> None:
    """Say, as head, that two close marks on the two sides of the pass mark were seen; their mean stands.

    Raises:
        ConflictError: `marking_not_open`, `straddle_not_due`.
        NotAllowedError: `role_needed`.
        NotFoundError: `script_not_found`.
    """
    standing = _standing(ctx, competition, code)
    if standing is None or not standing.straddle_unseen:
        raise ConflictError("straddle_not_due", script=code)
    known = standing.standing
    payload = {"part": WRITTEN, "step": str(known.step), "score": score_text(known.score or ZERO)}
    record(ctx, competition, Event.STRADDLE_SEEN, f"script/{code}", payload)
    standing.script.straddle_seen_at = ctx.now
    ctx.session.flush()


def check_marking_open(competition: Competition) -> None:
    """Refuse every act of marking outside its time.

    Raises:
        ConflictError: `marking_not_open`.
    """
    if competition.state is not CompetitionState.MARKING:
        raise ConflictError("marking_not_open")


def _own_allocation(ctx: ServiceContext, competition: Competition, code: str) -> Allocation:
    actor = ctx.require(Role.MARKER, competition_id=competition.id)
    check_marking_open(competition)
    return get_own_allocation(ctx.session, competition.id, actor.assignment_id or 0, code, for_update=True)


def _standing(ctx: ServiceContext, competition: Competition, code: str) -> ScriptStanding | None:
    ctx.require(Role.MARKING_HEAD, competition_id=competition.id)
    check_marking_open(competition)
    script = get_script_for_update(ctx.session, competition.id, code)
    paper = paper_from_data(script.paper.data)
    return standing_of(written_part(competition), script, paper, find_decision(ctx.session, script.id))


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


def _points_of(mark: Mark) -> dict[str, Score]:
    return {criterion: score(given) for criterion, given in mark.points.items()}


def settle_script(
    ctx: ServiceContext, competition: Competition, script: Script, *, decision: Settlement | None = None
) -> None:
    """Move the script to where its marks and the decision have brought it.

    A settled script stays as it is: a third mark that is locked after the first two came together changes nothing.
    """
    if script.state is ScriptState.SETTLED:
        return
    paper = paper_from_data(script.paper.data)
    known = decision or find_decision(ctx.session, script.id)
    found = standing_of(written_part(competition), script, paper, known)
    if found is None:
        return
    if found.is_settled:
        _stand(ctx, script, found.standing, decided=decision is not None)
    elif script.state is ScriptState.MARKING:
        script.state = SCRIPT_MACHINE.after(script.state, ScriptEvent.MARKS_DIFFERED)
    ctx.session.flush()


def _stand(ctx: ServiceContext, script: Script, standing: Standing, *, decided: bool) -> None:
    event = ScriptEvent.GAP_DECIDED if decided else ScriptEvent.MARKS_AGREED
    script.state = SCRIPT_MACHINE.after(script.state, event)
    script.score = standing.score
    script.step = str(standing.step)
    script.settled_at = ctx.now
