"""A marker who drifts is paused in time, a steady one is left in peace, and the alarm says who, since when, how far."""

from __future__ import annotations

import json
import random

import pytest

from examsite.statistics.drift import (
    FALSE_STOPS,
    LEAST_QUEUE,
    Check,
    Direction,
    PairCheck,
    SeedCheck,
    alarm_limit,
    is_out_of_tolerance,
    watch_drift,
)
from examsite.statistics.drift_simulation import DRIFT, ERRORS, SEED_PERCENTS, TABLE, Board, outcome_of, paused
from examsite.statistics.figures import NoFigure

BOARDS = 25


def _published() -> dict[tuple[float, int], dict[str, float]]:
    rows = json.loads(TABLE.read_text(encoding="utf-8"))["rows"]
    return {
        (float(row["error"]), int(row["seed_percent"])): {name: float(figure) for name, figure in row.items()}
        for row in rows
    }


def test_the_published_table_keeps_the_promise_and_says_where_it_ends() -> None:
    table = _published()

    assert set(table) == {(error, percent) for error in ERRORS for percent in SEED_PERCENTS}
    for (error, _percent), row in table.items():
        assert row["steady"] <= 2.0
        if error <= 2.0:
            assert row["in_time"] >= 95.0
            assert row["beside"] <= 2.0
    # Marks that err by three points hide a move of four: nobody may believe otherwise.
    assert table[3.0, 5]["in_time"] < 75.0


@pytest.mark.parametrize("error", [1.5, 3.0])
def test_the_published_table_can_be_repeated(error: float) -> None:
    """Over fewer boards than the published run, so within four errors of a share of so many."""
    published = _published()[error, 5]

    again = outcome_of(Board(error=error, seed_percent=5, drift=DRIFT), BOARDS)

    for name, cases in (("in_time", BOARDS), ("steady", 6 * BOARDS), ("beside", 5 * BOARDS)):
        share = published[name] / 100
        reach = 4 * (max(share * (1 - share), 0.01) / cases) ** 0.5
        assert getattr(again, name) == pytest.approx(share, abs=reach), name


