"""A step of the defence's clock is taken back for a short time, on record, and never over somebody's locked sheet."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.config import Settings
from examsite.domain.errors import ConflictError
from examsite.domain.panels import UNDO_SECONDS, DefenceState
from examsite.domain.permissions import Role
from examsite.services import assessments
from examsite.services import defence as acts
from examsite.services.defence_clock import undo_step
from examsite.storage.models.records import RecordRow
from tests.factories.defence import Hall, make_hall
from tests.scenes import Keep


@pytest.fixture
def hall(session: Session, now: datetime, tmp_path: Path, keep: Keep) -> Hall:
    settings = Settings(tmp_path, secret_key="0" * 64, database_url="sqlite://")

    def build() -> Hall:
        hall = make_hall(session, now, settings=settings)
        hall.drawn()
        return hall

    return keep("hall", build, session, tmp_path, settings=settings)


def undo(hall: Hall, seen: DefenceState, *, seconds: int = 0) -> None:
    at = hall.closes_at - timedelta(minutes=1) + timedelta(seconds=seconds)
    undo_step(hall.ctx(Role.PANEL_HEAD, at=at), hall.competition, 1, seen=seen)


def test_every_step_is_taken_back_one_by_one_and_stands_in_the_record(hall: Hall) -> None:
    hall.scoring()
    for seen in (DefenceState.SCORING, DefenceState.QUESTIONING, DefenceState.PRESENTING):
        undo(hall, seen, seconds=UNDO_SECONDS)
    defence = hall.defence()
    assert defence.state is DefenceState.SCHEDULED
    assert (defence.started_at, defence.questions_at, defence.scoring_at) == (None, None, None)
    rows = hall.session.scalars(
        select(RecordRow).where(RecordRow.event == "defence:step-undone").order_by(RecordRow.seq)
    ).all()
    assert [json.loads(row.payload or "{}")["from"] for row in rows] == ["scoring", "questioning", "presenting"]
    assert hall.scoring().state is DefenceState.SCORING
    taken = hall.session.scalars(
        select(RecordRow).where(RecordRow.event == "defence:step-taken").order_by(RecordRow.seq)
    ).all()
    assert [json.loads(row.payload or "{}") for row in taken] == [
        {"position": 1, "to": state} for state in ("questioning", "scoring") * 2
    ]


def test_who_had_written_nothing_may_write_again_and_what_was_locked_stays(hall: Hall) -> None:
    first, late = hall.ctx(hall.members[0]), hall.ctx(hall.members[1])
    assessments.save_assessment(first, hall.competition, 1, "Đã viết trước.", revision=0)
    acts.start_presentation(hall.ctx(Role.PANEL_HEAD), hall.competition, 1)
    with pytest.raises(ConflictError, match="assessment_locked"):
        assessments.save_assessment(late, hall.competition, 1, "Viết muộn.", revision=0)
    undo(hall, DefenceState.PRESENTING)
    assert assessments.save_assessment(late, hall.competition, 1, "Viết muộn.", revision=0).revision == 1
    with pytest.raises(ConflictError, match="assessment_locked"):
        assessments.save_assessment(first, hall.competition, 1, "Sửa lại.", revision=1)


def test_not_later_not_twice_and_not_over_a_locked_sheet(hall: Hall) -> None:
    hall.scoring()
    with pytest.raises(ConflictError, match="undo_too_late"):
        undo(hall, DefenceState.SCORING, seconds=UNDO_SECONDS + 1)
    undo(hall, DefenceState.SCORING)
    with pytest.raises(ConflictError, match="event_not_open"):
        undo(hall, DefenceState.SCORING)
    acts.open_scoring(hall.ctx(Role.PANEL_HEAD), hall.competition, 1)
    hall.lock(0, "60.00")
    with pytest.raises(ConflictError, match="undo_sheet_locked"):
        undo(hall, DefenceState.SCORING)


def test_not_back_into_the_questions_once_the_next_one_presents(hall: Hall) -> None:
    hall.scoring()
    acts.start_presentation(hall.ctx(Role.PANEL_HEAD), hall.competition, 2)
    with pytest.raises(ConflictError, match="defence_running"):
        undo(hall, DefenceState.SCORING)
