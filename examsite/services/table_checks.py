"""Checks the tables of a competition against its record log: what somebody with the database could have changed.

Two nets lie over each other. The seal of a row shows any change of any column that the product did not make. The log
shows what a row must say, so that a change with a good seal, a row that is gone and a row too many are found as well,
and names the column; of what nobody put on record only a changed row is found.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.domain.allocation_records import ALLOCATING, Fact
from examsite.domain.canonical import canonical_bytes, sha256_hex
from examsite.domain.errors import DomainError
from examsite.domain.events import Event
from examsite.domain.marking import MarkState
from examsite.domain.papers import PaperState, paper_from_data, paper_sha256
from examsite.domain.personal_data import ROWS_DESTROYED
from examsite.domain.publication import ResultState
from examsite.domain.row_statements import RowStatement
from examsite.domain.rubrics import rubric_data, rubric_from_snapshot
from examsite.domain.rulesets import ruleset_data
from examsite.domain.table_problems import TableProblem
from examsite.services.allocation_checks import check_allocations
from examsite.services.answer_checks import check_answers
from examsite.services.board_checks import check_boards
from examsite.services.draw_checks import check_draws
from examsite.services.guarded_checks import found_by
from examsite.services.presence_checks import check_presence
from examsite.services.proposal_checks import check_proposals
from examsite.services.rulesets import ruleset_of
from examsite.storage.database import Base
from examsite.storage.models.competitions import Competition, GatePassage, Post
from examsite.storage.models.dossiers import Candidacy
from examsite.storage.models.marking import CodeEntry, Mark, Script
from examsite.storage.models.papers import Paper, PaperFile
from examsite.storage.models.proposals import Defence
from examsite.storage.models.ranking import ResultVersion
from examsite.storage.models.records import RecordRow
from examsite.storage.queries.erasures import erased_candidacies
from examsite.storage.queries.records import get_log, list_records
from examsite.storage.queries.row_statements import list_row_statements
from examsite.storage.row_seals import list_broken_seals, sealed_classes

#: Records that leave exactly one row behind, and its table. A sheet of a defence is withdrawn without any wish.
_LEAVES_A_ROW = {
    Event.MARK_LOCKED: "marks",
    Event.STANDARD_MARKED: "marks",
    Event.SETTLEMENT_DECIDED: "settlements",
    Event.INCIDENT_DECIDED: "incidents",
    Event.DEDUCTION_APPLIED: "deductions",
    Event.TIE_DECIDED: "tie_decisions",
    Event.RESULT_APPROVED: "signatures",
    Event.RESULT_REFUSED: "signatures",
    Event.ITEM_DECIDED: "item_decisions",
    Event.RULING_REFUSED: "item_decisions",
    Event.RUBRIC_CHANGED: "rubric_changes",
    Event.RUBRIC_TAKEN_BACK: "rubric_changes",
    Event.RUBRIC_REFUSED: "rubric_changes",
    Event.MARK_WITHDRAWN: "mark_withdrawals",
    Event.WITHDRAWAL_REFUSED: "mark_withdrawals",
    Event.APPEAL_DECIDED: "appeals",
    Event.KEY_SPLIT: "split_keys",
    Event.MARKER_QUALIFIED: "qualifications",
    Event.MARKER_STOPPED: "marker_stops",
    Event.MARKER_DECIDED: "marker_stops",
    Event.MARKERS_NAMED: "marker_alarms",
    Event.NAMING_DECIDED: "marker_alarms",
    Event.EXPLANATION_ASKED: "explanations",
    Event.EXPLANATION_GIVEN: "explanations",
    Event.DISCUSSION_NOTED: "discussion_notes",
    Event.ASSESSMENT_LOCKED: "proposal_assessments",
}
#: Tables whose rows an erasure takes away, with the contents of their records; `check_erasures` looks at what is gone.
_ERASABLE = frozenset(owned.table for owned in ROWS_DESTROYED)


def check_seals(session: Session) -> list[TableProblem]:
    """Every row of the installation that was changed past the product, table by table."""
    return [
        TableProblem(broken.table, broken.row, "row_changed")
        for sealed in sealed_classes(Base)
        for broken in list_broken_seals(session, sealed)
    ]


def check_tables(session: Session, competition: Competition) -> list[TableProblem]:
    """Every row of a competition that says something else than its log, or is missing, or is too many.

    The log is taken as it stands: `verify_log` checks it first. Each check goes on where another meets what it cannot
    read.
    """
    log = get_log(session, competition.code)
    records = {row.seq: row for row in list_records(session, log.id) if log.code == competition.code}
    problems: list[TableProblem] = []
    for check in (
        _check_statements,
        _check_frozen,
        _check_roster,
        _check_papers,
        check_answers,
        _check_code_map,
        _check_withdrawn,
        _check_allocations,
        _check_results,
        _check_gates,
        check_presence,
        check_boards,
        check_proposals,
        check_draws,
    ):
        problems += found_by(session, partial(check, session, competition, records))
    return problems


_Records = Mapping[int, RecordRow]


def _check_statements(session: Session, competition: Competition, records: _Records) -> Iterator[TableProblem]:
    named: set[int] = set()
    for statement in list_row_statements(session, competition):
        for column in statement.faults:
            yield TableProblem(statement.table, statement.row, "value_differs", column, statement.seq)
        if not statement.events:
            continue
        row = records.get(-1 if statement.seq is None else statement.seq)
        if row is None or row.event not in {event.value for event in statement.events} or row.seq in named:
            yield TableProblem(statement.table, statement.row, "record_missing", "record_seq", statement.seq)
            continue
        named.add(row.seq)
        for column in _differing(statement, row):
            yield TableProblem(statement.table, statement.row, "value_differs", column, row.seq, row.event)
    wanted = {event.value: table for event, table in _LEAVES_A_ROW.items()}
    for row in records.values():
        if row.event not in wanted or row.seq in named:
            continue
        alone = row.event == Event.MARK_WITHDRAWN and row.subject.startswith("defence/")
        erased = row.payload is None and wanted[row.event] in _ERASABLE
        if not alone and not erased:
            yield TableProblem(wanted[row.event], None, "row_missing", "", row.seq, row.event)


def _differing(statement: RowStatement, row: RecordRow) -> Iterator[str]:
    """The columns of a row that say something else than its record."""
    if statement.subject is not None and statement.subject[1] != row.subject:
        yield statement.subject[0]
    if statement.actor is not None and statement.actor[1] != row.actor:
        yield statement.actor[0]
    payload = row.content
    if not payload:
        return
    for column, (member, value) in statement.members.items():
        if payload.get(member) != value:
            yield column


def _check_frozen(session: Session, competition: Competition, records: _Records) -> Iterator[TableProblem]:
    row = _last(records, Event.RULESET_FROZEN)
    frozen = {} if row is None else row.content
    if row is None or not frozen:
        return

    def problem(table: str, key: int | None, column: str, code: str = "value_differs") -> TableProblem:
        return TableProblem(table, key, code, column, row.seq, row.event)

    try:
        rules: object = ruleset_data(ruleset_of(competition))
    except (DomainError, KeyError, TypeError, ValueError):
        rules = None
    # A newer version of the product may know figures that the frozen rule set did not have.
    if not _holds(rules, frozen["ruleset"]):
        yield problem("competitions", competition.id, "ruleset_toml")
    posts = {post["code"]: post for post in frozen["posts"]}
    rubrics = {rubric["post"]: rubric for rubric in frozen["rubrics"]}
    for post in _posts(session, competition):
        said = posts.pop(post.code, None)
        if said is None:
            yield problem("posts", post.id, "code")
            continue
        for column in ("title", "vacancies"):
            if getattr(post, column) != said[column]:
                yield problem("posts", post.id, column)
        try:
            rubric: object = rubric_data(rubric_from_snapshot(post.defence_rubric))
        except (DomainError, KeyError, TypeError, ValueError):
            rubric = None
        if rubric != rubrics.get(post.code):
            yield problem("posts", post.id, "defence_rubric")
    for _code in posts:
        yield problem("posts", None, "", "row_missing")


def _holds(value: object, said: object) -> bool:
    """Whether a value says all that was said, and nothing else about it; members that are new may stand beside."""
    if isinstance(said, dict) and isinstance(value, dict):
        return all(member in value and _holds(value[member], said[member]) for member in said)
    return value == said


def _check_roster(session: Session, competition: Competition, records: _Records) -> Iterator[TableProblem]:
    row = _last(records, Event.ROSTER_FIXED)
    roster = {} if row is None else row.content
    if row is None or not roster:
        return
    said = {item["code"]: item["post"] for item in roster["candidates"]}
    found = session.execute(
        select(Candidacy.id, Candidacy.public_code, Post.code)
        .join(Post, Post.id == Candidacy.post_id)
        .where(Candidacy.competition_id == competition.id, Candidacy.public_code.is_not(None))
        .order_by(Candidacy.id)
    )
    for key, code, post in found:
        if code not in said:
            yield TableProblem("candidacies", key, "value_differs", "public_code", row.seq, row.event)
        elif said.pop(code) != post:
            yield TableProblem("candidacies", key, "value_differs", "post_id", row.seq, row.event)
    for _code in said:
        yield TableProblem("candidacies", None, "row_missing", "", row.seq, row.event)


def _check_papers(session: Session, competition: Competition, records: _Records) -> Iterator[TableProblem]:
    papers = {
        f"paper/{paper.code}": paper
        for paper in session.scalars(select(Paper).where(Paper.competition_id == competition.id).order_by(Paper.id))
    }
    kept = select(PaperFile).join(Paper, Paper.id == PaperFile.paper_id).where(Paper.competition_id == competition.id)
    files = {file.paper_id: file.content for file in session.scalars(kept)}
    sealed: set[str] = set()
    opened: set[str] = set()
    set_aside = {row.subject for row in records.values() if row.event == Event.PAPER_SET_ASIDE}
    for row in records.values():
        paper = papers.get(row.subject)
        if row.event == Event.PAPER_OPENED:
            opened.add(row.subject)
        if row.event != Event.PAPER_SEALED:
            continue
        sealed.add(row.subject)
        if paper is None:
            yield TableProblem("papers", None, "row_missing", "", row.seq, row.event)
            continue
        payload = row.content
        if not payload:
            continue
        if paper.paper_sha256 != payload["paper_sha256"]:
            yield TableProblem("papers", paper.id, "value_differs", "paper_sha256", row.seq, row.event)
        if paper.age_sha256 != payload["age_sha256"]:
            yield TableProblem("papers", paper.id, "value_differs", "age_sha256", row.seq, row.event)
        elif paper.age_sha256 is not None and sha256_hex(files.get(paper.id, b"")) != paper.age_sha256:
            yield TableProblem("paper_files", paper.id, "value_differs", "content", row.seq, row.event)
        if paper.data and not _is_paper(paper.data, payload):
            yield TableProblem("papers", paper.id, "value_differs", "data", row.seq, row.event)
    for subject, paper in papers.items():
        if (paper.set_aside_at is not None) != (subject in set_aside):
            yield TableProblem("papers", paper.id, "value_differs", "set_aside_at")
        is_sealed = paper.state in (PaperState.SEALED, PaperState.OPENED)
        if is_sealed != (subject in sealed) or (paper.state is PaperState.OPENED) != (subject in opened):
            yield TableProblem("papers", paper.id, "value_differs", "state")


def _is_paper(data: dict[str, Any], payload: Mapping[str, Any]) -> bool:
    try:
        return (
            paper_sha256(data) == payload["paper_sha256"]
            and rubric_data(paper_from_data(data).rubric) == payload["rubric"]
        )
    except (DomainError, KeyError, TypeError, ValueError):
        return False


def _check_code_map(session: Session, competition: Competition, records: _Records) -> Iterator[TableProblem]:
    row = _last(records, Event.CODES_SEALED)
    sealed = {} if row is None else row.content
    if row is None or not sealed:
        return
    said = {entry["script"]: entry for entry in sealed["map"]}
    erased = erased_candidacies(session, competition.code)
    found = session.execute(
        select(CodeEntry, Script, Candidacy.public_code)
        .join(Script, Script.id == CodeEntry.script_id)
        .join(Candidacy, Candidacy.id == CodeEntry.candidacy_id)
        .where(CodeEntry.competition_id == competition.id)
        .order_by(CodeEntry.id)
    )
    for entry, script, public_code in found:
        line = said.pop(script.code, None)
        if line is None:
            yield TableProblem("code_entries", entry.id, "value_differs", "script_id", row.seq, row.event)
            continue
        pairs = (
            ("code_entries", entry.id, "candidacy_id", public_code == line["candidate"]),
            ("code_entries", entry.id, "answers_seq", entry.answers_seq == line["answers_seq"]),
            ("scripts", script.id, "content_sha256", script.content_sha256 == line["content"]),
            (
                "scripts",
                script.id,
                "content",
                entry.candidacy_id in erased or _content_hash(entry.content_salt, script.content) == line["content"],
            ),
        )
        for table, key, column, holds in pairs:
            if not holds:
                yield TableProblem(table, key, "value_differs", column, row.seq, row.event)
    for _code in said:
        yield TableProblem("code_entries", None, "row_missing", "", row.seq, row.event)


def _content_hash(salt: str, content: object) -> str:
    try:
        return sha256_hex(bytes.fromhex(salt) + canonical_bytes(content))
    except (DomainError, ValueError, TypeError):
        return ""


def _check_withdrawn(session: Session, competition: Competition, records: _Records) -> Iterator[TableProblem]:
    """A mark is withdrawn just when a record says so; one on a script of nobody is set aside without any."""
    withdrawn = {row.content.get("seq"): row for row in records.values() if row.event == Event.MARK_WITHDRAWN}
    found = session.execute(
        select(Mark.id, Mark.state, Mark.record_seq)
        .outerjoin(Script, Script.id == Mark.script_id)
        .outerjoin(Defence, Defence.id == Mark.defence_id)
        .where((Script.competition_id == competition.id) | (Defence.competition_id == competition.id))
        .order_by(Mark.id)
    )
    for key, state, seq in found:
        locked = records.get(-1 if seq is None else seq)
        if locked is None or locked.event != Event.MARK_LOCKED:
            continue
        if (state is MarkState.WITHDRAWN) != (seq in withdrawn):
            row = withdrawn.get(seq, locked)
            yield TableProblem("marks", key, "value_differs", "state", row.seq, row.event)


def _check_allocations(session: Session, competition: Competition, records: _Records) -> Iterator[TableProblem]:
    facts = []
    for row in records.values():
        if row.event in ALLOCATING:
            payload = row.content
            if not payload:  # erased with what was never opened: the log tells no more who had what
                return
            facts.append(Fact(row.seq, row.event, row.subject, payload))
    yield from check_allocations(session, competition, facts)


def _check_results(session: Session, competition: Competition, records: _Records) -> Iterator[TableProblem]:
    computed: dict[object, RecordRow] = {}
    published: dict[object, RecordRow] = {}
    for row in records.values():
        payload = row.content
        if row.event == Event.RESULT_COMPUTED:
            computed[payload.get("version")] = row
        elif row.event == Event.RESULT_PUBLISHED:
            published[payload.get("result_sha256")] = row
    for version in session.scalars(
        select(ResultVersion).where(ResultVersion.competition_id == competition.id).order_by(ResultVersion.number)
    ):
        said = computed.pop(version.number, None)
        if said is None:
            yield TableProblem("result_versions", version.id, "record_missing", "number")
            continue
        if said.content.get("result_sha256") != version.sha256:
            yield TableProblem("result_versions", version.id, "value_differs", "sha256", said.seq, said.event)
        if sha256_hex(version.document.encode("utf-8")) != version.sha256:
            yield TableProblem("result_versions", version.id, "value_differs", "document", said.seq, said.event)
        if version.state is ResultState.PUBLISHED and version.sha256 not in published:
            yield TableProblem("result_versions", version.id, "value_differs", "state", said.seq, said.event)
    for row in computed.values():
        yield TableProblem("result_versions", None, "row_missing", "", row.seq, row.event)


def _check_gates(session: Session, competition: Competition, records: _Records) -> Iterator[TableProblem]:
    found = session.scalars(
        select(GatePassage).where(GatePassage.competition_id == competition.id).order_by(GatePassage.id)
    )
    for passage in found:
        if passage.record_seq not in records:
            yield TableProblem("gate_passages", passage.id, "record_missing", "record_seq", passage.record_seq)


def _posts(session: Session, competition: Competition) -> list[Post]:
    return list(session.scalars(select(Post).where(Post.competition_id == competition.id).order_by(Post.code)))


def _last(records: _Records, event: Event) -> RecordRow | None:
    found = [row for row in records.values() if row.event == event.value]
    return found[-1] if found else None
