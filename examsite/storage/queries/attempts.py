"""Reads of attempts: one candidate's seat, what counts as the answers now, and every version ever stored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from examsite.domain.attempts import AttemptState
from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import NotAllowedError, NotFoundError
from examsite.domain.saves import content_of
from examsite.storage.models.competitions import Competition
from examsite.storage.models.dossiers import Candidacy
from examsite.storage.models.papers import Paper
from examsite.storage.models.sittings import AnswerVersion, Attempt, Sitting
from examsite.storage.row_sets import among


@dataclass(frozen=True)
class AttemptClock:
    """What a save needs to know of its attempt, and no more."""

    attempt_id: int
    state: AttemptState
    epoch: int
    started_at: datetime | None
    duration_minutes: int
    grace_seconds: int
    added_seconds: int
    paused_at: datetime | None
    last_seen_at: datetime | None
    checked_in_at: datetime | None
    newest_message_id: int | None
    paper_id: int | None
    paper_sha256: str | None
    starts_at: datetime
    checked_in: bool
    opened_at: datetime | None


@dataclass(frozen=True, slots=True)
class AttemptSubject:
    """What the log says of an attempt: whose it is, and in which sitting of which competition."""

    attempt_id: int
    sitting_code: str
    competition_id: int
    candidate_number: str | None
    public_code: str | None


@dataclass(frozen=True)
class CurrentVersion:
    """The version of one item that counts."""

    item: str
    content: str
    epoch: int
    number: int
    received_at: datetime


# Statements of the hot paths are put together once, not for every call.
_clock = select(
    Attempt.id,
    Attempt.state,
    Attempt.epoch,
    Sitting.started_at,
    Sitting.duration_minutes,
    Sitting.grace_seconds,
    Attempt.added_seconds,
    Attempt.paused_at,
    Attempt.last_seen_at,
    Attempt.checked_in_at,
    Attempt.newest_message_id,
    Attempt.paper_id,
    Paper.paper_sha256,
    Sitting.starts_at,
    Attempt.checked_in_at.is_not(None),
    Attempt.opened_at,
)
_clock = _clock.join(Sitting, Sitting.id == Attempt.sitting_id).outerjoin(Paper, Paper.id == Attempt.paper_id)
_clock_of_attempt = _clock.where(Attempt.id == bindparam("attempt_id"))
_locked_clocks = _clock.where(among(Attempt.id, "attempt_ids")).order_by(Attempt.id).with_for_update(of=Attempt)
_orders = select(Attempt.id, Attempt.option_orders).where(among(Attempt.id, "attempt_ids"))
_subjects = (
    select(Attempt.id, Sitting.code, Sitting.competition_id, Candidacy.candidate_number, Candidacy.public_code)
    .join(Sitting, Sitting.id == Attempt.sitting_id)
    .join(Candidacy, Candidacy.id == Attempt.candidacy_id)
    .where(among(Attempt.id, "attempt_ids"))
)

_by_age = (
    select(
        AnswerVersion.id,
        func.row_number()
        .over(partition_by=AnswerVersion.item, order_by=(AnswerVersion.epoch.desc(), AnswerVersion.number.desc()))
        .label("age"),
    )
    .where(AnswerVersion.attempt_id == bindparam("attempt_id"), AnswerVersion.set_aside.is_(False))
    .subquery()
)
_by_age_of_many = (
    select(
        AnswerVersion.id,
        func.row_number()
        .over(
            partition_by=(AnswerVersion.attempt_id, AnswerVersion.item),
            order_by=(AnswerVersion.epoch.desc(), AnswerVersion.number.desc()),
        )
        .label("age"),
    )
    .where(among(AnswerVersion.attempt_id, "attempt_ids"), AnswerVersion.set_aside.is_(False))
    .subquery()
)
_current_contents = (
    select(AnswerVersion.item, AnswerVersion.content)
    .join(_by_age, _by_age.c.id == AnswerVersion.id)
    .where(_by_age.c.age == 1)
)
_current_versions = (
    select(
        AnswerVersion.attempt_id,
        AnswerVersion.item,
        AnswerVersion.content,
        AnswerVersion.epoch,
        AnswerVersion.number,
        AnswerVersion.received_at,
    )
    .join(_by_age_of_many, _by_age_of_many.c.id == AnswerVersion.id)
    .where(_by_age_of_many.c.age == 1)
    .order_by(AnswerVersion.attempt_id, AnswerVersion.item)
)
_held_numbers = (
    select(AnswerVersion.item, AnswerVersion.epoch, AnswerVersion.number)
    .join(_by_age, _by_age.c.id == AnswerVersion.id)
    .where(_by_age.c.age == 1)
)


def count_open_attempts(session: Session, competition_id: int) -> int:
    """How many candidates of a competition are writing now."""
    statement = (
        select(func.count(Attempt.id))
        .join(Sitting, Sitting.id == Attempt.sitting_id)
        .where(Sitting.competition_id == competition_id, Attempt.state == AttemptState.OPEN)
    )
    return session.scalar(statement) or 0


def lock_attempt_clocks(connection: Connection, attempt_ids: Iterable[int]) -> dict[int, AttemptClock]:
    """The clocks of these attempts by number; their rows are locked until the end of the transaction.

    Everyone who locks several attempts takes them in the order of their numbers.
    """
    rows: Iterable[Any] = connection.execute(_locked_clocks, {"attempt_ids": attempt_ids})
    return {row[0]: AttemptClock(*row) for row in rows}


def find_attempt_clock(connection: Connection, attempt_id: int) -> AttemptClock | None:
    """The clock of an attempt, without a lock."""
    row: Any = connection.execute(_clock_of_attempt, {"attempt_id": attempt_id}).first()
    return None if row is None else AttemptClock(*row)


def list_sealed(connection: Connection, attempt_ids: Iterable[int]) -> frozenset[int]:
    """Those of the attempts whose competition has left the written test, so that nothing more may ever count."""
    return frozenset(
        connection.execute(
            select(Attempt.id)
            .join(Sitting, Sitting.id == Attempt.sitting_id)
            .join(Competition, Competition.id == Sitting.competition_id)
            .where(Attempt.id.in_(attempt_ids), Competition.state != CompetitionState.WRITTEN)
        ).scalars()
    )


def find_own_attempt_id(connection: Connection, candidacy_id: int) -> int | None:
    """The number of a candidate's own attempt."""
    return connection.execute(select(Attempt.id).where(Attempt.candidacy_id == candidacy_id)).scalar_one_or_none()


