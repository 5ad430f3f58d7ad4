"""Time in the room on both databases: pauses, lost time proposed and decided, what counts when time is given back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.config import Settings, load_settings
from examsite.domain.attempts import CLOSING_SLACK_SECONDS, AttemptState
from examsite.domain.errors import ConflictError, InvalidError, NotAllowedError
from examsite.domain.permissions import Role
from examsite.domain.rooms import LostTimeState, RequestKind
from examsite.domain.saves import Save, content_text
from examsite.services.attempts import OpenJob, SaveJob, open_attempt, save_answers, write_jobs
from examsite.services.invigilation import check_in, extend_time, free_attempt, move_seat
from examsite.services.room_requests import ask_room_request, decide_room_request
from examsite.services.room_time import (
    decide_lost_time,
    give_all_lost_times,
    give_lost_time,
    name_lost_time,
    pause_attempt,
    pause_room,
    resume_attempt,
    resume_room,
)
from examsite.services.sittings import close_overdue
from examsite.services.table_checks import check_seals
from examsite.storage.models.accounts import Account
from examsite.storage.models.rooms import LostTime, Pause, Silence
from examsite.storage.models.sittings import Extension
from examsite.storage.queries.attempts import list_answers
from examsite.storage.queries.pauses import list_room_pauses
from examsite.storage.queries.records import get_log, list_records
from examsite.storage.queries.rooms import list_proposed_losses, list_running_silences
from examsite.storage.queries.sittings import list_overdue
from tests.factories.sittings import Room, add_person, make_room, read_state
from tests.factories.told_rows import assert_told

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
LENGTH = timedelta(minutes=180)
LAST = LENGTH + timedelta(seconds=60 + CLOSING_SLACK_SECONDS)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(tmp_path / "instance", environ={})


@pytest.fixture
def room(session: Session, now: datetime, settings: Settings) -> Iterator[Room]:
    made = make_room(session, now, settings=settings)
    yield made
    session.flush()
    assert check_seals(session) == []  # whichever way a row was written


def save(item: str, number: int, content: object, epoch: int = 1) -> Save:
    return Save(item=item, epoch=epoch, number=number, content=content_text(content))


def opened(room: Room, place: int = 0, *, at: datetime) -> str:
    return open_attempt(room.ctx(room.candidacies[place], at=at)).token


def speak(room: Room, token: str, *, at: datetime, epoch: int = 1, saves: list[Save] | None = None) -> None:
    save_answers(room.ctx(at=at), token, saves or [], page_epoch=epoch)


def heard(room: Room, place: int = 0, *, at: datetime) -> None:
    """The page has spoken all the time until this instant."""
    room.attempt(place).last_seen_at = at
    room.session.flush()


def watcher(room: Room, at: datetime):  # type: ignore[no-untyped-def]  # the context of the factory
    return room.ctx(Role.INVIGILATOR, at=at)


def losses(room: Room) -> list[LostTime]:
    return list(room.session.scalars(select(LostTime).order_by(LostTime.id)))


def facts(room: Room, event: str) -> list[dict[str, object]]:
    log = get_log(room.session, room.competition.code)
    return [json.loads(row.payload) for row in list_records(room.session, log.id) if row.event == event]


def close_all(room: Room, at: datetime) -> None:
    while close_overdue(room.ctx(at=at)):
        pass


# --- pauses --------------------------------------------------------------------------------------------------------


def test_clock_stands_still_in_a_pause_and_runs_on_with_what_was_left(room: Room) -> None:
    start = room.started()
    token = opened(room, at=start)
    began = start + 10 * MINUTE
    pause_attempt(watcher(room, began), room.competition, room.sitting, seat="A1", reason="Báo cháy")
    views = [read_state(room.ctx(at=began + wait), token) for wait in (SECOND, 30 * MINUTE, 400 * MINUTE)]
    assert {view.remaining_seconds for view in views} == {170 * 60}
    assert all(view.paused for view in views)
    pause_room(watcher(room, began), room.competition, room.sitting, reason="Báo cháy")
    assert not list_overdue(room.session, began + 400 * MINUTE)
    resumed = began + timedelta(seconds=600.25)
    seconds = resume_attempt(watcher(room, resumed), room.competition, room.sitting, seat="A1")
    assert seconds == 601
    view = read_state(room.ctx(at=resumed), token)
    assert (view.remaining_seconds, view.paused, view.given_back_seconds) == (170 * 60 + 0.75, False, 601)
    pause = room.session.scalars(select(Pause).where(Pause.attempt_id == room.attempt().id)).one()
    assert (pause.began_at, pause.ended_at, pause.reason) == (began, resumed, "Báo cháy")
    number = room.candidacies[0].candidate_number
    others = [room.candidacies[place].candidate_number for place in (1, 2)]
    assert facts(room, "time:paused") == [
        {"numbers": [number], "reason": "Báo cháy"},
        {"numbers": others, "reason": "Báo cháy", "for_room": True},
    ]
    assert facts(room, "time:resumed") == [{"added": {number: 601}, "reason": ""}]


def test_every_pause_of_the_room_names_who_and_why_and_ends_for_each_seat(room: Room) -> None:
    start = room.started()
    opened(room, at=start)
    pause_attempt(watcher(room, start), room.competition, room.sitting, seat="A1", reason="Chóng mặt")
    assert list_room_pauses(room.session, room.sitting.id) == []
    began, back = start + MINUTE, start + 4 * MINUTE
    pause_room(watcher(room, began), room.competition, room.sitting, reason="Báo cháy")
    (pause,) = list_room_pauses(room.session, room.sitting.id)
    account = room.session.get(Account, room.people[Role.INVIGILATOR].account_id)
    assert account is not None
    assert (pause.began_by, pause.reason, pause.began_at) == (account.display_name, "Báo cháy", began)
    assert (pause.seats, pause.standing, pause.ended_at) == (2, 2, None)
    resume_attempt(watcher(room, began + MINUTE), room.competition, room.sitting, seat="A2")
    assert [item.standing for item in list_room_pauses(room.session, room.sitting.id)] == [1]
    resume_room(watcher(room, back), room.competition, room.sitting)
    pause_room(watcher(room, back + MINUTE), room.competition, room.sitting, reason="Báo cháy lần nữa")
    ended = [(item.ended_at, item.standing) for item in list_room_pauses(room.session, room.sitting.id)]
    assert ended == [(back, 0), (None, 3)]
    assert assert_told(room.session, room.competition, Pause) == 6


def test_what_is_sent_in_a_pause_counts_and_nobody_is_closed(room: Room) -> None:
    start = room.started()
    token = opened(room, at=start)
    pause_room(watcher(room, start + MINUTE), room.competition, room.sitting, reason="Mất điện cả phòng")
    late = start + LAST + 60 * MINUTE
    speak(room, token, at=late, saves=[save("E1", 1, "viết nốt dòng cuối")])
    close_all(room, late)
    assert [room.attempt(place).state for place in range(3)] == [AttemptState.OPEN] * 3
    assert list_answers(room.session, room.attempt().id) == {"E1": "viết nốt dòng cuối"}
    assert resume_room(watcher(room, late), room.competition, room.sitting) == 3
    assert {room.attempt(place).added_seconds for place in range(3)} == {int((late - start - MINUTE) / SECOND)}


def test_pause_is_asked_for_once_with_a_reason_by_who_watches(room: Room) -> None:
    start = room.started()
    ctx = watcher(room, start)
    with pytest.raises(InvalidError, match="reason_missing"):
        pause_attempt(ctx, room.competition, room.sitting, seat="A1", reason=" ")
    with pytest.raises(ConflictError, match="attempt_not_paused"):
        resume_attempt(ctx, room.competition, room.sitting, seat="A1")
    with pytest.raises(ConflictError, match="nobody_to_resume"):
        resume_room(ctx, room.competition, room.sitting)
    pause_attempt(ctx, room.competition, room.sitting, seat="A1", reason="x")
    with pytest.raises(ConflictError, match="attempt_paused_already"):
        pause_attempt(ctx, room.competition, room.sitting, seat="A1", reason="x")
    assert pause_room(ctx, room.competition, room.sitting, reason="x") == 2
    with pytest.raises(ConflictError, match="nobody_to_pause"):
        pause_room(ctx, room.competition, room.sitting, reason="x")
    stranger = room.ctx(add_person(room, Role.INVIGILATOR, "V09", watches=False), at=start)
    with pytest.raises(NotAllowedError, match="not_in_this_room"):
        resume_attempt(stranger, room.competition, room.sitting, seat="A1")


# --- lost time -----------------------------------------------------------------------------------------------------


def test_silence_is_put_before_a_person_and_given_back_once(room: Room) -> None:
    start = room.started()
    token = opened(room, at=start)
    heard(room, at=start + 10 * MINUTE)
    back = start + 13 * MINUTE + 40 * SECOND
    speak(room, token, at=back, saves=[save("E1", 1, "trở lại")])
    (loss,) = list_proposed_losses(room.session, room.sitting, back + MINUTE)
    assert (loss.seconds, loss.reopened, loss.is_growing) == (220, False, False)
    assert loss.ends_at == start + LENGTH + 220 * SECOND
    assert room.attempt().added_seconds == 0
    lost = decide_lost_time(
        watcher(room, back + MINUTE), room.competition, room.sitting, lost_time_id=loss.lost.id, seconds=220
    )
    assert (lost.state, lost.given_seconds, room.attempt().added_seconds) == (LostTimeState.GIVEN, 220, 220)
    with pytest.raises(ConflictError, match="event_not_open"):
        give_lost_time(watcher(room, back), room.competition, room.sitting, lost_time_id=lost.id)
    assert [item.seconds for item in room.session.scalars(select(Extension))] == [220]
    number = room.candidacies[0].candidate_number
    decision = {"number": number, "proposed_seconds": 220, "given_seconds": 220}
    assert facts(room, "time:decided") == [{"decisions": [decision], "reason": ""}]
    assert list_proposed_losses(room.session, room.sitting, back) == []


def test_another_figure_and_a_refusal_need_a_reason(room: Room) -> None:
    start = room.started()
    token = opened(room, at=start)
    speak(room, token, at=start + 4 * MINUTE)
    ctx = watcher(room, start + 5 * MINUTE)
    (lost,) = losses(room)
    for seconds in (None, 30, 600):
        with pytest.raises(InvalidError, match="reason_missing"):
            decide_lost_time(ctx, room.competition, room.sitting, lost_time_id=lost.id, seconds=seconds)
    with pytest.raises(InvalidError, match="extension_out_of_range"):
        decide_lost_time(ctx, room.competition, room.sitting, lost_time_id=lost.id, seconds=0, reason="x")
    decide_lost_time(ctx, room.competition, room.sitting, lost_time_id=lost.id, seconds=None, reason="Máy vẫn ghi")
    assert (room.attempt().added_seconds, losses(room)[0].state) == (0, LostTimeState.REFUSED)
    assert losses(room)[0].reason == "Máy vẫn ghi"


def test_one_person_gives_no_whole_room_time_seat_by_seat(session: Session, now: datetime, settings: Settings) -> None:
    """To half of a room, in whatever way, with a figure of one's own; another watcher gives to the others."""
    room = make_room(session, now, settings=settings, candidates=5)
    start = room.started()
    for place in range(5):
        opened(room, place, at=start)
    first = watcher(room, start + 10 * MINUTE)
    where = room.competition, room.sitting
    seats = [room.attempt(place).seat for place in range(5)]
    extend_time(first, *where, seat=seats[0], minutes=5, reason="Mất điện")
    named = name_lost_time(first, *where, seat=seats[1], began_at=start, ended_at=start + MINUTE, cause="Mất điện")
    decide_lost_time(first, *where, lost_time_id=named.id, seconds=60)
    extend_time(first, *where, seat=seats[0], minutes=5, reason="Lại mất điện")
    with pytest.raises(ConflictError, match="room_time_takes_two"):
        extend_time(first, *where, seat=seats[2], minutes=5, reason="Mất điện")
    more = name_lost_time(first, *where, seat=seats[2], began_at=start, ended_at=start + MINUTE, cause="Mất điện")
    with pytest.raises(ConflictError, match="room_time_takes_two"):
        decide_lost_time(first, *where, lost_time_id=more.id, seconds=60)
    second = replace(first, actor=add_person(room, Role.INVIGILATOR, "V02"))
    decide_lost_time(second, *where, lost_time_id=more.id, seconds=60)
    assert [room.attempt(place).added_seconds for place in range(5)] == [600, 60, 60, 0, 0]


