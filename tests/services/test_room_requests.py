"""Acts of two people on both databases: nobody decides alone, and late answers count only by agreement."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from examsite.config import Settings, load_settings
from examsite.domain.attempts import AttemptState
from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import ConflictError, DomainError, InvalidError, NotAllowedError
from examsite.domain.permissions import Role
from examsite.domain.rooms import RequestKind, RequestState
from examsite.domain.saves import Save, content_text
from examsite.domain.scores import score
from examsite.services.attempts import hand_in, open_attempt, save_answers
from examsite.services.context import Actor
from examsite.services.invigilation import sign_objective_results
from examsite.services.rehearsals import identity_of
from examsite.services.room_requests import ask_room_request, decide_room_request, withdraw_room_request
from examsite.services.sittings import close_overdue
from examsite.services.table_checks import check_seals
from examsite.storage.models.rooms import RoomRequest
from examsite.storage.queries.attempts import list_answers
from examsite.storage.queries.boards import list_kept_beside
from examsite.storage.queries.records import get_log, list_records
from examsite.storage.queries.rehearsals import find_start_override
from examsite.storage.queries.rooms import list_objective_results
from examsite.storage.queries.sittings import missing_before_codes
from tests.factories.sittings import Room, add_person, make_room, shows_points_at_once
from tests.factories.told_rows import assert_told

MINUTE = timedelta(minutes=1)
LENGTH = timedelta(minutes=180)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(tmp_path / "instance", environ={})


@pytest.fixture
def room(session: Session, now: datetime, settings: Settings) -> Iterator[Room]:
    made = make_room(session, now, settings=settings)
    yield made
    session.flush()
    assert check_seals(session) == []  # whichever way a row was written


def facts(room: Room, event: str) -> list[dict[str, object]]:
    log = get_log(room.session, room.competition.code)
    return [json.loads(row.payload) for row in list_records(room.session, log.id) if row.event == event]


def save(item: str, number: int, content: object, epoch: int = 1) -> Save:
    return Save(item=item, epoch=epoch, number=number, content=content_text(content))


def ask(room: Room, at: datetime, **kind: object) -> RoomRequest:
    asked = {"kind": RequestKind.EXTEND_ROOM, "minutes": 10, "reason": "Mất điện cả tầng", **kind}
    return ask_room_request(room.ctx(Role.INVIGILATOR, at=at), room.competition, room.sitting, **asked)  # type: ignore[arg-type]


def late_answers(room: Room) -> datetime:
    """One answer counts, one came after the hand-in, one from an old page; gives back the instant after the close."""
    start = room.started()
    token = open_attempt(room.ctx(room.candidacies[0], at=start)).token
    save_answers(room.ctx(at=start + MINUTE), token, [save("E1", 1, "cũ"), save("E2", 1, "hai")], page_epoch=1)
    open_attempt(room.ctx(room.candidacies[0], at=start + 2 * MINUTE))
    save_answers(room.ctx(at=start + 3 * MINUTE), token, [save("E1", 2, "mới", epoch=2)], page_epoch=2)
    old = [save("E1", 9, "máy cũ"), save("Q01", 9, "x")]
    save_answers(room.ctx(at=start + 4 * MINUTE), token, old, page_epoch=1)
    hand_in(room.ctx(at=start + 5 * MINUTE), token, page_epoch=2)
    key = next(item for item in room.paper.data["items"] if item["item"] == "Q02")["question"]["answer_key"]
    late = [save("Q02", 1, key[0], epoch=2), save("QX", 1, "lạ", epoch=2)]
    save_answers(room.ctx(at=start + 6 * MINUTE), token, late, page_epoch=2)
    return start + 7 * MINUTE


# --- time for the room ---------------------------------------------------------------------------------------------


def test_room_is_given_time_when_a_second_person_agrees(room: Room) -> None:
    start = room.started()
    request = ask(room, start + MINUTE)
    assert {room.attempt(place).added_seconds for place in range(3)} == {0}
    second = room.ctx(add_person(room, Role.INVIGILATOR, "V02"), at=start + 2 * MINUTE)
    with pytest.raises(NotAllowedError, match="fresh_factor_needed"):
        decide_room_request(replace(second, factor_at=None), room.competition, request.id, approve=True)
    decide_room_request(second, room.competition, request.id, approve=True)
    assert {room.attempt(place).added_seconds for place in range(3)} == {600}
    assert (request.state, request.decided_by_id) == (RequestState.APPROVED, second.actor.account_id)
    numbers = [item.candidate_number for item in room.candidacies]
    assert facts(room, "request:decided") == [
        {"kind": "extend_room", "seconds": 600, "state": "approved", "reason": "", "numbers": numbers}
    ]
    with pytest.raises(ConflictError, match="event_not_open"):
        decide_room_request(second, room.competition, request.id, approve=True)
    assert {room.attempt(place).added_seconds for place in range(3)} == {600}


@pytest.mark.parametrize("role", [Role.CHAIR, Role.COUNCIL_MEMBER])
def test_council_decides_too_and_a_refusal_needs_a_reason(room: Room, role: Role) -> None:
    start = room.started()
    request = ask(room, start)
    second = room.ctx(role if role in room.people else add_person(room, role, "C02"), at=start)
    with pytest.raises(InvalidError, match="reason_missing"):
        decide_room_request(second, room.competition, request.id, approve=False)
    decide_room_request(second, room.competition, request.id, approve=False, reason="Chỉ mất 20 giây")
    assert (request.state, room.attempt().added_seconds) == (RequestState.REFUSED, 0)


def test_nobody_decides_alone_in_whatever_role(room: Room) -> None:
    start = room.started()
    request = ask(room, start)
    asker = room.people[Role.INVIGILATOR]
    with pytest.raises(NotAllowedError, match="second_person_needed"):
        decide_room_request(room.ctx(Role.INVIGILATOR, at=start), room.competition, request.id, approve=True)
    same_person = Actor(
        account_id=asker.account_id, role=Role.COUNCIL_MEMBER, pseudonym="C07", competition_id=room.competition.id
    )
    with pytest.raises(NotAllowedError, match="second_person_needed"):
        decide_room_request(room.ctx(same_person, at=start), room.competition, request.id, approve=True)
    strangers = [
        room.ctx(add_person(room, Role.INVIGILATOR, "V09", watches=False), at=start),
        room.ctx(Role.ORGANISER, at=start),
        room.ctx(add_person(room, Role.MARKER, "M01"), at=start),
    ]
    for stranger in strangers:
        with pytest.raises(NotAllowedError):
            decide_room_request(stranger, room.competition, request.id, approve=True)
    assert room.attempt().added_seconds == 0
    with pytest.raises(IntegrityError, match=r"two_people|CHECK"), room.session.begin_nested():
        request.state, request.decided_at, request.decided_by_id = RequestState.APPROVED, start, asker.account_id


def test_request_is_taken_back_by_its_author_alone_and_stands_once(room: Room) -> None:
    start = room.started()
    request = ask(room, start)
    with pytest.raises(ConflictError, match="request_waits_already"):
        ask(room, start)
    other = room.ctx(add_person(room, Role.INVIGILATOR, "V02"), at=start)
    with pytest.raises(NotAllowedError, match="request_not_yours"):
        withdraw_room_request(other, room.competition, request.id)
    withdraw_room_request(room.ctx(Role.INVIGILATOR, at=start), room.competition, request.id)
    with pytest.raises(ConflictError, match="event_not_open"):
        decide_room_request(other, room.competition, request.id, approve=True)
    assert ask(room, start).state is RequestState.ASKED
    assert assert_told(room.session, room.competition, RoomRequest) == 2


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"reason": " "}, "reason_missing"),
        ({"minutes": 0}, "extension_out_of_range"),
        ({"minutes": 241}, "extension_out_of_range"),
        ({"kind": RequestKind.ACCEPT_LATE_ANSWERS}, "seat_missing"),
        ({"kind": RequestKind.ACCEPT_LATE_ANSWERS, "seat": "A1"}, "attempt_not_ended"),
        ({"kind": RequestKind.START_WITHOUT_REHEARSAL}, "sitting_started"),
    ],
)
def test_request_that_cannot_hold_is_not_made(room: Room, wrong: dict[str, object], code: str) -> None:
    start = room.started()
    with pytest.raises(DomainError) as error:
        ask(room, start, **wrong)
    assert error.value.code == code


def test_start_without_a_rehearsal_is_the_chairs_to_allow(room: Room) -> None:
    organiser = room.ctx(Role.ORGANISER)
    request = ask_room_request(
        organiser, room.competition, room.sitting, kind=RequestKind.START_WITHOUT_REHEARSAL, reason="Mất điện hôm qua"
    )

    def held() -> RoomRequest | None:
        return find_start_override(room.session, room.sitting.id, identity=identity_of(room.settings), now=room.now)

    with pytest.raises(NotAllowedError, match="role_needed"):
        decide_room_request(room.ctx(Role.INVIGILATOR), room.competition, request.id, approve=True)
    assert held() is None
    decide_room_request(room.ctx(Role.CHAIR), room.competition, request.id, approve=True)
    assert held() == request
    assert request.data == asdict(identity_of(room.settings))


# --- late answers --------------------------------------------------------------------------------------------------


def test_late_answers_count_by_agreement_and_never_over_newer_text(room: Room) -> None:
    after = late_answers(room)
    before = room.attempt()
    assert (before.state, before.objective_total) == (AttemptState.HANDED_IN, score("0.00"))
    first_seq = before.record_seq
    request = ask(room, after, kind=RequestKind.ACCEPT_LATE_ANSWERS, seat="A1", reason="Mạng đứt lúc nộp")
    assert list_answers(room.session, before.id) == {"E1": "mới", "E2": "hai"}
    decide_room_request(room.ctx(Role.CHAIR, at=after), room.competition, request.id, approve=True)
    answers = list_answers(room.session, before.id)
    assert (answers["E1"], answers["E2"], answers["Q01"]) == ("mới", "hai", "x")
    assert "QX" not in answers
    attempt = room.attempt()
    assert attempt.objective_total == score("2.00")
    (amended,) = facts(room, "answers:amended")
    (submitted,) = facts(room, "answers:submitted")
    assert set(amended) == {*submitted, "reason"}
    assert amended["candidate"] == submitted["candidate"]
    assert (attempt.record_seq or 0) > (first_seq or 0) > 0
    with pytest.raises(ConflictError, match="late_answers_missing"):
        ask(room, after, kind=RequestKind.ACCEPT_LATE_ANSWERS, seat="A1")


def test_what_is_kept_beside_has_no_length_while_the_codes_are_closed(room: Room) -> None:
    late_answers(room)
    attempt_id = room.attempt().id
    blind = list_kept_beside(room.session, attempt_id, shows_lengths=False)
    assert [(item.item, item.epoch, item.words) for item in blind] == [
        ("E1", 1, None), ("Q01", 1, None), ("Q02", 2, None), ("QX", 2, None)
    ]  # fmt: skip
    told = list_kept_beside(room.session, attempt_id, shows_lengths=True)
    assert [item.words for item in told] == [2, 1, 1, 1]
    assert [item.first_at for item in told] == [item.first_at for item in blind]


def test_late_answers_are_not_taken_once_codes_are_sealed(room: Room) -> None:
    after = late_answers(room)
    request = ask(room, after, kind=RequestKind.ACCEPT_LATE_ANSWERS, seat="A1")
    missing = missing_before_codes(room.session, room.competition, after)
    assert "late_answers_undecided" in {item.code for item in missing}
    room.competition.state = CompetitionState.MARKING
    room.session.flush()
    with pytest.raises(ConflictError, match="late_answers_too_late"):
        decide_room_request(room.ctx(Role.CHAIR, at=after), room.competition, request.id, approve=True)
    with pytest.raises(ConflictError, match="late_answers_too_late"):
        ask(room, after, kind=RequestKind.ACCEPT_LATE_ANSWERS, seat="A2")


def test_no_list_of_results_where_the_rule_set_opens_points_with_the_written_score(room: Room) -> None:
    over = late_answers(room) + LENGTH
    while close_overdue(room.ctx(at=over)):
        pass
    with pytest.raises(ConflictError, match="results_not_at_once"):
        sign_objective_results(room.ctx(Role.INVIGILATOR, at=over), room.competition, room.sitting)
    assert facts(room, "results:signed") == []


def test_list_of_results_is_signed_once_and_anew_after_late_answers(room: Room) -> None:
    shows_points_at_once(room.competition)
    after = late_answers(room)
    with pytest.raises(ConflictError, match="sitting_not_closed_yet"):
        sign_objective_results(room.ctx(Role.INVIGILATOR, at=after), room.competition, room.sitting)
    over = after + LENGTH
    while close_overdue(room.ctx(at=over)):
        pass
    ctx = room.ctx(Role.INVIGILATOR, at=over)
    rows = sign_objective_results(ctx, room.competition, room.sitting)
    assert [(row.seat, row.total) for row in rows] == [("A1", score("0.00")), ("A2", None), ("A3", None)]
    (signed,) = facts(room, "results:signed")
    assert signed["candidates"] == 3
    with pytest.raises(ConflictError, match="results_signed_already"):
        sign_objective_results(ctx, room.competition, room.sitting)
    request = ask(room, over, kind=RequestKind.ACCEPT_LATE_ANSWERS, seat="A1")
    decide_room_request(room.ctx(Role.CHAIR, at=over), room.competition, request.id, approve=True)
    assert room.sitting.results_signed_at is None
    sign_objective_results(ctx, room.competition, room.sitting)
    assert list_objective_results(room.session, room.sitting.id)[0].total == score("2.00")
    assert len({str(fact["list_sha256"]) for fact in facts(room, "results:signed")}) == 2
