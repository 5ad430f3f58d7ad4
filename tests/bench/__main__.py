"""`python -m tests.bench`: what the server does under rooms full of candidates, beside a floor in the same run.

For each database and each number of candidates: they log in, wait, start within ten seconds, save every ten seconds
while others log in beside them, and hand in within the last ten seconds. Then the most that the server takes: starts,
saves and hand-ins without a pause, beside a bare Flask view that does one durable insert.

The figures belong to the machine; those with a target say whether it is met. Errors and lost saves end the run with 1.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sys
import tempfile
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from tests import databases
from tests.bench import load, report
from tests.bench.http_client import Figures
from tests.bench.installation import (
    BenchError,
    Candidate,
    Installation,
    cpu_seconds,
    floor_server,
    resident_megabytes,
    site_server,
)

#: Time between setting the instant and the instant itself. Unit: seconds.
LEAD_SECONDS = 3
#: How many come in again while the others write, and how many of these at a time.
LATE_LOG_INS, LATE_AT_ONCE = 100, 6
#: Candidates of the run without pauses: enough for a start and a hand-in of seconds.
LIMIT_USERS = 600


@dataclass
class Run:
    """The figures of one load on one database."""

    name: str
    database: str
    figures: list[Figures] = field(default_factory=list)
    floors: list[Figures] = field(default_factory=list)
    acknowledged: int = 0
    lost: int = 0
    megabytes: int = 0

    @property
    def is_bad(self) -> bool:
        return bool(self.lost) or any(item.errors for item in self.figures)


def main() -> int:
    """Run every load on each database and print the tables."""
    options = _options()
    began = time.monotonic()
    if os.getloadavg()[0] > (os.cpu_count() or 1) / 2:
        _say(f"this machine is busy already (load {os.getloadavg()[0]:.1f}): only the processor times can be compared")
    runs: list[Run] = []
    for engine in options.databases.split(","):
        for users in () if options.minutes else map(int, options.users.split(",")):
            with _database(engine, options) as url:
                runs.append(_room(options, url, users))
        with _database(engine, options) as url:
            runs.append(_limits(options, url) if not options.minutes else _soak(options, url))
    print(f"\n{platform.machine()}, {os.cpu_count()} processors shared by server, load and database; ", end="")
    print(f"Python {platform.python_version()}; {time.monotonic() - began:.0f} s; times in milliseconds")
    for run in runs:
        report.print_run(run)
    report.print_summary(runs)
    if options.json:
        options.json.write_text(json.dumps([report.data_of(run) for run in runs], indent=2) + "\n", encoding="utf-8")
    return 1 if any(run.is_bad for run in runs) else 0


def _database(engine: str, options: argparse.Namespace) -> AbstractContextManager[str | None]:
    if options.database_url:
        return nullcontext(options.database_url)
    return databases.postgresql_server(durable=True) if engine == "postgresql" else nullcontext(None)


def _room(options: argparse.Namespace, url: str | None, users: int) -> Run:
    """A whole test with so many candidates."""
    with tempfile.TemporaryDirectory(prefix="examsite-bench-") as home:
        installation, candidates, run = _install(Path(home), url, users, options)

        async def play(port: int, pid: int) -> None:
            machines, meter = load.seat(candidates, port), partial(cpu_seconds, pid)
            _say("  log-in")
            run.figures.append(await load.log_in(machines, meter, at_once=options.at_once))
            _say("  waiting, start")
            run.figures.append(await load.wait_in_the_room(machines, meter, seconds=options.seconds / 2))
            run.figures.append(await _start(installation, machines, meter, options.spread))
            _say("  saving")
            run.figures.append(
                await load.write_steadily(machines, meter, every_seconds=options.every, seconds=options.seconds)
            )
            late = load.seat(candidates[:LATE_LOG_INS], port)
            saving = load.write_steadily(
                machines,
                meter,
                every_seconds=options.every,
                seconds=options.seconds / 2,
                name="autosave while others log in",
            )
            saves, log_ins = await asyncio.gather(saving, load.log_in(late, meter, at_once=LATE_AT_ONCE))
            log_ins.name = "log-in while others save"
            saves.server_seconds = log_ins.server_seconds = float("nan")
            run.figures += [saves, log_ins]
            await _count_losses(installation, run, machines, pid)
            _say("  hand-in")
            run.figures.append(await load.hand_in(machines, meter, spread_seconds=options.spread))
            for machine in (*machines, *late):
                machine.connection.close()

        _serve(installation, play)
        return run


def _limits(options: argparse.Namespace, url: str | None) -> Run:
    """The most that the server takes, beside the floor before and after."""
    with tempfile.TemporaryDirectory(prefix="examsite-bench-") as home:
        installation, candidates, run = _install(Path(home), url, options.limit_users, options)
        run.name = f"without a pause, {options.at_once} at a time"
        run.floors.append(_floor(installation, options))

        async def play(port: int, pid: int) -> None:
            machines, meter = load.seat(candidates, port), partial(cpu_seconds, pid)
            await _begin(installation)
            _say("  starts, saves, hand-ins without a pause")
            run.figures.append(await load.start_in_turn(machines, meter, at_once=options.at_once))
            run.figures.append(
                await load.write_at_once(machines[: options.at_once], meter, seconds=options.seconds_at_once)
            )
            await _count_losses(installation, run, machines, pid)
            run.figures.append(await load.hand_in_turn(machines, meter, at_once=options.at_once))
            for machine in machines:
                machine.connection.close()

        _serve(installation, play)
        run.floors.append(_floor(installation, options))
        installation.engine.dispose()
        return run


def _soak(options: argparse.Namespace, url: str | None) -> Run:
    """Saving for a long time."""
    users = int(options.users.split(",")[0])
    with tempfile.TemporaryDirectory(prefix="examsite-bench-") as home:
        installation, candidates, run = _install(Path(home), url, users, options)

        async def play(port: int, pid: int) -> None:
            machines, meter = load.seat(candidates, port), partial(cpu_seconds, pid)
            run.figures.append(await _start(installation, machines, meter, options.spread))

            def tell(so_far: Figures) -> None:
                done, failed = len(so_far.seconds), sum(so_far.errors.values())
                _say(
                    f"  {done} saves, {failed} errors, p99 {so_far.percentile(99):.0f} ms, {resident_megabytes(pid)} MB"
                )

            seconds = options.minutes * 60
            run.figures.append(
                await load.write_steadily(
                    machines, meter, every_seconds=options.every, seconds=seconds, each_minute=tell
                )
            )
            await _count_losses(installation, run, machines, pid)
            run.figures.append(await load.hand_in(machines, meter, spread_seconds=options.spread))
            for machine in machines:
                machine.connection.close()

        _serve(installation, play)
        installation.engine.dispose()
        return run


def _install(
    home: Path, url: str | None, users: int, options: argparse.Namespace
) -> tuple[Installation, list[Candidate], Run]:
    installation = Installation(home, database_url=url)
    database = installation.database_name()
    _say(f"{users} candidates, {database}")
    candidates = installation.fill(users, minutes=options.minutes)
    return installation, candidates, Run(f"{users} candidates", database)


def _serve(installation: Installation, play: object) -> None:
    with site_server(installation) as (port, pid):
        asyncio.run(play(port, pid))  # type: ignore[operator]  # one of the three plays above


async def _begin(installation: Installation) -> datetime:
    starts_at = datetime.now(UTC) + timedelta(seconds=LEAD_SECONDS)
    await asyncio.to_thread(installation.start_at, starts_at)
    return starts_at


async def _start(
    installation: Installation, machines: list[load.User], meter: load.Meter, spread_seconds: float
) -> Figures:
    starts_at = await _begin(installation)
    return await load.start_together(machines, meter, starts_at=starts_at, spread_seconds=spread_seconds)


async def _count_losses(installation: Installation, run: Run, machines: list[load.User], pid: int) -> None:
    run.acknowledged = sum(machine.acknowledged for machine in machines)
    run.lost = max(0, run.acknowledged - await asyncio.to_thread(installation.count_saves))
    run.megabytes = resident_megabytes(pid)


def _floor(installation: Installation, options: argparse.Namespace) -> Figures:
    _say(f"  floor: bare view, {options.seconds_at_once:g} s")
    with floor_server(installation) as (port, pid):
        work = load.insert_at_once(
            port, partial(cpu_seconds, pid), connections=options.at_once, seconds=options.seconds_at_once
        )
        return asyncio.run(work)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--users", default="300,500,1000", help="sizes of the rooms (default 300,500,1000)")
    parser.add_argument("--databases", default="sqlite,postgresql", help="default sqlite,postgresql")
    parser.add_argument("--seconds", type=float, default=20, help="length of the steady saving (default 20)")
    parser.add_argument("--minutes", type=int, default=0, help="only saving, for so long: a soak with the first size")
    parser.add_argument("--every", type=float, default=10, help="seconds between two saves of one page (default 10)")
    parser.add_argument("--spread", type=float, default=10, help="all start and hand in within so long (default 10)")
    parser.add_argument("--at-once", type=int, default=32, help="connections that work without a pause (default 32)")
    parser.add_argument("--seconds-at-once", type=float, default=6, help="length of work without a pause (default 6)")
    parser.add_argument("--limit-users", type=int, default=LIMIT_USERS, help="candidates of the run without a pause")
    parser.add_argument("--database-url", help="an empty database of its own, for one size only")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    return parser.parse_args()


def _say(text: str) -> None:
    print(f"→ {text}", flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BenchError as error:
        sys.exit(f"  {error}")