def test_what_was_measured_and_what_two_gave_does_not_count_against_half_of_a_room(room: Room) -> None:
    start = room.started()
    tokens = [opened(room, place, at=start) for place in range(3)]
    for token in tokens:
        speak(room, token, at=start + 4 * MINUTE)
    ctx = watcher(room, start + 5 * MINUTE)
    where = room.competition, room.sitting
    seats = [room.attempt(place).seat for place in range(3)]
    assert give_all_lost_times(ctx, *where, reason="Mất mạng") == 3
    request = ask_room_request(
        room.ctx(add_person(room, Role.INVIGILATOR, "V02"), at=ctx.now),
        *where,
        kind=RequestKind.EXTEND_ROOM,
        reason="Mất điện",
        minutes=2,
    )
    decide_room_request(replace(ctx, factor_at=ctx.now), room.competition, request.id, approve=True)
    later = watcher(room, start + 6 * MINUTE)
    extend_time(later, *where, seat=seats[0], minutes=1, reason="Máy hỏng")
    with pytest.raises(ConflictError, match="room_time_takes_two"):
        extend_time(later, *where, seat=seats[1], minutes=1, reason="Máy hỏng")


def test_what_a_person_adds_to_a_measured_loss_is_no_longer_measured(room: Room) -> None:
    start = room.started()
    token = opened(room, at=start)
    heard(room, at=start + 10 * MINUTE)
    speak(room, token, at=start + 13 * MINUTE)
    ctx = watcher(room, start + 14 * MINUTE)
    seat = room.attempt().seat
    name_lost_time(
        ctx, room.competition, room.sitting, seat=seat, began_at=start, ended_at=start + 11 * MINUTE, cause="Mất điện"
    )
    (lost,) = losses(room)
    assert lost.silence_id is not None
    assert lost.seconds == 13 * 60
    with pytest.raises(ConflictError, match="lost_time_none"):
        give_all_lost_times(ctx, room.competition, room.sitting, reason="Mất điện")


