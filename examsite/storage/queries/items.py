"""How the objective questions of the opened papers worked, what was decided about them, and whom a decision changes.

Scripts appear under their codes alone. The figures rest on the points as they were first given: a decision does not
move what it rests on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased, joinedload

from examsite.domain.competitions import Missing
from examsite.domain.errors import NotFoundError
from examsite.domain.items import LEAST_SCRIPTS_TO_DECIDE, Decision, Ruling, rescored, standing_decisions
from examsite.domain.marking import MarkState, NeededAct, ScriptKind
from examsite.domain.papers import Paper, PaperItem, paper_from_data
from examsite.domain.permissions import Role
from examsite.domain.questions import QuestionKind
from examsite.domain.result_entries import SYSTEM_MARKER, SYSTEM_ROUND, MarkEntry
from examsite.domain.results import settle_part
from examsite.domain.scores import Score, score, sum_scores
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.competitions import Competition
from examsite.storage.models.marking import Mark, Script, Settlement
from examsite.storage.models.papers import ItemDecision, RubricChange
from examsite.storage.models.papers import Paper as PaperRow
from examsite.storage.queries.code_checklists import list_missing_before_opening
from examsite.storage.queries.coded_answers import map_answers_by_code
from examsite.storage.queries.marking import list_decisions, list_scripts, script_entry, written_part
from examsite.storage.queries.papers import get_opened_paper, list_opened_papers

if TYPE_CHECKING:
    from examsite.statistics.items import ItemFigures, PartFigures

_CHOICES = (QuestionKind.SINGLE, QuestionKind.TRUE_FALSE, QuestionKind.MULTIPLE)


@dataclass(frozen=True)
class ItemLine:
    """One question: how it worked, the decision that stands, and one that waits for its second person."""

    item: PaperItem
    number: int
    figures: ItemFigures
    decided: ItemDecision | None
    waiting: ItemDecision | None

    @property
    def is_flagged(self) -> bool:
        """Whether a figure lies outside the band."""
        return bool(self.figures.flags)


@dataclass(frozen=True)
class PaperItems:
    """One opened paper with its objective questions."""

    paper: PaperRow
    content: Paper
    figures: PartFigures
    lines: tuple[ItemLine, ...]

    @property
    def is_weak(self) -> bool:
        """Whether there are too few scripts for the figures to oblige anybody."""
        return self.figures.scripts < LEAST_SCRIPTS_TO_DECIDE

    @property
    def owed(self) -> tuple[ItemLine, ...]:
        """The questions that two people still have to decide."""
        if self.is_weak:
            return ()
        return tuple(line for line in self.lines if line.is_flagged and line.decided is None)


@dataclass(frozen=True)
class ItemEffect:
    """What a decision does to one script: the system's points, and which way the script crosses the pass mark.

    `crosses` is +1 or −1 where the script has two marks and its score would change sides, else 0; `head_again` says
    that the head had decided its score and decides anew.
    """

    code: str
    before: Score
    after: Score
    crosses: int
    head_again: bool


def list_paper_items(session: Session, competition_id: int) -> list[PaperItems]:
    """The opened papers by code, each objective question with its figures, options counted."""
    found = []
    for paper in list_opened_papers(session, competition_id):
        content = paper_from_data(paper.data)
        if content.objective:
            answers = map_answers_by_code(session, competition_id, paper.id)
            found.append(_paper_items(session, paper, content, answers))
    return found


def get_paper_items(session: Session, competition_id: int, code: str) -> PaperItems:
    """One opened paper.

    Raises:
        NotFoundError: `paper_not_found`, also for one without objective questions.
    """
    paper = get_opened_paper(session, competition_id, code)
    content = paper_from_data(paper.data)
    if not content.objective:
        raise NotFoundError("paper_not_found", paper=code)
    return _paper_items(session, paper, content, map_answers_by_code(session, competition_id, paper.id))


def find_waiting_decision(session: Session, paper_id: int, item: str) -> ItemDecision | None:
    """The proposal about a question that waits for its second person."""
    return session.scalars(
        select(ItemDecision).where(
            ItemDecision.paper_id == paper_id, ItemDecision.item == item, ItemDecision.decided_at.is_(None)
        )
    ).one_or_none()


def get_waiting_decision(
    session: Session, competition_id: int, decision_id: int, *, for_update: bool = False
) -> ItemDecision:
    """A proposal that waits for its second person, with its paper.

    Raises:
        NotFoundError: `item_decision_not_found`, also once it was answered.
    """
    statement = _of_competition(competition_id).where(ItemDecision.id == decision_id, ItemDecision.decided_at.is_(None))
    if for_update:
        statement = statement.with_for_update(of=ItemDecision)
    found = session.scalars(statement.execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise NotFoundError("item_decision_not_found")
    return found


def list_waiting_decisions(session: Session, competition_id: int) -> list[ItemDecision]:
    """The proposals that wait for a second person, the oldest first, with their papers."""
    statement = _of_competition(competition_id).where(ItemDecision.decided_at.is_(None))
    return list(session.scalars(statement.order_by(ItemDecision.proposed_at, ItemDecision.id)))


@dataclass(frozen=True)
class DecisionLine:
    """One proposal about a question with the two people's pseudonyms."""

    decision: ItemDecision
    proposed_by: str
    decided_by: str | None


