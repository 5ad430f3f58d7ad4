"""Who marks what: the draw of the two markers, and those whom the same draw names later (a third one, a substitute)."""

from __future__ import annotations

from collections.abc import Sequence

from examsite.domain.allocation import plan_marking, substitutes, third_marker
from examsite.domain.draws import draw_seed
from examsite.domain.errors import ConflictError, NotFoundError
from examsite.domain.events import Event
from examsite.domain.marking import SCRIPT_MACHINE, NeededAct, ScriptEvent, ScriptKind
from examsite.domain.permissions import Role
from examsite.domain.standardisation import StopCause, StopOutcome, mix_seeds
from examsite.services.context import ServiceContext
from examsite.services.draws import draw
from examsite.services.records import record
from examsite.services.rulesets import ruleset_of
from examsite.services.settling import check_marking_open, checked_reason, standing_for_head
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.competitions import Competition
from examsite.storage.models.marking import Allocation
from examsite.storage.models.standardisation import MarkerStop
from examsite.storage.queries.allocations import (
    count_allocated,
    find_still,
    list_open_allocations,
    list_takers,
    list_unavailable,
)
from examsite.storage.queries.codes import ALLOCATION, find_held_draw, list_barred
from examsite.storage.queries.conflicts import count_open_hints
from examsite.storage.queries.marking import (
    count_third_allocations,
    find_last_position,
    find_marker,
    list_markers,
    list_scripts,
)
from examsite.storage.queries.standardisation import list_agreed, missing_before_allocation


def draw_allocation(ctx: ServiceContext, competition: Competition, *, without_seeds: str | None = None) -> int:
    """Give each script to two markers by one draw, each marker in an order of the own; how many scripts.

    Conflicts are looked up behind the codes and never shown. Agreed seeds are mixed into the queues by the same draw.

    Args:
        ctx: of the chair or a member of the council.
        competition: in marking.
        without_seeds: why scripts are given out although the rule set asks for more seeds than were agreed; recorded.

    Raises:
        ConflictError: `marking_not_open`, `allocation_already_drawn`, `hints_not_judged`, `markers_too_few`,
            `markers_in_conflict`, `seeds_too_few` without a reason, `markers_not_qualified`.
        InvalidError: `reason_missing`, `comment_too_long`.
        NotAllowedError: `role_needed`.

    Source: TT 22/2025/TT-BNV art. 16(2): two markers, independently of each other.
    """
    ctx.require(Role.CHAIR, Role.COUNCIL_MEMBER, competition_id=competition.id)
    check_marking_open(competition)
    if find_held_draw(ctx.session, competition.id, ALLOCATION) is not None:
        raise ConflictError("allocation_already_drawn")
    waiting = count_open_hints(ctx.session, competition.id)
    if waiting:
        raise ConflictError("hints_not_judged", count=waiting)
    waived = _check_standards(ctx, competition, without_seeds)
    scripts = {script.code: script for script in list_scripts(ctx.session, competition.id)}
    markers = {str(row.pseudonym): row for row in list_markers(ctx.session, competition.id)}
    held = draw(ctx, competition, ALLOCATION, [*sorted(scripts), *sorted(markers)])
    plan = plan_marking(
        sorted(scripts),
        sorted(markers),
        seed=draw_seed(held.document),
        barred=list_barred(ctx.session, competition.id),
    )
    seeds = {row.script.code: row.script for row in list_agreed(ctx.session, competition.id, ScriptKind.SEED)}
    percent = ruleset_of(competition).seed_percent
    queues = mix_seeds(plan.orders, sorted(seeds), percent=percent, seed=draw_seed(held.document))
    queued = scripts | seeds
    for pseudonym, order in sorted(queues.items()):
        for position, code in enumerate(order, start=1):
            ctx.session.add(
                Allocation(
                    script_id=queued[code].id,
                    assignment_id=markers[pseudonym].id,
                    round=1,
                    position=position,
                    allocated_at=ctx.now,
                )
            )
    for script in scripts.values():
        script.state = SCRIPT_MACHINE.after(script.state, ScriptEvent.ALLOCATED)
    payload: dict[str, object] = {
        "draw_seq": held.record_seq,
        "round": 1,
        "orders": {pseudonym: list(order) for pseudonym, order in plan.orders.items()},
    }
    if queues != plan.orders:
        payload["queues"] = {pseudonym: list(order) for pseudonym, order in queues.items()}
    payload |= waived
    record(ctx, competition, Event.ALLOCATION_DRAWN, f"competition/{competition.code}", payload)
    return len(scripts)


