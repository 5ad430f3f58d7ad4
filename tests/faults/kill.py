"""Workers, and now and then the first process, are killed with −9 while a room saves."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tests.bench.http_client import Connection
from tests.faults.exam import Exam
from tests.faults.outcome import Outcome, percentile
from tests.faults.writers import Writer, check_answers, come_in, compare, seat, tell_ledger, write_all

#: Back to service within this time in 95 of 100 kills. Unit: seconds.
BACK_SECONDS = 2.0


@dataclass(frozen=True)
class Size:
    """How hard it is hit."""

    writers: int = 20
    saves: int = 10_000
    kills_of_workers: int = 50
    kills_of_first: int = 5
    every_seconds: float = 0.3


SHORT = Size(writers=4, saves=120, kills_of_workers=2, kills_of_first=1, every_seconds=0.1)


def run(size: Size = Size()) -> Outcome:
    """Kill, start again, compare."""
    outcome = Outcome("workers killed with −9")
    with tempfile.TemporaryDirectory(prefix="examsite-kill-") as home:
        exam = Exam(Path(home), candidates=size.writers)
        exam.start()
        try:
            asyncio.run(_play(exam, size, outcome))
        finally:
            exam.kill()
    return outcome


async def _play(exam: Exam, size: Size, outcome: Outcome) -> None:
    writers = seat(exam)
    await come_in(writers, exam)
    state = _Kills(exam, size, writers)
    await asyncio.gather(state.kill_all(), write_all(writers, state.enough, every_seconds=size.every_seconds))
    back, forks = state.back_seconds, state.killed
    tell_ledger(outcome, writers, compare(writers, await asyncio.to_thread(exam.versions)))
    outcome.broken += [f"the page is given old text: {wrong}" for wrong in await check_answers(writers)]
    outcome.tell("kills of all workers", size.kills_of_workers)
    outcome.tell("workers killed", forks)
    outcome.tell("kills of the first process", size.kills_of_first)
    outcome.tell("back to service after workers p50 s", percentile(back, 50))
    outcome.tell("p95 s", percentile(back, 95))
    outcome.tell("after the first process, started again by hand, max s", max(state.back_after_first, default=0.0))
    if size.kills_of_workers >= 20:  # fewer say nothing of 95 of 100
        outcome.expect(percentile(back, 95) <= BACK_SECONDS, f"back to service p95 over {BACK_SECONDS} s")


class _Kills:
    """Kills spread over the saves, each after the server has come back from the one before."""

    def __init__(self, exam: Exam, size: Size, writers: Sequence[Writer]) -> None:
        self._exam, self._size, self._writers = exam, size, writers
        self.back_seconds: list[float] = []
        self.back_after_first: list[float] = []
        self.killed = 0
        self._done = False

    def _saved(self) -> int:
        return sum(len(writer.acknowledged) for writer in self._writers)

    def enough(self) -> bool:
        return self._done and self._saved() >= self._size.saves

    async def kill_all(self) -> None:
        total = self._size.kills_of_workers + self._size.kills_of_first
        every = max(1, total // max(1, self._size.kills_of_first))
        for number in range(1, total + 1):
            while self._saved() < self._size.saves * number / (total + 1):
                await asyncio.sleep(0.02)
            began = time.monotonic()
            if number % every == 0 and len(self.back_after_first) < self._size.kills_of_first:
                await asyncio.to_thread(self._exam.kill_first)
                self._exam.launch()
                self.back_after_first.append(await self._back(began))
            else:
                before = set(self._exam.workers())
                self.killed += self._exam.kill_workers()
                self.back_seconds.append(await self._back(began, gone=before))
        self._done = True

    async def _back(self, began: float, *, gone: set[int] | None = None) -> float:
        """Seconds from the kill to the first save that is acknowledged on a connection of its own."""
        first = self._writers[0]
        probe = replace(
            first, connection=Connection(self._exam.port), waiting={}, failures=Counter(), patience_seconds=2.0
        )
        while True:
            if await probe.send() and not (gone and gone & set(self._exam.workers())):
                probe.connection.close()
                return time.monotonic() - began
            await asyncio.sleep(0.02)
            if time.monotonic() - began > 60:
                raise AssertionError(f"not back within 60 s:\n{self._exam.said()}")
