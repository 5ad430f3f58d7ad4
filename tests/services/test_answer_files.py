"""An encrypted answer file is taken in whole or not at all; whatever was changed on the way is refused."""

from __future__ import annotations

import io
import json
import random
from dataclasses import fields, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyrage
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.config import Settings
from examsite.domain.answer_files import write_answer_file
from examsite.domain.attempts import AttemptState
from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import ConflictError, DomainError
from examsite.domain.permissions import Role
from examsite.domain.rooms import AnswerFileState, CarriedStanding, RequestKind
from examsite.domain.saves import Save
from examsite.services.answer_files import (
    PreviewLine,
    import_answer_file,
    keep_answer_file,
    preview_answer_file,
    recipient_of,
)
from examsite.services.attempt_tokens import token_of_attempt
from examsite.services.room_requests import ask_room_request, decide_room_request
from examsite.services.saves import SaveJob, write_saves
from examsite.services.sittings import close_overdue
from examsite.storage.models.records import RecordRow
from examsite.storage.models.rooms import AnswerFile, Silence
from examsite.storage.queries.attempts import list_answers, list_versions, lock_attempt_clocks
from tests.factories.sittings import SETTINGS_SECRET, Room, make_room

JOURNAL = [
    {"item": "Q01", "epoch": 1, "number": 2, "content": "A"},
    {"item": "E1", "epoch": 1, "number": 5, "content": "Một đoạn văn dài viết khi mất mạng."},
    {"item": "flags", "epoch": 1, "number": 1, "content": ["Q02"]},
]


@pytest.fixture
def room(session: Session, now: datetime, tmp_path: Path) -> Room:
    settings = Settings(instance_path=tmp_path, secret_key=SETTINGS_SECRET, database_url="sqlite:///unused")
    room = make_room(session, now, settings=settings)
    room.started()
    for attempt in (room.attempt(0), room.attempt(1)):
        attempt.epoch = 1
    session.flush()
    return room


def carried(
    room: Room, saves: list[dict[str, Any]] | None = None, *, place: int = 0, token: str = "", **changes: Any
) -> bytes:
    attempt = room.attempt(place)
    body = {
        "attempt": attempt.id,
        "competition": room.competition.code,
        "sitting": room.sitting.code,
        "number": room.candidacies[place].candidate_number,
        "saved_at": "2026-03-01T02:00:00.000Z",
        "remaining_seconds": 600,
        "epoch": 1,
        "saves": JOURNAL if saves is None else saves,
        **changes,
    }
    content = write_answer_file(json.dumps(body).encode(), token or token_of_attempt(room.settings, attempt.id))
    return encrypted(room, content)


def encrypted(room: Room, content: bytes, *, sitting: str = "") -> bytes:
    recipient = recipient_of(room.settings, room.competition.code, sitting or room.sitting.code)
    return pyrage.encrypt(content, [pyrage.x25519.Recipient.from_str(recipient)])


def take_in(room: Room, data: bytes, *, at: datetime | None = None) -> AnswerFile:
    ctx = room.ctx(Role.INVIGILATOR, at=at or during(room))
    token = keep_answer_file(ctx, room.competition, room.sitting, io.BytesIO(data))
    preview_answer_file(ctx, room.competition, room.sitting, token)
    return import_answer_file(ctx, room.competition, room.sitting, token)


def during(room: Room) -> datetime:
    return room.sitting.starts_at + timedelta(minutes=30)


def save(room: Room, *saves: Save, at: datetime, place: int = 0) -> None:
    attempt_id = room.attempt(place).id
    clocks = lock_attempt_clocks(room.session.connection(), [attempt_id])
    write_saves(room.session.connection(), room.session, clocks, [SaveJob(attempt_id, saves, 1, at)])


def test_after_the_import_the_attempt_holds_what_the_journal_held(room: Room) -> None:
    save(room, Save("Q01", 1, 1, '"B"'), Save("E1", 1, 4, '"Một đoạn"'), at=during(room) - timedelta(minutes=5))

    row = take_in(room, carried(room))

    assert (row.state, row.versions, row.new_versions) == (AnswerFileState.COUNTED, 3, 3)
    assert list_answers(room.session, room.attempt().id) == {one["item"]: one["content"] for one in JOURNAL}
    assert [one.by_file for one in list_versions(room.session, room.attempt().id)] == [False, False, True, True, True]


def test_who_carried_what_is_on_record_without_a_word_of_it(room: Room) -> None:
    take_in(room, carried(room))

    record = room.session.scalars(select(RecordRow).where(RecordRow.event == "answers:carried")).one()
    assert (record.actor, record.subject) == ("invigilator/V01", "sitting/CA1")
    assert json.loads(str(record.payload)) == {
        "number": room.candidacies[0].candidate_number,
        "file_sha256": room.session.scalars(select(AnswerFile.sha256)).one(),
        "versions": 3,
        "new_versions": 3,
        "state": "counted",
    }