def map_option_orders(connection: Connection, attempt_ids: Iterable[int]) -> dict[int, dict[str, list[str]]]:
    """The order of options per item as drawn for each of these attempts."""
    rows = connection.execute(_orders, {"attempt_ids": attempt_ids})
    return {attempt_id: orders for attempt_id, orders in rows}  # noqa: C416 -- rows are not pairs to the type checker


def map_subjects(connection: Connection, attempt_ids: Iterable[int]) -> dict[int, AttemptSubject]:
    """What the log says of each of these attempts."""
    rows: Iterable[Any] = connection.execute(_subjects, {"attempt_ids": attempt_ids})
    return {row[0]: AttemptSubject(*row) for row in rows}


def find_candidate_attempt(session: Session, candidacy_id: int) -> Attempt | None:
    """A candidate's own attempt with everything that the candidate's pages show, but for the content of the paper."""
    return session.scalars(
        select(Attempt)
        .options(
            joinedload(Attempt.sitting).joinedload(Sitting.competition).joinedload(Competition.body),
            joinedload(Attempt.candidacy).joinedload(Candidacy.post),
            joinedload(Attempt.paper).load_only(Paper.code, Paper.paper_sha256),
            selectinload(Attempt.extensions),
        )
        .where(Attempt.candidacy_id == candidacy_id)
        .execution_options(populate_existing=True)
    ).one_or_none()


def get_own_attempt(session: Session, attempt_id: int, *, for_update: bool = False) -> Attempt:
    """The attempt behind a token with its sitting, its competition and its candidate; its row may be locked.

    Raises:
        NotAllowedError: `token_unknown`, when it is gone.
    """
    if for_update:
        session.execute(select(Attempt.id).where(Attempt.id == attempt_id).with_for_update())
    found = session.scalars(
        select(Attempt)
        .options(
            joinedload(Attempt.sitting).joinedload(Sitting.competition),
            joinedload(Attempt.candidacy),
        )
        .where(Attempt.id == attempt_id)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotAllowedError("token_unknown")
    return found


def find_seat(session: Session, candidacy_id: int) -> Attempt | None:
    """Where a candidate sits, with the sitting; leaves a candidacy already read as it is."""
    return session.scalars(
        select(Attempt).options(joinedload(Attempt.sitting)).where(Attempt.candidacy_id == candidacy_id)
    ).one_or_none()


def get_attempt(session: Session, sitting_id: int, seat: str) -> Attempt:
    """The attempt at a seat with candidacy, post, paper and extensions.

    Raises:
        NotFoundError: `seat_not_found`.
    """
    found = session.scalars(
        select(Attempt)
        .options(
            joinedload(Attempt.candidacy).joinedload(Candidacy.post),
            joinedload(Attempt.paper),
            joinedload(Attempt.sitting),
            selectinload(Attempt.extensions),
        )
        .where(Attempt.sitting_id == sitting_id, Attempt.seat == seat)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFoundError("seat_not_found", seat=seat)
    return found


def list_current_contents(session: Session, attempt_id: int) -> dict[str, str]:
    """What counts of each item, as it is stored: the highest (epoch, number) that was not set aside."""
    rows = session.execute(_current_contents, {"attempt_id": attempt_id})
    return {item: content for item, content in rows}  # noqa: C416 -- rows are not pairs to the type checker


def list_answers(session: Session, attempt_id: int) -> dict[str, object]:
    """The answers of an attempt as values by item, review flags included."""
    return {item: content_of(content) for item, content in list_current_contents(session, attempt_id).items()}


def list_versions(session: Session, attempt_id: int) -> list[AnswerVersion]:
    """Every version ever stored of an attempt, those set aside included, as they came in."""
    return list(
        session.scalars(select(AnswerVersion).where(AnswerVersion.attempt_id == attempt_id).order_by(AnswerVersion.id))
    )


def has_versions(session: Session, attempt_id: int) -> bool:
    """Whether anything was ever stored of an attempt."""
    return session.scalars(select(AnswerVersion.id).where(AnswerVersion.attempt_id == attempt_id)).first() is not None


def map_current_versions(connection: Connection, attempt_ids: Iterable[int]) -> dict[int, list[CurrentVersion]]:
    """What counts of each item of these attempts, with its numbers and the instant it came in, by item."""
    wanted = sorted(set(attempt_ids))
    found: dict[int, list[CurrentVersion]] = {attempt_id: [] for attempt_id in wanted}
    for row in connection.execute(_current_versions, {"attempt_ids": wanted}):
        found[row[0]].append(CurrentVersion(*row[1:]))
    return found


def list_held_numbers(connection: Connection, attempt_id: int) -> dict[str, tuple[int, int]]:
    """The (epoch, number) that the server holds of each item, those that count only."""
    rows = connection.execute(_held_numbers, {"attempt_id": attempt_id})
    return {item: (epoch, number) for item, epoch, number in rows}
