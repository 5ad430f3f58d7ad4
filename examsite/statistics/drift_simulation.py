"""Boards of markers who never lived: what they mark, who drifts, who would be paused, and the published table of it.

Run when the product is built, never on a page: `python -m examsite.statistics.drift_simulation` writes the table beside
the presets. It holds under its own assumptions only: steady markers err by chance alone, all of them alike.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from multiprocessing import Pool, cpu_count
from pathlib import Path
from typing import Any, Final

from examsite.domain.allocation import plan_marking
from examsite.domain.standardisation import mix_seeds, seeds_needed
from examsite.statistics.drift import Alarm, Check, PairCheck, SeedCheck, find_alarms

QUALIFICATION: Final = 5
"""Qualification scripts that every marker has marked before."""
LEVEL_MEAN: Final = 60.0
SCRIPT_SPREAD: Final = 12.0
"""True scores: normal. Source: our choice; the script drops out of everything, so that they hardly matter."""
DRIFT: Final = 4.0
DRIFT_AFTER: Final = 40
WITHIN: Final = 20
"""The drift that must be found, after how many scripts it begins, and within how many it must be stopped. Source: goal
of the product: a marker who drifts by 4 points from script 40 is stopped within 20 scripts."""
ERRORS: Final = (1.5, 2.0, 2.5, 3.0)
"""Standard deviations of the error of a single mark, in points; 3.0 is marking at random by a level or two."""
SEED_PERCENTS: Final = (5, 10)
BOARDS: Final = 250
BOARDS_AT_EDGE: Final = 1_000
"""Steady and as many drifting boards for each row of the table; more where the promise is kept by least: an error of 2
points and 5 % of seeds."""
FIRST_STEADY: Final = 0
FIRST_DRIFTING: Final = 1_000_000
TABLE: Final = Path(__file__).parents[1] / "services" / "presets" / "drift_simulation.json"

Stopped = dict[str, tuple[int, Alarm]]


@dataclass(frozen=True)
class Board:
    """A world: points of 100, marks in steps of 0.25.

    Attributes:
        error: standard deviation of the error of one mark.
        seed_percent: least share of seeds in a queue; the product's own draw mixes them in.
        drift: points by which the first marker moves after `drift_after` scripts.
        severity: standard deviation of the levels of the markers.
    """

    error: float = 2.0
    seed_percent: int = 5
    drift: float = 0.0
    drift_after: int = DRIFT_AFTER
    severity: float = 1.5
    markers: int = 6
    scripts: int = 200

    @property
    def codes(self) -> list[str]:
        """The markers; the first is the one who may drift."""
        return [f"M{number}" for number in range(self.markers)]

    @property
    def queue(self) -> int:
        """How many scripts each marker has to mark; seeds included."""
        own = -(-2 * self.scripts // self.markers)
        return own + seeds_needed(own, self.seed_percent)

    def rounds(self, seed: int) -> Iterator[list[Check]]:
        """What becomes known round by round, when in each round every marker locks one script."""
        chance = random.Random(seed)  # noqa: S311 - a simulation
        plan = plan_marking([f"{n:03d}" for n in range(self.scripts)], self.codes, seed=seed.to_bytes(32, "big"))
        level = {marker: chance.gauss(0, self.severity) for marker in self.codes}
        true = {script: chance.gauss(LEVEL_MEAN, SCRIPT_SPREAD) for script in plan.pairs}
        seeds = {f"S{n:02d}" for n in range(self.queue)}
        mixed = mix_seeds(plan.orders, sorted(seeds), percent=self.seed_percent, seed=seed.to_bytes(32, "big"))
        queues = {marker: list(order) for marker, order in mixed.items()}
        locked: dict[str, tuple[str, int, float]] = {}
        yield [
            SeedCheck(marker, 0, on_grid(level[marker] + chance.gauss(0, self.error)))
            for marker in self.codes
            for _ in range(QUALIFICATION)
        ]
        number = 0
        while any(queues.values()):
            number += 1
            checks: list[Check] = []
            for marker in chance.sample(self.codes, self.markers):
                if not queues[marker]:
                    continue
                moved = self.drift if marker == self.codes[0] and number > self.drift_after else 0.0
                error = level[marker] + moved + chance.gauss(0, self.error)
                script = queues[marker].pop(0)
                if script in seeds:
                    checks.append(SeedCheck(marker, number, on_grid(error)))
                    continue
                mark = (marker, number, on_grid(true[script] + error))
                if script in locked:
                    checks.append(PairCheck(*locked[script], *mark))
                locked[script] = mark
            yield checks


@dataclass(frozen=True)
class Outcome:
    """What the watch did to some boards; every share of 1.

    Attributes:
        in_time: of drifters who were paused within `WITHIN` scripts.
        unclear: of drifters about whom the head was told in that time that it may have been somebody else.
        too_early: of drifters who were paused before they drifted.
        steady: of steady markers who were paused at some time, where nobody drifts.
        beside: of steady markers who were paused beside a drifter.
    """

    in_time: float
    unclear: float
    too_early: float
    steady: float
    beside: float


def on_grid(points: float) -> float:
    """The nearest mark that can be given."""
    return round(points * 4) / 4


def paused(board: Board, seed: int) -> tuple[Stopped, Stopped]:
    """Who would be paused after how many scripts, and who was named beside somebody else before that.

    Everybody is looked at once a round; one who is paused marks no more, one who is named beside somebody goes on.
    """
    known: list[Check] = []
    stopped: Stopped = {}
    named: Stopped = {}
    for number, checks in enumerate(board.rounds(seed)):
        known += [check for check in checks if not _comes_after(check, stopped)]
        for marker, alarm in find_alarms(known, queues=dict.fromkeys(board.codes, board.queue)).items():
            if marker not in stopped:
                (stopped if alarm.is_certain else named).setdefault(marker, (number, alarm))
    return stopped, named


def outcome_of(board: Board, boards: int, *, processes: int = 1) -> Outcome:
    """The shares over so many boards of a steady and so many of a drifting first marker."""
    still = replace(board, drift=0.0)
    runs = [(still, FIRST_STEADY + n) for n in range(boards)] + [(board, FIRST_DRIFTING + n) for n in range(boards)]
    if processes == 1:
        found = [paused(*run) for run in runs]
    else:
        with Pool(processes) as pool:
            found = pool.starmap(paused, runs, chunksize=5)
    steady, moving = [stopped for stopped, _named in found[:boards]], found[boards:]
    drifter = board.codes[0]
    window = range(board.drift_after + 1, board.drift_after + WITHIN + 1)
    in_time = [drifter in stopped and stopped[drifter][0] in window for stopped, _named in moving]
    unclear = [drifter in named and named[drifter][0] in window for _stopped, named in moving]
    early = [drifter in stopped and stopped[drifter][0] < window[0] for stopped, _named in moving]
    return Outcome(
        in_time=sum(in_time) / boards,
        unclear=sum(told and not done for told, done in zip(unclear, in_time, strict=True)) / boards,
        too_early=sum(early) / boards,
        steady=sum(map(len, steady)) / boards / board.markers,
        beside=sum(marker != drifter for stopped, _named in moving for marker in stopped)
        / boards
        / (board.markers - 1),
    )


def simulation_table(processes: int) -> dict[str, Any]:
    """The published table with what it assumes; every figure as text, as all figures of the product. In percent."""
    usual = Board()
    return {
        "assumptions": {
            "markers": usual.markers,
            "scripts": usual.scripts,
            "level_spread": f"{usual.severity:.2f}",
            "qualification_scripts": QUALIFICATION,
            "drift": f"{DRIFT:.2f}",
            "drift_after": DRIFT_AFTER,
            "within": WITHIN,
        },
        "rows": [_row(error, percent, processes) for error in ERRORS for percent in SEED_PERCENTS],
    }


def _row(error: float, percent: int, processes: int) -> dict[str, str]:
    boards = BOARDS_AT_EDGE if (error, percent) == (2.0, 5) else BOARDS
    found = outcome_of(Board(error=error, seed_percent=percent, drift=DRIFT), boards, processes=processes)
    shares = {name: f"{100 * share:.1f}" for name, share in asdict(found).items()}
    return {"error": f"{error:.2f}", "seed_percent": str(percent), "boards": str(boards), **shares}


def _comes_after(check: Check, stopped: Mapping[str, tuple[int, Alarm]]) -> bool:
    return any(marker in stopped and number > stopped[marker][0] for marker, number in _locks_in(check))


def _locks_in(check: Check) -> Iterable[tuple[str, int]]:
    if isinstance(check, SeedCheck):
        return ((check.marker, check.number),)
    return ((check.first_marker, check.first_number), (check.second_marker, check.second_number))


def main() -> None:
    """Write the table, with all processors of the machine."""
    table = simulation_table(cpu_count())
    TABLE.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
