"""How gunicorn runs the site: address, workers and threads from the settings, and the closer beside each worker.

The closer starts sittings that are due and closes attempts whose time is over, from what the database holds. Every
worker runs one; rows are locked and states asked before each act, so that it happens once however many run, and a
worker that is killed in the middle leaves nothing half done.
"""

from __future__ import annotations

import ctypes
import logging
import signal
import sys
import threading
from typing import Any

from sqlalchemy import Engine

from examsite.config import Settings, load_settings
from examsite.domain.errors import DomainError
from examsite.services import sittings
from examsite.services.checkpoints import load_signer
from examsite.services.context import LogSigner, ServiceContext, read_clock
from examsite.storage.database import make_engine, reading, writing
from examsite.storage.queries.sittings import has_overdue, list_due_starts

_settings = load_settings()
_log = logging.getLogger("examsite.closer")

bind = _settings.bind
workers = _settings.workers
worker_class = "gthread"
threads = _settings.threads
#: A worker that does not answer for so long is replaced. Unit: seconds.
timeout = 60
graceful_timeout = 20
keepalive = 30
accesslog = None
#: No second way in: gunicorn would put a socket into the home of whoever starts it, one for all installations.
control_socket_disable = True

#: PR_SET_PDEATHSIG of prctl(2), which Python does not name.
_PARENT_DEATH_SIGNAL = 1


def post_fork(server: Any, worker: Any) -> None:  # noqa: ARG001 - the signature of gunicorn
    """Let no worker outlive the first process: it would hold the port for the length of every open page.

    Whoever starts the server again would find the address taken for that long. A worker may end at any instant: what
    it has acknowledged is on the disk.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL)


def post_worker_init(worker: Any) -> None:  # noqa: ARG001 - the signature of gunicorn
    """Start the closer of this worker (gunicorn calls this after the fork)."""
    start_closer(_settings)


def start_closer(settings: Settings) -> threading.Thread:
    """Run the closer in a thread that ends with the process; it gets database connections of its own."""
    thread = threading.Thread(target=_run, args=(settings,), name="closer", daemon=True)
    thread.start()
    return thread


def _run(settings: Settings) -> None:
    engine = make_engine(settings.database_url)
    signer = load_signer(settings)
    pause = threading.Event()
    while not pause.wait(settings.closer_period_seconds):
        try:
            start_and_close(engine, settings, signer)
        except Exception:  # whatever happens, the next round must come
            _log.exception("the closer failed; it tries again")


def start_and_close(engine: Engine, settings: Settings, signer: LogSigner) -> None:
    """One round: start what is due, close what is over. Asks first without a write lock, for most rounds do nothing."""
    with reading(engine) as session:
        due = list_due_starts(session, read_clock())
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
