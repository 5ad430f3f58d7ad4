"""Simulated rankings: how often the 90 % interval of a rank holds the true one."""

from __future__ import annotations

import numpy as np

from examsite.statistics.figures import ScriptMark
from examsite.statistics.rank_stability import RankedTotal, RankStability, assess_ranking, mark_error


def simulate_ranking(
    number: int, people: int, *, error: float = 3.0, spread: float = 8.0, draws: int = 1_000
) -> tuple[RankStability, dict[str, int]]:
    """The stability of a simulated ranking and its true ranks: half the total from two marks, half from a panel."""
    chance = np.random.default_rng([number, people])
    written, defence = chance.normal(70, spread, people), chance.normal(70, spread, people)
    board, panel = 5, 5
    severity, taste = chance.normal(0, 1, board), chance.normal(0, 2, panel)
    pairs = np.array([chance.permutation(board)[:2] for _ in range(people)])
    first = written[:, None] + severity[pairs] + chance.normal(0, error, (people, 2))
    second = defence[:, None] + taste + chance.normal(0, error, (people, panel))
    marks = [ScriptMark(f"{n}", f"M{pairs[n, side]}", first[n, side]) for n in range(people) for side in range(2)]
    sheets = [ScriptMark(f"{n}", f"G{member}", second[n, member]) for n in range(people) for member in range(panel)]
    errors = {"written": mark_error(marks), "defence": mark_error(sheets)}
    totals = (first.mean(axis=1) + second.mean(axis=1)) / 2
    ranks = np.argsort(np.argsort(-totals)) + 1
    rows = [
        RankedTotal(str(n), int(ranks[n]), float(totals[n]), {"written": 0.25 / 2, "defence": 0.25 / panel})
        for n in range(people)
    ]
    known = {part: found for part, found in errors.items() if found is not None}
    true = np.argsort(np.argsort(-(written + defence))) + 1
    return assess_ranking(rows, known, vacancies=max(1, people // 10), draws=draws), {
        str(n): int(true[n]) for n in range(people)
    }


def coverage(people: int, rankings: int, **how: float) -> tuple[float, float]:
    """The share of true ranks held, and the share that the intervals themselves claim to hold."""
    held, claimed, count = 0, 0.0, 0
    for number in range(rankings):
        found, true = simulate_ranking(number, people, **how)  # type: ignore[arg-type]
        for row in found.rows:
            held += row.low <= true[row.code] <= row.high
            claimed += row.held
            count += 1
    return held / count, claimed / count


if __name__ == "__main__":
    for size, many in ((8, 400), (15, 300), (30, 200), (60, 100), (200, 30)):
        for wrong in (1.5, 3.0, 6.0):
            print(size, wrong, *(f"{value:.3f}" for value in coverage(size, many, error=wrong)))
