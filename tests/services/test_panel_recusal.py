"""Who is kept away from a defence, by the own word or the council's, and what becomes of the work already done."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.config import Settings
from examsite.domain.errors import ConflictError, DomainError, InvalidError, NotAllowedError
from examsite.domain.panels import DefenceState
from examsite.domain.permissions import Role
from examsite.services import assessments, people, reveals
from examsite.services import defence as acts
from examsite.services.conflicts import declare_conflicts, judge_hint
from examsite.services.panel_questions import note_question
from examsite.storage.models.accounts import Account, RoleAssignment
from examsite.storage.models.dossiers import Candidacy, ConflictRuling
from examsite.storage.models.records import RecordRow
from examsite.storage.queries.conflicts import list_recused_candidacies
from examsite.storage.queries.defence import defence_results, list_first_totals
from tests.factories.defence import REASON, Hall, make_hall
from tests.scenes import Keep


@pytest.fixture
def hall(session: Session, now: datetime, tmp_path: Path, keep: Keep) -> Hall:
    """Three defences in drawn order before three members."""
    settings = Settings(tmp_path, secret_key="0" * 64, database_url="sqlite://")

    def build() -> Hall:
        hall = make_hall(session, now, settings=settings)
        hall.drawn()
        return hall

    return keep("hall", build, session, tmp_path, settings=settings)


def barred(hall: Hall, held: RoleAssignment, *, position: int = 1, by: Role = Role.COUNCIL_MEMBER) -> None:
    """The council has kept a person away from a candidate; how it comes to that is tested with the judgement."""
    hall.session.add(
        ConflictRuling(
            competition_id=hall.competition.id,
            account_id=held.account_id,
            candidacy_id=hall.defence(position).candidacy_id,
            is_barred=True,
            reason="Anh em ruột.",
            hints=[],
            decided_by_id=hall.board.room.people[by].account_id,
            decided_at=hall.closes_at,
            record_seq=7,
        )
    )
    hall.session.flush()


def head_of(hall: Hall) -> RoleAssignment:
    return hall.board.room.people[Role.PANEL_HEAD]


def refused(kind: type[DomainError], act: Callable[[], Any]) -> str:
    with pytest.raises(kind) as error:
        act()
    return error.value.code


def payloads(hall: Hall, event: str) -> list[tuple[str, str, Any]]:
    rows = hall.session.scalars(select(RecordRow).where(RecordRow.event == event).order_by(RecordRow.seq))
    return [(row.actor, row.subject, json.loads(row.payload or "null")) for row in rows]


def test_a_sheet_locked_before_the_judgement_is_withdrawn_and_not_counted(hall: Hall) -> None:
    defence = hall.scoring()
    marks = [hall.lock(member, total) for member, total in enumerate(("60.00", "60.00", "69.00"))]
    barred(hall, hall.members[2])

    hall.shown()
    settled = reveals.close_discussion(hall.ctx(Role.PANEL_HEAD), hall.competition, 1)

    assert settled.score == Decimal("60.00")
    subject = f"defence/{defence.candidacy.public_code}"
    second = hall.board.room.people[Role.COUNCIL_MEMBER].pseudonym
    assert payloads(hall, "mark:withdrawn")[-1] == (
        "head/B01",
        subject,
        {"seq": marks[2].record_seq, "reason": "conflict:judged 7", "second": second},
    )
    assert payloads(hall, "defence:revealed")[-1][2] == {
        "members": ["G01", "G02"],
        "recused": ["G03"],
        "excused": [],
    }
    code = defence.candidacy.public_code
    result = next(row for row in defence_results(hall.session, hall.competition) if row.code == code)
    assert [mark.marker for mark in result.entry.marks] == ["G01", "G02"]
    late = lambda: reveals.change_sheet(  # noqa: E731 -- one act
        hall.ctx(hall.members[2]), hall.competition, 1, hall.points("61.00"), reason="x"
    )
    assert refused(NotAllowedError, late) == "member_recused"


def test_two_of_the_council_judge_and_the_one_who_does_not_lead_is_the_second(hall: Hall) -> None:
    defence = hall.scoring()
    for member, total in enumerate(("60.00", "60.00", "69.00")):
        hall.lock(member, total)
    barred(hall, head_of(hall))
    held = hall.members[2]
    hall.session.get_one(Candidacy, defence.candidacy_id).unit = "Phòng Kế hoạch"
    hall.session.get_one(Account, held.account_id).position_title = "Phó trưởng phòng Kế hoạch"
    hall.session.flush()

    def judge(who: Role) -> ConflictRuling:
        return judge_hint(
            hall.ctx(who),
            hall.competition,
            account_id=held.account_id,
            candidacy_id=defence.candidacy_id,
            is_barred=True,
            reason="Anh em ruột.",
        )

    judge(Role.COUNCIL_MEMBER)
    ruling = judge(Role.CHAIR)
    reveals.reveal_scores(hall.ctx(Role.CHAIR), hall.competition, 1)
    chair, member = (hall.board.room.people[role].pseudonym for role in (Role.CHAIR, Role.COUNCIL_MEMBER))
    actor, _subject, payload = payloads(hall, "mark:withdrawn")[-1]
    assert (actor, payload["second"]) == (f"head/{chair}", member)
    assert payload["reason"] == f"conflict:judged {ruling.record_seq}"
    assert "Anh em" not in payload["reason"]
    assert refused(ConflictError, lambda: judge(Role.COUNCIL_MEMBER)) == "conflict_after_reveal"


def test_enough_sheets_must_remain_without_the_withdrawn_one(hall: Hall) -> None:
    hall.scoring()
    hall.lock(0, "60.00")
    hall.lock(1, "60.00")
    barred(hall, hall.members[1])
    excused = {"G03": "Ốm, có giấy của bệnh viện"}
    assert refused(ConflictError, lambda: hall.shown(excused=excused)) == "too_few_markers"


def test_a_barred_head_neither_leads_nor_excuses_nor_decides_and_the_chair_does(hall: Hall) -> None:
    chair, head = hall.ctx(Role.CHAIR), hall.ctx(Role.PANEL_HEAD)
    assessments.save_assessment(hall.ctx(hall.members[0]), hall.competition, 1, "Rõ mục tiêu.", revision=0)
    start = lambda ctx: acts.start_presentation(ctx, hall.competition, 1)  # noqa: E731 -- one act
    assert refused(ConflictError, lambda: start(chair)) == "head_leads"
    barred(hall, head_of(hall))
    for act in (
        lambda: start(head),
        lambda: reveals.reveal_scores(head, hall.competition, 1, excused={"G01": "Ốm"}),
        lambda: reveals.close_discussion(head, hall.competition, 1),
        lambda: reveals.decide_gap(head, hall.competition, 1, decided=Decimal("60.00"), reason=REASON),
        lambda: note_question(head, hall.competition, 1, text="Vì sao?", answer=""),
    ):
        assert refused(NotAllowedError, act) in ("head_recused", "member_recused")

    for step in (acts.start_presentation, acts.start_questions, acts.open_scoring):
        step(chair, hall.competition, 1)
    for member, total in enumerate(("30.00", "60.00", "90.00")):
        hall.lock(member, total)
    reveals.reveal_scores(chair, hall.competition, 1)
    settled = hall.decided("60.00", by=Role.CHAIR)

    assert (settled.state, settled.step, settled.score) == (DefenceState.SETTLED, "head", Decimal("60.00"))
    named = f"head/{chair.actor.pseudonym}"
    for event in ("assessment:locked", "defence:begun", "defence:revealed", "settlement:decided"):
        assert payloads(hall, event)[-1][0] == named
    # Only this one defence: of the next the head is the head.
    assert refused(ConflictError, lambda: acts.start_presentation(chair, hall.competition, 2)) == "head_leads"
    acts.start_presentation(head, hall.competition, 2)


def test_a_head_who_declares_after_the_reveal_leaves_the_gap_to_the_chair(hall: Hall) -> None:
    defence = hall.revealed(["40.00", "65.00", "71.00"])
    head = hall.ctx(Role.PANEL_HEAD)
    declare_conflicts(head, hall.competition, {defence.candidacy_id: "other"})
    decide = lambda: hall.decided("60.00")  # noqa: E731 -- one act
    assert refused(NotAllowedError, decide) == "head_recused"
    assert hall.decided("60.00", by=Role.CHAIR).score == Decimal("60.00")


def test_whoever_judged_is_not_the_second_person_of_the_own_withdrawal(hall: Hall) -> None:
    hall.scoring()
    for member, total in enumerate(("60.00", "60.00", "69.00")):
        hall.lock(member, total)
    barred(hall, head_of(hall))
    barred(hall, hall.members[2], by=Role.CHAIR)
    reveal = lambda: reveals.reveal_scores(hall.ctx(Role.CHAIR), hall.competition, 1)  # noqa: E731 -- one act
    assert refused(NotAllowedError, reveal) == "ruling_needs_second"
    barred(hall, hall.members[2])
    assert reveal().state is DefenceState.REVEALED


def test_a_begun_sheet_is_left_out_only_with_a_second_person(hall: Hall) -> None:
    hall.scoring()
    hall.lock(0, "60.00")
    hall.lock(1, "62.00")
    acts.save_sheet(hall.ctx(hall.members[2]), hall.competition, 1, hall.points("95.00"), {}, revision=0)
    excused = {"G03": "Có việc gia đình đột xuất"}
    assert refused(ConflictError, lambda: hall.shown(excused=excused)) == "excuse_needs_second"

    def agree(who: Role | RoleAssignment, member: str = "G03", reason: str = REASON) -> int:
        return reveals.agree_excuse(hall.ctx(who), hall.competition, 1, member=member, reason=reason)

    for stranger in (Role.PANEL_HEAD, hall.members[0], Role.ORGANISER):
        assert refused(NotAllowedError, lambda s=stranger: agree(s)) == "role_needed"
    second = Role.COUNCIL_MEMBER
    assert refused(InvalidError, lambda: agree(second, "G09")) == "member_unknown"
    assert refused(InvalidError, lambda: agree(second, reason="vắng")) == "reason_too_short"
    agree(second)
    agree(second, "G01")
    assert refused(ConflictError, lambda: hall.shown(excused={**excused, "G01": "Ốm"})) == "member_has_locked"
    hall.shown(excused=excused)
    assert [row[2]["member"] for row in payloads(hall, "excuse:agreed")] == ["G03", "G01"]
    assert refused(ConflictError, lambda: agree(second)) == "excuse_not_now"


def test_nobody_concerned_agrees_to_leave_a_member_out(hall: Hall) -> None:
    hall.scoring()
    barred(hall, head_of(hall))
    agree = lambda who: reveals.agree_excuse(  # noqa: E731 -- one act
        hall.ctx(who), hall.competition, 1, member="G03", reason=REASON
    )
    assert refused(NotAllowedError, lambda: agree(Role.CHAIR)) == "excuse_by_concerned", "the chair leads it now"
    barred(hall, hall.board.room.people[Role.COUNCIL_MEMBER], by=Role.CHAIR)
    assert refused(NotAllowedError, lambda: agree(Role.COUNCIL_MEMBER)) == "excuse_by_concerned"


def test_reads_ask_the_same_of_a_word_and_of_a_judgement(hall: Hall) -> None:
    defence = hall.defence()
    barred(hall, head_of(hall))
    account_id = head_of(hall).account_id
    assert list_recused_candidacies(hall.session, hall.competition.id, account_id) == {defence.candidacy_id}
    assert list_recused_candidacies(hall.session, hall.competition.id, hall.members[0].account_id) == set()


def test_what_a_barred_member_had_drafted_is_not_locked_for_the_others(hall: Hall) -> None:
    for member in hall.members[:2]:
        assessments.save_assessment(hall.ctx(member), hall.competition, 1, "Rõ mục tiêu.", revision=0)
    barred(hall, hall.members[0])
    hall.scoring()
    assert [row[2]["member"] for row in payloads(hall, "assessment:locked")] == ["G02"]


def test_the_figures_of_the_panel_leave_out_what_the_head_is_kept_away_from(hall: Hall) -> None:
    defence = hall.revealed(["60.00", "61.00", "62.00"])
    assert len(list_first_totals(hall.session, hall.competition.id)) == 1
    assert list_first_totals(hall.session, hall.competition.id, hidden={defence.candidacy_id}) == []


def test_nobody_takes_a_member_out_alone_by_taking_back_the_role(hall: Hall) -> None:
    hall.scoring()
    for member, total in enumerate(("60.00", "61.00")):
        hall.lock(member, total)
    begun = hall.members[2]
    acts.save_sheet(hall.ctx(begun), hall.competition, 1, hall.points("90.00"), {}, revision=0)

    take_back = lambda: people.revoke_role(hall.ctx(Role.ORGANISER), hall.competition, begun.id)  # noqa: E731 -- one act

    assert refused(ConflictError, take_back) == "role_already_used"
    assert refused(ConflictError, hall.shown) == "members_not_locked"
