"""The board of a room: every act through its form with the real services, and what the page tells and keeps back."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from PIL import Image

from examsite.domain.attempts import AttemptState
from examsite.domain.competitions import CompetitionState
from examsite.domain.permissions import Role
from examsite.domain.rooms import ServerAct
from examsite.domain.saves import Save
from examsite.services import attempts, room_messages, sittings
from examsite.services.attempt_tokens import token_of_attempt
from examsite.services.incidents import record_incident
from examsite.services.invigilation import check_in
from examsite.services.server_faults import note_fault
from examsite.services.sittings import assign_invigilator
from examsite.storage.models.accounts import Account, RoleAssignment
from examsite.storage.models.competitions import Competition
from examsite.storage.models.rooms import HelpCall, LostTime, RoomRequest
from examsite.storage.models.sittings import Attempt, Incident, Sitting
from examsite.storage.queries.attempts import get_attempt
from tests.factories.competitions import make_official
from tests.factories.sittings import NAMES, Room, make_room, shows_points_at_once
from tests.web.conftest import Clock, Doing
from tests.web.strict_client import StrictClient, find_all, words

Scene = Callable[..., Any]
LogIn = Callable[..., StrictClient]
CODE = "VH-2026-01"
BOARD = f"/invigilator/{CODE}/sittings/CA1"
SECRET = "CANARY-0421"


@dataclass
class World:
    """A room of six seats with three candidates, two invigilators, and the clock in the hand of the test."""

    scene: Scene
    clock: Clock
    log_in: LogIn
    room: Room

    @property
    def first(self) -> StrictClient:
        return self.log_in(f"invigilator-{CODE}".lower())

    @property
    def second(self) -> StrictClient:
        return self.log_in("coi-thi-2")

    def row(self, model: Any, key: int = 1) -> Any:
        """Plain values of a row."""
        return self.scene(lambda doing: _plain(doing.session.get(model, key)))

    def attempt(self, seat: str) -> Any:
        return self.scene(lambda doing: _plain(get_attempt(doing.session, 1, seat)))

    def step(self, steps: Callable[[Room, Doing], Any]) -> Any:
        """Something that happens in the room at the present instant."""

        def happen(doing: Doing) -> Any:
            self.room.session = doing.session
            return steps(self.room, doing)

        return self.scene(happen)

    def later(self, **lapse: float) -> None:
        self.clock.present += timedelta(**lapse)


def _plain(row: Any) -> Any:
    return type("Row", (), {column.key: getattr(row, column.key) for column in row.__table__.columns})


@pytest.fixture
def world(scene: Scene, clock: Clock, log_in: LogIn, password_hash: str) -> World:
    """The test has run for five minutes; everybody was checked in and writes."""

    def begin(doing: Doing) -> Room:
        settings = doing.app.extensions["settings"]
        room = make_room(doing.session, doing.now, settings=settings, code=CODE, password_hash=password_hash)
        account = make_official(doing.session, doing.now, "coi-thi-2", password_hash=password_hash)
        second = RoleAssignment(
            account_id=account.id,
            role=Role.INVIGILATOR,
            competition_id=room.competition.id,
            pseudonym="V02",
            granted_at=doing.now,
        )
        doing.session.add(second)
        doing.session.flush()
        assign_invigilator(room.ctx(Role.ORGANISER), room.competition, room.sitting, second)
        starts_at = room.sitting.starts_at
        for seat in ("A1", "A2", "A3"):
            check_in(room.ctx(Role.INVIGILATOR, at=starts_at), room.competition, room.sitting, seat=seat)
        room.started()
        for place in range(3):
            ctx = room.ctx(room.candidacies[place], at=starts_at + timedelta(seconds=1))
            opened = attempts.open_attempt(ctx)
            saves = [Save(item="E1", epoch=opened.clock.epoch, number=1, content=json.dumps(SECRET))]
            attempts.save_answers(ctx, opened.token, saves, page_epoch=opened.clock.epoch)
        return room

    room: Room = scene(begin, once="writing")
    clock.present = room.sitting.starts_at + timedelta(seconds=5)
    return World(scene, clock, log_in, room)


def test_the_board_tells_seats_and_never_words(world: World) -> None:
    page = world.first.get(BOARD + "?seat=A1").text

    assert "1/22 câu" in page
    assert "Bảng này không tự xử lý ai" in page
    assert SECRET not in page
    assert "K01X1" not in page  # the public code


def _answers(world: World, item: str, number: int, content: str, *, epoch: int = 1) -> None:
    """The first candidate answers a question."""

    def answer(room: Room, doing: Doing) -> None:
        ctx = room.ctx(room.candidacies[0], at=doing.now)
        save = Save(item=item, epoch=epoch, number=number, content=json.dumps(content))
        attempts.save_answers(ctx, token_of_attempt(room.settings, room.attempt(0).id), [save], page_epoch=epoch)

    world.step(answer)


def test_the_board_remembers_what_it_has_counted_and_takes_in_what_is_new(world: World) -> None:
    watcher = world.first

    def counted() -> str:
        place = next(item for item in watcher.page(BOARD).iter("a") if item.get("data-key") == "A1")
        return words(place)

    assert "1/22 câu" in counted()
    _answers(world, "Q01", 1, "a")
    assert "2/22 câu" in counted()
    world.later(seconds=3)
    assert "lưu 3 giây" in counted()
    _answers(world, "Q01", 2, "")
    _answers(world, "flags", 1, "Q02")
    assert "1/22 câu" in counted()
    world.later(minutes=2)
    _answers(world, "Q02", 1, "b")
    assert "2/22 câu" in counted()


def test_the_large_view_says_nothing_of_a_person(world: World) -> None:
    world.step(
        lambda room, _doing: record_incident(
            room.ctx(Role.INVIGILATOR),
            room.competition,
            room.sitting,
            seat="A2",
            measure="reprimand",
            minutes="Nói chuyện.",
        )
    )
    page = words(world.first.page(f"{BOARD}/large"))

    assert "A1" in page
    assert not [item.full_name for item in world.room.candidacies if item.full_name in page]
    assert not [item.candidate_number for item in world.room.candidacies if str(item.candidate_number) in page]
    assert "Nói chuyện" not in page
    assert "đến xem" not in page


def test_somebody_else_sees_no_room(world: World) -> None:
    candidate = world.log_in(str(world.room.candidacies[0].candidate_number), door="/candidate/login")

    for path in ("", "/large", "/plan", "/minutes", "/results", "/seats/A1/photo"):
        assert candidate.get(BOARD + path).status_code == 403


# ----------------------------------------------------------------------------------------------------------- check-in


def _photo(kind: str = "JPEG", size: tuple[int, int] = (1600, 1200)) -> io.BytesIO:
    out = io.BytesIO()
    picture = Image.new("RGB", size, "brown")
    exif = picture.getexif()
    exif[0x010F] = "Hãng máy ảnh"
    picture.save(out, kind, exif=exif)
    out.seek(0)
    return out


def _absent_until_now(world: World) -> None:
    world.step(lambda _room, doing: setattr(get_attempt(doing.session, 1, "A3"), "checked_in_at", None))


def test_a_photo_is_kept_as_nothing_but_a_picture_and_shown_in_the_room_only(world: World) -> None:
    _absent_until_now(world)
    watcher = world.first
    where = f"{BOARD}?seat=A3&act=check-in"
    assert "Vào phòng muộn nhất" in words(find_all(watcher.page(where), "late-rule")[0])

    done = watcher.submit(f"{BOARD}/seats/A3/check-in", {"photo": (_photo(), "a.jpg")}, form_at=where)

    assert done.status_code == 302
    assert find_all(watcher.page(f"{BOARD}?seat=A3"), "photo")
    sent = watcher.get(f"{BOARD}/seats/A3/photo")
    assert sent.mimetype == "image/jpeg"
    assert sent.headers["Cache-Control"] == "no-store"
    shown = Image.open(io.BytesIO(sent.data))
    assert max(shown.size) == 1024
    assert not shown.getexif()
    assert world.log_in(f"chair-{CODE}".lower()).get(f"{BOARD}/seats/A3/photo").status_code == 403
    assert watcher.get(f"{BOARD}/seats/A1/photo").status_code == 404


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"%PDF-1.4 no picture", "hỏng"), (b"\xff\xd8\xff broken", "hỏng"), (b"\0" * 3_000_000, "2 MB")],
)
def test_what_is_no_photo_is_refused_at_its_field_and_nobody_is_checked_in(
    world: World, content: bytes, said: str
) -> None:
    _absent_until_now(world)
    data = {"photo": (io.BytesIO(content), "a.jpg")}
    answer = world.first.submit(f"{BOARD}/seats/A3/check-in", data, form_at=f"{BOARD}?seat=A3&act=check-in")

    assert answer.status_code in {413, 422}
    assert answer.status_code == 413 or said in answer.text
    assert world.attempt("A3").checked_in_at is None


def test_who_writes_unchecked_is_a_calm_card_one_step_from_the_check(world: World) -> None:
    def came_unseen(_room: Room, doing: Doing) -> None:
        attempt = get_attempt(doing.session, 1, "A3")
        attempt.checked_in_at = None
        attempt.last_seen_at = doing.now

    world.later(minutes=11)  # past the last entry: who wrote in time came in time
    world.step(came_unseen)
    watcher = world.first
    board = watcher.page(BOARD)
    (card,) = find_all(board, "card-unchecked")
    assert "Đang viết, chưa đối chiếu" in words(card)
    seat = next(item for item in board.iter("a") if item.get("data-key") == "A3")
    assert "chưa đối chiếu" in words(seat)
    assert "đối chiếu" not in words(watcher.page(f"{BOARD}/large"))  # candidates may see that one
    (check, _incident) = card.iter("a")
    opened = watcher.page(str(check.get("href")).partition("#")[0])
    assert not find_all(opened, "kept-out")
    assert find_all(opened, "check-in")
    done = watcher.submit(f"{BOARD}/seats/A3/check-in", form_at=f"{BOARD}?seat=A3&act=check-in")
    assert done.status_code == 302
    assert not find_all(watcher.page(BOARD), "card-unchecked")


def test_who_comes_too_late_is_told_why_and_can_be_noted_absent(world: World) -> None:
    def never_came(_room: Room, doing: Doing) -> None:
        attempt = get_attempt(doing.session, 1, "A3")
        attempt.checked_in_at = attempt.opened_at = attempt.last_seen_at = None

    world.step(never_came)
    world.later(minutes=11)
    watcher = world.first
    page = watcher.page(f"{BOARD}?seat=A3&act=check-in")

    assert "nội quy không cho vào" in words(find_all(page, "kept-out")[0])
    assert not find_all(page, "check-in")
    refused = watcher.submit(f"{BOARD}/seats/A3/check-in", form_at=f"{BOARD}?seat=A3&act=check-in")
    assert refused.status_code == 409
    done = watcher.submit(f"{BOARD}/seats/A3/absent", form_at=f"{BOARD}?seat=A3&act=absent")
    assert done.status_code == 302
    assert world.attempt("A3").state is AttemptState.ABSENT


# --------------------------------------------------------------------------------------------------------------- time


def test_extra_time_is_given_once_the_new_end_was_read(world: World) -> None:
    watcher = world.first
    where, data = f"{BOARD}/seats/A1/extend", {"minutes": "7", "reason": "Mất điện"}
    asked = watcher.submit(where, data, form_at=f"{BOARD}?seat=A1&act=extend")

    assert asked.status_code == 200
    assert world.attempt("A1").added_seconds == 0
    assert "bù 7 phút" in asked.text
    assert "không rút lại được" in asked.text
    done = watcher.submit(where, {**data, "confirmed": "1"}, form_at=f"{BOARD}?seat=A1&act=extend")
    assert done.status_code == 302
    assert world.attempt("A1").added_seconds == 420


@pytest.mark.parametrize("data", [{"minutes": "nhiều", "reason": "x"}, {"minutes": "5", "reason": ""}, {}])
def test_extra_time_without_figure_or_reason_is_not_taken(world: World, data: dict[str, str]) -> None:
    answer = world.first.submit(
        f"{BOARD}/seats/A1/extend", {**data, "confirmed": "1"}, form_at=f"{BOARD}?seat=A1&act=extend"
    )

    assert answer.status_code == 422
    assert world.attempt("A1").added_seconds == 0


def test_a_clock_stands_still_and_runs_on(world: World) -> None:
    watcher = world.first
    assert (
        watcher.submit(
            f"{BOARD}/seats/A1/pause", {"reason": "Chóng mặt"}, form_at=f"{BOARD}?seat=A1&act=pause"
        ).status_code
        == 302
    )
    world.later(minutes=3)
    page = watcher.page(f"{BOARD}?seat=A1")
    assert "dừng giờ" in words(page).lower()
    done = watcher.submit(f"{BOARD}/seats/A1/resume", {"reason": "Khỏe lại"}, form_at=f"{BOARD}?seat=A1&act=resume")
    assert done.status_code == 302
    assert world.attempt("A1").added_seconds == 180


def test_the_clocks_of_the_room_stand_still_together(world: World) -> None:
    """One invigilator is enough; the other sees at once who and why, and lets them run on; every paper counts it."""
    watcher, other = world.first, world.second
    form = f"{BOARD}?act=room-pause"
    assert "không chờ người thứ hai" in words(find_all(watcher.page(form), "room-pause-rule")[0])
    assert find_all(other.page(BOARD), "room-stop") == []
    assert watcher.submit(f"{BOARD}/pause", {"reason": "Báo cháy"}, form_at=form).status_code == 302
    name = world.step(
        lambda room, doing: doing.session.get(Account, room.people[Role.INVIGILATOR].account_id).display_name
    )
    stop = find_all(other.page(BOARD), "room-stop")[0]
    assert name in words(stop)
    assert "Báo cháy" in words(stop)
    assert "3 chỗ đứng yên" in words(stop)
    assert find_all(stop, "open-room-resume")[0].get("href") == f"{BOARD}?act=room-resume#seat"
    assert f"{name} dừng giờ cả phòng: Báo cháy" in other.get(BOARD).text, "it is spoken too"
    check = find_all(other.page(f"{BOARD}/readiness"), "check-pauses")[0]
    assert (check.get("data-level"), "Giờ của 3 chỗ" in words(check)) == ("attention", True)
    world.later(minutes=10)
    form = f"{BOARD}?act=room-resume"
    assert other.submit(f"{BOARD}/resume", {"reason": "Báo nhầm"}, form_at=form).status_code == 302
    assert {world.attempt(seat).added_seconds for seat in ("A1", "A2", "A3")} == {600}
    assert find_all(watcher.page(BOARD), "room-stop") == []
    check = find_all(watcher.page(f"{BOARD}/readiness"), "check-pauses")[0]
    assert (check.get("data-level"), "cả phòng 1 lần" in words(check)) == ("good", True)
    for paper in ("minutes", "report"):
        row = words(find_all(watcher.page(f"{BOARD}/{paper}"), "room-pauses")[0])
        assert name in row, paper
        assert "3 chỗ: Báo cháy" in row, paper
        assert "(1 lần)" in row, paper
    assert "Dừng giờ cả phòng (3 thí sinh)" in watcher.get(f"{BOARD}/minutes").text


def _loses(world: World, place: int, seconds: int) -> None:
    """The machine of a candidate is cut off for so long and comes back."""
    world.later(seconds=seconds)

    def back(room: Room, doing: Doing) -> None:
        ctx = room.ctx(room.candidacies[place], at=doing.now)
        attempts.save_answers(ctx, token_of_attempt(room.settings, room.attempt(place).id), [], page_epoch=1)

    world.step(back)


def test_a_silent_machine_is_told_with_what_is_lost_and_a_person_gives_it_back(world: World) -> None:
    world.later(seconds=80)
    card = words(find_all(world.first.page(BOARD), "card-silent")[0])
    assert "Im 85 giây" in card or "Im 84 giây" in card
    assert "còn tăng" in card

    _loses(world, 0, 20)
    watcher = world.first
    page = watcher.page(BOARD)
    card = words(find_all(page, "card-lost")[0])
    assert "Chỗ A1" in card
    assert "không rút lại được" in card
    key = world.row(LostTime).id
    assert watcher.submit(f"{BOARD}/seats/A1/lost-times/{key}/all", form_at=BOARD).status_code == 302
    lost = world.row(LostTime)
    assert lost.given_seconds == lost.seconds == world.attempt("A1").added_seconds


def test_who_opened_late_is_not_said_to_have_opened_again(world: World) -> None:
    def not_yet_open(_room: Room, doing: Doing) -> None:
        attempt = get_attempt(doing.session, 1, "A1")
        attempt.opened_at = attempt.last_seen_at = None
        attempt.epoch = 0

    def open_now(room: Room, doing: Doing) -> None:
        ctx = room.ctx(room.candidacies[0], at=doing.now)
        attempts.open_attempt(ctx)

    world.step(not_yet_open)
    world.later(minutes=5)
    world.step(open_now)
    card = words(find_all(world.first.page(BOARD), "card-lost")[0])
    assert "mới mở được bài" in card
    assert "mở lại" not in card


def test_another_figure_for_lost_time_needs_a_reason(world: World) -> None:
    _loses(world, 0, 100)
    watcher = world.first
    where = f"{BOARD}/seats/A1/lost-times/{world.row(LostTime).id}"
    form = f"{BOARD}?seat=A1&act=lost-time"
    less = {"minutes": "0", "seconds": "30", "decision": "give", "reason": ""}

    assert watcher.submit(where, less, form_at=form).status_code == 422
    assert watcher.submit(where, {**less, "reason": "Rời chỗ một phút"}, form_at=form).status_code == 302
    assert world.attempt("A1").added_seconds == 30
    again = watcher.submit(where, {**less, "reason": "x"}, form_at=BOARD + "?act=incident")
    assert again.status_code in {404, 409}


def test_lost_time_is_refused_with_a_reason(world: World) -> None:
    _loses(world, 0, 100)
    watcher = world.first
    where = f"{BOARD}/seats/A1/lost-times/{world.row(LostTime).id}"
    data = {"minutes": "1", "seconds": "0", "decision": "refuse", "reason": "Tự tắt máy"}

    assert watcher.submit(where, data, form_at=f"{BOARD}?seat=A1&act=lost-time").status_code == 302
    assert world.attempt("A1").added_seconds == 0


def test_time_that_no_machine_saw_is_named_and_waits(world: World) -> None:
    world.later(minutes=4)
    _loses(world, 1, 1)
    data = {"minutes": "2", "cause": "Bàn phím hỏng"}
    done = world.first.submit(f"{BOARD}/seats/A3/lost-times", data, form_at=f"{BOARD}?seat=A3&act=lost-time")

    assert done.status_code == 302
    assert world.attempt("A3").added_seconds == 0
    assert any("Bàn phím hỏng" in words(card) for card in find_all(world.first.page(BOARD), "card-lost"))


def test_all_that_was_measured_is_given_back_at_once(world: World) -> None:
    _loses(world, 0, 90)
    _loses(world, 1, 1)
    done = world.first.submit(f"{BOARD}/lost-times", {"reason": "Mất mạng phòng"}, form_at=f"{BOARD}?act=room-lost")

    assert done.status_code == 302
    assert world.attempt("A1").added_seconds >= 90
    assert world.attempt("A2").added_seconds >= 90


# ------------------------------------------------------------------------------------------------- machines and seats


def test_a_candidate_moves_and_the_old_machine_is_kept_beside(world: World) -> None:
    watcher = world.first
    data = {"to": "B3", "reason": "Máy hỏng"}
    done = watcher.submit(f"{BOARD}/seats/A1/move", data, form_at=f"{BOARD}?seat=A1&act=move")
    assert done.headers["Location"].endswith("?seat=B3")

    def stray(room: Room, doing: Doing) -> None:
        ctx = room.ctx(room.candidacies[0], at=doing.now)
        save = Save(item="E1", epoch=1, number=9, content=json.dumps(f"{SECRET} hai ba bốn"))
        attempts.save_answers(ctx, token_of_attempt(room.settings, room.attempt(0).id), [save], page_epoch=1)

    world.step(stray)
    page = watcher.page(f"{BOARD}?seat=B3")
    beside = words(find_all(page, "kept-beside")[0])
    assert "Số từ" not in beside
    assert beside.count("Tự luận 1") == 1
    assert "Tự luận 14" not in beside  # question E1, four words: a length finds its script until the codes are open
    assert SECRET not in words(page)

    def decode(room: Room, doing: Doing) -> None:
        doing.session.get(Competition, room.competition.id).state = CompetitionState.MERGED

    world.step(decode)
    beside = words(find_all(watcher.page(f"{BOARD}?seat=B3"), "kept-beside")[0])
    assert "Tự luận 14" in beside


def test_a_seat_outside_the_room_or_taken_is_not_given(world: World) -> None:
    for seat in ("A2", "Z9", ""):
        data = {"to": seat, "reason": "Máy hỏng"}
        answer = world.first.submit(f"{BOARD}/seats/A1/move", data, form_at=f"{BOARD}?seat=A1&act=move")
        assert answer.status_code == 422


def test_a_machine_is_replaced_in_place(world: World) -> None:
    done = world.first.submit(f"{BOARD}/seats/A1/free", {"reason": "Thay máy"}, form_at=f"{BOARD}?seat=A1&act=free")
    assert done.status_code == 302
    assert world.attempt("A1").epoch == 2


def test_a_test_is_ended_only_after_the_sentence_was_read(world: World) -> None:
    watcher, where, form = world.first, f"{BOARD}/seats/A1/hand-in", f"{BOARD}?seat=A1&act=hand-in"
    asked = watcher.submit(where, {"reason": "Bỏ về"}, form_at=form)
    assert asked.status_code == 200
    assert "không mở lại được" in asked.text
    assert world.attempt("A1").state is AttemptState.OPEN

    assert watcher.submit(where, {"reason": "Bỏ về", "confirmed": "1"}, form_at=form).status_code == 302
    assert world.attempt("A1").state is AttemptState.CLOSED
    seat = words(watcher.page(f"{BOARD}?seat=A1"))
    assert "Lý do: Bỏ về" in seat
    assert "máy chủ thu bài" not in seat
    name = world.scene(lambda doing: doing.session.get(Account, world.room.people[Role.INVIGILATOR].account_id))
    assert f"{name.display_name} thu bài lúc" in seat
    minutes = words(watcher.page(f"{BOARD}/minutes"))
    assert "máy chủ thu bài 0; cán bộ coi thi thu bài 1" in minutes
    course = words(watcher.page(f"{BOARD}/seats/A1/timeline"))
    assert "Cán bộ coi thi thu bài" in course
    assert "Máy chủ thu bài" not in course


def test_only_who_came_after_the_start_is_late_in_the_minutes(world: World) -> None:
    """Everybody was checked in before; two more looks at papers, of whom one says that the candidate came late."""

    def unchecked(room: Room, doing: Doing) -> None:
        for place in (1, 2):
            row = doing.session.get(Attempt, room.attempt(place).id)
            row.checked_in_at = row.checked_in_by_id = None

    world.step(unchecked)
    world.later(minutes=4)
    watcher = world.first
    for seat, data in (("A2", {}), ("A3", {"came_late": "y"})):
        form = f"{BOARD}?seat={seat}&act=check-in"
        assert len(find_all(watcher.page(form), "came-late")) == 1
        assert watcher.submit(f"{BOARD}/seats/{seat}/check-in", data, form_at=form).status_code == 302
    assert world.attempt("A2").arrived_late_at is None
    assert world.attempt("A3").arrived_late_at == world.attempt("A3").opened_at
    (late,) = find_all(watcher.page(f"{BOARD}/minutes"), "late")
    assert NAMES[2] in words(late)
    assert NAMES[1] not in words(late)
    wrong, where = f"{BOARD}?seat=A3&act=on-time", f"{BOARD}/seats/A3/on-time"
    assert watcher.submit(where, {"reason": ""}, form_at=wrong).status_code == 422
    assert watcher.submit(where, {"reason": "Đánh dấu nhầm chỗ"}, form_at=wrong).status_code == 302
    minutes = watcher.page(f"{BOARD}/minutes")
    assert NAMES[2] not in words(find_all(minutes, "late")[0])
    assert "Rút lại ghi nhận" in words(minutes)
    assert "Lý do: Đánh dấu nhầm chỗ." in words(minutes)


def test_what_the_server_fails_to_do_in_a_room_is_the_first_card(world: World) -> None:
    def fail(room: Room, doing: Doing) -> None:
        note_fault(room.ctx(at=doing.now), room.sitting.id, act=ServerAct.CLOSE, error="ValueError")

    assert not find_all(world.first.page(BOARD), "card-server")
    world.step(fail)
    assert "không đóng được ca thi" in words(find_all(world.first.page(BOARD), "card-server")[0])
    world.later(minutes=2)  # it went on without failing again
    assert not find_all(world.first.page(BOARD), "card-server")

    def left_behind(room: Room, doing: Doing) -> None:
        attempt = doing.session.get_one(Attempt, room.attempt(0).id)
        attempt.state, attempt.opened_at = AttemptState.SEATED, None
        note_fault(room.ctx(at=doing.now), room.sitting.id, act=ServerAct.START, error="X", attempt_id=attempt.id)

    world.step(left_behind)
    page = world.first.page(BOARD)
    assert "không mở được bài ở chỗ A1" in words(find_all(page, "card-server")[0])
    assert "máy chủ chưa mở bài" in words(page)


# -------------------------------------------------------------------------------------------------- words and incidents


def test_messages_go_to_one_or_to_all(world: World) -> None:
    watcher = world.first
    one = {"text": "Ký tên vào danh sách nhé."}
    done = watcher.submit(f"{BOARD}/seats/A1/message", one, form_at=f"{BOARD}?seat=A1&act=message")
    assert done.status_code == 302
    assert world.attempt("A1").newest_message_id == 1
    assert world.attempt("A2").newest_message_id is None
    everyone = {"text": "Giữ trật tự."}
    assert watcher.submit(f"{BOARD}/messages", everyone, form_at=f"{BOARD}?act=room-message").status_code == 302
    assert world.attempt("A2").newest_message_id == 2
    page = words(watcher.page(f"{BOARD}?seat=A1"))
    assert "Ký tên vào danh sách nhé. chưa đọc" in page
    for text in ("", "x" * 501):
        answer = watcher.submit(f"{BOARD}/messages", {"text": text}, form_at=f"{BOARD}?act=room-message")
        assert answer.status_code == 422


def test_a_call_stands_first_and_is_answered(world: World) -> None:
    world.step(
        lambda room, doing: room_messages.call_for_help(
            room.ctx(room.candidacies[1], at=doing.now), room.attempt(1).id, kind="paper", item="Q12"
        )
    )
    watcher = world.first
    page = watcher.page(BOARD)
    assert "Trắc nghiệm 12" in words(find_all(page, "card-call")[0])
    assert next(key for item in page.iter("section") if (key := item.get("data-key"))) == "group-calls"

    where = f"{BOARD}/seats/A2/calls/{world.row(HelpCall).id}"
    done = watcher.submit(where, {"text": "Câu 12 đúng như in."}, form_at=f"{BOARD}?seat=A2&act=answer")
    assert done.status_code == 302
    assert not find_all(watcher.page(BOARD), "card-call")
    assert world.attempt("A2").newest_message_id is not None


def test_an_incident_takes_nothing_by_itself(world: World) -> None:
    watcher = world.first
    form = f"{BOARD}?seat=A2&act=incident"
    assert "trừ 25 % điểm bài viết" in watcher.get(form).text
    data = {"minutes": "Trao đổi sau khi nhắc.", "measure": "reprimand", "witnesses": "Hai người gần đó"}
    assert watcher.submit(f"{BOARD}/incidents?seat=A2", data, form_at=form).status_code == 302

    incident, attempt = world.row(Incident), world.attempt("A2")
    assert (incident.measure, incident.percent, incident.void) == ("reprimand", None, False)
    assert (attempt.state, attempt.added_seconds, attempt.epoch) == (AttemptState.OPEN, 0, 1)
    assert "Trao đổi sau khi nhắc." in words(find_all(watcher.page(BOARD), "card-incident")[0])


# ------------------------------------------------------------------------------------------------------- two people


def _asks_for_time(world: World) -> int:
    data = {"minutes": "5", "reason": "Mất điện cả phòng"}
    assert world.first.submit(f"{BOARD}/requests", data, form_at=f"{BOARD}?act=room-time").status_code == 302
    assert world.attempt("A3").added_seconds == 0
    return int(world.row(RoomRequest).id)


def test_time_for_the_room_takes_a_second_person(world: World) -> None:
    key = _asks_for_time(world)
    where, form = f"{BOARD}/requests/{key}", f"{BOARD}?act=decide&request={key}"
    own = world.first.submit(where, {"decision": "approve"}, form_at=form)
    assert own.status_code == 403
    assert "người thứ hai" in own.text

    second = world.second
    assert "lùi giờ kết thúc 5 phút" in words(second.page(form))
    assert second.submit(where, {"decision": "approve", "reason": ""}, form_at=form).status_code == 302
    assert {world.attempt(seat).added_seconds for seat in ("A1", "A2", "A3")} == {300}


def test_the_second_person_refuses_with_a_reason(world: World) -> None:
    key = _asks_for_time(world)
    where, form = f"{BOARD}/requests/{key}", f"{BOARD}?act=decide&request={key}"

    assert world.second.submit(where, {"decision": "refuse", "reason": ""}, form_at=form).status_code == 422
    done = world.second.submit(where, {"decision": "refuse", "reason": "Chỉ mất 10 giây"}, form_at=form)
    assert done.status_code == 302
    assert world.attempt("A1").added_seconds == 0


def test_who_asked_takes_it_back(world: World) -> None:
    key = _asks_for_time(world)
    where, form = f"{BOARD}/requests/{key}/withdraw", f"{BOARD}?act=withdraw&request={key}"

    assert world.second.submit(where, form_at=form).status_code == 403
    assert world.first.submit(where, form_at=form).status_code == 302
    assert not find_all(world.first.page(BOARD), "card-request")


def test_the_chair_is_the_second_person_too(world: World) -> None:
    key = _asks_for_time(world)
    chair = world.log_in(f"chair-{CODE}".lower())
    assert "đề nghị của phòng thi chờ" in words(find_all(chair.page(f"/council/{CODE}/"), "desk-card")[0])
    where = f"/council/{CODE}/room-requests/{key}"
    assert chair.submit(where, {"decision": "refuse", "reason": ""}).status_code == 422
    assert chair.submit(where, {"decision": "approve", "reason": ""}).status_code == 302
    assert world.attempt("A2").added_seconds == 300
    assert "Đã đồng ý" in words(chair.page(f"/council/{CODE}/room-requests"))
    assert chair.get(where).status_code == 302


def test_late_words_count_only_after_the_council_agreed(world: World) -> None:
    _ends(world)
    world.step(_comes_late)
    watcher = world.first
    page = watcher.page(f"{BOARD}?seat=A1")
    assert SECRET not in words(page)
    data = {"reason": "Cáp mạng bị rút"}
    asked = watcher.submit(f"{BOARD}/seats/A1/late-answers", data, form_at=f"{BOARD}?seat=A1&act=late")
    assert asked.status_code == 302
    key = world.row(RoomRequest).id
    own_room = world.second.submit(
        f"{BOARD}/requests/{key}", {"decision": "approve"}, form_at=f"{BOARD}?act=decide&request={key}"
    )
    assert own_room.status_code == 403
    chair = world.log_in(f"chair-{CODE}".lower())
    page = chair.page(f"/council/{CODE}/room-requests/{key}")
    assert SECRET not in words(page)
    (beside,) = find_all(page, "kept-beside")
    assert "Tự luận 1" in words(beside)
    assert "Số từ" not in words(beside)
    assert len(find_all(page, "kept-beside")[0].findall(".//td")) == 1  # the instant alone
    done = chair.submit(f"/council/{CODE}/room-requests/{key}", {"decision": "approve", "reason": ""})
    assert done.status_code == 302


def _comes_late(room: Room, doing: Doing) -> None:
    ctx = room.ctx(room.candidacies[0], at=doing.now)
    save = Save(item="E1", epoch=1, number=20, content=json.dumps(f"{SECRET} thêm"))
    attempts.save_answers(ctx, token_of_attempt(room.settings, room.attempt(0).id), [save], page_epoch=1)


def _ends(world: World) -> None:
    """The time of everybody runs out and the server closes the sitting."""
    world.later(hours=3, minutes=2)

    def close(room: Room, doing: Doing) -> None:
        while sittings.close_overdue(room.ctx(at=doing.now)):
            continue

    world.step(close)


# -------------------------------------------------------------------------------------------------------------- papers


def test_a_handover_is_written_down(world: World) -> None:
    watcher = world.first
    data = {"text": "Ba thí sinh, chỗ A1 đổi bàn phím.", "handed_to": "Bà Hà"}
    assert watcher.submit(f"{BOARD}/handover", data, form_at=f"{BOARD}?act=handover").status_code == 302
    assert "Bà Hà: Ba thí sinh" in words(watcher.page(f"{BOARD}?act=handover"))
    assert watcher.submit(f"{BOARD}/handover", {}, form_at=f"{BOARD}?act=handover").status_code == 422


def test_the_minutes_tell_what_the_records_hold(world: World) -> None:
    watcher = world.first
    watcher.submit(f"{BOARD}/seats/A1/move", {"to": "B3", "reason": "Máy hỏng"}, form_at=f"{BOARD}?seat=A1&act=move")
    watcher.submit(
        f"{BOARD}/seats/A2/extend",
        {"minutes": "7", "reason": "Mất điện", "confirmed": "1"},
        form_at=f"{BOARD}?seat=A2&act=extend",
    )
    watcher.submit(f"{BOARD}/incidents", {"minutes": "Ồn từ công trường."}, form_at=f"{BOARD}?act=incident")
    _asks_for_time(world)
    page = watcher.page(f"{BOARD}/minutes")
    text = words(page)

    assert "chuyển từ chỗ A1 sang chỗ B3" in text
    assert "Bù 7 phút" in text
    assert "Ồn từ công trường." in text
    assert "Thêm giờ cho cả phòng (5 phút)" in text
    assert find_all(page, "draft")
    assert SECRET not in text


def test_no_list_of_results_where_the_rule_set_opens_points_with_the_written_score(world: World) -> None:
    _ends(world)
    watcher = world.first
    assert watcher.submit(f"{BOARD}/attendance", form_at=BOARD).status_code == 302
    assert find_all(watcher.page(BOARD), "open-minutes")
    assert not find_all(watcher.page(BOARD), "open-results")
    assert not find_all(watcher.page(f"{BOARD}?act=papers"), "to-results")
    assert "cùng điểm bài viết" in watcher.get(watcher.get(f"{BOARD}/results").location).text
    assert watcher.submit(f"{BOARD}/results", form_at=BOARD).status_code == 409
    assert world.row(Sitting).results_signed_at is None


def test_lists_are_signed_after_the_close_and_once(world: World) -> None:
    world.step(lambda room, doing: shows_points_at_once(doing.session.get_one(Competition, room.competition.id)))
    watcher = world.first
    early = watcher.submit(f"{BOARD}/attendance", form_at=f"{BOARD}?act=incident")
    assert early.status_code == 409
    assert watcher.get(f"{BOARD}/results").status_code == 302

    _ends(world)
    watcher = world.first
    assert watcher.submit(f"{BOARD}/attendance", form_at=BOARD).status_code == 302
    page = watcher.page(f"{BOARD}/results")
    assert "Đặng Vũ Thục Quyên" in words(find_all(page, "results")[0])
    assert watcher.submit(f"{BOARD}/results", form_at=f"{BOARD}/results").status_code == 302
    sitting = world.row(Sitting)
    assert sitting.attendance_signed_at is not None
    assert sitting.results_signed_at is not None
    assert find_all(watcher.page(f"{BOARD}/results"), "results-signed")
    assert watcher.submit(f"{BOARD}/results", form_at=BOARD).status_code == 409
    assert not find_all(watcher.page(f"{BOARD}/minutes"), "draft")


def test_the_plan_for_paper_has_every_seat(world: World) -> None:
    page = world.first.page(f"{BOARD}/plan")
    text = words(find_all(page, "plan")[0])

    assert all(seat in text for seat in ("A1", "A2", "A3", "B1", "B2", "B3"))
    assert all(str(item.candidate_number) in text for item in world.room.candidacies)
    assert text.count("trống") == 3
