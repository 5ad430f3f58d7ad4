"""A running exam under a server that may be killed: its installation, its processes, and what its database holds."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from examsite.services.attempt_tokens import token_of_attempt
from examsite.services.checkpoints import load_signer
from examsite.services.context import ServiceContext, read_clock
from examsite.services.sittings import start_sitting
from examsite.services.verification import verify_log
from examsite.storage.database import reading, writing
from examsite.storage.models.dossiers import Candidacy
from examsite.storage.models.sittings import AnswerVersion, Attempt, Sitting
from examsite.storage.queries.records import list_logs
from tests.bench.installation import ROOT, Candidate, Installation, free_port

START_PATIENCE_SECONDS = 60
#: Between setting the instant of the start and the instant. Unit: seconds.
LEAD_SECONDS = 0.1


@dataclass(frozen=True)
class StoredVersion:
    """One row of what was saved, by whose number it is."""

    candidate: str
    item: str
    epoch: int
    number: int
    content: str
    set_aside: bool
    received_at: datetime


class Server:
    """The processes of a site, started, killed and started again on one port."""

    def __init__(self, instance: Path, log: Path) -> None:
        self.instance = instance
        self.log = log
        self.port = free_port()
        #: What the server is started with, beside its address.
        self.environment: dict[str, str] = {"EXAMSITE_INSTANCE": str(instance)}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *, patience_seconds: float = START_PATIENCE_SECONDS) -> float:
        """Start the server and return when it answers; gives the seconds that took."""
        began = time.monotonic()
        self.launch()
        while not self.answers():
            assert self._process is not None
            ended = self._process.poll() is not None
            if ended or time.monotonic() - began > patience_seconds:
                self.kill()
                raise AssertionError(f"the server did not start:\n{self.said()}")
            time.sleep(0.05)
        return time.monotonic() - began

    def launch(self) -> None:
        """Start the server without waiting for its first answer."""
        assert self._process is None, "the server is running"
        kept = {name: value for name, value in os.environ.items() if not name.startswith("EXAMSITE_")}
        own = {"EXAMSITE_BIND": f"127.0.0.1:{self.port}", "PYTHONUTF8": "1"}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "examsite", "serve"],
                cwd=ROOT,
                env={**kept, **own, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def answers(self) -> bool:
        """Whether a page comes back that is no error of the server."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", "/candidate/login")
            return connection.getresponse().status < 500
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    @property
    def pid(self) -> int:
        assert self._process is not None, "the server is not running"
        return self._process.pid

    def workers(self) -> list[int]:
        """Processes that the server's first process has started."""
        return [pid for pid, parent in _processes() if parent == self.pid]

    def kill_workers(self) -> int:
        """End every worker as kill -9 does; gives how many."""
        killed = 0
        for pid in self.workers():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
            killed += 1
        return killed

    def kill_first(self) -> None:
        """End the server's first process alone as kill -9 does; its workers are left to themselves."""
        assert self._process is not None
        os.kill(self.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None

    def kill(self) -> None:
        """End everything at once, as a power cut does."""
        if self._process is not None:
            _signal_group(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def said(self) -> str:
        """The end of the server's log."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-3000:] if self.log.exists() else ""


class Exam(Server):
    """One sitting of an installation of its own; the server is started, killed and started again on one port."""

    def __init__(
        self,
        home: Path,
        *,
        candidates: int,
        database_url: str | None = None,
        log: Path | None = None,
    ) -> None:
        self.installation = Installation(home, database_url=database_url)
        self.candidates: list[Candidate] = self.installation.fill(candidates, minutes=0)
        super().__init__(self.installation.settings.instance_path, log or home / "server.log")
        self.environment = dict(self.installation.environment)

    def set_times(self, *, minutes: int, grace_seconds: int) -> None:
        """Let the test last so long."""
        with writing(self.installation.engine) as session:
            for sitting in session.scalars(select(Sitting)):
                sitting.duration_minutes, sitting.grace_seconds = minutes, grace_seconds

    def end_earlier(self, seconds: int) -> None:
        """Let a test that runs end so much earlier, as if it had started so much earlier: it lasts whole minutes."""
        with writing(self.installation.engine) as session:
            for sitting in session.scalars(select(Sitting)).all():
                assert sitting.started_at is not None, "the sitting has not started"
                sitting.started_at -= timedelta(seconds=seconds)

    def begin(self) -> None:
        """Let the sitting start now, without waiting for the server's closer."""
        self.installation.start_at(read_clock() + timedelta(seconds=LEAD_SECONDS))
        time.sleep(2 * LEAD_SECONDS)
        with writing(self.installation.engine) as session:
            ctx = ServiceContext(session=session, now=read_clock(), settings=self.installation.settings)
            for sitting_id in session.scalars(select(Sitting.id)).all():
                start_sitting(ctx, sitting_id)
        self.installation.engine.dispose()

    def kill(self) -> None:
        """End everything at once, and let go of the database."""
        super().kill()
        self.installation.engine.dispose()

    def versions(self) -> list[StoredVersion]:
        """Everything that was ever stored, in the order in which it came."""
        statement = (
            select(
                Candidacy.candidate_number,
                AnswerVersion.item,
                AnswerVersion.epoch,
                AnswerVersion.number,
                AnswerVersion.content,
                AnswerVersion.set_aside,
                AnswerVersion.received_at,
            )
            .join(Attempt, Attempt.id == AnswerVersion.attempt_id)
            .join(Candidacy, Candidacy.id == Attempt.candidacy_id)
            .order_by(AnswerVersion.id)
        )
        with reading(self.installation.engine) as session:
            return [StoredVersion(*row) for row in session.execute(statement)]

    def tokens(self) -> dict[str, str]:
        """Token of the attempt by candidate number: what a page is given, whoever is logged in."""
        settings = self.installation.settings
        with reading(self.installation.engine) as session:
            rows = session.execute(select(Candidacy.candidate_number, Attempt.id).join(Attempt)).all()
        return {str(number): token_of_attempt(settings, attempt_id) for number, attempt_id in rows}

    def states(self) -> dict[str, str]:
        """State of the attempt by candidate number."""
        statement = select(Candidacy.candidate_number, Attempt.state).join(Attempt)
        with reading(self.installation.engine) as session:
            return {str(number): state.value for number, state in session.execute(statement)}

    def problems_of_logs(self) -> list[str]:
        """What verifying every record log finds."""
        signer = load_signer(self.installation.settings)
        with reading(self.installation.engine) as session:
            reports = [verify_log(session, log, signer) for log in list_logs(session)]
        return [f"{report.code} record {item.seq}: {item.code}" for report in reports for item in report.problems]


def _processes() -> Iterator[tuple[int, int]]:
    """Process and parent of everything that runs; what waits to be buried has ended."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue  # it has ended meanwhile
        if state != "Z":
            yield int(stat.parent.name), int(parent)


def _signal_group(group: int, number: signal.Signals) -> None:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return  # ended by itself
