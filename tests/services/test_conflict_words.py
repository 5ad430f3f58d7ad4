"""A declared relation is taken back by the council alone once work rests on it; two of the council judge then."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.config import Settings
from examsite.domain.errors import ConflictError, InvalidError, NotAllowedError, NotFoundError
from examsite.domain.permissions import Role
from examsite.services import conflicts
from examsite.services.allocations import draw_allocation
from examsite.storage.models.accounts import Account, RoleAssignment
from examsite.storage.models.dossiers import Candidacy, ConflictRuling
from examsite.storage.models.records import RecordRow
from examsite.storage.queries.barred import list_barred
from examsite.storage.queries.conflicts import find_declaration, list_hinted_pairs, list_recused_accounts
from tests.factories.defence import Hall, make_hall
from tests.factories.marking import NO_SEEDS, Board, assigned, make_board
from tests.scenes import Keep


@pytest.fixture
def board(session: Session, now: datetime, tmp_path: Path, keep: Keep) -> Board:
    """Sealed scripts; the first marker has declared a relation to the first candidate."""
    settings = Settings(tmp_path, secret_key="0" * 64, database_url="sqlite://", testing=True)

    def build() -> Board:
        made = make_board(session, now, settings=settings, candidates=3, markers=3)
        made.sealed()
        _declare(made, {made.room.candidacies[0].id: "sibling"})
        return made

    return keep("board", build, session, tmp_path, settings=settings)


@pytest.fixture
def hall(session: Session, now: datetime, tmp_path: Path, keep: Keep) -> Hall:
    """A drawn order of defences; the third member works where the first candidate works."""
    settings = Settings(tmp_path, secret_key="0" * 64, database_url="sqlite://")

    def build() -> Hall:
        made = make_hall(session, now, settings=settings)
        made.drawn()
        session.get_one(Candidacy, made.defence().candidacy_id).unit = "Phòng Kế hoạch"
        session.get_one(Account, made.members[2].account_id).position_title = "Chuyên viên Phòng Kế hoạch"
        return made

    return keep("hall", build, session, tmp_path, settings=settings)


def _declare(board: Board, relations: dict[int, str], *, reason: str = "", unit: str = "") -> None:
    conflicts.declare_conflicts(board.ctx(board.markers[0]), board.competition, relations, reason=reason, unit=unit)


def _give_out(board: Board) -> None:
    draw_allocation(board.ctx(Role.CHAIR), board.competition, without_seeds=NO_SEEDS)


def _judge(board: Board, who: Role | RoleAssignment, *, is_barred: bool) -> ConflictRuling:
    return conflicts.judge_hint(
        board.ctx(who),
        board.competition,
        account_id=board.markers[0].account_id,
        candidacy_id=board.room.candidacies[0].id,
        is_barred=is_barred,
        reason="Đã hỏi cả hai.",
    )


def _is_barred(board: Board) -> bool:
    return str(board.markers[0].pseudonym) in {name for _code, name in list_barred(board.session, board.competition.id)}


def test_before_the_draw_the_person_corrects_the_own_word(board: Board) -> None:
    assert _is_barred(board)
    _declare(board, {})
    assert not _is_barred(board)


def test_after_the_draw_a_relation_stands_until_two_of_the_council_agree(board: Board) -> None:
    member = assigned(board, Role.COUNCIL_MEMBER, "U09", "-")
    _give_out(board)
    with pytest.raises(InvalidError, match="relation_stands"):
        _declare(board, {})
    with pytest.raises(NotFoundError, match="hint_not_found"):
        _judge(board, Role.CHAIR, is_barred=False)

    _declare(board, {}, reason="Chọn nhầm dòng, tôi không quen người này.")
    (pair,) = list_hinted_pairs(board.session, board.competition.id)
    assert pair.is_waiting
    assert _judge(board, Role.CHAIR, is_barred=False).is_pending
    assert _is_barred(board)
    with pytest.raises(ConflictError, match="ruling_said_already"):
        _judge(board, Role.CHAIR, is_barred=False)
    ruling = _judge(board, member, is_barred=False)

    assert (ruling.is_pending, ruling.decided_by_id) == (False, member.account_id)
    assert ruling.seconded_by_id == board.ctx(Role.CHAIR).actor.account_id
    assert not _is_barred(board)
    declared = find_declaration(board.session, board.competition.id, board.markers[0].account_id)
    assert declared is not None
    assert declared.conflicts == {}


def test_where_the_council_says_no_the_relation_stays_declared(board: Board) -> None:
    member = assigned(board, Role.COUNCIL_MEMBER, "U09", "-")
    _give_out(board)
    _declare(board, {}, reason="Tôi không còn qua lại với người này.")
    for who in (Role.CHAIR, member):
        _judge(board, who, is_barred=True)
    (pair,) = list_hinted_pairs(board.session, board.competition.id)
    assert (pair.is_waiting, pair.is_declared) == (False, True)
    assert _is_barred(board)


def test_whoever_names_the_relation_again_asks_nothing_more(board: Board) -> None:
    _give_out(board)
    _declare(board, {}, reason="Chọn nhầm dòng.")
    _declare(board, {board.room.candidacies[0].id: "sibling"})
    assert list_hinted_pairs(board.session, board.competition.id) == []
    assert _is_barred(board)


def test_where_somebody_works_is_never_changed_after_the_draw(board: Board) -> None:
    relations = {board.room.candidacies[0].id: "sibling"}
    _declare(board, relations, unit="Phòng Kế hoạch")
    _give_out(board)
    _declare(board, relations, unit="Phòng khác")
    declared = find_declaration(board.session, board.competition.id, board.markers[0].account_id)
    assert declared is not None
    assert declared.unit == "Phòng Kế hoạch"


def test_a_panellist_takes_nothing_back_alone_once_a_defence_began(hall: Hall) -> None:
    member, candidacy = hall.members[2], hall.defence().candidacy_id
    conflicts.declare_conflicts(hall.ctx(member), hall.competition, {candidacy: "other"})
    hall.scoring()
    with pytest.raises(InvalidError, match="relation_stands"):
        conflicts.declare_conflicts(hall.ctx(member), hall.competition, {})
    with pytest.raises(NotAllowedError, match="member_recused"):
        hall.lock(2, "90.00")


def test_nobody_judges_about_the_own_board_and_two_judge_while_it_works(hall: Hall) -> None:
    candidacy, person = hall.defence().candidacy_id, hall.members[2].account_id
    colleague = _also_council(hall, hall.members[0], "U08")
    member = assigned(hall.board, Role.COUNCIL_MEMBER, "U09", "-")

    def judge(who: Role | RoleAssignment, *, is_barred: bool) -> ConflictRuling:
        return conflicts.judge_hint(
            hall.ctx(who),
            hall.competition,
            account_id=person,
            candidacy_id=candidacy,
            is_barred=is_barred,
            reason="Cùng phòng.",
        )

    def is_away() -> bool:
        return person in list_recused_accounts(hall.session, hall.competition.id, candidacy)

    hall.scoring()
    with pytest.raises(NotAllowedError, match="judge_of_same_board"):
        judge(colleague, is_barred=True)
    judge(Role.CHAIR, is_barred=True)
    assert not is_away()
    judge(member, is_barred=True)
    assert is_away()

    hall.lock(0, "60.00")
    hall.lock(1, "62.00")
    hall.shown()
    with pytest.raises(ConflictError, match="conflict_after_reveal"):
        judge(Role.CHAIR, is_barred=False)


def _also_council(hall: Hall, held: RoleAssignment, pseudonym: str) -> RoleAssignment:
    row = RoleAssignment(
        account_id=held.account_id,
        role=Role.COUNCIL_MEMBER,
        competition_id=hall.competition.id,
        pseudonym=pseudonym,
        granted_at=hall.board.room.now,
    )
    hall.session.add(row)
    hall.session.flush()
    return row


def test_the_record_keeps_every_word(board: Board) -> None:
    _give_out(board)
    _declare(board, {}, reason="Chọn nhầm dòng.")
    rows = board.session.scalars(select(RecordRow).where(RecordRow.event == "conflict:declared").order_by(RecordRow.id))
    *_of_others, first, last = [row.payload for row in rows]
    assert '"relation":"sibling"' in first
    assert '"asked_back":' in last
