"""Ending an attempt: handed in by the candidate or closed by the server, entered into the log, scored.

Handing in is a flag: everything is there already. The record holds the answers as they stand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, select

from examsite.domain.attempts import ATTEMPT, AttemptEvent, AttemptState, check_can_hand_in, score_objective
from examsite.domain.errors import DomainError, NotAllowedError
from examsite.domain.events import Event
from examsite.domain.papers import Paper as FrozenPaper
from examsite.domain.saves import content_of, recorded_content
from examsite.domain.scores import Score
from examsite.services.attempt_views import AttemptView, deadline_of_clock, view_of
from examsite.services.context import ServiceContext
from examsite.services.lost_times import end_pause
from examsite.services.records import record, record_by_competition
from examsite.storage.models.competitions import Competition
from examsite.storage.models.dossiers import Candidacy
from examsite.storage.models.papers import Paper
from examsite.storage.models.sittings import Attempt, Sitting
from examsite.storage.queries.attempts import (
    AttemptClock,
    has_versions,
    list_current_contents,
    map_current_versions,
    map_subjects,
)
from examsite.storage.queries.papers import get_frozen_paper
from examsite.storage.row_seals import ResealedRows

_handed_in = ResealedRows(
    cast(Table, Attempt.__table__),
    ("state", "paused_at", "handed_in_at", "last_seen_at", "record_seq", "objective_points", "objective_total"),
)


@dataclass(frozen=True, slots=True)
class HandInJob:
    """A page hands in; a page without script, which has no epoch of its own, says None."""

    attempt_id: int
    page_epoch: int | None
    received_at: datetime


@dataclass(frozen=True, slots=True)
class HandedIn:
    """Where the attempt stands after the hand-in."""

    clock: AttemptView
    read: AttemptClock


def write_hand_ins(
    ctx: ServiceContext, clocks: dict[int, AttemptClock], jobs: Sequence[HandInJob]
) -> list[HandedIn | DomainError]:
    """End the attempts of a group, which are locked, with what the server holds; handing in twice changes nothing."""
    outcomes: list[HandedIn | DomainError] = []
    ended: dict[int, datetime] = {}
    for job in jobs:
        clock = clocks.get(job.attempt_id)
        if clock is None:
            outcomes.append(NotAllowedError("token_unknown"))
            continue
        if clock.state is not AttemptState.HANDED_IN:
            try:
                check_can_hand_in(
                    clock.state,
                    page_epoch=clock.epoch if job.page_epoch is None else job.page_epoch,
                    attempt_epoch=clock.epoch,
                    now=job.received_at,
                    deadline_at=deadline_of_clock(clock) or job.received_at,
                    grace_seconds=clock.grace_seconds,
                    paused_at=clock.paused_at,
                )
            except DomainError as refusal:
                outcomes.append(refusal)
                continue
            state = ATTEMPT.after(clock.state, AttemptEvent.HANDED_IN)
            clock = clocks[job.attempt_id] = replace(clock, state=state)
            ended[job.attempt_id] = job.received_at
            if clock.paused_at is not None:
                end_pause(ctx.session, job.attempt_id, at=job.received_at)
        outcomes.append(HandedIn(clock=view_of(clock, job.received_at), read=clock))
    if ended:
        _submit_all(ctx, clocks, ended)
    return outcomes


def _submit_all(ctx: ServiceContext, clocks: dict[int, AttemptClock], ended: dict[int, datetime]) -> None:
    """Put the answers of all of them into the log and score what the system scores."""
    connection = ctx.session.connection()
    subjects = map_subjects(connection, ended)
    versions = map_current_versions(connection, ended)
    facts: dict[int, list[tuple[str, dict[str, object]]]] = {}
    places: dict[int, list[int]] = {}
    values = {}
    for attempt_id, at in sorted(ended.items()):
        clock, subject = clocks[attempt_id], subjects[attempt_id]
        paper = get_frozen_paper(ctx.session, clock.paper_id or 0, clock.paper_sha256 or "")
        held = {version.item: version.content for version in versions[attempt_id]}
        payload, points, total = _submission(paper, str(subject.public_code), held)
        facts.setdefault(subject.competition_id, []).append((f"sitting/{subject.sitting_code}", payload))
        places.setdefault(subject.competition_id, []).append(attempt_id)
        values[attempt_id] = {
            "id": attempt_id,
            "state": clock.state,
            "paused_at": None,
            "handed_in_at": at,
            "last_seen_at": at,
            "objective_points": points,
            "objective_total": total,
        }
    for competition_id, numbers in record_by_competition(ctx, Event.ANSWERS_SUBMITTED, facts).items():
        for attempt_id, seq in zip(places[competition_id], numbers, strict=True):
            values[attempt_id]["record_seq"] = seq
    _handed_in.update(connection, list(values.values()))


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
    if attempt.paused_at is not None:
        end_pause(ctx.session, attempt.id, at=ctx.now)
        attempt.paused_at = None
    public_code = ctx.session.scalar(select(Candidacy.public_code).where(Candidacy.id == attempt.candidacy_id))
    held = list_current_contents(ctx.session, attempt.id)
    payload, points, total = _submission(_frozen_paper(ctx, attempt), str(public_code), held)
    attempt.record_seq = record(
        ctx, competition, Event.ANSWERS_SUBMITTED, f"sitting/{sitting.code}", payload, actor="system"
    )
    attempt.objective_points, attempt.objective_total = points, total
    ctx.session.flush()


def amend_answers(
    ctx: ServiceContext, competition: Competition, sitting: Sitting, attempt: Attempt, *, reason: str
) -> None:
    """Put the answers of an ended attempt into the log once more after some were added, and score them anew.

    The row must be locked, and two people have agreed.

    Source: record format, `answers:amended`: the same payload as at the hand-in, and why.
    """
    public_code = ctx.session.scalar(select(Candidacy.public_code).where(Candidacy.id == attempt.candidacy_id))
    held = list_current_contents(ctx.session, attempt.id)
    payload, points, total = _submission(_frozen_paper(ctx, attempt), str(public_code), held)
    payload["reason"] = reason
    attempt.record_seq = record(ctx, competition, Event.ANSWERS_AMENDED, f"sitting/{sitting.code}", payload)
    attempt.objective_points, attempt.objective_total = points, total
    ctx.session.flush()


def _submission(
    paper: FrozenPaper, public_code: str, held: dict[str, str]
) -> tuple[dict[str, Any], dict[str, str], Score]:
    """What the log is told, and the points of the objective questions.

    The record names the sitting as its subject, so that nobody who saw the room can read a public code off a time.
    """
    answers = [
        {"item": item.item, "content": recorded_content(held[item.item]) if item.item in held else None}
        for item in paper.items
    ]
    points, total = score_held(paper, held)
    return {"candidate": public_code, "answers": answers}, points, total


def score_held(paper: FrozenPaper, held: Mapping[str, str]) -> tuple[dict[str, str], Score]:
    """The points of the objective questions by criterion, and their sum, for answers as they are kept."""
    objective = {item.item: content_of(held[item.item]) for item in paper.objective if item.item in held}
    return score_objective(paper, objective)


def _frozen_paper(ctx: ServiceContext, attempt: Attempt) -> FrozenPaper:
    paper_id, digest = ctx.session.execute(
        select(Paper.id, Paper.paper_sha256).where(Paper.id == attempt.paper_id)
    ).one()
    return get_frozen_paper(ctx.session, paper_id, digest)