def test_a_carried_file_is_no_sign_of_life_of_the_machine(room: Room) -> None:
    take_in(room, carried(room))

    assert room.attempt().last_seen_at is None
    assert room.session.scalars(select(Silence)).all() == []


def test_an_older_version_changes_nothing_and_another_text_under_a_taken_number_neither(room: Room) -> None:
    save(room, Save("E1", 1, 6, '"mới hơn"'), Save("Q01", 1, 2, '"C"'), at=during(room) - timedelta(minutes=5))

    row = take_in(room, carried(room))

    assert row.new_versions == 2  # E1/5, older, kept in its place, and the flags
    answers = list_answers(room.session, room.attempt().id)
    assert (answers["E1"], answers["Q01"]) == ("mới hơn", "C")


def test_words_of_a_machine_that_was_left_are_kept_beside(room: Room) -> None:
    room.attempt().epoch = 2
    room.session.flush()

    row = take_in(room, carried(room))

    assert row.state is AnswerFileState.KEPT_BESIDE
    assert list_answers(room.session, room.attempt().id) == {}
    assert {one.content for one in list_versions(room.session, room.attempt().id)} >= {'"A"'}


def test_after_the_end_the_words_are_kept_beside_and_the_submission_stands(room: Room) -> None:
    after = room.sitting.starts_at + timedelta(minutes=room.sitting.duration_minutes + 5)
    save(room, Save("E1", 1, 4, '"đã lưu"'), at=during(room))
    while close_overdue(room.ctx(at=after)):
        pass

    row = take_in(room, carried(room), at=after + timedelta(minutes=1))

    assert room.attempt().state is AttemptState.CLOSED
    assert row.state is AnswerFileState.KEPT_BESIDE
    assert list_answers(room.session, room.attempt().id) == {"E1": "đã lưu"}


def test_once_codes_are_sealed_no_file_is_taken_in(room: Room) -> None:
    after = room.sitting.starts_at + timedelta(minutes=room.sitting.duration_minutes + 5)
    while close_overdue(room.ctx(at=after)):
        pass
    room.competition.state = CompetitionState.MARKING
    with pytest.raises(ConflictError, match="late_answers_too_late"):
        take_in(room, carried(room), at=after)
    assert list_versions(room.session, room.attempt().id) == []


def test_two_people_accept_what_a_file_brought_too_late(room: Room) -> None:
    """Carried after the close: kept beside, then asked for by one and decided by another; only then it counts."""
    after = room.sitting.starts_at + timedelta(minutes=room.sitting.duration_minutes + 5)
    save(room, Save("E1", 1, 4, '"đã lưu"'), at=during(room))
    while close_overdue(room.ctx(at=after)):
        pass
    take_in(room, carried(room), at=after)

    asked = ask_room_request(
        room.ctx(Role.INVIGILATOR, at=after),
        room.competition,
        room.sitting,
        kind=RequestKind.ACCEPT_LATE_ANSWERS,
        seat=room.attempt().seat,
        reason="máy hỏng hẳn trước giờ kết thúc",
    )
    assert list_answers(room.session, room.attempt().id) == {"E1": "đã lưu"}
    decide_room_request(room.ctx(Role.CHAIR, at=after), room.competition, asked.id, approve=True)

    assert list_answers(room.session, room.attempt().id) == {one["item"]: one["content"] for one in JOURNAL}


def test_the_preview_says_what_is_newer_and_neither_text_nor_length(room: Room) -> None:
    ctx = room.ctx(Role.INVIGILATOR, at=during(room))
    before = during(room) - timedelta(minutes=5)
    save(room, Save("E1", 1, 4, '"cũ hơn"'), Save("E2", 1, 6, '"mới hơn"'), Save("Q01", 1, 2, '"A"'), at=before)
    save(room, Save("Q02", 1, 3, '"B"'), at=before)
    journal = [
        *JOURNAL,
        {"item": "E1", "epoch": 1, "number": 4, "content": "cũ hơn"},
        {"item": "E2", "epoch": 1, "number": 5, "content": "một đoạn"},
        {"item": "Q02", "epoch": 1, "number": 3, "content": "C"},
        {"item": "X9", "epoch": 1, "number": 1, "content": "một câu mà đề không có"},
    ]
    token = keep_answer_file(ctx, room.competition, room.sitting, io.BytesIO(carried(room, journal)))

    preview = preview_answer_file(ctx, room.competition, room.sitting, token)

    assert preview.attempt.seat == room.attempt().seat
    assert preview.counts
    assert (preview.versions, preview.new_versions) == (7, 4)
    assert {line.item: line.standing for line in preview.lines} == {
        "E1": CarriedStanding.NEWER,
        "E2": CarriedStanding.OLDER,
        "Q01": CarriedStanding.HELD,
        "Q02": CarriedStanding.TAKEN,
        "X9": CarriedStanding.FOREIGN,
        "flags": CarriedStanding.NEWER,
    }
    assert {item.name for item in fields(PreviewLine)} == {"item", "standing"}
    assert len(list_versions(room.session, room.attempt().id)) == 4, "a preview stores nothing"


