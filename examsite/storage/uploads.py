"""Files that people uploaded: kept once under their SHA-256, written so that an acknowledged file survives a crash."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

INSPECTION = Path(__file__).with_name("file_inspection.py")
PHOTO_ENCODING = Path(__file__).with_name("photo_encoding.py")
_PROGRAM = Path(__file__).parents[2]
_CLEANING = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from examsite.storage.cleaning.command import main; main(sys.argv[2], sys.argv[3])"
)

#: Longest time that one file may take to be looked at. Unit: seconds.
INSPECTION_SECONDS = 20

#: Longest time that the copy without its author may take. Unit: seconds.
CLEANING_SECONDS = 60

_BLOCK = 1 << 16


class FileTooLargeError(Exception):
    """More bytes came than are allowed."""


@dataclass(frozen=True)
class WaitingFile:
    """A file that came in and is not yet trusted."""

    path: Path
    sha256: str
    size_bytes: int


@contextlib.contextmanager
def waiting_file(uploads_path: Path, stream: BinaryIO, *, most_bytes: int) -> Iterator[WaitingFile]:
    """Write a stream to a file of its own, which is gone afterwards unless it was moved to its place.

    Raises:
        FileTooLargeError: the stream has more bytes.
    """
    folder = uploads_path / "incoming"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=folder)
    path = Path(name)
    try:
        digest, size = hashlib.sha256(), 0
        with os.fdopen(descriptor, "wb") as file:
            while block := stream.read(_BLOCK):
                size += len(block)
                if size > most_bytes:
                    raise FileTooLargeError
                digest.update(block)
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
        yield WaitingFile(path, digest.hexdigest(), size)
    finally:
        path.unlink(missing_ok=True)


def is_whole(uploads_path: Path, sha256: str) -> bool:
    """Whether a stored file is there with the very bytes that were handed in."""
    path = stored_path(uploads_path, sha256)
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == sha256


def inspect_file(path: Path) -> tuple[str | None, str]:
    """Kind of a file, or None and the code of the reason; looked at by a process of its own under hard limits."""
    command = [sys.executable, "-I", str(INSPECTION), str(path)]
    try:
        done = subprocess.run(  # noqa: S603 - our own script; the path is one that we made
            command, capture_output=True, stdin=subprocess.DEVNULL, timeout=INSPECTION_SECONDS, check=False
        )
        answer = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        return None, "file_expands_too_much"
    except ValueError:  # it was killed by its limits, or the parser crashed
        return None, "file_damaged"
    return answer.get("kind"), answer.get("refused", "")


def draw_photo_anew(path: Path) -> bytes | None:
    """The picture as a JPEG with nothing but its pixels, or None; drawn by a process of its own under hard limits."""
    command = [sys.executable, "-I", str(PHOTO_ENCODING), str(path)]
    try:
        done = subprocess.run(  # noqa: S603 - our own script; the path is one that we made
            command, capture_output=True, stdin=subprocess.DEVNULL, timeout=INSPECTION_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return None
    return done.stdout if done.returncode == 0 and done.stdout else None


def clean_file(path: Path, kind: str) -> bytes | None:
    """The copy without its author, or None when none can be made; by a process of its own under hard limits."""
    command = [sys.executable, "-I", "-c", _CLEANING, str(_PROGRAM), str(path), kind]
    try:
        done = subprocess.run(  # noqa: S603 - our own program; the path is one that we made
            command, capture_output=True, stdin=subprocess.DEVNULL, timeout=CLEANING_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return None
    return done.stdout if done.returncode == 0 and done.stdout else None


def keep_file(uploads_path: Path, waiting: WaitingFile) -> None:
    """Move a file to its lasting place, durably; the same bytes are kept once."""
    target = stored_path(uploads_path, waiting.sha256)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not target.exists():
        waiting.path.chmod(0o400)
        waiting.path.replace(target)
        for folder in (target.parent, uploads_path):
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def stored_path(uploads_path: Path, sha256: str) -> Path:
    """Where the bytes with this hash lie.

    Raises:
        ValueError: it is not a SHA-256.
    """
    if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
        raise ValueError("not a SHA-256")
    return uploads_path / sha256[:2] / sha256
