"""A candidate at two machines: pages open, write, lose their line, are moved and reloaded in every order chance makes.

Whatever the order: every word that was acknowledged can be read again, the answer that counts is that of the newest
page that wrote it, and no older page ever writes over it.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from examsite.config import load_settings
from examsite.domain.permissions import Role
from examsite.domain.saves import Save, content_of, content_text
from examsite.services.attempts import OpenJob, SaveJob, write_jobs
from examsite.services.invigilation import free_attempt, move_seat
from examsite.storage.queries.attempts import list_answers, list_versions
from tests import databases
from tests.factories.sittings import Room, make_room
from tests.faults.outcome import Outcome

ITEMS = ("E1", "E2", "Q01")
STEPS = 60


@dataclass(frozen=True)
class Size:
    """How many interleavings on each database."""

    sqlite: int = 500
    postgresql: int = 500
    seed: int = 1


SHORT = Size(sqlite=15, postgresql=0)


class LostError(AssertionError):
    """A word was lost, or written over by an older one."""


@dataclass
class Page:
    """One page in a browser: what it shows, what it has not been told of yet."""

    name: str
    epoch: int = 0
    text: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    journal: list[Save] = field(default_factory=list)


@dataclass
class Interleaving:
    """One order of events."""

    room: Room
    chance: random.Random
    seen: Counter[str]
    now: datetime
    pages: list[Page] = field(default_factory=lambda: [Page("old"), Page("new")])
    #: What the server has said it keeps: content by item, epoch and number.
    told: dict[tuple[str, int, int], str] = field(default_factory=dict)
    newest: dict[str, tuple[int, int]] = field(default_factory=dict)
    letters: int = 0

    def play(self) -> None:
        """This and that, then everything that waits is sent."""
        acts = (self.write, self.send, self.several, self.open, self.move)
        for _ in range(STEPS):
            self.now += timedelta(seconds=self.chance.uniform(0.01, 30))
            self.chance.choices(acts, (10, 7, 3, 2, 2))[0]()
            self.check()
        for page in self.pages:
            while page.journal:
                self._do([self._job(page)], [page], answered=True)
        self.check()

    def write(self) -> None:
        """Somebody types on a page; a page that was never open shows nothing to type into."""
        page = self.chance.choice(self.pages)
        if page.epoch == 0:
            return
        item = self.chance.choice(ITEMS)
        self.letters += 1
        page.text[item] = f"{page.text.get(item, '')} {page.name}{self.letters}"
        if self.chance.random() < 0.1:
            page.text[item] = f"{page.name}{self.letters}"
        number = page.numbers[item] = page.numbers.get(item, 0) + 1
        page.journal.append(Save(item=item, epoch=page.epoch, number=number, content=content_text(page.text[item])))

    def send(self) -> None:
        """A page sends what it has, maybe twice; the answer may be lost."""
        page = self.chance.choice(self.pages)
        if page.epoch:
            self._do([self._job(page)], [page], answered=self.chance.random() < 0.7)

    def open(self) -> None:
        """A page is opened, or opened anew after a reload."""
        page = self.chance.choice(self.pages)
        self._do([OpenJob(self._attempt_id, self.now)], [page], answered=True)

    def move(self) -> None:
        """The invigilator moves the candidate, or frees the seat."""
        ctx = self.room.ctx(Role.INVIGILATOR, at=self.now)
        seat = self.room.attempt().seat
        if self.chance.random() < 0.5:
            free_attempt(ctx, self.room.competition, self.room.sitting, seat=seat, reason="x")
        else:
            to = "B3" if seat != "B3" else "B2"
            move_seat(ctx, self.room.competition, self.room.sitting, seat=seat, to=to, reason="x")
        self.seen["moves"] += 1

    def several(self) -> None:
        """Both pages speak at the same time, in one commit."""
        pages = [page for page in self.pages if page.epoch]
        self.chance.shuffle(pages)
        jobs: list[Any] = [self._job(page) for page in pages]
        opening = self.chance.choice(self.pages)
        if self.chance.random() < 0.5:
            jobs.append(OpenJob(self._attempt_id, self.now))
            pages.append(opening)
        if jobs:
            self._do(jobs, pages, answered=self.chance.random() < 0.8)

    def check(self) -> None:
        """Everything told is kept, and what counts is the newest page's own word."""
        session = self.room.session
        kept = {(row.item, row.epoch, row.number): row for row in list_versions(session, self._attempt_id)}
        for key, content in self.told.items():
            if key not in kept or kept[key].content != content:
                raise LostError(f"{key} was acknowledged with {content!r} and is {kept.get(key)}")
        counting: dict[str, tuple[int, int]] = {}
        for (item, epoch, number), row in kept.items():
            if not row.set_aside:
                counting[item] = max(counting.get(item, (0, 0)), (epoch, number))
        answers = list_answers(session, self._attempt_id)
        for item, place in counting.items():
            if place < self.newest.get(item, (0, 0)):
                raise LostError(f"{item} went back from {self.newest[item]} to {place}")
            if answers[item] != content_of(kept[item, *place].content):
                raise LostError(f"{item} reads {answers[item]!r}, the newest version is {kept[item, *place].content!r}")
            self.newest[item] = place
        if set(answers) != set(counting):
            raise LostError(f"answers {set(answers)}, versions {set(counting)}")

    @property
    def _attempt_id(self) -> int:
        return self.room.attempt().id

    def _job(self, page: Page) -> SaveJob:
        saves = page.journal[: self.chance.randrange(1, 6)]
        if saves and self.chance.random() < 0.3:
            saves = [*saves, saves[0]]
        return SaveJob(self._attempt_id, tuple(saves), page.epoch, self.now)

    def _do(self, jobs: list[Any], pages: list[Page], *, answered: bool) -> None:
        session = self.room.session
        epoch_before = self.room.attempt().epoch
        counted_before = {
            (row.item, row.epoch, row.number) for row in list_versions(session, self._attempt_id) if not row.set_aside
        }
        outcomes = write_jobs(session.connection(), session, jobs, settings=self.room.settings, signer=None)
        session.expire_all()
        if not answered:
            self.seen["answers lost"] += 1
            return
        for job, page, done in zip(jobs, pages, outcomes, strict=True):
            if isinstance(job, OpenJob):
                self._opened(page, done)
                continue
            assert not isinstance(done, Exception), done
            if done.fenced != (page.epoch != epoch_before):
                raise LostError(f"{page.name} of epoch {page.epoch} in {epoch_before}: fenced is {done.fenced}")
            for save in done.saved:
                if save.epoch != epoch_before and (save.item, save.epoch, save.number) not in counted_before:
                    raise LostError(f"a page of epoch {save.epoch} wrote in {epoch_before}: {save}")
            for save in (*done.saved, *done.set_aside):
                self.told[save.item, save.epoch, save.number] = save.content
                self.seen["letters acknowledged"] += len(save.content)
                if save in page.journal:
                    page.journal.remove(save)
            if done.conflicts or done.refused:
                raise LostError(f"{done}")
            self.seen["saves kept beside"] += len(done.set_aside)
            self.seen["saves that count"] += len(done.saved)

    def _opened(self, page: Page, done: Any) -> None:
        assert not isinstance(done, Exception), done
        page.epoch = done.epoch
        page.text = {item: str(value) for item, value in done.answers.items()}
        page.numbers = {}
        self.seen["pages opened"] += 1


