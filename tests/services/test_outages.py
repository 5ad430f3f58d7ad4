"""The server's own absence on both databases: found once, put before a person, and nobody is closed over it unheard."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.config import Settings, load_settings
from examsite.domain.attempts import CLOSING_SLACK_SECONDS, AttemptState
from examsite.domain.lost_times import HELD_AFTER_OUTAGE_SECONDS
from examsite.domain.permissions import Role
from examsite.domain.rooms import LostTimeState
from examsite.domain.saves import Save, content_text
from examsite.services.attempts import open_attempt, save_answers
from examsite.services.invigilation import check_in
from examsite.services.outages import beat, is_pulse_due
from examsite.services.room_time import decide_lost_time, give_all_lost_times, pause_attempt
from examsite.services.sittings import close_overdue
from examsite.storage.models.rooms import LostTime, ServerOutage, ServerPulse
from examsite.storage.queries.attempts import list_answers
from examsite.storage.queries.records import get_log, list_records
from examsite.storage.queries.rooms import list_held, list_proposed_losses
from examsite.storage.queries.sittings import list_overdue
from tests.factories.sittings import Room, make_room, read_state

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
LENGTH = timedelta(minutes=180)
GRACE = timedelta(seconds=60 + CLOSING_SLACK_SECONDS)
HOLD = timedelta(seconds=HELD_AFTER_OUTAGE_SECONDS)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(tmp_path / "instance", environ={})


@pytest.fixture
def room(session: Session, now: datetime, settings: Settings) -> Room:
    return make_room(session, now, settings=settings)


def outage(room: Room, began: datetime, ended: datetime) -> ServerOutage | None:
    beat(room.ctx(at=began), was_alive=True)
    return beat(room.ctx(at=ended), was_alive=False)


def heard(room: Room, place: int, at: datetime) -> None:
    room.attempt(place).last_seen_at = at
    room.session.flush()


def close_all(room: Room, at: datetime) -> int:
    done = 0
    while more := close_overdue(room.ctx(at=at)):
        done += more
    return done


def states(room: Room) -> list[AttemptState]:
    return [room.attempt(place).state for place in range(3)]


def test_sign_of_life_is_written_every_few_seconds_on_one_row(room: Room) -> None:
    for seconds in range(0, 60, 2):
        ctx = room.ctx(at=room.now + seconds * SECOND)
        if is_pulse_due(ctx):
            beat(ctx, was_alive=False)
    (pulse,) = room.session.scalars(select(ServerPulse)).all()
    assert room.now + 54 * SECOND <= pulse.at <= room.now + 58 * SECOND
    assert not is_pulse_due(room.ctx(at=pulse.at + 4 * SECOND))
    assert is_pulse_due(room.ctx(at=pulse.at - SECOND))


@pytest.mark.parametrize(("gap", "found"), [(30, False), (31, True), (600, True)])
def test_gap_counts_as_an_outage_only_beyond_a_restart(room: Room, gap: int, found: bool) -> None:
    start = room.started()
    assert (outage(room, start + MINUTE, start + MINUTE + gap * SECOND) is not None) is found


def test_nothing_is_found_while_nobody_writes_or_a_process_was_alive(room: Room) -> None:
    assert outage(room, room.now, room.now + 10 * MINUTE) is None
    start = room.started()
    beat(room.ctx(at=start), was_alive=True)
    assert beat(room.ctx(at=start + 10 * MINUTE), was_alive=True) is None
    assert room.session.scalars(select(ServerOutage)).all() == []


def test_outage_is_found_once_and_is_lost_time_of_those_who_were_there(room: Room) -> None:
    start = room.started()
    token = open_attempt(room.ctx(room.candidacies[0], at=start)).token
    began, ended = start + 10 * MINUTE, start + 14 * MINUTE
    heard(room, 0, began - 8 * SECOND)
    assert outage(room, began, ended) is not None
    # The second worker comes up, and looks too.
    assert beat(room.ctx(at=ended + SECOND), was_alive=False) is None
    (lost,) = room.session.scalars(select(LostTime)).all()
    assert (lost.attempt_id, lost.seconds, lost.state) == (room.attempt().id, 240, LostTimeState.PROPOSED)
    # The page speaks again: one piece of lost time, from its last word to this one.
    save_answers(room.ctx(at=ended + 20 * SECOND), token, [], page_epoch=1)
    (loss,) = list_proposed_losses(room.session, room.sitting, ended + MINUTE)
    assert (loss.lost.id, loss.seconds) == (lost.id, 240 + 28)
    log = get_log(room.session, room.competition.code)
    (told,) = [row for row in list_records(room.session, log.id) if row.event == "outage:found"]
    assert (told.actor, json.loads(told.payload)["candidates"]) == ("system", 1)


def test_page_that_spoke_before_the_server_had_looked_makes_no_second_loss(room: Room) -> None:
    start = room.started()
    token = open_attempt(room.ctx(room.candidacies[0], at=start)).token
    began, ended = start + 10 * MINUTE, start + 14 * MINUTE
    heard(room, 0, began - 8 * SECOND)
    beat(room.ctx(at=began), was_alive=True)
    save_answers(room.ctx(at=ended), token, [], page_epoch=1)
    assert beat(room.ctx(at=ended + SECOND), was_alive=False) is not None
    (lost,) = room.session.scalars(select(LostTime)).all()
    assert lost.outage_id is not None
    assert 248 <= lost.seconds <= 249


def test_nobody_is_closed_over_an_outage_before_somebody_has_decided(room: Room) -> None:
    for seat in ("A1", "A2"):
        check_in(room.ctx(Role.INVIGILATOR), room.competition, room.sitting, seat=seat)
    start = room.started()
    tokens = [open_attempt(room.ctx(room.candidacies[place], at=start)).token for place in (0, 1)]
    began, ended = start + LENGTH - 5 * MINUTE, start + LENGTH + 3 * MINUTE
    for place in (0, 1):
        heard(room, place, began)
    assert outage(room, began, ended) is not None
    assert list_held(room.session, room.sitting.id, ended) == {room.attempt(0).id, room.attempt(1).id}
    close_all(room, ended + SECOND)
    # Who never came is not held.
    assert states(room) == [AttemptState.OPEN, AttemptState.OPEN, AttemptState.ABSENT]
    # Words of the last minutes come back from the journal: kept beside for now, they count when time is given.
    words = Save(item="E1", epoch=1, number=1, content=content_text("viết lúc mất mạng"))
    done = save_answers(room.ctx(at=ended + 2 * SECOND), tokens[0], [words], page_epoch=1)
    assert (done.saved, done.set_aside) == ((), (words,))
    decided = ended + 4 * MINUTE
    ctx = room.ctx(Role.INVIGILATOR, at=decided)
    losses = {item.attempt.seat: item for item in list_proposed_losses(room.session, room.sitting, decided)}
    assert losses["A1"].is_growing
    decide_lost_time(
        ctx, room.competition, room.sitting, lost_time_id=losses["A2"].lost.id, seconds=None, reason="Đã viết xong"
    )
    assert give_all_lost_times(ctx, room.competition, room.sitting, reason="Máy chủ ngừng") == 1
    view = read_state(room.ctx(at=decided), tokens[0])
    # As much as was left when the server went: five minutes from the decision on.
    assert view.remaining_seconds == 300
    assert list_answers(room.session, room.attempt().id) == {"E1": "viết lúc mất mạng"}
    assert list_held(room.session, room.sitting.id, decided) == frozenset()
    close_all(room, decided + SECOND)
    assert states(room)[:2] == [AttemptState.OPEN, AttemptState.CLOSED]
    close_all(room, decided + 5 * MINUTE + GRACE + SECOND)
    assert states(room)[0] is AttemptState.CLOSED


def test_nobody_is_held_for_ever(room: Room) -> None:
    check_in(room.ctx(Role.INVIGILATOR), room.competition, room.sitting, seat="A1")
    start = room.started()
    open_attempt(room.ctx(room.candidacies[0], at=start))
    began, ended = start + LENGTH - MINUTE, start + LENGTH + 3 * MINUTE
    heard(room, 0, began)
    outage(room, began, ended)
    close_all(room, ended + HOLD - SECOND)
    assert states(room)[0] is AttemptState.OPEN
    assert not list_overdue(room.session, ended + HOLD - SECOND)
    assert list_overdue(room.session, ended + HOLD + SECOND)
    close_all(room, ended + HOLD + SECOND)
    assert states(room)[0] is AttemptState.CLOSED


def test_clock_that_stood_still_lost_nothing(room: Room) -> None:
    start = room.started()
    open_attempt(room.ctx(room.candidacies[0], at=start))
    heard(room, 0, start + MINUTE)
    ctx = room.ctx(Role.INVIGILATOR, at=start + MINUTE)
    pause_attempt(ctx, room.competition, room.sitting, seat="A1", reason="Mất điện")
    assert outage(room, start + 2 * MINUTE, start + 20 * MINUTE) is not None
    assert room.session.scalars(select(LostTime)).all() == []
