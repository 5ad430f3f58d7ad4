"""Histories of a room made up by chance and played twice: by the product on its database, and by a plain model of time.

Starts that come late, pauses, extensions, lost time given back, steps of the server's wall clock by minutes, workers
and machines that start anew, outages, pages that move, packets that come late or wait for the database. After every
step product and model must say the same of every attempt; what is kept and what counts is compared at the end.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.config import load_settings
from examsite.domain.attempts import CLOSING_SLACK_SECONDS
from examsite.domain.errors import DomainError
from examsite.domain.permissions import Role
from examsite.domain.rooms import RequestKind
from examsite.domain.saves import Save, content_text
from examsite.domain.sittings import SittingState
from examsite.services.attempt_tokens import token_of_attempt
from examsite.services.attempts import hand_in, open_attempt, save_answers
from examsite.services.context import Actor, ServiceContext
from examsite.services.invigilation import check_in, extend_time, free_attempt
from examsite.services.outages import beat
from examsite.services.room_requests import ask_room_request, decide_room_request
from examsite.services.room_time import (
    give_lost_time,
    pause_attempt,
    pause_room,
    resume_attempt,
    resume_room,
)
from examsite.services.sittings import close_overdue, start_sitting
from examsite.storage.clock import InstallationClock
from examsite.storage.models.rooms import LostTime, RoomRequest
from examsite.storage.models.sittings import AnswerVersion, Attempt
from examsite.storage.queries.rooms import find_pulse, list_held, list_undecided
from examsite.storage.queries.sittings import list_overdue
from tests.factories.clocks import MadeUpMachine
from tests.factories.sittings import Room, add_person, make_room, read_state
from tests.faults.plain_time import SECOND, PlainAttempt

PLACES = 3
SEATS = ("A1", "A2", "A3")
#: From the beginning of a history to the planned start. Unit: microseconds.
LEAD = 60 * SECOND
HELD = 600 * SECOND
#: After how long without a sign of life the server was down. Unit: microseconds.
DOWN_AFTER = 30 * SECOND
STEPS = 34


class DiffersError(AssertionError):
    """Product and model disagree."""


@dataclass
class Stage:
    """A room that every history begins with; what a history changes is undone after it."""

    room: Room
    second: Actor
    folder: Path


def make_stage(session: Session, folder: Path, now: datetime) -> Stage:
    """A room of three whose sitting starts in a minute, its paper open, two invigilators."""
    settings = load_settings(folder / "instance", environ={})
    room = make_room(session, now, settings=settings, candidates=PLACES, starts_in=timedelta(microseconds=LEAD))
    second = add_person(room, Role.INVIGILATOR, "V02")
    room.opened()
    return Stage(room, second, folder)


class History:
    """One history in the making."""

    def __init__(self, stage: Stage, seed: int, seen: Counter[str]) -> None:
        self.chance = random.Random(seed)
        self.stage = stage
        self.room = stage.room
        self.session = stage.room.session
        self.seen = seen
        self.now = 0
        self.steps = 0
        self.is_at_edge = False
        self.machine = MadeUpMachine(stage.room.now)
        self.path = stage.folder / "clock.json"
        self.path.unlink(missing_ok=True)
        self.clock = self._new_clock()
        self.off = 0
        self.attempts = [
            PlainAttempt(length=180 * 60 * SECOND, grace=60 * SECOND, slack=CLOSING_SLACK_SECONDS * SECOND)
            for _ in range(PLACES)
        ]
        self.ids = [self.room.attempt(place).id for place in range(PLACES)]
        self.tokens = [token_of_attempt(self.room.settings, number) for number in self.ids]
        self.number = 0
        self.last_beat = 0
        self.waiting: list[tuple[int, datetime, int, Save, int]] = []
        self.returned: int | None = None
        self.given_alone: int | None = None

    # --- time -------------------------------------------------------------------------------------------------------

    def _new_clock(self) -> InstallationClock:
        def last_known() -> datetime | None:
            pulse = find_pulse(self.session)
            return None if pulse is None else pulse.at

        return InstallationClock(self.path, last_known, machine=self.machine)

    def pass_time(self, microseconds: int) -> None:
        self.now += microseconds
        self.machine.pass_microseconds(microseconds)

    def instant(self) -> datetime:
        """What the server reads, which must be what has passed in truth."""
        read = self.clock.read()
        truth = self.room.now + timedelta(microseconds=self.now)
        if read != truth:
            raise DiffersError(f"the clock reads {read}, in truth it is {truth}")
        return read

    def ctx(self, actor: Actor | Role | None = None, *, at: datetime | None = None) -> ServiceContext:
        return self.room.ctx(actor, at=at or self.instant())

    def go_on(self) -> None:
        """Some time passes: a moment, minutes, or up to somebody's end."""
        ends = [item.end() - self.now for item in self.attempts if item.state == "open" and item.started is not None]
        kind = self.chance.random()
        self.steps += 1
        if kind < 0.25 and self.now < LEAD:
            self.pass_time(max(0, LEAD - self.now + self.chance.choice((-1, 0, 1, SECOND, 10 * SECOND, 11 * SECOND))))
        elif kind < (0.4 if self.steps > STEPS * 2 // 3 else 0.06) and ends:
            edge = self.chance.choice((0, 60, 60, 60 + CLOSING_SLACK_SECONDS))
            around = self.chance.choice((-30 * SECOND, -1, 0, 1, SECOND // 2, self.chance.randrange(-90, 90) * SECOND))
            self.is_at_edge = True
            self.pass_time(max(0, self.chance.choice(ends) + edge * SECOND + around))
        elif kind < 0.8:
            self.pass_time(self.chance.randrange(20 * SECOND))
        else:
            self.pass_time(self.chance.randrange(9 * 60 * SECOND))

    # --- acts -------------------------------------------------------------------------------------------------------

    def do(self, what: str, act: Callable[[], object], *, expected: bool) -> bool:
        """One act of the product; it must be refused exactly when the model refuses it."""
        done = True
        with suppress(_UndoneError), self.session.begin_nested():
            try:
                act()
            except DomainError as refusal:
                done = False
                if expected:
                    raise DiffersError(f"{what} refused with {refusal.code} at {self.now}") from refusal
                raise _UndoneError from refusal
        if done and not expected:
            raise DiffersError(f"{what} was not refused at {self.now}")
        self.seen[what if done else f"{what}, refused"] += 1
        return done

    def save(self) -> None:
        place = self.chance.randrange(PLACES)
        plain = self.attempts[place]
        epoch = max(0, plain.epoch + self.chance.choice((0, 0, 0, 0, 0, -1, 1)))
        self.number += 1
        # The page's own clock is a day off; nothing asks for it, so it can only stand in the words.
        words = f"{self.number} lúc {self.now / SECOND + self.chance.choice((-86_400, 0, 86_400)):.3f}"
        save = Save(item="E1", epoch=epoch, number=self.number, content=content_text(words))
        if self.chance.random() < 0.3:
            self.waiting.append((place, self.instant(), self.now, save, epoch))
            return
        self._store(place, self.instant(), self.now, save, epoch)

    def store_waiting(self) -> None:
        """What has been received waits for the database, up to as long as the server waits with closing."""
        for entry in self.waiting[:]:
            if self.now - entry[2] > CLOSING_SLACK_SECONDS * SECOND or self.chance.random() < 0.5:
                self.waiting.remove(entry)
                self._store(*entry)

    def _store(self, place: int, received_at: datetime, received: int, save: Save, epoch: int) -> None:
        plain = self.attempts[place]
        was_open, was_in_time = plain.state == "open", plain.started is not None and plain.in_time(received)
        expected = plain.started is not None and plain.save(save.item, save.number, epoch=epoch, received=received)
        if plain.started is None:
            return
        ctx = self.ctx(at=received_at)
        with self.session.begin_nested():
            done = save_answers(ctx, self.tokens[place], [save], page_epoch=epoch)
        if bool(done.saved) != expected or len(done.saved) + len(done.set_aside) != 1:
            raise DiffersError(f"save of {received} at {self.now}: {done}, expected to count: {expected}")
        if done.saved and not (was_open and was_in_time):
            raise DiffersError(f"accepted after the end: {received}")
        self.seen["saves that count" if expected else "saves kept beside"] += 1

    def open_page(self) -> None:
        place = self.chance.randrange(PLACES)
        plain = self.attempts[place]
        ctx = self.room.ctx(self.room.candidacies[place], at=self.instant())
        allowed = plain.may_open(self.now)
        if self.do("page opened", lambda: open_attempt(ctx), expected=allowed):
            plain.epoch += 1
            plain.came = self.now if plain.came is None else plain.came

    def hand_in(self) -> None:
        place = self.chance.randrange(PLACES)
        plain = self.attempts[place]
        epoch = plain.epoch - (self.chance.random() < 0.2)
        allowed = plain.may_hand_in(self.now, epoch)
        act = partial(hand_in, self.ctx(), self.tokens[place], page_epoch=epoch)
        if self.do("hand-in", act, expected=allowed):
            plain.state, plain.standing_since = "handed_in", None

    def check_in(self) -> None:
        place = self.chance.randrange(PLACES)
        plain = self.attempts[place]
        allowed = plain.is_here or (
            plain.state not in ("absent",)
            and self.sitting_state() is not SittingState.CLOSED
            and plain.may_be_let_in(self.now)
        )
        if self.do("check-in", lambda: check_in(*self.where(), seat=SEATS[place]), expected=allowed):
            plain.is_here = True

    def pause(self) -> None:
        place = self.chance.randrange(PLACES)
        plain = self.attempts[place]
        allowed = plain.state == "open" and plain.standing_since is None
        act = partial(pause_attempt, *self.where(), seat=SEATS[place], reason="x")
        if self.do("pause", act, expected=allowed):
            plain.stand(self.now)

    def resume(self) -> None:
        place = self.chance.randrange(PLACES)
        plain = self.attempts[place]
        allowed = plain.state == "open" and plain.standing_since is not None
        if self.do("resume", lambda: resume_attempt(*self.where(), seat=SEATS[place]), expected=allowed):
            plain.run_on(self.now)

    def pause_room(self) -> None:
        running = [item for item in self.attempts if item.state == "open" and item.standing_since is None]
        if self.do("pause of the room", lambda: pause_room(*self.where(), reason="x"), expected=bool(running)):
            for item in running:
                item.stand(self.now)

    def resume_room(self) -> None:
        standing = [item for item in self.attempts if item.state == "open" and item.standing_since is not None]
        if self.do("resume of the room", lambda: resume_room(*self.where()), expected=bool(standing)):
            for item in standing:
                item.run_on(self.now)

    def extend(self) -> None:
        place = self.chance.randrange(PLACES)
        plain = self.attempts[place]
        minutes = self.chance.randrange(1, 20)
        # Of three in a room one person alone gives time of an own figure to one.
        allowed = plain.state in ("seated", "open") and self.given_alone in (None, place)
        act = partial(extend_time, *self.where(), seat=SEATS[place], minutes=minutes, reason="x")
        if self.do("extension", act, expected=allowed):
            self.given_alone = place
            plain.give(minutes * 60)

    def extend_room(self) -> None:
        if self.sitting_state() is not SittingState.STARTED:
            return
        minutes = self.chance.randrange(1, 20)
        if self.session.scalars(select(RoomRequest.id).where(RoomRequest.state == "asked")).first() is not None:
            return
        request = ask_room_request(*self.where(), kind=RequestKind.EXTEND_ROOM, minutes=minutes, reason="x")
        working = [item for item in self.attempts if item.state == "open"]
        decide = partial(decide_room_request, competition=self.room.competition, request_id=request.id, approve=True)
        alone, together = self.ctx(Role.INVIGILATOR), self.ctx(self.stage.second)
        self.do("time for the room, alone", partial(decide, alone), expected=False)
        second = partial(decide, together)
        if self.do("time for the room", second, expected=bool(working)):
            for item in working:
                item.give(minutes * 60)

    def move(self) -> None:
        place = self.chance.randrange(PLACES)
        plain = self.attempts[place]
        act = partial(free_attempt, *self.where(), seat=SEATS[place], reason="x")
        if self.do("move", act, expected=plain.state == "open"):
            plain.epoch += 1

    def give_back(self) -> None:
        """An invigilator gives back what is proposed at one seat."""
        for lost in list_undecided(self.session, self.room.sitting.id)[:1]:
            place = self.ids.index(lost.attempt_id)
            plain = self.attempts[place]
            given: list[int] = []

            def act(lost: LostTime = lost, given: list[int] = given) -> None:
                decided = give_lost_time(*self.where(), lost_time_id=lost.id)
                given.append(decided.given_seconds or 0)

            if lost.seconds <= 240 * 60 - 15 * 60 and self.do("lost time", act, expected=plain.state == "open"):
                plain.give(given[0])

    def step_wall_clock(self) -> None:
        off = self.chance.randrange(-300, 301)
        self.machine.shown += timedelta(seconds=off - self.off)
        self.off = off
        self.seen["steps of the wall clock"] += 1

    def restart(self) -> None:
        """A worker starts anew, or after a power cut the whole machine, its wall clock set right."""
        if self.chance.random() < 0.3:
            self.machine.shown += timedelta(seconds=-self.off)
            self.off = 0
            self.go_down(self.chance.randrange(5, 900) * SECOND, machine=True)
        else:
            self.clock = self._new_clock()
            self.seen["workers started anew"] += 1

    def outage(self) -> None:
        self.go_down(self.chance.randrange(5, 1200) * SECOND, machine=False)

    def go_down(self, length: int, *, machine: bool) -> None:
        if self.waiting:
            return
        self.pass_time(length)
        if machine:
            self.machine.boots += 1
            self.machine.counted = min(length, 4 * SECOND) * 1000
        self.clock = self._new_clock()
        self.give_sign(was_alive=False)
        self.seen["machine restarts" if machine else "outages"] += 1

    def give_sign(self, *, was_alive: bool) -> None:
        gap = self.now - self.last_beat
        found = beat(self.ctx(), was_alive=was_alive)
        is_down = not was_alive and gap > DOWN_AFTER and self.sitting_state() is SittingState.STARTED
        if (found is not None) != is_down:
            raise DiffersError(f"outage found: {found}, gap {gap}, expected {is_down}")
        if found is not None:
            self.returned = self.now
        self.last_beat = self.now

    def tick(self) -> None:
        """One round of the server's closer."""
        self.give_sign(was_alive=True)
        if self.sitting_state() is SittingState.SCHEDULED:
            due = self.now >= LEAD
            if self.do("start", lambda: start_sitting(self.ctx(), self.room.sitting.id), expected=due):
                for item in self.attempts:
                    item.start(LEAD, self.now)
        held = list_held(self.session, self.room.sitting.id, self.instant())
        if held and (self.returned is None or self.now >= self.returned + HELD):
            raise DiffersError("held without an outage")
        over = [item for number, item in zip(self.ids, self.attempts, strict=True) if item.is_over(self.now)]
        kept = [item for number, item in zip(self.ids, self.attempts, strict=True) if number in held]
        closing = [item for item in over if not any(item is other for other in kept)]
        working = [item for item in self.attempts if item.state == "open"]
        is_ending = self.sitting_state() is SittingState.STARTED and (len(closing) > 0 or not working)
        if bool(list_overdue(self.session, self.instant())) != is_ending:
            raise DiffersError(f"something to close at {self.now}: expected {is_ending}")
        while (is_ending or self.chance.random() < 0.1) and close_overdue(self.ctx()):
            pass
        for item in closing:
            item.close()
        self.seen["closed by the server"] += len(closing)
        self.seen["held after an outage"] += len(over) - len(closing)

    def look(self) -> None:
        """Product and model say the same of everyone."""
        rows = self.session.execute(
            select(Attempt.state, Attempt.epoch, Attempt.added_seconds).order_by(Attempt.id)
        ).all()
        for place, (state, epoch, added) in enumerate(rows):
            plain = self.attempts[place]
            if (state.value, epoch, added) != (plain.state, plain.epoch, plain.added):
                raise DiffersError(f"{SEATS[place]} at {self.now}: {state} {epoch} {added}, expected {plain}")
        place = self.chance.randrange(PLACES)
        plain = self.attempts[place]
        view = read_state(self.ctx(), self.tokens[place])
        left = plain.left(self.now)
        if view.remaining_seconds != round(left / SECOND, 3):
            raise DiffersError(f"{SEATS[place]} at {self.now}: {view.remaining_seconds} left, expected {left}")

    # --- the whole --------------------------------------------------------------------------------------------------

    ACTS = (
        *((save, 9), (open_page, 4), (tick, 8), (hand_in, 1), (check_in, 1), (pause, 2), (resume, 3), (pause_room, 1)),
        *((resume_room, 2), (extend, 2), (extend_room, 1), (move, 1), (give_back, 2), (step_wall_clock, 3)),
        *((restart, 2), (outage, 2)),
    )

    #: Where a microsecond decides, what it decides about.
    AT_AN_EDGE = (save, save, save, open_page, hand_in, tick, tick, extend, pause, resume)

    def play(self) -> None:
        """Begin, do this and that, end."""
        acts = [act for act, _weight in self.ACTS]
        weights = [weight for _act, weight in self.ACTS]
        self.give_sign(was_alive=True)
        for _ in range(STEPS):
            if all(item.state not in ("seated", "open") for item in self.attempts) and self.chance.random() < 0.3:
                break
            self.go_on()
            self.store_waiting()
            (act,) = self.chance.choices(
                self.AT_AN_EDGE if self.is_at_edge else acts, None if self.is_at_edge else weights
            )
            self.is_at_edge = False
            act(self)
            if self.chance.random() < 0.5:
                self.tick()
            self.look()
        self._end()

    def _end(self) -> None:
        """Everyone ends in time, and what counts is what the model says."""
        self.waiting.clear()
        if any(item.standing_since is not None and item.state == "open" for item in self.attempts):
            self.resume_room()
        if self.attempts[0].started is not None:
            self.pass_time(max(0, max(item.end() for item in self.attempts) - self.now) + 2 * HELD)
            self.tick()
            self.look()
        stored = self.session.execute(
            select(
                AnswerVersion.attempt_id,
                AnswerVersion.item,
                AnswerVersion.epoch,
                AnswerVersion.number,
                AnswerVersion.set_aside,
            )
        ).all()
        found = {(row.attempt_id, row.item, row.epoch, row.number): not row.set_aside for row in stored}
        expected = {
            (number, *key): save.counts
            for number, item in zip(self.ids, self.attempts, strict=True)
            for key, save in item.saves.items()
        }
        if found != expected:
            raise DiffersError(f"kept {found}, expected {expected}")

    def where(self) -> tuple[ServiceContext, object, object]:
        return self.ctx(Role.INVIGILATOR), self.room.competition, self.room.sitting  # type: ignore[return-value]

    def sitting_state(self) -> SittingState:
        return self.room.sitting.state


class _UndoneError(Exception):
    """Takes back what a refused act had begun."""