def test_pages_that_speak_in_time_lose_nothing(room: Room) -> None:
    start = room.started()
    token = opened(room, at=start + 10 * SECOND)
    for seconds in range(15, 400, 45):
        speak(room, token, at=start + seconds * SECOND)
    assert room.session.scalars(select(Silence)).all() == []
    assert losses(room) == []


def test_old_page_that_still_speaks_does_not_hide_the_silence_of_the_new_one(room: Room) -> None:
    """A machine move: what is lost runs until the work is open again."""
    start = room.started()
    token = opened(room, at=start)
    heard(room, at=start + MINUTE)
    moved = start + 2 * MINUTE
    move_seat(watcher(room, moved), room.competition, room.sitting, seat="A1", to="B3", reason="Bàn phím hỏng")
    for seconds in range(10, 110, 20):
        speak(room, token, at=moved + seconds * SECOND)
    now = moved + 2 * MINUTE
    (running,) = list_running_silences(room.session, room.sitting, now)
    assert (running.attempt.seat, running.seconds) == ("B3", 180)
    opened(room, at=now)
    assert list_running_silences(room.session, room.sitting, now) == []
    (loss,) = list_proposed_losses(room.session, room.sitting, now)
    assert (loss.seconds, loss.reopened) == (180, True)


def test_who_was_checked_in_and_had_no_machine_lost_time_and_who_came_late_did_not(room: Room) -> None:
    check_in(watcher(room, room.now), room.competition, room.sitting, seat="A1")
    start = room.started()
    now = start + 5 * MINUTE
    check_in(watcher(room, now), room.competition, room.sitting, seat="A3")
    (running,) = list_running_silences(room.session, room.sitting, now)
    assert (running.attempt.seat, running.seconds) == ("A1", 300)
    for place in range(3):
        opened(room, place, at=now + 10 * SECOND)
    (loss,) = list_proposed_losses(room.session, room.sitting, now + MINUTE)
    assert (loss.attempt.seat, loss.seconds) == ("A1", 310)
    # Nothing was open before, so nothing was opened again.
    assert loss.reopened is False


