"""How gunicorn runs the site: address, workers and threads from the settings, and the closer beside each worker.

The closer gives the server's sign of life, starts sittings that are due and closes attempts whose time is over, from
what the database holds. Every worker runs one; rows are locked and states asked before each act, so that it happens
once however many run, and a worker that is killed in the middle leaves nothing half done. The sign of life comes first
in every round: after an outage nobody is closed before the lost time is on the table.
"""

from __future__ import annotations

import ctypes
import logging
import resource
import signal
import sys
import threading
import time
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine

import examsite.app  # noqa: F401 - read once, before the fork: who takes a killed worker's place is there at once
from examsite.config import Settings, load_settings
from examsite.domain.errors import DomainError
from examsite.domain.lost_times import OUTAGE_AFTER_SECONDS
from examsite.services import outages, sittings
from examsite.services.certificates import SERVER_FILE, SERVER_KEY_FILE
from examsite.services.checkpoints import load_signer
from examsite.services.clock import open_clock
from examsite.services.context import LogSigner, ServiceContext, read_clock
from examsite.services.rehearsals import code_sha256
from examsite.storage.database import make_engine, reading, writing
from examsite.storage.queries.sittings import has_overdue, list_due_starts
from examsite.web.plain_door import open_plain_door

_settings = load_settings()
open_clock(_settings)
# Read while the files are those that run: a certificate of a rehearsal speaks for them only.
code_sha256()
_log = logging.getLogger("examsite.closer")

bind = _settings.bind
workers = _settings.workers
worker_class = "gthread"
threads = _settings.threads
#: Connections that one worker keeps: a thousand pages with a few each, should they all meet the same one.
worker_connections = 6000
#: A worker that does not answer for so long is replaced. Unit: seconds.
timeout = 60
graceful_timeout = 20
keepalive = 30
accesslog = None
if _settings.has_tls:
    certfile = str(_settings.tls_path / SERVER_FILE)
    keyfile = str(_settings.tls_path / SERVER_KEY_FILE)
#: No second way in: gunicorn would put a socket into the home of whoever starts it, one for all installations.
control_socket_disable = True

#: How often the closer looks while a start is near: everybody waits for it. Unit: seconds.
_NEAR_PERIOD_SECONDS = 0.1

#: PR_SET_PDEATHSIG of prctl(2), which Python does not name.
_PARENT_DEATH_SIGNAL = 1


def post_fork(server: Any, worker: Any) -> None:  # noqa: ARG001 - the signature of gunicorn
    """Let no worker outlive the first process: it would hold the port for the length of every open page.

    Whoever starts the server again would find the address taken for that long. A worker may end at any instant: what
    it has acknowledged is on the disk.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    _allow_open_files(2 * worker_connections)


def _allow_open_files(wanted: int) -> None:
    """Many systems let a process open a thousand files until it asks for more; each connection is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def post_worker_init(worker: Any) -> None:  # noqa: ARG001 - the signature of gunicorn
    """Start the closer of this worker, and its page for plain HTTP (gunicorn calls this after the fork)."""
    start_closer(_settings)
    open_plain_door(_settings)


def start_closer(settings: Settings) -> threading.Thread:
    """Run the closer in a thread that ends with the process; it gets database connections of its own."""
    thread = threading.Thread(target=_run, args=(settings,), name="closer", daemon=True)
    thread.start()
    return thread


def _run(settings: Settings) -> None:
    engine = make_engine(settings.database_url)
    signer = load_signer(settings)
    pause = threading.Event()
    alive_ns: int | None = None
    while True:
        try:
            alive_ns = give_sign_of_life(engine, settings, signer, alive_ns=alive_ns)
            is_near = start_and_close(engine, settings, signer)
        except Exception:  # whatever happens, the next round must come
            _log.exception("the closer failed; it tries again")
            is_near = False
        pause.wait(_NEAR_PERIOD_SECONDS if is_near else settings.closer_period_seconds)


def give_sign_of_life(engine: Engine, settings: Settings, signer: LogSigner, *, alive_ns: int | None) -> int:
    """Write a sign of life when it is time for one; gives back when this process was last known to be alive.

    `alive_ns` is that of the round before, None in the first; counted by the machine, which no one can set.

    Units: nanoseconds.
    """
    was_alive = alive_ns is not None and _counted_ns() - alive_ns <= OUTAGE_AFTER_SECONDS * 1_000_000_000
    with reading(engine) as session:
        is_due = outages.is_pulse_due(ServiceContext(session=session, now=read_clock(), settings=settings))
    if is_due:
        with writing(engine) as session:
            ctx = ServiceContext(session=session, now=read_clock(), settings=settings, signer=signer)
            found = outages.beat(ctx, was_alive=was_alive)
        if found is not None:
            _log.warning("the server was down from %s to %s", found.began_at, found.ended_at)
    return _counted_ns()


def _counted_ns() -> int:
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def start_and_close(engine: Engine, settings: Settings, signer: LogSigner) -> bool:
    """One round: start what is due, close what is over; whether a start comes before the next round would.

    Asks first without a write lock, for most rounds do nothing.
    """
    with reading(engine) as session:
        due = list_due_starts(session, read_clock())
        next_round_at = read_clock() + timedelta(seconds=settings.closer_period_seconds)
        is_near = len(list_due_starts(session, next_round_at)) > len(due)
        overdue = has_overdue(session, read_clock())
    for sitting_id in due:
        try:
            with writing(engine) as session:
                ctx = ServiceContext(session=session, now=read_clock(), settings=settings, signer=signer)
                sittings.start_sitting(ctx, sitting_id)
        except DomainError as refusal:
            _log.info("sitting %s waits: %s", sitting_id, refusal)
    while overdue:
        with writing(engine) as session:
            ctx = ServiceContext(session=session, now=read_clock(), settings=settings, signer=signer)
            if not sittings.close_overdue(ctx):
                break
    return is_near
