"""Reserves: the version that was drawn proves unusable, and the next one of the same draw takes its place.

Decision: two acts. Setting aside comes first and takes one person, because it must stop a start that is minutes away;
nothing opens by it. The reserve is then opened by several people as the drawn version was. Which reserve comes next
was settled by the draw, and none comes back, so that nobody gains a second try by calling a paper bad.

Decision: a sitting that has begun keeps its version to the end. Words are never moved below other questions, and the
log has said what the sitting began with. A faulty question is settled afterwards (items); where no sitting waits any
more there is nothing that a reserve could serve, and the act is refused.
"""

from __future__ import annotations

from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import ConflictError
from examsite.domain.events import Event
from examsite.domain.papers import PaperState
from examsite.domain.permissions import Role
from examsite.domain.reasons import LEAST_REASON, checked_reason
from examsite.services.context import ServiceContext
from examsite.services.papers import needs_second_person, open_version
from examsite.services.records import record
from examsite.storage.models.competitions import Competition, Post
from examsite.storage.models.papers import Paper
from examsite.storage.queries.papers import find_drawn_paper, list_papers_of_post, list_set_aside
from examsite.storage.queries.sittings import list_waiting_sittings


def set_aside_paper(ctx: ServiceContext, competition: Competition, post: Post, *, code: str, reason: str) -> Paper:
    """Say that the version in turn cannot be used; gives back the reserve that is in turn now, still sealed.

    Sittings that have not begun wait for the reserve, also when their hour comes. `code` is the version that the
    person saw: whoever is late by a step does not set aside the reserve instead.

    Raises:
        ConflictError: `papers_not_openable` outside the written test; `paper_not_drawn`; `paper_not_in_turn`;
            `no_sitting_waits`: every sitting of the post has begun; `no_reserve_left`.
        InvalidError: those of `checked_reason`.
        NotAllowedError: `role_needed`: the chair; `fresh_factor_needed`.

    Source: TT 22/2025 art. 13(2b) (numbered reserves); who says so and what happens to work begun is our choice, above.
    """
    ctx.require(Role.CHAIR, competition_id=competition.id)
    words = checked_reason(reason, least=LEAST_REASON)
    ctx.require_fresh_factor()
    list_waiting_sittings(ctx.session, post.id, for_update=True)  # none of them begins meanwhile
    row = _in_turn(ctx, competition, post, code=code)
    row.set_aside_at = ctx.now
    ctx.session.flush()
    record(ctx, competition, Event.PAPER_SET_ASIDE, f"paper/{row.code}", {"reason": words})
    reserve = find_drawn_paper(ctx.session, post)
    assert reserve is not None  # noqa: S101 -- asked by the check
    return reserve


def check_set_aside(ctx: ServiceContext, competition: Competition, post: Post, *, code: str) -> None:
    """Refuse to set aside a version that is not in turn, that no sitting waits for, or behind which no reserve is left.

    Raises:
        ConflictError: those of `set_aside_paper`.
    """
    _in_turn(ctx, competition, post, code=code)


def _in_turn(ctx: ServiceContext, competition: Competition, post: Post, *, code: str) -> Paper:
    """The version in turn, if it may be set aside."""
    if competition.state is not CompetitionState.WRITTEN:
        raise ConflictError("papers_not_openable")
    row = find_drawn_paper(ctx.session, post)
    if row is None:
        raise ConflictError("paper_not_drawn", post=post.code)
    if row.code != code:
        raise ConflictError("paper_not_in_turn", paper=code, turn=row.code)
    if not list_waiting_sittings(ctx.session, post.id):
        raise ConflictError("no_sitting_waits", post=post.code)
    gone = {paper.code for paper in list_set_aside(ctx.session, post.id)} | {row.code}
    if all(paper.code in gone for paper in list_papers_of_post(ctx.session, post.id)):
        raise ConflictError("no_reserve_left", post=post.code)
    return row


def open_reserve(ctx: ServiceContext, competition: Competition, post: Post) -> Paper:
    """Open the reserve in turn where it was made here; one that came as a sealed file takes its holders' words.

    Raises:
        ConflictError: `papers_not_openable`, `nothing_set_aside`, `paper_already_opened`; `paper_needs_holders` for a
            sealed file (`open_sealed_paper`); `opening_needs_second` as long as no member of the council agreed.
        NotAllowedError: `role_needed`: the chair; `fresh_factor_needed`.
    """
    ctx.require(Role.CHAIR, competition_id=competition.id)
    ctx.require_fresh_factor()
    row = get_openable_reserve(ctx, competition, post)
    open_version(ctx, competition, row, holders=[str(ctx.actor.pseudonym)])
    return row


def get_openable_reserve(ctx: ServiceContext, competition: Competition, post: Post) -> Paper:
    """The reserve in turn, if `open_reserve` may open it now: the one rule that the page and the act share.

    Raises:
        ConflictError: those of `open_reserve`.
    """
    if competition.state is not CompetitionState.WRITTEN:
        raise ConflictError("papers_not_openable")
    row = find_drawn_paper(ctx.session, post)
    if row is None or not list_set_aside(ctx.session, post.id):
        raise ConflictError("nothing_set_aside", post=post.code)
    if row.state is PaperState.OPENED:
        raise ConflictError("paper_already_opened", post=post.code)
    if row.age_sha256 is not None:
        raise ConflictError("paper_needs_holders", paper=row.code)
    if needs_second_person(ctx, competition, post, [row]):
        raise ConflictError("opening_needs_second", post=post.code)
    return row
