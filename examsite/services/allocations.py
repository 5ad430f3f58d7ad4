"""Who marks what: the draw of the two markers, and those whom the same draw names later (a third one, a substitute)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from examsite.domain.allocation import plan_marking, substitutes, third_marker
from examsite.domain.draws import draw_seed
from examsite.domain.errors import ConflictError, NotFoundError
from examsite.domain.events import Event
from examsite.domain.marking import BLIND_ROUND, SCRIPT_MACHINE, THIRD_ROUND, NeededAct, ScriptEvent, ScriptKind
from examsite.domain.permissions import Role
from examsite.domain.reasons import checked_reason
from examsite.domain.standardisation import mix_seeds
from examsite.services.context import ServiceContext
from examsite.services.draws import draw, prepare_draw
from examsite.services.marking_heads import require_head_of_scripts
from examsite.services.records import record
from examsite.services.rulesets import ruleset_of
from examsite.services.settling import check_marking_open, standing_for_head
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.competitions import Competition
from examsite.storage.models.marking import Allocation
from examsite.storage.queries.allocations import (
    Eligible,
    count_allocated,
    find_eligible,
    find_still,
    list_open_allocations,
    list_takers,
)
from examsite.storage.queries.codes import ALLOCATION
from examsite.storage.queries.conflicts import count_open_hints, count_undeclared
from examsite.storage.queries.draws import find_ceremony, find_draw_record
from examsite.storage.queries.marking import (
    ScriptStanding,
    count_third_allocations,
    find_last_position,
    find_marker,
    list_scripts,
)
from examsite.storage.queries.standardisation import list_agreed, missing_before_allocation


@dataclass(frozen=True)
class PassedOn:
    """What went to others as (script, marker) in drawn order, and the scripts for which nobody is left."""

    given: tuple[tuple[str, str], ...]
    waiting: tuple[str, ...]


def draw_allocation(ctx: ServiceContext, competition: Competition, *, without_seeds: str | None = None) -> int:
    """Give each script to two markers by one draw, each marker in an order of the own; how many scripts.

    Conflicts are looked up behind the codes and never shown. Agreed seeds are mixed into the queues by the same draw.

    Args:
        ctx: of the chair or a member of the council.
        competition: in marking.
        without_seeds: why scripts are given out although the rule set asks for more seeds than were agreed; recorded.

    Raises:
        ConflictError: `marking_not_open`, `allocation_already_drawn`, `hints_not_judged`, `markers_not_declared`,
            `markers_too_few`, `markers_in_conflict`, `seeds_too_few` without a reason, `markers_not_qualified`.
        InvalidError: `reason_missing`, `reason_too_long`.
        NotAllowedError: `role_needed`, `fresh_factor_needed`.

    Source: TT 22/2025/TT-BNV art. 16(2): two markers, independently of each other.
    """
    prepared = find_ceremony(ctx.session, competition.id, ALLOCATION)
    if prepared is not None and without_seeds is None:
        without_seeds = prepared.terms or None
    waived = _check_may_allocate(ctx, competition, without_seeds)
    scripts = {script.code: script for script in list_scripts(ctx.session, competition.id)}
    eligible = find_eligible(ctx.session, competition.id)
    # The list of a ceremony stands since it was set up: who joined since is not in it, who may not mark gets none.
    items = [*sorted(scripts), *sorted(eligible.markers)] if prepared is None else prepared.items
    markers = {name: held for name, held in eligible.markers.items() if name in items}
    held = draw(ctx, competition, ALLOCATION, items)
    plan = plan_marking(
        sorted(scripts),
        sorted(markers),
        seed=draw_seed(held.document),
        barred=eligible.barred,
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
                    round=BLIND_ROUND,
                    position=position,
                    allocated_at=ctx.now,
                )
            )
    for script in scripts.values():
        script.state = SCRIPT_MACHINE.after(script.state, ScriptEvent.ALLOCATED)
    payload: dict[str, object] = {
        "draw_seq": held.record_seq,
        "round": BLIND_ROUND,
        "orders": {pseudonym: list(order) for pseudonym, order in plan.orders.items()},
    }
    if queues != plan.orders:
        payload["queues"] = {pseudonym: list(order) for pseudonym, order in queues.items()}
    payload |= waived
    record(ctx, competition, Event.ALLOCATION_DRAWN, f"competition/{competition.code}", payload)
    return len(scripts)


def prepare_allocation_draw(ctx: ServiceContext, competition: Competition, *, without_seeds: str | None = None) -> None:
    """Set up the ceremony in which the council draws who marks what; a reason to go without seeds is kept for it.

    Raises:
        ConflictError: as `draw_allocation` and `prepare_draw`.
        InvalidError: `reason_missing`, `reason_too_long`.
        NotAllowedError: `role_needed`.
    """
    _check_may_allocate(ctx, competition, without_seeds)
    scripts = sorted(script.code for script in list_scripts(ctx.session, competition.id))
    markers = sorted(find_eligible(ctx.session, competition.id).markers)
    prepare_draw(ctx, competition, ALLOCATION, [*scripts, *markers], terms=without_seeds or "")


def _check_may_allocate(ctx: ServiceContext, competition: Competition, without_seeds: str | None) -> dict[str, object]:
    """Refuse an allocation for which something is missing; what is recorded when it goes without seeds."""
    ctx.require(Role.CHAIR, Role.COUNCIL_MEMBER, competition_id=competition.id)
    check_marking_open(competition)
    if find_draw_record(ctx.session, competition.id, ALLOCATION, Event.DRAW_HELD) is not None:
        raise ConflictError("allocation_already_drawn")
    waiting = count_open_hints(ctx.session, competition.id)
    if waiting:
        raise ConflictError("hints_not_judged", count=waiting)
    undeclared = count_undeclared(ctx.session, competition.id).get(Role.MARKER, 0)
    if undeclared:
        raise ConflictError("markers_not_declared", count=undeclared)
    return _check_standards(ctx, competition, without_seeds)


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
        NotAllowedError: as `require_head_of_scripts`.
        NotFoundError: `script_not_found`.

    Source: TT 22/2025/TT-BNV art. 16(2): a gap of ten points or more goes to a third marker.
    """
    standing = standing_for_head(ctx, competition, code)
    if standing is None or standing.standing.act is not NeededAct.THIRD_MARKER or standing.third_allocation:
        raise ConflictError("third_marker_not_due", script=code)
    held = find_draw_record(ctx.session, competition.id, ALLOCATION, Event.DRAW_HELD)
    if held is None:
        raise ConflictError("third_marker_not_due", script=code)
    eligible = find_eligible(ctx.session, competition.id)
    chosen = _third_of(ctx, competition, standing, eligible, held["document"])
    allocation = Allocation(
        script_id=standing.script.id,
        assignment_id=eligible.markers[chosen].id,
        round=THIRD_ROUND,
        position=find_last_position(ctx.session, eligible.markers[chosen].id) + 1,
        allocated_at=ctx.now,
    )
    ctx.session.add(allocation)
    payload = {"round": THIRD_ROUND, "script": code, "marker": chosen}
    record(ctx, competition, Event.ALLOCATION_DRAWN, f"competition/{competition.code}", payload)
    return allocation


