"""Each fault at a size of seconds: the promises hold, and each fault really strikes. Full sizes: `make faults`."""

from __future__ import annotations

import pytest

from tests.faults import clock, disk, kill, namespace, postgresql, power, proxy
from tests.faults.outcome import CannotRunError, Outcome


def holds(outcome: Outcome) -> dict[str, str]:
    assert outcome.broken == [], outcome.figures
    return outcome.figures


def test_killed_workers_lose_nothing_that_was_acknowledged() -> None:
    figures = holds(kill.run(kill.SHORT))
    assert int(figures["workers killed"]) >= kill.SHORT.kills_of_workers
    assert int(figures["calls that failed"]) > 0


def test_power_cuts_lose_nothing_and_would_without_synced_commits() -> None:
    try:
        figures = holds(power.run(power.SHORT))
    except CannotRunError as reason:
        pytest.skip(str(reason))
    assert int(figures["lost in the control run"]) > 0


def test_line_that_cuts_after_the_commit_stores_each_save_once() -> None:
    figures = holds(proxy.run(proxy.SHORT))
    assert float(figures["after the commit %"]) > 15


def test_disk_without_space_acknowledges_nothing_it_cannot_keep() -> None:
    try:
        holds(disk.run(disk.SHORT))
    except CannotRunError as reason:
        pytest.skip(str(reason))


@pytest.mark.postgres
def test_postgresql_stopped_in_the_middle_loses_nothing() -> None:
    figures = holds(postgresql.run(postgresql.SHORT))
    assert int(figures["connections killed"]) > 0


def test_jumps_of_the_wall_clock_move_no_start_and_no_end() -> None:
    try:
        figures = holds(clock.run(clock.SHORT))
    except CannotRunError as reason:
        pytest.skip(str(reason))
    assert int(figures["jumps of up to ±5 min"]) > 5


def test_exam_day_reaches_nothing_outside() -> None:
    try:
        holds(namespace.run(namespace.SHORT))
    except CannotRunError as reason:
        pytest.skip(str(reason))