def test_save_and_opening_that_come_together_after_a_silence_tell_it_once(room: Room) -> None:
    start = room.started()
    opened(room, at=start)
    later = start + 5 * MINUTE
    number = room.attempt(0).id
    jobs = [SaveJob(number, (Save("E1", 1, 1, content_text("x")),), 1, later), OpenJob(number, later)]
    write_jobs(room.session.connection(), room.session, jobs, settings=room.settings, signer=None)
    (silence,) = room.session.scalars(select(Silence))
    assert (silence.began_at, silence.ended_at, silence.reopened) == (start, later, False)


def test_pauses_are_not_lost_and_neighbouring_silences_are_one(room: Room) -> None:
    start = room.started()
    token = opened(room, at=start)
    pause_attempt(watcher(room, start + MINUTE), room.competition, room.sitting, seat="A1", reason="x")
    resume_attempt(watcher(room, start + 3 * MINUTE), room.competition, room.sitting, seat="A1")
    speak(room, token, at=start + 5 * MINUTE)
    speak(room, token, at=start + 7 * MINUTE)
    (loss,) = losses(room)
    assert (loss.began_at, loss.ended_at, loss.seconds) == (start, start + 7 * MINUTE, 300)
    assert len(room.session.scalars(select(Silence)).all()) == 2
    give_lost_time(watcher(room, start + 8 * MINUTE), room.competition, room.sitting, lost_time_id=loss.id)
    speak(room, token, at=start + 10 * MINUTE)
    assert [item.seconds for item in losses(room)] == [300, 180]


