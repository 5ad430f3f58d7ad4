"""Do the intervals of ranks hold what they say, and do the words about ties follow from the marks?"""

from __future__ import annotations

import time

import pytest

from examsite.statistics.figures import NoFigure, ScriptMark
from examsite.statistics.rank_stability import MarkError, RankedTotal, assess_ranking, mark_error
from tests.statistics.ranked_exams import coverage, simulate_ranking

ERROR = {"written": MarkError(9.0, 40)}


def ranked(*totals: float) -> list[RankedTotal]:
    return [RankedTotal(f"C{n}", n + 1, total, {"written": 0.5}) for n, total in enumerate(totals)]


@pytest.mark.parametrize(("people", "rankings", "error"), [(30, 60, 3.0), (60, 30, 6.0), (200, 8, 1.5)])
def test_nine_of_ten_intervals_hold_the_true_rank(people: int, rankings: int, error: float) -> None:
    held, claimed = coverage(people, rankings, error=error)
    assert 0.88 <= held <= 0.92
    assert held == pytest.approx(claimed, abs=0.02)


def test_two_hundred_candidates_take_less_than_five_seconds() -> None:
    begun = time.process_time()
    found, _true = simulate_ranking(1, 200, draws=4_000)
    assert len(found.rows) == 200
    assert time.process_time() - begun < 5


def test_a_clear_first_is_first_and_alone() -> None:
    found = assess_ranking(ranked(95, 80, 79, 60), ERROR, vacancies=1)
    assert found.first_chance is not None
    assert found.first_chance > 0.99
    assert found.tied == ("C0",)
    assert found.unsure == ()
    assert (found.rows[0].low, found.rows[0].high) == (1, 1)


def test_neighbours_within_the_error_are_tied() -> None:
    found = assess_ranking(ranked(85.0, 84.5, 84.0, 60), ERROR, vacancies=1)
    assert found.tied == ("C0", "C1", "C2")
    assert set(found.unsure) == {"C0", "C1", "C2"}
    assert found.rows[0].first == pytest.approx(0.45, abs=0.15)
    assert sum(row.first for row in found.rows) == pytest.approx(1)


def test_equal_people_share_the_chance() -> None:
    found = assess_ranking(ranked(*[70.0] * 4, 50, 90), ERROR, vacancies=2)
    chances = [row.among for row in found.rows if row.code in {"C0", "C1", "C2", "C3"}]
    assert max(chances) - min(chances) < 0.05


def test_the_error_comes_from_differences_alone() -> None:
    same = [ScriptMark(f"S{n}", m, 50 + n + (10 if m == "B" else 0)) for n in range(12) for m in "AB"]
    found = mark_error(same)
    assert found is not None
    assert found.variance == pytest.approx(0)
    changing = [ScriptMark(f"S{n}", m, 50 + n + (4 if m == "B" else 0)) for n in range(12) for m in ("A", "BC"[n % 2])]
    other = mark_error(changing)
    assert other is not None
    assert other.variance == pytest.approx(4.0)
    assert mark_error(same[:4]) is None


def test_no_figures_without_an_error_or_a_ranking() -> None:
    assert assess_ranking(ranked(80), ERROR, vacancies=1).reason is NoFigure.TOO_FEW_SCRIPTS
    assert assess_ranking(ranked(80, 70), {}, vacancies=1).reason is NoFigure.NO_PAIRS
