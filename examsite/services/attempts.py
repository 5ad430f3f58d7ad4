"""The work of one candidate: opened, saved, handed in, read. What pages do at the same time is written together.

A test page acts with the token of its attempt. What it asks for becomes a job; the jobs that wait at one time are
written in one transaction, whose attempts are locked once, in the order of their numbers. A refusal concerns its own
job and nobody else's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar, cast

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from examsite.config import Settings
from examsite.domain.attempts import AttemptState, check_can_open
from examsite.domain.errors import ConflictError, DomainError, NotAllowedError, NotFoundError
from examsite.domain.permissions import Role
from examsite.domain.saves import Save
from examsite.services.attempt_tokens import attempt_of_token, token_of_attempt
from examsite.services.attempt_views import AttemptView, deadline_of_clock
from examsite.services.context import LogSigner, ServiceContext
from examsite.services.openings import OpenedAttempt, OpenJob, write_openings
from examsite.services.saves import SavedBatch, SaveJob, write_saves
from examsite.services.submissions import HandedIn, HandInJob, close_attempt, write_hand_ins
from examsite.storage.queries.attempts import (
    AttemptClock,
    find_attempt_clock,
    find_own_attempt_id,
    list_held_numbers,
    list_sealed,
    lock_attempt_clocks,
)

__all__ = [
    "HandInJob",
    "Job",
    "OpenJob",
    "SaveJob",
    "SavedBatch",
    "close_attempt",
    "hand_in",
    "hand_in_own",
    "open_attempt",
    "read_clock_of",
    "read_paper",
    "save_answers",
    "write_jobs",
]

Job = SaveJob | OpenJob | HandInJob
Outcome = SavedBatch | OpenedAttempt | HandedIn | DomainError
JobT = TypeVar("JobT", SaveJob, OpenJob, HandInJob)


def write_jobs(
    connection: Connection,
    session: Session,
    jobs: Sequence[Job],
    *,
    settings: Settings | None,
    signer: LogSigner | None,
) -> list[Outcome]:
    """Do what a group of pages asks for; one outcome for each job, in their order, refusals among them.

    The connection is inside a writing transaction, the session stands over it. Saves come first and hand-ins last, so
    that what was sent before the hand-in is handed in with it.
    """
    clocks = lock_attempt_clocks(connection, (job.attempt_id for job in jobs))
    now = max(job.received_at for job in jobs)
    ctx = ServiceContext(session=session, now=now, settings=settings, signer=signer)
    outcomes: list[Outcome | None] = [None] * len(jobs)

    def put(places: list[int], done: Sequence[Outcome]) -> None:
        for place, outcome in zip(places, done, strict=True):
            outcomes[place] = outcome

    places, saves = _of_kind(jobs, SaveJob)
    if saves:
        put(places, _write_saves(connection, session, clocks, saves))
    places, openings = _of_kind(jobs, OpenJob)
    if openings:
        put(places, write_openings(ctx, clocks, openings))
    places, hand_ins = _of_kind(jobs, HandInJob)
    if hand_ins:
        put(places, write_hand_ins(ctx, clocks, hand_ins))
    return cast("list[Outcome]", outcomes)


def _write_saves(
    connection: Connection, session: Session, clocks: dict[int, AttemptClock], jobs: Sequence[SaveJob]
) -> list[SavedBatch | DomainError]:
    """Store what pages send; what comes once nobody could let it count any more is refused, not kept for ever.

    The token of an attempt has no end, and whoever keeps one must not fill the disk of later tests.
    """
    over = {number for number, clock in clocks.items() if clock.state not in (AttemptState.SEATED, AttemptState.OPEN)}
    sealed = list_sealed(connection, sorted(over)) if over else frozenset()
    kept = [replace(job, saves=()) if job.attempt_id in sealed else job for job in jobs]
    return [
        replace(done, refused=job.saves) if job.attempt_id in sealed and isinstance(done, SavedBatch) else done
        for job, done in zip(jobs, write_saves(connection, session, clocks, kept), strict=True)
    ]


def _of_kind(jobs: Sequence[Job], kind: type[JobT]) -> tuple[list[int], list[JobT]]:
    found = [(place, job) for place, job in enumerate(jobs) if isinstance(job, kind)]
    return [place for place, _job in found], [job for _place, job in found]


def open_attempt(ctx: ServiceContext) -> OpenedAttempt:
    """Put the paper in front of the candidate who acts; every other page of the attempt is fenced from now on.

    Raises:
        ConflictError: `test_not_started`, `test_over`.
        NotAllowedError: `role_needed`.
        NotFoundError: `attempt_not_found`.
    """
    attempt_id = _own_attempt(ctx)
    done = cast(OpenedAttempt, _write_one(ctx, OpenJob(attempt_id, ctx.now)))
    return OpenedAttempt(
        epoch=done.epoch,
        versions=done.versions,
        orders=done.orders,
        paper=done.paper,
        clock=done.clock,
        read=done.read,
        token=token_of_attempt(_settings(ctx), attempt_id),
    )


def save_answers(ctx: ServiceContext, token: str, saves: Sequence[Save], *, page_epoch: int) -> SavedBatch:
    """Store a batch of saves; an empty batch is a sign of life. Nothing is refused for what stands in it.

    Raises:
        NotAllowedError: `token_unknown`.
    """
    job = SaveJob(attempt_of_token(_settings(ctx), token), tuple(saves), page_epoch, ctx.now)
    return cast(SavedBatch, _write_one(ctx, job))


def hand_in(ctx: ServiceContext, token: str, *, page_epoch: int) -> AttemptView:
    """End the attempt with what the server holds; handing in twice changes nothing.

    Raises:
        ConflictError: `test_over`, `page_fenced`.
        NotAllowedError: `token_unknown`.
    """
    job = HandInJob(attempt_of_token(_settings(ctx), token), page_epoch, ctx.now)
    return cast(HandedIn, _write_one(ctx, job)).clock


def hand_in_own(ctx: ServiceContext) -> None:
    """End the candidate's own attempt from a page without a token; handing in twice changes nothing.

    Raises:
        ConflictError: `test_over`.
        NotAllowedError: `role_needed`.
        NotFoundError: `attempt_not_found`.
    """
    _write_one(ctx, HandInJob(_own_attempt(ctx), None, ctx.now))


def read_clock_of(connection: Connection, attempt_id: int) -> tuple[AttemptClock, dict[str, tuple[int, int]]]:
    """The clock of an attempt, and which version of each item the server holds of it.

    Raises:
        NotAllowedError: `token_unknown`.
    """
    clock = find_attempt_clock(connection, attempt_id)
    if clock is None:
        raise NotAllowedError("token_unknown")
    return clock, list_held_numbers(connection, attempt_id) if clock.epoch else {}


def read_paper(connection: Connection, attempt_id: int, *, now: datetime) -> tuple[int, str]:
    """Number and hash of the paper that may be read now.

    Raises:
        ConflictError: `test_not_started`, `test_over`.
        NotAllowedError: `token_unknown`.
    """
    clock = find_attempt_clock(connection, attempt_id)
    if clock is None:
        raise NotAllowedError("token_unknown")
    check_can_open(clock.state, now=now, deadline_at=deadline_of_clock(clock), paused_at=clock.paused_at)
    if clock.paper_id is None or clock.paper_sha256 is None:
        raise ConflictError("test_not_started")
    return clock.paper_id, clock.paper_sha256


def _write_one(ctx: ServiceContext, job: Job) -> Outcome:
    """One job alone, in the transaction of the act."""
    (outcome,) = write_jobs(ctx.session.connection(), ctx.session, [job], settings=ctx.settings, signer=ctx.signer)
    if isinstance(outcome, DomainError):
        raise outcome
    return outcome


def _own_attempt(ctx: ServiceContext) -> int:
    ctx.require(Role.CANDIDATE)
    found = find_own_attempt_id(ctx.session.connection(), ctx.actor.candidacy_id or 0)
    if found is None:
        raise NotFoundError("attempt_not_found")
    return found


def _settings(ctx: ServiceContext) -> Settings:
    if ctx.settings is None:
        raise RuntimeError("this act needs the settings of the installation")
    return ctx.settings