def test_person_names_what_no_machine_noticed(room: Room) -> None:
    start = room.started()
    opened(room, at=start)
    ctx = watcher(room, start + 10 * MINUTE)
    named = name_lost_time(
        ctx,
        room.competition,
        room.sitting,
        seat="A1",
        began_at=start + MINUTE,
        ended_at=start + 4 * MINUTE,
        cause="Màn hình tối",
    )
    assert (named.seconds, named.state) == (180, LostTimeState.PROPOSED)
    assert facts(room, "time:named")[0]["seconds"] == 180
    for begins, ends in ((-1, 2), (4, 11), (4, 4)):
        with pytest.raises(InvalidError, match="lost_time_not_in_sitting"):
            name_lost_time(
                ctx,
                room.competition,
                room.sitting,
                seat="A1",
                began_at=start + begins * MINUTE,
                ended_at=start + ends * MINUTE,
                cause="x",
            )
    give_lost_time(ctx, room.competition, room.sitting, lost_time_id=named.id)
    assert [item.reason for item in room.session.scalars(select(Extension))] == ["Màn hình tối"]
    with pytest.raises(ConflictError, match="lost_time_known"):
        name_lost_time(
            ctx,
            room.competition,
            room.sitting,
            seat="A1",
            began_at=start + 2 * MINUTE,
            ended_at=start + 3 * MINUTE,
            cause="lần nữa",
        )


def test_whole_room_is_given_what_was_measured_seat_by_seat(room: Room) -> None:
    start = room.started()
    tokens = [opened(room, place, at=start) for place in range(3)]
    for place, token in enumerate(tokens[:2]):
        speak(room, token, at=start + (2 + place) * MINUTE)
    ctx = watcher(room, start + 5 * MINUTE)
    assert give_all_lost_times(ctx, room.competition, room.sitting, reason="Đứt cáp tầng 2") == 2
    assert [room.attempt(place).added_seconds for place in range(3)] == [120, 180, 0]
    with pytest.raises(ConflictError, match="lost_time_none"):
        give_all_lost_times(ctx, room.competition, room.sitting, reason="x")


