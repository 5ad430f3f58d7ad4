"""The supervision board asks about a record, whoever acted answers once, and both stand in the log."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from examsite.domain.errors import ConflictError, InvalidError, NotAllowedError
from examsite.domain.permissions import Role
from examsite.services.announcements import announce
from examsite.services.explanations import ask_explanation, give_explanation
from examsite.storage.queries.explanations import count_open_explanations, count_open_explanations_of
from examsite.storage.queries.records import get_log, list_last_records
from tests.factories.competitions import Plan, make_complete_plan

QUESTION = "Vì sao thông báo được công bố vào giờ này?"
ANSWER = "Công bố ngay sau khi người đứng đầu ký, có đủ ba người."


@pytest.fixture
def board(session: Session, now: datetime) -> Plan:
    """An announced competition: its first record is the system's, others are the organiser's."""
    plan = make_complete_plan(session, now)
    announce(plan.ctx(), plan.competition)
    return plan


def _record_of(board: Plan, kind: str) -> int:
    rows = list_last_records(board.session, board.competition.code, limit=200)
    return next(row.seq for row in rows if row.actor.startswith(kind))


def test_whoever_acted_answers_once_and_both_are_recorded(board: Plan) -> None:
    competition = board.competition
    asked = ask_explanation(board.ctx(Role.SUPERVISOR), competition, _record_of(board, "organiser"), question=QUESTION)
    organiser = board.ctx(Role.ORGANISER)
    assert asked.number == 1
    assert (
        count_open_explanations_of(board.session, competition.id, organiser.actor.account_id or 0, Role.ORGANISER) == 1
    )
    with pytest.raises(NotAllowedError) as refused:
        give_explanation(board.ctx(Role.SETTER), competition, 1, answer=ANSWER)
    assert refused.value.code == "explanation_of_other"
    give_explanation(organiser, competition, 1, answer=ANSWER)
    assert count_open_explanations(board.session, competition.id) == 0
    given, question = list_last_records(board.session, competition.code, limit=2)
    assert (given.event, given.actor.split("/")[0]) == ("explanation:given", "organiser")
    assert json.loads(given.payload or "")["answer"] == ANSWER
    assert json.loads(question.payload or "")["seq"] == asked.about_seq
    with pytest.raises(ConflictError):
        give_explanation(organiser, competition, 1, answer=ANSWER)


def test_the_chair_answers_for_the_system_and_for_others(board: Plan) -> None:
    supervisor, chair = board.ctx(Role.SUPERVISOR), board.ctx(Role.CHAIR)
    log = get_log(board.session, board.competition.code)
    asked = ask_explanation(supervisor, board.competition, 0, question=QUESTION)
    assert log.size
    assert asked.asked_of_id is None
    account = chair.actor.account_id or 0
    assert count_open_explanations_of(board.session, board.competition.id, account, Role.CHAIR) == 1
    ask_explanation(supervisor, board.competition, _record_of(board, "organiser"), question=QUESTION)
    give_explanation(chair, board.competition, 1, answer=ANSWER)
    give_explanation(chair, board.competition, 2, answer=ANSWER)
    assert count_open_explanations(board.session, board.competition.id) == 0


def test_only_supervisors_ask_and_with_words(board: Plan) -> None:
    with pytest.raises(NotAllowedError):
        ask_explanation(board.ctx(Role.CHAIR), board.competition, 0, question=QUESTION)
    with pytest.raises(InvalidError):
        ask_explanation(board.ctx(Role.SUPERVISOR), board.competition, 0, question="?")
