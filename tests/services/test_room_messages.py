"""Words in the room on both databases: messages reach whom they are for, a call is answered once."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from examsite.config import Settings, load_settings
from examsite.domain.errors import ConflictError, InvalidError, NotAllowedError
from examsite.domain.permissions import Role
from examsite.domain.rooms import LONGEST_MESSAGE, HelpKind
from examsite.services.attempts import hand_in, open_attempt
from examsite.services.room_messages import (
    answer_call,
    call_for_help,
    mark_messages_read,
    read_messages,
    send_message,
)
from examsite.storage.queries.records import get_log, list_records
from tests.factories.sittings import Room, add_person, make_room, read_state

MINUTE = timedelta(minutes=1)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(tmp_path / "instance", environ={})


@pytest.fixture
def room(session: Session, now: datetime, settings: Settings) -> Room:
    return make_room(session, now, settings=settings)


def texts(room: Room, place: int, after: int = 0) -> list[str]:
    return [message.text for message in read_messages(room.ctx(), room.attempt(place).id, after=after)]


def test_message_reaches_one_or_all_and_the_page_hears_of_it_with_its_next_word(room: Room) -> None:
    ctx = room.ctx(Role.INVIGILATOR)
    to_all = send_message(ctx, room.competition, room.sitting, seat=None, text=" Còn 30 phút nữa bắt đầu ")
    to_one = send_message(ctx, room.competition, room.sitting, seat="A2", text="Mời sang chỗ B1")
    assert [texts(room, place) for place in range(3)] == [
        ["Còn 30 phút nữa bắt đầu"],
        ["Còn 30 phút nữa bắt đầu", "Mời sang chỗ B1"],
        ["Còn 30 phút nữa bắt đầu"],
    ]
    assert texts(room, 1, after=to_all.id) == ["Mời sang chỗ B1"]
    start = room.started()
    opened = open_attempt(room.ctx(room.candidacies[1], at=start))
    assert read_state(room.ctx(at=start), opened.token).message == to_one.id
    assert room.attempt(0).newest_message_id == to_all.id


def test_what_was_read_is_remembered_and_never_goes_back_or_ahead(room: Room) -> None:
    ctx = room.ctx(Role.INVIGILATOR)
    first, second = (send_message(ctx, room.competition, room.sitting, seat=None, text=text) for text in ("một", "hai"))
    attempt_id = room.attempt().id
    for number, read in ((first.id, first.id), (second.id, second.id), (first.id, second.id), (10**9, second.id)):
        mark_messages_read(room.ctx(), attempt_id, message_id=number)
        assert room.attempt().read_message_id == read


def test_message_needs_words_and_a_watcher(room: Room) -> None:
    ctx = room.ctx(Role.INVIGILATOR)
    for text, code in (("  ", "message_missing"), ("x" * (LONGEST_MESSAGE + 1), "message_too_long")):
        with pytest.raises(InvalidError, match=code):
            send_message(ctx, room.competition, room.sitting, seat=None, text=text)
    stranger = room.ctx(add_person(room, Role.INVIGILATOR, "V09", watches=False))
    with pytest.raises(NotAllowedError, match="not_in_this_room"):
        send_message(stranger, room.competition, room.sitting, seat="A1", text="x")
    with pytest.raises(NotAllowedError, match="token_unknown"):
        read_messages(room.ctx(), 10**9)


def test_call_for_help_stands_once_until_it_is_answered(room: Room) -> None:
    start = room.started()
    attempt_id = room.attempt().id
    call = call_for_help(room.ctx(at=start), attempt_id, kind="machine", item="Q07")
    again = call_for_help(room.ctx(at=start + MINUTE), attempt_id, kind="health", item="E1")
    assert (again.id, again.kind, again.item, again.called_at) == (call.id, HelpKind.HEALTH, "E1", start)
    assert call.answered_at is None
    ctx = room.ctx(Role.INVIGILATOR, at=start + 2 * MINUTE)
    answer_call(ctx, room.competition, room.sitting, call_id=call.id, answer="Tôi đến ngay")
    assert texts(room, 0) == ["Tôi đến ngay"]
    assert call.answered_at == start + 2 * MINUTE
    with pytest.raises(ConflictError, match="help_answered_already"):
        answer_call(ctx, room.competition, room.sitting, call_id=call.id)
    assert call_for_help(room.ctx(at=start + 3 * MINUTE), attempt_id, kind="other").id != call.id
    log = get_log(room.session, room.competition.code)
    told = [row.event for row in list_records(room.session, log.id) if row.event.startswith("help:")]
    assert told == ["help:called", "help:answered", "help:called"]


def test_call_is_of_a_known_kind_from_somebody_who_is_there(room: Room) -> None:
    start = room.started()
    with pytest.raises(InvalidError, match="help_kind_not_known"):
        call_for_help(room.ctx(at=start), room.attempt().id, kind="pizza")
    opened = open_attempt(room.ctx(room.candidacies[0], at=start))
    hand_in(room.ctx(at=start + MINUTE), opened.token, page_epoch=1)
    with pytest.raises(ConflictError, match="test_over"):
        call_for_help(room.ctx(at=start + MINUTE), room.attempt().id, kind="health")
