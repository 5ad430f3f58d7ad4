"""Intraclass correlations equal published values, also where nobody marked everything, or say why there is none."""

from __future__ import annotations

import random
from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from examsite.statistics.drift_simulation import Board
from examsite.statistics.figures import Figure, IntervalKind, NoFigure, ScriptMark
from examsite.statistics.intraclass import Intraclass, intraclass
from tests.statistics.boards import marks
from tests.statistics.published import KRIPPENDORFF, SHROUT_FLEISS, WINES, Table, marks_of

# Values and intervals: pingouin 0.7.0 (ICC1, ICC2, ICC2k).
REFERENCES = [
    pytest.param(
        SHROUT_FLEISS,
        (0.1657417684054755, -0.13293232487475096, 0.722560062328121),
        (0.28976377952755916, 0.018786513374712058, 0.7610843696489527),
        (0.6200505475989893, 0.07113681530250353, 0.9272320401677219),
        id="shrout-fleiss-1979",
    ),
    pytest.param(
        WINES,
        (0.727520915896081, 0.43377283327098887, 0.9266960292566442),
        (0.7276887871853546, 0.4344896578911301, 0.9267086063159158),
        (0.9144500359453631, 0.7544962191493993, 0.9806113877700278),
        id="wines",
    ),
]


def _figures(found: Intraclass) -> list[Figure]:
    return [found.icc1, found.icc2, found.icc2k]


@pytest.mark.parametrize(("table", "icc1", "icc2", "icc2k"), REFERENCES)
def test_whole_tables_equal_the_reference(table: Table, icc1: object, icc2: object, icc2k: object) -> None:
    found = intraclass(marks_of(table), averaged=4)

    for figure, reference in zip(_figures(found), (icc1, icc2, icc2k), strict=True):
        assert (figure.value, figure.low, figure.high) == pytest.approx(reference, abs=1e-6)
        assert figure.interval is IntervalKind.F


def test_printed_values_of_shrout_and_fleiss() -> None:
    found = intraclass(marks_of(SHROUT_FLEISS), averaged=4)

    assert [round(figure.value or 0, 2) for figure in _figures(found)] == [0.17, 0.29, 0.62]


def _by_projection(given: list[ScriptMark]) -> tuple[float, float, float]:
    """The three variances by Henderson's third method, straight from its definition with whole design matrices."""
    scripts = sorted({mark.script for mark in given})
    markers = sorted({mark.marker for mark in given})
    y = np.array([float(mark.points) for mark in given])
    s = np.array([[float(mark.script == script) for script in scripts] for mark in given])
    m = np.array([[float(mark.marker == marker) for marker in markers] for mark in given])

    def onto(*columns: np.ndarray) -> np.ndarray:
        design = np.hstack([np.ones((len(y), 1)), *columns])
        return design @ np.linalg.pinv(design)

    everything = onto(s, m)
    error_form = np.eye(len(y)) - everything
    error = y @ error_form @ y / np.trace(error_form)

    def variance(form: np.ndarray, design: np.ndarray) -> float:
        return float((y @ form @ y - error * np.trace(form)) / np.trace(design.T @ form @ design))

    return variance(everything - onto(m), s), variance(everything - onto(s), m), float(error)


@pytest.mark.parametrize("seed", range(3))
def test_patchy_tables_equal_the_definition_of_the_method(seed: int) -> None:
    given, _levels = marks(Board(scripts=30, markers=5, error=4, severity=4), seed)
    scripts, markers, error = _by_projection(given)

    found = intraclass(given)

    assert found.icc2.value == pytest.approx(scripts / (scripts + markers + error), abs=1e-9)
    assert found.icc2k.value == pytest.approx(scripts / (scripts + (markers + error) / 2), abs=1e-9)
    assert found.icc2.interval is IntervalKind.BOOTSTRAP
    # Every script has two marks: without markers in the model this is a whole table.
    assert found.icc1.interval is IntervalKind.F


def test_gaps_in_a_table_equal_the_definition_too() -> None:
    # The last unit has one mark only, which compares with nothing.
    given = [mark for mark in marks_of(KRIPPENDORFF) if mark.script != "s011"]
    scripts, markers, error = _by_projection(given)

    assert intraclass(marks_of(KRIPPENDORFF)).icc2.value == pytest.approx(
        scripts / (scripts + markers + error), abs=1e-9
    )


def test_intervals_hold_the_true_value_as_often_as_they_say() -> None:
    # Levels drawn anew each time; scripts 144, levels 2.25, errors 16.
    board = Board(scripts=80, error=4)
    truth = 144 / (144 + 2.25 + 16)

    found = [intraclass(marks(board, seed)[0]).icc2 for seed in range(30)]

    held = sum(figure.low <= truth <= figure.high for figure in found if figure.low is not None)
    assert held >= 26


@settings(max_examples=25)
@given(st.randoms(use_true_random=False))
def test_order_of_rows_and_zero_of_the_scale_change_nothing(chance: random.Random) -> None:
    given_marks, _levels = marks(Board(scripts=20, markers=4), 7)
    moved = [ScriptMark(mark.script, mark.marker, float(mark.points) + 1_000) for mark in given_marks]
    chance.shuffle(moved)

    for one, other in zip(_figures(intraclass(given_marks)), _figures(intraclass(moved)), strict=True):
        assert (one.value, one.low, one.high) == pytest.approx((other.value, other.low, other.high), abs=1e-9)


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ([], NoFigure.NO_SCRIPTS),
        ([[5], [6], [7]], NoFigure.ONE_MARKER),
        ([[5, None], [None, 6]], NoFigure.NO_PAIRS),
        ([[5, 6]], NoFigure.TOO_FEW_SCRIPTS),
        ([[5, 5], [5, 5], [5, 5]], NoFigure.NO_SPREAD),
    ],
)
def test_no_number_says_why(table: Table, reason: NoFigure) -> None:
    for figure in _figures(intraclass(marks_of(table))):
        assert figure.value is None
        assert figure.reason is reason


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.none() | st.integers(0, 3), min_size=3, max_size=3), max_size=14))
def test_any_table_gives_finite_numbers_or_reasons(table: list[list[float | None]]) -> None:
    for figure in _figures(intraclass(marks_of(table))):
        assert all(value is None or not isinstance(value, float) or np.isfinite(value) for value in astuple(figure))


def test_perfect_agreement_is_one() -> None:
    found = intraclass(marks_of([[5, 5], [7, 7], [9, 9]]))

    assert [(figure.value, figure.low, figure.high) for figure in _figures(found)] == [(1.0, 1.0, 1.0)] * 3


def test_one_marker_marks_a_script_once() -> None:
    with pytest.raises(ValueError, match="one mark"):
        intraclass([ScriptMark("a", "m", 1), ScriptMark("a", "m", 2)])


def test_scripts_that_do_not_differ_have_no_reliability_and_no_interval() -> None:
    # Two markers of different severity, all scripts alike: nothing tells scripts apart, nor how sure that is.
    found = intraclass(marks_of([[5, 7]] * 6))

    assert (found.icc2.value, found.icc2.interval) == (pytest.approx(0), None)
    assert (found.icc1.value or 0) < 0
