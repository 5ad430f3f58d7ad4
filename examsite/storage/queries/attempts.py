"""Reads of attempts: one candidate's seat, what counts as the answers now, and every version ever stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from examsite.domain.attempts import AttemptState
from examsite.domain.errors import NotFoundError
from examsite.domain.saves import content_of
from examsite.storage.models.competitions import Competition
from examsite.storage.models.dossiers import Candidacy
from examsite.storage.models.papers import Paper
from examsite.storage.models.records import RecordLog, RecordRow
from examsite.storage.models.sittings import AnswerVersion, Attempt, Sitting


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
    newest_message_id: int | None


@dataclass(frozen=True)
class SeatState:
    """What the waiting page asks for every few seconds."""

    state: AttemptState
    seat: str
    checked_in: bool
    starts_at: datetime


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
    Attempt.newest_message_id,
).join(Sitting, Sitting.id == Attempt.sitting_id)

_clock_of_token = _clock.where(Attempt.token_sha256 == bindparam("token_sha256"))
_clock_of_candidacy = _clock.where(Attempt.candidacy_id == bindparam("candidacy_id"))
_locked_clock_of_token = _clock_of_token.with_for_update(of=Attempt)
_locked_clock_of_candidacy = _clock_of_candidacy.with_for_update(of=Attempt)

_seat_state = (
    select(Attempt.state, Attempt.seat, Attempt.checked_in_at.is_not(None), Sitting.starts_at)
    .join(Sitting, Sitting.id == Attempt.sitting_id)
    .where(Attempt.candidacy_id == bindparam("candidacy_id"))
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
_current_contents = (
    select(AnswerVersion.item, AnswerVersion.content)
    .join(_by_age, _by_age.c.id == AnswerVersion.id)
    .where(_by_age.c.age == 1)
)
_current_versions = _current_contents.add_columns(
    AnswerVersion.epoch, AnswerVersion.number, AnswerVersion.received_at
).order_by(AnswerVersion.item)
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


def find_attempt_clock(connection: Connection, token_sha256: str) -> AttemptClock | None:
    """The clock of the attempt behind a token; the row is locked until the end of the transaction."""
    row = connection.execute(_locked_clock_of_token, {"token_sha256": token_sha256}).first()
    return None if row is None else AttemptClock(*row)


def find_own_clock(connection: Connection, candidacy_id: int) -> AttemptClock | None:
    """The clock of a candidate's own attempt; the row is locked until the end of the transaction."""
    row = connection.execute(_locked_clock_of_candidacy, {"candidacy_id": candidacy_id}).first()
    return None if row is None else AttemptClock(*row)


def find_attempt_state(connection: Connection, token_sha256: str) -> AttemptClock | None:
    """As `find_attempt_clock`, without a lock."""
    row = connection.execute(_clock_of_token, {"token_sha256": token_sha256}).first()
    return None if row is None else AttemptClock(*row)


def find_seat_state(session: Session, candidacy_id: int) -> SeatState | None:
    """Where a candidate's attempt stands, for the waiting page; nothing else is read."""
    row = session.execute(_seat_state, {"candidacy_id": candidacy_id}).first()
    return None if row is None else SeatState(*row)


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


def list_current_versions(connection: Connection, attempt_id: int) -> list[CurrentVersion]:
    """What counts of each item with its numbers and the instant it came in, by item."""
    return [CurrentVersion(*row) for row in connection.execute(_current_versions, {"attempt_id": attempt_id})]


def list_held_numbers(connection: Connection, attempt_id: int) -> dict[str, tuple[int, int]]:
    """The (epoch, number) that the server holds of each item, those that count only."""
    rows = connection.execute(_held_numbers, {"attempt_id": attempt_id})
    return {item: (epoch, number) for item, epoch, number in rows}


def find_submission(session: Session, competition_id: int, attempt: Attempt) -> RecordRow | None:
    """The record that says that the answers were submitted, as the receipt names it."""
    return session.scalars(
        select(RecordRow)
        .join(RecordLog, RecordLog.id == RecordRow.log_id)
        .where(RecordLog.competition_id == competition_id, RecordRow.seq == attempt.record_seq)
    ).one_or_none()
