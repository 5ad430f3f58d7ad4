"""What a room full of simulated candidates does, phase by phase, and what it measured."""

from __future__ import annotations

import asyncio
import json
import random
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from examsite.cli.rehearsal.http_client import NO_ANSWER, Door, Line

#: Log-ins under way at once. Source: our choice, because candidates come in one after the other.
LOG_INS_AT_ONCE = 16
#: The start storm: everyone opens within so long. Unit: seconds.
SPREAD_SECONDS = 2.0
#: Pause between two saves of one candidate. Unit: seconds.
SAVE_SECONDS = 3.0
#: Everyone hands in within so long. Unit: seconds.
HAND_IN_SECONDS = 3.0
#: One save in so many loses its line before the answer.
CUT_EVERY = 10
#: How long a start is waited for. Unit: seconds.
START_PATIENCE_SECONDS = 60
#: Slowest 1 % that still passes. Source: our choice, because beyond it people begin to ask. Unit: milliseconds.
LIMITS = {"start": 10_000, "save": 3_000, "hand_in": 10_000}

SENTENCE = "Trước hết, tôi tách hai việc đang bị gộp làm một: tiến độ chậm và mâu thuẫn giữa hai chuyên viên. "
ESSAY_LENGTH = 1500

_FORM_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
_PAGE_TOKEN = re.compile(r'data-token="([^"]+)"')


class RehearsalError(Exception):
    """The rehearsal could not go on; the text says why."""


@dataclass(frozen=True)
class Acknowledged:
    """One save that the server said was stored."""

    attempt_id: int
    item: str
    epoch: int
    number: int
    content: object


@dataclass(frozen=True)
class Outcome:
    """Figures by name, and what did not hold."""

    figures: dict[str, Any]
    faults: list[str]


