"""What whoever tries the demonstration finds in it, read from its database as `init` left it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session

from examsite.cli.demonstration.answers import PARTS, share_met, write_essay
from examsite.domain.dossiers import CandidacyState, UploadKind
from examsite.domain.marking import ScriptKind
from examsite.domain.questions import QuestionKind
from examsite.storage.models.competitions import Competition
from examsite.storage.queries.candidacies import get_candidacy, list_candidacies
from examsite.storage.queries.competitions import list_competitions
from examsite.storage.queries.defence import list_defences
from examsite.storage.queries.marking import list_standings
from examsite.storage.queries.marking_notes import list_flags
from examsite.storage.queries.panel_questions import list_questions
from examsite.storage.queries.rubric_changes import list_changes
from examsite.storage.queries.standardisation import list_standards, list_stops
from question_bank.loader import load_bank
from tests.browser.browser import Site


@pytest.fixture(scope="module")
def session(made_demonstration: tuple[Path, datetime]) -> Iterator[Session]:
    engine: Engine = create_engine(f"sqlite:///{made_demonstration[0] / 'examsite.db'}")
    with Session(engine) as found:
        yield found
    engine.dispose()


def competition(session: Session, number: int) -> Competition:
    return next(row for row in list_competitions(session) if row.code.endswith(f"-{number:02d}"))


def test_head_of_marking_finds_a_board_in_the_middle_of_its_work(session: Session) -> None:
    board = competition(session, 4)
    standards = Counter(row.script.kind for row in list_standards(session, board.id) if row.agreed_at is not None)

    assert standards == {ScriptKind.PRACTICE: 1, ScriptKind.QUALIFICATION: 2, ScriptKind.SEED: 4}
    assert [stop.outcome for stop in list_stops(session, board.id)] == [None]
    assert sum(1 for row in list_standings(session, board) if not row.is_settled) >= 1
    assert len(list_standings(session, board)) >= 25
    assert {flag.answered_at is None for flag in list_flags(session, board.id)} == {True, False}
    assert len(list_changes(session, board.id)) == 2


def test_panel_reads_pages_and_asks(session: Session) -> None:
    rows = list_defences(session, competition(session, 3).id)

    assert len(rows) >= 3
    assert len(list_questions(session, rows[0].id)) >= 2
    assert rows[0].recording_reference


def test_dossiers_that_were_sent_are_whole(session: Session) -> None:
    rows = list_candidacies(session, competition(session, 6).id, state=CandidacyState.SUBMITTED)
    files = [get_candidacy(session, row.id).items for row in rows]

    assert [len(items) for items in files] == [11, 11, 11]
    assert {item.upload.kind for items in files for item in items} == {UploadKind.PDF}


def test_its_logs_and_tables_say_the_same(
    new_site: Callable[..., Site], made_demonstration: tuple[Path, datetime]
) -> None:
    site = new_site()
    site.take_over(made_demonstration[0], made_at=made_demonstration[1])
    assert "✗" not in site.command("records", "verify")


def test_every_essay_of_the_bank_has_answers_that_differ() -> None:
    for question in load_bank():
        if question.kind is QuestionKind.ESSAY:
            texts = [write_essay(question.id, luck * 7919, tells=False) for luck in range(40)]
            shares = [sum(share_met(question.id, part, text) for part in PARTS) for text in texts]

            assert len(set(texts)) >= len(texts) - 2
            assert max(shares) - min(shares) > 1
