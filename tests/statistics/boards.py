"""Marks of boards of markers who never lived, for the tests of severity and agreement."""

from __future__ import annotations

import random

from examsite.domain.allocation import plan_marking
from examsite.statistics.drift_simulation import Board, on_grid
from examsite.statistics.figures import ScriptMark


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
            ScriptMark(script, marker, on_grid(true + level[marker] + chance.gauss(0, board.error))) for marker in pair
        ]
    return given, {marker: points - mean for marker, points in level.items()}
