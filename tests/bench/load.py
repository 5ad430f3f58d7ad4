"""What a room full of candidates does to the server, phase by phase: come in, start together, write, hand in."""

from __future__ import annotations

import asyncio
import json
import random
import re
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.bench.http_client import Answer, Connection, Figures
from tests.bench.installation import Candidate

TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
PAGE_TOKEN = re.compile(r'data-csrf="([^"]+)"')
#: How often a waiting page asks around the start, as its script does.
POLL_SECONDS = 1.5
START_PATIENCE_SECONDS = 60
SENTENCE = "Trước hết, tôi tách hai việc đang bị gộp làm một: tiến độ chậm và mâu thuẫn giữa hai chuyên viên. "
#: Characters of an essay in the middle of its writing; every save carries the whole text.
ESSAY_LENGTH = 2000
ITEMS = [*(f"Q{number:02d}" for number in range(1, 21)), "E1", "E2"]
Meter = Callable[[], float]
BROKEN = (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError, ValueError)


@dataclass
class User:
    """One candidate at a machine."""

    candidate: Candidate
    connection: Connection
    chance: random.Random
    token: str = ""
    epoch: int = 0
    numbers: dict[str, int] = field(default_factory=dict)
    acknowledged: int = 0

    def next_save(self) -> bytes:
        """One changed answer, three times out of four in an essay."""
        item = self.chance.choice(ITEMS[20:]) if self.chance.random() < 0.75 else self.chance.choice(ITEMS[:20])
        self.numbers[item] = number = self.numbers.get(item, 0) + 1
        content: object = "a"
        if item.startswith("E"):
            begin = self.chance.randrange(len(SENTENCE))
            content = (SENTENCE * (ESSAY_LENGTH // len(SENTENCE) + 2))[begin : begin + ESSAY_LENGTH]
        save = {"item": item, "epoch": self.epoch, "number": number, "content": content}
        return json.dumps({"epoch": self.epoch, "saves": [save]}, ensure_ascii=False).encode()

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}


def seat(candidates: Iterable[Candidate], port: int) -> list[User]:
    """A machine for each candidate; the same choices in every run."""
    return [User(candidate, Connection(port), random.Random(number)) for number, candidate in enumerate(candidates)]


async def log_in(users: list[User], meter: Meter, *, at_once: int) -> Figures:
    """Everyone comes in through the door, so many at a time; the time is that of sending the form."""
    slots = asyncio.Semaphore(at_once)

    async def come_in(user: User) -> None:
        async with slots:
            page = await user.connection.get("/candidate/login")
            found = TOKEN.search(page.text)
            if found is None:
                raise ValueError(f"no form: {page.status}")
            fields = {"login": user.candidate.number, "password": user.candidate.password, "csrf_token": found[1]}
            answer = await user.connection.post_form("/candidate/login", fields)
            _tell(figures, answer, wanted=302)

    with Figures("log-in", meter=meter) as figures:
        await _all(users, come_in, figures)
    return figures


async def wait_in_the_room(users: list[User], meter: Meter) -> Figures:
    """Everyone has the waiting page open before the instant."""

    async def wait(user: User) -> None:
        _tell(figures, await user.connection.get("/candidate/test"), wanted=200)

    with Figures("waiting page", meter=meter) as figures:
        await _all(users, wait, figures)
    return figures


async def start_together(
    users: list[User], meter: Meter, *, starts_at: datetime, spread_seconds: float
) -> tuple[Figures, Figures]:
    """All open the test page within a moment of the instant; gives requests of the start, and time until one can write.

    The second one runs from the candidate's first knock to the token in hand, with the server's own delay in it.
    """
    pages, ready = Figures("test page + open", meter=meter), Figures("until one can write", meter=meter)

    async def start(user: User) -> None:
        await asyncio.sleep(_seconds_until(starts_at) + user.chance.random() * spread_seconds)
        knocked = time.perf_counter()
        while True:
            status = await user.connection.get("/candidate/test/status")
            if status.status == 200 and json.loads(status.body)["state"] == "open":
                break
            if time.perf_counter() - knocked > START_PATIENCE_SECONDS:
                raise ValueError("the sitting did not start")
            await asyncio.sleep(POLL_SECONDS)
        page = await user.connection.get("/candidate/test")
        found = PAGE_TOKEN.search(page.text)
        if found is None:
            raise ValueError(f"no test page: {page.status}")
        headers = {"X-CSRFToken": found[1], "Accept": "application/json"}
        answer = await user.connection.request("POST", "/candidate/test/open", headers=headers)
        if answer.status != 200:
            raise ValueError(f"not opened: {answer.status}")
        opened = json.loads(answer.body)
        user.token, user.epoch = opened["token"], opened["epoch"]
        pages.count(page.seconds + answer.seconds)
        ready.count(time.perf_counter() - knocked)

    await asyncio.sleep(max(0.0, _seconds_until(starts_at)))
    with pages, ready:
        await _all(users, start, pages)
    return pages, ready


async def write_steadily(
    users: list[User],
    meter: Meter,
    *,
    every_seconds: float,
    seconds: float,
    each_minute: Callable[[Figures], None] | None = None,
) -> Figures:
    """Everyone saves every few seconds, not in step; a slow answer delays only the own next save."""
    ends = time.perf_counter() + seconds

    async def write(user: User) -> None:
        due = time.perf_counter() + user.chance.random() * every_seconds
        while due < ends:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            await _save(user, figures)
            due = max(due + every_seconds, time.perf_counter())

    async def report() -> None:
        while each_minute is not None:
            await asyncio.sleep(60)
            each_minute(figures)

    with Figures(f"autosave, {len(users)} users, one each {every_seconds:g} s", meter=meter) as figures:
        reporter = asyncio.create_task(report())
        await _all(users, write, figures)
        reporter.cancel()
    return figures


async def write_at_once(users: list[User], meter: Meter, *, seconds: float) -> Figures:
    """These users save without a pause: the most that the server takes."""
    ends = time.perf_counter() + seconds

    async def write(user: User) -> None:
        while time.perf_counter() < ends:
            await _save(user, figures)

    with Figures(f"autosave, {len(users)} without a pause", meter=meter) as figures:
        await _all(users, write, figures)
    return figures


async def hand_in(users: list[User], meter: Meter) -> Figures:
    """Everyone hands in at the same moment."""

    async def submit(user: User) -> None:
        body = json.dumps({"epoch": user.epoch}).encode()
        answer = await user.connection.request("POST", "/api/attempts/hand-in", body=body, headers=user.headers)
        if answer.status == 200 and json.loads(answer.body)["state"] != "handed_in":
            raise ValueError("not handed in")
        _tell(figures, answer, wanted=200)

    with Figures(f"hand-in, {len(users)} at once", meter=meter) as figures:
        await _all(users, submit, figures)
    return figures


async def insert_at_once(port: int, meter: Meter, *, connections: int, seconds: float) -> Figures:
    """The floor: the bare view, without a pause, with a body as large as a save."""
    ends = time.perf_counter() + seconds
    machines = seat([Candidate(str(number)) for number in range(connections)], port)

    async def insert(user: User) -> None:
        while time.perf_counter() < ends:
            answer = await user.connection.request("POST", "/insert", body=user.next_save())
            _tell(figures, answer, wanted=200)
        user.connection.close()

    with Figures(f"floor: bare insert, {connections} without a pause", meter=meter) as figures:
        await _all(machines, insert, figures)
    return figures


async def _save(user: User, figures: Figures) -> None:
    try:
        answer = await user.connection.request(
            "POST", "/api/attempts/saves", body=user.next_save(), headers=user.headers
        )
        if answer.status == 200 and len(json.loads(answer.body)["saved"]) != 1:
            raise ValueError("not acknowledged")
    except BROKEN as error:
        figures.fail(_reason(error))
        user.connection.close()
        return
    _tell(figures, answer, wanted=200)
    user.acknowledged += answer.status == 200


async def _all(users: list[User], act: Callable[[User], Awaitable[None]], figures: Figures) -> None:
    """Everyone acts; whoever fails is counted with the reason and does not stop the others."""

    async def one(user: User) -> None:
        try:
            await act(user)
        except BROKEN as error:
            figures.fail(_reason(error))
            user.connection.close()

    await asyncio.gather(*(one(user) for user in users))


def _tell(figures: Figures, answer: Answer, *, wanted: int) -> None:
    if answer.status == wanted:
        figures.count(answer.seconds)
    else:
        figures.fail(f"status {answer.status}")


def _reason(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:80]


def _seconds_until(instant: datetime) -> float:
    return (instant - datetime.now(UTC)).total_seconds()
