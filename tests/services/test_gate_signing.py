"""The council signs before a gate where the rule set asks for it: over exact bytes, by majority, once each."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.config import Settings
from examsite.domain.competitions import CompetitionState, GateEvent
from examsite.domain.errors import ConflictError, InvalidError, NotAllowedError
from examsite.domain.permissions import Role
from examsite.domain.publication import Decision
from examsite.services import announcements, codes, merging
from examsite.services.competitions import set_announcement
from examsite.services.context import Actor, ServiceContext
from examsite.services.gate_signing import sign_gate
from examsite.services.rulesets import change_ruleset
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.records import RecordRow
from examsite.storage.queries.gate_signatures import GateSigning, read_gate_signing
from examsite.storage.queries.gates import list_missing
from tests.factories.competitions import Plan, make_complete_plan
from tests.factories.marking import make_board

WHY = "Lịch thi trùng ngày bầu cử; đề nghị lùi một tuần."


@pytest.fixture
def plan(session: Session, now: datetime) -> Plan:
    plan = make_complete_plan(session, now)
    change_ruleset(plan.ctx(), plan.competition, {"approvals_announced": "1"})
    return plan


def _signing(plan: Plan) -> GateSigning:
    found = read_gate_signing(plan.session, plan.competition, GateEvent.ANNOUNCED)
    assert found is not None
    return found


def _ctx(plan: Plan, held: RoleAssignment) -> ServiceContext:
    actor = Actor(held.account_id, held.role, held.id, held.pseudonym, plan.competition.id)
    return ServiceContext(session=plan.session, now=plan.now, actor=actor, factor_at=plan.now)


def _says(plan: Plan, held: RoleAssignment, decision: Decision = Decision.AGREED, **named: Any) -> int:
    values = {"sha_tail": _signing(plan).sha256[-4:], **named}
    return sign_gate(_ctx(plan, held), plan.competition, GateEvent.ANNOUNCED, decision=decision, **values)


def _council(plan: Plan) -> list[RoleAssignment]:
    return [*plan.people[Role.CHAIR], *plan.people[Role.COUNCIL_MEMBER]]


def _missing(plan: Plan) -> list[tuple[str, Any]]:
    rows = list_missing(plan.session, plan.competition, GateEvent.ANNOUNCED, now=plan.now)
    return [(row.code, row.params.get("have")) for row in rows]


def test_the_plan_is_announced_when_the_majority_has_signed_exactly_it(plan: Plan) -> None:
    chair, second, third = _council(plan)
    assert _missing(plan) == [("gate_unsigned", 0)]
    with pytest.raises(ConflictError, match="gate_shut"):
        announcements.announce(plan.ctx(), plan.competition)
    with pytest.raises(InvalidError, match="hash_tail_wrong"):
        _says(plan, chair, sha_tail="zzzz")
    with pytest.raises(NotAllowedError, match="role_needed"):
        sign_gate(plan.ctx(), plan.competition, GateEvent.ANNOUNCED, decision=Decision.AGREED, sha_tail="0000")
    stale = ServiceContext(session=plan.session, now=plan.now, actor=_ctx(plan, chair).actor)
    tail = _signing(plan).sha256[-4:]
    with pytest.raises(NotAllowedError, match="fresh_factor_needed"):
        sign_gate(stale, plan.competition, GateEvent.ANNOUNCED, decision=Decision.AGREED, sha_tail=tail)

    seq = _says(plan, chair)
    with pytest.raises(ConflictError, match="already_signed"):
        _says(plan, chair)
    # One of three is what the rule set asks for, and not the greater part of those who may sign.
    assert _missing(plan) == [("gate_unsigned", 1)]
    _says(plan, second)
    assert _missing(plan) == []
    with pytest.raises(ConflictError, match="gate_not_signable"):
        _says(plan, third)

    row = plan.session.scalars(select(RecordRow).where(RecordRow.event == "gate:signed", RecordRow.seq == seq)).one()
    assert row.actor == f"council/{chair.pseudonym}"
    assert json.loads(row.payload or "") == {
        "gate": "announced",
        "document_sha256": _signing(plan).sha256,
        "agreed": True,
        "reason": "",
        "assertion": None,
    }
    announcements.announce(plan.ctx(), plan.competition)
    assert plan.competition.state is CompetitionState.ANNOUNCED


def test_a_refusal_has_a_reason_and_a_changed_plan_is_signed_anew(plan: Plan) -> None:
    people = _council(plan)
    with pytest.raises(InvalidError, match="reason_missing"):
        _says(plan, people[0], Decision.REFUSED)
    _says(plan, people[1])
    for held in (people[0], people[2]):
        _says(plan, held, Decision.REFUSED, reason=WHY)
    assert _missing(plan) == [("gate_refused", None)]
    with pytest.raises(ConflictError, match="gate_shut"):
        announcements.announce(plan.ctx(), plan.competition)

    set_announcement(plan.ctx(), plan.competition, text="Thông báo đã sửa theo ý kiến của hội đồng.", text_en="Mended.")
    assert _missing(plan) == [("gate_unsigned", 0)]
    for held in people[:2]:
        _says(plan, held)
    assert _missing(plan) == []


def test_who_refused_may_agree_to_the_same_document_later(plan: Plan) -> None:
    people = _council(plan)
    _says(plan, people[1])
    for held in (people[0], people[2]):
        _says(plan, held, Decision.REFUSED, reason=WHY)
    assert _missing(plan) == [("gate_refused", None)]
    with pytest.raises(ConflictError, match="already_signed"):
        _says(plan, people[2], Decision.REFUSED, reason=WHY)
    with pytest.raises(ConflictError, match="already_signed"):
        _says(plan, people[1], Decision.REFUSED, reason=WHY)
    _says(plan, people[0])
    assert _missing(plan) == []
    with pytest.raises(ConflictError, match="gate_not_signable"):
        _says(plan, people[2])


def test_a_refusal_rewritten_in_the_database_is_no_agreement(plan: Plan) -> None:
    people = _council(plan)
    _says(plan, people[0])
    seq = _says(plan, people[1], Decision.REFUSED, reason=WHY)
    assert _signing(plan).agreed == 1
    row = plan.session.scalars(select(RecordRow).where(RecordRow.event == "gate:signed", RecordRow.seq == seq)).one()
    row.payload = (row.payload or "").replace('"agreed":false', '"agreed":true')
    plan.session.flush()
    assert row.content["agreed"] is True
    assert _missing(plan) == [("gate_unsigned", 1)]


def test_written_results_wait_for_the_council_and_others_pass_alone(
    session: Session, now: datetime, tmp_path: Path
) -> None:
    settings = Settings(tmp_path, secret_key="0" * 64, database_url="sqlite://", testing=True)
    board = make_board(session, now, settings=settings, candidates=2, absent=1)
    toml = board.competition.ruleset_toml
    board.competition.ruleset_toml = toml.replace("approvals_written = { value = 0", "approvals_written = { value = 1")
    for script in board.allocated():
        board.lock_pair(script.code, ("37.50", "37.50"))
    assert read_gate_signing(session, board.competition, GateEvent.CODES_OPENED) is None
    codes.open_codes(board.ctx(Role.CHAIR), board.competition, words=board.sheets)
    with pytest.raises(ConflictError, match="gate_shut"):
        merging.publish_written(board.ctx(Role.ORGANISER), board.competition)

    signing = read_gate_signing(session, board.competition, GateEvent.WRITTEN_PUBLISHED)
    assert signing is not None
    scores = {row["code"]: row["score"] for row in signing.document["candidates"]}
    assert scores == {
        str(board.room.candidacies[0].public_code): None,
        str(board.room.candidacies[1].public_code): "57.50",
    }
    sign_gate(
        board.ctx(Role.CHAIR),
        board.competition,
        GateEvent.WRITTEN_PUBLISHED,
        decision=Decision.AGREED,
        sha_tail=signing.sha256[-4:],
    )
    merging.publish_written(board.ctx(Role.ORGANISER), board.competition)
    assert board.competition.state is CompetitionState.APPEALS
