"""How gunicorn runs the site: address, workers and threads from the settings, and the closer beside each worker."""

from __future__ import annotations

import ctypes
import gc
import resource
import signal
import sys
from typing import Any

gc.disable()  # what is imported stays: to look through it for garbage would be a fifth of the start

# ruff: noqa: E402 - after the line above
import examsite.app  # noqa: F401 - read once, before the fork: who takes a killed worker's place is there at once
from examsite.closer import start_closer
from examsite.config import load_settings
from examsite.services.certificates import SERVER_FILE, SERVER_KEY_FILE
from examsite.services.clock import open_clock
from examsite.services.rehearsals import code_sha256
from examsite.web.plain_door import open_plain_door

gc.enable()
_settings = load_settings()
open_clock(_settings)
# Read while the files are those that run: a certificate of a rehearsal speaks for them only.
code_sha256()

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

#: How many new objects there are before the collector of cycles looks at them, and how seldom it looks further. Source:
#: our choice, because Python's own figures make it look through everything several times a second under full load; a
#: request leaves few cycles, and the objects of the application live as long as the process (they are set apart below).
_COLLECTOR_THRESHOLDS = (20_000, 20, 20)

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
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECTOR_THRESHOLDS)
    start_closer(_settings)
    open_plain_door(_settings)