def _third_of(
    ctx: ServiceContext,
    competition: Competition,
    standing: ScriptStanding,
    eligible: Eligible,
    document: Mapping[str, Any],
) -> str:
    code = standing.script.code
    taken = {str(row.assignment.pseudonym) for row in standing.script.allocations}
    there = sorted(eligible.markers)
    # Whoever joined after the draw is asked only when nobody in it is left: adding a marker must not move the outcome.
    drawn = [name for name in there if name in document["items"]]
    free = [name for name in drawn if name not in taken and (code, name) not in eligible.barred]
    return third_marker(
        code,
        drawn if free else there,
        taken=taken,
        seed=draw_seed(document),
        thirds=count_third_allocations(ctx.session, competition.id),
        barred=eligible.barred,
    )


def take_over_script(ctx: ServiceContext, competition: Competition, code: str, *, marker: str, reason: str) -> str:
    """Take one script that stands still from a marker and give it to whom the draw names; that pseudonym.

    The draft stays and counts nowhere. There is no way back: the marker never gets this script again. Only what the
    head's list names as standing still can be taken; of any other script the answer is the same, whether it is locked,
    just begun, not begun or not this marker's at all.

    Raises:
        ConflictError: `marking_not_open`, `allocation_not_open` unless it stands still there, `substitute_missing`.
        InvalidError: `reason_missing`, `reason_too_long`.
        NotAllowedError: as `require_head_of_scripts`.
        NotFoundError: `marker_not_found`.

    Source: our choice, because TT 22/2025/TT-BNV art. 16 wants two markers and says nothing of one who falls out.
    """
    require_head_of_scripts(ctx, competition)
    check_marking_open(competition)
    words = checked_reason(reason)
    person = _marker(ctx, competition, marker)
    rows = list_open_allocations(ctx.session, competition.id, person.id, code=code)
    if find_still(ctx.session, competition, code, marker=marker, now=ctx.now) is None:
        raise ConflictError("allocation_not_open", script=code, marker=marker)
    passed = pass_on(ctx, competition, person, rows, reason=words)
    if passed.waiting:
        raise ConflictError("substitute_missing")
    ((_code, taker),) = passed.given
    return taker


