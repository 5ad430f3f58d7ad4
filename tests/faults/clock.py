"""The server's wall clock jumps by minutes, back and forth, while a room waits, writes and ends; workers die meanwhile.

Nobody starts early, nobody is closed early or late, and what remains is the same before and after a jump.
"""

from __future__ import annotations

import asyncio
import json
import random
import struct
import tempfile
import time
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from examsite.domain.attempts import CLOSING_SLACK_SECONDS
from examsite.services.context import read_clock
from tests.faults.compiler import make_shim
from tests.faults.exam import Exam
from tests.faults.outcome import Outcome
from tests.faults.writers import BROKEN, Writer, seat

#: How far the clock is moved at most, either way. Unit: seconds.
FARTHEST_SECONDS = 300
#: What scheduling on a busy machine may blur. Unit: seconds.
BLUR_SECONDS = 1.0
#: The closer looks every two seconds; a killed worker brings a new one within a few. Unit: seconds.
CLOSER_SECONDS = 12.0


@dataclass(frozen=True)
class Size:
    """How long the test is and how often the clock jumps."""

    writers: int = 10
    minutes: int = 2
    #: How much of that is left out, so that a short run is short.
    skipped_seconds: int = 0
    grace_seconds: int = 10
    lead_seconds: int = 10
    jump_every_seconds: float = 1.0
    #: Kills of all workers in between.
    kills: int = 4

    @property
    def length_seconds(self) -> int:
        """From the start to the deadline."""
        return 60 * self.minutes - self.skipped_seconds


SHORT = Size(writers=3, minutes=1, skipped_seconds=53, grace_seconds=2, lead_seconds=3, jump_every_seconds=0.3, kills=0)


@dataclass
class _Seen:
    """What the answers said, each beside the monotonic clock of this process."""

    remaining_errors: list[float] = field(default_factory=list)
    last_counted: float = 0.0
    first_late: float = float("inf")
    counted: int = 0
    late: int = 0


def run(size: Size = Size()) -> Outcome:
    """Jump, and look at every answer."""
    outcome = Outcome("wall clock of the server jumps")
    with tempfile.TemporaryDirectory(prefix="examsite-clock-") as folder:
        home = Path(folder)
        file = home / "offset"
        file.write_bytes(struct.pack("q", 0))
        exam = Exam(home, candidates=size.writers)
        exam.environment |= {"LD_PRELOAD": str(make_shim("clock", home)), "FAULT_CLOCK": str(file)}
        exam.set_times(minutes=size.minutes, grace_seconds=size.grace_seconds)
        exam.start()
        try:
            asyncio.run(_play(exam, file, size, outcome))
        finally:
            exam.kill()
    return outcome


async def _play(exam: Exam, file: Path, size: Size, outcome: Outcome) -> None:
    writers = seat(exam)
    seen = _Seen()
    starts_at = read_clock() + timedelta(seconds=size.lead_seconds)
    starts = time.monotonic() + size.lead_seconds
    await asyncio.to_thread(exam.installation.start_at, starts_at)
    exam.installation.engine.dispose()
    # From the start of the sitting to the end of everything.
    whole = size.length_seconds + size.grace_seconds + CLOSING_SLACK_SECONDS + CLOSER_SECONDS
    jumping = asyncio.create_task(_jump(exam, file, size, starts, whole))
    opened = await asyncio.gather(*(_open(writer, starts + CLOSER_SECONDS) for writer in writers))
    ends = max(at + remaining for at, remaining in opened) - size.skipped_seconds
    await asyncio.to_thread(exam.end_earlier, size.skipped_seconds)
    latest = ends + size.grace_seconds
    await asyncio.gather(*(_write(writer, ends, latest, seen) for writer in writers))
    while time.monotonic() < latest + CLOSING_SLACK_SECONDS - BLUR_SECONDS:
        closed = [number for number, state in (await asyncio.to_thread(exam.states)).items() if state != "open"]
        outcome.expect(not closed, f"{len(closed)} attempts closed before deadline, grace and slack")
        await asyncio.sleep(0.5)
    while "open" in (await asyncio.to_thread(exam.states)).values() and time.monotonic() < starts + whole:
        await asyncio.sleep(0.2)
    closed_after = time.monotonic() - latest - CLOSING_SLACK_SECONDS
    jumps = await _end(jumping)
    states = await asyncio.to_thread(exam.states)
    early = [at - starts for at, _remaining in opened if at < starts - 0.05]
    worst = max(map(abs, seen.remaining_errors), default=0.0)
    outcome.tell("jumps of up to ±5 min", jumps)
    outcome.tell("kills of all workers", size.kills)
    outcome.tell("first page open after the start s", min(at for at, _remaining in opened) - starts)
    outcome.tell("deadline off the plan s", abs(ends - starts - size.length_seconds))
    outcome.tell("answers looked at", len(seen.remaining_errors))
    outcome.tell("time left wrong by at most s", worst)
    outcome.tell("saves counted", seen.counted)
    outcome.tell("after deadline and grace", seen.late)
    outcome.tell("last one counted before the end of grace s", latest - seen.last_counted)
    outcome.tell("closed after the end of slack s", closed_after)
    outcome.expect(seen.late, "nothing was sent after deadline and grace")
    outcome.expect(not early, f"{len(early)} pages were opened before the start")
    outcome.expect(worst <= BLUR_SECONDS, f"the time left moved by {worst:.1f} s")
    outcome.expect(seen.last_counted <= latest + BLUR_SECONDS, "a save counted after deadline and grace")
    outcome.expect(seen.first_late >= latest - BLUR_SECONDS, "a save was set aside before deadline and grace")
    outcome.expect(abs(ends - starts - size.length_seconds) <= BLUR_SECONDS + CLOSER_SECONDS, "the deadline moved")
    outcome.expect(set(states.values()) == {"closed"}, f"not closed in the end: {states}")


