"""`python -m tests.bench`: what the server does under a room full of candidates, beside a floor in the same run.

With `--postgresql` the same load runs on SQLite and then on a PostgreSQL server of its own that waits for the disk at
every commit. Nothing is asserted: the figures belong to the machine. Errors and lost saves are counted and end the run
with 1.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from tests import databases
from tests.bench import load
from tests.bench.http_client import Figures
from tests.bench.installation import (
    BenchError,
    Installation,
    cpu_seconds,
    floor_server,
    resident_megabytes,
    site_server,
)

#: Time between setting the instant and the instant itself, so that every waiting page knows it. Unit: seconds.
LEAD_SECONDS = 4


@dataclass(frozen=True)
class Run:
    """The figures of one load on one database."""

    database: str
    gunicorn: str
    figures: list[Figures]
    floors: list[Figures]
    lost: int

    @property
    def steady(self) -> Figures:
        return self.figures[-3]

    @property
    def at_once(self) -> Figures:
        return self.figures[-2]

    @property
    def floor_per_second(self) -> float:
        return sum(item.per_second for item in self.floors) / len(self.floors)

    @property
    def floor_milliseconds(self) -> float:
        done = sum(len(item.seconds) for item in self.floors)
        return 1000 * sum(item.server_seconds for item in self.floors) / max(1, done)

    @property
    def is_bad(self) -> bool:
        return bool(self.lost) or any(item.errors for item in self.figures)


def main() -> int:
    """Run every phase on each database and print the tables."""
    options = _options()
    if os.getloadavg()[0] > (os.cpu_count() or 1) / 2:
        _say(f"this machine is busy already (load {os.getloadavg()[0]:.1f}): only the processor times can be compared")
    runs = {}
    for engine, url in _databases(options):
        with url as database_url:
            runs[engine] = _run(options, database_url)
    print(f"\n{platform.machine()}, {os.cpu_count()} processors shared by server, load and database; ", end="")
    print(f"Python {platform.python_version()}; {options.users} candidates; times in milliseconds")
    for run in runs.values():
        _print_table(run)
    if options.json:
        data = {engine: _data(run) for engine, run in runs.items()}
        options.json.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
    return 1 if any(run.is_bad for run in runs.values()) else 0


def _databases(options: argparse.Namespace) -> Iterator[tuple[str, AbstractContextManager[str | None]]]:
    if options.database_url:
        yield "given", nullcontext(options.database_url)
        return
    yield "sqlite", nullcontext(None)
    if options.postgresql:
        yield "postgresql", databases.postgresql_server(durable=True)


def _run(options: argparse.Namespace, database_url: str | None) -> Run:
    with tempfile.TemporaryDirectory(prefix="examsite-bench-") as home:
        installation = Installation(Path(home), database_url=database_url)
        name = installation.database_name()
        _say(f"making an installation with {options.users} candidates ({name})")
        candidates = installation.fill(options.users, minutes=options.minutes)
        _say(f"floor before: bare view, {options.seconds_at_once:g} s")
        floors = [_floor(installation, options)]
        with site_server(installation) as (port, pid):
            figures, lost = asyncio.run(_play(installation, candidates, port, pid, options))
        _say(f"floor after: bare view, {options.seconds_at_once:g} s")
        floors.append(_floor(installation, options))
        installation.engine.dispose()
    settings = installation.settings
    return Run(name, f"gunicorn {settings.workers} × {settings.threads} threads", figures, floors, lost)


def _floor(installation: Installation, options: argparse.Namespace) -> Figures:
    with floor_server(installation) as (port, pid):
        work = load.insert_at_once(
            port, partial(cpu_seconds, pid), connections=options.at_once, seconds=options.seconds_at_once
        )
        return asyncio.run(work)


async def _play(
    installation: Installation, candidates: list, port: int, pid: int, options: argparse.Namespace
) -> tuple[list[Figures], int]:
    users = load.seat(candidates, port)
    meter = partial(cpu_seconds, pid)
    _say(f"log-in of {len(users)}, {options.at_once} at a time")
    figures = [await load.log_in(users, meter, at_once=options.at_once)]
    figures.append(await load.wait_in_the_room(users, meter))
    starts_at = datetime.now(UTC) + timedelta(seconds=LEAD_SECONDS)
    await asyncio.to_thread(installation.start_at, starts_at)
    _say(f"start of all within {options.spread:g} s")
    pages, ready = await load.start_together(users, meter, starts_at=starts_at, spread_seconds=options.spread)
    figures += [pages, ready]
    users = [user for user in users if user.token]
    seconds = options.minutes * 60 if options.minutes else options.seconds
    _say(f"saving for {seconds:g} s, each of {len(users)} every {options.every:g} s")

    def tell(so_far: Figures) -> None:
        done, failed = len(so_far.seconds), sum(so_far.errors.values())
        _say(f"  {done} saves, {failed} errors, p99 {so_far.percentile(99):.0f} ms, {resident_megabytes(pid)} MB")

    figures.append(
        await load.write_steadily(users, meter, every_seconds=options.every, seconds=seconds, each_minute=tell)
    )
    _say(f"saving without a pause for {options.seconds_at_once:g} s")
    figures.append(await load.write_at_once(users[: options.at_once], meter, seconds=options.seconds_at_once))
    acknowledged = sum(user.acknowledged for user in users)
    lost = max(0, acknowledged - await asyncio.to_thread(installation.count_saves))
    _say(f"{acknowledged} saves acknowledged, {lost} of them not in the database; server {resident_megabytes(pid)} MB")
    _say("hand-in of all")
    figures.append(await load.hand_in(users, meter))
    for user in users:
        user.connection.close()
    return figures, lost


def _print_table(run: Run) -> None:
    print(f"\n{run.database}; {run.gunicorn}\n")
    print(f"{'':42}{'done':>7}{'per s':>8}{'p50':>8}{'p95':>8}{'p99':>8}{'cpu':>7}{'errors':>8}")
    for item in [*run.figures, *run.floors]:
        shown = "".join(f"{item.percentile(percent):>8.0f}" for percent in (50, 95, 99))
        errors = sum(item.errors.values())
        print(f"{item.name:42}{len(item.seconds):>7}{item.per_second:>8.1f}{shown}", end="")
        print(f"{item.server_milliseconds:>7.1f}{errors:>8}")
        for reason, count in item.errors.most_common(3):
            print(f"{'':8}{count} × {reason}")
    print(f"\nautosaves per second at most: {run.at_once.per_second:.0f}, ", end="")
    print(f"{_ratio(run.at_once, run):.2f} of the floor ({run.floor_per_second:.0f})")
    print(f"processor time of an autosave: {run.at_once.server_milliseconds:.1f} ms, ", end="")
    print(f"of the floor: {run.floor_milliseconds:.1f} ms")
    print(f"acknowledged saves lost: {run.lost}")


def _ratio(figures: Figures, run: Run) -> float:
    return figures.per_second / run.floor_per_second if run.floor_per_second else float("nan")


def _data(run: Run) -> dict[str, Any]:
    return {
        "database": run.database,
        "figures": [
            {"name": item.name, "count": len(item.seconds), "per_second": item.per_second}
            | {"server_cpu_ms": item.server_milliseconds}
            | {f"p{percent}_ms": item.percentile(percent) for percent in (50, 95, 99)}
            | {"errors": dict(item.errors)}
            for item in [*run.figures, *run.floors]
        ],
        "ratios": {"steady": _ratio(run.steady, run), "at once": _ratio(run.at_once, run)},
        "lost": run.lost,
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--users", type=int, default=300, help="candidates in the room (default 300, at most 780)")
    parser.add_argument("--seconds", type=float, default=20, help="length of the steady saving (default 20)")
    parser.add_argument("--minutes", type=int, default=0, help="steady saving for so long instead: a soak")
    parser.add_argument("--every", type=float, default=3, help="seconds between two saves of one user (default 3)")
    parser.add_argument("--spread", type=float, default=2, help="all start within so many seconds (default 2)")
    parser.add_argument("--at-once", type=int, default=32, help="connections that work without a pause (default 32)")
    parser.add_argument("--seconds-at-once", type=float, default=6, help="length of work without a pause (default 6)")
    parser.add_argument(
        "--postgresql", action="store_true", help="after SQLite also on PostgreSQL, waiting for the disk"
    )
    parser.add_argument("--database-url", help="an empty database of its own; default: SQLite in a temporary folder")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    return parser.parse_args()


def _say(text: str) -> None:
    print(f"→ {text}", flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BenchError as error:
        sys.exit(f"  {error}")
