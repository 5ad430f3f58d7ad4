"""Severities are recovered, equal a second implementation, and are refused where marks cannot tell."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from examsite.domain.allocation import plan_marking
from examsite.statistics.drift_simulation import Board
from examsite.statistics.figures import NoFigure, ScriptMark
from examsite.statistics.severity import estimate_severity, linked_groups
from tests.statistics.boards import marks
from tests.statistics.published import KRIPPENDORFF, Table, marks_of


def test_severity_equals_least_squares_of_another_library() -> None:
    # statsmodels 0.15.0: ols("y ~ C(unit) + C(observer, Sum)"), the first three observers.
    estimates = [-0.2305259240883152, -0.09978913420987433, 0.22419995038451968]
    errors = [0.13226470975930135, 0.12610019315549434, 0.12782005059624776]

    model = estimate_severity(marks_of(KRIPPENDORFF))

    found = [marker.severity for marker in model.markers]
    assert [figure.value for figure in found[:3]] == pytest.approx(estimates, abs=1e-6)
    assert [figure.standard_error for figure in found[:3]] == pytest.approx(errors, abs=1e-6)
    assert (found[0].low, found[0].high) == pytest.approx((-0.502400, 0.041348), abs=1e-6)
    assert sum(figure.value or 0 for figure in found) == pytest.approx(0, abs=1e-9)
    assert model.error.value == pytest.approx(0.20710169265118406**0.5, abs=1e-6)


def _recovered(seed: int, error: float) -> tuple[float, float]:
    """Correlation and root mean square error, in points, of six markers over 200 scripts marked twice."""
    given, levels = marks(Board(error=error, severity=3), seed)
    model = estimate_severity(given)
    found = np.array([marker.severity.value for marker in model.markers], dtype=float)
    true = np.array([levels[marker.marker] for marker in model.markers])
    return float(np.corrcoef(found, true)[0, 1]), float(np.sqrt(((found - true) ** 2).mean()))


def test_severities_are_recovered() -> None:
    runs = [_recovered(seed, 2.0) for seed in range(40)]

    assert sum(correlation >= 0.95 for correlation, _ in runs) >= 38
    assert sum(miss <= 0.5 for _, miss in runs) >= 38
    assert np.median([correlation for correlation, _ in runs]) >= 0.99


def test_severities_of_careless_markers_are_recovered_on_the_whole() -> None:
    # With an error of 3 points a mark, least squares misses by 0.43 points in theory.
    assert np.mean([miss for _, miss in (_recovered(seed, 3.0) for seed in range(20))]) <= 0.5


def test_intervals_hold_the_true_severity_as_often_as_they_say() -> None:
    held = total = 0
    for seed in range(40):
        given, levels = marks(Board(scripts=60), seed)
        for marker in estimate_severity(given).markers:
            assert marker.severity.low is not None
            assert marker.severity.high is not None
            held += marker.severity.low <= levels[marker.marker] <= marker.severity.high
            total += 1

    assert 0.92 <= held / total <= 0.98


def test_every_drawn_allocation_links_all_markers() -> None:
    codes, scripts = [f"M{n}" for n in range(6)], [f"{n:03d}" for n in range(40)]
    for seed in range(100):
        plan = plan_marking(scripts, codes, seed=seed.to_bytes(32, "big"))
        assert len(linked_groups(codes, plan.pairs.values())) == 1


def test_markers_in_separate_groups_are_not_compared() -> None:
    one = [ScriptMark(f"a{n}", marker, 60 + n) for n in range(20) for marker in ("C01", "C02", "C03")]
    two = [ScriptMark(f"b{n}", marker, 50 + n) for n in range(20) for marker in ("C04", "C05")]

    model = estimate_severity(one + two)

    assert model.reason is NoFigure.NOT_CONNECTED
    assert model.groups == (("C01", "C02", "C03"), ("C04", "C05"))
    assert {marker.severity.reason for marker in model.markers} == {NoFigure.NOT_CONNECTED}
    # What needs no comparison is still told.
    assert model.markers[0].spread.value == pytest.approx(np.std(np.arange(20), ddof=1))


def test_groups_are_found_through_chains() -> None:
    chain = [f"C{n:02d}" for n in range(12)]

    assert linked_groups(chain, [*pairwise(chain)]) == (tuple(chain),)
    assert linked_groups(["C02", "C01"], []) == (("C01",), ("C02",))


def test_a_marker_who_shares_too_little_has_no_figure_and_the_others_do() -> None:
    given, _levels = marks(Board(scripts=60), 1)
    script = given[0].script
    given.append(ScriptMark(script, "M9", 61))

    found = {marker.marker: marker for marker in estimate_severity(given).markers}

    assert found["M9"].severity.reason is NoFigure.TOO_FEW_SCRIPTS
    assert found["M9"].spread.reason is NoFigure.TOO_FEW_SCRIPTS
    assert found["M0"].severity.known


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ([], NoFigure.NO_SCRIPTS),
        ([[5], [6]], NoFigure.ONE_MARKER),
        ([[5, None], [None, 6]], NoFigure.NO_PAIRS),
        ([[5, 6], [6, 7], [6, 6]], NoFigure.TOO_FEW_SCRIPTS),
    ],
)
def test_no_severity_says_why(table: Table, reason: NoFigure) -> None:
    model = estimate_severity(marks_of(table))

    assert model.reason is reason
    assert model.error.reason is reason
    assert all(marker.severity.reason is reason for marker in model.markers)


def test_markers_who_agree_in_everything_have_no_severity_and_no_doubt() -> None:
    model = estimate_severity(marks_of([[n, n, n] for n in range(20)]))

    assert [(m.severity.value, m.severity.standard_error) for m in model.markers] == [
        (pytest.approx(0, abs=1e-12), pytest.approx(0, abs=1e-9))
    ] * 3


def test_order_of_marks_changes_nothing() -> None:
    given, _levels = marks(Board(scripts=40), 5)

    assert estimate_severity(given) == estimate_severity(reversed(given))