def _marker(ctx: ServiceContext, competition: Competition, pseudonym: str) -> RoleAssignment:
    found = find_marker(ctx.session, competition.id, pseudonym)
    if found is None:
        raise NotFoundError("marker_not_found", marker=pseudonym)
    return found


def pass_on(
    ctx: ServiceContext,
    competition: Competition,
    person: RoleAssignment,
    rows: Sequence[Allocation],
    *,
    reason: str,
    actor: str | None = None,
) -> PassedOn:
    """Withdraw these allocations, draw who goes on, and record both; a script nobody is left for stays as it is.

    For the acts of this layer, which have asked who may. `actor` is who is recorded where it is not who acts.

    Raises:
        ConflictError: `allocation_not_open` while nothing was drawn.
    """
    held = find_draw_record(ctx.session, competition.id, ALLOCATION, Event.DRAW_HELD)
    if held is None:
        raise ConflictError("allocation_not_open", script="–", marker=person.pseudonym)
    live = {row.script.code: row for row in rows if row.script.kind is ScriptKind.LIVE}
    takers = list_takers(ctx.session, [row.script_id for row in live.values()])
    eligible = find_eligible(ctx.session, competition.id)
    people = eligible.markers
    given = substitutes(
        {code: takers[row.script_id] for code, row in live.items()},
        [name for name in sorted(people) if name != person.pseudonym],
        seed=draw_seed(held["document"]),
        loads=count_allocated(ctx.session, competition.id),
        barred=eligible.barred,
    )
    named = {code for code, _name in given}
    waiting = tuple(sorted(code for code in live if code not in named))
    moved = [row for row in rows if row.script.kind is not ScriptKind.LIVE or row.script.code in named]
    if not moved:
        return PassedOn((), waiting)
    for row in moved:
        row.withdrawn_at = ctx.now
        row.reason = reason
    _allocate(ctx, given, live=live, people=people)
    payload = {
        "from": str(person.pseudonym),
        "reason": reason,
        "scripts": [{"script": code, "round": live[code].round, "to": name} for code, name in given],
    }
    record(ctx, competition, Event.ALLOCATION_CHANGED, f"competition/{competition.code}", payload, actor=actor)
    ctx.session.flush()
    return PassedOn(given, waiting)


def _allocate(
    ctx: ServiceContext,
    given: Iterable[tuple[str, str]],
    *,
    live: Mapping[str, Allocation],
    people: Mapping[str, RoleAssignment],
) -> None:
    """Put each script at the end of the queue of whoever goes on with it."""
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
