"""One candidate's attempt: how much time is left, what becomes of a save, in which order options are shown.

Storing never depends on what is stored: a save is accepted, or kept beside as evidence, but never thrown away.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from examsite.domain import windows
from examsite.domain.draws import permute
from examsite.domain.errors import ConflictError
from examsite.domain.papers import Paper
from examsite.domain.questions import QuestionKind, is_correct
from examsite.domain.scores import ZERO, Score, score_text, sum_scores
from examsite.domain.state_machine import StateMachine

SILENT_AFTER_SECONDS: Final = 45
"""After how long without a word from the page a machine counts as silent on the board.

Source: our choice, because a page speaks at least every 15 seconds and one lost call is no reason to walk there."""

CLOSING_SLACK_SECONDS: Final = 12
"""How much longer than deadline and grace the server waits before it closes an attempt.

Source: our choice, because a save that came in with the last second of the grace may wait for its commit up to ten
seconds, and closing must not overtake it."""


class AttemptState(StrEnum):
    """Where an attempt is. Only `open` attempts take saves that count."""

    SEATED = "seated"
    OPEN = "open"
    HANDED_IN = "handed_in"
    CLOSED = "closed"
    ABSENT = "absent"


class AttemptEvent(StrEnum):
    """What happens to an attempt."""

    STARTED = "started"
    HANDED_IN = "handed_in"
    CLOSED = "closed"
    FOUND_ABSENT = "found_absent"


_S = AttemptState
_E = AttemptEvent

ATTEMPT = StateMachine(
    name="attempt",
    initial=_S.SEATED,
    table={
        (_S.SEATED, _E.STARTED): _S.OPEN,
        (_S.OPEN, _E.HANDED_IN): _S.HANDED_IN,
        (_S.OPEN, _E.CLOSED): _S.CLOSED,
        (_S.OPEN, _E.FOUND_ABSENT): _S.ABSENT,
        (_S.SEATED, _E.FOUND_ABSENT): _S.ABSENT,
    },
)


class SaveVerdict(StrEnum):
    """What becomes of a save. Everything but `counted` is kept beside and never becomes the answer."""

    COUNTED = "counted"
    FENCED = "fenced"
    LATE = "late"


# --- time ----------------------------------------------------------------------------------------------------------


def deadline_of(started_at: datetime, duration_minutes: int, added_seconds: int = 0) -> datetime:
    """The one end of an attempt, shown everywhere: start, duration and all time added (extensions, ended pauses).

    Units: minutes for the duration, seconds for what was added.
    """
    return windows.deadline(started_at, duration_minutes, added_seconds)


def clock_at(now: datetime, paused_at: datetime | None) -> datetime:
    """The instant at which the clock of an attempt stands: the present one, or that of the pause it is in."""
    return now if paused_at is None else min(now, paused_at)


def remaining(now: datetime, deadline_at: datetime, paused_at: datetime | None = None) -> timedelta:
    """What remains to write; nothing once the deadline has come; the same all through a pause."""
    return windows.time_left(clock_at(now, paused_at), deadline_at)


def pause_seconds(began_at: datetime, ended_at: datetime) -> int:
    """What an ended pause adds to the attempt: its length, part of a second counted as a whole one.

    Units: seconds.
    """
    return max(0, -(-(ended_at - began_at) // timedelta(seconds=1)))


def is_overdue(now: datetime, deadline_at: datetime, grace_seconds: int, *, paused_at: datetime | None = None) -> bool:
    """Whether what comes now is too late: deadline and grace have passed on the clock of the attempt.

    Units: seconds.
    """
    return not windows.is_within_grace(clock_at(now, paused_at), deadline_at, grace_seconds)


def is_to_close(now: datetime, deadline_at: datetime, grace_seconds: int, *, paused_at: datetime | None = None) -> bool:
    """Whether the server closes the attempt now: also the slack for what waits to be stored has passed.

    Nobody is closed while the clock stands still.

    Units: seconds.
    """
    return paused_at is None and is_overdue(now, deadline_at, grace_seconds + CLOSING_SLACK_SECONDS)


def was_closed_by_person(closed_at: datetime, deadline_at: datetime, *, paused_at: datetime | None = None) -> bool:
    """Whether a person of the room ended the attempt: the server closes nobody before the deadline, or in a pause.

    `paused_at` is when the pause began that the end of the attempt ended.
    """
    return paused_at is not None or closed_at < deadline_at


# --- saving and handing in -----------------------------------------------------------------------------------------


def verdict_on_save(
    state: AttemptState,
    *,
    save_epoch: int,
    attempt_epoch: int,
    received_at: datetime,
    deadline_at: datetime | None,
    grace_seconds: int,
    paused_at: datetime | None = None,
) -> SaveVerdict:
    """Whether a save becomes the answer or is kept beside.

    A page of an older epoch is fenced; a page cannot run ahead of the epoch it was given either. What comes after
    hand-in, close or the grace is late.
    """
    if state is not AttemptState.OPEN or deadline_at is None:
        return SaveVerdict.LATE
    if is_overdue(received_at, deadline_at, grace_seconds, paused_at=paused_at):
        return SaveVerdict.LATE
    return SaveVerdict.COUNTED if save_epoch == attempt_epoch else SaveVerdict.FENCED


def check_can_open(
    state: AttemptState, *, now: datetime, deadline_at: datetime | None, paused_at: datetime | None = None
) -> None:
    """Refuse to put the paper in front of someone before the start or after the end.

    Raises:
        ConflictError: `test_not_started`, `test_over`.
    """
    if state is AttemptState.SEATED or deadline_at is None:
        raise ConflictError("test_not_started")
    if state is not AttemptState.OPEN or clock_at(now, paused_at) >= deadline_at:
        raise ConflictError("test_over")


def check_can_hand_in(
    state: AttemptState,
    *,
    page_epoch: int,
    attempt_epoch: int,
    now: datetime,
    deadline_at: datetime,
    grace_seconds: int,
    paused_at: datetime | None = None,
) -> None:
    """Refuse a hand-in that is not the writer's own, or not in time.

    Raises:
        ConflictError: `test_over`, `page_fenced`.
    """
    if state is not AttemptState.OPEN or is_overdue(now, deadline_at, grace_seconds, paused_at=paused_at):
        raise ConflictError("test_over")
    if page_epoch != attempt_epoch:
        raise ConflictError("page_fenced")


# --- the paper in front of one candidate ---------------------------------------------------------------------------


def shuffle_seed(competition: str, sitting: str, seat: str, paper_sha256: str) -> bytes:
    """What the order of options of one attempt is drawn from: 32 bytes that anyone can derive again."""
    return hashlib.sha256(f"{competition}/{sitting}/{seat}/{paper_sha256}".encode()).digest()


def option_orders(paper: Paper, seed: bytes) -> dict[str, list[str]]:
    """The order in which each question shows its options to this candidate.

    True and false keep their order; a question whose steps are to be put in order never starts in the right one.
    """
    orders: dict[str, list[str]] = {}
    for item in paper.objective:
        keys = [option.key for option in item.question.options]
        if item.question.kind is not QuestionKind.TRUE_FALSE:
            keys = permute(keys, hashlib.sha256(seed + item.item.encode()).digest())
        if item.question.kind is QuestionKind.ORDERING and tuple(keys) == item.question.answer_key:
            keys = [*keys[1:], keys[0]]
        if keys:
            orders[item.item] = keys
    return orders


def score_objective(paper: Paper, answers: Mapping[str, object]) -> tuple[dict[str, str], Score]:
    """The points of every objective question, all or nothing, and their sum.

    The points are text with two decimals, ready for the record.

    Source: our choice, because partial points for guessed parts are not named in any regulation.
    """
    points = {
        item.item: item.points if is_correct(item.question, answers.get(item.item)) else ZERO
        for item in paper.objective
    }
    return {name: score_text(value) for name, value in points.items()}, sum_scores(points.values())


def is_answer(content: object) -> bool:
    """Whether the content says anything: empty text, an empty list and nothing at all do not."""
    if isinstance(content, str):
        return bool(content.strip())
    return content not in (None, [], {}, False)


def count_words(text: str) -> int:
    """Words of a text: pieces between spaces."""
    return len(text.split())


def unanswered(paper: Paper, answers: Mapping[str, object]) -> Sequence[str]:
    """Items of the paper without an answer, in the order of the paper."""
    return [item.item for item in paper.items if not is_answer(answers.get(item.item))]
