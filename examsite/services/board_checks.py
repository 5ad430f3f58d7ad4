"""Rows of the boards that name no record of their own, held against the log: witnesses, agreed marks, questions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from examsite.domain.events import Event
from examsite.domain.marking import ScriptKind
from examsite.domain.records import plan_log_code
from examsite.domain.table_problems import TableProblem
from examsite.services.witnesses import key_of
from examsite.storage.models.code_maps import ClosedAnswers, CodeMap
from examsite.storage.models.competitions import Competition, Post
from examsite.storage.models.dossiers import Candidacy, DossierItem, Upload
from examsite.storage.models.marking import Script
from examsite.storage.models.papers import OpeningConsent
from examsite.storage.models.proposals import Defence, PanelQuestion
from examsite.storage.models.records import RecordRow
from examsite.storage.models.sittings import Attempt, Sitting
from examsite.storage.models.standardisation import AgreedMark
from examsite.storage.queries.checkpoints import list_witnesses
from examsite.storage.queries.records import list_records_of_events

_Records = Mapping[int, RecordRow]

#: What of a question in a defence a record says.
_WORDS = ("text", "answer")


def check_boards(session: Session, competition: Competition, records: _Records) -> Iterator[TableProblem]:
    """Every such row of a competition that is gone, too many, or says something else than its log."""
    yield from _witnesses(session, competition, records)
    yield from _consents(session, competition, records)
    yield from _agreed_marks(session, competition, records)
    yield from _questions(session, competition, records)
    yield from _papers_of_dossiers(session, competition, records)
    yield from _closed_answers(session, competition)


def _witnesses(session: Session, competition: Competition, records: _Records) -> Iterator[TableProblem]:
    """Whoever puts an own key among those of the witnesses cosigns another log with it."""
    events = (Event.WITNESS_NAMED, Event.WITNESS_ENDED)
    before = list_records_of_events(session, plan_log_code(competition.code), events)
    told: list[tuple[RecordRow, int | None]] = [(row, None) for row in before]
    told += [(row, row.seq) for row in records.values() if row.event in events]
    if any(row.payload is None for row, _seq in told):
        return
    named = {row.content["key"]: (row, seq) for row, seq in told if row.event == Event.WITNESS_NAMED}
    ended = {row.content["key"]: (row, seq) for row, seq in told if row.event == Event.WITNESS_ENDED}
    for witness in list_witnesses(session, competition.id):
        key = key_of(witness).as_text()
        row, seq = named.pop(key, (None, None))
        if row is None:
            yield TableProblem("witnesses", witness.id, "record_missing", "public_key")
        elif row.content["holder"] != witness.holder:
            yield TableProblem("witnesses", witness.id, "value_differs", "holder", seq, row.event)
        if (witness.ended_at is not None) != (key in ended):
            row, seq = ended.get(key, (None, None))
            event = "" if row is None else row.event
            yield TableProblem("witnesses", witness.id, "value_differs", "ended_at", seq, event)
    for row, seq in named.values():
        yield TableProblem("witnesses", None, "row_missing", "", seq, row.event)


def _consents(session: Session, competition: Competition, records: _Records) -> Iterator[TableProblem]:
    """As many consents to open a paper of each post as were recorded; the record itself says nothing else."""
    told = [row for row in records.values() if row.event == Event.OPENING_AGREED]
    said = Counter(row.subject for row in told)
    rows = session.execute(
        select(Post.code, func.count(OpeningConsent.id))
        .join(OpeningConsent, OpeningConsent.post_id == Post.id)
        .where(Post.competition_id == competition.id)
        .group_by(Post.code)
    )
    if Counter({f"post/{code}": held for code, held in rows}) != said:
        yield TableProblem("opening_consents", None, "row_missing", "", None, Event.OPENING_AGREED.value)


def _agreed_marks(session: Session, competition: Competition, records: _Records) -> Iterator[TableProblem]:
    """A script that two people agreed on once keeps its agreed mark, in whatever wording."""
    kept = select(Script.code).join(AgreedMark, AgreedMark.script_id == Script.id)
    there = set(session.scalars(kept.where(Script.competition_id == competition.id)))
    agreed = {row.content.get("script"): row for row in records.values() if row.event == Event.STANDARD_AGREED}
    for code, row in agreed.items():
        if code is not None and code not in there:
            yield TableProblem("agreed_marks", None, "row_missing", "", row.seq, row.event)


def _questions(session: Session, competition: Competition, records: _Records) -> Iterator[TableProblem]:
    """What was asked in each defence and answered there, by the last wording on record."""
    told: dict[tuple[str, int], dict[str, str]] = {}
    last: dict[tuple[str, int], RecordRow] = {}
    for row in records.values():
        if row.event == Event.QUESTION_NOTED and row.payload is not None:
            place = (row.subject, int(row.content["number"]))
            told.setdefault(place, {}).update({name: row.content[name] for name in _WORDS if name in row.content})
            last[place] = row
    rows = session.execute(
        select(PanelQuestion, Candidacy.public_code)
        .join(Defence, Defence.id == PanelQuestion.defence_id)
        .join(Candidacy, Candidacy.id == Defence.candidacy_id)
        .where(Defence.competition_id == competition.id)
        .order_by(PanelQuestion.id)
    )
    for question, public_code in rows:
        place = (f"defence/{public_code}", question.number)
        said = told.pop(place, None)
        if said is None:
            yield TableProblem("panel_questions", question.id, "record_missing", "number")
            continue
        for column, words in said.items():
            if getattr(question, column) != words:
                yield TableProblem(
                    "panel_questions", question.id, "value_differs", column, last[place].seq, last[place].event
                )
    for place in told:
        yield TableProblem("panel_questions", None, "row_missing", "", last[place].seq, last[place].event)


def _papers_of_dossiers(session: Session, competition: Competition, records: _Records) -> Iterator[TableProblem]:
    """Every document that somebody handed in is there, with the very file."""
    handed_in = {row.subject: row for row in records.values() if row.event == Event.APPLICATION_SUBMITTED}
    rows = session.execute(
        select(DossierItem.candidacy_id, DossierItem.item, Upload.sha256)
        .join(Upload, Upload.id == DossierItem.upload_id)
        .join(Candidacy, Candidacy.id == DossierItem.candidacy_id)
        .where(Candidacy.competition_id == competition.id)
    )
    there = {(f"application/{key}", item, sha256) for key, item, sha256 in rows}
    for subject, row in handed_in.items():
        for item, sha256 in row.content.get("items", {}).items():
            if (subject, item, sha256) not in there:
                yield TableProblem("dossier_items", None, "row_missing", "", row.seq, row.event)


def _closed_answers(session: Session, competition: Competition) -> Iterator[TableProblem]:
    """While the code map is closed there are as many closed files as scripts; whose is whose only the map says."""
    closed = select(CodeMap.id).where(CodeMap.competition_id == competition.id, CodeMap.opened_at.is_(None))
    if session.scalar(closed) is None:
        return
    files = select(func.count(ClosedAnswers.id)).join(Attempt, Attempt.id == ClosedAnswers.attempt_id)
    here = files.join(Sitting, Sitting.id == Attempt.sitting_id).where(Sitting.competition_id == competition.id)
    scripts = select(func.count(Script.id)).where(
        Script.competition_id == competition.id, Script.kind == ScriptKind.LIVE
    )
    if session.scalar(here) != session.scalar(scripts):
        yield TableProblem("closed_answers", None, "row_missing", "attempt_id", None, "")
