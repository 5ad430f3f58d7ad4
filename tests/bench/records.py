"""`python -m tests.bench.records`: what the record log costs, and what it costs the saves of a room.

For each database: 100,000 records appended, signed and checked; the proofs and the receipt of a log so long; then the
most saves that the real server takes beside acts of the room that enter the log (and are signed), and beside the same
acts without it, by turns, so that what else the machine does falls on both. A target that is missed ends with 1.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from examsite.domain.events import Event
from examsite.domain.merkle import verify_consistency
from examsite.domain.receipts import check_receipt, parse_receipt
from examsite.domain.witnessing import request_text
from examsite.services.checkpoints import load_signer, sign_checkpoint
from examsite.services.context import ServiceContext, read_clock
from examsite.services.log_proofs import prove_consistency, root_at
from examsite.services.receipts import read_receipt
from examsite.services.records import SYSTEM_LOG, record, record_all
from examsite.services.verification import verify_log
from examsite.storage.database import reading, upgrade, writing
from examsite.storage.queries.competitions import get_competition
from examsite.storage.queries.records import get_log
from tests import databases
from tests.bench import load
from tests.bench.installation import CODE, BenchError, Installation, cpu_seconds, site_server

#: Acts of a room that write into the log while it saves: twenty thousand an hour are more than any day has.
ACTS_PER_SECOND = 5
#: The targets. Units: milliseconds, bytes, share.
PROOF_AT_MOST, PROOF_BYTES, CHECK_AT_MOST, RECEIPT_BYTES, SAVES_AT_LEAST = 50, 2_000, 100, 1_200, 0.95
USERS, AT_ONCE = 64, 32
#: Time between setting the instant of the start and the instant itself. Unit: seconds.
LEAD_SECONDS = 3


def main() -> int:
    """Measure, print, and say which targets were missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.records", description=__doc__)
    parser.add_argument("--records", type=int, default=100_000, help="length of the log (default 100,000)")
    parser.add_argument("--databases", default="sqlite,postgresql", help="default sqlite,postgresql")
    parser.add_argument("--rounds", type=int, default=6, help="turns of saving with and without the log (default 6)")
    parser.add_argument("--seconds", type=float, default=4, help="length of a turn (default 4)")
    options = parser.parse_args()
    missed: list[str] = []
    for name in options.databases.split(","):
        server = databases.postgresql_server(durable=True) if name == "postgresql" else nullcontext(None)
        with server as url, tempfile.TemporaryDirectory(prefix="examsite-bench-") as home:
            installation = Installation(Path(home), database_url=url)
            print(f"\n{installation.database_name()}")
            missed += _log(installation, options.records)
            if options.rounds:
                missed += _saves(installation, options)
            installation.engine.dispose()
    print(f"\ntargets missed: {'; '.join(missed) or 'none'}")
    return 1 if missed else 0


