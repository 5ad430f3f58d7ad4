"""The disk is full for minutes in the middle of the test, and then has space again; nobody touches the server.

Meant: no acknowledgement without a durable write, an alarm that staff can see, and journals that empty by themselves.
As root the installation lies on a small disk of its own; otherwise writes that need space fail as on a full one.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.bench.installation import CODE, PASSWORD
from tests.faults.compiler import make_shim
from tests.faults.day import Person
from tests.faults.exam import Exam
from tests.faults.outcome import Outcome
from tests.faults.writers import Writer, check_answers, come_in, compare, seat, tell_ledger, write_all

#: Every journal is empty so long after space is there again. Unit: seconds.
DRAINED_SECONDS = 60.0
#: Staff is told so long after the disk has become full. Unit: seconds.
ALARM_SECONDS = 10.0
MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Size:
    """How long the disk is full, and how much is saved around that."""

    writers: int = 20
    full_seconds: float = 300.0
    before_seconds: float = 10.0
    after_saves: int = 200
    every_seconds: float = 0.5
    #: Whether a disk is mounted where that is possible.
    mounts: bool = True


SHORT = Size(writers=4, full_seconds=4.0, before_seconds=1.0, after_saves=20, every_seconds=0.1)


class Disk:
    """A folder whose space can be taken away and given back."""

    def __init__(self, folder: Path, take: Callable[[], None], give_back: Callable[[], None], *, kind: str) -> None:
        self.folder, self.take, self.give_back, self.kind = folder, take, give_back, kind
        self.is_mounted = False
        self.environment: dict[str, str] = {}


@contextlib.contextmanager
def small_disk(home: Path, *, mounts: bool) -> Iterator[Disk]:
    """A mounted disk of 64 MB, or a folder under a library that says it is full."""
    folder = home / "disk"
    folder.mkdir(mode=0o700)
    mount = ["mount", "-t", "tmpfs", "-o", "size=64m,mode=0700", "examsite-faults", str(folder)]
    if mounts and os.geteuid() == 0 and subprocess.run(mount, capture_output=True, check=False).returncode == 0:
        filler = folder / "filler"
        try:
            disk = Disk(folder, lambda: _fill(filler), filler.unlink, kind="a mounted disk of 64 MB")
            disk.is_mounted = True
            yield disk
        finally:
            subprocess.run(["umount", "--lazy", str(folder)], check=False)
        return
    switch = home / "full"
    switch.write_bytes(b"0")
    disk = Disk(
        folder, lambda: _switch(switch, b"1"), lambda: _switch(switch, b"0"), kind="writes that fail with ENOSPC"
    )
    disk.environment = {
        "LD_PRELOAD": str(make_shim("full", home)),
        "FAULT_ROOT": str(folder),
        "FAULT_FULL": str(switch),
    }
    yield disk


def _fill(filler: Path) -> None:
    """Take every byte that is left."""
    with filler.open("ab", buffering=0) as file:
        for size in (MEGABYTE, 4096, 512, 1):
            with contextlib.suppress(OSError):
                while file.write(bytes(size)) == size:
                    pass


def _switch(file: Path, state: bytes) -> None:
    with file.open("r+b") as handle:
        handle.write(state)


def run(size: Size = Size()) -> Outcome:
    """Fill, wait, give back, compare."""
    outcome = Outcome("disk full")
    with (
        tempfile.TemporaryDirectory(prefix="examsite-disk-") as folder,
        small_disk(Path(folder), mounts=size.mounts) as disk,
    ):
        exam = Exam(disk.folder, candidates=size.writers, log=Path(folder) / "server.log")
        exam.environment |= disk.environment
        exam.start()
        try:
            asyncio.run(_play(exam, disk, size, outcome))
        finally:
            exam.kill()
    return outcome


async def _play(exam: Exam, disk: Disk, size: Size, outcome: Outcome) -> None:
    writers = seat(exam)
    await come_in(writers, exam)
    state = {"enough": float("inf")}
    board = _Board(exam)
    await asyncio.to_thread(board.log_in)

    def enough() -> bool:
        return _acknowledged(writers) >= state["enough"]

    writing = asyncio.create_task(write_all(writers, enough, every_seconds=size.every_seconds))
    await asyncio.sleep(size.before_seconds)
    warned = await asyncio.to_thread(_fill_slowly, disk, board)
    before = _acknowledged(writers)
    disk.take()
    filled = time.monotonic()
    told = asyncio.create_task(asyncio.to_thread(board.wait_for_alarm)) if disk.is_mounted else None
    keep_full = asyncio.create_task(_keep_full(disk))
    await asyncio.sleep(size.full_seconds)
    keep_full.cancel()
    await asyncio.gather(keep_full, return_exceptions=True)
    while_full = _acknowledged(writers) - before
    waiting = sum(len(writer.waiting) for writer in writers)
    alarm = await told - filled if told else float("nan")
    disk.give_back()
    back = time.monotonic()
    journals = [dict(writer.waiting) for writer in writers]
    while any(set(journal) & set(writer.waiting) for journal, writer in zip(journals, writers, strict=True)):
        await asyncio.sleep(0.05)
        if time.monotonic() - back > 2 * DRAINED_SECONDS:
            break
    drained = time.monotonic() - back
    state["enough"] = _acknowledged(writers) + size.after_saves
    await writing
    tell_ledger(outcome, writers, compare(writers, await asyncio.to_thread(exam.versions)))
    outcome.broken += [f"the page is given old text: {wrong}" for wrong in await check_answers(writers)]
    outcome.tell("kind of disk", disk.kind)
    if disk.is_mounted:
        outcome.tell("board warns with a fifth left", "yes" if warned else "no")
        outcome.tell("board's alarm after s", alarm)
        outcome.expect(warned, "the board did not warn with less than a fifth left")
        outcome.expect(alarm <= ALARM_SECONDS, "staff was not told in time")
    outcome.tell("full for s", back - filled)
    outcome.tell("acknowledged while full", while_full)
    outcome.tell("waited in journals at the end of it", waiting)
    outcome.tell("journals empty after space came back s", drained)
    outcome.expect(waiting > 0, "the disk was never full: nothing had to wait")
    outcome.expect(drained <= DRAINED_SECONDS, f"journals took {drained:.0f} s to empty")


async def _keep_full(disk: Disk) -> None:
    """A log or a rotated file may free a little: take that too."""
    while True:
        await asyncio.sleep(0.5)
        disk.take()


class _Board:
    """An invigilator who came in before the disk was full and looks at the board every second."""

    def __init__(self, exam: Exam) -> None:
        self._exam = exam
        self._person: Person | None = None

    def log_in(self) -> None:
        base = f"http://127.0.0.1:{self._exam.port}"
        self._person = Person(base, f"invigilator-{CODE.lower()}", password=PASSWORD)

    def has_alarm(self) -> bool:
        """Whether a fresh look at the board shows a card of the server; a board that does not answer shows none."""
        assert self._person is not None
        try:
            return 'data-testid="card-server"' in self._person.get(f"/invigilator/{CODE}/sittings/CA1")
        except (AssertionError, OSError):
            return False

    def wait_for_alarm(self) -> float:
        """When the alarm was seen, on the monotonic clock; never later than three times what is allowed."""
        latest = time.monotonic() + 3 * ALARM_SECONDS
        while not self.has_alarm() and time.monotonic() < latest:
            time.sleep(1.0)
        return time.monotonic()


def _fill_slowly(disk: Disk, board: _Board) -> bool:
    """Leave less than a fifth; gives whether the board says so while everything is still saved."""
    if not disk.is_mounted or board.has_alarm():
        return False
    usage = shutil.disk_usage(disk.folder)
    (disk.folder / "filler").write_bytes(bytes(max(0, usage.free - usage.total * 15 // 100)))
    return board.has_alarm()


def _acknowledged(writers: list[Writer]) -> int:
    return sum(len(writer.acknowledged) for writer in writers)
