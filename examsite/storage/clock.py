"""The clock of an installation: anchored once to the wall clock, then carried on by the machine's own count.

The wall clock of a server is stepped by people and by time services; no step may open, close, shorten or lengthen
anything. So the instant is that of an anchor plus what the machine has counted since it was started, sleep included.
The anchor lies in the folder of the installation, one for all processes, and is made anew only after a restart of the
machine or by an administrator's act.

Decision: after a restart the new anchor is the wall clock, but never earlier than the last instant known from before
plus the time since the machine came up, so that no record is older than the one before it.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

_log = logging.getLogger("examsite.clock")

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Anchor:
    """One instant of both clocks: which run of the machine, what it had counted, what time it was."""

    boot_id: str
    counted_ns: int
    utc: datetime

    def to_json(self) -> str:
        """The anchor as its file holds it."""
        return json.dumps({"boot_id": self.boot_id, "counted_ns": self.counted_ns, "utc": self.utc.isoformat()})


def anchor_from_json(text: str) -> Anchor | None:
    """The anchor in a file; None for one that cannot be read, which counts as none."""
    try:
        data = json.loads(text)
        utc = datetime.fromisoformat(data["utc"])
        anchor = Anchor(str(data["boot_id"]), int(data["counted_ns"]), utc.astimezone(UTC))
    except (ValueError, TypeError, KeyError):
        return None
    return anchor if utc.tzinfo is not None else None


class Machine:
    """What the machine itself says of time; tests put another one in its place."""

    def boot_id(self) -> str:
        """What names the run of the machine since it was started."""
        try:
            return _BOOT_ID.read_text(encoding="ascii").strip()
        except OSError:
            return ""  # the count alone then tells a restart

    def counted_ns(self) -> int:
        """Nanoseconds since the machine was started, sleep included; no step of the wall clock moves it."""
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME)

    def wall(self) -> datetime:
        """The wall clock."""
        return datetime.now(UTC)


class InstallationClock:
    """Reads the time of one installation. Safe to use from any thread and after a fork."""

    def __init__(
        self, path: Path, last_known: Callable[[], datetime | None], *, machine: Machine | None = None
    ) -> None:
        """Nothing is read or written yet.

        Args:
            path: The file of the anchor.
            last_known: The last instant that the installation is known to have lived through; asked after a restart.
            machine: What counts the time.
        """
        self.path = path
        self._last_known = last_known
        self._machine = machine or Machine()
        self._held: tuple[tuple[int, int], Anchor] | None = None

    def read(self) -> datetime:
        """The present instant, aware, UTC."""
        return self._at(self.anchor())

    def difference(self) -> timedelta:
        """How far the wall clock is ahead of this one; less than nothing when it is behind."""
        return self._machine.wall() - self.read()

    def anchor(self) -> Anchor:
        """The anchor in force; made when there is none for this run of the machine."""
        key = self._key()
        held = self._held
        if held is not None and (key is None or held[0] == key):
            # A folder that is gone takes nothing from a process that knows the time already.
            return held[1]
        return self._read_or_make()

    def set(self, utc: datetime) -> Anchor:
        """Anchor the clock anew at an instant, for all processes."""
        with self._locked():
            return self._write(utc)

    def _at(self, anchor: Anchor) -> datetime:
        return anchor.utc + timedelta(microseconds=(self._machine.counted_ns() - anchor.counted_ns) // 1000)

    def _read_or_make(self) -> Anchor:
        with self._locked():
            key = self._key()
            found = anchor_from_json(self.path.read_text(encoding="utf-8")) if key is not None else None
            if found is not None and key is not None and self._is_of_this_run(found):
                self._held = (key, found)
                return found
            utc = self._machine.wall()
            floor = self._last_known()
            if found is not None:
                floor = found.utc if floor is None else max(floor, found.utc)
                floor += timedelta(microseconds=self._machine.counted_ns() // 1000)
            if floor is not None and floor > utc:
                _log.warning("the wall clock is %s behind the last instant known; it is not followed", floor - utc)
                utc = floor
            return self._write(utc)

    def _is_of_this_run(self, anchor: Anchor) -> bool:
        """Whether the machine has counted on since; a copy of a machine may bear the name of another run."""
        return anchor.boot_id == self._machine.boot_id() and anchor.counted_ns <= self._machine.counted_ns()

    def _write(self, utc: datetime) -> Anchor:
        anchor = Anchor(self._machine.boot_id(), self._machine.counted_ns(), utc.astimezone(UTC))
        waiting = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        descriptor = os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(anchor.to_json())
            file.flush()
            os.fsync(file.fileno())
        waiting.replace(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        key = self._key()
        if key is not None:
            self._held = (key, anchor)
        return anchor

    def _key(self) -> tuple[int, int] | None:
        """What names one content of the file: every new one is a new file."""
        try:
            found = os.stat(self.path)  # noqa: PTH116 -- asked at every reading of the time
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_mtime_ns

    def _locked(self) -> _Lock:
        return _Lock(self.path.with_name(f"{self.path.name}.lock"))


class _Lock:
    """One process at a time makes an anchor."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, *_error: object) -> None:
        os.close(self._file)
