"""Drawn pages, kept by the hash of the file they come from; made once, when somebody first opens them.

Nothing here is worth keeping: the folder may be emptied at any time, and no backup takes it along.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

_PROGRAM = Path(__file__).parents[2]
_READING = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from examsite.storage.reading.command import main; main(*sys.argv[2:])"
)

#: Longest time that one answer may take. Unit: seconds.
READING_SECONDS = 40

#: A process must not fill the machine with drawing while people save answers on it. Unit: drawings at once a worker.
_turns = threading.BoundedSemaphore(1)


def find_cached(pages_path: Path, sha256: str, *, name: str) -> bytes | None:
    """An answer that was made before, or None."""
    try:
        return (pages_path / sha256[:2] / sha256 / name).read_bytes()
    except FileNotFoundError:
        return None


def cached(pages_path: Path, source: Path, sha256: str, *, name: str, ask: tuple[str, ...]) -> bytes | None:
    """The answer to `ask` (task, kind, …) about a file, from the folder or drawn now; None when it cannot be had."""
    if (kept := find_cached(pages_path, sha256, name=name)) is not None:
        return kept
    folder = pages_path / sha256[:2] / sha256
    target = folder / name
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _turns, _alone(folder):
        # Whoever waited for the same page finds it made.
        if (kept := find_cached(pages_path, sha256, name=name)) is not None:
            return kept
        made = _read(source, ask)
        if made is not None:
            _keep(target, made)
        return made


def _read(source: Path, ask: tuple[str, ...]) -> bytes | None:
    task, kind, *rest = ask
    command = [sys.executable, "-I", "-c", _READING, str(_PROGRAM), task, str(source), kind, *rest]
    try:
        done = subprocess.run(  # noqa: S603 - our own program; the path is one that we made
            command, capture_output=True, stdin=subprocess.DEVNULL, timeout=READING_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return None
    return done.stdout if done.returncode == 0 and done.stdout else None


def _keep(target: Path, data: bytes) -> None:
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=".making-")
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    Path(name).replace(target)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with (folder / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
