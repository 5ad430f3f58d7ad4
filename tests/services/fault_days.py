"""Days in a room on which things go wrong at random; whoever injects a fault writes down what the report must say."""

from __future__ import annotations

import heapq
import io
import itertools
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pyrage
from sqlalchemy import select

from examsite.domain.answer_files import write_answer_file
from examsite.domain.attempts import AttemptState
from examsite.domain.evidence import EvidenceKind, Noticed
from examsite.domain.permissions import Role
from examsite.domain.rooms import LostTimeState
from examsite.domain.saves import Save
from examsite.domain.sittings import seat_codes
from examsite.domain.timelines import AttemptReport
from examsite.services import incidents, invigilation, room_time
from examsite.services.answer_files import import_answer_file, keep_answer_file, recipient_of
from examsite.services.attempt_tokens import token_of_attempt
from examsite.services.attempts import HandInJob, OpenJob, SaveJob, write_jobs
from examsite.services.evidence import record_evidence
from examsite.services.outages import beat
from examsite.services.room_messages import answer_call, call_for_help
from examsite.services.room_rules import note_refused_machine
from examsite.services.sittings import close_overdue
from examsite.storage.models.rooms import LostTime
from examsite.storage.queries.rooms import find_open_call
from tests.factories.sittings import Room, add_person

#: A page that works is never silent for longer; a page that comes back after less was only opened anew. Seconds.
SPEAKS_WITHIN = 40
SILENT_AFTER = 45
GONE_AFTER = 15
ITEMS = ("E1", "E2", "Q01", "Q02")

Step = Callable[[float], None]


@dataclass
class Truth:
    """What was done to one candidate, in the words of the report."""

    number: str
    seat: str
    state: AttemptState = AttemptState.CLOSED
    saves: int = 0
    counted: int = 0
    never_arrived: int = 0
    fenced: int = 0
    late: int = 0
    carried: int = 0
    silences: int = 0
    silent_seconds: float = 0
    longest_silence_seconds: float = 0
    outages: int = 0
    outage_seconds: float = 0
    lost_waiting_seconds: int = 0
    lost_given_seconds: int = 0
    lost_refused_seconds: int = 0
    paused_seconds: int = 0
    extended_seconds: int = 0
    reopenings: int = 0
    freed: int = 0
    moved: int = 0
    kept_out: int = 0
    calls: int = 0
    longest_call_seconds: float = 0
    incidents: int = 0
    evidence: dict[str, int] = field(default_factory=dict)
    worth_a_look: int = 0
    adds_up: bool = True

    def as_report(self) -> dict[str, Any]:
        whole = ("silent_seconds", "longest_silence_seconds", "outage_seconds", "longest_call_seconds")
        return {**asdict(self), **{name: int(getattr(self, name)) for name in whole}}


