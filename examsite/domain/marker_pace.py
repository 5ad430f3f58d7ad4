"""How long one marker takes for a script, and how much is left: for this marker's own page, never to compare."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Final

LEAST_SCRIPTS: Final = 3
"""Locked scripts before a pace is said. Source: our choice, because one or two say nothing about the next."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What is done, and once enough is done, the pace and the work left by it."""

    locked: int
    allocated: int
    median_minutes: int | None
    left_minutes: int | None

    @property
    def left(self) -> int:
        """Scripts not locked yet."""
        return self.allocated - self.locked


def progress_of(spans: Iterable[tuple[datetime | None, datetime]], *, allocated: int) -> Progress:
    """The progress of a marker from when each locked script was opened and locked.

    A script of which the opening is not known counts as done, but says nothing about the pace.
    """
    known = list(spans)
    took = [max(locked_at - opened_at, timedelta()) for opened_at, locked_at in known if opened_at is not None]
    if len(took) < LEAST_SCRIPTS:
        return Progress(len(known), allocated, None, None)
    typical = median(span.total_seconds() for span in took)
    minutes = max(1, round(typical / 60))
    left = max(0, allocated - len(known))
    return Progress(len(known), allocated, minutes, round(left * typical / 60))
