"""An installation of its own for the bench: a room full of candidates before an opened paper, and its servers."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from pathlib import Path

from sqlalchemy import Engine, func, select, text

from examsite.config import Settings, load_settings
from examsite.domain.permissions import Role
from examsite.services.attempt_tokens import token_of_attempt
from examsite.services.checkpoints import load_signer
from examsite.services.context import read_clock
from examsite.services.invigilation import check_in
from examsite.services.passwords import Passwords
from examsite.storage.database import open_engine, reading, upgrade, writing
from examsite.storage.models.accounts import Account
from examsite.storage.models.sittings import AnswerVersion, Attempt, Sitting
from examsite.storage.queries.competitions import get_competition
from examsite.storage.queries.sittings import list_sittings
from tests.factories.sittings import Room, make_room

ROOT = Path(__file__).resolve().parents[2]
#: In the shape of those on the slips of candidates.
PASSWORD = "bnch-2345-kmpq"
CODE = "VH-2026-09"
#: A room of the bench: 1,000 candidates sit in twenty of them, and all begin at one instant.
ROWS, COLUMNS = 5, 10
#: The bare view is quickest with few threads: more of them only ask SQLite for its lock in vain.
FLOOR_THREADS = 8
PATIENCE_SECONDS = 60


class BenchError(Exception):
    """The bench cannot be run; the text says why."""


@dataclass(frozen=True)
class Candidate:
    """What a candidate types to come in."""

    number: str
    password: str = PASSWORD
    #: What the waiting page is given for its calls.
    token: str = ""


class Installation:
    """A temporary instance folder, its database, and a competition whose sitting waits for its instant."""

    def __init__(self, home: Path, *, database_url: str | None) -> None:
        self.home = home
        self.environment = {"EXAMSITE_INSTANCE": str(home / "instance")}
        if database_url:
            self.environment["EXAMSITE_DATABASE_URL"] = database_url
        self.settings: Settings = load_settings(home / "instance", environ=self.environment)
        self.engine: Engine = open_engine(self.settings)

    def fill(
        self, users: int, *, minutes: int, prepare: Callable[[Room], None] = lambda room: room.opened(at=room.now)
    ) -> list[Candidate]:
        """Make the tables and rooms for `users` candidates, checked in; a long way to go yet.

        `prepare` brings the papers to where the bench needs them: opened, unless it says otherwise.

        Raises:
            BenchError: the database holds something already.
        """
        upgrade(self.engine)
        with reading(self.engine) as session:
            if session.scalar(select(func.count(Account.id))):
                raise BenchError("the database is not empty; give the bench one of its own")
        now = read_clock()
        password_hash = Passwords(self.settings).hash(PASSWORD)
        with writing(self.engine) as session:
            room = make_room(
                session,
                now,
                settings=self.settings,
                candidates=users,
                rows=ROWS,
                columns=COLUMNS,
                sittings=ceil(users / (ROWS * COLUMNS)),
                code=CODE,
                starts_in=timedelta(hours=2),
                password_hash=password_hash,
            )
            room.signer = load_signer(self.settings)
            for sitting in list_sittings(session, room.competition.id):
                sitting.duration_minutes = max(180, minutes + 60)
                self._check_in(room, sitting)
            prepare(room)
            attempts = dict(session.execute(select(Attempt.candidacy_id, Attempt.id)).all())
            return [
                Candidate(str(item.candidate_number), token=token_of_attempt(self.settings, attempts[item.id]))
                for item in room.candidacies
            ]

    @staticmethod
    def _check_in(room: Room, sitting: Sitting) -> None:
        for seat in room.session.scalars(select(Attempt.seat).where(Attempt.sitting_id == sitting.id)).all():
            check_in(room.ctx(Role.INVIGILATOR), room.competition, sitting, seat=seat)

    def start_at(self, instant: datetime) -> None:
        """Set the instant at which the sitting starts for everyone; no act does that once the test has begun."""
        with writing(self.engine) as session:
            competition = get_competition(session, CODE)
            for sitting in session.scalars(select(Sitting).where(Sitting.competition_id == competition.id)):
                sitting.starts_at = instant

    def count_saves(self) -> int:
        """How many saves the database holds."""
        with reading(self.engine) as session:
            return session.scalar(select(func.count(AnswerVersion.id))) or 0

    def database_name(self) -> str:
        """Which database, with its version."""
        with self.engine.connect() as connection:
            if self.engine.dialect.name == "sqlite":
                return f"SQLite {connection.execute(text('SELECT sqlite_version()')).scalar()}, WAL, synchronous=FULL"
            shown = {
                name: connection.execute(text(f"SHOW {name}")).scalar()
                for name in ("server_version", "fsync", "synchronous_commit")
            }
            return "PostgreSQL {server_version}, fsync={fsync}, synchronous_commit={synchronous_commit}".format(**shown)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def site_server(installation: Installation) -> Iterator[tuple[int, int]]:
    """The real server of the installation, as `python -m examsite serve` starts it; gives port and process id."""
    port = free_port()
    settings = {**installation.environment, "EXAMSITE_BIND": f"127.0.0.1:{port}"}
    with _server([sys.executable, "-m", "examsite", "serve"], settings, installation.home / "site.log", port) as pid:
        yield port, pid


@contextmanager
def floor_server(installation: Installation) -> Iterator[tuple[int, int]]:
    """The bare view under the same gunicorn, beside the same database; gives port and process id."""
    port = free_port()
    url = installation.settings.database_url
    if installation.settings.is_sqlite:
        url = f"sqlite:///{installation.home / 'instance' / 'floor.db'}"
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--worker-class", "gthread"]
    command += ["--workers", str(installation.settings.workers), "--threads", str(FLOOR_THREADS)]
    command += ["--keep-alive", "30", "--log-level", "warning", "--no-control-socket", "tests.bench.floor:app"]
    environment = {"FLOOR_DATABASE": url}
    made = subprocess.run(
        [sys.executable, "-c", "from tests.bench.floor import make_table; make_table()"],
        cwd=ROOT,
        env={**os.environ, **environment},
        check=False,
    )
    if made.returncode:
        raise BenchError("the table of the floor could not be made")
    with _server(command, environment, installation.home / "floor.log", port) as pid:
        yield port, pid


@contextmanager
def _server(command: list[str], settings: Mapping[str, str], log: Path, port: int) -> Iterator[int]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EXAMSITE_")}
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**kept, **settings}, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    try:
        _wait_for(process, port, log)
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with socket.socket() as probe:
            probe.settimeout(0.5)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise BenchError(f"the server did not start:\n{log.read_text(errors='replace')[-3000:]}")


def resident_megabytes(parent: int) -> int:
    """Memory of a process and its children, where the system tells."""
    return sum(int(fields[21]) for fields in _family(parent)) * os.sysconf("SC_PAGE_SIZE") // 1024 // 1024


def cpu_seconds(parent: int) -> float:
    """Processor time that a process and its children have used so far, where the system tells."""
    ticks = sum(int(fields[11]) + int(fields[12]) for fields in _family(parent))
    return ticks / os.sysconf("SC_CLK_TCK")


def _family(parent: int) -> Iterator[list[str]]:
    """The figures of /proc/…/stat from the state on, of a process and its children."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended meanwhile
        if int(stat.parent.name) == parent or int(fields[1]) == parent:
            yield fields
