"""Writes that share a commit: each is stored once or refused for itself, and none is told before it is on the disk."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.orm import Session

from examsite.domain.attempts import CLOSING_SLACK_SECONDS
from examsite.domain.errors import ConflictError
from examsite.storage import group_commit
from examsite.storage.database import make_engine, reading, writing
from examsite.storage.group_commit import GroupCommit, NotStoredError

PATIENCE_SECONDS = 60

KILLED = """
import sys, threading
from sqlalchemy import text
from examsite.storage.database import make_engine
from examsite.storage.group_commit import GroupCommit

def run(connection, session, jobs):
    connection.execute(text("INSERT INTO jobs VALUES (:number)"), [{"number": number} for number in jobs])
    return jobs

writer = GroupCommit(make_engine(sys.argv[1]), run)

def write(first):
    for number in range(first, 10_000_000, 8):
        writer.write(number)
        sys.stdout.write(f"{number}\\n")
        sys.stdout.flush()

for first in range(8):
    threading.Thread(target=write, args=(first,), daemon=True).start()
threading.Event().wait()
"""


@pytest.fixture
def jobs_engine(engine: Engine) -> Iterator[Engine]:
    """Each database with a table of its own, gone afterwards."""
    with writing(engine) as session:
        session.execute(text("CREATE TABLE jobs (number BIGINT PRIMARY KEY)"))
    yield engine
    with writing(engine) as session:
        session.execute(text("DROP TABLE jobs"))


def _stored(engine: Engine) -> list[int]:
    with reading(engine) as session:
        return list(session.scalars(text("SELECT number FROM jobs ORDER BY number")))


def _insert(connection: Connection, _session: Session, jobs: Sequence[int]) -> list[Any]:
    """Negative numbers are refused, each for itself; the others are stored."""
    rows = [{"number": number} for number in jobs if number >= 0]
    if rows:
        connection.execute(text("INSERT INTO jobs VALUES (:number)"), rows)
    return [number if number >= 0 else ConflictError("refused", number=number) for number in jobs]


class Gate:
    """Holds the writer inside its first group until everybody else waits outside."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.opened = threading.Event()
        self.sizes: list[int] = []

    def __call__(self, connection: Connection, session: Session, jobs: Sequence[int]) -> list[Any]:
        self.sizes.append(len(jobs))
        if len(self.sizes) == 1:
            self.entered.set()
            assert self.opened.wait(PATIENCE_SECONDS)
        return _insert(connection, session, jobs)


def _all_at_once(writer: GroupCommit[int], gate: Gate, numbers: Sequence[int]) -> dict[int, Any]:
    """Every number in a thread of its own: the first one alone, the others together in the group after it."""
    told: dict[int, Any] = {}

    def write(number: int) -> None:
        try:
            told[number] = writer.write(number)
        except (ConflictError, NotStoredError) as error:
            told[number] = error

    threads = [threading.Thread(target=write, args=(number,), daemon=True) for number in numbers]
    threads[0].start()
    assert gate.entered.wait(PATIENCE_SECONDS)
    for thread in threads[1:]:
        thread.start()
    while len(writer._waiting) < len(numbers) - 1:
        threading.Event().wait(0.001)
    gate.opened.set()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
    return told


@pytest.fixture
def open_writer(jobs_engine: Engine) -> Iterator[Callable[..., GroupCommit[int]]]:
    made: list[GroupCommit[int]] = []

    def make(run: Any, **options: Any) -> GroupCommit[int]:
        made.append(GroupCommit(jobs_engine, run, **options))
        return made[-1]

    yield make
    for writer in made:
        writer.close()


def test_those_who_wait_share_one_commit_and_each_gets_its_own_outcome(
    jobs_engine: Engine, open_writer: Callable[..., GroupCommit[int]]
) -> None:
    gate = Gate()
    told = _all_at_once(open_writer(gate), gate, range(40))
    assert told == {number: number for number in range(40)}
    assert gate.sizes == [1, 39]
    assert _stored(jobs_engine) == list(range(40))


def test_nothing_is_told_before_the_commit(jobs_engine: Engine, open_writer: Callable[..., GroupCommit[int]]) -> None:
    writer = open_writer(_insert)
    seen = []
    for number in range(30):
        writer.write(number)
        seen.append(_stored(jobs_engine)[-1])
    assert seen == list(range(30))


def test_a_refusal_concerns_its_own_job_only(jobs_engine: Engine, open_writer: Callable[..., GroupCommit[int]]) -> None:
    gate = Gate()
    told = _all_at_once(open_writer(gate), gate, [0, 1, -2, 3, -4, 5])
    assert {number for number, outcome in told.items() if isinstance(outcome, ConflictError)} == {-2, -4}
    assert _stored(jobs_engine) == [0, 1, 3, 5]
    assert gate.sizes == [1, 5]


