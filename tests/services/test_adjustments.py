"""Adjustments on both databases: one asks, another one decides with a reason, and only then the room applies them."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from examsite.config import Settings, load_settings
from examsite.domain.adjustments import Adjustments
from examsite.domain.errors import ConflictError, InvalidError, NotAllowedError, NotFoundError
from examsite.domain.permissions import Role
from examsite.domain.rooms import RequestState
from examsite.services.adjustments import ask_adjustments, decide_adjustments
from examsite.services.context import Actor
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.dossiers import AdjustmentRequest
from examsite.storage.queries.adjustments import count_adjustment_requests, find_newest_adjustment_request
from examsite.storage.queries.records import get_log, list_records
from tests.factories.sittings import Room, approve_adjustments, make_room

WANTED = Adjustments(extra_percent=25, size=22)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(tmp_path / "instance", environ={})


@pytest.fixture
def room(session: Session, now: datetime, settings: Settings) -> Room:
    return make_room(session, now, settings=settings)


def ask(
    room: Room, wanted: Adjustments = WANTED, *, place: int = 0, reason: str = "giấy xác nhận"
) -> AdjustmentRequest:
    code = room.candidacies[place].application_code
    return ask_adjustments(room.ctx(Role.ORGANISER), room.competition, code, wanted=wanted, reason=reason)


def decide(room: Room, request: AdjustmentRequest, *, approve: bool = True, reason: str = "đúng giấy tờ") -> None:
    decide_adjustments(room.ctx(Role.CHAIR), room.competition, request.id, approve=approve, reason=reason)


def waiting_and_approved(room: Room) -> tuple[int, int]:
    return (
        count_adjustment_requests(room.session, room.sitting.id, RequestState.ASKED),
        count_adjustment_requests(room.session, room.sitting.id, RequestState.APPROVED),
    )


def test_nothing_is_given_before_another_person_agrees_and_all_of_it_stands_in_the_log(room: Room) -> None:
    request = ask(room)
    candidacy = room.candidacies[0]
    assert candidacy.adjustments == {}
    assert waiting_and_approved(room) == (1, 0)
    decide(room, request)
    assert {name: candidacy.adjustments[name] for name in ("extra_percent", "size")} == {
        "extra_percent": 25,
        "size": 22,
    }
    assert waiting_and_approved(room) == (0, 1)
    log = get_log(room.session, room.competition.code)
    rows = [row for row in list_records(room.session, log.id) if row.event.startswith("adjustments:")]
    assert [(row.event, row.actor, row.subject) for row in rows] == [
        (
            "adjustments:asked",
            f"organiser/{room.people[Role.ORGANISER].pseudonym}",
            f"application/{candidacy.id}",
        ),
        (
            "adjustments:decided",
            f"council/{room.people[Role.CHAIR].pseudonym}",
            f"application/{candidacy.id}",
        ),
    ]
    assert [json.loads(row.payload) for row in rows] == [
        {"extra_percent": 25, "size": 22, "reason": "giấy xác nhận"},
        {"extra_percent": 25, "size": 22, "state": "approved", "reason": "đúng giấy tờ"},
    ]
    room.started()
    assert [room.attempt(place).added_seconds for place in range(3)] == [45 * 60, 0, 0]


def test_a_refusal_leaves_what_was_approved_before(room: Room) -> None:
    approve_adjustments(room, WANTED)
    more = ask(room, Adjustments(extra_percent=50))
    decide(room, more, approve=False, reason="giấy tờ chỉ nói 25 %")
    assert room.candidacies[0].adjustments["extra_percent"] == 25
    newest = find_newest_adjustment_request(room.session, room.candidacies[0].id)
    assert newest is not None
    assert (newest.state, newest.decision_reason) == (RequestState.REFUSED, "giấy tờ chỉ nói 25 %")


def test_what_was_approved_is_taken_back_by_two_people_too(room: Room) -> None:
    approve_adjustments(room, WANTED)
    nothing = ask(room, Adjustments(), reason="thí sinh xin thôi")
    assert room.candidacies[0].adjustments["size"] == 22
    decide(room, nothing)
    assert room.candidacies[0].adjustments == {}


def test_a_newer_request_replaces_the_one_that_waits(room: Room) -> None:
    first = ask(room)
    second = ask(room, Adjustments(extra_percent=50))
    assert (first.state, second.state) == (RequestState.WITHDRAWN, RequestState.ASKED)
    with pytest.raises(ConflictError, match="event_not_open"):
        decide(room, first)
    decide(room, second)
    assert room.candidacies[0].adjustments["extra_percent"] == 50
    with pytest.raises(ConflictError, match="event_not_open"):
        decide(room, second, approve=False)


def test_nobody_decides_what_they_asked_for_and_each_role_has_its_part(room: Room) -> None:
    request = ask(room)
    for role in (Role.ORGANISER, Role.INVIGILATOR, Role.CHAIR):
        if role is not Role.ORGANISER:
            with pytest.raises(NotAllowedError, match="role_needed"):
                ask_adjustments(
                    room.ctx(role), room.competition, room.candidacies[1].application_code, wanted=WANTED, reason="x"
                )
        if role is not Role.CHAIR:
            with pytest.raises(NotAllowedError, match="role_needed"):
                decide_adjustments(room.ctx(role), room.competition, request.id, approve=True, reason="x")
    organiser: RoleAssignment = room.people[Role.ORGANISER]
    both = Actor(
        account_id=organiser.account_id,
        role=Role.COUNCIL_MEMBER,
        assignment_id=organiser.id,
        pseudonym="U01",
        competition_id=room.competition.id,
    )
    with pytest.raises(NotAllowedError, match="second_person_needed"):
        decide_adjustments(room.ctx(both), room.competition, request.id, approve=True, reason="x")
    request.state, request.decided_at, request.decided_by_id = RequestState.APPROVED, room.now, organiser.account_id
    with pytest.raises(IntegrityError, match=r"two_people|CHECK"), room.session.begin_nested():
        room.session.flush()


def test_without_a_reason_and_after_the_start_nothing_happens(room: Room) -> None:
    with pytest.raises(InvalidError, match="reason_missing"):
        ask(room, reason=" ")
    request = ask(room)
    for approve in (True, False):
        with pytest.raises(InvalidError, match="reason_missing"):
            decide(room, request, approve=approve, reason=" ")
    with pytest.raises(NotFoundError, match="request_not_found"):
        decide_adjustments(room.ctx(Role.CHAIR), room.competition, request.id + 1, approve=True, reason="x")
    room.started()
    with pytest.raises(ConflictError, match="adjustments_too_late"):
        decide(room, request)
    with pytest.raises(ConflictError, match="adjustments_too_late"):
        ask(room)
    decide(room, request, approve=False, reason="đến muộn")
    assert room.attempt().added_seconds == 0