def _log(installation: Installation, count: int) -> list[str]:
    upgrade(installation.engine)
    signer = load_signer(installation.settings)

    def append(size: int) -> None:
        with writing(installation.engine) as session:
            ctx = ServiceContext(session=session, now=read_clock(), signer=signer)
            facts = [(f"account/{number}", {"login": f"người {number}"}) for number in range(size)]
            record_all(ctx, None, Event.ACCOUNT_CREATED, facts)
            sign_checkpoint(ctx, SYSTEM_LOG)

    def append_often(times: int, size: int) -> None:
        for _act in range(times):
            append(size)

    alone = 200
    seconds = _timed(lambda: append_often(alone, 1))
    print(f"  {alone / seconds:8.0f} acts a second, each a record, a checkpoint and a commit of its own")
    seconds = _timed(lambda: append_often((count - alone) // 100, 100))
    print(f"  {count / seconds:8.0f} records a second in groups of 100, each group signed: {count} in {seconds:.1f} s")
    missed = []
    with reading(installation.engine) as session:
        log = get_log(session, SYSTEM_LOG)
        report: list[Any] = []
        seconds = _timed(lambda: report.append(verify_log(session, log, signer)))
        print(
            f"  {log.size / seconds:8.0f} records a second checked: {log.size} records and "
            f"{report[0].checkpoints} checkpoints in {seconds:.1f} s"
        )
        if report[0].problems:
            missed.append(f"the log does not verify: {report[0].problems[:3]}")
    with reading(installation.engine) as session:
        log = get_log(session, SYSTEM_LOG)
        first = log.size // 3
        found: list[list[bytes]] = []
        seconds = median(
            _timed(lambda: found.append(prove_consistency(session, log.id, first_size=first, second_size=log.size)))
            for _try in range(9)
        )
        roots = root_at(session, log.id, first), root_at(session, log.id, log.size)
        if not verify_consistency(
            first_size=first, second_size=log.size, first_root=roots[0], second_root=roots[1], proof=found[0]
        ):
            missed.append("the proof does not hold")
        size = len(request_text(first, found[0], "").encode())
        missed += _told("consistency of two checkpoints", seconds * 1000, "ms", PROOF_AT_MOST)
        missed += _told("… as a file, without the checkpoint", size, "bytes", PROOF_BYTES)
        # The longest way to the root within the last group.
        texts = [read_receipt(session, SYSTEM_LOG, log.size - back).text or "" for back in (1, 40, 70, 100)]
        text = max(texts, key=len)
        seconds = median(_timed(lambda: check_receipt(parse_receipt(text))) for _try in range(9))
        missed += _told("a receipt checked", seconds * 1000, "ms", CHECK_AT_MOST)
        print(
            f"  {len(text.encode()):8d} bytes: a receipt at {log.size} records (at most {RECEIPT_BYTES} up to 32,768)"
        )
    return missed


def _saves(installation: Installation, options: argparse.Namespace) -> list[str]:
    """The most saves beside acts that enter the log and beside the same acts without it, by turns."""
    candidates = installation.fill(USERS, minutes=30)
    rates: dict[bool, list[float]] = {False: [], True: []}

    async def play(port: int, pid: int) -> None:
        machines, meter = load.seat(candidates, port), partial(cpu_seconds, pid)
        await asyncio.to_thread(installation.start_at, read_clock() + timedelta(seconds=LEAD_SECONDS))
        await load.start_in_turn(machines, meter, at_once=AT_ONCE)
        await load.write_at_once(machines[:AT_ONCE], meter, seconds=1)
        for number in range(2 * options.rounds):
            has_records = number % 4 in {1, 2}  # without, with, with, without: a drift falls on both
            with _acts(installation, has_records=has_records):
                figures = await load.write_at_once(machines[:AT_ONCE], meter, seconds=options.seconds)
            if figures.errors:
                raise BenchError(f"saves failed: {figures.errors}")
            rates[has_records].append(figures.per_second)
        for machine in machines:
            machine.connection.close()

    with site_server(installation) as (port, pid):
        asyncio.run(play(port, pid))
    without, beside = median(rates[False]), median(rates[True])
    print(f"  {without:8.0f} saves a second beside {ACTS_PER_SECOND} acts without a log, {beside:.0f} with it")
    return _told("share of the saves that stays", beside / without, "", SAVES_AT_LEAST, at_least=True)


@contextmanager
def _acts(installation: Installation, *, has_records: bool) -> Iterator[None]:
    """Acts in the room at an even pace until the turn is over: each a change with a commit of its own."""
    over = threading.Event()

    def go_on() -> None:
        while not over.wait(1 / ACTS_PER_SECOND):
            with writing(installation.engine) as session:
                ctx = ServiceContext(session=session, now=read_clock())
                competition = get_competition(session, CODE)
                competition.title_en = f"{competition.title_en[:40]}."
                if has_records:
                    record(
                        ctx,
                        competition,
                        Event.CANDIDATES_IMPORTED,
                        f"competition/{CODE}",
                        {"rows": 1},
                        actor="organiser/T01",
                    )

    thread = threading.Thread(target=go_on, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _told(name: str, value: float, unit: str, target: float, *, at_least: bool = False) -> list[str]:
    is_met = value >= target if at_least else value <= target
    sign = "≥" if at_least else "≤"
    line = f"{name}: {value:.2f} {unit} (target {sign} {target:g})"
    print(f"  {'✓' if is_met else '✗'} {line}")
    return [] if is_met else [line]


def _timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BenchError as error:
        sys.exit(f"  {error}")
