"""Proposals: who may hand in, until when to the millisecond, which version counts, and the order of presentation."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from examsite.config import Settings
from examsite.domain.competitions import CompetitionState, GateEvent
from examsite.domain.draw_ceremonies import DrawKind
from examsite.domain.errors import ConflictError, InvalidError, NotAllowedError
from examsite.domain.permissions import Role
from examsite.domain.split_keys import KeyPurpose
from examsite.services.conflicts import declare_conflicts
from examsite.services.proposal_checks import check_proposals
from examsite.services.proposals import (
    allowed_kinds,
    draw_presentation_order,
    lock_proposals,
    prepare_order_draw,
    upload_proposal,
)
from examsite.storage.models.dossiers import Upload
from examsite.storage.models.proposals import ProposalVersion
from examsite.storage.models.records import RecordRow
from examsite.storage.queries.candidacies import get_candidacy
from examsite.storage.queries.conflicts import find_declaration
from examsite.storage.queries.defence import defence_results, list_defences
from examsite.storage.queries.gates import list_missing
from examsite.storage.queries.proposals import find_locked_version, list_standings, list_versions
from examsite.storage.queries.records import get_log, list_records
from tests.factories.defence import Hall, make_hall, received
from tests.factories.draws import number_all
from tests.factories.split_keys import make_split_key
from tests.factories.standardisation import with_rules
from tests.scenes import Keep

MILLISECOND = timedelta(milliseconds=1)


@pytest.fixture
def hall(session: Session, now: datetime, tmp_path: Path, keep: Keep) -> Hall:
    settings = Settings(tmp_path, secret_key="0" * 64, database_url="sqlite://")
    return keep("hall", lambda: make_hall(session, now, settings=settings), session, tmp_path, settings=settings)


def payloads(hall: Hall, event: str) -> list[Any]:
    rows = hall.session.scalars(select(RecordRow).where(RecordRow.event == event).order_by(RecordRow.seq))
    return [(row.actor, row.subject, json.loads(row.payload or "null")) for row in rows]


def refused(kind: type[Exception], act: Callable[[], Any]) -> str:
    with pytest.raises(kind) as error:
        act()
    return str(error.value.code)  # type: ignore[attr-defined]


def test_every_version_is_kept_and_the_last_one_is_defended(hall: Hall) -> None:
    hall.upload(0, title="  Bản   đầu ")
    hall.upload(0, title="Bản hai")
    candidacy = hall.candidacies[0]
    assert [(row.number, row.title) for row in list_versions(hall.session, candidacy.id)] == [
        (2, "Bản hai"),
        (1, "Bản đầu"),
    ]
    lock_proposals(hall.ctx(Role.ORGANISER, at=hall.closes_at), hall.competition)
    locked = find_locked_version(hall.session, candidacy.id)
    assert locked is not None
    assert (locked.number, locked.locked_at) == (2, hall.closes_at)
    actor, subject, payload = payloads(hall, "proposal:uploaded")[-1]
    assert (actor, subject) == ("candidate", f"proposal/{candidacy.public_code}")
    assert payload == {
        **{"version": 2, "title": "Bản hai", "kind": "pdf", "size": 1200, "sha256": "a" * 64},
        "cleaned_sha256": "c" * 64,
    }


def test_a_proposal_that_somebody_changed_in_the_database_is_named(hall: Hall) -> None:
    session = hall.session
    for number in (0, 0, 1):
        hall.upload(number)
    lock_proposals(hall.ctx(Role.ORGANISER, at=hall.closes_at), hall.competition)
    session.flush()

    def found() -> set[tuple[str, int | None, str, str]]:
        session.expire_all()
        records = {row.seq: row for row in list_records(session, get_log(session, hall.competition.code).id)}
        problems = check_proposals(session, hall.competition, records)
        return {(one.table, one.row, one.code, one.column) for one in problems}

    assert found() == set()
    version = session.scalars(select(ProposalVersion).order_by(ProposalVersion.id)).first()
    assert version is not None
    key, upload = version.id, version.upload_id
    for table, row, column, value in (
        ("proposal_versions", key, "title", "another"),
        ("proposal_versions", key, "locked_at", hall.closes_at),
        ("uploads", upload, "sha256", "b" * 64),
        ("uploads", upload, "size_bytes", 7),
    ):
        point = session.begin_nested()
        model = ProposalVersion if table == "proposal_versions" else Upload
        session.execute(update(model).where(model.id == row).values({column: value}))
        assert found() == {(table, row, "value_differs", column)}
        point.rollback()
    session.execute(delete(ProposalVersion).where(ProposalVersion.id == key))
    assert found() == {("proposal_versions", None, "row_missing", "")}


def test_the_deadline_holds_to_the_millisecond(hall: Hall) -> None:
    hall.upload(0, at=hall.closes_at - MILLISECOND)
    for late in (hall.closes_at, hall.closes_at + MILLISECOND):
        assert refused(ConflictError, lambda at=late: hall.upload(0, at=at)) == "proposals_closed"
    assert len(list_versions(hall.session, hall.candidacies[0].id)) == 1


def test_only_who_passed_may_hand_in_and_only_the_own_one(hall: Hall) -> None:
    assert refused(NotAllowedError, lambda: hall.upload(3)) == "written_not_passed"
    other = hall.ctx(hall.candidacies[1])
    own = get_candidacy(hall.session, hall.candidacies[0].id)
    assert refused(NotAllowedError, lambda: upload_proposal(other, own, received(), title="x")) == "role_needed"


@pytest.mark.parametrize("state", [CompetitionState.APPEALS, CompetitionState.DEFENCE])
def test_nothing_is_taken_at_another_step(hall: Hall, state: CompetitionState) -> None:
    hall.board.competition.state = state
    hall.session.flush()
    assert refused(ConflictError, lambda: hall.upload(0)) == "proposals_not_open"


@pytest.mark.parametrize(
    ("title", "code"),
    [("", "proposal_title_missing"), (" \u200b\n", "proposal_title_missing"), ("x" * 301, "proposal_title_too_long")],
)
def test_a_title_is_needed(hall: Hall, title: str, code: str) -> None:
    assert refused(InvalidError, lambda: hall.upload(0, title=title)) == code


def test_kinds_come_from_the_rule_set(hall: Hall) -> None:
    assert [kind.value for kind in allowed_kinds(hall.competition)] == ["pdf", "docx", "pptx"]


def test_the_lock_waits_for_the_deadline_and_is_the_organisers(hall: Hall) -> None:
    hall.upload(0)
    missing = list_missing(hall.session, hall.competition, GateEvent.PROPOSALS_LOCKED, now=hall.closes_at - MILLISECOND)
    assert [item.code for item in missing] == ["proposals_still_open"]
    early = hall.ctx(Role.ORGANISER, at=hall.closes_at - MILLISECOND)
    assert refused(ConflictError, lambda: lock_proposals(early, hall.competition)) == "gate_shut"
    chair = hall.ctx(Role.CHAIR, at=hall.closes_at)
    assert refused(NotAllowedError, lambda: lock_proposals(chair, hall.competition)) == "role_needed"


def test_who_handed_in_nothing_is_absent(hall: Hall) -> None:
    hall.locked([0, 2])
    assert hall.competition.state is CompetitionState.DEFENCE
    code = [row.public_code for row in hall.candidacies]
    _actor, _subject, payload = payloads(hall, "proposals:locked")[0]
    assert payload["absent"] == [code[1]]
    assert [item["candidate"] for item in payload["locked"]] == sorted([code[0], code[2]])
    absent = {result.code: result.entry.absent for result in defence_results(hall.session, hall.competition)}
    assert absent == {code[0]: False, code[1]: True, code[2]: False}
    assert [row.count for row in list_standings(hall.session, hall.competition)] == [1, 0, 1]


def test_the_chair_draws_the_order_once(hall: Hall) -> None:
    early = hall.ctx(Role.CHAIR)
    assert refused(ConflictError, lambda: draw_presentation_order(early, hall.competition)) == "order_not_drawable"
    hall.locked([0, 2])
    organiser = hall.ctx(Role.ORGANISER)
    assert refused(NotAllowedError, lambda: draw_presentation_order(organiser, hall.competition)) == "role_needed"
    held = draw_presentation_order(hall.ctx(Role.CHAIR), hall.competition)
    rows = list_defences(hall.session, hall.competition.id)
    assert [(row.position, row.candidacy.public_code) for row in rows] == list(enumerate(held.outcome, start=1))
    assert set(held.outcome) == {hall.candidacies[0].public_code, hall.candidacies[2].public_code}
    assert payloads(hall, "draw:held")[-1][1] == "draw/presentation-order"
    again = hall.ctx(Role.CHAIR)
    assert refused(ConflictError, lambda: draw_presentation_order(again, hall.competition)) == "order_already_drawn"


def test_who_is_no_longer_there_after_the_commitments_is_passed_over(hall: Hall) -> None:
    with_rules(hall.board, draw_contributors='"council"', draw_notice_minutes="0")
    hall.locked()
    chair, member = hall.ctx(Role.CHAIR), hall.ctx(Role.COUNCIL_MEMBER)
    holders = [hall.board.room.people[role] for role in (Role.CHAIR, Role.COUNCIL_MEMBER)]
    make_split_key(chair, hall.competition, KeyPurpose.DRAWS, holders=holders, needed=2)
    prepare_order_draw(chair, hall.competition)
    number_all(hall.competition, DrawKind.PRESENTATION_ORDER, [chair, member], [chair, member])
    gone = next(row for row in list_standings(hall.session, hall.competition) if row.last)
    gone.last.locked_at = None  # type: ignore[union-attr]
    held = draw_presentation_order(chair, hall.competition)
    assert gone.candidacy.public_code in held.outcome
    left = [code for code in held.outcome if code != gone.candidacy.public_code]
    rows = list_defences(hall.session, hall.competition.id)
    assert [(row.position, row.candidacy.public_code) for row in rows] == list(enumerate(left, start=1))


def test_nothing_to_draw_without_a_proposal(hall: Hall) -> None:
    hall.locked([])
    chair = hall.ctx(Role.CHAIR)
    assert refused(ConflictError, lambda: draw_presentation_order(chair, hall.competition)) == "no_proposals_to_draw"


def test_relations_are_declared_against_the_final_list(hall: Hall) -> None:
    member = hall.members[0]
    target = hall.candidacies[1]
    assert find_declaration(hall.session, hall.competition.id, member.account_id) is None
    declare_conflicts(hall.ctx(member), hall.competition, {target.id: "sibling"})
    declared = find_declaration(hall.session, hall.competition.id, member.account_id)
    assert declared is not None
    assert declared.conflicts == {target.id: "sibling"}
    declare_conflicts(hall.ctx(member), hall.competition, {})
    declared = find_declaration(hall.session, hall.competition.id, member.account_id)
    assert declared is not None
    assert declared.conflicts == {}
    assert [entry[2]["conflicts"] for entry in payloads(hall, "conflict:declared")][-2:] == [
        [{"candidate": target.public_code, "relation": "sibling"}],
        [],
    ]


@pytest.mark.parametrize(
    ("conflicts", "code"),
    [({999_999: "sibling"}, "conflict_not_on_list"), ({None: "friend of a friend"}, "relation_not_known")],
)
def test_declarations_in_unknown_words_or_about_strangers_are_refused(
    hall: Hall, conflicts: dict[int | None, str], code: str
) -> None:
    named = {key or hall.candidacies[0].id: value for key, value in conflicts.items()}
    assert refused(InvalidError, lambda: declare_conflicts(hall.ctx(hall.members[0]), hall.competition, named)) == code
