"""A sitting on both databases: seats, the one start, saves that are never lost, the close by the server alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from examsite.config import Settings, load_settings
from examsite.domain.attempts import CLOSING_SLACK_SECONDS, AttemptState
from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import ConflictError, DomainError, InvalidError, NotAllowedError
from examsite.domain.permissions import Role
from examsite.domain.questions import QuestionKind
from examsite.domain.saves import Save, content_text
from examsite.domain.scores import score
from examsite.domain.sittings import SittingState
from examsite.services.attempts import hand_in, open_attempt, save_answers
from examsite.services.candidacies import issue_passwords
from examsite.services.conflicts import declare_conflicts
from examsite.services.incidents import decide_incident, record_incident
from examsite.services.invigilation import check_in, extend_time, free_attempt, move_seat, sign_attendance
from examsite.services.rehearsals import identity_of
from examsite.services.seating import assign_seats, draw_seats
from examsite.services.sittings import close_overdue, move_start, schedule_sitting, start_sitting
from examsite.services.table_checks import check_seals
from examsite.storage.models.records import RecordRow
from examsite.storage.models.rooms import Rehearsal
from examsite.storage.models.sittings import AnswerVersion, Incident
from examsite.storage.queries.attempts import list_answers, list_versions
from examsite.storage.queries.boards import count_progress, list_newest_versions
from examsite.storage.queries.records import get_log, list_records
from examsite.storage.queries.sittings import (
    list_sittings_of_invigilator,
    missing_before_codes,
    reasons_against_start,
)
from tests.factories.sittings import Room, add_person, make_room, paper_questions, read_state

MINUTE = timedelta(minutes=1)
GRACE = timedelta(seconds=60)
SLACK = timedelta(seconds=CLOSING_SLACK_SECONDS)
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


def _records(room: Room, event: str) -> list[RecordRow]:
    log = get_log(room.session, room.competition.code)
    return [row for row in list_records(room.session, log.id) if row.event == event]


def _save(item: str, number: int, content: object, epoch: int = 1) -> Save:
    return Save(item=item, epoch=epoch, number=number, content=content_text(content))


def _code(error: pytest.ExceptionInfo[DomainError]) -> str:
    return error.value.code


# --- planning ------------------------------------------------------------------------------------------------------


def test_seats_follow_the_numbers_and_fill_rooms_evenly(room: Room) -> None:
    organiser = room.ctx(Role.ORGANISER)
    schedule_sitting(
        organiser, room.competition, code="CA2", room="03", rows=1, columns=3, starts_at=room.now + 30 * MINUTE
    )
    assert assign_seats(organiser, room.competition) == 3
    seats = [(room.attempt(place).sitting_id == room.sitting.id, room.attempt(place).seat) for place in range(3)]
    assert seats == [(True, "A1"), (True, "A2"), (False, "A1")]
    assert len(_records(room, "seats:assigned")) == 3


def test_seats_are_drawn_once_and_the_plan_follows_the_draw(room: Room) -> None:
    organiser, chair = room.ctx(Role.ORGANISER), room.ctx(Role.CHAIR)
    schedule_sitting(
        organiser, room.competition, code="CA2", room="03", rows=1, columns=3, starts_at=room.now + 30 * MINUTE
    )
    with pytest.raises(NotAllowedError):
        draw_seats(organiser, room.competition)
    held = draw_seats(chair, room.competition)
    sittings = {room.sitting.id: room.sitting.code}

    def plan() -> list[str]:
        rows = [room.attempt(place) for place in range(3)]
        return [f"{sittings.get(row.sitting_id, 'CA2')}/{row.seat}" for row in rows]

    # The list names seats and nobody; who has the lowest number sits where the first one is.
    assert held.document["items"] == [f"{room.sitting.code}/A1", f"{room.sitting.code}/A2", "CA2/A1"]
    assert plan() == held.outcome
    assert assign_seats(organiser, room.competition) == 3
    assert plan() == held.outcome
    with pytest.raises(ConflictError) as second:
        draw_seats(chair, room.competition)
    assert _code(second) == "draw_already_held"


def test_plan_of_a_sitting_is_refused_where_it_cannot_hold(room: Room) -> None:
    organiser = room.ctx(Role.ORGANISER)
    plan = {"code": "CA2", "room": "03", "rows": 1, "columns": 1, "starts_at": room.now + MINUTE}
    with pytest.raises(InvalidError) as error:
        schedule_sitting(organiser, room.competition, **{**plan, "code": "CA1"})
    assert _code(error) == "sitting_code_taken"
    with pytest.raises(InvalidError) as error:
        schedule_sitting(organiser, room.competition, **{**plan, "rows": 27})
    assert _code(error) == "room_size_out_of_range"
    with pytest.raises(InvalidError) as error:
        schedule_sitting(organiser, room.competition, **{**plan, "starts_at": room.now})
    assert _code(error) == "start_in_the_past"
    with pytest.raises(NotAllowedError) as refused:
        schedule_sitting(organiser, room.competition, **plan, invigilators=[room.people[Role.CHAIR]])
    assert _code(refused) == "not_an_invigilator"
    with pytest.raises(NotAllowedError) as refused:
        schedule_sitting(room.ctx(Role.CHAIR), room.competition, **plan)
    assert _code(refused) == "role_needed"


def test_too_few_seats_are_said_with_their_number(session: Session, now: datetime, settings: Settings) -> None:
    with pytest.raises(ConflictError) as error:
        make_room(session, now, settings=settings, candidates=3, rows=1, columns=2)
    assert (error.value.code, error.value.params) == ("seats_too_few", {"seats": 2, "people": 3})


def test_hour_moves_before_the_start_only(room: Room) -> None:
    later = room.now + 90 * MINUTE
    move_start(room.ctx(Role.ORGANISER), room.competition, room.sitting, starts_at=later)
    assert room.sitting.starts_at == later
    with pytest.raises(ConflictError) as error:
        move_start(room.ctx(Role.ORGANISER, at=later), room.competition, room.sitting, starts_at=later + MINUTE)
    assert _code(error) == "sitting_started"


def test_without_a_certificate_it_stays_planned_and_the_board_says_why(room: Room) -> None:
    room.opened()
    room.session.execute(delete(Rehearsal))
    due = room.ctx(at=room.sitting.starts_at)
    with pytest.raises(ConflictError) as error:
        start_sitting(due, room.sitting.id)
    assert _code(error) == "rehearsal_missing"
    assert room.sitting.state is SittingState.SCHEDULED
    identity = identity_of(room.settings)
    reasons = reasons_against_start(room.session, room.sitting, room.competition.state, identity=identity, now=room.now)
    assert [item.code for item in reasons] == ["rehearsal_missing"]


# --- start ---------------------------------------------------------------------------------------------------------


def test_start_opens_every_attempt_at_one_instant_whoever_logged_in(room: Room) -> None:
    room.opened()
    at = room.sitting.starts_at + timedelta(seconds=2)
    assert start_sitting(room.ctx(at=at), room.sitting.id)
    assert room.sitting.started_at == room.sitting.starts_at
    assert {room.attempt(place).state for place in range(3)} == {AttemptState.OPEN}
    assert not start_sitting(room.ctx(at=at + MINUTE), room.sitting.id)
    (started,) = _records(room, "sitting:started")
    assert (started.actor, started.subject, started.payload) == ("system", "sitting/CA1", '{"papers":{"P1":"P1-A"}}')


def test_options_are_shuffled_per_attempt_and_the_seed_is_kept(room: Room) -> None:
    room.started()
    first, second = room.attempt(0), room.attempt(1)
    assert first.shuffle_seed != second.shuffle_seed
    assert first.option_orders != second.option_orders
    for item, question in zip([f"Q{number:02d}" for number in range(1, 21)], paper_questions(), strict=False):
        keys = [option.key for option in question.options]
        if question.kind is QuestionKind.NUMERIC:
            assert item not in first.option_orders
        else:
            assert sorted(first.option_orders[item]) == sorted(keys)
        if question.kind is QuestionKind.ORDERING:
            assert tuple(first.option_orders[item]) != question.answer_key


def test_start_waits_for_the_hour_and_for_the_paper_and_says_why(room: Room) -> None:
    with pytest.raises(ConflictError) as error:
        start_sitting(room.ctx(), room.sitting.id)
    assert _code(error) == "sitting_not_due"
    due = room.ctx(at=room.sitting.starts_at)
    with pytest.raises(ConflictError) as error:
        start_sitting(due, room.sitting.id)
    assert _code(error) == "written_not_begun"
    room.competition.state = CompetitionState.WRITTEN
    room.session.flush()
    with pytest.raises(ConflictError) as error:
        start_sitting(due, room.sitting.id)
    assert (error.value.code, error.value.params) == ("paper_not_opened", {"post": "P1"})
    identity = identity_of(room.settings)
    reasons = reasons_against_start(room.session, room.sitting, room.competition.state, identity=identity, now=room.now)
    assert [(item.code, item.owner) for item in reasons] == [("paper_not_opened", Role.CHAIR)]
    assert room.sitting.state is SittingState.SCHEDULED


def test_late_opening_costs_nobody_time(room: Room) -> None:
    opened_at = room.sitting.starts_at + 4 * MINUTE
    room.opened(at=opened_at)
    real = opened_at + timedelta(seconds=1)
    start_sitting(room.ctx(at=real), room.sitting.id)
    assert room.sitting.started_at == real


# --- saving --------------------------------------------------------------------------------------------------------


def test_save_is_idempotent_and_numbered(room: Room) -> None:
    start = room.started()
    opened = open_attempt(room.ctx(room.candidacies[0], at=start))
    ctx = room.ctx(at=start + MINUTE)
    batch = [_save("E1", 1, "một"), _save("Q01", 1, "a")]
    for _ in range(3):
        answer = save_answers(ctx, opened.token, batch, page_epoch=1)
        assert (list(answer.saved), answer.set_aside, answer.fenced) == (batch, (), False)
    assert len(list_versions(room.session, room.attempt().id)) == 2
    assert answer.clock.remaining_seconds == (LENGTH - MINUTE).total_seconds()


def test_another_content_under_a_taken_number_is_not_acknowledged(room: Room) -> None:
    start = room.started()
    opened = open_attempt(room.ctx(room.candidacies[0], at=start))
    ctx = room.ctx(at=start)
    save_answers(ctx, opened.token, [_save("E1", 1, "một")], page_epoch=1)
    answer = save_answers(ctx, opened.token, [_save("E1", 1, "khác"), _save("E1", 2, "khác")], page_epoch=1)
    assert [save.number for save in answer.conflicts] == [1]
    assert [save.number for save in answer.saved] == [2]
    assert list_answers(room.session, room.attempt().id) == {"E1": "khác"}


def test_older_page_is_fenced_and_its_text_kept_beside(room: Room) -> None:
    start = room.started()
    candidate = room.ctx(room.candidacies[0], at=start)
    first = open_attempt(candidate)
    save_answers(candidate, first.token, [_save("E1", 1, "trang đầu")], page_epoch=1)
    second = open_attempt(candidate)
    assert (second.epoch, second.token, second.answers) == (2, first.token, {"E1": "trang đầu"})
    save_answers(candidate, second.token, [_save("E1", 1, "máy mới", epoch=2)], page_epoch=2)
    late = save_answers(candidate, first.token, [_save("E1", 2, "máy cũ viết tiếp")], page_epoch=1)
    assert (late.fenced, late.saved, len(late.set_aside)) == (True, (), 1)
    assert list_answers(room.session, room.attempt().id) == {"E1": "máy mới"}
    assert [version.set_aside for version in list_versions(room.session, room.attempt().id)] == [False, False, True]
    assert len(_records(room, "attempt:opened")) == 1


@pytest.mark.parametrize(
    ("after_deadline", "counted"),
    [(timedelta(0), True), (GRACE, True), (GRACE + timedelta(milliseconds=1), False)],
    ids=["at the deadline", "end of the grace", "after the grace"],
)
def test_grace_decides_what_counts_and_everything_is_kept(room: Room, after_deadline: timedelta, counted: bool) -> None:
    start = room.started()
    opened = open_attempt(room.ctx(room.candidacies[0], at=start))
    at = start + LENGTH + after_deadline
    answer = save_answers(room.ctx(at=at), opened.token, [_save("E1", 1, "muộn")], page_epoch=1)
    assert (len(answer.saved), len(answer.set_aside)) == ((1, 0) if counted else (0, 1))
    assert answer.clock.remaining_seconds == 0
    assert list_answers(room.session, room.attempt().id) == ({"E1": "muộn"} if counted else {})


def test_unknown_token_stores_nothing(room: Room) -> None:
    room.started()
    with pytest.raises(NotAllowedError) as error:
        save_answers(room.ctx(), "x" * 43, [_save("E1", 1, "của ai")], page_epoch=1)
    assert _code(error) == "token_unknown"
    assert room.session.scalars(select(AnswerVersion)).all() == []


def test_nothing_opens_before_the_start(room: Room) -> None:
    with pytest.raises(ConflictError) as error:
        open_attempt(room.ctx(room.candidacies[0]))
    assert _code(error) == "test_not_started"
    assert room.attempt().epoch == 0


def test_board_counts_answers_without_reading_them(room: Room) -> None:
    start = room.started()
    opened = open_attempt(room.ctx(room.candidacies[0], at=start))
    batch = [_save("Q01", 1, "a"), _save("Q02", 1, ["a"]), _save("Q02", 2, []), _save("flags", 1, ["Q03"])]
    save_answers(room.ctx(at=start + MINUTE), opened.token, batch, page_epoch=1)
    progress = count_progress(list_newest_versions(room.session, room.sitting.id))
    assert [(item.answered, item.saved_at) for item in progress.values()] == [(1, start + MINUTE)]


# --- time ----------------------------------------------------------------------------------------------------------


def test_extension_moves_the_end_of_one_candidate_only(room: Room) -> None:
    start = room.started()
    watcher = room.ctx(Role.INVIGILATOR, at=start)
    tokens = [open_attempt(room.ctx(room.candidacies[place], at=start)).token for place in (0, 1)]
    extend_time(watcher, room.competition, room.sitting, seat="A1", minutes=4, reason="Mất điện 4 phút")
    after = room.ctx(at=start + LENGTH + GRACE + SLACK + timedelta(seconds=1))
    view = read_state(after, tokens[0])
    assert view.remaining_seconds == 240 - 61 - CLOSING_SLACK_SECONDS
    assert close_overdue(after) == 2
    assert [room.attempt(place).state for place in range(3)] == [
        AttemptState.OPEN,
        AttemptState.ABSENT,
        AttemptState.ABSENT,
    ]
    (given,) = _records(room, "time:extended")
    assert (given.actor, given.payload) == (
        "invigilator/V01",
        '{"number":"' + str(room.candidacies[0].candidate_number) + '","reason":"Mất điện 4 phút","seconds":240}',
    )


def test_time_is_only_given_with_a_reason_and_while_someone_writes(room: Room) -> None:
    start = room.started()
    for minutes, reason, code in ((0, "x", "extension_out_of_range"), (5, "  ", "reason_missing")):
        with pytest.raises(InvalidError) as error:
            extend_time(
                room.ctx(Role.INVIGILATOR, at=start),
                room.competition,
                room.sitting,
                seat="A1",
                minutes=minutes,
                reason=reason,
            )
        assert _code(error) == code
    over = room.ctx(Role.INVIGILATOR, at=start + LENGTH + GRACE + MINUTE)
    while close_overdue(over):
        pass
    with pytest.raises(ConflictError) as refused:
        extend_time(over, room.competition, room.sitting, seat="A1", minutes=5, reason="muộn")
    assert _code(refused) == "extension_not_open"


# --- hand-in and close ---------------------------------------------------------------------------------------------


def _right_answers() -> dict[str, object]:
    answers: dict[str, object] = {}
    objective = [item for item in paper_questions() if item.kind is not QuestionKind.ESSAY]
    for number, question in enumerate(objective, start=1):
        key = question.answer_key
        if question.kind is QuestionKind.NUMERIC:
            answers[f"Q{number:02d}"] = str(key.value).replace(".", ",")  # type: ignore[union-attr]  # a numeric key
        elif question.kind in (QuestionKind.SINGLE, QuestionKind.TRUE_FALSE):
            answers[f"Q{number:02d}"] = key[0]  # type: ignore[index]  # keys of options
        else:
            answers[f"Q{number:02d}"] = list(key)  # type: ignore[arg-type]  # keys of options
    return answers


def test_hand_in_ends_the_attempt_once_scores_it_and_enters_the_log(room: Room) -> None:
    start = room.started()
    opened = open_attempt(room.ctx(room.candidacies[0], at=start))
    ctx = room.ctx(at=start + MINUTE)
    right = _right_answers() | {"Q01": "không có", "E1": "Bài luận"}
    saves = [_save(item, 1, content) for item, content in right.items()]
    save_answers(ctx, opened.token, saves, page_epoch=1)
    for _ in range(2):
        assert hand_in(ctx, opened.token, page_epoch=1).state is AttemptState.HANDED_IN
    attempt = room.attempt()
    assert (attempt.objective_total, attempt.objective_points["Q01"]) == (score("38.00"), "0.00")
    (submitted,) = _records(room, "answers:submitted")
    assert (submitted.actor, submitted.subject, submitted.seq) == ("candidate", "sitting/CA1", attempt.record_seq)
    assert '"candidate":"K01X1"' in str(submitted.payload)
    after = save_answers(ctx, opened.token, [_save("E1", 2, "sau khi nộp")], page_epoch=1)
    assert (after.saved, len(after.set_aside)) == ((), 1)


def test_hand_in_from_a_fenced_page_is_refused(room: Room) -> None:
    start = room.started()
    candidate = room.ctx(room.candidacies[0], at=start)
    opened = open_attempt(candidate)
    free_attempt(room.ctx(Role.INVIGILATOR, at=start), room.competition, room.sitting, seat="A1", reason="Máy hỏng")
    with pytest.raises(ConflictError) as error:
        hand_in(candidate, opened.token, page_epoch=1)
    assert _code(error) == "page_fenced"


def test_server_closes_from_what_it_holds_and_only_once(room: Room) -> None:
    start = room.started()
    opened = open_attempt(room.ctx(room.candidacies[0], at=start))
    save_answers(room.ctx(at=start + MINUTE), opened.token, [_save("E1", 1, "\ud800 còn dở")], page_epoch=1)
    check_in(room.ctx(Role.INVIGILATOR, at=start), room.competition, room.sitting, seat="A2")
    assert close_overdue(room.ctx(at=start + LENGTH + GRACE + SLACK)) == 0
    over = room.ctx(at=start + LENGTH + GRACE + SLACK + timedelta(seconds=2))
    assert close_overdue(over) == 4
    assert close_overdue(over) == 0
    states = [room.attempt(place).state for place in range(3)]
    assert states == [AttemptState.CLOSED, AttemptState.CLOSED, AttemptState.ABSENT]
    assert room.sitting.state is SittingState.CLOSED
    submitted = _records(room, "answers:submitted")
    assert [row.actor for row in submitted] == ["system", "system"]
    assert room.attempt(0).objective_total == score("0.00")
    assert len(_records(room, "sitting:closed")) == 1


def test_sitting_closes_when_the_last_one_has_handed_in(room: Room) -> None:
    start = room.started()
    for candidacy in room.candidacies:
        opened = open_attempt(room.ctx(candidacy, at=start))
        hand_in(room.ctx(at=start + MINUTE), opened.token, page_epoch=1)
    close_overdue(room.ctx(at=start + 2 * MINUTE))
    assert room.sitting.state is SittingState.CLOSED


# --- the room ------------------------------------------------------------------------------------------------------


def test_identity_is_confirmed_once_and_late_comers_are_refused_by_the_rule(room: Room) -> None:
    early = room.ctx(Role.INVIGILATOR)
    for _ in range(2):
        check_in(early, room.competition, room.sitting, seat="A1")
    assert len(_records(room, "candidate:checked-in")) == 1
    start = room.started()
    check_in(room.ctx(Role.INVIGILATOR, at=start + 10 * MINUTE), room.competition, room.sitting, seat="A2")
    late = room.ctx(Role.INVIGILATOR, at=start + 10 * MINUTE + timedelta(seconds=1))
    with pytest.raises(ConflictError) as error:
        check_in(late, room.competition, room.sitting, seat="A3")
    assert (error.value.code, error.value.params) == ("late_arrival_refused", {"minutes": 10})
    # Who wrote in time came in time; the papers may be looked at later.
    room.attempt(2).opened_at = start + timedelta(seconds=5)
    room.session.flush()
    assert check_in(late, room.competition, room.sitting, seat="A3").checked_in_at == late.now


def test_only_the_invigilators_of_the_sitting_act_in_it(room: Room) -> None:
    other = schedule_sitting(
        room.ctx(Role.ORGANISER),
        room.competition,
        code="CA2",
        room="03",
        rows=1,
        columns=3,
        starts_at=room.now + 30 * MINUTE,
    )
    with pytest.raises(NotAllowedError) as error:
        check_in(room.ctx(Role.INVIGILATOR), room.competition, other, seat="A1")
    assert _code(error) == "not_in_this_room"
    watched = list_sittings_of_invigilator(room.session, room.people[Role.INVIGILATOR].account_id)
    assert [sitting.code for sitting in watched] == ["CA1"]


def test_seat_moves_to_a_free_one_and_fences_the_old_machine(room: Room) -> None:
    start = room.started()
    opened = open_attempt(room.ctx(room.candidacies[0], at=start))
    watcher = room.ctx(Role.INVIGILATOR, at=start)
    with pytest.raises(ConflictError) as error:
        move_seat(watcher, room.competition, room.sitting, seat="A1", to="A2", reason="Máy hỏng")
    assert _code(error) == "seat_taken"
    with pytest.raises(InvalidError, match="seat_not_in_room"):
        move_seat(watcher, room.competition, room.sitting, seat="A1", to="Z9", reason="Máy hỏng")
    move_seat(watcher, room.competition, room.sitting, seat="A1", to="B3", reason="Máy hỏng")
    assert (room.attempt().seat, room.attempt().epoch) == ("B3", opened.epoch + 1)
    answer = save_answers(room.ctx(at=start), opened.token, [_save("E1", 1, "máy cũ")], page_epoch=1)
    assert answer.fenced


def test_incident_is_written_down_and_punishes_nobody_until_it_is_decided(room: Room) -> None:
    start = room.started()
    watcher = room.ctx(Role.INVIGILATOR, at=start)
    incident = record_incident(
        watcher, room.competition, room.sitting, seat="A1", measure="reprimand", minutes="Trao đổi lần thứ hai"
    )
    assert (incident.percent, incident.void) == (None, False)
    decide_incident(room.ctx(Role.CHAIR, at=start), room.competition, incident, measure="reprimand")
    assert (incident.percent, incident.void) == (score("25.00"), False)
    (decided,) = _records(room, "incident:decided")
    assert decided.payload == (
        '{"candidate":"K01X1","measure":"reprimand","part":"written","percent":"25.00","void":false}'
    )
    with pytest.raises(ConflictError):
        decide_incident(room.ctx(Role.CHAIR, at=start), room.competition, incident, measure=None)


def test_nobody_gets_a_new_password_while_somebody_writes(room: Room) -> None:
    start = room.started()
    open_attempt(room.ctx(room.candidacies[0], at=start))
    with pytest.raises(ConflictError, match="passwords_frozen_in_test"):
        issue_passwords(room.ctx(Role.ORGANISER, at=start), room.competition, {room.candidacies[0].id: "new"})


def test_a_measure_wants_somebody_whom_it_is_about(room: Room) -> None:
    start = room.started()
    watcher, chair = room.ctx(Role.INVIGILATOR, at=start), room.ctx(Role.CHAIR, at=start)
    with pytest.raises(InvalidError, match="measure_without_candidate"):
        record_incident(watcher, room.competition, room.sitting, seat=None, measure="reprimand", minutes="Mất điện")
    incident = record_incident(watcher, room.competition, room.sitting, seat=None, measure="", minutes="Mất điện")
    with pytest.raises(InvalidError, match="measure_without_candidate"):
        decide_incident(chair, room.competition, incident, measure="reprimand")
    assert _records(room, "incident:decided") == []


def test_nobody_decides_about_somebody_near_and_a_member_only_for_the_chair(room: Room) -> None:
    start = room.started()
    incident = record_incident(
        room.ctx(Role.INVIGILATOR, at=start), room.competition, room.sitting, seat="A1", measure="", minutes="Trao đổi"
    )
    chair, member = room.ctx(Role.CHAIR, at=start), room.ctx(add_person(room, Role.COUNCIL_MEMBER, "C02"), at=start)
    with pytest.raises(NotAllowedError, match="role_needed"):
        decide_incident(member, room.competition, incident, measure=None)
    declare_conflicts(chair, room.competition, {incident.candidacy_id: "other"})
    with pytest.raises(NotAllowedError, match="incident_concerned"):
        decide_incident(chair, room.competition, incident, measure=None)
    decide_incident(member, room.competition, incident, measure="reprimand")
    assert [row.actor for row in _records(room, "incident:decided")] == ["council/C02"]


def test_incident_without_a_measure_may_be_dismissed(room: Room) -> None:
    room.started()
    incident = record_incident(
        room.ctx(Role.INVIGILATOR), room.competition, room.sitting, seat=None, measure="", minutes="Mất điện cả dãy"
    )
    decide_incident(room.ctx(Role.CHAIR), room.competition, incident, measure=None)
    assert len(_records(room, "incident:dismissed")) == 1
    assert room.session.get(Incident, incident.id).void is False  # type: ignore[union-attr]  # it exists


def test_attendance_is_signed_after_the_close_before_codes_are_sealed(room: Room) -> None:
    start = room.started()
    watcher = room.ctx(Role.INVIGILATOR, at=start)
    check_in(watcher, room.competition, room.sitting, seat="A1")
    with pytest.raises(ConflictError) as error:
        sign_attendance(watcher, room.competition, room.sitting)
    assert _code(error) == "sitting_not_closed_yet"
    close_overdue(room.ctx(at=start + LENGTH + 2 * MINUTE))

    def owed() -> list[str]:
        return [item.code for item in missing_before_codes(room.session, room.competition, start)]

    assert owed() == ["attendance_not_signed"]
    assert sign_attendance(watcher, room.competition, room.sitting) == ["K02X2", "K03X3"]
    with pytest.raises(ConflictError, match="attendance_signed_already"):
        sign_attendance(watcher, room.competition, room.sitting)
    assert owed() == []
    (signed,) = _records(room, "attendance:recorded")
    assert (signed.actor, signed.payload) == ("invigilator/V01", '{"absent":["K02X2","K03X3"],"part":"written"}')
