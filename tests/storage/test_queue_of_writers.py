"""Writers on SQLite take turns: one at a time, the place given back after every end, also after a killed process."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from examsite.storage import database
from examsite.storage.database import WriterHangsError, make_engine, reading, writing

PATIENCE_SECONDS = 60

HOLDER = """
import sys, time
from examsite.storage.database import make_engine, writing
with writing(make_engine(sys.argv[1])) as session:
    session.connection()
    print("inside", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def own_engine(tmp_path: Path) -> Iterator[Engine]:
    engine = make_engine(f"sqlite:///{tmp_path / 'own.db'}")
    with writing(engine) as session:
        session.execute(text("CREATE TABLE turns (number INTEGER NOT NULL)"))
    yield engine
    engine.dispose()


def _turns(engine: Engine) -> list[int]:
    with reading(engine) as session:
        return list(session.scalars(text("SELECT number FROM turns ORDER BY rowid")))


def _write(engine: Engine, number: int) -> None:
    with writing(engine) as session:
        session.execute(text("INSERT INTO turns VALUES (:number)"), {"number": number})


def test_second_writer_waits_for_the_first_commit_and_readers_do_not(own_engine: Engine) -> None:
    second = threading.Thread(target=_write, args=(own_engine, 2))
    with writing(own_engine) as session:
        session.execute(text("INSERT INTO turns VALUES (1)"))
        second.start()
        second.join(timeout=0.2)
        assert second.is_alive()
        assert _turns(own_engine) == []
    second.join(timeout=PATIENCE_SECONDS)
    assert _turns(own_engine) == [1, 2]


def test_place_is_given_back_when_the_act_fails(own_engine: Engine) -> None:
    def fail() -> None:
        with writing(own_engine) as session:
            session.execute(text("INSERT INTO turns VALUES (1)"))
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    after = threading.Thread(target=_write, args=(own_engine, 2), daemon=True)
    after.start()
    after.join(timeout=PATIENCE_SECONDS)
    assert _turns(own_engine) == [2]


def test_place_is_given_back_when_the_process_is_killed(own_engine: Engine) -> None:
    command = [sys.executable, "-c", HOLDER, str(own_engine.url)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "inside\n"
        waiting = threading.Thread(target=_write, args=(own_engine, 1), daemon=True)
        waiting.start()
        waiting.join(timeout=0.2)
        assert waiting.is_alive()
        holder.send_signal(signal.SIGKILL)
    waiting.join(timeout=PATIENCE_SECONDS)
    assert _turns(own_engine) == [1]


def test_many_writers_each_come_in_once(own_engine: Engine) -> None:
    numbers = range(24)
    threads = [threading.Thread(target=_write, args=(own_engine, number), daemon=True) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=PATIENCE_SECONDS)
    assert sorted(_turns(own_engine)) == list(numbers)


def test_nobody_stands_in_the_queue_for_ever(own_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "QUEUE_PATIENCE_SECONDS", 0.05)
    with writing(own_engine) as session:
        session.execute(text("INSERT INTO turns VALUES (1)"))
        waiting = [threading.Thread(target=_give_up, args=(own_engine, number)) for number in (2, 3)]
        for thread in waiting:
            thread.start()
        for thread in waiting:
            thread.join(timeout=PATIENCE_SECONDS)
    # Their places are given up: whoever comes later gets its turn.
    _write(own_engine, 4)
    assert _turns(own_engine) == [1, 4]


def _give_up(engine: Engine, number: int) -> None:
    with pytest.raises(WriterHangsError):
        _write(engine, number)


def test_those_who_waited_in_vain_hold_no_place(own_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "QUEUE_PATIENCE_SECONDS", 0.05)
    with writing(own_engine) as session:
        session.execute(text("INSERT INTO turns VALUES (1)"))
        _give_up(own_engine, 2)
    monkeypatch.setattr(database, "QUEUE_PATIENCE_SECONDS", PATIENCE_SECONDS)
    numbers = range(10, 20)
    threads = [threading.Thread(target=_write, args=(own_engine, number), daemon=True) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=PATIENCE_SECONDS)
    assert sorted(_turns(own_engine)) == [1, *numbers]
