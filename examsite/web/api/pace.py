"""The pace of saves: whoever sends more than anyone can write is asked to come again later, nobody else notices.

Decision: each process measures for itself, in memory. No save pays for it with a row, and the bound is that of
`examsite.domain.pace` for each process; a restart gives one more burst. A sign of life stores nothing and is free.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from threading import Lock
from typing import Final

from flask import Flask, current_app

from examsite.domain.pace import BURST_BYTES, BYTES_PER_SECOND, Measure, cost_of, left_of, take
from examsite.domain.saves import Save

#: How many attempts are remembered before those with a full measure are forgotten. Source: our choice, because a day
#: has fewer.
_REMEMBERED: Final = 4096

_log = logging.getLogger("examsite.pace")


class TooFastError(Exception):
    """Nothing of the call is stored; it may come again after so many seconds."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"again in {seconds} s")
        self.seconds = seconds


class SavePace:
    """What is left to each attempt in this process."""

    def __init__(self, *, burst: int = BURST_BYTES, per_second: int = BYTES_PER_SECOND) -> None:
        """Everyone begins with a full measure."""
        self._burst = burst
        self._per_second = per_second
        self._measures: dict[int, Measure] = {}
        self._slowed: set[int] = set()
        self._lock = Lock()

    def check(self, attempt_id: int, saves: Sequence[Save], now: datetime) -> None:
        """Count what is about to be stored of an attempt.

        Raises:
            TooFastError: it has to wait, and nothing was counted.
        """
        if not saves:
            return
        cost = cost_of(saves)
        with self._lock:
            if len(self._measures) >= _REMEMBERED and attempt_id not in self._measures:
                self._forget(now)
            measure, wait = take(
                self._measures.get(attempt_id), cost, now, burst=self._burst, per_second=self._per_second
            )
            self._measures[attempt_id] = measure
            is_first = bool(wait) and attempt_id not in self._slowed
            if wait:
                self._slowed.add(attempt_id)
            else:
                self._slowed.discard(attempt_id)
        if is_first:
            _log.warning("attempt %d sends more than anyone writes and is slowed down", attempt_id)
        if wait:
            raise TooFastError(wait)

    def _forget(self, now: datetime) -> None:
        for attempt_id, measure in list(self._measures.items()):
            if left_of(measure, now, burst=self._burst, per_second=self._per_second) == self._burst:
                del self._measures[attempt_id]


def pace_of(app: Flask) -> SavePace:
    """The pace of this process."""
    found: SavePace = app.extensions["save_pace"]
    return found


def check_pace(attempt_id: int, saves: Sequence[Save], now: datetime) -> None:
    """Count what a call is about to store.

    Raises:
        TooFastError: it has to wait.
    """
    pace_of(current_app).check(attempt_id, saves, now)
