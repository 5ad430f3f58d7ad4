"""The clock of an installation: no step of the wall clock moves it, and every process reads the same."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examsite.storage.clock import Anchor, InstallationClock, anchor_from_json
from tests.factories.clocks import NOON, MadeUpMachine


def clock_of(
    folder: Path, machine: MadeUpMachine, last_known: Callable[[], datetime | None] = lambda: None
) -> InstallationClock:
    return InstallationClock(folder / "clock.json", last_known, machine=machine)


def test_first_reading_is_the_wall_clock_and_it_runs_on(tmp_path: Path) -> None:
    machine = MadeUpMachine()
    clock = clock_of(tmp_path, machine)
    assert clock.read() == NOON
    machine.live(90)
    assert clock.read() == NOON + timedelta(seconds=90)
    assert clock.difference() == timedelta(0)


@pytest.mark.parametrize("step", [-86_400, -300, -0.5, 0.5, 300, 86_400])
def test_step_of_the_wall_clock_moves_nothing_and_is_told(tmp_path: Path, step: float) -> None:
    machine = MadeUpMachine()
    clock = clock_of(tmp_path, machine)
    clock.read()
    machine.shown += timedelta(seconds=step)
    machine.live(10)
    assert clock.read() == NOON + timedelta(seconds=10)
    assert clock.difference() == timedelta(seconds=step)
    # A worker that starts after the step reads the same.
    assert clock_of(tmp_path, machine).read() == clock.read()


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("live"), st.integers(0, 10_000)),
            st.tuples(st.just("step"), st.integers(-300, 300)),
            st.tuples(st.just("worker"), st.just(0)),
            st.tuples(st.just("restart"), st.integers(-300, 300)),
        ),
        max_size=12,
    )
)
def test_no_history_makes_it_go_back(tmp_path_factory: pytest.TempPathFactory, history: list[tuple[str, int]]) -> None:
    folder = tmp_path_factory.mktemp("clock")
    machine = MadeUpMachine()
    known: list[datetime] = []
    clock = clock_of(folder, machine, lambda: known[-1] if known else None)
    lived = 0
    known.append(clock.read())
    was_restarted = False
    for event, amount in history:
        if event == "live":
            machine.live(amount)
            lived += amount
        elif event == "step":
            machine.shown += timedelta(seconds=amount)
        else:
            if event == "restart":
                machine.restart(down=60, uptime=20, wall_is_off=amount)
                was_restarted = True
            clock = clock_of(folder, machine, lambda: known[-1])
        now = clock.read()
        assert now >= known[-1]
        if event == "restart":
            # At least what the machine has counted since it came up has passed.
            assert now >= known[-1] + timedelta(seconds=20)
        if not was_restarted:
            assert now == NOON + timedelta(seconds=lived)
        known.append(now)


def test_after_a_restart_a_right_wall_clock_is_followed_and_one_that_fell_back_is_not(tmp_path: Path) -> None:
    machine = MadeUpMachine()
    clock = clock_of(tmp_path, machine)
    clock.read()
    machine.live(3_600)
    pulse = clock.read()
    machine.restart(down=120, uptime=30)
    assert clock_of(tmp_path, machine, lambda: pulse).read() == pulse + timedelta(seconds=150)
    before = clock_of(tmp_path, machine, lambda: pulse).read()
    machine.restart(down=120, uptime=30, wall_is_off=-86_400)
    assert clock_of(tmp_path, machine, lambda: before).read() == before + timedelta(seconds=30)


def test_restart_is_noticed_by_the_count_where_the_run_has_no_name_of_its_own(tmp_path: Path) -> None:
    machine = MadeUpMachine()
    clock_of(tmp_path, machine).read()
    machine.live(3_600)
    pulse = NOON + timedelta(seconds=3_600)
    machine.restart(down=60, uptime=30)
    machine.boots = 1
    assert clock_of(tmp_path, machine, lambda: pulse).read() == pulse + timedelta(seconds=90)


def test_set_anew_it_is_so_for_every_process_at_once(tmp_path: Path) -> None:
    machine = MadeUpMachine()
    here, there = clock_of(tmp_path, machine), clock_of(tmp_path, machine)
    assert here.read() == there.read()
    machine.shown += timedelta(seconds=30)
    here.set(machine.wall())
    assert here.read() == there.read() == NOON + timedelta(seconds=30)


def test_file_that_cannot_be_read_is_made_anew_from_what_is_known(tmp_path: Path) -> None:
    machine = MadeUpMachine()
    clock_of(tmp_path, machine).read()
    (tmp_path / "clock.json").write_text('{"boot_id": "run 1", "coun', encoding="utf-8")
    known = NOON + timedelta(seconds=500)
    assert clock_of(tmp_path, machine, lambda: known).read() == known
    assert anchor_from_json("[]") is None
    assert anchor_from_json('{"boot_id": "x", "counted_ns": 1, "utc": "2026-03-16T05:00:00"}') is None
    anchor = Anchor("x", 5, NOON)
    assert anchor_from_json(anchor.to_json()) == anchor


def test_process_that_knows_the_time_outlives_its_folder(tmp_path: Path) -> None:
    machine = MadeUpMachine()
    clock = clock_of(tmp_path, machine)
    clock.read()
    (tmp_path / "clock.json").unlink()
    machine.live(5)
    assert clock.read() == NOON + timedelta(seconds=5)


def _read(path: str, results: multiprocessing.Queue[str]) -> None:
    clock = InstallationClock(Path(path), lambda: None)
    results.put(clock.anchor().to_json())


def test_many_processes_that_start_at_once_have_one_anchor(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    path = str(tmp_path / "clock.json")
    processes = [context.Process(target=_read, args=(path, results)) for _ in range(8)]
    for process in processes:
        process.start()
    anchors = {results.get(timeout=20) for _ in processes}
    for process in processes:
        process.join(timeout=20)
    assert len(anchors) == 1


def test_clock_of_this_machine_runs_with_the_wall_clock(tmp_path: Path) -> None:
    clock = InstallationClock(tmp_path / "clock.json", lambda: None)
    first = clock.read()
    assert abs(clock.difference()) < timedelta(milliseconds=200)
    assert clock.read() >= first
    assert (tmp_path / "clock.json").stat().st_mode & 0o077 == 0
