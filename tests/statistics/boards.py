"""Boards of markers who never lived: what they mark, who drifts, and who would be paused when.

`python -m tests.statistics.boards 100` prints the table that stands at `ALARM_LIMIT`.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from examsite.domain.allocation import plan_marking
from examsite.statistics.drift import Alarm, Check, PairCheck, SeedCheck, watch_drift
from examsite.statistics.figures import ScriptMark

QUALIFICATION = 5


@dataclass(frozen=True)
class Board:
    """A world: points of 100, marks in steps of 0.25.

    Attributes:
        error: standard deviation of the error of one mark.
        seed_every: each how many-th script of a marker is a seed.
        drift: points by which the first marker moves after `drift_after` scripts.
        severity: standard deviation of the levels of the markers.
    """

    error: float = 2.0
    seed_every: int = 10
    drift: float = 0.0
    drift_after: int = 40
    severity: float = 1.5
    markers: int = 6
    scripts: int = 200

    @property
    def codes(self) -> list[str]:
        return [f"M{number}" for number in range(self.markers)]

    def rounds(self, seed: int) -> Iterator[list[Check]]:
        """What becomes known round by round, when in each round every marker locks one script."""
        chance = random.Random(seed)
        plan = plan_marking([f"{n:03d}" for n in range(self.scripts)], self.codes, seed=seed.to_bytes(32, "big"))
        level = {marker: chance.gauss(0, self.severity) for marker in self.codes}
        true = {script: chance.gauss(60, 12) for script in plan.pairs}
        queues = {marker: list(plan.orders[marker]) for marker in self.codes}
        locked: dict[str, tuple[str, int, float]] = {}
        yield [
            SeedCheck(marker, 0, _step(level[marker] + chance.gauss(0, self.error)))
            for marker in self.codes
            for _ in range(QUALIFICATION)
        ]
        number = 0
        while any(queues.values()):
            number += 1
            checks: list[Check] = []
            for marker in chance.sample(self.codes, self.markers):
                moved = self.drift if marker == self.codes[0] and number > self.drift_after else 0.0
                error = level[marker] + moved + chance.gauss(0, self.error)
                if number % self.seed_every == 0:
                    checks.append(SeedCheck(marker, number, _step(error)))
                elif queues[marker]:
                    script = queues[marker].pop(0)
                    mark = (marker, number, _step(true[script] + error))
                    if script in locked:
                        checks.append(PairCheck(*locked[script], *mark))
                    locked[script] = mark
            yield checks


def paused(board: Board, seed: int, *, look_every: int = 5) -> dict[str, tuple[int, Alarm]]:
    """Who would be paused, after how many scripts; one who is paused marks no more."""
    known: list[Check] = []
    stopped: dict[str, tuple[int, Alarm]] = {}
    for number, checks in enumerate(board.rounds(seed)):
        known += [check for check in checks if not _comes_after(check, stopped)]
        if number % look_every == 0:
            for marker, watch in watch_drift(known, error=board.error).items():
                if watch.alarm is not None and marker not in stopped:
                    stopped[marker] = (number, watch.alarm)
    return stopped


def marks(board: Board, seed: int) -> tuple[list[ScriptMark], dict[str, float]]:
    """All marks of a board without drift, and the true levels around their mean."""
    chance = random.Random(seed)
    plan = plan_marking([f"{n:03d}" for n in range(board.scripts)], board.codes, seed=seed.to_bytes(32, "big"))
    level = {marker: chance.gauss(0, board.severity) for marker in board.codes}
    mean = sum(level.values()) / board.markers
    given = []
    for script, pair in plan.pairs.items():
        true = chance.gauss(60, 12)
        given += [
            ScriptMark(script, marker, _step(true + level[marker] + chance.gauss(0, board.error))) for marker in pair
        ]
    return given, {marker: points - mean for marker, points in level.items()}


def _step(points: float) -> float:
    return round(points * 4) / 4


def _comes_after(check: Check, stopped: dict[str, tuple[int, Alarm]]) -> bool:
    if isinstance(check, SeedCheck):
        return check.marker in stopped and check.number > stopped[check.marker][0]
    return any(
        marker in stopped and number > stopped[marker][0]
        for marker, number in ((check.first_marker, check.first_number), (check.second_marker, check.second_number))
    )


def _row(error: float, seed_every: int, runs: int) -> str:
    steady, moving = (Board(error=error, seed_every=seed_every, drift=drift) for drift in (0.0, 4.0))
    false = sum(len(paused(steady, seed)) for seed in range(runs))
    in_time = others = 0
    for seed in range(1_000_000, 1_000_000 + runs):
        stopped = paused(moving, seed)
        in_time += "M0" in stopped and 40 < stopped["M0"][0] <= 60
        others += sum(marker != "M0" for marker in stopped)
    return (
        f"error {error} seed every {seed_every}: in time {in_time / runs:.1%}, "
        f"false {false / runs / 6:.1%}, beside a drifter {others / runs / 5:.1%}"
    )


def main(arguments: Sequence[str]) -> None:
    runs = int(arguments[0]) if arguments else 100
    for error in (1.5, 2.0, 2.5, 3.0):
        for seed_every in (20, 10):
            print(_row(error, seed_every, runs), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