def test_the_kept_file_stays_encrypted(room: Room) -> None:
    ctx = room.ctx(Role.INVIGILATOR, at=during(room))
    keep_answer_file(ctx, room.competition, room.sitting, io.BytesIO(carried(room)))

    kept = [path for path in room.settings.uploads_path.rglob("*") if path.is_file()]
    assert len(kept) == 1
    assert b"\xc4\x91o" not in kept[0].read_bytes()
    assert b"saves" not in kept[0].read_bytes()


def test_only_who_watches_the_room_takes_a_file_in(room: Room) -> None:
    for role in (Role.ORGANISER, Role.CHAIR):
        with pytest.raises(DomainError) as error:
            keep_answer_file(room.ctx(role), room.competition, room.sitting, io.BytesIO(carried(room)))
        assert error.value.code == "role_needed"


def test_a_thousand_changed_files_are_all_refused(room: Room) -> None:
    """One byte flipped, another candidate, another sitting, the same file again: none of them stores a word."""
    chance = random.Random(11)
    good = carried(room, [{"item": "E1", "epoch": 1, "number": 9, "content": "chữ " * 200}])
    own_token = token_of_attempt(room.settings, room.attempt(0).id)
    take_in(room, good)
    stored = len(list_versions(room.session, room.attempt(0).id))
    refusals: dict[str, int] = {}

    def attack(name: str, data: bytes) -> None:
        with pytest.raises(DomainError) as error:
            take_in(room, data)
        refusals[f"{name}:{error.value.code}"] = refusals.get(f"{name}:{error.value.code}", 0) + 1

    # Which database holds the answers plays no part in reading a file: the thousand are refused on one of them.
    share = 1 if room.session.get_bind().dialect.name == "sqlite" else 10
    places = [*range(0, min(len(good), 220)), *(chance.randrange(len(good)) for _ in range(380))][::share]
    for place in places:
        changed = bytearray(good)
        changed[place] ^= 1 << chance.randrange(8)
        attack("byte", bytes(changed))
    for number in range(150 // share):
        # Somebody else's page: its own token, or an invented one, over the attempt of the victim.
        thief = token_of_attempt(room.settings, room.attempt(1 + number % 2).id)
        attack("thief", carried(room, token=thief if number % 3 else f"{number}.invented"))
    for number in range(50 // share):
        attack("name", carried(room, place=1, number=room.candidacies[0].candidate_number, saved_at=str(number)))
    for number in range(50 // share):
        other = room.attempt(0).id + 1000 + number
        attack("attempt", carried(room, attempt=other, token=token_of_attempt(room.settings, other)))
    for number in range(50 // share):
        attack("sitting", carried(room, sitting=f"CA{number + 2}", token=own_token))
    for number in range(50 // share):
        plain = write_answer_file(b"{}", own_token)
        attack("key", encrypted(room, plain, sitting=f"CA{number + 2}"))
    for _ in range(50 // share):
        attack("again", good)
    for cut in range(50 // share):
        attack("cut", good[: -1 - cut * 7] if cut % 2 else good + b"\0" * (cut + 1))

    assert sum(refusals.values()) == 1050 // share
    assert refusals["again:answer_file_known"] == 50 // share
    assert refusals["thief:answer_file_forged"] == 150 // share
    assert refusals["name:answer_file_other_candidate"] == 50 // share
    assert refusals["attempt:answer_file_other_sitting"] == 50 // share
    assert refusals["sitting:answer_file_other_sitting"] == 50 // share
    assert refusals["key:answer_file_unreadable"] == 50 // share
    assert refusals["cut:answer_file_unreadable"] == 50 // share
    assert set(refusals) <= {
        *("byte:answer_file_unreadable", "byte:answer_file_not_age", "again:answer_file_known"),
        *("thief:answer_file_forged", "name:answer_file_other_candidate", "attempt:answer_file_other_sitting"),
        *("sitting:answer_file_other_sitting", "key:answer_file_unreadable", "cut:answer_file_unreadable"),
    }
    assert len(list_versions(room.session, room.attempt(0).id)) == stored
    assert all(not list_versions(room.session, room.attempt(place).id) for place in (1, 2))


def test_a_file_of_another_installation_is_not_readable(room: Room) -> None:
    foreign = replace(room.settings, secret_key="1" * 64)
    recipient = recipient_of(foreign, room.competition.code, room.sitting.code)
    data = pyrage.encrypt(b"{}", [pyrage.x25519.Recipient.from_str(recipient)])

    with pytest.raises(DomainError) as error:
        take_in(room, data)
    assert error.value.code == "answer_file_unreadable"


def test_the_sitting_carries_its_recipient_from_the_plan_on(room: Room) -> None:
    assert room.sitting.answer_file_recipient == recipient_of(room.settings, room.competition.code, "CA1")
    assert room.sitting.answer_file_recipient.startswith("age1")
