"""A marker who drifts is paused in time, a steady one is left in peace, and the alarm says since when."""

from __future__ import annotations

import random

import pytest

from examsite.statistics.drift import (
    ALARM_LIMIT,
    Check,
    Direction,
    PairCheck,
    SeedCheck,
    is_out_of_tolerance,
    watch_drift,
)
from examsite.statistics.figures import NoFigure
from tests.statistics.boards import Board, paused

BOARDS = 30


def test_drifting_marker_is_paused_within_twenty_scripts() -> None:
    board = Board(error=1.5, seed_every=20, drift=4.0)

    runs = [paused(board, seed) for seed in range(1_000, 1_000 + BOARDS)]

    found = [stopped["M0"] for stopped in runs if "M0" in stopped]
    in_time = [alarm for number, alarm in found if 40 < number <= 60]
    assert len(in_time) >= 0.95 * BOARDS
    assert {alarm.direction for alarm in in_time} == {Direction.LENIENT}
    # What is to be marked again begins near the script after which the marker moved.
    assert sorted(alarm.since for alarm in in_time)[len(in_time) // 2] == pytest.approx(41, abs=3)
    # Those who share scripts with a drifter are not taken for one.
    assert sum(marker != "M0" for stopped in runs for marker in stopped) <= 0.02 * 5 * BOARDS


@pytest.mark.parametrize("error", [1.5, 2.5])
def test_steady_markers_are_left_in_peace(error: float) -> None:
    board = Board(error=error, seed_every=20)

    stopped = sum(len(paused(board, seed)) for seed in range(BOARDS))

    assert stopped <= 0.02 * board.markers * BOARDS


def _seeds(errors: list[float], *, first: int = 1) -> list[Check]:
    return [SeedCheck("C05", first + place, error) for place, error in enumerate(errors)]


@pytest.mark.parametrize(("sign", "direction"), [(1, Direction.LENIENT), (-1, Direction.STRICT)])
def test_alarm_tells_direction_size_and_first_script(sign: int, direction: Direction) -> None:
    watch = watch_drift(_seeds([0, 1, -1, 0, 1, -1, 5 * sign, 4 * sign, 6 * sign, 5 * sign]), error=1.5)["C05"]

    assert watch.alarm is not None
    assert (watch.alarm.direction, watch.alarm.since) == (direction, 7)
    assert abs(watch.alarm.points) == pytest.approx(5, abs=0.5)
    assert watch.strain >= ALARM_LIMIT
    # The level is that of the time before.
    assert watch.level.value == pytest.approx(0, abs=0.5)


def test_steadily_lenient_marker_does_not_drift() -> None:
    watch = watch_drift(_seeds([3, 2.5, 3.5, 3, 2, 4, 3, 3]), error=2)["C05"]

    assert watch.alarm is None
    assert watch.level.value == pytest.approx(3, abs=0.7)


def test_move_too_small_to_matter_is_no_alarm() -> None:
    watch = watch_drift(_seeds([0.0] * 200 + [1.5] * 200), error=1)["C05"]

    assert watch.strain >= ALARM_LIMIT
    assert watch.alarm is None


def test_order_in_which_checks_arrive_does_not_matter() -> None:
    checks = [check for known in Board(scripts=40, markers=4, drift=4, drift_after=8).rounds(3) for check in known]
    shuffled = random.Random(1).sample(checks, len(checks))

    first, second = watch_drift(checks, error=2), watch_drift(shuffled, error=2)

    assert list(first) == list(second)
    for marker, watch in first.items():
        assert (watch.strain, watch.level.value) == pytest.approx((second[marker].strain, second[marker].level.value))
        assert (watch.alarm and watch.alarm.since) == (second[marker].alarm and second[marker].alarm.since)


def test_two_markers_who_only_meet_each_other_are_told_apart_by_seeds() -> None:
    pairs = [PairCheck("C01", n, 60 + (6 if n > 20 else 0), "C02", n, 60) for n in range(1, 31)]
    seeds: list[Check] = [
        SeedCheck(marker, n, 6 if marker == "C01" and n > 20 else 0)
        for n in (25, 27, 29, 30)
        for marker in ("C01", "C02")
    ]

    watches = watch_drift([*pairs, *seeds], error=2)

    assert watches["C01"].alarm is not None
    assert watches["C02"].alarm is None


@pytest.mark.parametrize(
    ("errors", "out"),
    [
        ([], False),
        ([20, 20], False),
        ([0, 0, 5, 5, 5], False),
        ([0, 0, 5, 5, 5.25], True),
        ([-6, -5, -6], True),
        ([9, 9, 9, 0, 0, 0], False),
    ],
)
def test_tolerance_looks_at_the_last_three_seeds(errors: list[float], out: object) -> None:
    assert is_out_of_tolerance(errors) is out
    if errors:
        assert watch_drift(_seeds(errors), error=2)["C05"].out_of_tolerance is out


def test_nothing_known_is_no_marker_and_no_alarm() -> None:
    assert watch_drift([], error=2) == {}


def test_one_seed_is_a_level_with_its_doubt() -> None:
    watch = watch_drift([SeedCheck("C01", 1, 4)], error=2)["C01"]

    # Half way between the agreed mark and the one seed: both are known to two points.
    assert (watch.level.value, watch.level.standard_error) == pytest.approx((2, 2**0.5))
    assert watch.alarm is None


def test_marker_who_drifted_from_the_first_script_has_no_level_before() -> None:
    watch = watch_drift([SeedCheck("C01", n, 15) for n in range(1, 6)], error=2)["C01"]

    assert watch.alarm is not None
    assert watch.alarm.since == 1
    assert watch.level.reason is NoFigure.NO_SCRIPTS


def test_whoever_only_met_a_drifter_is_not_judged_by_it() -> None:
    seeds: list[Check] = [SeedCheck("C01", n, 15) for n in range(1, 6)]

    watch = watch_drift([*seeds, PairCheck("C01", 6, 75, "C02", 1, 60)], error=2)["C02"]

    assert (watch.checks, watch.strain, watch.alarm) == (1, 0.0, None)
    assert watch.level.reason is NoFigure.NO_SCRIPTS
    assert watch.seed_error.reason is NoFigure.NO_SCRIPTS


def test_error_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="above zero"):
        watch_drift([], error=0)
