"""What an invigilator does at a seat beside time and words: photo, absence, forced hand-in, handover."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.config import Settings, load_settings
from examsite.domain.attempts import AttemptState
from examsite.domain.canonical import instant_text
from examsite.domain.dossiers import UploadKind
from examsite.domain.errors import ConflictError, DomainError, InvalidError, NotAllowedError
from examsite.domain.permissions import Role
from examsite.domain.saves import Save, content_text
from examsite.domain.timelines import HappeningKind
from examsite.services.attempts import open_attempt, save_answers
from examsite.services.context import Actor
from examsite.services.invigilation import check_in, force_hand_in, hand_over_room, note_absence, withdraw_lateness
from examsite.services.room_time import pause_attempt
from examsite.services.sittings import close_overdue
from examsite.storage.models.dossiers import Upload
from examsite.storage.models.rooms import Pause
from examsite.storage.queries.boards import ForcedEnd, list_forced_ends
from examsite.storage.queries.records import get_log, list_records
from examsite.storage.queries.timeline import list_facts
from tests.factories.sittings import Room, add_person, make_room

MINUTE = timedelta(minutes=1)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(tmp_path / "instance", environ={})


@pytest.fixture
def room(session: Session, now: datetime, settings: Settings) -> Room:
    return make_room(session, now, settings=settings)


def facts(room: Room, event: str) -> list[dict[str, object]]:
    log = get_log(room.session, room.competition.code)
    return [json.loads(row.payload) for row in list_records(room.session, log.id) if row.event == event]


def photo(room: Room) -> Upload:
    upload = Upload(
        sha256="ab" * 32,
        size_bytes=10,
        kind=UploadKind.JPEG,
        original_name="anh.jpg",
        uploaded_at=room.now,
        uploaded_by_id=room.people[Role.INVIGILATOR].account_id,
    )
    room.session.add(upload)
    room.session.flush()
    return upload


def test_photo_is_kept_with_the_check_in_and_may_follow_it_once(room: Room) -> None:
    ctx = room.ctx(Role.INVIGILATOR)
    check_in(ctx, room.competition, room.sitting, seat="A1", photo=photo(room))
    check_in(ctx, room.competition, room.sitting, seat="A2")
    later = photo(room)
    check_in(ctx, room.competition, room.sitting, seat="A2", photo=later)
    check_in(ctx, room.competition, room.sitting, seat="A2", photo=photo(room))
    assert room.attempt(1).photo_id == later.id
    told = facts(room, "candidate:checked-in")
    assert [(fact["seat"], "photo_sha256" in fact) for fact in told] == [("A1", True), ("A2", False), ("A2", True)]


def test_a_late_look_at_the_papers_makes_nobody_late(room: Room) -> None:
    early = room.ctx(Role.INVIGILATOR)
    check_in(early, room.competition, room.sitting, seat="A1", came_late=True)
    start = room.started()
    open_attempt(room.ctx(room.candidacies[1], at=start + MINUTE))
    late = room.ctx(Role.INVIGILATOR, at=start + 9 * MINUTE)
    check_in(late, room.competition, room.sitting, seat="A2", came_late=True)
    check_in(late, room.competition, room.sitting, seat="A3")
    arrived = [room.attempt(place).arrived_late_at for place in range(3)]
    assert arrived == [None, start + MINUTE, None]  # before the start nobody is late
    told = [fact.get("arrived_late_at") for fact in facts(room, "candidate:checked-in")]
    assert told == [None, instant_text(start + MINUTE), None]


def test_a_wrong_word_of_lateness_is_taken_back_by_who_gave_it_or_leads_the_room(room: Room) -> None:
    start = room.started()
    giver = room.ctx(Role.INVIGILATOR, at=start + MINUTE)
    first, second = giver.actor, add_person(room, Role.INVIGILATOR, "G07")
    for seat, by in (("A1", first), ("A2", first), ("A3", second)):
        check_in(room.ctx(by, at=start + MINUTE), room.competition, room.sitting, seat=seat, came_late=True)

    def back(by: Actor, seat: str, reason: str = "Đánh dấu nhầm chỗ") -> None:
        withdraw_lateness(room.ctx(by, at=start + 2 * MINUTE), room.competition, room.sitting, seat=seat, reason=reason)

    with pytest.raises(InvalidError, match="reason_missing"):
        back(first, "A1", " ")
    with pytest.raises(NotAllowedError, match="lateness_of_other"):
        back(second, "A1")
    back(first, "A1")
    back(first, "A3")  # the first invigilator leads the room
    assert [room.attempt(place).arrived_late_at is None for place in range(3)] == [True, False, True]
    number = room.candidacies[0].candidate_number
    told = facts(room, "lateness:withdrawn")[0]
    assert told == {
        "number": number,
        "seat": "A1",
        "arrived_late_at": instant_text(start + MINUTE),
        "reason": "Đánh dấu nhầm chỗ",
    }
    with pytest.raises(ConflictError, match="not_recorded_late"):
        back(first, "A1")
    close_overdue(room.ctx(at=start + timedelta(hours=5)))
    close_overdue(room.ctx(at=start + timedelta(hours=5)))
    with pytest.raises(ConflictError, match="sitting_over"):
        back(first, "A2")


def test_absence_is_noted_when_nobody_is_let_in_any_more(room: Room) -> None:
    ctx = room.ctx(Role.INVIGILATOR)
    with pytest.raises(ConflictError, match="sitting_not_running"):
        note_absence(ctx, room.competition, room.sitting, seat="A1")
    check_in(ctx, room.competition, room.sitting, seat="A2")
    start = room.started()
    open_attempt(room.ctx(room.candidacies[2], at=start))
    on_time = room.ctx(Role.INVIGILATOR, at=start + 10 * MINUTE)
    with pytest.raises(ConflictError, match="absence_too_early"):
        note_absence(on_time, room.competition, room.sitting, seat="A1")
    late = room.ctx(Role.INVIGILATOR, at=start + 11 * MINUTE)
    for seat in ("A2", "A3"):
        with pytest.raises(ConflictError, match="candidate_is_here"):
            note_absence(late, room.competition, room.sitting, seat=seat)
    note_absence(late, room.competition, room.sitting, seat="A1")
    assert room.attempt(0).state is AttemptState.ABSENT
    assert facts(room, "candidate:absent") == [{"number": room.candidacies[0].candidate_number, "seat": "A1"}]
    for step, code in ((note_absence, "attempt_not_open"), (check_in, "sitting_over")):
        with pytest.raises(DomainError, match=code):
            step(late, room.competition, room.sitting, seat="A1")


def test_forced_hand_in_keeps_every_word_and_says_why(room: Room) -> None:
    start = room.started()
    token = open_attempt(room.ctx(room.candidacies[0], at=start)).token
    words = Save(item="E1", epoch=1, number=1, content=content_text("đến đây"))
    save_answers(room.ctx(at=start + MINUTE), token, [words], page_epoch=1)
    ctx = room.ctx(Role.INVIGILATOR, at=start + 2 * MINUTE)
    pause_attempt(ctx, room.competition, room.sitting, seat="A1", reason="Đưa đi cấp cứu")
    with pytest.raises(InvalidError, match="reason_missing"):
        force_hand_in(ctx, room.competition, room.sitting, seat="A1", reason="")
    with pytest.raises(ConflictError, match="attempt_not_open"):
        force_hand_in(ctx, room.competition, room.sitting, seat="A2", reason="x")
    force_hand_in(ctx, room.competition, room.sitting, seat="A1", reason="Thí sinh xin dừng")
    attempt = room.attempt()
    assert (attempt.state, attempt.closed_at) == (AttemptState.CLOSED, start + 2 * MINUTE)
    assert attempt.paused_at is None
    (pause,) = room.session.scalars(select(Pause)).all()
    assert pause.ended_at == start + 2 * MINUTE
    ends = list_forced_ends(room.session, room.competition.id, room.sitting.code)
    number = room.candidacies[0].candidate_number
    assert ends == {number: ForcedEnd(by="invigilator", reason="Thí sinh xin dừng")}
    (facts_of,) = list_facts(room.session, room.sitting, seat="A1")
    (closed,) = [item for item in facts_of.happenings if item.kind is HappeningKind.CLOSED]
    assert (closed.word, closed.reason) == ("person", "Thí sinh xin dừng")
    assert [fact["reason"] for fact in facts(room, "attempt:ended")] == ["Thí sinh xin dừng"]
    (submitted,) = facts(room, "answers:submitted")
    assert {row["item"]: row["content"] for row in submitted["answers"]}["E1"] == "đến đây"  # type: ignore[union-attr]
    with pytest.raises(ConflictError, match="attempt_not_open"):
        force_hand_in(ctx, room.competition, room.sitting, seat="A1", reason="lần nữa")
    while close_overdue(room.ctx(at=start + 400 * MINUTE)):
        pass
    assert len(facts(room, "answers:submitted")) == 1


def test_handover_says_to_whom_and_what(room: Room) -> None:
    ctx = room.ctx(Role.INVIGILATOR)
    for wrong in ({"handed_to": " ", "text": "đủ"}, {"handed_to": "Lan", "text": ""}):
        with pytest.raises(InvalidError, match="handover_missing"):
            hand_over_room(ctx, room.competition, room.sitting, **wrong)
    note = hand_over_room(ctx, room.competition, room.sitting, handed_to="Nguyễn Thị Lan", text="Đủ 3 máy, 2 phiếu")
    assert (note.handed_to, note.written_at) == ("Nguyễn Thị Lan", room.now)
    assert facts(room, "room:handed-over") == [{"handed_to": "Nguyễn Thị Lan", "text": "Đủ 3 máy, 2 phiếu"}]
    stranger = room.ctx(add_person(room, Role.INVIGILATOR, "V09", watches=False))
    with pytest.raises(NotAllowedError, match="not_in_this_room"):
        hand_over_room(stranger, room.competition, room.sitting, handed_to="x", text="x")