@dataclass
class Machine:
    """One simulated candidate at a machine."""

    login: str
    line: Line
    chance: random.Random
    token: str = ""
    epoch: int = 0
    items: list[str] = field(default_factory=list)
    essays: list[str] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)

    @property
    def headers(self) -> dict[str, str]:
        """What every call of the test page carries."""
        return {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}

    @property
    def attempt_id(self) -> int:
        """The attempt that the token names."""
        return int(self.token.partition(".")[0])

    def next_save(self) -> dict[str, Any]:
        """One changed answer, three times out of four in an essay."""
        item = self.chance.choice(self.essays if self.essays and self.chance.random() < 0.75 else self.items)
        self.numbers[item] = number = self.numbers.get(item, 0) + 1
        content: object = "a"
        if item in self.essays:
            begin = self.chance.randrange(len(SENTENCE))
            content = (SENTENCE * (ESSAY_LENGTH // len(SENTENCE) + 2))[begin : begin + ESSAY_LENGTH]
        return {"item": item, "epoch": self.epoch, "number": number, "content": content}


@dataclass
class Phase:
    """How long each answer of a phase took, in seconds, and what went wrong."""

    seconds: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    began: float = 0.0
    ended: float = 0.0

    def percentile(self, percent: int) -> int:
        """Nearest rank, in milliseconds; 0 when nothing was measured."""
        ordered = sorted(self.seconds)
        return round(1000 * ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]) if ordered else 0


class Load:
    """A room of machines before one door."""

    def __init__(self, door: Door, logins: Sequence[str], *, password: str) -> None:
        """Sit so many candidates down."""
        self._password = password
        self.machines = [Machine(login, Line(door), random.Random(login)) for login in logins]  # noqa: S311 - no secret
        self.phases: dict[str, Phase] = {}
        self.acknowledged: list[Acknowledged] = []
        self.cuts = 0

    def told(self, name: str) -> dict[str, int]:
        """The figures of a phase under its name."""
        phase = self.phases[name]
        lasted = phase.ended - phase.began
        return {
            f"{name}_count": len(phase.seconds),
            f"{name}_p50": phase.percentile(50),
            f"{name}_p99": phase.percentile(99),
            f"{name}_per_second": round(len(phase.seconds) / lasted) if lasted > 0 else 0,
            f"{name}_errors": sum(phase.errors.values()),
        }

    def outcome(self, *, lost: int) -> Outcome:
        """All figures, and what did not hold."""
        figures: dict[str, Any] = {"lost": lost, "cuts": self.cuts, "acknowledged": len(self.acknowledged)}
        faults: list[str] = []
        for name, phase in self.phases.items():
            figures |= self.told(name)
            faults += [f"{name}: {count} × {reason}" for reason, count in phase.errors.most_common(3)]
            if name in LIMITS and phase.percentile(99) > LIMITS[name]:
                faults.append(f"{name}: p99 {phase.percentile(99)} ms > {LIMITS[name]} ms")
            if not phase.seconds:
                faults.append(f"{name}: nothing was answered")
        if lost:
            faults.append(f"{lost} acknowledged saves are not in the database")
        return Outcome(figures, faults)

    async def log_in(self) -> None:
        """Everyone comes in through the door with the printed password and opens the waiting page."""
        slots = asyncio.Semaphore(LOG_INS_AT_ONCE)

        async def come_in(machine: Machine) -> float:
            async with slots:
                page = await machine.line.request("GET", "/candidate/login")
                fields = {
                    "login": machine.login,
                    "password": self._password,
                    "csrf_token": _found(_FORM_TOKEN, page.text),
                }
                answer = await machine.line.post_form("/candidate/login", fields)
                if answer.status != 302:
                    raise ValueError(f"log-in answered {answer.status}")
                return answer.seconds

        await self._all("log_in", come_in)

    async def start(self, starts_at: datetime) -> None:
        """Everyone waits with the page open, and opens the paper within a moment of the start."""

        async def start(machine: Machine) -> float:
            page = await machine.line.request("GET", "/candidate/test")
            machine.token = _found(_PAGE_TOKEN, page.text)
            left = (starts_at - datetime.now(UTC)).total_seconds()
            await asyncio.sleep(max(0.0, left) + machine.chance.random() * SPREAD_SECONDS)
            knocked = time.perf_counter()
            while True:
                answer = await machine.line.request("POST", "/api/attempts/open", body=b"{}", headers=machine.headers)
                if answer.status == 200:
                    break
                if answer.status >= 500 or time.perf_counter() - knocked > START_PATIENCE_SECONDS:
                    raise ValueError(f"open answered {answer.status}: {answer.text[:120]}")
                await asyncio.sleep(0.5)
            machine.epoch = json.loads(answer.body)["epoch"]
            sheet = await machine.line.request("GET", "/api/attempts/paper?lang=vi", headers=machine.headers)
            items = json.loads(sheet.body)["items"]
            machine.items = [item["item"] for item in items if not item["is_essay"]]
            machine.essays = [item["item"] for item in items if item["is_essay"]]
            return time.perf_counter() - knocked

        await self._all("start", start)
        self.machines = [machine for machine in self.machines if machine.items]

    async def save(self, *, seconds: int) -> None:
        """Everyone saves every few seconds; now and then a line is torn before the answer and the save sent again."""
        ends = time.perf_counter() + seconds
        phase = self.phases["save"] = Phase(began=time.perf_counter())

        async def write(machine: Machine) -> None:
            await asyncio.sleep(machine.chance.random() * SAVE_SECONDS)
            while time.perf_counter() < ends:
                save = machine.next_save()
                body = json.dumps({"epoch": machine.epoch, "saves": [save]}, ensure_ascii=False).encode()
                if machine.chance.randrange(CUT_EVERY) == 0:
                    self.cuts += 1
                    await machine.line.send_and_cut("POST", "/api/attempts/saves", body=body, headers=machine.headers)
                try:
                    phase.seconds.append(await self._send(machine, save, body))
                except NO_ANSWER as error:
                    phase.errors[_reason(error)] += 1
                    machine.line.close()
                await asyncio.sleep(SAVE_SECONDS)

        await asyncio.gather(*(write(machine) for machine in self.machines))
        phase.ended = time.perf_counter()

    async def hand_in(self) -> None:
        """Everyone hands in within a moment."""

        async def submit(machine: Machine) -> float:
            await asyncio.sleep(machine.chance.random() * HAND_IN_SECONDS)
            body = json.dumps({"epoch": machine.epoch}).encode()
            answer = await machine.line.request("POST", "/api/attempts/hand-in", body=body, headers=machine.headers)
            if answer.status != 200 or json.loads(answer.body)["state"] != "handed_in":
                raise ValueError(f"hand-in answered {answer.status}")
            machine.line.close()
            return answer.seconds

        await self._all("hand_in", submit)

    async def _send(self, machine: Machine, save: dict[str, Any], body: bytes) -> float:
        answer = await machine.line.request("POST", "/api/attempts/saves", body=body, headers=machine.headers)
        if answer.status != 200:
            raise ValueError(f"save answered {answer.status}: {answer.text[:120]}")
        for stored in json.loads(answer.body)["saved"]:
            if (stored["item"], stored["epoch"], stored["number"]) != (save["item"], save["epoch"], save["number"]):
                raise ValueError("another save was acknowledged")
            self.acknowledged.append(
                Acknowledged(machine.attempt_id, save["item"], save["epoch"], save["number"], save["content"])
            )
        return answer.seconds

    async def _all(self, name: str, act: Callable[[Machine], Awaitable[float]]) -> None:
        phase = self.phases[name] = Phase(began=time.perf_counter())

        async def one(machine: Machine) -> None:
            try:
                phase.seconds.append(await act(machine))
            except NO_ANSWER as error:
                phase.errors[_reason(error)] += 1
                machine.line.close()

        await asyncio.gather(*(one(machine) for machine in self.machines))
        phase.ended = time.perf_counter()
        if not phase.seconds:
            reasons = "; ".join(f"{count} × {reason}" for reason, count in phase.errors.most_common(3))
            raise RehearsalError(f"{name}: {reasons}")


def _found(pattern: re.Pattern[str], page: str) -> str:
    found = pattern.search(page)
    if found is None:
        raise ValueError("the page lacks its token")
    return found[1]


def _reason(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:120]
