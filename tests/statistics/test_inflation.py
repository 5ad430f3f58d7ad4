"""Does the report find an insider who lifts a few marks, and does it leave clean exams alone?"""

from __future__ import annotations

import pytest

from examsite.statistics.figures import NoFigure, ScriptMark
from examsite.statistics.inflation import find_inflation
from tests.statistics.insiders import Insider, is_flagged, simulate

#: Half of the sixty simulated exams; all five hundred run with `make soak`.
EXAMS = 30


def test_insiders_are_flagged() -> None:
    found = [is_flagged(simulate(number, Insider.MARKER)) for number in range(EXAMS)]
    assert sum(found) >= 0.95 * EXAMS - 1
    assert all(is_flagged(simulate(number, Insider.CLERK)) for number in range(5))


def test_clean_exams_are_left_alone() -> None:
    assert sum(is_flagged(simulate(number, Insider.NOBODY)) for number in range(100, 100 + EXAMS)) <= 3


def test_lifted_scripts_and_their_marker_are_named() -> None:
    marks = []
    for number in range(60):
        names = sorted({f"M{number % 3}", f"M{(number + 1) % 3}"})
        for marker in names:
            error = ((number * 7 + len(names) * 3 + ord(marker[1]) * 5) % 9 - 4) / 2
            lifted = 15 if number in (9, 30, 51) and marker == "M0" else 0
            marks.append(ScriptMark(f"S{number:02d}", marker, 60 + number % 20 + error + lifted))
    report = find_inflation(marks)
    assert {(row.script, row.marker) for row in report.singles[:3]} == {("S09", "M0"), ("S30", "M0"), ("S51", "M0")}
    assert report.singles[0].chance < 0.02
    assert report.singles[0].gap == pytest.approx(15, abs=5)
    assert report.markers[0].marker == "M0"
    assert report.marker_chance < 0.02
    assert set(report.markers[0].suspects) == {"S09", "S30", "S51"}


def test_a_steady_lenient_marker_is_no_finding() -> None:
    exam = simulate(3, Insider.NOBODY)
    lenient = exam.marks[0].marker
    moved = [
        ScriptMark(mark.script, mark.marker, float(mark.points) + (8 if mark.marker == lenient else 0))
        for mark in exam.marks
    ]
    before, after = find_inflation(exam.marks), find_inflation(moved)
    assert after.marker_chance == pytest.approx(before.marker_chance, abs=0.05)


def test_too_few_scripts_answer_nothing() -> None:
    report = find_inflation([ScriptMark("S1", "M1", 50), ScriptMark("S1", "M2", 90)])
    assert report.reason is NoFigure.TOO_FEW_SCRIPTS
    assert report.single_chance == 1
    equal = find_inflation([ScriptMark(f"S{n}", f"M{m}", 50) for n in range(20) for m in (n % 3, (n + 1) % 3)])
    assert equal.reason is NoFigure.NO_SPREAD
