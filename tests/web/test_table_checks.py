"""An insider who even knows how to seal rows changes one value: the log says which one, in a result that was published.

The world of the site is the published result; each test changes it in a transaction that is taken back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import delete, func, inspect, select, update
from sqlalchemy.orm import Session

from examsite.domain.attempts import AttemptState
from examsite.domain.papers import PaperState
from examsite.domain.scores import score
from examsite.services.table_checks import TableProblem, check_seals, check_tables
from examsite.storage.database import open_engine
from examsite.storage.models.appeals import Appeal
from examsite.storage.models.code_maps import ClosedAnswers
from examsite.storage.models.competitions import Competition, Post
from examsite.storage.models.dossiers import Candidacy, DossierItem
from examsite.storage.models.explanations import Explanation
from examsite.storage.models.marking import CodeEntry, DiscussionNote, Mark, Script, Settlement
from examsite.storage.models.papers import Paper
from examsite.storage.models.proposals import PanelQuestion, ProposalAssessment
from examsite.storage.models.ranking import Deduction, ResultVersion, Signature
from examsite.storage.models.records import RecordLog, Witness
from examsite.storage.models.rooms import LostTime
from examsite.storage.models.sittings import AnswerVersion, Attempt, Extension, Incident, Sitting
from tests.web.world import World


@dataclass
class Stage:
    """A published result in the database of the world."""

    session: Session
    competition: Competition

    def first(self, model: type[Any]) -> Any:
        """The first row of a model that belongs to the competition and that the result rests on."""
        mine = {
            Competition: Competition.id == self.competition.id,
            Mark: Mark.script_id.in_(select(Script.id).where(Script.competition_id == self.competition.id))
            & Mark.assignment_id.is_not(None)
            & Mark.locked_at.is_not(None),
            Signature: Signature.result_version_id.in_(
                select(ResultVersion.id).where(ResultVersion.competition_id == self.competition.id)
            ),
            Settlement: Settlement.script_id.in_(select(Script.id).where(Script.competition_id == self.competition.id)),
            Deduction: Deduction.candidacy_id.in_(
                select(Candidacy.id).where(Candidacy.competition_id == self.competition.id)
            ),
            Appeal: (Appeal.competition_id == self.competition.id) & Appeal.decided_seq.is_not(None),
            Incident: Incident.sitting_id.in_(select(Sitting.id).where(Sitting.competition_id == self.competition.id))
            & (Incident.measure != ""),
            Paper: (Paper.competition_id == self.competition.id) & (Paper.state == PaperState.OPENED),
            Candidacy: (Candidacy.competition_id == self.competition.id) & Candidacy.public_code.is_not(None),
        }
        chosen = mine.get(model, getattr(model, "competition_id", None) == self.competition.id)
        row = self.session.scalars(select(model).where(chosen).order_by(model.id)).first()
        assert row is not None, f"the published result has no {model.__tablename__}"
        return row

    def problems(self) -> list[TableProblem]:
        """What the check finds; papers that stayed sealed were marked by the world itself."""
        reserves = set(self.session.scalars(select(Paper.id).where(Paper.state == PaperState.SEALED)))
        return [
            one
            for one in check_tables(self.session, self.competition)
            if not (one.table == "papers" and one.row in reserves)
        ]


@pytest.fixture(scope="module")
def stand(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    copied = world.copy_to(tmp_path_factory.mktemp("tables"))
    engine = open_engine(copied)
    with Session(engine) as session:
        code = world.places["published"].code
        yield Stage(session, session.scalars(select(Competition).where(Competition.code == code)).one())
    engine.dispose()


@pytest.fixture
def stage(stand: Stage) -> Iterator[Stage]:
    yield stand
    stand.session.rollback()


def test_a_result_that_nobody_touched_stands(stage: Stage) -> None:
    assert check_seals(stage.session) == []
    assert stage.problems() == []


@pytest.mark.parametrize(
    ("model", "column", "value", "table"),
    [
        (Mark, "total", score(1), "marks"),
        (Mark, "points", {"E1.a": "1.00"}, "marks"),
        (Mark, "round", 0, "marks"),
        (Mark, "assignment_id", None, "marks"),
        (Settlement, "score", score(99), "settlements"),
        (Settlement, "reason", "Một lý do khác", "settlements"),
        (Deduction, "percent", score(1), "deductions"),
        (Deduction, "part", "defence", "deductions"),
        (Appeal, "score", score(99), "appeals"),
        (Incident, "percent", score(1), "incidents"),
        (Signature, "sha256", "0" * 64, "signatures"),
        (Script, "content", [{"item": "E1", "text": "Bài khác"}], "scripts"),
        (Script, "content_sha256", "0" * 64, "scripts"),
        (CodeEntry, "answers_seq", 1, "code_entries"),
        (Candidacy, "public_code", "ZZZZ", "candidacies"),
        (Competition, "ruleset_toml", "", "competitions"),
        (Post, "vacancies", 9, "posts"),
        (Post, "title", "Chức danh khác", "posts"),
        (Paper, "paper_sha256", "0" * 64, "papers"),
        (ResultVersion, "document", "{}", "result_versions"),
        (ResultVersion, "sha256", "0" * 64, "result_versions"),
    ],
)
def test_who_has_the_key_of_the_seals_too_is_convicted_by_the_log(
    stage: Stage, model: type[Any], column: str, value: object, table: str
) -> None:
    row = stage.first(model)
    setattr(row, column, value)
    stage.session.flush()

    assert check_seals(stage.session) == []
    found = stage.problems()
    assert (table, row.id, "value_differs", column) in {(one.table, one.row, one.code, one.column) for one in found}, (
        found
    )
    assert all(one.seq is not None for one in found if one.column == column)


def test_two_candidates_swapped_in_the_code_map_are_both_named(stage: Stage) -> None:
    mine = select(CodeEntry).where(CodeEntry.competition_id == stage.competition.id).order_by(CodeEntry.id).limit(2)
    first, second = stage.session.scalars(mine).all()
    free = stage.session.scalar(select(Candidacy.id).where(Candidacy.id.not_in(select(CodeEntry.candidacy_id))))
    one, two = first.candidacy_id, second.candidacy_id
    for entry, candidacy in ((first, free), (second, one), (first, two)):
        entry.candidacy_id = candidacy
        stage.session.flush()

    assert {(one.table, one.row, one.column) for one in stage.problems()} == {
        ("code_entries", first.id, "candidacy_id"),
        ("code_entries", second.id, "candidacy_id"),
    }


@pytest.mark.parametrize("model", [Mark, Signature, CodeEntry])
def test_a_row_that_is_gone_is_named_by_its_record(stage: Stage, model: type[Any]) -> None:
    row = stage.first(model)
    table = inspect(model).local_table
    stage.session.connection().execute(delete(table).where(table.c.id == row.id))
    stage.session.expunge(row)

    (problem,) = [one for one in stage.problems() if one.table == table.name]
    assert problem.row is None
    assert problem.code == "row_missing"
    assert problem.seq is not None


def test_an_answer_changed_after_the_hand_in_is_named(stage: Stage) -> None:
    attempt = stage.session.scalars(select(Attempt).where(Attempt.record_seq.is_not(None)).order_by(Attempt.id)).first()
    assert attempt is not None
    stage.session.connection().execute(
        update(inspect(AnswerVersion).local_table)
        .where(inspect(AnswerVersion).local_table.c.attempt_id == attempt.id)
        .values(content='"Một câu trả lời khác"')
    )
    assert (
        TableProblem("answer_versions", attempt.id, "value_differs", "content", attempt.record_seq, "answers:submitted")
        in stage.problems()
    )


#: Rows of the boards and of the room of which the log says that they were there.
_TOLD = (
    Witness,
    Explanation,
    DiscussionNote,
    ProposalAssessment,
    PanelQuestion,
    DossierItem,
    ClosedAnswers,
    Extension,
    LostTime,
)


def test_of_every_competition_nothing_that_was_told_is_missing_at_first(whole: Session) -> None:
    assert _problems_of(whole, _TOLD) == []


@pytest.mark.parametrize("model", _TOLD)
def test_a_row_that_somebody_told_the_log_of_does_not_disappear(whole: Session, model: type[Any]) -> None:
    table = inspect(model).local_table
    told = {
        ProposalAssessment: ProposalAssessment.locked_at.is_not(None),
        LostTime: LostTime.decided_at.is_not(None),
    }
    key = whole.scalar(select(func.min(model.id)).where(told.get(model, model.id > 0)))
    assert key is not None, f"nobody of the world left a row in {table.name}"
    for waiting in table.metadata.tables.values():  # what hangs on it would keep the row from going
        for reference in waiting.foreign_keys:
            if reference.column.table is table:
                whole.execute(delete(waiting).where(reference.parent == key))
    whole.execute(delete(table).where(table.c.id == key))

    assert {one.code for one in _problems_of(whole, (model,))} == {"row_missing"}


def _problems_of(session: Session, models: tuple[type[Any], ...]) -> list[TableProblem]:
    names = {inspect(model).local_table.name for model in models}
    logs = select(Competition).join(RecordLog, RecordLog.competition_id == Competition.id)
    return [one for row in session.scalars(logs) for one in check_tables(session, row) if one.table in names]


@pytest.fixture
def whole(stand: Stage) -> Iterator[Session]:
    """Every competition of the world."""
    yield stand.session
    stand.session.rollback()


def test_a_hand_in_that_became_a_closing_is_named(stage: Stage) -> None:
    handed_in = select(Attempt).join(Sitting, Sitting.id == Attempt.sitting_id)
    mine = handed_in.where(Sitting.competition_id == stage.competition.id, Attempt.state == AttemptState.HANDED_IN)
    attempt = stage.session.scalars(mine.order_by(Attempt.id)).first()
    assert attempt is not None
    table = inspect(Attempt).local_table
    changed = {"state": AttemptState.CLOSED, "closed_at": attempt.handed_in_at, "handed_in_at": None}
    stage.session.execute(update(table).where(table.c.id == attempt.id).values(**changed))
    stage.session.expire_all()
    named = TableProblem("attempts", attempt.id, "value_differs", "state", attempt.record_seq, "answers:submitted")
    assert named in stage.problems()
