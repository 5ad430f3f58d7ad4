"""The work of one candidate: opened, saved, handed in, closed, scored.

Saving is the hottest path of the product: three statements and one commit, no objects. It never looks into an answer.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import Connection, Table, bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from examsite.domain.attempts import (
    ATTEMPT,
    AttemptEvent,
    AttemptState,
    SaveVerdict,
    check_can_hand_in,
    check_can_open,
    deadline_of,
    remaining,
    score_objective,
    verdict_on_save,
)
from examsite.domain.errors import NotAllowedError, NotFoundError
from examsite.domain.events import Event
from examsite.domain.papers import Paper as FrozenPaper
from examsite.domain.permissions import Role
from examsite.domain.saves import Save, content_of, recorded_content, saves_hash
from examsite.services.accounts import token_hash
from examsite.services.context import ServiceContext
from examsite.services.records import record
from examsite.storage.models.competitions import Competition
from examsite.storage.models.dossiers import Candidacy
from examsite.storage.models.papers import Paper
from examsite.storage.models.sittings import AnswerVersion, Attempt, Sitting
from examsite.storage.queries.attempts import (
    AttemptClock,
    find_attempt_clock,
    find_attempt_state,
    find_candidate_attempt,
    find_own_clock,
    has_versions,
    list_answers,
    list_current_contents,
    list_current_versions,
    list_held_numbers,
)
from examsite.storage.queries.papers import get_frozen_paper

_VERSIONS = cast(Table, AnswerVersion.__table__)
_ATTEMPTS = cast(Table, Attempt.__table__)

# Statements of the hot path are put together once, not for every save.
_seen = update(_ATTEMPTS).where(_ATTEMPTS.c.id == bindparam("attempt_id")).values(last_seen_at=bindparam("now"))
_opened = (
    update(_ATTEMPTS)
    .where(_ATTEMPTS.c.id == bindparam("attempt_id"))
    .values(
        token_sha256=bindparam("token"),
        epoch=bindparam("next_epoch"),
        opened_at=func.coalesce(_ATTEMPTS.c.opened_at, bindparam("now", type_=_ATTEMPTS.c.opened_at.type)),
        last_seen_at=bindparam("now", type_=_ATTEMPTS.c.opened_at.type),
    )
)
_stored_version = select(_VERSIONS.c.content, _VERSIONS.c.set_aside).where(
    *(_VERSIONS.c[name] == bindparam(name) for name in ("attempt_id", "item", "epoch", "number"))
)


@dataclass(frozen=True)
class OpenedAttempt:
    """What the test page is given once: the token it saves with, its epoch, and everything the server holds."""

    token: str
    epoch: int
    answers: dict[str, object]
    held: dict[str, tuple[int, int]]
    saved_at: datetime | None
    clock: AttemptView


@dataclass(frozen=True)
class AttemptView:
    """Where an attempt stands, as every answer to the page says it."""

    state: AttemptState
    epoch: int
    deadline_at: datetime | None
    remaining_seconds: float
    server_time: datetime
    given_back_seconds: int
    paused: bool
    #: Number of the newest message of the room for this seat.
    message: int | None


@dataclass(frozen=True)
class SavedBatch:
    """What became of a batch: each save is in exactly one of the three lists."""

    saved: tuple[Save, ...]
    set_aside: tuple[Save, ...]
    #: Another content is stored under the same number: the page must send its own under a new one.
    conflicts: tuple[Save, ...]
    fenced: bool
    clock: AttemptView
    hash: str


def open_attempt(ctx: ServiceContext) -> OpenedAttempt:
    """Put the paper in front of the candidate on this page; every other page of the attempt is fenced from now on.

    Raises:
        ConflictError: `test_not_started`, `test_over`.
        NotAllowedError: `role_needed`.
        NotFoundError: `attempt_not_found`.
    """
    ctx.require(Role.CANDIDATE)
    connection = ctx.session.connection()
    clock = find_own_clock(connection, ctx.actor.candidacy_id or 0)
    if clock is None:
        raise NotFoundError("attempt_not_found")
    check_can_open(clock.state, now=ctx.now, deadline_at=_deadline_of_clock(clock), paused_at=clock.paused_at)
    clock = replace(clock, epoch=clock.epoch + 1)
    token = _token(ctx, clock.attempt_id)
    values = {"attempt_id": clock.attempt_id, "token": token_hash(token), "next_epoch": clock.epoch, "now": ctx.now}
    connection.execute(_opened, values)
    if clock.epoch > 1:
        # The first opening stays out of the log: three hundred of them at one instant would queue for it.
        _record_opened_again(ctx)
    current = list_current_versions(connection, clock.attempt_id)
    return OpenedAttempt(
        token=token,
        epoch=clock.epoch,
        answers={version.item: content_of(version.content) for version in current},
        held={version.item: (version.epoch, version.number) for version in current},
        saved_at=max((version.received_at for version in current), default=None),
        clock=_view(clock, ctx.now),
    )


def _record_opened_again(ctx: ServiceContext) -> None:
    attempt = find_candidate_attempt(ctx.session, ctx.actor.candidacy_id or 0)
    assert attempt is not None  # noqa: S101 -- its row is locked
    payload = {"number": attempt.candidacy.candidate_number, "epoch": attempt.epoch}
    subject = f"sitting/{attempt.sitting.code}"
    record(ctx, attempt.sitting.competition, Event.ATTEMPT_OPENED, subject, payload)


def save_answers(ctx: ServiceContext, token: str, saves: Sequence[Save], *, page_epoch: int) -> SavedBatch:
    """Store a batch of saves; an empty batch is a sign of life. Nothing is refused for what stands in it.

    A save that was stored before under the same numbers is acknowledged again and makes no new row. One of an older
    epoch, or one that comes too late, is kept beside.

    Raises:
        NotAllowedError: `token_unknown`.
    """
    connection = ctx.session.connection()
    clock = find_attempt_clock(connection, token_hash(token))
    if clock is None:
        raise NotAllowedError("token_unknown")
    deadline_at = _deadline_of_clock(clock)
    saved: list[Save] = []
    beside: list[Save] = []
    conflicts: list[Save] = []
    for save in saves:
        verdict = verdict_on_save(
            clock.state,
            save_epoch=save.epoch,
            attempt_epoch=clock.epoch,
            received_at=ctx.now,
            deadline_at=deadline_at,
            grace_seconds=clock.grace_seconds,
            paused_at=clock.paused_at,
        )
        set_aside = verdict is not SaveVerdict.COUNTED
        if not _insert(connection, clock.attempt_id, save, received_at=ctx.now, set_aside=set_aside):
            content, set_aside = _stored(connection, clock.attempt_id, save)
            if content != save.content:
                conflicts.append(save)
                continue
        (beside if set_aside else saved).append(save)
    connection.execute(_seen, {"attempt_id": clock.attempt_id, "now": ctx.now})
    return SavedBatch(
        saved=tuple(saved),
        set_aside=tuple(beside),
        conflicts=tuple(conflicts),
        fenced=page_epoch != clock.epoch,
        clock=_view(clock, ctx.now),
        hash=saves_hash(saved),
    )


def read_state(ctx: ServiceContext, token: str) -> tuple[AttemptView, dict[str, tuple[int, int]]]:
    """Where the attempt behind a token stands, and which version of each item the server holds.

    Raises:
        NotAllowedError: `token_unknown`.
    """
    connection = ctx.session.connection()
    clock = find_attempt_state(connection, token_hash(token))
    if clock is None:
        raise NotAllowedError("token_unknown")
    return _view(clock, ctx.now), list_held_numbers(connection, clock.attempt_id)


def hand_in(ctx: ServiceContext, token: str, *, page_epoch: int) -> AttemptView:
    """End the attempt with what the server holds; handing in twice changes nothing.

    Raises:
        ConflictError: `test_over`, `page_fenced`.
        NotAllowedError: `token_unknown`.
    """
    connection = ctx.session.connection()
    clock = find_attempt_clock(connection, token_hash(token))
    if clock is None:
        raise NotAllowedError("token_unknown")
    _hand_in(ctx, clock, page_epoch=page_epoch)
    return _view(find_attempt_state(connection, token_hash(token)) or clock, ctx.now)


def hand_in_own(ctx: ServiceContext) -> None:
    """End the candidate's own attempt from a page without a token; handing in twice changes nothing.

    Raises:
        ConflictError: `test_over`.
        NotAllowedError: `role_needed`.
        NotFoundError: `attempt_not_found`.
    """
    ctx.require(Role.CANDIDATE)
    clock = find_own_clock(ctx.session.connection(), ctx.actor.candidacy_id or 0)
    if clock is None:
        raise NotFoundError("attempt_not_found")
    _hand_in(ctx, clock, page_epoch=clock.epoch)


def _hand_in(ctx: ServiceContext, clock: AttemptClock, *, page_epoch: int) -> None:
    if clock.state is AttemptState.HANDED_IN:
        return
    check_can_hand_in(
        clock.state,
        page_epoch=page_epoch,
        attempt_epoch=clock.epoch,
        now=ctx.now,
        deadline_at=_deadline_of_clock(clock) or ctx.now,
        grace_seconds=clock.grace_seconds,
        paused_at=clock.paused_at,
    )
    attempt = lock_attempt(ctx, clock.attempt_id)
    sitting = ctx.session.scalars(select(Sitting).where(Sitting.id == attempt.sitting_id)).one()
    competition = ctx.session.scalars(select(Competition).where(Competition.id == sitting.competition_id)).one()
    attempt.state = ATTEMPT.after(attempt.state, AttemptEvent.HANDED_IN)
    attempt.handed_in_at = ctx.now
    attempt.last_seen_at = ctx.now
    _submit(ctx, competition, sitting, attempt, actor="candidate")


def close_attempt(ctx: ServiceContext, competition: Competition, sitting: Sitting, attempt: Attempt) -> None:
    """Close an attempt whose time is over from what the server holds; somebody who never came is absent.

    The row must be locked.
    """
    if attempt.checked_in_at is None and not has_versions(ctx.session, attempt.id):
        attempt.state = ATTEMPT.after(attempt.state, AttemptEvent.FOUND_ABSENT)
        ctx.session.flush()
        return
    attempt.state = ATTEMPT.after(attempt.state, AttemptEvent.CLOSED)
    attempt.closed_at = ctx.now
    _submit(ctx, competition, sitting, attempt, actor="system")


def score_attempt(ctx: ServiceContext, attempt: Attempt) -> None:
    """Compute the points of the objective questions from the answers that count; may be repeated."""
    paper = _frozen_paper(ctx, attempt)
    attempt.objective_points, attempt.objective_total = score_objective(paper, list_answers(ctx.session, attempt.id))
    ctx.session.flush()


def lock_attempt(ctx: ServiceContext, attempt_id: int) -> Attempt:
    """The attempt with its row locked and read anew."""
    return ctx.session.scalars(
        select(Attempt).where(Attempt.id == attempt_id).with_for_update().execution_options(populate_existing=True)
    ).one()


def _submit(ctx: ServiceContext, competition: Competition, sitting: Sitting, attempt: Attempt, *, actor: str) -> None:
    """Put the answers into the log, once, and score what the system scores.

    The record names the sitting as its subject, so that nobody who saw the room can read a public code off a time.
    """
    paper = _frozen_paper(ctx, attempt)
    held = list_current_contents(ctx.session, attempt.id)
    answers = [
        {"item": item.item, "content": recorded_content(held[item.item]) if item.item in held else None}
        for item in paper.items
    ]
    public_code = ctx.session.scalar(select(Candidacy.public_code).where(Candidacy.id == attempt.candidacy_id))
    payload = {"candidate": str(public_code), "answers": answers}
    attempt.record_seq = record(
        ctx, competition, Event.ANSWERS_SUBMITTED, f"sitting/{sitting.code}", payload, actor=actor
    )
    values = {item: content_of(content) for item, content in held.items()}
    attempt.objective_points, attempt.objective_total = score_objective(paper, values)
    ctx.session.flush()


def _frozen_paper(ctx: ServiceContext, attempt: Attempt) -> FrozenPaper:
    paper_id, digest = ctx.session.execute(
        select(Paper.id, Paper.paper_sha256).where(Paper.id == attempt.paper_id)
    ).one()
    return get_frozen_paper(ctx.session, paper_id, digest)


def _token(ctx: ServiceContext, attempt_id: int) -> str:
    """The token of an attempt: the same on every page of it, so that an old page can still hand over its text."""
    if ctx.settings is None:
        raise RuntimeError("this act needs the settings of the installation")
    digest = hmac.digest(ctx.settings.secret_key.encode(), f"attempt/{attempt_id}".encode(), hashlib.sha256)
    return urlsafe_b64encode(digest).decode("ascii").rstrip("=")


def _deadline_of_clock(clock: AttemptClock) -> datetime | None:
    if clock.started_at is None:
        return None
    return deadline_of(clock.started_at, clock.duration_minutes, clock.added_seconds)


def _view(clock: AttemptClock, now: datetime) -> AttemptView:
    deadline_at = _deadline_of_clock(clock)
    return AttemptView(
        state=clock.state,
        epoch=clock.epoch,
        deadline_at=deadline_at,
        remaining_seconds=0
        if deadline_at is None
        else round(remaining(now, deadline_at, clock.paused_at).total_seconds(), 3),
        server_time=now,
        given_back_seconds=clock.added_seconds,
        paused=clock.paused_at is not None,
        message=clock.newest_message_id,
    )


@lru_cache(maxsize=2)
def _insert_statement(dialect: str) -> Any:
    """One row unless its number is taken; compiled once for each engine."""
    insert = sqlite.insert(_VERSIONS) if dialect == "sqlite" else postgresql.insert(_VERSIONS)
    return insert.on_conflict_do_nothing(index_elements=["attempt_id", "item", "epoch", "number"]).returning(
        _VERSIONS.c.id
    )


def _insert(connection: Connection, attempt_id: int, save: Save, *, received_at: datetime, set_aside: bool) -> bool:
    made = connection.execute(
        _insert_statement(connection.dialect.name),
        {
            "attempt_id": attempt_id,
            "item": save.item,
            "epoch": save.epoch,
            "number": save.number,
            "content": save.content,
            "received_at": received_at,
            "set_aside": set_aside,
        },
    )
    return made.first() is not None


def _stored(connection: Connection, attempt_id: int, save: Save) -> tuple[str, bool]:
    key = {"attempt_id": attempt_id, "item": save.item, "epoch": save.epoch, "number": save.number}
    row = connection.execute(_stored_version, key).one()
    return row.content, row.set_aside
