"""Opening: the paper in front of the candidate on one page, every other page of the attempt fenced from now on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from sqlalchemy import Table

from examsite.domain.attempts import check_can_open
from examsite.domain.errors import DomainError, NotAllowedError
from examsite.domain.events import Event
from examsite.domain.saves import content_of
from examsite.services.attempt_views import AttemptView, deadline_of_clock, view_of
from examsite.services.context import ServiceContext
from examsite.services.records import record_by_competition
from examsite.services.saves import note_signs_of_life
from examsite.storage.models.sittings import Attempt
from examsite.storage.queries.attempts import (
    AttemptClock,
    CurrentVersion,
    map_current_versions,
    map_option_orders,
    map_subjects,
)
from examsite.storage.row_seals import ResealedRows

_opened = ResealedRows(cast(Table, Attempt.__table__), ("epoch", "opened_at", "last_seen_at"))


@dataclass(frozen=True, slots=True)
class OpenJob:
    """A page asks to become the one that writes."""

    attempt_id: int
    received_at: datetime


@dataclass(frozen=True, slots=True)
class OpenedAttempt:
    """What a page is given when it opens: its epoch, the order of options, and everything the server holds."""

    epoch: int
    versions: tuple[CurrentVersion, ...]
    orders: dict[str, list[str]]
    #: Hash of the frozen paper, which the page fetches by it.
    paper: str
    clock: AttemptView
    read: AttemptClock
    #: What saves are sent with.
    token: str = ""

    @property
    def answers(self) -> dict[str, object]:
        """The answers that count, by item."""
        return {version.item: content_of(version.content) for version in self.versions}

    @property
    def held(self) -> dict[str, tuple[int, int]]:
        """Epoch and number of the version that counts, by item."""
        return {version.item: (version.epoch, version.number) for version in self.versions}

    @property
    def saved_at(self) -> datetime | None:
        """When the newest of them came in."""
        return max((version.received_at for version in self.versions), default=None)


def write_openings(
    ctx: ServiceContext, clocks: dict[int, AttemptClock], jobs: Sequence[OpenJob]
) -> list[OpenedAttempt | DomainError]:
    """Give each page of a group its epoch; the attempts are locked, their clocks are brought up to date.

    The first opening stays out of the log: a thousand of them at one instant say nothing that the start does not.
    """
    connection = ctx.session.connection()
    before = dict(clocks)
    outcomes: list[OpenedAttempt | DomainError] = []
    reopened: list[tuple[int, int]] = []
    allowed = [job for job in jobs if job.attempt_id in clocks]
    spoken = [job.attempt_id for job in allowed if clocks[job.attempt_id].last_seen_at is not None]
    versions = map_current_versions(connection, spoken) if spoken else {}
    orders = map_option_orders(connection, [job.attempt_id for job in allowed])
    opened: set[int] = set()
    for job in jobs:
        clock = clocks.get(job.attempt_id)
        if clock is None:
            outcomes.append(NotAllowedError("token_unknown"))
            continue
        try:
            check_can_open(
                clock.state, now=job.received_at, deadline_at=deadline_of_clock(clock), paused_at=clock.paused_at
            )
        except DomainError as refusal:
            outcomes.append(refusal)
            continue
        opened_at = clock.opened_at or job.received_at
        clock = clocks[job.attempt_id] = replace(clock, epoch=clock.epoch + 1, opened_at=opened_at)
        opened.add(clock.attempt_id)
        if clock.epoch > 1:
            reopened.append((clock.attempt_id, clock.epoch))
        outcomes.append(
            OpenedAttempt(
                epoch=clock.epoch,
                versions=tuple(versions.get(clock.attempt_id, ())),
                orders=orders[clock.attempt_id],
                paper=clock.paper_sha256 or "",
                clock=view_of(clock, job.received_at),
                read=clock,
            )
        )
    if opened:
        signs = [(job.attempt_id, 0, job.received_at) for job in jobs if job.attempt_id in opened]
        seen = note_signs_of_life(ctx.session, before, signs, reopened=True)
        _opened.update(connection, [_row(clocks[number], seen.get(number)) for number in sorted(opened)])
        _record_reopened(ctx, reopened)
    return outcomes


def _row(clock: AttemptClock, seen_at: datetime | None) -> dict[str, object]:
    last_seen_at = seen_at or clock.last_seen_at
    return {"id": clock.attempt_id, "epoch": clock.epoch, "opened_at": clock.opened_at, "last_seen_at": last_seen_at}


def _record_reopened(ctx: ServiceContext, reopened: Sequence[tuple[int, int]]) -> None:
    if not reopened:
        return
    subjects = map_subjects(ctx.session.connection(), [attempt_id for attempt_id, _epoch in reopened])
    facts: dict[int, list[tuple[str, dict[str, object]]]] = {}
    for attempt_id, epoch in reopened:
        subject = subjects[attempt_id]
        payload: dict[str, object] = {"number": subject.candidate_number, "epoch": epoch}
        facts.setdefault(subject.competition_id, []).append((f"sitting/{subject.sitting_code}", payload))
    record_by_competition(ctx, Event.ATTEMPT_OPENED, facts)