class Candidate:
    """One seat: what its page does, what happens to it, and the truth about both."""

    def __init__(self, day: FaultDay, place: int) -> None:
        self.day, self.room, self.place, self.chance = day, day.room, place, day.chance
        attempt = self.room.attempt(place)
        self.id = attempt.id
        # Nobody alone gives time of an own figure to more than half of a room: each seat has a watcher of its own.
        self.own_watcher = add_person(self.room, Role.INVIGILATOR, f"V-{self.id}")
        self.truth = Truth(number=str(self.room.candidacies[place].candidate_number), seat=attempt.seat)
        self.truth.extended_seconds = attempt.added_seconds
        self.epoch = 0
        self.server_epoch = 0
        self.numbers: dict[tuple[str, int], int] = {}
        self.unheard: dict[tuple[str, int], int] = {}
        self.last_word: float = 0
        self.last_save: Save | None = None
        self.evidence_number = 0
        self.ended = False
        self.is_quiet = False
        self.pauses: list[tuple[float, float]] = []

    # --- the page ---------------------------------------------------------------------------------------------------

    def jobs(self, at: float, job: Callable[[datetime], Any]) -> Any:
        session = self.room.session
        (outcome,) = write_jobs(
            session.connection(),
            session,
            [job(self.day.instant(at))],
            settings=self.room.settings,
            signer=None,
        )
        assert not isinstance(outcome, Exception), outcome
        return outcome

    def hear(self, at: float, *, least: float = SILENT_AFTER) -> None:
        """The server hears the page that writes: whatever was longer than usual is a silence."""
        gap = at - self.last_word
        if gap > least:
            self.truth.silences += 1
            self.truth.silent_seconds += gap
            self.truth.longest_silence_seconds = max(self.truth.longest_silence_seconds, gap)
            stood = sum(max(0, min(at, end) - max(self.last_word, began)) for began, end in self.pauses)
            self.truth.lost_waiting_seconds += int(gap - stood) if gap - stood >= GONE_AFTER else 0
        self.last_word = at

    def open(self, at: float) -> None:
        self.epoch = self.server_epoch = self.jobs(at, lambda now: OpenJob(self.id, now)).epoch
        self.hear(at, least=GONE_AFTER)
        if self.epoch > 1:
            self.truth.reopenings += 1

    def send(self, at: float, *, epoch: int, late: bool = False) -> None:
        item = self.chance.choice(ITEMS)
        key = (item, epoch)
        self.numbers[key] = self.numbers.get(key, 0) + 1
        save = Save(item, epoch, self.numbers[key], json.dumps(f"chữ {at}"))
        self.jobs(at, lambda now: SaveJob(self.id, (save,), epoch, now))
        self.last_save = save
        self.truth.saves += 1
        self.truth.never_arrived += self.unheard.pop(key, 0)
        if epoch != self.server_epoch:
            self.truth.fenced += 1
        elif late:
            self.truth.late += 1
        else:
            self.truth.counted += 1
            self.hear(at)

    def save(self, at: float) -> None:
        self.send(at, epoch=self.epoch)

    def say_nothing_new(self, at: float) -> None:
        self.jobs(at, lambda now: SaveJob(self.id, (), self.epoch, now))
        self.hear(at)

    def save_again(self, at: float) -> None:
        """The answer to the last call was lost: the same save comes a second time."""
        save = self.last_save
        if save is None or save.epoch != self.epoch:
            self.say_nothing_new(at)
            return
        self.jobs(at, lambda now: SaveJob(self.id, (save,), self.epoch, now))
        self.hear(at)

    def lose_a_save(self, _at: float) -> None:
        """The line swallows a call; the page writes on and gives the next text the next number."""
        key = (self.chance.choice(ITEMS), self.epoch)
        self.numbers[key] = self.numbers.get(key, 0) + 1
        self.unheard[key] = self.unheard.get(key, 0) + 1

    def hand_in(self, at: float) -> None:
        self.jobs(at, lambda now: HandInJob(self.id, self.epoch, now))
        self.truth.state = AttemptState.HANDED_IN
        self.ended = True

    # --- the people of the room -------------------------------------------------------------------------------------

    def watcher(self, at: float) -> Any:
        return self.room.ctx(self.own_watcher, at=self.day.instant(at))

    def act(self, service: Callable[..., Any], at: float, **words: Any) -> Any:
        return service(self.watcher(at), self.room.competition, self.room.sitting, **words)

    def free(self, at: float) -> None:
        self.act(invigilation.free_attempt, at, seat=self.truth.seat, reason="máy treo")
        self.server_epoch += 1
        self.truth.freed += 1

    def move(self, at: float) -> None:
        sitting = self.room.sitting
        taken = {other.truth.seat for other in self.day.candidates}
        to = self.chance.choice([s for s in seat_codes(sitting.seat_rows, sitting.seat_columns) if s not in taken])
        self.act(invigilation.move_seat, at, seat=self.truth.seat, to=to, reason="màn hình hỏng")
        self.server_epoch += 1
        self.truth.seat = to
        self.truth.moved += 1

    def extend(self, at: float) -> None:
        minutes = self.chance.randint(1, 15)
        self.act(invigilation.extend_time, at, seat=self.truth.seat, minutes=minutes, reason="mất điện")
        self.truth.extended_seconds += minutes * 60

    def pause(self, at: float) -> None:
        self.act(room_time.pause_attempt, at, seat=self.truth.seat, reason="báo cháy")
        self.pauses.append((at, float("inf")))

    def resume(self, at: float) -> None:
        self.act(room_time.resume_attempt, at, seat=self.truth.seat)
        began, _end = self.pauses.pop()
        self.pauses.append((began, at))
        self.truth.paused_seconds += int(at - began)

    def decide(self, at: float) -> None:
        if self.day.outage and self.last_word < self.day.outage[1] <= at:
            return  # nobody decides before the page has spoken again
        lost = self.room.session.scalars(
            select(LostTime).where(LostTime.attempt_id == self.id, LostTime.state == LostTimeState.PROPOSED)
        ).all()
        for row in lost:
            proposed = row.seconds
            seconds = self.chance.choice([None, proposed, min(proposed, 60), proposed + 30])
            self.act(room_time.decide_lost_time, at, lost_time_id=row.id, seconds=seconds, reason="đã xem")
            self.truth.lost_waiting_seconds -= proposed
            if seconds is None:
                self.truth.lost_refused_seconds += proposed
            else:
                self.truth.lost_given_seconds += seconds
                self.truth.extended_seconds += seconds

    def incident(self, at: float) -> None:
        self.act(incidents.record_incident, at, seat=self.truth.seat, measure="", minutes="làm đổ nước")
        self.truth.incidents += 1

    def keep_out(self, at: float) -> None:
        self.truth.kept_out += 1
        address = f"10.0.0.{self.truth.kept_out}"
        ctx = self.room.ctx(at=self.day.instant(at))
        note_refused_machine(ctx, attempt_id=self.id, address=address, reason="machine_outside_room")
        self.room.session.flush()

    def call(self, at: float) -> None:
        self.called_at = at
        call_for_help(self.room.ctx(at=self.day.instant(at)), self.id, kind="machine", item="E1")
        self.truth.calls += 1

    def answer(self, at: float) -> None:
        call = find_open_call(self.room.session, self.id)
        assert call is not None
        self.act(answer_call, at, call_id=call.id)
        self.truth.longest_call_seconds = max(self.truth.longest_call_seconds, at - self.called_at)

    def notice(self, at: float) -> None:
        kind, milliseconds, data, worth = self.chance.choice(
            [
                (EvidenceKind.FOCUS_LOST, 3000, {}, 0),
                (EvidenceKind.FOCUS_LOST, 60_000, {}, 1),
                (EvidenceKind.PASTED, None, {"letters": 400, "own": True}, 0),
                (EvidenceKind.PASTED, None, {"letters": 400, "own": False}, 1),
                (EvidenceKind.BURST, 500, {"letters": 200}, 1),
                (EvidenceKind.RELOADED, None, {}, 0),
            ]
        )
        self.evidence_number += 1
        event = Noticed(kind, self.evidence_number, milliseconds, data)
        for _ in range(self.chance.choice([1, 1, 2])):  # the answer to the first call may be lost
            record_evidence(self.room.ctx(at=self.day.instant(at)), self.id, [event], epoch=self.epoch)
        self.truth.evidence[kind.value] = self.truth.evidence.get(kind.value, 0) + 1
        self.truth.worth_a_look += worth

    def carry(self, at: float) -> None:
        """The words of a call that the line swallowed come in a file, under the numbers that are missing."""
        missing = {key: count for key, count in self.unheard.items() if key[1] == self.epoch}
        if not missing or self.epoch != self.server_epoch:
            return
        saves = []
        for key, count in missing.items():
            saves += [
                {"item": key[0], "epoch": key[1], "number": self.numbers[key] - back, "content": "mang tay"}
                for back in range(count)
            ]
            del self.unheard[key]
        room, sitting = self.room, self.room.sitting
        body = {
            "attempt": self.id,
            "competition": room.competition.code,
            "sitting": sitting.code,
            "number": self.truth.number,
            "saved_at": "2026-03-01T02:00:00.000Z",
            "remaining_seconds": None,
            "epoch": self.epoch,
            "saves": saves,
        }
        content = write_answer_file(json.dumps(body).encode(), token_of_attempt(room.settings, self.id))
        recipient = recipient_of(room.settings, room.competition.code, sitting.code)
        data = pyrage.encrypt(content, [pyrage.x25519.Recipient.from_str(recipient)])
        token = self.act(keep_answer_file, at, stream=io.BytesIO(data))
        self.act(import_answer_file, at, token=token)
        self.truth.carried += 1

    # --- a day ------------------------------------------------------------------------------------------------------

    def day_of_faults(self) -> Iterator[tuple[float, Step]]:  # noqa: PLR0912 -- one branch for each fault
        """The steps of this seat with their instants; every fault is written into the truth when it is done."""
        chance = self.chance
        at = chance.uniform(1, 9)
        yield at, self.open
        for _ in range(chance.randint(6, 16)):
            fault = chance.choice(
                [
                    *("write", "write", "write", "again", "lost", "lost", "silent", "reload", "old page", "freed"),
                    *("moved", "kept out", "pause", "extend", "call", "incident", "evidence", "decide", "carried"),
                ]
            )
            at += chance.uniform(3, SPEAKS_WITHIN)
            if fault == "silent":
                yield at, self.save
                at += chance.uniform(50, 400)
            yield at, self.save_again if fault == "again" else self.save
            if fault == "lost":
                yield at + 1, self.lose_a_save
            elif fault == "reload":
                at += chance.choice([chance.uniform(2, 14), chance.uniform(16, 200)])
                yield at, self.open
            elif fault == "old page":
                old = self.epoch
                at += 5
                yield at, self.open
                if old:
                    yield at + 1, lambda then, old=old: self.send(then, epoch=old)
            elif fault in {"freed", "moved"}:
                yield at + 1, self.free if fault == "freed" else self.move
                if chance.random() < 0.5:
                    # The machine left behind speaks once more before the new page is there.
                    yield at + 2, lambda then: self.send(then, epoch=self.epoch)
                at += chance.uniform(4, 90)
                yield at, self.open
            elif fault == "pause":
                yield at + 1, self.pause
                for _ in range(chance.randint(1, 4)):
                    at += chance.uniform(5, SPEAKS_WITHIN)
                    yield at, self.say_nothing_new
                yield at + 1, self.resume
            elif fault == "call":
                yield at + 1, self.call
                at += chance.uniform(5, 35)
                yield at, self.answer
                yield at, self.say_nothing_new
            else:
                step = {
                    "kept out": self.keep_out,
                    "extend": self.extend,
                    "incident": self.incident,
                    "evidence": self.notice,
                    "decide": self.decide,
                    "carried": self.carry,
                }.get(fault)
                if step:
                    yield at + 1, step
        at += chance.uniform(3, 30)
        yield at, self.save
        if chance.random() < 0.4:
            yield at + 1, self.hand_in


