"""`python -m tests.bench`: what the server does under a room full of candidates, beside a floor in the same run.

Nothing is asserted: the figures belong to the machine. Errors and lost saves are counted and end the run with 1.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

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


def main() -> int:
    """Run every phase and print the table."""
    options = _options()
    if os.getloadavg()[0] > (os.cpu_count() or 1) / 2:
        _say(f"this machine is busy already (load {os.getloadavg()[0]:.1f}): only the processor times can be compared")
    with tempfile.TemporaryDirectory(prefix="examsite-bench-") as home:
        installation = Installation(Path(home), database_url=options.database_url)
        _say(f"making an installation with {options.users} candidates ({installation.database_name()})")
        candidates = installation.fill(options.users, minutes=options.minutes)
        _say(f"floor before: bare view, {options.seconds_at_once:g} s")
        first_floor = _floor(installation, options)
        with site_server(installation) as (port, pid):
            figures, lost = asyncio.run(_play(installation, candidates, port, pid, options))
        _say(f"floor after: bare view, {options.seconds_at_once:g} s")
        second_floor = _floor(installation, options)
        installation.engine.dispose()
    _print_table(installation, figures, [first_floor, second_floor], lost, options)
    return 1 if lost or any(item.errors for item in figures) else 0


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


def _print_table(
    installation: Installation, figures: list[Figures], floors: list[Figures], lost: int, options: argparse.Namespace
) -> None:
    settings = installation.settings
    print(f"\n{platform.machine()}, {os.cpu_count()} processors shared by server and load, Python", end=" ")
    print(f"{platform.python_version()}; gunicorn {settings.workers} workers × {settings.threads} threads;", end=" ")
    print("SQLite, WAL, synchronous=FULL" if settings.is_sqlite else "PostgreSQL")
    print(f"\n{'':44}{'done':>8}{'per s':>9}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}{'cpu ms':>9}{'errors':>8}")
    for item in [*figures, *floors]:
        shown = "".join(f"{item.percentile(percent):>9.0f}" for percent in (50, 95, 99))
        print(
            f"{item.name:44}{len(item.seconds):>8}{item.per_second:>9.1f}{shown}{item.server_milliseconds:>9.1f}{sum(item.errors.values()):>8}"
        )
        for reason, count in item.errors.most_common(3):
            print(f"{'':8}{count} × {reason}")
    floor = sum(item.per_second for item in floors) / len(floors)
    steady, most = figures[-3], figures[-2]
    ratios = {"steady": steady.per_second / floor, "at once": most.per_second / floor} if floor else {}
    for name, ratio in ratios.items():
        print(f"autosaves/s ({name}) ÷ floor: {ratio:.2f}")
    floor_milliseconds = (
        sum(item.server_seconds for item in floors) * 1000 / max(1, sum(len(i.seconds) for i in floors))
    )
    print(f"server CPU of an autosave: {most.server_milliseconds:.1f} ms, of the floor: {floor_milliseconds:.1f} ms")
    print(f"acknowledged saves lost: {lost}")
    if options.json:
        data = {
            "figures": [
                {"name": item.name, "count": len(item.seconds), "per_second": item.per_second}
                | {"server_cpu_ms": item.server_milliseconds}
                | {f"p{percent}_ms": item.percentile(percent) for percent in (50, 95, 99)}
                | {"errors": dict(item.errors)}
                for item in [*figures, *floors]
            ],
            "ratios": ratios,
            "lost": lost,
        }
        options.json.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--users", type=int, default=300, help="candidates in the room (default 300, at most 780)")
    parser.add_argument("--seconds", type=float, default=30, help="length of the steady saving (default 30)")
    parser.add_argument("--minutes", type=int, default=0, help="steady saving for so long instead: a soak")
    parser.add_argument("--every", type=float, default=3, help="seconds between two saves of one user (default 3)")
    parser.add_argument("--spread", type=float, default=2, help="all start within so many seconds (default 2)")
    parser.add_argument("--at-once", type=int, default=32, help="connections that work without a pause (default 32)")
    parser.add_argument("--seconds-at-once", type=float, default=10, help="length of work without a pause (default 10)")
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
