"""Around a defence: what is written before, what is asked, what changes after the talk, and who sees scores when."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.config import Settings
from examsite.domain.errors import ConflictError, DomainError, InvalidError, NotAllowedError
from examsite.domain.permissions import Role
from examsite.services import assessments, panel_incidents, panel_questions, reveals
from examsite.services import defence as acts
from examsite.services.conflicts import declare_conflicts
from examsite.storage.models.records import RecordRow
from examsite.storage.queries.assessments import count_written, find_own_assessment, list_assessments
from examsite.storage.queries.defence import defence_results, list_first_totals, list_own_states
from examsite.storage.queries.panel_incidents import list_member_incidents
from tests.factories.defence import Hall, make_hall
from tests.scenes import Keep


@pytest.fixture
def hall(session: Session, now: Any, tmp_path: Path, keep: Keep) -> Hall:
    """Three defences in drawn order before three members."""
    settings = Settings(tmp_path, secret_key="0" * 64, database_url="sqlite://")

    def build() -> Hall:
        hall = make_hall(session, now, settings=settings)
        hall.drawn()
        return hall

    return keep("hall", build, session, tmp_path, settings=settings)


def refused(kind: type[DomainError], act: Callable[[], Any]) -> str:
    with pytest.raises(kind) as error:
        act()
    return error.value.code


def payloads(hall: Hall, event: str) -> list[Any]:
    rows = hall.session.scalars(select(RecordRow).where(RecordRow.event == event).order_by(RecordRow.seq))
    return [(row.actor, json.loads(row.payload or "null")) for row in rows]


def write(hall: Hall, member: int, text: str, *, revision: int = 0, position: int = 1) -> Any:
    ctx = hall.ctx(hall.members[member])
    return assessments.save_assessment(ctx, hall.competition, position, text, revision=revision)


def test_what_is_written_before_is_the_members_own_and_locked_when_the_defence_begins(hall: Hall) -> None:
    write(hall, 0, "Mục tiêu rõ, thiếu số gốc.")
    second = write(hall, 1, "Nguồn lực chưa tính.")
    assert refused(ConflictError, lambda: write(hall, 1, "khác", revision=0)) == "assessment_saved_elsewhere"
    assert refused(InvalidError, lambda: write(hall, 2, "x" * 12001)) == "assessment_too_long"
    ctx = hall.ctx(hall.members[1])
    assessments.lock_assessment(ctx, hall.competition, 1, revision=second.revision)
    assert refused(ConflictError, lambda: write(hall, 1, "khác", revision=1)) == "assessment_locked"
    candidacy_id = hall.defence().candidacy_id
    assert count_written(hall.session, candidacy_id) == 2
    third = find_own_assessment(hall.session, candidacy_id, hall.members[2].id)
    assert third is None
    hall.scoring()
    assert [row.locked_at is not None for row in list_assessments(hall.session, candidacy_id)] == [True, True]
    assert payloads(hall, "assessment:locked") == [
        ("panel/G02", {"member": "G02", "text": "Nguồn lực chưa tính."}),
        ("head/B01", {"member": "G01", "text": "Mục tiêu rõ, thiếu số gốc."}),
    ]
    assert refused(ConflictError, lambda: write(hall, 2, "muộn")) == "assessment_locked"


def test_whoever_stands_near_writes_nothing(hall: Hall) -> None:
    declare_conflicts(hall.ctx(hall.members[0]), hall.competition, {hall.defence().candidacy_id: "sibling"})
    assert refused(NotAllowedError, lambda: write(hall, 0, "x")) == "member_recused"
    head = hall.ctx(Role.PANEL_HEAD)
    outside = lambda: assessments.save_assessment(head, hall.competition, 1, "x", revision=0)  # noqa: E731 -- one act
    assert refused(NotAllowedError, outside) == "role_needed"


def test_questions_are_numbered_and_no_answer_is_overwritten_unseen(hall: Hall) -> None:
    member, head = hall.ctx(hall.members[0]), hall.ctx(Role.PANEL_HEAD)

    def ask(ctx: Any, **named: Any) -> Any:
        return panel_questions.note_question(ctx, hall.competition, 1, **{"text": "Vì sao?", "answer": "", **named})

    def reply(ctx: Any, answer: str, seen: str, number: int = 1) -> Any:
        return panel_questions.note_answer(ctx, hall.competition, 1, number=number, answer=answer, seen=seen)

    assert refused(ConflictError, lambda: ask(member)) == "question_not_now"
    acts.start_presentation(head, hall.competition, 1)
    assert ask(member).number == 1
    assert ask(head, asked_by="G03", answer="Đúng vậy").number == 2
    assert refused(InvalidError, lambda: ask(head, asked_by="G09")) == "member_unknown"
    assert refused(InvalidError, lambda: ask(member, text="  ")) == "question_missing"
    reply(member, "Vì thiếu người", "")
    assert refused(ConflictError, lambda: reply(head, "khác", "")) == "answer_written_elsewhere"
    assert refused(NotAllowedError, lambda: reply(member, "x", "Đúng vậy", number=2)) == "question_of_another"
    assert reply(head, "Vì thiếu người và tiền", "Vì thiếu người").answer == "Vì thiếu người và tiền"
    noted = [(actor, payload["number"], payload["answer"]) for actor, payload in payloads(hall, "question:noted")]
    assert noted == [
        ("panel/G01", 1, ""),
        ("head/B01", 2, "Đúng vậy"),
        ("panel/G01", 1, "Vì thiếu người"),
        ("head/B01", 1, "Vì thiếu người và tiền"),
    ]


def test_where_the_recording_lies_is_the_heads_to_say(hall: Hall) -> None:
    head = hall.ctx(Role.PANEL_HEAD)
    note = lambda ctx, text, seen: panel_questions.note_recording(  # noqa: E731 -- one act
        ctx, hall.competition, 1, reference=text, seen=seen
    )
    assert refused(NotAllowedError, lambda: note(hall.ctx(hall.members[0]), "x", "")) == "role_needed"
    assert note(head, " Thẻ  nhớ 7 ", "").recording_reference == "Thẻ nhớ 7"
    assert refused(ConflictError, lambda: note(head, "Thẻ nhớ 8", "")) == "recording_written_elsewhere"


def change(hall: Hall, member: int, total: str, reason: str = "Nghe số liệu của đơn vị") -> Any:
    ctx = hall.ctx(hall.members[member])
    return reveals.change_sheet(ctx, hall.competition, 1, hall.points(total), reason=reason)


def test_a_change_stands_beside_the_first_mark_and_is_made_once(hall: Hall) -> None:
    hall.scoring()
    for member, total in enumerate(("60.00", "65.00", "71.00")):
        hall.lock(member, total)
    assert refused(ConflictError, lambda: change(hall, 2, "68.00")) == "change_not_open"
    hall.shown()
    assert refused(InvalidError, lambda: change(hall, 2, "68.00", " ")) == "reason_missing"
    assert refused(InvalidError, lambda: change(hall, 2, "71.00")) == "change_is_none"
    changed = change(hall, 2, "68.00")
    assert (changed.round, changed.total, changed.reason) == (2, Decimal("68.00"), "Nghe số liệu của đơn vị")
    assert refused(ConflictError, lambda: change(hall, 2, "67.00")) == "change_already_made"
    locked = payloads(hall, "mark:locked")[-1]
    assert set(locked[1]) == {"part", "round", "content", "points", "total"}, "the published payload, nothing more"
    assert (locked[0], locked[1]["round"]) == ("panel/G03", 2)
    assert payloads(hall, "change:explained")[-1][1]["reason"] == "Nghe số liệu của đơn vị"
    # The preset only shows the change: the first marks stay too far apart.
    head = hall.ctx(Role.PANEL_HEAD)
    close = lambda: reveals.close_discussion(head, hall.competition, 1)  # noqa: E731 -- one act
    assert refused(ConflictError, close) == "gap_needs_decision"
    code = hall.defence().candidacy.public_code
    entry = next(row.entry for row in defence_results(hall.session, hall.competition) if row.code == code)
    assert [(mark.marker, mark.round, mark.total) for mark in entry.marks][-1] == ("G03", 2, Decimal("68.00"))
    assert list_own_states(hall.session, hall.competition.id, hall.members[2].id).keys() == {hall.defence().id}
    assert list_first_totals(hall.session, hall.competition.id)[0]["G03"] == Decimal("71.00")


def test_where_the_rule_set_says_so_the_change_counts(hall: Hall) -> None:
    board = hall.board.competition
    shown, counts = (f'after_discussion = {{ value = "{word}"' for word in ("shown", "counts"))
    assert shown in board.ruleset_toml
    board.ruleset_toml = board.ruleset_toml.replace(shown, counts)
    hall.session.flush()
    hall.scoring()
    for member, total in enumerate(("60.00", "65.00", "71.00")):
        hall.lock(member, total)
    hall.shown()
    change(hall, 2, "68.00")
    head = hall.ctx(Role.PANEL_HEAD)
    decide = lambda: reveals.decide_gap(  # noqa: E731 -- one act
        head, hall.competition, 1, decided=Decimal("70.00"), reason="x"
    )
    assert refused(ConflictError, decide) == "gap_within_limit"
    assert reveals.close_discussion(head, hall.competition, 1).score == Decimal("64.33")


def test_only_who_locked_may_change_and_nothing_changes_after_the_score(hall: Hall) -> None:
    hall.scoring()
    hall.lock(0, "60.00")
    hall.lock(1, "62.00")
    hall.shown(excused={"G03": "Ốm"})
    assert refused(ConflictError, lambda: change(hall, 2, "61.00")) == "sheet_not_locked"
    reveals.close_discussion(hall.ctx(Role.PANEL_HEAD), hall.competition, 1)
    assert payloads(hall, "discussion:closed") == [("head/B01", {"part": "defence", "step": "mean", "score": "61.00"})]
    assert refused(ConflictError, lambda: change(hall, 0, "61.00")) == "change_not_open"


def test_what_comes_to_light_after_the_reveal_is_recorded_by_others_and_changes_nothing(hall: Hall) -> None:
    what, reason = "G02 và thí sinh cùng đứng tên một công ty.", "Báo cho hội đồng xem xét phiếu của G02."

    def note(who: Role, member: str = "G02", **named: str) -> int:
        words = {"what": what, "reason": reason, **named}
        return panel_incidents.note_member_incident(hall.ctx(who), hall.competition, 1, member=member, **words)

    hall.scoring()
    for member in range(3):
        hall.lock(member, "60.00")
    assert refused(ConflictError, lambda: note(Role.PANEL_HEAD)) == "incident_before_reveal"
    hall.shown()
    assert refused(InvalidError, lambda: note(Role.COUNCIL_MEMBER, "G09")) == "member_unknown"
    assert refused(InvalidError, lambda: note(Role.COUNCIL_MEMBER, what="Có quan hệ")) == "reason_too_short"
    own = lambda: panel_incidents.note_member_incident(  # noqa: E731 -- one act
        hall.ctx(hall.members[1]), hall.competition, 1, member="G02", what=what, reason=reason
    )
    assert refused(NotAllowedError, own) == "role_needed"
    of_both = hall.ctx(Role.COUNCIL_MEMBER)
    of_both = replace(of_both, actor=replace(of_both.actor, account_id=hall.members[1].account_id))
    own = lambda: panel_incidents.note_member_incident(  # noqa: E731 -- one act
        of_both, hall.competition, 1, member="G02", what=what, reason=reason
    )
    assert refused(NotAllowedError, own) == "incident_by_concerned"
    before = hall.defence().score
    note(Role.PANEL_HEAD)
    note(Role.COUNCIL_MEMBER, "G01")
    said = {"what": what, "reason": reason}
    assert payloads(hall, "member:noted") == [
        ("head/B01", {"member": "G02", **said}),
        ("council/C09", {"member": "G01", **said}),
    ]
    assert hall.defence().score == before
    subject = f"defence/{hall.defence().candidacy.public_code}"
    found = list_member_incidents(hall.session, hall.competition, subject)
    assert [(item.by, item.member) for item in found] == [("head/B01", "G02"), ("council/C09", "G01")]
