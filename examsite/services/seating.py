"""Who sits where: seats given out over all sittings, as the council drew them or row by row.

Candidates take the seats in the order of their numbers. It may be done anew until the written test begins.
"""

from __future__ import annotations

from sqlalchemy import delete

from examsite.domain.draw_ceremonies import DrawKind
from examsite.domain.errors import ConflictError
from examsite.domain.events import Event
from examsite.domain.permissions import Role
from examsite.domain.sittings import seat_codes, seats_as_drawn, spread_over
from examsite.services.context import ServiceContext
from examsite.services.draws import HeldDraw, draw, outcome_of, prepare_draw
from examsite.services.records import record
from examsite.services.sittings import check_plannable
from examsite.storage.models.competitions import Competition
from examsite.storage.models.dossiers import Candidacy
from examsite.storage.models.sittings import Attempt
from examsite.storage.queries.draws import prepared_items
from examsite.storage.queries.sittings import list_seatable, list_sittings


def assign_seats(ctx: ServiceContext, competition: Competition) -> int:
    """Seat every eligible candidate with a number over all sittings; how many sit now.

    Candidates take the seats in the order of their numbers; the seats come as the council drew them, and row by row
    where nobody drew. May be repeated until the written test begins: the newest assignment replaces the older one.

    Raises:
        ConflictError: `sittings_frozen`, `sittings_missing`, `seats_too_few`.
        NotAllowedError: `role_needed`.
    """
    ctx.require(Role.ORGANISER, competition_id=competition.id)
    seats, people = _to_be_seated(ctx, competition)
    drawn = outcome_of(ctx.session, competition, DrawKind.SEATS.value) or []
    _seat(ctx, competition, seats_as_drawn(seats, drawn), people)
    return len(people)


def prepare_seat_draw(ctx: ServiceContext, competition: Competition) -> None:
    """Set up the ceremony in which the council draws the seats.

    Raises:
        ConflictError: as `draw_seats` and `prepare_draw`.
        NotAllowedError: `role_needed`: the chair.
    """
    ctx.require(Role.CHAIR, competition_id=competition.id)
    prepare_draw(ctx, competition, DrawKind.SEATS.value, _seats_to_draw(ctx, competition)[0])


def draw_seats(ctx: ServiceContext, competition: Competition) -> HeldDraw:
    """Draw the seats and give them out: the first one to the lowest number, and so on.

    The list of the draw names seats only, so that it can be shown to everybody.

    Raises:
        ConflictError: `sittings_frozen`, `sittings_missing`, `seats_too_few`, `nobody_to_seat`; the codes of `draw`.
        NotAllowedError: `role_needed`: the chair draws; `fresh_factor_needed`.
    """
    ctx.require(Role.CHAIR, competition_id=competition.id)
    seats, people = _seats_to_draw(ctx, competition)
    # The list of a ceremony stands: rooms may have changed since, and nobody draws a second time.
    prepared = prepared_items(ctx.session, competition.id, DrawKind.SEATS.value)
    held = draw(ctx, competition, DrawKind.SEATS.value, seats if prepared is None else prepared)
    _seat(ctx, competition, seats_as_drawn(seats, held.outcome), people)
    return held


def _seats_to_draw(ctx: ServiceContext, competition: Competition) -> tuple[list[str], list[Candidacy]]:
    seats, people = _to_be_seated(ctx, competition)
    if not people:
        raise ConflictError("nobody_to_seat")
    return seats, people


def _to_be_seated(ctx: ServiceContext, competition: Competition) -> tuple[list[str], list[Candidacy]]:
    """As many seats as people, each as sitting and place (`CA1/A1`), evenly from all rooms; and the people."""
    check_plannable(competition)
    sittings = list_sittings(ctx.session, competition.id)
    if not sittings:
        raise ConflictError("sittings_missing")
    people = list_seatable(ctx.session, competition.id)
    rooms = [seat_codes(sitting.seat_rows, sitting.seat_columns) for sitting in sittings]
    shares = spread_over([len(seats) for seats in rooms], len(people))
    seats = [
        f"{sitting.code}/{seat}"
        for sitting, room, share in zip(sittings, rooms, shares, strict=True)
        for seat in room[:share]
    ]
    return seats, people


def _seat(ctx: ServiceContext, competition: Competition, seats: list[str], people: list[Candidacy]) -> None:
    """Each takes the seat of the same place in the list; what was given out before is taken back."""
    sittings = list_sittings(ctx.session, competition.id)
    ctx.session.execute(delete(Attempt).where(Attempt.sitting_id.in_([sitting.id for sitting in sittings])))
    taken = dict(zip(seats, people, strict=True))
    for sitting in sittings:
        # Numbers, not public codes: who sits where is posted on the door beside the names.
        plan = []
        for seat in seat_codes(sitting.seat_rows, sitting.seat_columns):
            candidacy = taken.get(f"{sitting.code}/{seat}")
            if candidacy is not None:
                ctx.session.add(Attempt(sitting_id=sitting.id, candidacy_id=candidacy.id, seat=seat))
                plan.append({"number": candidacy.candidate_number, "seat": seat})
        ctx.session.flush()
        record(ctx, competition, Event.SEATS_ASSIGNED, f"sitting/{sitting.code}", {"seats": plan})
