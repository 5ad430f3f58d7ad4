"""What may tell an author is decided by a person before anyone marks, kept with before and after, never silently."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.config import Settings
from examsite.domain.canonical import canonical_bytes, sha256_hex
from examsite.domain.competitions import GateEvent
from examsite.domain.errors import ConflictError, DomainError, InvalidError, NotAllowedError
from examsite.domain.identity_hints import HintKind
from examsite.domain.permissions import Role
from examsite.services import codes, redactions
from examsite.services.redactions import Choice
from examsite.storage.models.dossiers import Candidacy
from examsite.storage.models.marking import Script
from examsite.storage.models.records import RecordRow
from examsite.storage.models.redactions import ScriptCheck
from examsite.storage.models.sittings import AnswerVersion
from examsite.storage.queries.gates import list_missing
from examsite.storage.queries.redactions import get_check, list_checks
from tests.factories.code_maps import closed_answers, closed_map
from tests.factories.marking import Board, make_board
from tests.scenes import Keep

TELLING = "Câu một. Tôi là Nguyễn Văn Kín, nghĩ rằng việc này khó. Câu ba."
CLEAN = "Cần công khai thời hạn và phân công rõ người chịu trách nhiệm."


@pytest.fixture
def board(session: Session, now: datetime, tmp_path: Path, keep: Keep) -> Board:
    settings = Settings(tmp_path, secret_key="0" * 64, database_url="sqlite://", testing=True)

    def build() -> Board:
        return make_board(session, now, settings=settings, candidates=2, essays=(TELLING, CLEAN))

    return keep("board", build, session, tmp_path, settings=settings)


def _looked(board: Board) -> ScriptCheck:
    redactions.look_through(board.ctx(Role.KEEPER), board.competition)
    return list_checks(board.session, board.competition.id)[0]


def _decide(board: Board, check: ScriptCheck, *, words: str | None) -> None:
    choices = [Choice(hint.id, words is not None, words or "") for hint in check.hints]
    redactions.decide_hints(board.ctx(Role.KEEPER), board.competition, check.code, choices)
    redactions.confirm_script(board.ctx(Role.KEEPER), board.competition, check.code)


def _sealed(board: Board) -> list[Script]:
    codes.draw_script_codes(board.ctx(Role.CHAIR), board.competition)
    return codes.seal_codes(board.ctx(Role.KEEPER), board.competition)


def _codes(board: Board) -> list[str]:
    missing = list_missing(board.session, board.competition, GateEvent.CODES_SEALED, now=board.ctx().now)
    return [item.code for item in missing if item.code != "codes_not_drawn"]


def _refused(call: Any, kind: type[DomainError]) -> str:
    with pytest.raises(kind) as caught:
        call()
    return caught.value.code


@pytest.mark.parametrize(
    "told", ["0918–123–456", "k i n . v h (a) thu", "N\u200bguyễn V\u200băn Kí\u200bn", "phục v\u202eụ"]
)
def test_what_is_disguised_waits_for_a_person_too(session: Session, now: datetime, tmp_path: Path, told: str) -> None:
    settings = Settings(tmp_path, secret_key="0" * 64, database_url="sqlite://", testing=True)
    essays = (f"Câu một. Liên hệ {told} nhé. Câu ba.", CLEAN)
    disguised = make_board(session, now, settings=settings, candidates=1, essays=essays)
    candidacy = session.scalars(select(Candidacy)).one()
    candidacy.full_name, candidacy.phone, candidacy.email = "Nguyễn Văn Kín", "+84 918 123 456", "kin.vh@thu.example"
    check = _looked(disguised)
    assert check.hints
    assert _codes(disguised) == ["hints_undecided"]


def test_markers_read_what_was_left_and_the_answer_stays_as_it_was(board: Board) -> None:
    check = _looked(board)
    assert [(hint.item, hint.quote, hint.kind) for hint in check.hints] == [("E1", "Nguyễn Văn Kín", HintKind.NAME)]
    assert _codes(board) == ["hints_undecided"]
    for item in list_checks(board.session, board.competition.id):
        _decide(board, item, words="Tôi là Nguyễn Văn Kín")
    assert _codes(board) == []
    scripts = _sealed(board)
    for script in scripts:
        assert script.content[0]["text"] == "Câu một. […], nghĩ rằng việc này khó. Câu ba."
        assert script.content[1]["text"] == CLEAN
        (line,) = [
            line
            for line in closed_map(board.session, board.competition.id, board.sheets).lines
            if line.script == script.code
        ]
        salted = bytes.fromhex(line.salt) + canonical_bytes(script.content)
        assert script.content_sha256 == sha256_hex(salted), "the map is sealed over what markers see"
    kept = closed_answers(board.session, board.room.attempt().id, board.sheets)["versions"]
    assert {json.loads(content) for item, _epoch, _number, content, *_rest in kept if item == "E1"} == {TELLING}


def test_every_decision_is_a_record_with_before_and_after(board: Board) -> None:
    check = _looked(board)
    _decide(board, check, words="Nguyễn Văn Kín")
    _decide(board, check, words=None)
    first, second = board.session.scalars(
        select(RecordRow).where(RecordRow.event == "script:redacted").order_by(RecordRow.seq)
    )
    assert first.subject == f"script/{check.code}"
    assert first.actor == "keeper/K01"
    (place,) = json.loads(first.payload or "")["places"]
    assert place["before"] == "Tôi là Nguyễn Văn Kín, nghĩ rằng việc này khó."
    assert place["after"] == "Tôi là […], nghĩ rằng việc này khó."
    (place,) = json.loads(second.payload or "")["places"]
    assert place["covered"] is None
    assert place["after"] == place["before"]
    assert get_check(board.session, board.competition.id, check.code).record_seq == second.seq


def test_a_code_stays_with_the_attempt_that_it_was_drawn_for(board: Board) -> None:
    _looked(board)
    for check in list_checks(board.session, board.competition.id):
        _decide(board, check, words="Nguyễn Văn Kín")
    codes.draw_script_codes(board.ctx(Role.CHAIR), board.competition)
    one, other = board.session.scalars(select(Candidacy).order_by(Candidacy.public_code)).all()
    codes_before = one.public_code, other.public_code
    for candidacy, code in ((one, "tạm"), (other, codes_before[0]), (one, codes_before[1])):
        candidacy.public_code = code
        board.session.flush()
    ctx = board.ctx(Role.KEEPER)
    assert _refused(lambda: codes.seal_codes(ctx, board.competition), ConflictError) == "code_draw_outdated"


def test_nothing_counts_before_it_is_confirmed(board: Board) -> None:
    check = _looked(board)
    hint = check.hints[0]
    ctx = board.ctx(Role.KEEPER)
    assert (
        _refused(lambda: redactions.confirm_script(ctx, board.competition, check.code), ConflictError)
        == "hints_not_decided"
    )
    redactions.decide_hints(ctx, board.competition, check.code, [Choice(hint.id, is_covered=True, words="Kín")])
    assert "hints_undecided" in _codes(board)
    chair = board.ctx(Role.CHAIR)
    assert _refused(lambda: codes.draw_script_codes(chair, board.competition), ConflictError) == "gate_shut"
    assert _refused(lambda: codes.seal_codes(ctx, board.competition), ConflictError) == "gate_shut"
    assert board.session.scalars(select(Script)).all() == []


@pytest.mark.parametrize("words", ["", "không có trong câu", "Câu ba", "việc này"])
def test_only_words_of_the_sentence_that_touch_the_place_can_be_covered(board: Board, words: str) -> None:
    check = _looked(board)
    choice = Choice(check.hints[0].id, is_covered=True, words=words)
    ctx = board.ctx(Role.KEEPER)
    code = _refused(lambda: redactions.decide_hints(ctx, board.competition, check.code, [choice]), InvalidError)
    assert code == "cover_not_in_sentence"


def test_answers_that_changed_are_looked_through_again(board: Board) -> None:
    check = _looked(board)
    _decide(board, check, words="Nguyễn Văn Kín")
    check.attempt.record_seq = (check.attempt.record_seq or 0) + 1000
    board.session.flush()
    assert "scripts_not_looked_through" in _codes(board)
    ctx = board.ctx(Role.KEEPER)
    choices = [Choice(check.hints[0].id, is_covered=False)]
    code = check.code
    assert (
        _refused(lambda: redactions.decide_hints(ctx, board.competition, code, choices), ConflictError)
        == "hints_outdated"
    )
    redactions.look_through(ctx, board.competition)
    again = get_check(board.session, board.competition.id, code)
    assert again.confirmed_at is None
    assert [hint.quote for hint in again.hints] == ["Nguyễn Văn Kín"]
    assert "scripts_not_looked_through" not in _codes(board)


def test_the_writers_own_name_and_unit_are_known_to_the_search(board: Board) -> None:
    candidacy = board.room.candidacies[0]
    attempt = board.room.attempt(0)
    rows = board.session.scalars(
        select(AnswerVersion).where(AnswerVersion.attempt_id == attempt.id, AnswerVersion.item == "E2")
    ).all()
    rows[0].content = json.dumps(f"Ở {candidacy.unit} thì {candidacy.full_name.lower()} đã làm.", ensure_ascii=False)
    board.session.flush()
    redactions.look_through(board.ctx(Role.KEEPER), board.competition)
    checks = {item.attempt_id: item for item in list_checks(board.session, board.competition.id)}
    found = [hint.quote for hint in checks[attempt.id].hints if hint.item == "E2"]
    assert candidacy.unit in found
    assert candidacy.full_name.lower() in found


def test_only_the_code_board_decides_and_only_before_sealing(board: Board) -> None:
    check = _looked(board)
    chair = board.ctx(Role.CHAIR)
    assert (
        _refused(lambda: redactions.confirm_script(chair, board.competition, check.code), NotAllowedError)
        == "role_needed"
    )
    for item in list_checks(board.session, board.competition.id):
        _decide(board, item, words=None)
    _sealed(board)
    ctx = board.ctx(Role.KEEPER)
    assert (
        _refused(lambda: redactions.confirm_script(ctx, board.competition, check.code), ConflictError)
        == "hints_not_open"
    )


MISSED = "Câu một. Hôm ấy tôi trực ở bến phà, và bến phà thì ai cũng biết. Câu ba có 𝄞 và bến phà."


def _marked(board: Board, check: ScriptCheck, **changed: Any) -> None:
    mark = {"item": "E2", "words": "trực ở bến phà", "reason": "Chỉ một người trực ở đó.", **changed}
    redactions.mark_place(board.ctx(Role.KEEPER), board.competition, check.code, **mark)


@pytest.fixture
def missed(session: Session, now: datetime, tmp_path: Path) -> Board:
    settings = Settings(tmp_path, secret_key="0" * 64, database_url="sqlite://", testing=True)
    return make_board(session, now, settings=settings, candidates=2, essays=(CLEAN, MISSED))


def test_a_place_that_the_search_missed_is_covered_with_its_reason_on_record(missed: Board) -> None:
    check = _looked(missed)
    assert (check.hints, _codes(missed)) == ([], [])
    _marked(missed, check)
    assert _codes(missed) == ["hints_undecided"], "it counts like every other place: once it is confirmed"
    redactions.confirm_script(missed.ctx(Role.KEEPER), missed.competition, check.code)
    (row,) = missed.session.scalars(select(RecordRow).where(RecordRow.event == "script:redacted"))
    (place,) = json.loads(row.payload or "")["places"]
    assert (row.actor, place["kind"], place["reason"]) == ("keeper/K01", "by-hand", "Chỉ một người trực ở đó.")
    assert place["before"] == "Hôm ấy tôi trực ở bến phà, và bến phà thì ai cũng biết."
    assert place["after"] == "Hôm ấy tôi […], và bến phà thì ai cũng biết."
    scripts = _sealed(missed)
    texts = [script.content[1]["text"] for script in scripts]
    assert sorted(text == MISSED for text in texts) == [False, True], "the other script is as it was"
    with pytest.raises(ConflictError, match="hints_not_open"):
        _marked(missed, check)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"words": "bến đò"}, "mark_not_in_text"),
        ({"words": " \n "}, "mark_not_in_text"),
        ({"item": "E9"}, "mark_not_in_text"),
        ({"words": "bến phà"}, "mark_in_several_places"),
        ({"words": "bến phà", "start": 3}, "mark_in_several_places"),
        ({"words": "x" * 301}, "mark_too_long"),
        ({"reason": "  "}, "mark_reason_missing"),
        ({"reason": "x" * 301}, "mark_reason_too_long"),
    ],
)
def test_a_mark_that_is_not_clear_is_refused(missed: Board, changed: dict[str, Any], code: str) -> None:
    check = _looked(missed)
    assert _refused(lambda: _marked(missed, check, **changed), InvalidError) == code
    assert get_check(missed.session, missed.competition.id, check.code).hints == []


def test_the_place_of_the_selection_tells_which_of_several_is_meant(missed: Board) -> None:
    check = _looked(missed)
    last = MISSED.rindex("bến phà")
    _marked(missed, check, words="bến phà", start=last)
    (hint,) = check.hints
    assert (hint.start_at, hint.end_at) == (last, last + len("bến phà"))
    assert _refused(lambda: _marked(missed, check, words="bến phà", start=last), ConflictError) == "mark_known"
    ctx = missed.ctx(Role.MARKING_HEAD)
    with pytest.raises(NotAllowedError):
        redactions.mark_place(ctx, missed.competition, check.code, item="E2", words="Câu một", reason="x")


def test_a_mark_is_put_before_a_person_again_when_the_answers_changed(missed: Board) -> None:
    check = _looked(missed)
    _marked(missed, check)
    redactions.confirm_script(missed.ctx(Role.KEEPER), missed.competition, check.code)
    check.attempt.record_seq = (check.attempt.record_seq or 0) + 1000
    missed.session.flush()
    redactions.look_through(missed.ctx(Role.KEEPER), missed.competition)
    (hint,) = get_check(missed.session, missed.competition.id, check.code).hints
    assert (hint.kind, hint.quote, hint.is_covered) == (HintKind.BY_HAND, "trực ở bến phà", None)
    assert _codes(missed) == ["hints_undecided"]
