"""A room in the middle of its test: who is silent, who calls, what lies before the invigilators. Invented, but played.

Everything happens through the services at its own instant, as in a real room; seats are chosen by place in the list, so
that a small room has fewer of the stories and a large one has them all.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from examsite.cli.demonstration.machines import Machine
from examsite.cli.demonstration.play import MINUTE, Play
from examsite.cli.demonstration.portraits import portrait
from examsite.domain.papers import Paper, paper_from_data
from examsite.domain.permissions import Role
from examsite.domain.rooms import HelpKind, RequestKind
from examsite.domain.saves import Save
from examsite.services import attempts, incidents, invigilation, room_messages, room_requests, room_time, sittings
from examsite.services.context import Actor, ServiceContext
from examsite.services.photos import receive_photo
from examsite.services.uploads import add_upload
from examsite.storage.queries.rooms import list_proposed_losses
from examsite.storage.queries.sittings import list_attempts, list_sittings, opened_papers

SECOND = timedelta(seconds=1)

#: Since when the test runs when the demonstration is made.
RUNNING_FOR = 48 * MINUTE

#: Places in the list of the room to whom something happens; everybody else writes calmly.
ABSENT = (12, 31)
LATE = 20
HANDED_IN = (5, 40)
TALKING = 8
TELEPHONE = 27
SILENT = 22
CALLING = 33
LOST = 17
GIVEN_BACK = 50
LONGER = 36
MOVED = 14
PAUSED = 47
#: Those whose photo was taken at check-in: it takes a moment to draw each anew.
PHOTOGRAPHED = (0, TALKING, MOVED, SILENT, CALLING)

WATCHER, SECOND_WATCHER = "coithi", "coithi2"


@dataclass
class _Page:
    """The test page of one candidate: what it has saved so far."""

    attempt_id: int
    token: str
    epoch: int
    actor: Actor
    answers: list[tuple[str, str]]
    essay: str
    numbers: dict[str, int] = field(default_factory=dict)


class LivelyRoom:
    """The first room of the running test."""

    def __init__(self, play: Play) -> None:
        """Prepare the room of this play; nobody has come yet."""
        self.play = play
        self.session = play.session
        self.starts_at = play.plan.written_at
        self.competition = play.competition
        self.sitting: Any = list_sittings(self.session, self.competition.id)[0]
        self.attempts = list_attempts(self.session, self.sitting.id)
        self.seats = [item.seat for item in self.attempts]
        self.pages: dict[int, _Page] = {}
        self.paper: Paper | None = None
        self._planned: list[tuple[datetime, int, Callable[[datetime], Any]]] = []

    def happen(self) -> list[Machine]:
        """Everything from the opened door to the present instant, in the order of time; the machines that go on."""
        self._people_come()
        self._at(timedelta(), lambda now: sittings.start_sitting(self.play.director.context(now), self.sitting.id))
        self._people_write()
        self._things_happen()
        for at, _number, step in sorted(self._planned, key=lambda item: item[:2]):
            step(at)
        calm = [page for place, page in self.pages.items() if place not in (SILENT, PAUSED, *HANDED_IN)]
        return [Machine(page.attempt_id, page.epoch, page.essay, 0, page.answers) for page in calm]

    # ---------------------------------------------------------------------------------------------- at an instant

    def _at(self, since_start: timedelta, step: Callable[[datetime], Any]) -> None:
        self._planned.append((self.starts_at + since_start, len(self._planned), step))

    def _watched(self, since_start: timedelta, step: Callable[[ServiceContext], Any], login: str = WATCHER) -> None:
        """Something that an invigilator does."""
        self._at(since_start, lambda now: step(self.play.by(login, Role.INVIGILATOR, now)))

    def _at_place(self, place: int, since_start: timedelta, step: Callable[[ServiceContext, str], Any]) -> None:
        """Something that an invigilator does at the seat of somebody; nothing where the room is smaller."""
        if place < len(self.seats):
            self._watched(since_start, lambda ctx: step(ctx, self.seats[place]))

    # ------------------------------------------------------------------------------------------------- everybody

    def _people_come(self) -> None:
        for place in range(len(self.seats)):
            if place in ABSENT:
                continue
            since = 6 * MINUTE if place == LATE else timedelta(minutes=-35, seconds=place * 23)
            self._watched(since, partial(self._check_in, place))

    def _check_in(self, place: int, ctx: ServiceContext) -> None:
        photo = None
        if place in PHOTOGRAPHED:
            uploads_path = self.play.director.settings.uploads_path
            received = receive_photo(uploads_path, io.BytesIO(portrait(place)), f"{self.seats[place]}.png")
            photo = add_upload(ctx, received)
        seat, came_late = self.seats[place], place == LATE
        invigilation.check_in(ctx, self.competition, self.sitting, seat=seat, photo=photo, came_late=came_late)

    def _people_write(self) -> None:
        for place in range(len(self.seats)):
            if place in ABSENT:
                continue
            opened = 6 * MINUTE + 8 * SECOND if place == LATE else (1 + place % 5) * SECOND
            self._at(opened, partial(self._open, place))
            for share, since in ((4, 12 * MINUTE), (3, 26 * MINUTE)):
                self._at(since + place * SECOND, partial(self._save, place, share))
            if place not in (SILENT, PAUSED, *HANDED_IN):
                last = RUNNING_FOR - (2 + place * 7 % 11) * SECOND
                self._at(last, partial(self._save, place, 2 + place % 9))

    def _open(self, place: int, now: datetime) -> None:
        attempt = self.attempts[place]
        actor = Actor(attempt.candidacy.account_id, Role.CANDIDATE, candidacy_id=attempt.candidacy_id)
        opened = attempts.open_attempt(self.play.director.context(now, actor))
        known = self.pages.get(place)
        answers = known.answers if known else self._answers(attempt)
        essay = known.essay if known else answers[0][1]
        self.pages[place] = _Page(attempt.id, opened.token, opened.clock.epoch, actor, answers, essay)

    def _answers(self, attempt: Any) -> list[tuple[str, str]]:
        """What this candidate will have answered, essays first, as JSON text."""
        saves = self.play.answers(self._paper(), attempt.candidacy.full_name, 1)
        return sorted(((save.item, save.content) for save in saves), key=lambda one: not one[0].startswith("E"))

    def _paper(self) -> Paper:
        """The paper in front of everyone; this competition fills one post."""
        if self.paper is None:
            (opened,) = opened_papers(self.session, self.sitting.id)[0].values()
            self.paper = paper_from_data(opened.data)
        return self.paper

    def _save(self, place: int, count: int, now: datetime, *, was_heard: bool = True) -> None:
        """Save so many more answers; the page has given signs of life until now, unless it was cut off."""
        page = self.pages[place]
        if was_heard:
            self.attempts[place].last_seen_at = now - 4 * SECOND
            self.session.flush()
        saves = []
        for item, content in page.answers[:count]:
            page.numbers[item] = page.numbers.get(item, 0) + 1
            saves.append(Save(item=item, epoch=page.epoch, number=page.numbers[item], content=content))
        page.answers = page.answers[count:]
        ctx = self.play.director.context(now, page.actor)
        attempts.save_answers(ctx, page.token, saves, page_epoch=page.epoch)

    # ---------------------------------------------------------------------------------------------------- stories

    def _things_happen(self) -> None:
        self._watched(
            9 * MINUTE,
            lambda ctx: room_messages.send_message(
                ctx,
                self.competition,
                self.sitting,
                seat=None,
                text="Nhắc cả phòng: ai cần giấy nháp thì giơ tay, cán bộ coi thi mang tới.",
            ),
        )
        for place in ABSENT:
            self._at_place(place, 11 * MINUTE, self._note_absence)
        self._somebody_moves()
        self._time_is_lost()
        self._incidents()
        for place in HANDED_IN:
            if place < len(self.seats):
                self._at(44 * MINUTE + place * SECOND, partial(self._hand_in, place))
        self._at_place(
            LONGER,
            MINUTE,
            lambda ctx, seat: invigilation.extend_time(
                ctx, self.competition, self.sitting, seat=seat, minutes=30, reason="Hỗ trợ riêng đã duyệt trước kỳ thi"
            ),
        )
        self._at_place(
            PAUSED,
            RUNNING_FOR - 95 * SECOND,
            lambda ctx, seat: room_time.pause_attempt(
                ctx, self.competition, self.sitting, seat=seat, reason="Thí sinh chóng mặt, ra ngoài cùng cán bộ y tế"
            ),
        )
        if len(self.seats) > CALLING:
            self._at(RUNNING_FOR - 52 * SECOND, self._call)
        self._watched(
            45 * MINUTE,
            lambda ctx: invigilation.hand_over_room(
                ctx,
                self.competition,
                self.sitting,
                handed_to="Đinh Thị Thu Hà",
                text="Bàn giao nửa phòng phía cửa sổ. Chú ý chỗ đã báo mất đường truyền hai lần.",
            ),
        )
        self._watched(
            RUNNING_FOR - 30 * SECOND,
            lambda ctx: room_requests.ask_room_request(
                ctx,
                self.competition,
                self.sitting,
                kind=RequestKind.EXTEND_ROOM,
                minutes=5,
                reason="Công trường bên cạnh đóng cọc, cả phòng phải dừng viết khoảng 5 phút",
            ),
            SECOND_WATCHER,
        )

    def _note_absence(self, ctx: ServiceContext, seat: str) -> None:
        invigilation.note_absence(ctx, self.competition, self.sitting, seat=seat)

    def _call(self, now: datetime) -> None:
        page = self.pages[CALLING]
        ctx = self.play.director.context(now, page.actor)
        room_messages.call_for_help(ctx, page.attempt_id, kind=HelpKind.PAPER.value, item="Q12")

    def _hand_in(self, place: int, now: datetime) -> None:
        self._save(place, 99, now - 5 * SECOND)
        page = self.pages[place]
        attempts.hand_in(self.play.director.context(now, page.actor), page.token, page_epoch=page.epoch)

    def _somebody_moves(self) -> None:
        """A keyboard fails; the old machine sends one more word, which is kept beside."""
        if len(self.seats) <= MOVED:
            return
        taken = set(self.seats)
        rows, columns = self.sitting.seat_rows, self.sitting.seat_columns
        every = [f"{chr(ord('A') + row)}{column}" for row in range(rows) for column in range(1, columns + 1)]
        free = [seat for seat in every if seat not in taken]
        if not free:
            return

        def move(ctx: ServiceContext) -> None:
            old = self.pages[MOVED]
            invigilation.move_seat(
                ctx,
                self.competition,
                self.sitting,
                seat=self.seats[MOVED],
                to=free[0],
                reason="Bàn phím hỏng phím dấu",
            )
            self.seats[MOVED] = free[0]
            following = old.numbers.get("E1", 0) + 1
            unfinished = json.dumps("Câu viết dở ở máy cũ, gửi muộn.")
            stray = Save(item="E1", epoch=old.epoch, number=following, content=unfinished)
            later = self.play.director.context(ctx.now + 6 * SECOND, old.actor)
            attempts.save_answers(later, old.token, [stray], page_epoch=old.epoch)

        self._watched(15 * MINUTE, move)
        self._at(15 * MINUTE + 12 * SECOND, lambda now: self._open(MOVED, now))

    def _time_is_lost(self) -> None:
        """Two cables: one loss was given back, one waits; a third machine is silent now."""
        for place, since, seconds in ((GIVEN_BACK, 20 * MINUTE, 185), (LOST, 40 * MINUTE, 220)):
            if place >= len(self.seats):
                continue
            self._at(since, partial(self._save, place, 1))
            self._at(since + seconds * SECOND, partial(self._save, place, 1, was_heard=False))
        if len(self.seats) > GIVEN_BACK:
            self._watched(25 * MINUTE, self._give_back)
        if len(self.seats) > SILENT:
            self._at(RUNNING_FOR - 67 * SECOND, lambda now: self._save(SILENT, 2, now))

    def _give_back(self, ctx: ServiceContext) -> None:
        for loss in list_proposed_losses(self.session, self.sitting, ctx.now):
            room_time.give_lost_time(ctx, self.competition, self.sitting, lost_time_id=loss.lost.id)

    def _incident(self, measure: str, minutes: str, ctx: ServiceContext, seat: str) -> None:
        incidents.record_incident(
            ctx,
            self.competition,
            self.sitting,
            seat=seat,
            measure=measure,
            minutes=minutes,
            witnesses="Hai thí sinh ngồi gần",
        )

    def _incidents(self) -> None:
        stories = (
            (TALKING, 30, "reprimand", "Trao đổi với người bên cạnh sau khi đã được nhắc một lần."),
            (TELEPHONE, 41, "warning", "Điện thoại reo trong túi áo; đã tắt nguồn, niêm phong trước mặt thí sinh."),
        )
        for place, minute, measure, minutes in stories:
            self._at_place(place, minute * MINUTE, partial(self._incident, measure, minutes))
        self._watched(
            46 * MINUTE,
            lambda ctx: incidents.record_incident(
                ctx,
                self.competition,
                self.sitting,
                seat=None,
                measure="",
                minutes="Công trường bên cạnh đóng cọc từ 46 phút sau giờ bắt đầu, đã báo hội đồng.",
            ),
        )