def test_what_a_person_named_is_not_given_to_the_whole_room_at_once(room: Room) -> None:
    start = room.started()
    opened(room, 0, at=start)
    ctx = watcher(room, start + 5 * MINUTE)
    name_lost_time(
        ctx,
        room.competition,
        room.sitting,
        seat="A1",
        began_at=start + MINUTE,
        ended_at=start + 4 * MINUTE,
        cause="Ổ cắm hỏng",
    )
    with pytest.raises(ConflictError, match="lost_time_none"):
        give_all_lost_times(ctx, room.competition, room.sitting, reason="x")
    assert room.attempt(0).added_seconds == 0


# --- at the end ----------------------------------------------------------------------------------------------------


def test_extension_is_given_until_the_server_has_closed_and_late_words_count_again(room: Room) -> None:
    start = room.started()
    token = opened(room, at=start)
    speak(room, token, at=start + MINUTE, saves=[save("E1", 1, "đầu")])
    at = start + LENGTH + 62 * SECOND
    speak(room, token, at=at, saves=[save("E1", 2, "cuối"), save("Q01", 1, "a", epoch=2), save("QX", 1, "lạ")])
    assert list_answers(room.session, room.attempt().id) == {"E1": "đầu"}
    extend_time(watcher(room, at + SECOND), room.competition, room.sitting, seat="A1", minutes=2, reason="Mạng đứt")
    # The page that writes now is heard again; another epoch and an item that the paper does not have stay beside.
    assert list_answers(room.session, room.attempt().id) == {"E1": "cuối"}
    view = read_state(room.ctx(at=at + SECOND), token)
    assert (view.state, view.remaining_seconds) == (AttemptState.OPEN, 57)
    close_all(room, start + LAST + SECOND)
    assert room.attempt().state is AttemptState.OPEN
    close_all(room, start + LAST + 2 * MINUTE + SECOND)
    assert room.attempt().state is AttemptState.CLOSED
    with pytest.raises(ConflictError, match="extension_not_open"):
        extend_time(
            watcher(room, start + LAST + 3 * MINUTE), room.competition, room.sitting, seat="A1", minutes=2, reason="x"
        )
    (submitted,) = facts(room, "answers:submitted")
    assert {row["item"]: row["content"] for row in submitted["answers"]}["E1"] == "cuối"  # type: ignore[union-attr]


def test_loss_of_a_page_that_came_back_too_late_grows_until_it_is_decided(room: Room) -> None:
    start = room.started()
    token = opened(room, at=start)
    heard(room, at=start + LENGTH - 5 * MINUTE)
    back = start + LENGTH + 50 * SECOND
    speak(room, token, at=back, saves=[save("E1", 1, "vừa có mạng")])
    (first,) = list_proposed_losses(room.session, room.sitting, back)
    (later,) = list_proposed_losses(room.session, room.sitting, back + 10 * SECOND)
    assert (first.seconds, later.seconds, later.is_growing) == (350, 360, True)
    decided = back + 10 * SECOND
    lost = give_lost_time(watcher(room, decided), room.competition, room.sitting, lost_time_id=first.lost.id)
    assert lost.given_seconds == 360
    view = read_state(room.ctx(at=decided), token)
    assert view.remaining_seconds == 300


def test_freed_page_stays_beside_when_time_is_given(room: Room) -> None:
    start = room.started()
    token = opened(room, at=start)
    free_attempt(watcher(room, start + MINUTE), room.competition, room.sitting, seat="A1", reason="Máy treo")
    speak(room, token, at=start + 2 * MINUTE, saves=[save("E1", 1, "máy cũ")])
    opened(room, at=start + 3 * MINUTE)
    extend_time(watcher(room, start + 4 * MINUTE), room.competition, room.sitting, seat="A1", minutes=2, reason="x")
    assert list_answers(room.session, room.attempt().id) == {}
