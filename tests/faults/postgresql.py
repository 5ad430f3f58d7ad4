"""PostgreSQL is stopped immediately, and its connections are killed, while a room saves."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests import databases
from tests.faults.exam import Exam
from tests.faults.outcome import Outcome, percentile
from tests.faults.writers import Writer, check_answers, come_in, compare, seat, tell_ledger, write_all

PATIENCE_SECONDS = 60
NAME = "examsite_faults"


@dataclass(frozen=True)
class Size:
    """How hard it is hit."""

    writers: int = 20
    saves: int = 10_000
    stops: int = 20
    #: Kills of every connection that the site has.
    kills: int = 200
    every_seconds: float = 0.3


SHORT = Size(writers=4, saves=150, stops=1, kills=5, every_seconds=0.05)


class Server:
    """A PostgreSQL of the run that waits for the disk at every commit and may be stopped at any instant."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._account = databases._account_for_the_server()
        self._programs = databases._programs(home, self._account)
        self._process: subprocess.Popen[bytes] | None = None
        make = [
            self._programs / "initdb",
            "--auth=trust",
            "--username=postgres",
            "--encoding=UTF8",
            "-D",
            home / "data",
        ]
        made = subprocess.run(make, cwd=home, capture_output=True, text=True, check=False, **self._account)
        assert made.returncode == 0, f"PostgreSQL could not make its files:\n{made.stdout}\n{made.stderr}"
        self.start()
        with self._connect("postgres") as connection:
            connection.execute(f"CREATE DATABASE {NAME} ENCODING 'UTF8' TEMPLATE template0")

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://postgres@/{NAME}?host={self.home}"

    def _connect(self, database: str) -> psycopg.Connection:
        return psycopg.connect(f"host={self.home} user=postgres dbname={database}", autocommit=True)

    def start(self) -> None:
        """Start it and return when it answers; after an immediate stop it recovers first."""
        with (self.home / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self.home / "data", "-k", self.home, "-c", "listen_addresses="],
                cwd=self.home,
                stdout=log,
                stderr=log,
                **self._account,
            )
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                self._connect("postgres").close()
                return
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError((self.home / "log").read_text(errors="replace")[-2000:]) from None
                time.sleep(0.05)

    def stop_immediately(self) -> None:
        """What `pg_ctl stop -m immediate` sends: every process ends without writing anything more."""
        assert self._process is not None
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(timeout=PATIENCE_SECONDS)

    def kill_connections(self) -> int:
        """End every connection to the database of the site; gives how many there were."""
        try:
            with self._connect("postgres") as connection:
                ask = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
                return len(connection.execute(ask, (NAME,)).fetchall())
        except psycopg.OperationalError:
            return 0

    def close(self) -> None:
        """End it for good."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(timeout=PATIENCE_SECONDS)


@contextmanager
def server() -> Iterator[Server]:
    """A server of its own, ended afterwards."""
    with tempfile.TemporaryDirectory(prefix="examsite-pg-", ignore_cleanup_errors=True) as name:
        home = Path(name)
        account = databases._account_for_the_server()
        if account:
            os.chown(home, account["user"], account["group"])
        running = Server(home)
        try:
            yield running
        finally:
            running.close()


def run(size: Size = Size()) -> Outcome:
    """Stop, kill, compare."""
    outcome = Outcome("PostgreSQL stopped immediately, connections killed")
    with tempfile.TemporaryDirectory(prefix="examsite-faults-") as home, server() as database:
        exam = Exam(Path(home), candidates=size.writers, database_url=database.url)
        exam.start()
        try:
            asyncio.run(_play(exam, database, size, outcome))
        finally:
            exam.kill()
    return outcome


async def _play(exam: Exam, database: Server, size: Size, outcome: Outcome) -> None:
    writers = seat(exam)
    await come_in(writers, exam)
    done: list[bool] = []

    def enough() -> bool:
        return bool(done) and _acknowledged(writers) >= size.saves

    async def hit() -> list[float]:
        try:
            return await _hit_all(database, size, writers, outcome)
        finally:
            done.append(True)

    back, _written = await asyncio.gather(hit(), write_all(writers, enough, every_seconds=size.every_seconds))
    exam.installation.engine.dispose()
    tell_ledger(outcome, writers, compare(writers, await asyncio.to_thread(exam.versions)))
    outcome.broken += [f"the page is given old text: {wrong}" for wrong in await check_answers(writers)]
    outcome.tell("first save after the database was back p95 s", percentile(back, 95))
    outcome.tell("record log problems", len(await asyncio.to_thread(exam.problems_of_logs)))


async def _hit_all(database: Server, size: Size, writers: Sequence[Writer], outcome: Outcome) -> list[float]:
    """Stops and kills in a random order, spread over the saves; gives how long each stop was felt."""
    chance = random.Random(5)
    hits = ["stop"] * size.stops + ["kill"] * size.kills
    chance.shuffle(hits)
    killed, back = 0, []
    for number, kind in enumerate(hits, start=1):
        while _acknowledged(writers) < size.saves * number / (len(hits) + 1):
            await asyncio.sleep(0.01)
        if kind == "kill":
            killed += await asyncio.to_thread(database.kill_connections)
            continue
        await asyncio.to_thread(database.stop_immediately)
        await asyncio.sleep(chance.random() * 0.5)
        await asyncio.to_thread(database.start)
        started, before = time.monotonic(), _acknowledged(writers)
        while _acknowledged(writers) == before:
            assert time.monotonic() - started < PATIENCE_SECONDS, "no save after the database came back"
            await asyncio.sleep(0.01)
        back.append(time.monotonic() - started)
    outcome.tell("immediate stops", size.stops)
    outcome.tell("rounds of kills", size.kills)
    outcome.tell("connections killed", killed)
    return back


def _acknowledged(writers: Sequence[Writer]) -> int:
    return sum(len(writer.acknowledged) for writer in writers)
