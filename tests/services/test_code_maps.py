"""From the cut to the opening nobody joins scripts and candidates: no query, no dump, no file; then k people do."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyrage
import pytest
from sqlalchemy import delete, inspect, select, text, update
from sqlalchemy.orm import Session

from examsite.config import Settings
from examsite.domain.code_maps import LEAST_FILE_BYTES, map_bytes, unpack
from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import ConflictError, InvalidError
from examsite.domain.permissions import Role
from examsite.services import codes
from examsite.services.invigilation import sign_objective_results
from examsite.services.redactions import look_through
from examsite.services.table_checks import check_seals, check_tables
from examsite.services.verification import verify_log
from examsite.storage.database import Base
from examsite.storage.models.code_maps import ClosedAnswers, CodeMap, ScriptCut
from examsite.storage.models.dossiers import ConflictDeclaration
from examsite.storage.models.draws import DrawCeremony, DrawContribution
from examsite.storage.models.marking import CodeEntry, Script
from examsite.storage.models.records import RecordRow
from examsite.storage.models.redactions import ScriptCheck
from examsite.storage.models.sittings import AnswerVersion, Attempt
from examsite.storage.queries.barred import count_found_near_late, list_barred
from examsite.storage.queries.coded_answers import map_answers_by_code
from examsite.storage.queries.records import get_log
from tests.factories.code_maps import closed_map, codes_key, identity_of
from tests.factories.marking import Board, make_board
from tests.factories.ranking import known_signer
from tests.factories.sittings import shows_points_at_once
from tests.scenes import Keep

#: Only in what the candidate wrote: set aside, so that no script has it.
CANARY = "Dòng riêng số {n} của người này, không nằm trong bài chấm."

ESSAYS = (
    "Tôi chọn cách làm số {n}: giao việc theo sản phẩm, có hạn và người chịu trách nhiệm.",
    "Với tình huống hai, phương án {n} giữ nguyên nhóm và đổi người chủ trì.",
)


def make_answers(session: Session, now: datetime, settings: Settings, *, candidates: int = 4) -> Board:
    """A board whose candidates differ in every answer and in their points."""
    board = make_board(session, now, settings=settings, candidates=candidates, essays=ESSAYS)
    board.room.signer = known_signer(settings)
    for place in range(candidates):
        attempt = board.room.attempt(place)
        names = sorted(attempt.objective_points)
        attempt.objective_points = {name: "2.00" if at % (place + 2) else "0.00" for at, name in enumerate(names)}
        attempt.objective_total = sum((Decimal(given) for given in attempt.objective_points.values()), Decimal(0))
        rows = [
            ("E1", 9, json.dumps(CANARY.replace("{n}", str(place)), ensure_ascii=False), True),
            ("Q01", 1, json.dumps(["A", "B", "C"][place % 3]), False),
        ]
        session.add_all(
            AnswerVersion(
                attempt_id=attempt.id,
                item=item,
                epoch=1,
                number=at,
                content=content,
                received_at=now,
                set_aside=away,
            )
            for item, at, content, away in rows
        )
    session.flush()
    return board


@pytest.fixture
def board(session: Session, now: datetime, tmp_path: Path, keep: Keep) -> Board:
    settings = Settings(tmp_path, secret_key="0" * 64, database_url="sqlite://", testing=True)
    signer = known_signer(settings)

    def build() -> Board:
        made = make_answers(session, now, settings)
        made.room.signer = signer
        return made

    return keep("board", build, session, tmp_path, settings=settings, signer=signer)


def _dump(session: Session) -> dict[str, list[str]]:
    """Every row of every table as text, as whoever owns the database reads it."""
    return {
        table.name: [
            json.dumps(dict(row), default=str, ensure_ascii=False)
            for row in session.connection().execute(select(table)).mappings()
        ]
        for table in Base.metadata.sorted_tables
    }


def _settled(board: Board) -> None:
    """Every script has its score."""
    from examsite.services.allocations import draw_allocation
    from tests.factories.marking import NO_SEEDS

    draw_allocation(board.ctx(Role.CHAIR), board.competition, without_seeds=NO_SEEDS)
    for code in board.codes():
        board.lock_pair(code, ("30.00", "30.00"))


def test_after_the_cut_no_row_joins_a_script_and_a_candidate(board: Board) -> None:
    look_through(board.ctx(Role.KEEPER), board.competition)
    codes.draw_script_codes(board.ctx(Role.CHAIR), board.competition)
    nonces = [row.nonce for row in board.session.scalars(select(DrawContribution))]
    points = [json.dumps(board.room.attempt(place).objective_points, sort_keys=True) for place in range(4)]
    assert len(set(points)) == 4
    scripts = codes.seal_codes(board.ctx(Role.KEEPER), board.competition)

    dump = _dump(board.session)
    everything = [(table, row) for table, rows in dump.items() for row in rows]
    people = [(str(row.public_code), str(row.candidate_number), row.full_name) for row in board.room.candidacies]
    for script in scripts:
        for _table, row in everything:
            if f'"{script.code}"' in row or f"/{script.code}" in row:
                assert not any(name in row for person in people for name in person), row
    # Equal text: what was written stands under the codes alone, and what no script has stands nowhere.
    for place in range(4):
        for essay in ESSAYS:
            assert {table for table, row in everything if essay.replace("{n}", str(place)) in row} == {"scripts"}
        assert not [table for table, row in everything if CANARY.replace("{n}", str(place)) in row]
    # Equal points, the answers behind them, and the draw from which the permutation could be computed again.
    attempts = board.session.scalars(select(Attempt).execution_options(populate_existing=True)).all()
    assert [(row.objective_points, row.objective_total) for row in attempts] == [(None, None)] * 4
    assert not [table for table, row in everything for nonce in nonces if nonce and nonce in row]
    for model in (AnswerVersion, ScriptCheck, CodeEntry):
        assert board.session.scalars(select(model)).all() == []
    # Equal order: keys go with the codes, which were drawn.
    assert [row.code for row in sorted(scripts, key=lambda row: row.id)] == sorted(row.code for row in scripts)


def test_what_is_closed_says_nothing_by_its_length(board: Board) -> None:
    board.sealed()
    # What age adds is of random length; the files in it are filled up.
    files = board.session.scalars(select(ClosedAnswers.content)).all()
    assert {len(pyrage.decrypt(file, [identity_of(*board.sheets)])) for file in files} == {LEAST_FILE_BYTES}
    assert len({len(row.kept_away) for row in board.session.scalars(select(ScriptCut))}) == 1


def test_while_it_is_closed_checking_says_that_nothing_is_missing(board: Board) -> None:
    board.sealed()
    session, competition = board.session, board.competition
    report = verify_log(session, get_log(session, competition.code), board.room.signer)
    assert [problem.code for problem in report.problems if problem.code == "opening_missing"] == []
    assert check_seals(session) == []
    assert [one for one in check_tables(session, competition) if one.table in _TOUCHED] == []
    erased = session.scalars(select(RecordRow).where(RecordRow.event == "codes:sealed")).one()
    (closed,) = session.scalars(select(CodeMap))
    closed.withheld = [seq for seq in closed.withheld if seq != erased.seq]
    session.flush()
    found = verify_log(session, get_log(session, competition.code), board.room.signer).problems
    assert (erased.seq, "opening_missing") in {(one.seq, one.code) for one in found}


_TOUCHED = {"attempts", "answer_versions", "code_entries", "scripts", "script_cuts", "code_maps"}


def test_a_cut_that_is_gone_is_named_while_the_map_is_closed(board: Board) -> None:
    board.sealed()
    key = board.session.scalars(select(ScriptCut.id).order_by(ScriptCut.id)).first()
    board.session.connection().execute(delete(ScriptCut).where(ScriptCut.id == key))
    found = [one for one in check_tables(board.session, board.competition) if one.table in _TOUCHED]
    assert [(one.table, one.row, one.code, one.event) for one in found] == [
        ("script_cuts", None, "row_missing", "codes:sealed")
    ]


def test_what_was_made_ready_is_not_written_over_what_changed_meanwhile(board: Board, now: datetime) -> None:
    session, competition = board.session, board.competition
    look_through(board.ctx(Role.KEEPER), competition)
    codes.draw_script_codes(board.ctx(Role.CHAIR), competition)
    attempt = board.room.attempt(1)
    check = session.scalars(select(ScriptCheck).where(ScriptCheck.attempt_id == attempt.id)).one()
    late = AnswerVersion(
        attempt_id=attempt.id, item="E1", epoch=1, number=99, content='"muộn"', received_at=now, set_aside=True
    )
    name, given = next(iter(sorted(attempt.objective_points.items())))
    points = {**attempt.objective_points, name: "0.00" if given == "2.00" else "2.00"}

    def refused(change: Callable[[], None]) -> None:
        ctx = board.ctx(Role.KEEPER)
        sealing = codes.prepare_sealing(ctx, competition)
        change()
        session.flush()
        with pytest.raises(ConflictError, match="changed_meanwhile"):
            codes.seal_codes(ctx, competition, sealing=sealing)

    refused(lambda: session.add(late))
    refused(lambda: setattr(late, "set_aside", False))
    refused(lambda: setattr(attempt, "objective_points", points))
    refused(lambda: setattr(check, "looked_at", now + timedelta(seconds=1)))
    assert session.scalars(select(Script)).all() == []

    sealing = codes.prepare_sealing(board.ctx(Role.KEEPER), competition)
    scripts = codes.seal_codes(board.ctx(Role.KEEPER), competition, sealing=sealing)
    cut = session.get_one(Script, scripts[0].id)
    assert [row.content for row in scripts] == [one.content for one in sealing.cuts]
    assert any("muộn" in part["text"] for row in scripts for part in row.content), "what came late counts by now"
    assert cut.content_sha256 == sealing.cuts[0].content_sha256


def test_what_was_opened_is_not_put_back_over_what_changed_meanwhile(board: Board) -> None:
    board.sealed()
    _settled(board)
    ctx, competition = board.ctx(Role.CHAIR), board.competition
    opened = codes.prepare_opening(ctx, competition, words=board.sheets)
    script = board.script(board.codes()[0])
    text_before = script.content
    _another_text(board)
    board.session.flush()
    with pytest.raises(ConflictError, match="code_map_not_as_sealed"):
        codes.open_codes(ctx, competition, opened=opened)
    script.content = text_before
    assert codes.open_codes(ctx, competition, opened=opened) == opened.holders
    with pytest.raises(ConflictError):
        codes.open_codes(ctx, competition, opened=opened)


@pytest.mark.parametrize("chosen", [(0, 1), (0, 2), (1, 2)])
def test_two_of_three_open_and_everything_is_as_it_was_before_the_cut(board: Board, chosen: tuple[int, int]) -> None:
    session = board.session
    look_through(board.ctx(Role.KEEPER), board.competition)
    codes.draw_script_codes(board.ctx(Role.CHAIR), board.competition)
    before = _answers(session), _contents(session), _points(board)
    codes.seal_codes(board.ctx(Role.KEEPER), board.competition)
    owners = board.owners()
    _settled(board)
    # Points that the system gave stay readable under the codes; answers, too, for a ruling on a question.
    assert set(map_answers_by_code(session, board.competition.id, board.room.paper.id)) == set(owners)
    holders = codes.open_codes(
        board.ctx(Role.CHAIR), board.competition, words=[codes_key().shares[number] for number in chosen]
    )

    after = _answers(session), _contents(session), _points(board)
    assert after[0] == before[0]
    assert before[1].items() <= after[1].items()
    assert None not in after[1].values()
    assert after[2] == before[2]
    entries = {
        session.get_one(Script, row.script_id).code: row.candidacy_id for row in session.scalars(select(CodeEntry))
    }
    assert entries == owners
    (opened,) = session.scalars(select(RecordRow).where(RecordRow.event == "codes:opened"))
    assert json.loads(opened.payload or "")["holders"] == holders
    assert len(holders) == 2
    assert check_seals(session) == []
    assert [one for one in check_tables(session, board.competition) if one.table in _TOUCHED] == []
    assert session.scalars(select(ClosedAnswers)).all() == []


def test_an_answer_that_was_changed_before_the_cut_is_still_named_after_the_opening(board: Board) -> None:
    session = board.session
    look_through(board.ctx(Role.KEEPER), board.competition)
    codes.draw_script_codes(board.ctx(Role.CHAIR), board.competition)
    table = inspect(AnswerVersion).local_table
    key = session.scalars(select(table.c.id)).first()
    session.connection().execute(update(table).where(table.c.id == key).values(by_file=True))
    codes.seal_codes(board.ctx(Role.KEEPER), board.competition)
    _settled(board)
    codes.open_codes(board.ctx(Role.CHAIR), board.competition, words=list(codes_key().shares[:2]))
    broken = session.execute(select(table.c.id).where(table.c.by_file)).scalars().all()
    assert broken
    assert [(one.table, one.row) for one in check_seals(session)] == [("answer_versions", key) for key in broken]


def _answers(session: Session) -> list[tuple[Any, ...]]:
    table = inspect(AnswerVersion).local_table
    columns = [column for column in table.columns if column.name != "id"]
    return list(session.execute(select(*columns).order_by(table.c.attempt_id, table.c.id)).all())


def _contents(session: Session) -> dict[int, str | None]:
    table = inspect(RecordRow).local_table
    return {seq: payload for seq, payload in session.execute(select(table.c.seq, table.c.payload))}  # noqa: C416 -- rows


def _points(board: Board) -> list[Any]:
    return [
        (board.room.attempt(place).objective_points, board.room.attempt(place).objective_total) for place in range(4)
    ]


def test_wrong_sheets_open_nothing_and_are_told_by_their_number(board: Board) -> None:
    board.sealed()
    _settled(board)
    ctx, (first, second, third) = board.ctx(Role.CHAIR), codes_key().shares
    other = list(first.split())
    other[4], other[5] = other[5], other[4]
    for words, code, number in (
        ([first], "shares_too_few", None),
        ([first, first], "share_twice", 2),
        ([first, "một hai ba"], "share_words_missing", 2),
        ([" ".join(other), second], "share_not_valid", 1),
    ):
        with pytest.raises(InvalidError) as refused:
            codes.open_codes(ctx, board.competition, words=words)
        assert (refused.value.code, refused.value.params.get("number")) == (code, number)
    assert board.session.scalars(select(CodeEntry)).all() == []
    codes.open_codes(ctx, board.competition, words=[first, third])
    with pytest.raises(ConflictError):
        codes.open_codes(ctx, board.competition, words=[first, third])


def test_the_opening_gives_its_numbers_back_to_no_other_draw(board: Board, now: datetime) -> None:
    board.sealed()
    away = board.session.scalars(select(DrawContribution).where(DrawContribution.nonce == "")).all()
    assert len(away) == 2
    waiting = [DrawContribution(by=row.by, commitment=str(at) * 64, given_at=now) for at, row in enumerate(away)]
    board.session.add(
        DrawCeremony(
            competition_id=board.competition.id,
            name="seats",
            items=["CA1/A1"],
            opened_at=now,
            opened_by="council/C01",
            contributions=waiting,
        )
    )
    _settled(board)
    board.codes_opened()
    assert all(row.nonce for row in away)
    assert [row.nonce for row in waiting] == ["", ""]


def _swap_answers(board: Board) -> None:
    one, other, *_rest = board.session.scalars(select(ClosedAnswers).order_by(ClosedAnswers.id))
    one.content, other.content = other.content, one.content


def _another_map(board: Board) -> None:
    closed = closed_map(board.session, board.competition.id, board.sheets)
    one, other, *rest = closed.lines
    forged = type(closed)(
        (
            type(one)(**{**vars(one), "candidacy_id": other.candidacy_id, "candidate": other.candidate}),
            type(one)(**{**vars(other), "candidacy_id": one.candidacy_id, "candidate": one.candidate}),
            *rest,
        ),
        closed.records,
        closed.numbers,
    )
    recipient = pyrage.x25519.Recipient.from_str(codes_key().recipient)
    content = pyrage.encrypt(map_bytes(forged), [recipient], armored=True)
    (row,) = board.session.scalars(select(CodeMap))
    from examsite.domain.canonical import sha256_hex

    row.content, row.age_sha256 = content.decode("ascii"), sha256_hex(content)


def _another_text(board: Board) -> None:
    script = board.script(board.codes()[0])
    script.content = [{**part, "text": "Bài của người khác"} for part in script.content]


@pytest.mark.parametrize("changed", [_swap_answers, _another_map, _another_text])
def test_who_changed_what_was_closed_is_found_before_anything_is_opened(
    board: Board, changed: Callable[[Board], None]
) -> None:
    board.sealed()
    _settled(board)
    changed(board)
    board.session.flush()
    with pytest.raises(ConflictError, match="code_map_not_as_sealed"):
        board.codes_opened()


def test_codes_are_drawn_after_the_test_and_before_the_marking(board: Board) -> None:
    for state in (CompetitionState.ROSTERED, CompetitionState.MARKING):
        board.competition.state = state
        with pytest.raises(ConflictError, match="codes_not_drawable"):
            codes.draw_script_codes(board.ctx(Role.CHAIR), board.competition)


def test_without_a_key_no_codes_are_drawn(board: Board) -> None:
    board.session.execute(text("DELETE FROM key_shares"))
    board.session.execute(text("DELETE FROM split_keys"))
    board.session.expire_all()
    with pytest.raises(ConflictError) as refused:
        codes.draw_script_codes(board.ctx(Role.CHAIR), board.competition)
    assert (refused.value.code, refused.value.params["first"]) == ("gate_shut", "codes_key_missing")


def test_who_is_near_at_the_cut_misses_one_script_and_who_is_found_near_later_all(board: Board, now: datetime) -> None:
    near, late, _far = board.markers
    session, competition = board.session, board.competition
    candidacy = board.room.candidacies[2]
    session.add(
        ConflictDeclaration(assignment_id=near.id, candidacy_id=candidacy.id, relation="other", declared_at=now)
    )
    session.flush()
    board.sealed()
    own = next(code for code, owner in board.owners().items() if owner == candidacy.id)
    assert list_barred(session, competition.id) == {(own, near.pseudonym)}
    session.add(
        ConflictDeclaration(assignment_id=late.id, candidacy_id=candidacy.id, relation="other", declared_at=now)
    )
    session.flush()
    assert list_barred(session, competition.id) == {
        (own, near.pseudonym),
        *((code, late.pseudonym) for code in board.codes()),
    }
    assert count_found_near_late(session, competition.id) == 1

    other = session.scalars(select(Script).where(Script.code != own).order_by(Script.id)).first()
    assert other is not None
    session.connection().execute(delete(ScriptCut).where(ScriptCut.script_id == other.id))
    assert (other.code, near.pseudonym) in list_barred(session, competition.id), "without its tags nobody knows whose"


def test_what_lies_in_a_closed_file_is_what_was_there(board: Board) -> None:
    attempt = board.room.attempt(1)
    total = attempt.objective_total
    board.sealed()
    file = board.session.scalars(select(ClosedAnswers).where(ClosedAnswers.attempt_id == attempt.id)).one()
    held = unpack(pyrage.decrypt(file.content, [identity_of(*board.sheets)]))
    assert Decimal(held["total"]) == total
    assert CANARY.replace("{n}", "1") in json.dumps(held["versions"], ensure_ascii=False).replace("\\", "")


def test_nothing_is_closed_to_a_key_that_somebody_put_in_the_place_of_the_recorded_one(board: Board) -> None:
    look_through(board.ctx(Role.KEEPER), board.competition)
    codes.draw_script_codes(board.ctx(Role.CHAIR), board.competition)
    own = str(pyrage.x25519.Identity.generate().to_public())
    board.session.execute(text("UPDATE split_keys SET recipient = :own WHERE purpose = 'codes'"), {"own": own})
    board.session.expire_all()

    with pytest.raises(ConflictError, match="split_key_changed"):
        codes.seal_codes(board.ctx(Role.KEEPER), board.competition)
    found = [problem for problem in check_tables(board.session, board.competition) if problem.table == "split_keys"]
    assert [(problem.code, problem.column) for problem in found] == [("value_differs", "recipient")]


def test_no_order_of_rows_repeats_the_order_of_the_codes(session: Session, now: datetime, tmp_path: Path) -> None:
    settings = Settings(tmp_path, secret_key="0" * 64, database_url="sqlite://", testing=True)
    board = make_answers(session, now, settings, candidates=8)
    board.sealed()

    attempts = sorted(board.room.attempt(place).id for place in range(8))
    # Where a row lies in PostgreSQL its free places decide: ours is which statement wrote it, and in what order.
    on_postgresql = session.get_bind().dialect.name == "postgresql"
    written = "cmin::text::bigint, ctid" if on_postgresql else "rowid"
    for statement in (
        "SELECT attempt_id FROM closed_answers ORDER BY id",
        f"SELECT attempt_id FROM closed_answers ORDER BY {written}",
        f"SELECT id FROM attempts ORDER BY {written}",
    ):
        assert list(session.scalars(text(statement))) == attempts, statement


def test_no_list_of_results_is_signed_while_the_answers_are_closed(board: Board) -> None:
    shows_points_at_once(board.room.competition)
    board.sealed()
    _settled(board)
    with pytest.raises(ConflictError, match="answers_closed"):
        sign_objective_results(board.ctx(Role.INVIGILATOR), board.competition, board.room.sitting)


def test_the_hash_of_the_signed_list_of_results_is_closed_too(board: Board) -> None:
    # Four totals stand with the scripts: of twenty-four orders one has that hash.
    shows_points_at_once(board.room.competition)
    sign_objective_results(board.ctx(Role.INVIGILATOR), board.competition, board.room.sitting)
    signed = select(RecordRow).where(RecordRow.event == "results:signed")
    before = board.session.scalars(signed).one().payload
    assert before is not None

    board.sealed()
    _settled(board)
    assert board.session.scalars(signed).one().payload is None
    board.codes_opened()
    assert board.session.scalars(signed).one().payload == before
