"""A figure is a finite number or a reason, and intervals equal printed tables."""

from __future__ import annotations

from math import inf, nan

import pytest

from examsite.statistics.figures import Figure, IntervalKind, NoFigure
from examsite.statistics.intervals import bootstrap_ends, f_quantile, fisher_ends, mean_figure, t_quantile


@pytest.mark.parametrize(
    "fields",
    [
        {"value": None},
        {"value": 1.0, "reason": NoFigure.NO_PAIRS},
        {"value": nan},
        {"value": inf},
        {"value": 1.0, "low": 0.0},
        {"value": 1.0, "low": 0.0, "high": 2.0},
        {"value": 1.0, "low": -inf, "high": 2.0, "interval": IntervalKind.T},
    ],
)
def test_half_a_figure_cannot_be_made(fields: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"figure|interval"):
        Figure(cases=3, **fields)


def test_interval_without_an_end_is_left_out() -> None:
    assert Figure.of(1.0, 3, ends=(nan, 2.0), interval=IntervalKind.F) == Figure(1.0, 3)
    assert Figure.of(1.0, 3, ends=(0.5, 2.0), interval=IntervalKind.F).low == 0.5


def test_quantiles_equal_printed_tables() -> None:
    # NIST/SEMATECH e-Handbook of Statistical Methods, tables of F (5 %, 5 and 10 degrees) and t (97.5 %, 10 degrees).
    assert f_quantile(0.95, 5, 10) == pytest.approx(3.326, abs=5e-4)
    assert t_quantile(0.975, 10) == pytest.approx(2.228, abs=5e-4)


def test_interval_of_a_correlation() -> None:
    # The usual textbook figures: r = .5 over 28 cases has z = .5493 with a reach of 1.96 / 5.
    assert fisher_ends(0.5, 28) == pytest.approx((0.156, 0.736), abs=5e-4)
    assert fisher_ends(0.5, 3) is None
    assert fisher_ends(1.0, 28) == (1.0, 1.0)


def test_mean_has_an_interval_from_two_values_on() -> None:
    assert mean_figure([]).reason is NoFigure.NO_SCRIPTS
    assert mean_figure([3.0]) == Figure(3.0, 1)
    found = mean_figure([2.0, 4.0])
    # One degree of freedom: 12.706 standard errors.
    assert (found.value, found.low, found.high) == pytest.approx((3.0, 3 - 12.7062, 3 + 12.7062), abs=1e-3)


def test_bootstrap_needs_enough_units_and_enough_samples_with_a_value() -> None:
    assert bootstrap_ends(9, lambda drawn: drawn.mean(axis=1)) is None
    assert bootstrap_ends(10, lambda drawn: drawn[:, 0] * nan) is None
    assert bootstrap_ends(10, lambda drawn: drawn.sum(axis=1)) == (10.0, 10.0)