async def _end(jumping: asyncio.Task[int]) -> int:
    jumping.cancel()
    try:
        return await jumping
    except asyncio.CancelledError:
        return 0


async def _jump(exam: Exam, file: Path, size: Size, starts: float, whole: float) -> int:
    """Move the clock about, and kill the workers at moments spread over the test; gives how often it moved."""
    chance = random.Random(7)
    kills = [starts + size.length_seconds * (number + 0.5) / max(1, size.kills) for number in range(size.kills)]
    jumps = 0
    try:
        while time.monotonic() < starts + whole:
            jumps += 1
            moved = chance.choice((-1, 1)) * chance.uniform(0.2, 1.0) * FARTHEST_SECONDS
            with file.open("r+b") as handle:
                handle.write(struct.pack("q", int(moved * 1e9)))
            if kills and time.monotonic() >= kills[0]:
                kills.pop(0)
                exam.kill_workers()
            await asyncio.sleep(size.jump_every_seconds * (0.5 + chance.random()))
    except asyncio.CancelledError:
        pass
    return jumps


async def _open(writer: Writer, latest: float) -> tuple[float, float]:
    """Knock until the sitting has started; gives when that was on the monotonic clock, and what remained then."""
    last = "no answer"
    while time.monotonic() < latest:
        try:
            answer = await writer._call("POST", "/api/attempts/open")
            if answer.status == 200:
                opened = json.loads(answer.body)
                writer.epoch = opened["epoch"]
                return time.monotonic() - answer.seconds / 2, opened["remaining_seconds"]
            last = answer.text
        except BROKEN:
            writer.connection.close()
        await asyncio.sleep(0.1)
    raise AssertionError(f"the sitting did not start in time: {last}")


async def _write(writer: Writer, ends: float, latest: float, seen: _Seen) -> None:
    """Save until well after the grace; what each answer says is compared with the monotonic clock of this process."""
    while time.monotonic() < latest + CLOSING_SLACK_SECONDS / 2:
        version = writer.type()
        sent = time.monotonic()
        answered = await writer.send()
        back = time.monotonic()
        if not answered:
            await asyncio.sleep(0.05)
            continue
        said = writer.said
        numbers = {(one["item"], one["epoch"], one["number"]) for one in said["saved"]}
        if version.key in numbers:
            seen.counted += 1
            seen.last_counted = max(seen.last_counted, sent)
        else:
            seen.late += 1
            seen.first_late = min(seen.first_late, back)
        expected = max(0.0, ends - (sent + back) / 2)
        # Half of the journey is not known, so that it is no error.
        seen.remaining_errors.append(max(0.0, abs(said["remaining_seconds"] - expected) - (back - sent) / 2))
        await asyncio.sleep(0.3)
    writer.complaints.clear()
