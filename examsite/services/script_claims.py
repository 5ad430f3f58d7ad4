"""A marker's open page holds the script for a while; a second page of the same marker learns of the first.

A claim guards nothing by itself: what was saved meanwhile is guarded by the revision of the draft.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from examsite.domain.appeals import is_remark
from examsite.domain.permissions import Role
from examsite.services.context import ServiceContext
from examsite.services.marker_stops import check_may_mark
from examsite.services.rulesets import ruleset_of
from examsite.services.settling import check_round_open
from examsite.storage.models.competitions import Competition
from examsite.storage.models.marking import Allocation, Claim
from examsite.storage.queries.claims import find_claim
from examsite.storage.queries.queues import QUEUED, get_own_allocation


@dataclass(frozen=True)
class Hold:
    """Until when the script is held, and whether it is by this page; if not, since when the other page has it."""

    is_here: bool
    since: datetime
    until: datetime


def hold_script(ctx: ServiceContext, competition: Competition, code: str, *, page: str, take: bool = False) -> Hold:
    """Hold a script of one's own for this page, from the first time on as opened; `take` takes it from another page.

    Raises:
        ConflictError: `marking_not_open`.
        NotAllowedError: `role_needed`, `marker_not_qualified`.
        NotFoundError: `script_not_found`.
    """
    allocation = _own_allocation(ctx, competition, code)
    if allocation.opened_at is None:
        allocation.opened_at = ctx.now
    claim = find_claim(ctx.session, competition.id, _subject(allocation), for_update=True)
    if claim is not None and claim.page != page and claim.expires_at > ctx.now and not take:
        return Hold(is_here=False, since=claim.claimed_at, until=claim.expires_at)
    if claim is None:
        claim = Claim(
            competition_id=competition.id,
            subject=_subject(allocation),
            assignment_id=allocation.assignment_id,
            page=page,
            claimed_at=ctx.now,
            expires_at=ctx.now,
        )
        ctx.session.add(claim)
    if claim.page != page:
        claim.page = page
        claim.claimed_at = ctx.now
    minutes = ruleset_of(competition).claim_minutes
    claim.expires_at = ctx.now + timedelta(minutes=minutes)
    ctx.session.flush()
    return Hold(is_here=True, since=claim.claimed_at, until=claim.expires_at)


def leave_script(ctx: ServiceContext, competition: Competition, code: str, *, page: str) -> None:
    """Let go what this page holds; what another page holds stays.

    Raises:
        ConflictError: `marking_not_open`.
        NotAllowedError: `role_needed`, `marker_not_qualified`.
        NotFoundError: `script_not_found`.
    """
    allocation = _own_allocation(ctx, competition, code)
    claim = find_claim(ctx.session, competition.id, _subject(allocation), for_update=True)
    if claim is not None and claim.page == page:
        ctx.session.delete(claim)
        ctx.session.flush()


def _own_allocation(ctx: ServiceContext, competition: Competition, code: str) -> Allocation:
    actor = ctx.require(Role.MARKER, competition_id=competition.id)
    allocation = get_own_allocation(ctx.session, competition.id, actor.assignment_id or 0, code)
    check_round_open(ctx, competition, allocation.round)
    if allocation.script.kind in QUEUED and not is_remark(allocation.round):
        check_may_mark(ctx, competition, allocation.assignment_id)
    return allocation


def _subject(allocation: Allocation) -> str:
    # One claim for each marker: a claim on the script itself would tell one marker of the other.
    return f"mark:allocation/{allocation.id}"