def play_moves(session: Session, folder: Path, seeds: range, now: datetime) -> Counter[str]:
    """Play them one after the other; raises at the first lost word, naming its seed."""
    seen: Counter[str] = Counter()
    settings = load_settings(folder / "instance", environ={})
    room = make_room(session, now, settings=settings)
    start = room.started()
    for seed in seeds:
        undo = session.begin_nested()
        try:
            Interleaving(room, random.Random(seed), seen, start).play()
        except (LostError, AssertionError) as loss:
            raise LostError(f"interleaving {seed}: {loss}") from loss
        finally:
            undo.rollback()
            session.expire_all()
    return seen


def run(size: Size = Size()) -> Outcome:
    """All of them on both databases."""
    outcome = Outcome("a candidate moves between two machines")
    total: Counter[str] = Counter()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="examsite-moves-") as name:
        folder = Path(name)
        with databases.sqlite_server(folder) as url, databases.migrated_engine(url) as engine:
            total += _play_on(engine, folder, size.sqlite, size.seed, outcome)
        if size.postgresql:
            with databases.postgresql_server() as url, databases.migrated_engine(url) as engine:
                total += _play_on(engine, folder, size.postgresql, size.seed, outcome)
    outcome.tell("interleavings", size.sqlite + size.postgresql)
    for what in sorted(total):
        outcome.tell(what, total[what])
    outcome.tell("a second", (size.sqlite + size.postgresql) / (time.monotonic() - began))
    return outcome


def _play_on(engine: Engine, folder: Path, count: int, seed: int, outcome: Outcome) -> Counter[str]:
    with databases.rolled_back_session(engine) as session:
        try:
            now = datetime.fromisoformat("2026-03-16T02:00:00+00:00")
            return play_moves(session, folder, range(seed, seed + count), now)
        except LostError as loss:
            outcome.expect(None, str(loss))
            return Counter()
