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

FORM_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
#: How often a waiting page asks where its attempt stands, and how soon one asks again that came too early.
WAITING_POLL_SECONDS = 10.0
TOO_EARLY_SECONDS = 1.0
START_PATIENCE_SECONDS = 60
SENTENCE = "Trước hết, tôi tách hai việc đang bị gộp làm một: tiến độ chậm và mâu thuẫn giữa hai chuyên viên. "
#: Characters of an essay in the middle of its writing; every save carries the whole text.
ESSAY_LENGTH = 2000
ITEMS = [*(f"Q{number:02d}" for number in range(1, 21)), "E1", "E2"]
Meter = Callable[[], float]
BROKEN = (OSError, asyncio.TimeoutError, ValueError, KeyError)

#: The targets of the exam room. Unit: milliseconds, and log-ins in a second.
START_P99, SAVE_P99, HAND_IN_P99 = 3000, 200, 1000
LOG_INS_PER_SECOND = 30


@dataclass
class User:
    """One candidate at a machine."""

    candidate: Candidate
    connection: Connection
    chance: random.Random
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
        return {"Authorization": f"Bearer {self.candidate.token}", "Content-Type": "application/json"}


def seat(candidates: Iterable[Candidate], port: int) -> list[User]:
    """A machine for each candidate; the same choices in every run."""
    return [User(candidate, Connection(port), random.Random(number)) for number, candidate in enumerate(candidates)]


async def log_in(users: list[User], meter: Meter, *, at_once: int) -> Figures:
    """Everyone comes in through the door, so many at a time; the time is that of sending the form."""
    slots = asyncio.Semaphore(at_once)

    async def come_in(user: User) -> None:
        async with slots:
            page = await user.connection.get("/candidate/login")
            found = FORM_TOKEN.search(page.text)
            if found is None:
                raise ValueError(f"no form: {page.status}")
            fields = {"login": user.candidate.number, "password": user.candidate.password, "csrf_token": found[1]}
            answer = await user.connection.post_form("/candidate/login", fields)
            _tell(figures, answer, wanted=302)

    figures = Figures("log-in", meter=meter, per_second_at_least=LOG_INS_PER_SECOND)
    with figures:
        await act_all(users, come_in, figures)
    return figures


async def wait_in_the_room(users: list[User], meter: Meter, *, seconds: float) -> Figures:
    """Everyone has the waiting page open and asks with its token every few seconds whether it begins."""
    ends = time.perf_counter() + seconds

    async def wait(user: User) -> None:
        due = time.perf_counter() + user.chance.random() * WAITING_POLL_SECONDS
        while due < ends:
            await _sleep_until(due)
            answer = await user.connection.get("/api/attempts/state", headers=user.headers)
            _tell(figures, answer, wanted=200)
            due += WAITING_POLL_SECONDS

    with Figures("waiting page asks", meter=meter) as figures:
        await act_all(users, wait, figures)
    return figures


async def start_together(users: list[User], meter: Meter, *, starts_at: datetime, spread_seconds: float) -> Figures:
    """All open the test within a moment of the instant: the time runs from the first knock to the paper in hand."""

    async def start(user: User) -> None:
        await asyncio.sleep(_seconds_until(starts_at) + user.chance.random() * spread_seconds)
        await _start(user, figures)

    await asyncio.sleep(max(0.0, _seconds_until(starts_at)))
    figures = Figures(f"start (open + paper) within {spread_seconds:g} s", meter=meter, p99_at_most=START_P99)
    with figures:
        await act_all(users, start, figures)
    return figures


async def start_in_turn(users: list[User], meter: Meter, *, at_once: int) -> Figures:
    """So many at a time open the test, one after the other: the most that the server takes."""
    slots = asyncio.Semaphore(at_once)

    async def start(user: User) -> None:
        async with slots:
            await _start(user, figures)

    await _start(users[0], Figures("the first one waits for the start"))
    with Figures(f"start (open + paper), {at_once} at a time", meter=meter) as figures:
        await act_all(users[1:], start, figures)
    return figures


async def write_steadily(
    users: list[User],
    meter: Meter,
    *,
    every_seconds: float,
    seconds: float,
    each_minute: Callable[[Figures], None] | None = None,
    name: str = "",
) -> Figures:
    """Everyone saves every few seconds, not in step; a slow answer delays only the own next save."""
    ends = time.perf_counter() + seconds

    async def write(user: User) -> None:
        due = time.perf_counter() + user.chance.random() * every_seconds
        while due < ends:
            await _sleep_until(due)
            await _save(user, figures)
            due = max(due + every_seconds, time.perf_counter())

    async def report() -> None:
        while each_minute is not None:
            await asyncio.sleep(60)
            each_minute(figures)

    figures = Figures(name or f"autosave, each every {every_seconds:g} s", meter=meter, p99_at_most=SAVE_P99)
    with figures:
        reporter = asyncio.create_task(report())
        await act_all(users, write, figures)
        reporter.cancel()
    return figures


