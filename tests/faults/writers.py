"""Candidates at machines that never give up: they type, keep a journal, send, and note what was acknowledged.

Each version of an answer has its own number and its own text. What is not acknowledged stays in the journal and is
sent again with jitter, without end, as the test page does. The ledger of all of it is compared with the database.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from tests.bench.http_client import Answer, Connection
from tests.bench.installation import Candidate
from tests.faults.exam import Exam, StoredVersion
from tests.faults.outcome import Outcome

ITEMS = ("E1", "E2", "Q01", "Q02")
SENTENCE = "Trước hết, tôi tách hai việc đang bị gộp làm một: tiến độ chậm và mâu thuẫn giữa hai chuyên viên. "
BROKEN = (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError, ValueError, IndexError, KeyError)
#: Most versions in one call, as the test page sends them.
BATCH = 64
START_PATIENCE_SECONDS = 30


@dataclass(frozen=True)
class Version:
    """One save on its way."""

    item: str
    epoch: int
    number: int
    content: str

    @property
    def key(self) -> tuple[str, int, int]:
        return self.item, self.epoch, self.number


@dataclass
class Writer:
    """One candidate at a machine, with the journal and the ledger of it."""

    candidate: Candidate
    #: What the page of the candidate is given when it comes up.
    token: str
    connection: Connection
    chance: random.Random
    #: How long a call may go without an answer. Unit: seconds.
    patience_seconds: float = 10.0
    #: Longest pause before the next try. Unit: seconds.
    backoff_seconds: float = 0.5
    epoch: int = 0
    length: int = 400
    numbers: dict[str, int] = field(default_factory=dict)
    #: The journal: typed, not yet acknowledged.
    waiting: dict[tuple[str, int, int], Version] = field(default_factory=dict)
    #: Everything that was ever typed.
    typed: dict[tuple[str, int, int], str] = field(default_factory=dict)
    acknowledged: dict[tuple[str, int, int], str] = field(default_factory=dict)
    failures: Counter[str] = field(default_factory=Counter)
    #: Promises that an answer broke, in words.
    complaints: list[str] = field(default_factory=list)
    #: The last answer to a save.
    said: dict = field(default_factory=dict)
    #: Whether the server has acknowledged the hand-in.
    has_handed_in: bool = False

    async def open(self) -> dict:
        """Take over the attempt, as a page does when it comes up; gives what the server holds."""
        began = time.monotonic()
        while True:
            answer = await self._call("POST", "/api/attempts/open")
            if answer.status == 200:
                opened: dict = json.loads(answer.body)
                self.epoch = opened["epoch"]
                self.numbers = {
                    item: held["number"] for item, held in opened["held"].items() if held["epoch"] == self.epoch
                }
                return opened
            if time.monotonic() - began > START_PATIENCE_SECONDS:
                raise AssertionError(f"not opened: {answer.status} {answer.text[:200]}")
            await asyncio.sleep(0.2)

    # ---------------------------------------------------------------------------------------------------- writing

    def type(self) -> Version:
        """One more version of an answer goes into the journal."""
        item = self.chance.choice(ITEMS)
        self.numbers[item] = number = self.numbers.get(item, 0) + 1
        name = f"{self.candidate.number} {item} {self.epoch}.{number}"
        begin = self.chance.randrange(len(SENTENCE))
        text = f"{name}: {(SENTENCE * (self.length // len(SENTENCE) + 2))[begin : begin + self.length]}"
        version = Version(item, self.epoch, number, text.strip() if item.startswith("E") else name)
        self.waiting[version.key] = version
        self.typed[version.key] = version.content
        return version

    async def send(self) -> bool:
        """Everything that waits, oldest first; gives whether the server answered."""
        batch = list(self.waiting.values())[:BATCH]
        rows = [{"item": one.item, "epoch": one.epoch, "number": one.number, "content": one.content} for one in batch]
        body = json.dumps({"epoch": self.epoch, "saves": rows}, ensure_ascii=False).encode()
        try:
            answer = await self._call("POST", "/api/attempts/saves", body)
            if answer.status != 200:
                self.failures[f"status {answer.status}"] += 1
                return False
            self._take(json.loads(answer.body))
        except BROKEN as error:
            self.failures[type(error).__name__] += 1
            self.connection.close()
            return False
        return True

    def _take(self, said: dict) -> None:
        self.said = said
        for done in said["saved"]:
            key = done["item"], done["epoch"], done["number"]
            if key in self.typed and key not in self.acknowledged:
                self.acknowledged[key] = self.typed[key]
            self.waiting.pop(key, None)
        for kind in ("set_aside", "conflicts"):
            for done in said[kind]:
                self.waiting.pop((done["item"], done["epoch"], done["number"]), None)
                self.complaints.append(f"{kind}: {self.candidate.number} {done}")

    async def check_held(self) -> None:
        """The server holds at least what it has acknowledged: nothing goes back."""
        newest: dict[str, tuple[int, int]] = {}
        for item, epoch, number in self.acknowledged:
            newest[item] = max(newest.get(item, (0, 0)), (epoch, number))
        try:
            answer = await self._call("GET", "/api/attempts/state")
            if answer.status != 200:
                return
            held = {item: (at["epoch"], at["number"]) for item, at in json.loads(answer.body)["held"].items()}
        except BROKEN:
            self.connection.close()
            return
        for item, at in newest.items():
            if held.get(item, (0, 0)) < at:
                self.complaints.append(f"went back: {self.candidate.number} {item} {at} to {held.get(item)}")

    async def write(self, enough: Callable[[], bool], *, every_seconds: float) -> None:
        """Type until it is enough, then send until nothing waits; after a failed call pause with full jitter."""
        failed = 0
        await asyncio.sleep(self.chance.random() * every_seconds)
        while self.waiting or not enough():
            if not enough():
                self.type()
            if await self.send():
                failed = 0
                if self.chance.random() < 0.1:
                    await self.check_held()
                await asyncio.sleep(every_seconds * (0.5 + self.chance.random()))
            else:
                failed += 1
                await asyncio.sleep(self.chance.random() * min(self.backoff_seconds, 0.05 * 2 ** min(failed, 10)))

    async def hand_in(self) -> bool:
        """Gives whether the server acknowledged the hand-in."""
        try:
            body = json.dumps({"epoch": self.epoch}).encode()
            answer = await self._call("POST", "/api/attempts/hand-in", body)
        except BROKEN:
            self.connection.close()
            return False
        return answer.status == 200 and json.loads(answer.body)["state"] == "handed_in"

    async def _call(self, method: str, path: str, body: bytes = b"") -> Answer:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        async with asyncio.timeout(self.patience_seconds):
            return await self.connection.request(method, path, body=body, headers=headers)

    @property
    def texts(self) -> dict[str, str]:
        """What stands on this machine's page: the newest version of each answer."""
        newest = {item: (epoch, number) for item, epoch, number in sorted(self.typed)}
        return {item: self.typed[item, *at] for item, at in newest.items()}


