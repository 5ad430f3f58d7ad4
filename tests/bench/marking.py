"""`python -m tests.bench.marking`: what the server does while markers work, through the addresses that a browser asks.

For each database and each number of markers: a board with sealed scripts of two essays, drawn to its markers. First one
marker alone opens pages and saves drafts, which tells the processor time of each; then all mark at once, at a pace no
person keeps up, every script twice from the queue to the lock. What was locked is counted in the database at the end.

The times are those of the whole answer, as the machine of the marker waits for it. Errors and lost marks end with 1.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import random
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

from sqlalchemy import func, select

from examsite.domain.marking import MarkState
from examsite.services.checkpoints import load_signer
from examsite.services.context import read_clock
from examsite.services.passwords import Passwords
from examsite.storage.database import reading, upgrade, writing
from examsite.storage.models.accounts import Account
from examsite.storage.models.marking import Mark
from tests import databases
from tests.bench import report
from tests.bench.http_client import Answer, Connection, Figures
from tests.bench.installation import CODE, PASSWORD, BenchError, Installation, cpu_seconds, site_server
from tests.bench.load import FORM_TOKEN, SENTENCE, Meter
from tests.factories.marking import make_board

#: The targets of the marking. Unit: milliseconds.
PAGE_P95, SAVE_P95 = 100, 50
#: Seats of one sitting of the board.
SEATS = 20
#: An essay as candidates write them. Unit: characters.
ESSAY_LENGTH = 4000
BROKEN = (OSError, asyncio.TimeoutError, ValueError, KeyError)
_OPTION = re.compile(r"<(?:input|textarea)\b[^>]*>")
_NAME = re.compile(r'\bname="([^"]+)"')
_VALUE = re.compile(r'\bvalue="([^"]*)"')


class Board(Installation):
    """An installation whose scripts wait for their markers."""

    def fill_board(self, scripts: int, markers: int) -> list[str]:
        """Sealed scripts, drawn to so many markers; the names with which these log in.

        Raises:
            BenchError: the database holds something already.
        """
        upgrade(self.engine)
        with reading(self.engine) as session:
            if session.scalar(select(func.count(Account.id))):
                raise BenchError("the database is not empty; give the bench one of its own")
        with writing(self.engine) as session:
            board = make_board(
                session,
                read_clock() - timedelta(days=2),
                settings=self.settings,
                candidates=scripts,
                markers=markers,
                essays=[(SENTENCE * (ESSAY_LENGTH // len(SENTENCE))) + "{n}." for _essay in range(2)],
                code=CODE,
                password_hash=Passwords(self.settings).hash(PASSWORD),
                sittings=-(-scripts // SEATS),
            )
            board.room.signer = load_signer(self.settings)
            board.allocated()
            accounts = [session.get_one(Account, marker.account_id) for marker in board.markers]
            return [account.login for account in accounts]

    def count_locked(self) -> int:
        """How many marks by people are locked."""
        with reading(self.engine) as session:
            counted = select(func.count(Mark.id)).where(Mark.state == MarkState.LOCKED, Mark.assignment_id.is_not(None))
            return session.scalar(counted) or 0


@dataclass
class Measured:
    """What the markers waited for, kind by kind."""

    pages: Figures
    saves: Figures
    queues: Figures
    sums: Figures
    locks: Figures

    @classmethod
    def make(cls, who: str) -> Measured:
        """Figures with the targets; `who` marks."""
        return cls(
            pages=Figures(f"scoring page opened, {who}", p95_at_most=PAGE_P95),
            saves=Figures(f"draft saved, {who}", p95_at_most=SAVE_P95),
            queues=Figures(f"own queue, {who}"),
            sums=Figures(f"sum before the lock, {who}"),
            locks=Figures(f"mark locked, {who}"),
        )

    @property
    def all(self) -> list[Figures]:
        """In the order of the table."""
        return [self.pages, self.saves, self.queues, self.sums, self.locks]

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """They mark meanwhile; whose processor time is whose cannot be told apart."""
        for item in self.all:
            item.began, item.server_seconds = time.perf_counter(), float("nan")
        yield
        for item in self.all:
            item.ended = time.perf_counter()


@dataclass
class Marker:
    """One marker at a browser."""

    login: str
    connection: Connection
    chance: random.Random
    #: Mean time between two acts. Unit: seconds.
    pace: float
    locked: int = 0
    _fields: dict[str, str] = field(default_factory=dict)

    async def log_in(self) -> None:
        """Through the door of the officials."""
        page = await self.connection.get("/login")
        token = FORM_TOKEN.search(page.text)
        fields = {"login": self.login, "password": PASSWORD, "csrf_token": token[1] if token else ""}
        answer = await self.connection.post_form("/login", fields)
        if answer.status != 302:
            raise ValueError(f"not let in: {answer.status}")

    async def queue(self, figures: Figures) -> list[str]:
        """The scripts that are not locked, in the drawn order."""
        answer = _told(figures, await self.connection.get(f"/marker/{CODE}/scripts"), 200)
        return list(dict.fromkeys(re.findall(rf"/marker/{CODE}/scripts/([A-Z0-9]+)[\"?]", answer.text)))

    async def open(self, script: str, figures: Figures) -> None:
        """Open the scoring page and read its form as a browser does."""
        answer = _told(figures, await self.connection.get(_page(script)), 200)
        self._fields = {}
        for tag in _OPTION.findall(answer.text):
            name, value = _NAME.search(tag), _VALUE.search(tag)
            if name and 'type="radio"' not in tag:
                self._fields[name[1]] = unescape(value[1]) if value else ""

    async def save(self, script: str, number: int, points: str, figures: Figures) -> None:
        """Give points for one criterion; the page keeps them by itself."""
        self._fields[f"points_{number}"] = points
        self._fields[f"comment_{number}"] = f"Ý {number + 1} rõ, còn thiếu căn cứ."
        answer = await self.connection.request(
            "POST",
            _page(script),
            body=_form(self._fields),
            headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
        )
        _told(figures, answer, 200)
        self._fields["revision"] = str(json.loads(answer.body)["revision"])

    async def lock(self, script: str, measured: Measured) -> None:
        """From the page to the sum that is repeated, and the lock."""
        answer = await self.connection.post_form(_page(script), {**self._fields, "then": "lock"})
        _told(measured.saves, answer, 302)
        page = _told(measured.sums, await self.connection.get(f"{_page(script)}/lock"), 200)
        token, revision = FORM_TOKEN.search(page.text), re.search(r'name="revision"[^>]*value="(\d+)"', page.text)
        fields = {"csrf_token": token[1] if token else "", "revision": revision[1] if revision else ""}
        _told(measured.locks, await self.connection.post_form(f"{_page(script)}/lock", fields), 302)
        self.locked += 1

    async def mark(self, measured: Measured) -> None:
        """Mark everything in the queue, script by script."""
        await asyncio.sleep(self.chance.random() * self.pace * 2)
        for script in await self.queue(measured.queues):
            await self.open(script, measured.pages)
            for number in range(self.criteria):
                await self.wait()
                await self.save(script, number, self.chance.choice(("2,5", "5")), measured.saves)
            await self.wait()
            await self.lock(script, measured)
            await self.wait()

    async def wait(self) -> None:
        """Think, for a moment."""
        await asyncio.sleep(self.chance.expovariate(1 / self.pace) if self.pace else 0)

    @property
    def criteria(self) -> int:
        """How many criteria the page asks for."""
        return sum(1 for name in self._fields if name.startswith("points_"))


@dataclass
class Run:
    """One board on one database."""

    name: str
    database: str
    figures: list[Figures] = field(default_factory=list)
    due: int = 0
    locked: int = 0

    @property
    def is_bad(self) -> bool:
        return self.locked != self.due or any(item.errors for item in self.figures)


def main() -> int:
    """Run every board on each database and print the tables."""
    options = _options()
    began = time.monotonic()
    if os.getloadavg()[0] > (os.cpu_count() or 1) / 2:
        _say(f"this machine is busy already (load {os.getloadavg()[0]:.1f}): only the processor times can be compared")
    runs = []
    for engine in options.databases.split(","):
        for markers in map(int, options.markers.split(",")):
            with _database(engine) as url:
                runs.append(_board(options, url, markers))
    print(f"\n{platform.machine()}, {os.cpu_count()} processors shared by server, load and database; ", end="")
    print(f"Python {platform.python_version()}; {time.monotonic() - began:.0f} s; times in milliseconds")
    for run in runs:
        print(f"\n{run.name}; {run.database}\n")
        report.print_figures(run.figures)
        print(f"{run.locked} marks locked of {run.due}")
    missed = [item for run in runs for item in run.figures if item.is_met is False]
    print(f"\ntargets missed: {len(missed) or 'none'}")
    if options.json:
        data = [
            {
                "name": run.name,
                "database": run.database,
                "figures": [report.figures_data(item) for item in run.figures],
                "due": run.due,
                "locked": run.locked,
            }
            for run in runs
        ]
        options.json.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
    return 1 if any(run.is_bad for run in runs) else 0


def _board(options: argparse.Namespace, url: str | None, markers: int) -> Run:
    with tempfile.TemporaryDirectory(prefix="examsite-bench-") as home:
        board = Board(Path(home), database_url=url)
        run = Run(f"{options.scripts} scripts, {markers} markers at once", board.database_name())
        _say(f"{run.name}, {run.database}")
        logins = board.fill_board(options.scripts, markers)
        run.due = 2 * options.scripts
        with site_server(board) as (port, pid):
            people = [
                Marker(login, Connection(port), random.Random(number), options.pace)
                for number, login in enumerate(logins)
            ]
            asyncio.run(_mark(run, people, partial(cpu_seconds, pid), alone=options.alone))
        run.locked = board.count_locked()
        board.engine.dispose()
        return run


async def _mark(run: Run, people: list[Marker], meter: Meter, *, alone: int) -> None:
    for person in people:
        await person.log_in()
    _say("  one marker alone")
    run.figures += await _work_alone(people[0], meter, times=alone)
    _say("  all at once")
    measured = Measured.make(f"{len(people)} at once")
    with measured.going_on():
        await asyncio.gather(*(_whole(person, measured) for person in people))
    run.figures += measured.all
    for person in people:
        person.connection.close()


async def _work_alone(person: Marker, meter: Meter, *, times: int) -> list[Figures]:
    """Pages and saves of one marker, one after the other: what each costs."""
    measured = Measured.make("alone")
    for item in (measured.pages, measured.saves, measured.queues):
        item.meter = meter
    script = (await person.queue(Figures("not counted")))[0]
    await person.open(script, Figures("not counted"))
    with measured.pages:
        for _time in range(times):
            await person.open(script, measured.pages)
    with measured.saves:
        for number in range(times):
            await person.save(script, 0, "2,5" if number % 2 else "5", measured.saves)
    with measured.queues:
        for _time in range(times):
            await person.queue(measured.queues)
    return [measured.pages, measured.saves, measured.queues]


async def _whole(person: Marker, measured: Measured) -> None:
    """The whole queue of a marker; whoever fails is counted with the reason and does not stop the others."""
    try:
        await person.mark(measured)
    except BROKEN as error:
        measured.pages.fail(f"{person.login}: {type(error).__name__}: {error}"[:80])


def _told(figures: Figures, answer: Answer, wanted: int) -> Answer:
    if answer.status != wanted:
        figures.fail(f"status {answer.status}")
        raise ValueError(f"status {answer.status}")
    figures.count(answer.seconds)
    return answer


def _page(script: str) -> str:
    return f"/marker/{CODE}/scripts/{script}"


def _form(fields: dict[str, str]) -> bytes:
    return urlencode(fields).encode()


def _database(engine: str) -> AbstractContextManager[str | None]:
    return databases.postgresql_server(durable=True) if engine == "postgresql" else nullcontext(None)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.marking", description=__doc__)
    parser.add_argument("--databases", default="sqlite,postgresql", help="default sqlite,postgresql")
    parser.add_argument("--scripts", type=int, default=200, help="scripts of the board (default 200)")
    parser.add_argument("--markers", default="6,20", help="sizes of the board, one run each (default 6,20)")
    parser.add_argument("--pace", type=float, default=0.3, help="mean seconds between two acts (default 0.3)")
    parser.add_argument("--alone", type=int, default=100, help="pages and saves of one marker alone (default 100)")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    return parser.parse_args()


def _say(text: str) -> None:
    print(f"→ {text}", flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BenchError as error:
        sys.exit(f"  {error}")
