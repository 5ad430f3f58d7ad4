"""Rehearsals on both databases: one at a time, on record, and what their certificate lets start."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete
from sqlalchemy.orm import Session

from examsite.config import Settings, load_settings, with_changes
from examsite.domain.errors import ConflictError, InvalidError, NotAllowedError
from examsite.domain.permissions import Role
from examsite.domain.rooms import RequestKind
from examsite.services import rehearsals
from examsite.services.rehearsals import (
    begin_rehearsal,
    code_sha256,
    finish_rehearsal,
    identity_of,
    record_rehearsal,
    settings_sha256,
    tell_progress,
)
from examsite.services.room_requests import ask_room_request, decide_room_request
from examsite.storage.models.rooms import Rehearsal
from examsite.storage.queries.records import get_log, list_records
from examsite.storage.queries.rehearsals import count_at_once, list_certificate_faults
from tests.factories.sittings import Room, make_room


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(tmp_path / "instance", environ={})


@pytest.fixture
def room(session: Session, now: datetime, settings: Settings) -> Room:
    made = make_room(session, now, settings=settings)
    session.execute(delete(Rehearsal))
    return made


def faults(room: Room, *, at: datetime | None = None) -> list[str]:
    identity = identity_of(room.settings)
    found = list_certificate_faults(room.session, room.sitting, identity=identity, now=at or room.now)
    return [item.code for item in found]


def test_no_rehearsal_loads_the_machine_while_a_room_writes_on_it(room: Room) -> None:
    record_rehearsal(room.ctx(), room.competition, head_count=3, source="test", figures={})
    start = room.started()
    with pytest.raises(ConflictError) as refused:
        begin_rehearsal(room.ctx(Role.ORGANISER, at=start), room.competition, head_count=3)
    assert refused.value.code == "rehearsal_in_sitting"


def test_a_rehearsal_is_begun_told_and_finished_once_and_stands_in_the_log(room: Room) -> None:
    organiser = room.ctx(Role.ORGANISER)
    begun = begin_rehearsal(organiser, room.competition, head_count=3)
    tell_progress(room.ctx(), begun.id, {"step": "log_in"})
    tell_progress(room.ctx(), begun.id, {"step": "start", "log_in_count": 3})
    with pytest.raises(ConflictError) as running:
        begin_rehearsal(organiser, room.competition, head_count=3)
    assert running.value.code == "rehearsal_running"
    later = room.ctx(at=room.now + timedelta(minutes=2))
    done = finish_rehearsal(later, room.competition, begun.id, passed=True, figures={"lost": 0, "faults": ["x"]})
    assert (done.finished_at, done.figures) == (
        later.now,
        {"step": "start", "log_in_count": 3, "lost": 0, "faults": ["x"]},
    )
    with pytest.raises(ConflictError):
        finish_rehearsal(later, room.competition, begun.id, passed=True, figures={})
    with pytest.raises(ConflictError):
        tell_progress(later, begun.id, {})
    log = get_log(room.session, room.competition.code)
    row = [row for row in list_records(room.session, log.id) if row.event == "rehearsal:finished"][-1]
    assert (row.actor, row.subject) == ("system", f"competition/{room.competition.code}")
    assert json.loads(row.payload) == {
        "passed": True,
        "candidates": 3,
        "code_sha256": code_sha256(),
        "settings_sha256": settings_sha256(room.settings),
        "figures": {"step": "start", "log_in_count": 3, "lost": 0},
    }


def test_one_that_was_broken_off_blocks_the_next_for_an_hour_only(room: Room) -> None:
    begin_rehearsal(room.ctx(), room.competition, head_count=3)
    begin_rehearsal(room.ctx(at=room.now + timedelta(minutes=61)), room.competition, head_count=3)


@pytest.mark.parametrize("count", [0, 2001])
def test_nobody_and_too_many_are_refused(room: Room, count: int) -> None:
    with pytest.raises(InvalidError) as error:
        begin_rehearsal(room.ctx(Role.ORGANISER), room.competition, head_count=count)
    assert error.value.code == "rehearsal_size_out_of_range"


def test_only_the_organiser_or_the_machine_itself_rehearses(room: Room) -> None:
    with pytest.raises(NotAllowedError):
        begin_rehearsal(room.ctx(Role.INVIGILATOR), room.competition, head_count=3)


def test_a_certificate_lets_start_what_it_speaks_for(room: Room) -> None:
    assert faults(room) == ["rehearsal_missing"]
    made = record_rehearsal(room.ctx(), room.competition, head_count=3, source="test", figures={})
    assert faults(room) == []
    assert faults(room, at=room.now + timedelta(days=7)) == ["rehearsal_too_old"]
    made.head_count = 2
    room.session.flush()
    assert faults(room) == ["rehearsal_too_small"]


def test_all_who_sit_at_the_same_time_are_counted(room: Room) -> None:
    assert count_at_once(room.session, room.sitting) == 3
    other = make_room(room.session, room.now, settings=room.settings, code="VH-2026-02", candidates=2)
    assert count_at_once(room.session, room.sitting) == 5
    other.sitting.starts_at = room.sitting.starts_at + timedelta(minutes=room.sitting.duration_minutes)
    room.session.flush()
    assert count_at_once(room.session, room.sitting) == 3


def test_two_people_may_decide_to_start_without_one(room: Room) -> None:
    ask = room.ctx(Role.ORGANISER)
    asked = ask_room_request(
        ask,
        room.competition,
        room.sitting,
        kind=RequestKind.START_WITHOUT_REHEARSAL,
        reason="Máy chủ mới giao sáng nay",
    )
    assert faults(room) == ["rehearsal_missing"]
    decide_room_request(room.ctx(Role.CHAIR), room.competition, asked.id, approve=True, reason="Đồng ý")
    assert faults(room) == []


def finished(room: Room, *, passed: bool, minutes: int) -> None:
    begun = begin_rehearsal(room.ctx(at=room.now + timedelta(minutes=minutes)), room.competition, head_count=3)
    end = room.ctx(at=room.now + timedelta(minutes=minutes + 1))
    finish_rehearsal(end, room.competition, begun.id, passed=passed, figures={})


def test_only_the_newest_finished_rehearsal_counts(room: Room) -> None:
    later = room.now + timedelta(minutes=30)
    finished(room, passed=True, minutes=0)
    assert faults(room, at=later) == []
    finished(room, passed=False, minutes=5)
    assert faults(room, at=later) == ["rehearsal_failed"]
    begin_rehearsal(room.ctx(at=room.now + timedelta(minutes=8)), room.competition, head_count=3)
    assert faults(room, at=later) == ["rehearsal_failed"], "one that has not finished says nothing"
    finished(room, passed=True, minutes=70)
    assert faults(room, at=room.now + timedelta(minutes=80)) == []


def test_of_two_that_finished_at_one_instant_the_later_row_counts(room: Room) -> None:
    record_rehearsal(room.ctx(), room.competition, head_count=3, source="test", figures={})
    begun = begin_rehearsal(room.ctx(), room.competition, head_count=3)
    finish_rehearsal(room.ctx(), room.competition, begun.id, passed=False, figures={})
    assert faults(room) == ["rehearsal_failed"]


def test_what_two_people_decided_lapses_after_a_week_and_with_another_program(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    def decided(at: datetime) -> None:
        asked = ask_room_request(
            room.ctx(Role.ORGANISER, at=at),
            room.competition,
            room.sitting,
            kind=RequestKind.START_WITHOUT_REHEARSAL,
            reason="Máy chủ mới giao sáng nay",
        )
        decide_room_request(room.ctx(Role.CHAIR, at=at), room.competition, asked.id, approve=True)

    decided(room.now)
    week = room.now + timedelta(days=7)
    assert faults(room, at=week - timedelta(seconds=1)) == []
    assert faults(room, at=week) == ["rehearsal_missing", "rehearsal_override_lapsed"]
    decided(week)
    assert faults(room, at=week) == [], "it may be decided anew"
    monkeypatch.setattr(rehearsals, "code_sha256", lambda: "c" * 64)
    assert faults(room, at=week) == ["rehearsal_missing", "rehearsal_override_lapsed"]
    decided(week)
    assert faults(room, at=week) == []
    room.settings = with_changes(room.settings, threads=3)
    assert faults(room, at=week) == ["rehearsal_missing", "rehearsal_override_lapsed"]


def test_settings_that_change_how_the_server_bears_a_room_change_the_certificate(
    settings: Settings, tmp_path: Path
) -> None:
    same = settings_sha256(settings)
    for changes in ({"workers": 3}, {"threads": 4}, {"password_hash_memory_kib": 64}, {"secure_cookies": True}):
        assert settings_sha256(with_changes(settings, **changes)) != same
    elsewhere = {"bind": "0.0.0.0:80", "host_name": "thi.example", "secret_key": "1" * 64, "instance_path": tmp_path}
    assert settings_sha256(replace(settings, **elsewhere)) == same
    assert settings_sha256(with_changes(settings, database_url="postgresql://x/y")) != same


def test_another_machine_needs_its_own_rehearsal(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    here = settings_sha256(settings)
    monkeypatch.setattr("platform.node", lambda: "may-chu-moi")
    assert settings_sha256(settings) != here


def test_any_changed_file_of_the_program_changes_its_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "examsite").mkdir()
    file = tmp_path / "examsite" / "a.py"
    file.write_text("one")
    monkeypatch.setattr(rehearsals, "ROOT", tmp_path)
    compute = code_sha256.__wrapped__
    first = compute()
    (tmp_path / "examsite" / "a.pyc").write_text("made anew")
    (tmp_path / "notes.txt").write_text("no program")
    assert compute() == first
    file.write_text("two")
    second = compute()
    file.rename(tmp_path / "examsite" / "b.py")
    assert len({first, second, compute()}) == 3