class FaultDay:
    """One sitting with its faults, from the start to the close; instants are whole seconds from the start."""

    def __init__(self, room: Room, chance: random.Random) -> None:
        self.room, self.chance = room, chance
        for place, candidacy in enumerate(room.candidacies):
            if chance.random() < 0.3:
                candidacy.adjustments = {
                    "extra_percent": 25,
                    "decided_by_id": room.people[Role.ORGANISER].account_id,
                }
            seat = room.attempt(place).seat
            invigilation.check_in(room.ctx(Role.INVIGILATOR), room.competition, room.sitting, seat=seat)
        self.started_at = room.started()
        self.candidates = [Candidate(self, place) for place in range(len(room.candidacies))]
        # At most one outage of the server, in which nothing whatever reaches it.
        began = float(chance.randint(60, 300))
        self.outage = (began, began + chance.randint(60, 200)) if chance.random() < 0.5 else None

    def instant(self, at: float) -> datetime:
        return self.started_at + timedelta(milliseconds=round(at * 1000))

    def play(self) -> list[dict[str, Any]]:
        """Live through the day; what the report must say of each seat, in the order of seats at the start."""
        order = itertools.count()
        queue: list[tuple[float, int, Candidate, Iterator[tuple[float, Step]], Step, float]] = []

        def put(candidate: Candidate, source: Iterator[tuple[float, Step]], shift: float) -> None:
            following = next(source, None)
            if following is None:
                candidate.is_quiet = True
                return
            at, step = float(round(following[0] + shift)), following[1]
            if self.outage and self.outage[0] <= at < self.outage[1]:
                # Whoever would speak while the server is down speaks after it is back, and everything later moves too.
                shift += self.outage[1] - at + 1 + next(order) % 7
                at = float(round(following[0] + shift))
            heapq.heappush(queue, (at, next(order), candidate, source, step, shift))

        for candidate in self.candidates:
            put(candidate, candidate.day_of_faults(), 0)
        is_down, is_back = self.outage is None, self.outage is None
        last = 0.0
        while queue:
            at, _place, candidate, source, step, shift = heapq.heappop(queue)
            if not is_down and self.outage and at >= self.outage[0]:
                beat(self.room.ctx(at=self.instant(self.outage[0])), was_alive=True)
                is_down = True
            if not is_back and self.outage and at >= self.outage[1]:
                self._come_back()
                is_back = True
            step(at)
            last = max(last, at)
            put(candidate, source, shift)
        self._end(last)
        return [candidate.truth.as_report() for candidate in self.candidates]

    def _come_back(self) -> None:
        assert self.outage is not None
        beat(self.room.ctx(at=self.instant(self.outage[1])), was_alive=False)
        length = self.outage[1] - self.outage[0]
        for candidate in self.candidates:
            if not candidate.ended:
                candidate.truth.outages += 1
                candidate.truth.outage_seconds += length
            if not candidate.ended and candidate.is_quiet:
                candidate.truth.lost_waiting_seconds += int(length)  # no word of its page will say more

    def _end(self, last: float) -> None:
        """The server closes everyone; then some words come too late, from the last page or from an older one."""
        after = max(last, 20_000) + 20_000
        while close_overdue(self.room.ctx(at=self.instant(after))):
            pass
        for candidate in self.candidates:
            for _ in range(self.chance.randint(0, 3)):
                after += 1
                epoch = self.chance.choice([candidate.epoch, max(1, candidate.epoch - 1)])
                candidate.send(after, epoch=epoch, late=True)


def as_truth(report: AttemptReport) -> dict[str, Any]:
    """A line of the report in the shape of the truth."""
    return {**asdict(report), "evidence": dict(report.evidence)}
