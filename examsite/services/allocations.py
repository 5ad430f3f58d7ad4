"""Who marks what: the draw of the two markers, and the third one whom the same draw names."""

from __future__ import annotations

from examsite.domain.allocation import plan_marking, third_marker
from examsite.domain.draws import draw_seed
from examsite.domain.errors import ConflictError
from examsite.domain.events import Event
from examsite.domain.marking import SCRIPT_MACHINE, NeededAct, ScriptEvent
from examsite.domain.permissions import Role
from examsite.services.context import ServiceContext
from examsite.services.draws import draw
from examsite.services.records import record
from examsite.services.settling import check_marking_open, standing_for_head
from examsite.storage.models.competitions import Competition
from examsite.storage.models.marking import Allocation
from examsite.storage.queries.codes import ALLOCATION, find_held_draw, list_barred
from examsite.storage.queries.marking import count_third_allocations, find_last_position, list_markers, list_scripts


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
