"""Opening: the paper in front of the candidate on one page, every other page of the attempt fenced from now on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from sqlalchemy import Table, bindparam, func, update

from examsite.domain.attempts import check_can_open
from examsite.domain.errors import DomainError, NotAllowedError
from examsite.domain.events import Event
from examsite.domain.saves import content_of
from examsite.services.attempt_views import AttemptView, deadline_of_clock, view_of
from examsite.services.context import ServiceContext
from examsite.services.records import record_all
from examsite.services.saves import note_signs_of_life
from examsite.storage.models.competitions import Competition
from examsite.storage.models.sittings import Attempt
from examsite.storage.queries.attempts import (
    AttemptClock,
    CurrentVersion,
    map_current_versions,
    map_option_orders,
    map_subjects,
)

_ATTEMPTS = cast(Table, Attempt.__table__)
_opened = (
    update(_ATTEMPTS)
    .where(_ATTEMPTS.c.id == bindparam("attempt_id"))
    .values(
        epoch=bindparam("next_epoch"),
        opened_at=func.coalesce(_ATTEMPTS.c.opened_at, bindparam("now", type_=_ATTEMPTS.c.opened_at.type)),
    )
)


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
    versions = map_current_versions(connection, [job.attempt_id for job in allowed])
    orders = map_option_orders(connection, [job.attempt_id for job in allowed])
    values: dict[int, dict[str, object]] = {}
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
        clock = clocks[job.attempt_id] = replace(clock, epoch=clock.epoch + 1)
        values[clock.attempt_id] = {"attempt_id": clock.attempt_id, "next_epoch": clock.epoch, "now": job.received_at}
        if clock.epoch > 1:
            reopened.append((clock.attempt_id, clock.epoch))
        outcomes.append(
            OpenedAttempt(
                epoch=clock.epoch,
                versions=tuple(versions[clock.attempt_id]),
                orders=orders[clock.attempt_id],
                paper=clock.paper_sha256 or "",
                clock=view_of(clock, job.received_at),
                read=clock,
            )
        )
    if values:
        connection.execute(_opened, list(values.values()))
        signs = [(job.attempt_id, 0, job.received_at) for job in jobs if job.attempt_id in values]
        note_signs_of_life(connection, ctx.session, before, signs, reopened=True)
        _record_reopened(ctx, reopened)
    return outcomes


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


def record_by_competition(
    ctx: ServiceContext, event: Event, facts: Mapping[int, Sequence[tuple[str, dict[str, object]]]]
) -> dict[int, list[int]]:
    """Append facts to the logs of their competitions, in the order of these, as acts of the candidates themselves."""
    return {
        number: record_all(ctx, ctx.session.get_one(Competition, number), event, facts[number], actor="candidate")
        for number in sorted(facts)
    }
