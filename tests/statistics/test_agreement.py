"""Agreement of pairs, weighted kappa and Krippendorff's alpha equal published values, or say why there is none."""

from __future__ import annotations

from dataclasses import astuple
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from examsite.statistics.agreement import agree, agree_by_marker, agree_by_pair, krippendorff_alpha, weighted_kappa
from examsite.statistics.drift_simulation import Board
from examsite.statistics.figures import NoFigure, ScriptMark, is_low
from tests.statistics.boards import marks
from tests.statistics.published import (
    FILMS,
    KRIPPENDORFF,
    SCLEROSIS,
    SHROUT_FLEISS,
    WINES,
    Table,
    marks_of,
    pairs_of_counts,
)

SCORES = st.integers(0, 400).map(lambda quarters: Decimal(quarters) / 4)


@pytest.mark.parametrize(
    ("counts", "reference"),
    [
        # scikit-learn 1.9.1 and statsmodels 0.15.0 agree on both.
        pytest.param(SCLEROSIS, 0.5245764643318394, id="westlund-kurland-1953"),
        pytest.param(FILMS, 0.45797162820241377, id="agresti-winner-1997"),
    ],
)
def test_weighted_kappa_equals_the_reference(counts: list[list[int]], reference: float) -> None:
    kappa = weighted_kappa(pairs_of_counts(counts))

    assert kappa.value == pytest.approx(reference, abs=1e-6)
    assert kappa.low is not None
    assert kappa.high is not None
    assert kappa.low < reference < kappa.high


@pytest.mark.parametrize(
    ("table", "reference"),
    [
        # krippendorff 0.9.0, level of measurement "interval".
        pytest.param(KRIPPENDORFF, 0.8491071428571428, id="krippendorff-2011"),
        pytest.param(SHROUT_FLEISS, 0.14730785039046446, id="shrout-fleiss-1979"),
        pytest.param(WINES, 0.7068840114662218, id="wines"),
    ],
)
def test_alpha_equals_the_reference(table: Table, reference: float) -> None:
    assert krippendorff_alpha(marks_of(table)).value == pytest.approx(reference, abs=1e-6)


def _kappa_of_categories(pairs: list[tuple[Decimal, Decimal]]) -> float:
    """Cohen's own way: a table of observed and of expected counts, weighted by the squared distance of categories."""
    kinds = [Decimal(quarters) / 4 for quarters in range(401)]
    first, second = [one for one, _ in pairs], [other for _, other in pairs]
    observed = sum((kinds.index(one) - kinds.index(other)) ** 2 for one, other in pairs) / len(pairs)
    expected = (
        sum(
            first.count(one) * second.count(other) * (kinds.index(one) - kinds.index(other)) ** 2
            for one in set(first)
            for other in set(second)
        )
        / len(pairs) ** 2
    )
    return 1 - observed / expected


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(SCORES, SCORES), min_size=2, max_size=9))
def test_weighted_kappa_needs_no_list_of_categories(pairs: list[tuple[Decimal, Decimal]]) -> None:
    if len({points for pair in pairs for points in pair}) == 1:
        assert weighted_kappa(pairs).reason is NoFigure.NO_SPREAD
    else:
        assert weighted_kappa(pairs).value == pytest.approx(_kappa_of_categories(pairs), abs=1e-9)


def test_shares_and_gaps_are_counted_in_whole_hundredths() -> None:
    # 7.35 − 7.30 is a hair below 0.05 in binary, and 0.3 − 0.1 a hair off 0.2.
    pairs = [(Decimal("7.35"), Decimal("7.30")), (Decimal("0.30"), Decimal("0.25")), (Decimal(4), Decimal(4))]

    found = agree(pairs, adjacent_within=Decimal("0.05"))

    assert (found.pairs, found.exact.value, found.adjacent.value) == (3, pytest.approx(1 / 3), 1.0)
    assert found.mean_gap.value == pytest.approx(0.1 / 3)
    assert found.mean_difference.value == pytest.approx(0.1 / 3)


def test_wilson_interval_equals_its_published_example() -> None:
    # Newcombe, Statist. Med. 17 (1998) 857-872, table I, method 3: 81 of 263 gives .2553 to .3662.
    found = agree([(1, 1)] * 81 + [(1, 2)] * 182)

    assert (found.exact.low, found.exact.high) == pytest.approx((0.2553, 0.3662), abs=5e-5)


def test_pairs_and_markers_are_told_apart() -> None:
    given_marks = [
        ScriptMark("s1", "C01", 60),
        ScriptMark("s1", "C02", 64),
        ScriptMark("s2", "C01", 50),
        ScriptMark("s2", "C03", 58),
        ScriptMark("s3", "C03", 70),
    ]

    by_pair, by_marker = agree_by_pair(given_marks), agree_by_marker(given_marks)

    assert {who: found.mean_difference.value for who, found in by_pair.items()} == {
        ("C01", "C02"): -4.0,
        ("C01", "C03"): -8.0,
    }
    assert {who: found.mean_difference.value for who, found in by_marker.items()} == {
        "C01": -6.0,
        "C02": 4.0,
        "C03": 8.0,
    }
    assert by_marker["C01"].adjacent.value == 0.5


def test_alarms_are_for_known_figures_below_the_limit() -> None:
    kappa = weighted_kappa(pairs_of_counts(SCLEROSIS))

    assert is_low(kappa, 0.70)
    assert not is_low(kappa, 0.50)
    assert not is_low(weighted_kappa([]), 0.70)


def test_the_same_marks_give_the_same_interval_whatever_their_order() -> None:
    given_marks, _levels = marks(Board(scripts=40), 3)

    assert krippendorff_alpha(given_marks) == krippendorff_alpha(reversed(given_marks))


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ([], NoFigure.NO_SCRIPTS),
        ([[5], [6]], NoFigure.ONE_MARKER),
        ([[5, None], [None, 6]], NoFigure.NO_PAIRS),
        ([[5, 5], [5, 5]], NoFigure.NO_SPREAD),
    ],
)
def test_no_alpha_says_why(table: Table, reason: NoFigure) -> None:
    assert krippendorff_alpha(marks_of(table)).reason is reason


def test_no_pairs_give_no_figure() -> None:
    found = agree([])

    assert {figure.reason for figure in (found.exact, found.adjacent, found.mean_gap, found.kappa)} == {
        NoFigure.NO_PAIRS
    }
    assert agree_by_marker([ScriptMark("s1", "C01", 60)])["C01"].pairs == 0


def test_constant_marks_of_one_person_are_no_agreement() -> None:
    # One gives everybody 5: chance explains all there is.
    assert weighted_kappa([(5, 3), (5, 5), (5, 7)]).value == pytest.approx(0)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(SCORES, SCORES), max_size=14))
def test_any_pairs_give_ordered_intervals(pairs: list[tuple[Decimal, Decimal]]) -> None:
    found = agree(pairs)
    for figure in (found.exact, found.adjacent, found.mean_gap, found.mean_difference, found.kappa):
        assert len(astuple(figure)) == 7
        assert figure.low is None or figure.high is None or figure.low <= figure.high