def test_the_alarm_says_which_way_and_begins_near_the_first_script_of_the_move() -> None:
    board = Board(error=1.5, seed_percent=5, drift=DRIFT)

    found = [paused(board, seed)[0]["M0"][1] for seed in range(1_000_000, 1_000_010)]

    assert {alarm.direction for alarm in found} == {Direction.LENIENT}
    assert sorted(alarm.since for alarm in found)[len(found) // 2] == pytest.approx(41, abs=3)
    assert sorted(alarm.points for alarm in found)[len(found) // 2] == pytest.approx(4, abs=1.5)


def test_the_limit_grows_with_the_queue_and_not_below_the_least() -> None:
    assert alarm_limit(1) == alarm_limit(LEAST_QUEUE) < alarm_limit(100) < alarm_limit(1_000)
    # A queue ten times as long may stop no more people: the limit pays for the length.
    assert 2.718281828 ** (alarm_limit(1_000) - alarm_limit(100)) == pytest.approx(10)
    assert 2.718281828 ** alarm_limit(100) == pytest.approx(100 / FALSE_STOPS)


def _seeds(errors: list[float], *, first: int = 1) -> list[Check]:
    return [SeedCheck("C05", first + place, error) for place, error in enumerate(errors)]


@pytest.mark.parametrize(("sign", "direction"), [(1, Direction.LENIENT), (-1, Direction.STRICT)])
def test_alarm_tells_direction_size_and_first_script(sign: int, direction: Direction) -> None:
    before = [0, 1, -1, 0, 1, -1, 0, 0, 1, -1]

    watch = watch_drift(_seeds([*before, 5 * sign, 4 * sign, 6 * sign, 5 * sign, 5 * sign]))["C05"]

    assert watch.alarm is not None
    assert watch.alarm.is_certain
    assert (watch.alarm.direction, watch.alarm.since) == (direction, 11)
    assert abs(watch.alarm.points) == pytest.approx(5, abs=0.5)
    assert watch.strain >= watch.limit
    # The level is that of the time before.
    assert watch.level.value == pytest.approx(0, abs=0.5)


def test_steadily_lenient_marker_does_not_drift() -> None:
    watch = watch_drift(_seeds([3, 2.5, 3.5, 3, 2, 4, 3, 3]))["C05"]

    assert watch.alarm is None
    assert watch.level.value == pytest.approx(3, abs=0.7)


def test_move_too_small_to_matter_is_no_alarm() -> None:
    watch = watch_drift(_seeds([0.0] * 200 + [1.75] * 200))["C05"]

    assert watch.strain >= watch.limit
    assert watch.alarm is None


def test_order_in_which_checks_arrive_does_not_matter() -> None:
    checks = [check for known in Board(scripts=40, markers=4, drift=4, drift_after=8).rounds(3) for check in known]
    shuffled = random.Random(1).sample(checks, len(checks))

    first, second = watch_drift(checks), watch_drift(shuffled)

    assert list(first) == list(second)
    for marker, watch in first.items():
        assert (watch.strain, watch.level.value) == pytest.approx((second[marker].strain, second[marker].level.value))
        assert (watch.alarm and watch.alarm.since) == (second[marker].alarm and second[marker].alarm.since)


def _two(moved: float = 6.0) -> list[Check]:
    """Two markers who only ever meet each other; from script 21 on the first gives more."""
    return [PairCheck("C01", n, 60 + n % 3 + (moved if n > 20 else 0), "C02", n, 61) for n in range(1, 31)]


def test_two_markers_who_only_meet_each_other_are_told_apart_by_seeds() -> None:
    seeds: list[Check] = [
        SeedCheck(marker, n, 6 if marker == "C01" and n > 20 else 0)
        for n in (5, 12, 25, 27, 29, 30)
        for marker in ("C01", "C02")
    ]

    watches = watch_drift([*_two(), *seeds])

    assert watches["C01"].alarm is not None
    assert watches["C01"].alarm.is_certain
    assert watches["C02"].alarm is None


def test_two_markers_without_seeds_are_both_named_and_neither_is_sure() -> None:
    watches = watch_drift(_two())

    first, second = watches["C01"].alarm, watches["C02"].alarm
    assert first is not None
    assert second is not None
    assert (first.rivals, second.rivals) == (("C02",), ("C01",))
    assert not first.is_certain
    assert (first.direction, second.direction) == (Direction.LENIENT, Direction.STRICT)


@pytest.mark.parametrize("blamed", ["C01", "C02"])
def test_other_partners_tell_which_of_a_pair_moved(blamed: str) -> None:
    """Both alarms of the pair look the same to the pair; the third one's scripts decide."""
    other = "C02" if blamed == "C01" else "C01"
    thirds: list[Check] = [
        PairCheck(marker, 100 + n, 60 + n % 2 + (6 if marker == blamed else 0), "C03", n, 60)
        for n in range(1, 9)
        for marker in ("C01", "C02")
    ]
    before: list[Check] = [
        PairCheck(marker, n, 60 + n % 2, "C03", 20 + n, 60) for n in range(1, 9) for marker in ("C01", "C02")
    ]
    sign = 1 if blamed == "C01" else -1
    pairs: list[Check] = [
        PairCheck("C01", 50 + n, 60 + n % 3 + (6 * sign if n > 20 else 0), "C02", 50 + n, 61) for n in range(31)
    ]

    watches = watch_drift([*before, *pairs, *thirds])

    assert watches[blamed].alarm is not None
    assert watches[blamed].alarm.is_certain
    assert watches[other].alarm is None
    assert watches["C03"].alarm is None


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
        assert watch_drift(_seeds(errors))["C05"].out_of_tolerance is out


def test_the_qualification_is_no_seed_that_pauses() -> None:
    checks: list[Check] = [SeedCheck("C05", 0, 22.5), *_seeds([7.5, 7.5])]

    watch = watch_drift(checks)["C05"]

    assert watch.seeds == (7.5, 7.5)
    assert not watch.out_of_tolerance


def test_nothing_known_is_no_marker_and_no_alarm() -> None:
    assert watch_drift([]) == {}


def test_one_seed_is_a_level_with_its_doubt_and_no_alarm() -> None:
    watch = watch_drift([SeedCheck("C01", 1, 4)])["C01"]

    # Between the agreed mark and the one seed, nearer to the agreed mark: a mark errs more than levels differ.
    assert watch.level.value is not None
    assert 1 < watch.level.value < 2
    assert watch.level.standard_error is not None
    assert watch.level.standard_error < 2
    assert (watch.strain, watch.alarm) == (0.0, None)


def test_marker_who_is_far_off_from_the_first_script_is_out_of_tolerance_and_no_drifter() -> None:
    watch = watch_drift([SeedCheck("C01", n, 15) for n in range(1, 6)])["C01"]

    assert watch.alarm is None
    assert watch.out_of_tolerance


def test_whoever_only_met_a_drifter_is_not_judged_by_it() -> None:
    seeds: list[Check] = [SeedCheck("C01", n, 15 if n > 10 else 0) for n in range(1, 16)]

    watch = watch_drift([*seeds, PairCheck("C01", 16, 75, "C02", 1, 60)])["C02"]

    assert (watch.checks, watch.strain, watch.alarm) == (1, 0.0, None)
    assert watch.seed_error.reason is NoFigure.NO_SCRIPTS