def list_item_history(session: Session, paper_id: int, item: str) -> list[DecisionLine]:
    """Every proposal about a question with its answer, the newest first."""
    proposer, decider = aliased(RoleAssignment), aliased(RoleAssignment)
    rows = session.execute(
        select(ItemDecision, proposer.pseudonym, decider.pseudonym)
        .join(proposer, proposer.id == ItemDecision.proposed_by_id)
        .outerjoin(decider, decider.id == ItemDecision.decided_by_id)
        .where(ItemDecision.paper_id == paper_id, ItemDecision.item == item)
        .order_by(ItemDecision.id.desc())
    )
    return [DecisionLine(row, str(first), second) for row, first, second in rows]


def decision_of(row: ItemDecision) -> Decision:
    """The row as the rules take it."""
    keys = tuple(key if isinstance(key, str) else tuple(key) for key in row.keys)
    return Decision(item=row.item, ruling=Ruling(row.ruling), keys=keys)


def list_item_effects(session: Session, competition: Competition, decision: ItemDecision) -> list[ItemEffect]:
    """The scripts whose points a decision would change, by code."""
    paper = session.get_one(PaperRow, decision.paper_id)
    content = paper_from_data(paper.data)
    answers = map_answers_by_code(session, competition.id, paper.id)
    decided = list_decisions(session, competition.id)
    rule = decision_of(decision)
    found = []
    for script in list_scripts(session, competition.id):
        mark = system_mark(script)
        if script.paper_id != paper.id or mark is None:
            continue
        points = rescored(content, mark.points, answers.get(script.code, {}), rule)
        if points != mark.points:
            found.append(_effect(competition, script, mark, points, content=content, decided=decided.get(script.id)))
    return found


def system_mark(script: Script) -> Mark | None:
    """The mark of the system that counts: the last one."""
    marks = [mark for mark in script.marks if mark.round == SYSTEM_ROUND and mark.state is MarkState.LOCKED]
    return max(marks, key=lambda mark: mark.record_seq or 0, default=None)


def lock_scripts_of_paper(session: Session, paper_id: int) -> None:
    """Take the locks of all live scripts of a paper in the order of their codes."""
    session.scalars(
        select(Script.id)
        .where(Script.paper_id == paper_id, Script.kind == ScriptKind.LIVE)
        .order_by(Script.code)
        .with_for_update()
    ).all()


def list_missing_to_open_codes(session: Session, competition: Competition, now: datetime) -> list[Missing]:
    """Before the code map is opened: what marking owes, and two people's word on each question outside its band."""
    missing = list_missing_before_opening(session, competition, now)
    for paper in list_opened_papers(session, competition.id):
        content = paper_from_data(paper.data)
        if content.objective:
            owed = _paper_items(session, paper, content, {}).owed
            if owed:
                missing.append(Missing("items_undecided", Role.SETTER, {"paper": paper.code, "count": len(owed)}))
    waiting = len(list_waiting_decisions(session, competition.id))
    if waiting:
        missing.append(Missing("item_decisions_waiting", Role.CHAIR, {"count": waiting}))
    changes = session.scalar(
        select(func.count(RubricChange.id))
        .join(PaperRow, PaperRow.id == RubricChange.paper_id)
        .where(PaperRow.competition_id == competition.id, RubricChange.decided_at.is_(None))
    )
    if changes:
        missing.append(Missing("rubric_changes_waiting", Role.SETTER, {"count": changes}))
    return missing