async def write_at_once(users: list[User], meter: Meter, *, seconds: float) -> Figures:
    """These users save without a pause: the most that the server takes."""
    ends = time.perf_counter() + seconds

    async def write(user: User) -> None:
        while time.perf_counter() < ends:
            await _save(user, figures)

    with Figures(f"autosave, {len(users)} without a pause", meter=meter) as figures:
        await act_all(users, write, figures)
    return figures


async def hand_in(users: list[User], meter: Meter, *, spread_seconds: float) -> Figures:
    """Everyone sends the last words and hands in within the last moment."""

    async def submit(user: User) -> None:
        await asyncio.sleep(user.chance.random() * spread_seconds)
        await _hand_in(user, figures)

    figures = Figures(f"hand-in within the last {spread_seconds:g} s", meter=meter, p99_at_most=HAND_IN_P99)
    with figures:
        await act_all(users, submit, figures)
    return figures


async def hand_in_turn(users: list[User], meter: Meter, *, at_once: int) -> Figures:
    """So many at a time hand in, one after the other: the most that the server takes."""
    slots = asyncio.Semaphore(at_once)

    async def submit(user: User) -> None:
        async with slots:
            await _hand_in(user, figures)

    with Figures(f"hand-in, {at_once} at a time", meter=meter) as figures:
        await act_all(users, submit, figures)
    return figures


async def insert_at_once(port: int, meter: Meter, *, connections: int, seconds: float) -> Figures:
    """The floor: the bare view, without a pause, with a body as large as a save."""
    ends = time.perf_counter() + seconds
    machines = seat([Candidate(str(number)) for number in range(connections)], port)

    async def insert(user: User) -> None:
        while time.perf_counter() < ends:
            answer = await user.connection.request("POST", "/insert", body=user.next_save(), headers=user.headers)
            _tell(figures, answer, wanted=200)
        user.connection.close()

    with Figures(f"floor: bare insert, {connections} without a pause", meter=meter) as figures:
        await act_all(machines, insert, figures)
    return figures


async def _start(user: User, figures: Figures) -> None:
    """From the knock at the door to the paper in hand; whoever comes too early knocks again."""
    knocked = time.perf_counter()
    while True:
        answer = await user.connection.request("POST", "/api/attempts/open", headers=user.headers)
        if answer.status == 200:
            break
        if answer.status != 409 or time.perf_counter() - knocked > START_PATIENCE_SECONDS:
            raise ValueError(f"not opened: {answer.status}")
        await asyncio.sleep(TOO_EARLY_SECONDS)
    paper = await user.connection.get("/api/attempts/paper?lang=vi", headers=user.headers)
    if paper.status != 200 or len(paper.body) < 1000:
        raise ValueError(f"no paper: {paper.status}")
    user.epoch = json.loads(answer.body)["epoch"]
    figures.count(time.perf_counter() - knocked)


async def _hand_in(user: User, figures: Figures) -> None:
    body = json.dumps({"epoch": user.epoch}).encode()
    answer = await user.connection.request("POST", "/api/attempts/hand-in", body=body, headers=user.headers)
    if answer.status == 200 and json.loads(answer.body)["state"] != "handed_in":
        raise ValueError("not handed in")
    _tell(figures, answer, wanted=200)


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


async def act_all(users: list[User], act: Callable[[User], Awaitable[None]], figures: Figures) -> None:
    """Everyone acts; whoever fails is counted with the reason and does not stop the others."""

    async def one(user: User) -> None:
        try:
            await act(user)
        except BROKEN as error:
            figures.fail(_reason(error))
            user.connection.close()

    await asyncio.gather(*(one(user) for user in users))


async def _sleep_until(due: float) -> None:
    await asyncio.sleep(max(0.0, due - time.perf_counter()))


def _tell(figures: Figures, answer: Answer, *, wanted: int) -> None:
    if answer.status == wanted:
        figures.count(answer.seconds)
    else:
        figures.fail(f"status {answer.status}")


def _reason(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:80]


def _seconds_until(instant: datetime) -> float:
    return (instant - datetime.now(UTC)).total_seconds()