def test_a_job_that_breaks_the_group_fails_alone(
    jobs_engine: Engine, open_writer: Callable[..., GroupCommit[int]]
) -> None:
    gate = Gate()
    # 7 is there already: the database refuses the whole group.
    with writing(jobs_engine) as session:
        session.execute(text("INSERT INTO jobs VALUES (7)"))
    told = _all_at_once(open_writer(gate), gate, range(12))
    assert [number for number, outcome in told.items() if isinstance(outcome, NotStoredError)] == [7]
    assert _stored(jobs_engine) == list(range(12))
    assert gate.sizes == [1, 11, *[1] * 11]


def test_an_error_of_the_program_reaches_its_caller_and_the_writer_lives_on(
    jobs_engine: Engine, open_writer: Callable[..., GroupCommit[int]]
) -> None:
    def run(connection: Connection, session: Session, jobs: Sequence[int]) -> list[Any]:
        if 1 in jobs:
            raise LookupError("a fault")
        return _insert(connection, session, jobs)

    writer = open_writer(run)
    with pytest.raises(LookupError):
        writer.write(1)
    assert writer.write(2) == 2
    assert _stored(jobs_engine) == [2]


def test_outcomes_that_do_not_fit_the_jobs_store_nothing(
    jobs_engine: Engine, open_writer: Callable[..., GroupCommit[int]]
) -> None:
    def run(connection: Connection, session: Session, jobs: Sequence[int]) -> list[Any]:
        _insert(connection, session, jobs)
        return []

    with pytest.raises(RuntimeError):
        open_writer(run).write(1)
    assert _stored(jobs_engine) == []


def test_nobody_waits_for_ever(jobs_engine: Engine, open_writer: Callable[..., GroupCommit[int]]) -> None:
    gate = Gate()
    writer = open_writer(gate, patience_seconds=0.05)
    for number in (1, 2):  # the first is being written, the second has not been taken
        with pytest.raises(NotStoredError):
            writer.write(number)
    gate.opened.set()
    writer.close()
    # The one that was being written may be stored although its caller gave up; the other one never is.
    assert _stored(jobs_engine) == [1]


def test_the_writer_lives_on_when_everybody_gave_up_while_it_rested(
    jobs_engine: Engine, open_writer: Callable[..., GroupCommit[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate()
    writer = open_writer(gate)
    monkeypatch.setattr(group_commit, "REST_SECONDS", 0.2)
    assert _all_at_once(writer, gate, range(3)) == {number: number for number in range(3)}
    writer._patience_seconds = 0.05
    with pytest.raises(NotStoredError):  # shorter than the rest that follows a group of several
        writer.write(3)
    assert writer._writer is not None
    writer._writer.join(0.5)  # the rest is over, and nobody waits
    writer._patience_seconds = 5
    assert writer.write(4) == 4
    assert _stored(jobs_engine) == [0, 1, 2, 4]


def test_the_end_writes_what_waits_and_takes_no_more(
    jobs_engine: Engine, open_writer: Callable[..., GroupCommit[int]]
) -> None:
    gate = Gate()
    writer = open_writer(gate)
    threads = [threading.Thread(target=writer.write, args=(number,), daemon=True) for number in range(20)]
    threads[0].start()
    assert gate.entered.wait(PATIENCE_SECONDS)
    for thread in threads[1:]:
        thread.start()
    while len(writer._waiting) < 19:
        threading.Event().wait(0.001)
    closing = threading.Thread(target=writer.close, daemon=True)
    closing.start()
    gate.opened.set()
    for thread in (*threads, closing):
        thread.join(PATIENCE_SECONDS)
    assert _stored(jobs_engine) == list(range(20))
    with pytest.raises(NotStoredError):
        writer.write(99)


def test_what_was_told_survives_a_killed_process(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'own.db'}"
    own = make_engine(url)
    with writing(own) as session:
        session.execute(text("CREATE TABLE jobs (number BIGINT PRIMARY KEY)"))
    told: list[int] = []
    for _kill in range(3):
        with writing(own) as session:
            session.execute(text("DELETE FROM jobs"))
        told.clear()
        with subprocess.Popen([sys.executable, "-c", KILLED, url], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for line in process.stdout:
                told.append(int(line))
                if len(told) == 300:
                    process.send_signal(signal.SIGKILL)
                    break
            told += [int(line) for line in process.stdout if line.endswith("\n")]
        assert set(told) <= set(_stored(own))
        assert len(told) >= 300
    own.dispose()


def test_closing_never_overtakes_a_save_that_waits_for_its_commit() -> None:
    assert CLOSING_SLACK_SECONDS > group_commit.PATIENCE_SECONDS
