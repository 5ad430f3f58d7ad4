"""The line cuts after the commit and before the answer, delays, resets, swallows, and goes down for a while."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path

from tests.faults.exam import Exam
from tests.faults.network import AFTER_COMMIT, Line, Mischief
from tests.faults.outcome import Outcome
from tests.faults.writers import Writer, check_answers, come_in, compare, seat, tell_ledger

#: Every journal is empty so long after the line came back. Unit: seconds.
CONVERGES_SECONDS = 30
#: Longest pause of the test page before its next try. Unit: seconds.
PAGE_BACKOFF_SECONDS = 15.0
SHARES = {
    Mischief.CUT_AFTER_COMMIT: 0.20,
    Mischief.RESET_AFTER_COMMIT: 0.06,
    Mischief.HALF_AN_ANSWER: 0.04,
    Mischief.ANSWER_SWALLOWED: 0.02,
    Mischief.RESET_BEFORE: 0.05,
    Mischief.SWALLOWED: 0.02,
    Mischief.DELAYED: 0.05,
}


@dataclass(frozen=True)
class Size:
    """How much is sent over the bad line."""

    writers: int = 20
    saves: int = 10_000
    every_seconds: float = 0.05
    #: How long the line is down, once refusing and once silent.
    down_seconds: float = 20.0
    patience_seconds: float = 3.0


SHORT = Size(writers=4, saves=150, every_seconds=0.02, down_seconds=1.0, patience_seconds=0.5)


def run(size: Size = Size()) -> Outcome:
    """Send over the bad line, compare."""
    outcome = Outcome("line cut after commit, delayed, reset, silent")
    with tempfile.TemporaryDirectory(prefix="examsite-line-") as home:
        exam = Exam(Path(home), candidates=size.writers)
        exam.start()
        try:
            with Line(exam.port, on=lambda path: path.endswith("/saves")) as line:
                asyncio.run(_play(exam, line, size, outcome))
        finally:
            exam.kill()
    return outcome


async def _play(exam: Exam, line: Line, size: Size, outcome: Outcome) -> None:
    writers = seat(exam, line.port, patience_seconds=size.patience_seconds, backoff_seconds=PAGE_BACKOFF_SECONDS)
    await come_in(writers, exam)
    line.shares = dict(SHARES)
    each = size.saves // len(writers) // 2 + 1
    converged = []
    for part, refuses in enumerate((True, False), start=1):
        back = asyncio.Event()
        writing = asyncio.create_task(_write(writers, each * part, back, size))
        while min(len(writer.typed) for writer in writers) < each * part:
            await asyncio.sleep(0.05)
        line.go_down(refuses=refuses)
        await asyncio.sleep(size.down_seconds)
        line.shares = {}
        line.come_up()
        back.set()
        began = time.monotonic()
        await writing
        converged.append(time.monotonic() - began)
        line.shares = dict(SHARES)
    line.shares = {}
    found = compare(writers, await asyncio.to_thread(exam.versions))
    tell_ledger(outcome, writers, found)
    outcome.broken += [f"the page is given old text: {wrong}" for wrong in await check_answers(writers)]
    texts = sum(len(writer.texts) for writer in writers)
    outcome.tell("texts equal on both sides", f"{texts - len(found.not_newest)} of {texts}")
    asked = line.done["chosen from"]
    after = sum(line.done[one.value] for one in AFTER_COMMIT)
    faulty = sum(line.done[one.value] for one in Mischief)
    outcome.tell("calls", asked)
    outcome.tell("of them failed by the line %", 100 * faulty / max(1, asked))
    outcome.tell("after the commit %", 100 * after / max(1, asked))
    outcome.tell("line down s", f"2 × {size.down_seconds:g}")
    outcome.expect(max(converged) <= CONVERGES_SECONDS, f"a journal took longer than {CONVERGES_SECONDS} s")
    outcome.tell("journals empty after its return s", ", ".join(f"{seconds:.1f}" for seconds in converged))


async def _write(writers: list[Writer], each: int, back: asyncio.Event, size: Size) -> None:
    """Everyone types so many versions and goes on until the line is back, then empties the journal."""

    def write(writer: Writer) -> Coroutine[None, None, None]:
        return writer.write(lambda: back.is_set() and len(writer.typed) >= each, every_seconds=size.every_seconds)

    await asyncio.gather(*(write(writer) for writer in writers))
