"""Ten thousand histories of time: the rules and a plain model, written apart, never differ by a microsecond.

The same histories with database, services and outages: `tests.faults.histories`.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from examsite.domain.attempts import (
    ATTEMPT,
    CLOSING_SLACK_SECONDS,
    AttemptEvent,
    AttemptState,
    SaveVerdict,
    check_can_hand_in,
    check_can_open,
    deadline_of,
    is_to_close,
    pause_seconds,
    remaining,
    verdict_on_save,
)
from examsite.domain.errors import DomainError
from examsite.domain.sittings import started_at_of
from tests.faults.plain_time import SECOND, PlainAttempt

HISTORIES = 10_000
STEPS = 25
LEAD = 60 * SECOND
BASE = datetime(2026, 3, 16, 2, 0, tzinfo=UTC)
MINUTES, GRACE = 180, 60


def instant(microseconds: int) -> datetime:
    return BASE + timedelta(microseconds=microseconds)


class Ruled:
    """One attempt kept by the rules of the product alone."""

    def __init__(self) -> None:
        self.state = AttemptState.SEATED
        self.started_at: datetime | None = None
        self.added_seconds = 0
        self.paused_at: datetime | None = None
        self.epoch = 0

    @property
    def deadline_at(self) -> datetime | None:
        return None if self.started_at is None else deadline_of(self.started_at, MINUTES, self.added_seconds)

    def counts(self, now: datetime, epoch: int) -> bool:
        verdict = verdict_on_save(
            self.state,
            save_epoch=epoch,
            attempt_epoch=self.epoch,
            received_at=now,
            deadline_at=self.deadline_at,
            grace_seconds=GRACE,
            paused_at=self.paused_at,
        )
        return verdict is SaveVerdict.COUNTED

    def may_open(self, now: datetime) -> bool:
        try:
            check_can_open(self.state, now=now, deadline_at=self.deadline_at, paused_at=self.paused_at)
        except DomainError:
            return False
        return True

    def may_hand_in(self, now: datetime, epoch: int) -> bool:
        if self.deadline_at is None:
            return False
        try:
            check_can_hand_in(
                self.state,
                page_epoch=epoch,
                attempt_epoch=self.epoch,
                now=now,
                deadline_at=self.deadline_at,
                grace_seconds=GRACE,
                paused_at=self.paused_at,
            )
        except DomainError:
            return False
        return True

    def is_to_close(self, now: datetime) -> bool:
        if self.state is not AttemptState.OPEN or self.deadline_at is None:
            return False
        return is_to_close(now, self.deadline_at, GRACE, paused_at=self.paused_at)


def _moved_on(chance: random.Random, now: int, plain: PlainAttempt) -> int:
    """A moment later, minutes later, or where a microsecond decides."""
    kind = chance.random()
    if now < LEAD:
        return max(now, LEAD + chance.choice((-1, 0, 1, 10 * SECOND, 10 * SECOND + 1, 20 * SECOND)))
    if kind < 0.3 and plain.started is not None:
        edge = chance.choice((0, GRACE, GRACE + CLOSING_SLACK_SECONDS)) * SECOND
        return max(now, plain.end() + edge + chance.choice((-SECOND, -1, 0, 1, SECOND)))
    return now + chance.randrange(chance.choice((SECOND, 60 * SECOND, 20 * 60 * SECOND)))


def _start_when_due(plain: PlainAttempt, ruled: Ruled, now: int) -> None:
    if plain.started is None and now >= LEAD:
        plain.start(LEAD, now)
        ruled.started_at = started_at_of(instant(LEAD), instant(now), papers_opened_at=[BASE])
        ruled.state = AttemptState(ATTEMPT.after(ruled.state, AttemptEvent.STARTED))


def _pause_or_resume(plain: PlainAttempt, ruled: Ruled, now: int) -> None:
    if ruled.paused_at is None:
        plain.stand(now)
        ruled.paused_at = instant(now)
        return
    plain.run_on(now)
    ruled.added_seconds += pause_seconds(ruled.paused_at, instant(now))
    ruled.paused_at = None


def _play(seed: int) -> int:
    chance = random.Random(seed)
    plain = PlainAttempt(length=MINUTES * 60 * SECOND, grace=GRACE * SECOND, slack=CLOSING_SLACK_SECONDS * SECOND)
    ruled = Ruled()
    now = compared = number = 0
    for _ in range(STEPS):
        now = _moved_on(chance, now, plain)
        act, epoch = chance.randrange(9), max(0, plain.epoch - (chance.random() < 0.2))
        at = instant(now)
        _start_when_due(plain, ruled, now)
        if act <= 2:
            number += 1
            if plain.started is not None:
                # It may have waited for the database since it was received.
                received = max(plain.started, now - chance.choice((0, 0, SECOND, 5 * SECOND)))
                counts = plain.save("E1", number, epoch=epoch, received=received)
                assert ruled.counts(instant(received), epoch) == counts
        elif act == 3:
            assert ruled.may_open(at) == plain.may_open(now)
            if plain.may_open(now):
                plain.epoch += 1
                ruled.epoch += 1
        elif act == 4 and plain.state == "open":
            _pause_or_resume(plain, ruled, now)
        elif act == 5 and plain.state in ("seated", "open"):
            minutes = chance.randrange(1, 20)
            plain.give(minutes * 60)
            ruled.added_seconds += minutes * 60
        elif act == 6 and plain.state == "open" and chance.random() < 0.1:
            assert ruled.may_hand_in(at, epoch) == plain.may_hand_in(now, epoch)
        elif plain.started is not None:
            assert ruled.is_to_close(at) == plain.is_over(now)
            if plain.is_over(now):
                plain.close()
                ruled.state = AttemptState(ATTEMPT.after(ruled.state, AttemptEvent.CLOSED))
        if ruled.deadline_at is not None:
            left = remaining(at, ruled.deadline_at, ruled.paused_at)
            assert left == timedelta(microseconds=plain.left(now))
            assert ruled.deadline_at == instant(plain.end())
            compared += 1
    return compared


def test_rules_and_plain_model_never_differ() -> None:
    compared = sum(_play(seed) for seed in range(HISTORIES))
    assert compared > HISTORIES * STEPS // 2
