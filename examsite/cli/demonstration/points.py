"""Points that the invented markers give."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from examsite.domain.rubrics import RubricCriterion


def spread_points(criteria: Sequence[RubricCriterion], target: Decimal, step: Decimal) -> dict[str, Decimal]:
    """Points in steps that sum to the target, each criterion near its share of the maximum."""
    whole = sum(item.maximum for item in criteria)
    points = {item.criterion: (item.maximum * target / whole) // step * step for item in criteria}
    for item in list(criteria) * 8:
        if sum(points.values()) + step <= target and points[item.criterion] + step <= item.maximum:
            points[item.criterion] += step
    return {name: value.quantize(Decimal("0.01")) for name, value in points.items()}
