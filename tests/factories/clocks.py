"""A machine whose every clock is turned by the test."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from examsite.storage.clock import Machine

NOON = datetime(2026, 3, 16, 5, 0, tzinfo=UTC)
SECOND_NS = 1_000_000_000


class MadeUpMachine(Machine):
    """It counts and shows what the test says."""

    def __init__(self, wall: datetime = NOON, *, counted: int = 1_000) -> None:
        self.boots = 1
        self.counted = counted * SECOND_NS
        self.shown = wall

    def boot_id(self) -> str:
        return f"run {self.boots}"

    def counted_ns(self) -> int:
        return self.counted

    def wall(self) -> datetime:
        return self.shown

    def live(self, seconds: float) -> None:
        """Time passes for both clocks."""
        self.pass_microseconds(round(seconds * 1_000_000))

    def pass_microseconds(self, count: int) -> None:
        """Time passes for both clocks."""
        self.counted += count * 1000
        self.shown += timedelta(microseconds=count)

    def restart(self, *, down: float, uptime: float, wall_is_off: float = 0) -> None:
        """The machine goes down and comes up; its wall clock may have been lost."""
        self.boots += 1
        self.counted = int(uptime * SECOND_NS)
        self.shown += timedelta(seconds=down + uptime + wall_is_off)
