"""Simulated exams, clean and with an insider, read by the questions of the anomaly report.

`python -m tests.statistics.insiders 500` prints how many are flagged, by kind of insider and by size.
Assumptions: scores of 100 with a standard deviation of 10; errors of a mark from 2 to 3.5 points; severities of 1.5;
each script marked by two of the board at random; marks in quarters of a point; an insider lifts 1 to 5 % of all
scripts by 1.5 to 2.5 standard deviations of the scores.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from examsite.statistics.anomalies import Question, drift_chance, find_pass_mark_jump, is_strong
from examsite.statistics.drift import PairCheck, SeedCheck, watch_drift
from examsite.statistics.figures import ScriptMark
from examsite.statistics.inflation import find_inflation

SPREAD = 10.0
PASS_MARK = 50.0
SIZES = (80, 150, 300, 600)
#: So few scripts that one or two lifted ones are often no more than the error of a mark.
SMALL = 40
SHARES = (0.01, 0.02, 0.03, 0.04, 0.05)


class Insider(StrEnum):
    """Who lifts."""

    NOBODY = "nobody"
    #: A marker lifts the own mark on chosen scripts.
    MARKER = "marker"
    #: A clerk lifts marks of anybody after they were locked; only one of the two, as the other is kept on paper.
    CLERK = "clerk"


@dataclass(frozen=True)
class Exam:
    """One simulated exam; `locked` are the marks as they were locked, `marks` as they are now."""

    insider: Insider
    scripts: int
    share: float
    error: float
    marks: tuple[ScriptMark, ...]
    locked: tuple[ScriptMark, ...]
    seeds: tuple[SeedCheck, ...]

    @property
    def lifted(self) -> int:
        """How many scripts were lifted."""
        return 0 if self.insider is Insider.NOBODY else max(1, round(self.scripts * self.share))


def simulate(number: int, insider: Insider, *, least: float = 1.5, most: float = 2.5, size: int = 0) -> Exam:
    """The exam with this number; the same number gives the same exam without its insider."""
    chance = np.random.default_rng([number, 2018])
    scripts, share = size or int(chance.choice(SIZES)), float(chance.choice(SHARES))
    error = float(chance.uniform(2.0, 3.5))
    board = 4 if scripts <= 80 else 6 if scripts <= 300 else 10
    severity = chance.normal(0, 1.5, board)
    level = chance.normal(62, SPREAD, scripts)
    pairs = np.array([chance.permutation(board)[:2] for _ in range(scripts)])
    given = level[:, None] + severity[pairs] + chance.normal(0, error, (scripts, 2))
    before = given = np.round(np.clip(given, 0, 100) * 4) / 4
    given = given.copy()
    seeds = tuple(
        SeedCheck(f"M{marker:02d}", 10 * n + 5, float(severity[marker] + chance.normal(0, error)))
        for marker in range(board)
        for n in range(max(2, scripts // 60))
    )
    exam = Exam(insider, scripts, share, error, (), (), seeds)
    lift = chance.uniform(least, most, scripts) * SPREAD
    if insider is Insider.MARKER:
        own = np.argwhere(pairs == int(chance.integers(board)))
        chosen = own[chance.permutation(len(own))[: exam.lifted]]
        for script, side in chosen:
            given[script, side] += lift[script]
        before = given
    elif insider is Insider.CLERK:
        for script in chance.permutation(scripts)[: exam.lifted]:
            given[script, int(chance.integers(2))] += lift[script]
    given, before = (np.round(np.clip(table, 0, 100) * 4) / 4 for table in (given, before))

    def marks(table: np.ndarray) -> tuple[ScriptMark, ...]:
        return tuple(
            ScriptMark(f"S{script:04d}", f"M{pairs[script, side]:02d}", float(table[script, side]))
            for script in range(scripts)
            for side in range(2)
        )

    return Exam(insider, scripts, share, error, marks(given), marks(before), seeds)


def questions_of(exam: Exam) -> dict[Question, float]:
    """The chance that each question of the report finds, of the marks alone."""
    report = find_inflation(exam.marks)
    chances = {Question.SINGLE_GAP: report.single_chance, Question.LIFTED_MARKER: report.marker_chance}
    scores: dict[str, list[float]] = {}
    for mark in exam.marks:
        scores.setdefault(mark.script, []).append(float(mark.points))
    jump = find_pass_mark_jump([sum(given) / 2 for given in scores.values()], PASS_MARK)
    chances[Question.JUMP] = 1.0 if jump is None else jump.chance
    chances[Question.DRIFT] = _drift(exam)
    return chances


def _drift(exam: Exam) -> float:
    counted: Counter[str] = Counter()
    numbered = []
    for mark in exam.marks:
        counted[mark.marker] += 1
        numbered.append((mark, counted[mark.marker]))
    checks: list[PairCheck | SeedCheck] = list(exam.seeds)
    for (one, first), (other, second) in zip(numbered[::2], numbered[1::2], strict=True):
        checks.append(PairCheck(one.marker, first, one.points, other.marker, second, other.points))
    watches = watch_drift(checks)
    return min(
        (drift_chance(row.strain, row.checks, len(watches)) for row in watches.values() if row.alarm), default=1.0
    )


def is_flagged(exam: Exam) -> bool:
    """Whether the report has a strong finding: of the marks, or that a mark is not the one that was locked."""
    if exam.marks != exam.locked:
        return True
    return any(is_strong(question, chance) for question, chance in questions_of(exam).items())


def main(exams: int) -> None:
    """Print the figures."""
    clean = [questions_of(simulate(number, Insider.NOBODY)) for number in range(exams)]
    for question in clean[0]:
        print(f"clean, {question}: {sum(is_strong(question, row[question]) for row in clean)} of {exams}")
    alarms = sum(any(is_strong(question, row[question]) for question in row) for row in clean)
    print(f"clean exams flagged: {alarms} of {exams} = {alarms / exams:.1%}")
    hits: dict[tuple[int, float], list[bool]] = {}
    by_error: dict[str, list[bool]] = {}
    for number in range(exams):
        exam = simulate(number, Insider.MARKER)
        found = questions_of(exam)
        hit = any(is_strong(question, found[question]) for question in found)
        hits.setdefault((exam.scripts, exam.share), []).append(hit)
        by_error.setdefault(f"error {int(exam.error * 2) / 2}", []).append(hit)
    every = [hit for row in hits.values() for hit in row]
    print(f"marker lifts: flagged {sum(every)} of {len(every)} = {sum(every) / len(every):.1%}")
    for (scripts, share), row in sorted(hits.items()):
        print(f"  {scripts} scripts, {share:.0%}: {sum(row)} of {len(row)}")
    for name, row in sorted(by_error.items()):
        print(f"  {name}: {sum(row)} of {len(row)}")
    small = [is_flagged(simulate(number, Insider.MARKER, size=SMALL)) for number in range(exams // 5)]
    print(
        f"marker lifts 1 or 2 of {SMALL} scripts: flagged {sum(small)} of {len(small)} = {sum(small) / len(small):.1%}"
    )
    clerk = [is_flagged(simulate(number, Insider.CLERK)) for number in range(exams)]
    print(f"clerk lifts after the lock: flagged {sum(clerk)} of {exams} = {sum(clerk) / exams:.1%}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
