"""The power goes at a random operation on the disk, also in the middle of a checkpoint; only what was synced is left.

A control run with `synchronous=NORMAL` must lose acknowledged saves: it proves that the cut bites.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from tests.faults.disks import PowerShim
from tests.faults.exam import Exam
from tests.faults.outcome import Outcome
from tests.faults.writers import Writer, compare, seat

WEAKENED = Path(__file__).with_name("weakened")
#: Which kind of operation the power goes at, and up to which one of that kind.
INSTANTS = (("any", 2500), ("any", 400), ("database", 150), ("database", 400), ("log", 1500))
#: How likely a sector that was written and not synced is on the disk all the same.
SURVIVE = (0.0, 0.5, 0.95)
#: A cut that has not come by then comes at once. Unit: seconds.
LATEST_SECONDS = 10.0


@dataclass(frozen=True)
class Size:
    """How often the power goes, with and without durability."""

    cuts: int = 100
    control_cuts: int = 10
    writers: int = 12
    instants: tuple[tuple[str, int], ...] = INSTANTS
    seed: int = 20261


SHORT = Size(cuts=2, control_cuts=1, writers=6, instants=(("any", 800),))


def run(size: Size = Size()) -> Outcome:
    """Cut, rebuild, compare; then the control run."""
    outcome = Outcome("power cuts")
    found = _cut(size, cuts=size.cuts, is_weak=False)
    outcome.tell("cuts", size.cuts)
    outcome.tell("in a checkpoint", found.in_checkpoint)
    outcome.tell("operations on the disk seen", found.operations)
    outcome.tell("saves acknowledged", found.acknowledged)
    outcome.tell("lost", len(found.lost))
    outcome.tell("hand-ins acknowledged", found.handed_in)
    outcome.tell("integrity_check not ok", len(found.damaged))
    outcome.tell("record log problems", len(found.log_problems))
    outcome.broken += found.problems
    control = _cut(size, cuts=size.control_cuts, is_weak=True)
    outcome.tell("control run with synchronous=NORMAL: cuts", size.control_cuts)
    outcome.tell("acknowledged", control.acknowledged)
    outcome.tell("lost in the control run", len(control.lost))
    outcome.expect(control.lost, "the control run lost nothing: the cut does not bite")
    return outcome


class _Found:
    """What the cuts of one run left."""

    def __init__(self) -> None:
        self.in_checkpoint = self.acknowledged = self.forgotten = self.handed_in = self.operations = 0
        self.lost: list[str] = []
        self.other: list[str] = []
        self.damaged: list[str] = []
        self.log_problems: list[str] = []

    @property
    def problems(self) -> list[str]:
        kinds = (self.lost, self.other, self.damaged, self.log_problems)
        return [f"{len(found)} × {found[0]}" for found in kinds if found]


def _cut(size: Size, *, cuts: int, is_weak: bool) -> _Found:
    found = _Found()
    chance = random.Random(size.seed)
    with tempfile.TemporaryDirectory(prefix="examsite-power-") as folder:
        home = Path(folder)
        exam = Exam(home, candidates=size.writers + cuts)
        shim = PowerShim(home, exam.instance)
        exam.environment |= shim.environment | ({"PYTHONPATH": str(WEAKENED)} if is_weak else {})
        # Everyone of this run writes; somebody else hands in before each cut.
        writers = seat(exam, patience_seconds=5.0)
        for writer in writers:
            writer.length = 1500
        exam.begin()
        try:
            for number in range(cuts):
                handing_in = writers[size.writers + number]
                _one_cut(exam, shim, writers[: size.writers], handing_in, chance, found, size.instants, is_weak=is_weak)
                _look(exam, writers, found, number)
        finally:
            exam.kill()
    return found


def _one_cut(
    exam: Exam,
    shim: PowerShim,
    writers: Sequence[Writer],
    handing_in: Writer,
    chance: random.Random,
    found: _Found,
    instants: Sequence[tuple[str, int]],
    *,
    is_weak: bool,
) -> None:
    """Write under power until it goes; put in place what the disk holds then."""
    kind, most = ("any", 800) if is_weak else chance.choice(instants)
    exam.installation.engine.dispose()
    shim.take_as_durable()
    exam.start()
    try:
        asyncio.run(_write_until_the_cut(shim, writers, handing_in, kind, chance.randint(1, most)))
    finally:
        exam.kill()
    found.operations += shim.operations["any"]
    found.in_checkpoint += kind == "database" and shim.operations["database"] > 0
    shim.rebuild(chance, survive=0.0 if is_weak else chance.choice(SURVIVE))


async def _write_until_the_cut(
    shim: PowerShim, writers: Sequence[Writer], handing_in: Writer, kind: str, operations: int
) -> None:
    for writer in (*writers, handing_in):
        if not writer.epoch:
            await writer.open()

    async def hand_in() -> None:
        handing_in.type()
        if await handing_in.send() and await handing_in.hand_in():
            handing_in.has_handed_in = True

    shim.cut_after(operations, kind)
    work = [asyncio.create_task(writer.write(lambda: False, every_seconds=0.01)) for writer in writers]
    work.append(asyncio.create_task(hand_in()))
    for _round in range(int(LATEST_SECONDS / 0.02)):
        await asyncio.sleep(0.02)
        if shim.is_cut:
            break
    shim.cut_now()
    await asyncio.sleep(0.05)
    for task in work:
        task.cancel()
    for result in await asyncio.gather(*work, return_exceptions=True):
        if isinstance(result, Exception) and not isinstance(result, asyncio.CancelledError | OSError | TimeoutError):
            raise result
    for writer in (*writers, handing_in):
        writer.connection.close()


def _look(exam: Exam, writers: Sequence[Writer], found: _Found, number: int) -> None:
    """What the rebuilt folder says."""
    with exam.installation.engine.connect() as connection:
        said = Counter(connection.execute(text("PRAGMA integrity_check")).scalars())
    if set(said) != {"ok"}:
        found.damaged.append(f"cut {number}: integrity_check says {next(iter(said))}")
    versions = exam.versions()
    seen = compare(writers, versions, is_drained=False)
    found.acknowledged = seen.acknowledged + found.forgotten
    found.forgotten += len(seen.lost)
    found.lost += [f"cut {number}: acknowledged and lost: {one}" for one in seen.lost]
    found.other += [f"cut {number}: {one}" for one in (*seen.twice, *seen.changed, *seen.unknown)]
    found.log_problems += [f"cut {number}: {one}" for one in exam.problems_of_logs()]
    states = exam.states()
    handed_in = [writer for writer in writers if writer.has_handed_in]
    found.handed_in = max(found.handed_in, len(handed_in))
    for writer in handed_in:
        if states[writer.candidate.number] != "handed_in":
            found.lost.append(f"cut {number}: the hand-in of {writer.candidate.number}")
    # What was lost once is not counted again after the next cut.
    kept = {(row.candidate, row.item, row.epoch, row.number) for row in versions}
    for writer in writers:
        name = writer.candidate.number
        writer.acknowledged = {key: text for key, text in writer.acknowledged.items() if (name, *key) in kept}
        writer.has_handed_in = states[name] == "handed_in"
    exam.installation.engine.dispose()