def _check_standards(ctx: ServiceContext, competition: Competition, without_seeds: str | None) -> dict[str, object]:
    """Refuse what the checklist of the draw still misses; too few seeds may be waived, and what is recorded then."""
    missing = {row.code: row for row in missing_before_allocation(ctx.session, competition, ctx.now)}
    if "markers_not_qualified" in missing:
        raise ConflictError("markers_not_qualified", **missing["markers_not_qualified"].params)
    if "seeds_too_few" not in missing:
        return {}
    figures = missing["seeds_too_few"].params
    if without_seeds is None:
        raise ConflictError("seeds_too_few", **figures)
    return {"seeds_waived": {**figures, "reason": checked_reason(without_seeds)}}


def allocate_third(ctx: ServiceContext, competition: Competition, code: str) -> Allocation:
    """Give a script with a wide gap to the third marker whom the first draw names; nobody picks one.

    Raises:
        ConflictError: `marking_not_open`, `third_marker_not_due`, `third_marker_missing`.
        NotAllowedError: `role_needed`.
        NotFoundError: `script_not_found`.

    Source: TT 22/2025/TT-BNV art. 16(2): a gap of ten points or more goes to a third marker.
    """
    standing = standing_for_head(ctx, competition, code)
    if standing is None or standing.standing.act is not NeededAct.THIRD_MARKER or standing.third_allocation:
        raise ConflictError("third_marker_not_due", script=code)
    held = find_held_draw(ctx.session, competition.id, ALLOCATION)
    if held is None:
        raise ConflictError("third_marker_not_due", script=code)
    markers = {str(row.pseudonym): row for row in list_markers(ctx.session, competition.id)}
    taken = {str(row.assignment.pseudonym) for row in standing.script.allocations}
    away = list_unavailable(ctx.session, competition.id)
    there = [name for name in sorted(markers) if name not in away]
    # Whoever joined after the draw is asked only when nobody in it is left: adding a marker must not move the outcome.
    drawn = [name for name in there if name in held["document"]["items"]]
    barred = list_barred(ctx.session, competition.id)
    free = [name for name in drawn if name not in taken and (code, name) not in barred]
    chosen = third_marker(
        code,
        drawn if free else there,
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


def take_over_script(ctx: ServiceContext, competition: Competition, code: str, *, marker: str, reason: str) -> str:
    """Take one script that stands still from a marker and give it to whom the draw names; that pseudonym.

    The draft stays and counts nowhere. There is no way back: the marker never gets this script again. Only what the
    head's list names as standing still can be taken; of any other script the answer is the same, whether it is locked,
    just begun, not begun or not this marker's at all.

    Raises:
        ConflictError: `marking_not_open`, `allocation_not_open` unless it stands still there, `substitute_missing`.
        InvalidError: `reason_missing`, `comment_too_long`.
        NotAllowedError: `role_needed`.
        NotFoundError: `marker_not_found`.

    Source: our choice, because TT 22/2025/TT-BNV art. 16 wants two markers and says nothing of one who falls out.
    """
    ctx.require(Role.MARKING_HEAD, competition_id=competition.id)
    check_marking_open(competition)
    words = checked_reason(reason)
    person = _marker(ctx, competition, marker)
    rows = list_open_allocations(ctx.session, competition.id, person.id, code=code)
    if find_still(ctx.session, competition, code, marker=marker, now=ctx.now) is None:
        raise ConflictError("allocation_not_open", script=code, marker=marker)
    ((_code, taker),) = _pass_on(ctx, competition, person, rows, reason=words)
    return taker


def take_over_marker(ctx: ServiceContext, competition: Competition, marker: str, *, expected: int, reason: str) -> int:
    """Take everything that a marker has not locked and share it out by the draw; how many scripts went on.

    What the marker has locked stays as it is. From now on the draw passes this marker by. There is no way back.
    `expected` is the number of open scripts that the head was shown: the marker may have locked one since.

    Raises:
        ConflictError: `marking_not_open`, `takeover_outdated`, `marker_already_replaced`, `substitute_missing`.
        InvalidError: `reason_missing`, `comment_too_long`.
        NotAllowedError: `role_needed`.
        NotFoundError: `marker_not_found`.
    """
    ctx.require(Role.MARKING_HEAD, competition_id=competition.id)
    check_marking_open(competition)
    words = checked_reason(reason)
    person = _marker(ctx, competition, marker)
    rows = list_open_allocations(ctx.session, competition.id, person.id)
    count = sum(1 for row in rows if row.script.kind is ScriptKind.LIVE)
    if count != expected:
        raise ConflictError("takeover_outdated", marker=marker, count=count)
    away = list_unavailable(ctx.session, competition.id)
    if not rows and marker in away:
        raise ConflictError("marker_already_replaced", marker=marker)
    if marker not in away:
        ctx.session.add(
            MarkerStop(
                assignment_id=person.id,
                cause=str(StopCause.HEAD),
                stopped_at=ctx.now,
                stopped_by_id=ctx.actor.assignment_id,
                outcome=str(StopOutcome.REPLACED),
                reason=words,
                decided_at=ctx.now,
                decided_by_id=ctx.actor.assignment_id,
            )
        )
        ctx.session.flush()
    _pass_on(ctx, competition, person, rows, reason=words)
    return count


def _marker(ctx: ServiceContext, competition: Competition, pseudonym: str) -> RoleAssignment:
    found = find_marker(ctx.session, competition.id, pseudonym)
    if found is None:
        raise NotFoundError("marker_not_found", marker=pseudonym)
    return found


def _pass_on(
    ctx: ServiceContext, competition: Competition, person: RoleAssignment, rows: Sequence[Allocation], *, reason: str
) -> tuple[tuple[str, str], ...]:
    """Withdraw these allocations, draw who goes on, and record both; (script, marker) in drawn order."""
    held = find_held_draw(ctx.session, competition.id, ALLOCATION)
    if held is None:
        raise ConflictError("allocation_not_open", script="–", marker=person.pseudonym)
    live = {row.script.code: row for row in rows if row.script.kind is ScriptKind.LIVE}
    takers = list_takers(ctx.session, [row.script_id for row in live.values()])
    away = {*list_unavailable(ctx.session, competition.id), str(person.pseudonym)}
    people = {str(row.pseudonym): row for row in list_markers(ctx.session, competition.id)}
    given = substitutes(
        {code: takers[row.script_id] for code, row in live.items()},
        [name for name in sorted(people) if name not in away],
        seed=draw_seed(held["document"]),
        loads=count_allocated(ctx.session, competition.id),
        barred=list_barred(ctx.session, competition.id),
    )
    for row in rows:
        row.withdrawn_at = ctx.now
        row.reason = reason
    positions: dict[str, int] = {}
    for code, name in given:
        last = positions.get(name)
        positions[name] = 1 + (find_last_position(ctx.session, people[name].id) if last is None else last)
        ctx.session.add(
            Allocation(
                script_id=live[code].script_id,
                assignment_id=people[name].id,
                round=live[code].round,
                position=positions[name],
                allocated_at=ctx.now,
            )
        )
    payload = {
        "from": str(person.pseudonym),
        "reason": reason,
        "scripts": [{"script": code, "round": live[code].round, "to": name} for code, name in given],
    }
    record(ctx, competition, Event.ALLOCATION_CHANGED, f"competition/{competition.code}", payload)
    ctx.session.flush()
    return given