def seat(exam: Exam, port: int | None = None, **options: float) -> list[Writer]:
    """A machine for each candidate, on the server's port or on that of a line to it; the same choices in every run."""
    tokens = exam.tokens()
    return [
        Writer(candidate, tokens[candidate.number], Connection(port or exam.port), random.Random(number), **options)  # type: ignore[arg-type]
        for number, candidate in enumerate(exam.candidates)
    ]


async def come_in(writers: Sequence[Writer], exam: Exam) -> None:
    """The sitting starts, all open."""
    await asyncio.to_thread(exam.begin)
    await asyncio.gather(*(writer.open() for writer in writers))


async def write_all(writers: Sequence[Writer], enough: Callable[[], bool], *, every_seconds: float) -> None:
    """Everyone types until it is enough, and nobody stops before the own journal is empty."""
    await asyncio.gather(*(writer.write(enough, every_seconds=every_seconds) for writer in writers))


@dataclass
class Comparison:
    """What the ledgers and the database say of each other; every list is empty when all promises were kept."""

    acknowledged: int = 0
    stored: int = 0
    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    not_newest: list[str] = field(default_factory=list)

    @property
    def problems(self) -> list[str]:
        """One sentence for each kind of broken promise."""
        kinds = {
            "acknowledged and lost": self.lost,
            "stored twice": self.twice,
            "stored with another text": self.changed,
            "stored and never typed": self.unknown,
            "current without being the newest": self.not_newest,
        }
        return [f"{len(found)} {kind}, such as {found[0]}" for kind, found in kinds.items() if found]


def compare(writers: Iterable[Writer], versions: Sequence[StoredVersion], *, is_drained: bool = True) -> Comparison:
    """The ledgers beside everything that the database holds."""
    result = Comparison(stored=len(versions))
    rows: dict[str, dict[tuple[str, int, int], StoredVersion]] = {}
    for row in versions:
        own = rows.setdefault(row.candidate, {})
        key = row.item, row.epoch, row.number
        if key in own:
            result.twice.append(f"{row.candidate} {key}")
        own[key] = row
    for writer in writers:
        name = writer.candidate.number
        own = rows.get(name, {})
        result.acknowledged += len(writer.acknowledged)
        result.lost += [f"{name} {key}" for key in writer.acknowledged if key not in own]
        result.unknown += [f"{name} {key}" for key in own if key not in writer.typed]
        result.changed += [
            f"{name} {key}"
            for key, row in own.items()
            if key in writer.typed and json.loads(row.content) != writer.typed[key]
        ]
        if not is_drained:
            continue
        current: dict[str, tuple[int, int]] = {}
        for item, epoch, number in own:
            if not own[item, epoch, number].set_aside:
                current[item] = max(current.get(item, (0, 0)), (epoch, number))
        for item, text in writer.texts.items():
            at = current.get(item)
            if at is None or json.loads(own[item, *at].content) != text:
                result.not_newest.append(f"{name} {item} {at}")
    return result


async def check_answers(writers: Sequence[Writer]) -> list[str]:
    """What the server gives a page that comes up now is what stands on each machine; the pages are taken over."""
    wrong = []
    for writer in writers:
        expected = writer.texts
        opened = await writer.open()
        answers = {item: opened["answers"].get(item) for item in expected}
        if answers != expected:
            wrong.append(f"{writer.candidate.number}: {[item for item in expected if answers[item] != expected[item]]}")
    return wrong


def tell_ledger(outcome: Outcome, writers: Sequence[Writer], found: Comparison) -> None:
    """What every fault reports of its writers."""
    outcome.tell("saves acknowledged", found.acknowledged)
    outcome.tell("lost", len(found.lost))
    outcome.tell("stored twice", len(found.twice))
    outcome.tell("calls that failed", sum(sum(writer.failures.values()) for writer in writers))
    outcome.broken += found.problems
    complaints = [sentence for writer in writers for sentence in writer.complaints]
    outcome.tell("went back", sum(sentence.startswith("went back") for sentence in complaints))
    if complaints:
        outcome.broken.append(f"{len(complaints)} complaints of writers, such as {complaints[0]}")
    outcome.expect(found.acknowledged == sum(len(writer.typed) for writer in writers), "not everything arrived")
