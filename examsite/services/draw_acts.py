"""Which draws a competition has, and for each of them the acts before and after the ceremony."""

from __future__ import annotations

from sqlalchemy.orm import Session

from examsite.domain.competitions import CompetitionState
from examsite.domain.draw_ceremonies import DrawKind, draw_kind
from examsite.domain.permissions import Role
from examsite.services import allocations, codes, papers, proposals, seating
from examsite.services.context import ServiceContext
from examsite.services.draws import prepare_draw
from examsite.storage.models.competitions import Competition, Post
from examsite.storage.queries.competitions import get_post
from examsite.storage.queries.corrections import defence_state, list_order_draws

#: At which step of a competition each draw is held.
STEPS = {
    DrawKind.SEATS: CompetitionState.ROSTERED,
    DrawKind.PAPER_VERSION: CompetitionState.WRITTEN,
    DrawKind.SCRIPT_CODES: CompetitionState.WRITTEN,
    DrawKind.ALLOCATION: CompetitionState.MARKING,
    DrawKind.PRESENTATION_ORDER: CompetitionState.DEFENCE,
}


def list_draw_names(session: Session, competition: Competition) -> list[str]:
    """Every draw of the competition by its name in the log, in the order in which they come."""
    return [
        DrawKind.SEATS.value,
        *(f"{DrawKind.PAPER_VERSION}-{post.code}" for post in competition.posts),
        DrawKind.SCRIPT_CODES.value,
        DrawKind.ALLOCATION.value,
        *list_order_draws(session, competition),
    ]


def is_now(session: Session, competition: Competition, name: str) -> bool:
    """Whether the competition is at the step of a draw."""
    return _state_for(session, competition, name) is STEPS[draw_kind(name)]


def is_passed_over(session: Session, competition: Competition, name: str) -> bool:
    """Whether the step of a draw is over; one that was not held then is not held any more."""
    return _state_for(session, competition, name).number > STEPS[draw_kind(name)].number


def _state_for(session: Session, competition: Competition, name: str) -> CompetitionState:
    """The step that counts for a draw: an order may be drawn again, for a supplementary defence."""
    if draw_kind(name) is DrawKind.PRESENTATION_ORDER and name == list_order_draws(session, competition)[-1]:
        return defence_state(session, competition)
    return competition.state


def prepare_draw_named(ctx: ServiceContext, competition: Competition, name: str, *, terms: str | None = None) -> None:
    """Set up the ceremony of a draw over the list that its act names now.

    Raises:
        ConflictError, InvalidError: of the act that needs the draw, and of `prepare_draw`.
        NotFoundError: `post_not_found`.
        NotAllowedError: `role_needed`.
    """
    kind = draw_kind(name)
    if kind is DrawKind.SEATS:
        seating.prepare_seat_draw(ctx, competition)
    elif kind is DrawKind.PAPER_VERSION:
        _prepare_paper(ctx, competition, _post_of(ctx, competition, name))
    elif kind is DrawKind.SCRIPT_CODES:
        codes.prepare_code_draw(ctx, competition)
    elif kind is DrawKind.ALLOCATION:
        allocations.prepare_allocation_draw(ctx, competition, without_seeds=terms)
    else:
        proposals.prepare_order_draw(ctx, competition)


def hold_draw_named(ctx: ServiceContext, competition: Competition, name: str, *, terms: str | None = None) -> None:
    """Compute the outcome of a draw and do what follows from it, in one act; a ceremony has all its numbers by then.

    Raises:
        ConflictError: of the act that needs the draw, and of `draw`.
        NotFoundError: `post_not_found`.
        NotAllowedError: `role_needed`, `fresh_factor_needed`.
    """
    kind = draw_kind(name)
    if kind is DrawKind.SEATS:
        seating.draw_seats(ctx, competition)
    elif kind is DrawKind.PAPER_VERSION:
        # A version that came as a sealed file is only drawn: the holders of its key open it.
        papers.open_paper(ctx, competition, _post_of(ctx, competition, name))
    elif kind is DrawKind.SCRIPT_CODES:
        codes.draw_script_codes(ctx, competition)
    elif kind is DrawKind.ALLOCATION:
        allocations.draw_allocation(ctx, competition, without_seeds=terms)
    else:
        proposals.draw_presentation_order(ctx, competition)


def _post_of(ctx: ServiceContext, competition: Competition, name: str) -> Post:
    return get_post(ctx.session, competition.id, name.removeprefix(f"{DrawKind.PAPER_VERSION}-"))


def _prepare_paper(ctx: ServiceContext, competition: Competition, post: Post) -> None:
    ctx.require(Role.CHAIR, competition_id=competition.id)
    versions = papers.sealed_versions(ctx, competition, post)
    prepare_draw(ctx, competition, f"{DrawKind.PAPER_VERSION}-{post.code}", sorted(versions))
