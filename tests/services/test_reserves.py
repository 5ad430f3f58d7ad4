"""A reserve on both databases: it takes the place of the drawn version for who has not begun, and for nobody else."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from examsite.config import load_settings
from examsite.domain.errors import DomainError
from examsite.domain.papers import PaperState
from examsite.domain.permissions import Role
from examsite.services import papers, reserves
from examsite.services.context import Actor
from examsite.services.rehearsals import identity_of
from examsite.services.sittings import close_overdue_in, start_sitting
from examsite.services.table_checks import check_tables
from examsite.storage.models.papers import Paper
from examsite.storage.models.records import RecordRow
from examsite.storage.models.sittings import Attempt, Sitting
from examsite.storage.queries.papers import find_drawn_paper, find_opened_paper
from examsite.storage.queries.sittings import reasons_against_start
from tests.factories.reserves import with_reserves
from tests.factories.sittings import Room, make_room

WHY = "Trang 2 in thiếu nửa câu 7, không làm được."


@dataclass
class Hall:
    """Two sittings of one post whose paper has three versions, one of them drawn and opened."""

    room: Room
    member: Actor

    def set_aside(self, code: str, *, reason: str = WHY, role: Role | Actor = Role.CHAIR) -> Paper:
        room = self.room
        return reserves.set_aside_paper(room.ctx(role), room.competition, room.post, code=code, reason=reason)

    def agree(self) -> None:
        papers.agree_to_opening(self.room.ctx(self.member), self.room.competition, self.room.post)

    def open_reserve(self) -> Paper:
        return reserves.open_reserve(self.room.ctx(Role.CHAIR), self.room.competition, self.room.post)

    @property
    def in_turn(self) -> Paper:
        found = find_drawn_paper(self.room.session, self.room.post)
        assert found is not None
        return found

    def sitting(self, code: str) -> Sitting:
        return self.room.session.scalars(select(Sitting).where(Sitting.code == code)).one()

    def papers_of(self, code: str) -> set[int | None]:
        found = select(Attempt.paper_id).where(Attempt.sitting_id == self.sitting(code).id)
        return set(self.room.session.scalars(found))

    def said(self, event: str) -> list[tuple[str, object]]:
        rows = self.room.session.scalars(select(RecordRow).where(RecordRow.event == event).order_by(RecordRow.seq))
        return [(row.subject, json.loads(row.payload or "")) for row in rows]


@pytest.fixture
def hall(session: Session, now: datetime, tmp_path: Path) -> Hall:
    settings = load_settings(tmp_path / "instance", environ={})
    room = make_room(session, now, settings=settings, rows=1, columns=2, sittings=2)
    return Hall(room, with_reserves(room))


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(DomainError) as refused:
        act()
    return refused.value.code


def test_a_sitting_that_has_begun_keeps_its_version_and_the_other_takes_the_reserve(hall: Hall) -> None:
    room, session = hall.room, hall.room.session
    first = hall.in_turn
    starts_at = room.sitting.starts_at
    assert start_sitting(room.ctx(at=starts_at), hall.sitting("CA1").id)
    reserve = hall.set_aside(first.code)
    assert (reserve.state, find_opened_paper(session, room.post.id)) == (PaperState.SEALED, None)
    against = reasons_against_start(
        session, hall.sitting("CA2"), room.competition.state, identity=identity_of(room.settings), now=starts_at
    )
    assert [item.code for item in against] == ["paper_not_opened"]
    assert refusal(hall.open_reserve) == "opening_needs_second"  # the word given for the drawn version was for that one
    hall.agree()
    reserve.age_sha256 = "0" * 64
    assert refusal(hall.open_reserve) == "paper_needs_holders"  # a sealed file opens for its holders only
    reserve.age_sha256 = None
    assert hall.open_reserve().code == reserve.code
    assert start_sitting(room.ctx(at=starts_at + timedelta(minutes=9)), hall.sitting("CA2").id)
    assert (hall.papers_of("CA1"), hall.papers_of("CA2")) == ({first.id}, {reserve.id})
    for code in ("CA1", "CA2"):
        sitting = hall.sitting(code)
        while close_overdue_in(room.ctx(at=starts_at + timedelta(hours=5)), sitting.id):
            pass
    begun = [("sitting/CA1", {"papers": {"P1": first.code}}), ("sitting/CA2", {"papers": {"P1": reserve.code}})]
    assert hall.said("sitting:started") == begun
    assert hall.said("sitting:closed") == begun
    assert hall.said("paper:set-aside") == [(f"paper/{first.code}", {"reason": WHY})]


def test_nobody_chooses_a_reserve_and_none_comes_back(hall: Hall) -> None:
    (draw,) = hall.said("draw:held")
    outcome = draw[1]["outcome"]  # type: ignore[index]
    assert hall.in_turn.code == outcome[0]
    assert refusal(lambda: hall.set_aside(outcome[1])) == "paper_not_in_turn"
    assert hall.set_aside(outcome[0]).code == outcome[1]
    assert refusal(lambda: hall.set_aside(outcome[0])) == "paper_not_in_turn"
    # A reserve that nobody opened yet may prove bad, too: a sealed file that is damaged.
    assert hall.set_aside(outcome[1]).code == outcome[2]
    assert refusal(lambda: hall.set_aside(outcome[2])) == "no_reserve_left"
    assert refusal(lambda: papers.open_paper(hall.room.ctx(Role.CHAIR), hall.room.competition, hall.room.post)) in {
        "opening_needs_second",
        "paper_already_drawn",
    }


def test_setting_aside_takes_the_chair_a_factor_a_reason_and_a_sitting_that_waits(hall: Hall) -> None:
    room, code = hall.room, hall.in_turn.code
    assert refusal(hall.open_reserve) == "nothing_set_aside"
    assert refusal(lambda: hall.set_aside(code, role=hall.member)) == "role_needed"
    assert refusal(lambda: hall.set_aside(code, role=Role.ORGANISER)) == "role_needed"
    assert refusal(lambda: hall.set_aside(code, reason="hỏng")) == "reason_too_short"
    alone = replace(room.ctx(Role.CHAIR), factor_at=None)
    without_factor = partial(reserves.set_aside_paper, alone, room.competition, room.post, code=code, reason=WHY)
    assert refusal(without_factor) == "fresh_factor_needed"
    assert refusal(lambda: reserves.open_reserve(alone, room.competition, room.post)) == "fresh_factor_needed"
    for sitting in ("CA1", "CA2"):
        start_sitting(room.ctx(at=room.sitting.starts_at), hall.sitting(sitting).id)
    assert refusal(lambda: hall.set_aside(code)) == "no_sitting_waits"
    assert hall.said("paper:set-aside") == []


def test_a_version_taken_back_into_use_by_hand_is_named(hall: Hall) -> None:
    row = hall.in_turn
    hall.set_aside(row.code)

    def named() -> set[tuple[str, int | None]]:
        found = check_tables(hall.room.session, hall.room.competition)
        return {(item.table, item.row) for item in found if item.column == "set_aside_at"}

    assert named() == set()
    hall.room.session.execute(text("UPDATE papers SET set_aside_at = NULL WHERE id = :id"), {"id": row.id})
    hall.room.session.expire_all()
    assert named() == {("papers", row.id)}
