"""What each ladder does to invented marks whose true score is known: rungs, distance to the truth, wrong sides.

Run when the product is built, never on a page: `python -m examsite.statistics.ladders` writes the table that the
rule-set pages show. It compares ladders under one set of assumptions; it foretells nothing about real markers.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from examsite.domain.ladders import LADDERS, Ladder, ThirdRule
from examsite.domain.ruleset_model import Straddle

SEED: Final = 20250916
SCRIPTS: Final = 200_000
LEVEL_MEAN: Final = 60.0
LEVEL_SPREAD: Final = 14.0
"""True scores: normal, cut off at 0 and 100. Source: our choice, because most scripts lie around the pass mark and
somewhat above."""
SEVERITY_SPREAD: Final = 3.0
ERROR_SPREAD: Final = 5.0
"""A marker's own level and the error of one mark, in points. Source: our choice, a middling case: with them
nearly half of the pairs lie more than five points apart, so that every rung is seen."""
BOARD_SPREAD: Final = 3.0
"""Error of a collective marking, in points. Source: our choice, because several people err less than one."""
STEP: Final = 2.5
PASS: Final = 50.0
TABLE: Final = Path(__file__).parents[1] / "services" / "presets" / "ladder_simulation.json"

Marks = NDArray[np.float64]


def simulate(ladder: Ladder, *, seed: int = SEED, scripts: int = SCRIPTS) -> dict[str, float]:
    """Shares of scripts per rung in percent, the mean distance to the true score, and the share on the wrong side.

    After a discussion the score is taken as the mean of the two: nothing better may be assumed of talk.
    """
    random = np.random.default_rng(seed)
    true = np.clip(random.normal(LEVEL_MEAN, LEVEL_SPREAD, scripts), 0, 100)
    first, second, third = (
        _on_grid(true + random.normal(0, SEVERITY_SPREAD, scripts) + random.normal(0, ERROR_SPREAD, scripts))
        for _marker in range(3)
    )
    board = _on_grid(true + random.normal(0, BOARD_SPREAD, scripts))
    gap = np.abs(first - second)
    astride = (first >= PASS) != (second >= PASS)
    by_head = astride if ladder.straddle is Straddle.HEAD else np.zeros(scripts, dtype=bool)
    is_mean = (gap <= float(ladder.mean_at_most)) & ~by_head
    is_third = ~is_mean & (gap >= float(ladder.third_from))
    is_equal = is_third & ((third == first) | (third == second))
    score: Marks = (first + second) / 2
    score = np.where(is_third, _of_three(ladder.third_rule, first, second, third, board), score)
    score = np.where(is_equal, third, score)
    found = {
        "mean": np.mean(is_mean),
        "discussed": np.mean(~is_mean & ~is_third),
        "third_equal": np.mean(is_equal),
        "third_rule": np.mean(is_third & ~is_equal),
        "wrong_side": np.mean((score >= PASS) != (true >= PASS)),
    }
    shares = {name: round(float(share) * 100, 1) for name, share in found.items()}
    third_only = np.abs(score - true)[is_third]
    return {
        **shares,
        "distance": round(float(np.mean(np.abs(score - true))), 2),
        "third_distance": round(float(np.mean(third_only)), 2),
    }


def simulation_table() -> dict[str, Any]:
    """The published table with what it assumes; every figure as text, as all figures of the product."""
    return {
        "assumptions": {
            "seed": SEED,
            "scripts": SCRIPTS,
            "level_mean": f"{LEVEL_MEAN:.2f}",
            "level_spread": f"{LEVEL_SPREAD:.2f}",
            "severity_spread": f"{SEVERITY_SPREAD:.2f}",
            "error_spread": f"{ERROR_SPREAD:.2f}",
            "board_spread": f"{BOARD_SPREAD:.2f}",
            "step": f"{STEP:.2f}",
            "pass": f"{PASS:.2f}",
        },
        "ladders": {
            ladder.key: {name: f"{figure:.2f}" for name, figure in simulate(ladder).items()} for ladder in LADDERS
        },
    }


def _on_grid(marks: Marks) -> Marks:
    placed: Marks = np.clip(np.round(marks / STEP) * STEP, 0, 100)
    return placed


def _of_three(rule: ThirdRule, first: Marks, second: Marks, third: Marks, board: Marks) -> Marks:
    low, middle, high = np.sort(np.stack([first, second, third]), axis=0)
    match rule:
        case ThirdRule.COLLECTIVE:
            return board
        case ThirdRule.MEAN:
            return np.asarray((low + middle + high) / 3)
        case ThirdRule.MEDIAN:
            return np.asarray(middle)
        case ThirdRule.CLOSEST:
            below, above = middle - low, high - middle
            pair = np.where(below < above, (low + middle) / 2, (middle + high) / 2)
            settled: Marks = np.where(below == above, (low + middle + high) / 3, pair)
            return settled


if __name__ == "__main__":
    TABLE.write_text(json.dumps(simulation_table(), indent=1) + "\n", encoding="utf-8")
