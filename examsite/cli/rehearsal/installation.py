"""An installation for one rehearsal: a folder inside the real one, a database of the same kind, the real server."""

from __future__ import annotations

import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from sqlalchemy import Engine, text
from sqlalchemy.engine import make_url

from examsite.cli.rehearsal.http_client import Door
from examsite.cli.rehearsal.load import RehearsalError
from examsite.config import Settings, load_settings, process_environment
from examsite.services.certificates import AUTHORITY_FILE, find_certificates
from examsite.services.clock import ANCHOR_FILE
from examsite.services.passwords import Passwords
from examsite.storage.database import open_engine, upgrade

ROOT = Path(__file__).resolve().parents[3]
#: How long the server may take to begin and to end. Unit: seconds.
PATIENCE_SECONDS = 60


class RehearsalInstallation:
    """Made when entered, removed when left, whatever happened."""

    def __init__(self, settings: Settings, rehearsal_id: int) -> None:
        """Stand inside this installation, under the number of the rehearsal."""
        self._real = settings
        self._name = f"rehearsal_{rehearsal_id}_{secrets.token_hex(4)}"
        self.home = settings.instance_path / "rehearsal" / self._name
        self.password = secrets.token_urlsafe(16)
        self.port = _free_port()
        self.settings: Settings
        self.engine: Engine
        self._environment: dict[str, str] = {}

    def __enter__(self) -> RehearsalInstallation:
        """Make folder, certificates, database and tables."""
        try:
            self._make()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove everything that the rehearsal has written."""
        self._remove()

    def password_hash(self) -> str:
        """The hash of the one password of all simulated people, made as hard as a real one."""
        return Passwords(self.settings).hash(self.password)

    @contextmanager
    def server(self) -> Iterator[Door]:
        """The real server, as `serve` starts it, with the real number of workers and threads."""
        log = self.home / "server.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "examsite", "serve"],
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        try:
            self._wait_for(process, log)
            yield self._door()
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _make(self) -> None:
        self._clear_up()
        self.home.mkdir(mode=0o700, parents=True)
        self.home.parent.chmod(0o700)
        anchor = self._real.instance_path / ANCHOR_FILE
        if anchor.exists():
            # One clock for both, whatever the wall clock says.
            shutil.copy2(anchor, self.home / ANCHOR_FILE)
        if self._real.has_tls:
            shutil.copytree(self._real.tls_path, self.home / "tls")
        self._environment = process_environment(
            self._real,
            instance_path=self.home,
            bind=f"127.0.0.1:{self.port}",
            database_url=self._database_url(),
            secret_key=secrets.token_hex(32),
            plain_bind="",
        )
        self.settings = load_settings(self.home, environ=self._environment)
        self.engine = open_engine(self.settings)
        upgrade(self.engine)

    def _clear_up(self) -> None:
        """Remove what a rehearsal that was broken off has left; only one runs at a time."""
        for left in self.home.parent.glob("rehearsal_*"):
            shutil.rmtree(left, ignore_errors=True)
        if not self._real.is_sqlite:
            real = open_engine(self._real)
            with real.begin() as connection:
                names = connection.execute(
                    text("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'rehearsal\\_%'")
                ).scalars()
                for name in names.all():
                    connection.execute(text(f'DROP SCHEMA "{name}" CASCADE'))
            real.dispose()

    def _database_url(self) -> str:
        if self._real.is_sqlite:
            return f"sqlite:///{self.home / 'examsite.db'}"
        # Another schema in the same database: the right to make databases is rarely given.
        real = open_engine(self._real)
        with real.begin() as connection:
            connection.execute(text(f'CREATE SCHEMA "{self._name}"'))
        real.dispose()
        url = make_url(self._real.database_url).update_query_dict({"options": f"-csearch_path={self._name}"})
        return url.render_as_string(hide_password=False)

    def _remove(self) -> None:
        if hasattr(self, "engine"):
            self.engine.dispose()
        if not self._real.is_sqlite:
            real = open_engine(self._real)
            with real.begin() as connection:
                connection.execute(text(f'DROP SCHEMA IF EXISTS "{self._name}" CASCADE'))
            real.dispose()
        shutil.rmtree(self.home, ignore_errors=True)

    def _door(self) -> Door:
        report = find_certificates(self.settings)
        if not self.settings.has_tls or report is None:
            return Door(self.port)
        context = ssl.create_default_context(cafile=str(self.settings.tls_path / AUTHORITY_FILE))
        return Door(self.port, report.names[0], context)

    def _wait_for(self, process: subprocess.Popen[bytes], log: Path) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            with socket.socket() as probe:
                probe.settimeout(0.5)
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise RehearsalError(f"the server did not start: {log.read_text(errors='replace')[-500:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