def _of_competition(competition_id: int) -> Select[ItemDecision]:
    return (
        select(ItemDecision)
        .join(ItemDecision.paper)
        .options(joinedload(ItemDecision.paper))
        .where(PaperRow.competition_id == competition_id)
    )


def _paper_items(
    session: Session, paper: PaperRow, content: Paper, answers: Mapping[str, Mapping[str, object]]
) -> PaperItems:
    from examsite.statistics.items import Item, ItemResult, analyse_items  # noqa: PLC0415 - numbers only when needed

    firsts = _first_points(session, paper.id)
    items = [
        Item(
            code=item.item,
            maximum=item.points,
            options=tuple(option.key for option in item.question.options) if _has_choices(item) else (),
            right=frozenset(_right(item)),
        )
        for item in content.objective
    ]
    results = [
        ItemResult(code, item.item, score(points[item.item]), _chosen(item, answers.get(code, {}).get(item.item)))
        for code, points in firsts.items()
        for item in content.objective
    ]
    figures = analyse_items(items, results)
    decided, waiting = _decisions(session, paper.id)
    lines = tuple(
        ItemLine(item, number, known, decided.get(item.item), waiting.get(item.item))
        for number, (item, known) in enumerate(zip(content.objective, figures.items, strict=True), start=1)
    )
    return PaperItems(paper, content, figures, lines)


def _first_points(session: Session, paper_id: int) -> dict[str, dict[str, Any]]:
    """The points that the system gave first, by script code."""
    rows = session.execute(
        select(Script.code, Mark.points)
        .join(Mark, Mark.script_id == Script.id)
        .where(
            Script.paper_id == paper_id,
            Script.kind == ScriptKind.LIVE,
            Mark.round == SYSTEM_ROUND,
            Mark.state == MarkState.LOCKED,
        )
        .order_by(Script.code, Mark.record_seq)
    )
    found: dict[str, dict[str, Any]] = {}
    for code, points in rows:
        found.setdefault(code, points)
    return found


def _decisions(session: Session, paper_id: int) -> tuple[dict[str, ItemDecision], dict[str, ItemDecision]]:
    """The decision that stands and the proposal that waits, by question."""
    rows = list(
        session.scalars(select(ItemDecision).where(ItemDecision.paper_id == paper_id).order_by(ItemDecision.record_seq))
    )
    agreed = [row for row in rows if row.is_agreed]
    last = standing_decisions(map(decision_of, agreed))
    by_item: defaultdict[str, list[ItemDecision]] = defaultdict(list)
    for row in agreed:
        by_item[row.item].append(row)
    return {item: by_item[item][-1] for item in last}, {row.item: row for row in rows if row.decided_at is None}


def _has_choices(item: PaperItem) -> bool:
    return item.question.kind in _CHOICES


def _right(item: PaperItem) -> Sequence[str]:
    key = item.question.answer_key
    return key if _has_choices(item) and isinstance(key, tuple) else ()


def _chosen(item: PaperItem, answer: object) -> tuple[str, ...]:
    if not _has_choices(item):
        return ()
    given = [answer] if isinstance(answer, str) else answer if isinstance(answer, list) else []
    return tuple(option.key for option in item.question.options if option.key in given)


def _effect(
    competition: Competition,
    script: Script,
    mark: Mark,
    points: Mapping[str, str],
    *,
    content: Paper,
    decided: Settlement | None,
) -> ItemEffect:
    part = written_part(competition)
    entry = script_entry(script, content, None)
    new = MarkEntry(
        seq=0, marker=SYSTEM_MARKER, round=SYSTEM_ROUND, points={name: score(given) for name, given in points.items()}
    )
    people = tuple(known for known in entry.marks if known.round != SYSTEM_ROUND)
    after = settle_part(part, content.rubric, replace(entry, marks=(new, *people)))
    crosses = 0
    if decided is None and script.score is not None and after.act is NeededAct.SETTLED and after.score is not None:
        crosses = (after.score >= part.pass_mark) - (script.score >= part.pass_mark)
    return ItemEffect(
        code=script.code,
        before=sum_scores(score(given) for given in mark.points.values()),
        after=sum_scores(score(given) for given in points.values()),
        crosses=crosses,
        head_again=decided is not None,
    )
