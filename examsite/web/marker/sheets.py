"""What a scoring page is made of: answers by paragraphs, criteria with their fields, the marker's own notes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from examsite.domain.note_anchors import Span, is_anchored
from examsite.domain.papers import PaperItem
from examsite.domain.scores import ZERO, Score, score, score_text, sum_scores
from examsite.storage.queries.queues import BlindScript
from examsite.web.formatting import format_points, format_time
from examsite.web.forms.marking import CriterionFields, ScoringForm
from examsite.web.i18n import _, localised


class KeptNote(Protocol):
    """A note as it is stored."""

    id: Any
    item: Any
    start_at: Any
    end_at: Any
    quote: Any
    text: Any
    criterion: Any
    updated_at: Any


@dataclass(frozen=True)
class Paragraph:
    """One paragraph of an answer and where it begins in the text. Unit: code points."""

    start: int
    text: str


@dataclass(frozen=True)
class QuestionSheet:
    """One question on the scoring page: its words, the answer, the criteria with their fields."""

    item: PaperItem
    number: int
    text: str
    rows: tuple[CriterionFields, ...]
    given: Score | None

    @property
    def paragraphs(self) -> list[Paragraph]:
        """The answer by paragraphs."""
        found, start = [], 0
        for line in self.text.split("\n"):
            if line.strip():
                found.append(Paragraph(start, line))
            start += len(line) + 1
        return found

    @property
    def words(self) -> int:
        """Words of the answer, by spaces."""
        return len(self.text.split())

    @property
    def maximum(self) -> Score:
        """The most that people can give."""
        return sum_scores(row.criterion.maximum for row in self.rows)

    def name_of(self, row: CriterionFields) -> str:
        """How the page numbers a criterion, e.g. 2.b."""
        return f"{self.number}.{row.criterion.criterion.rpartition('.')[2]}"


def questions_of(blind: BlindScript, form: ScoringForm) -> list[QuestionSheet]:
    """The essays of the script in the order of its paper."""
    texts = dict(blind.content)
    rows = tuple(form.rows())
    stored = {} if blind.mark is None else blind.mark.points
    sheets = []
    for number, item in enumerate(blind.paper.essays, start=1):
        own = tuple(row for row in rows if row.criterion.criterion.startswith(f"{item.item}."))
        given = [score(stored[row.criterion.criterion]) for row in own if row.criterion.criterion in stored]
        sheets.append(QuestionSheet(item, number, texts.get(item.item, ""), own, sum_scores(given) if given else None))
    return sheets


def given_in(blind: BlindScript) -> Score:
    """The sum of the marker's own points so far."""
    return ZERO if blind.mark is None else sum_scores(score(points) for points in blind.mark.points.values())


def maximum_of(blind: BlindScript) -> Score:
    """The most that people can give for the script."""
    return sum_scores(criterion.maximum for criterion in blind.paper.rubric.human)


def missing_in(blind: BlindScript) -> list[str]:
    """Criteria without points."""
    stored = {} if blind.mark is None else blind.mark.points
    return [item.criterion for item in blind.paper.rubric.human if item.criterion not in stored]


def differences(blind: BlindScript, form: ScoringForm) -> list[tuple[str, str, str]]:
    """Where the draft that another page has saved differs from this page: what, its points, its comment."""
    mark = blind.mark
    if mark is None:
        return []
    meant = form.read_points(mark.points)
    rows = []
    for row in form.rows():
        name = row.criterion.criterion
        stored, said = mark.points.get(name, ""), str(mark.comments.get(name, ""))
        given = meant.get(name)
        same = stored == ("" if given is None else score_text(given))
        if not same or said != (row.comment.data or "").strip():
            rows.append((localised(row.criterion.text, ""), format_points(stored), said))
    whole = str(mark.comments.get("", ""))
    if whole != (form.whole.data or "").strip():
        rows.append((_("Toàn bài"), format_points(given_in(blind)), whole))
    return rows


def note_data(note: KeptNote, blind: BlindScript) -> dict[str, Any]:
    """A note as pages hold it; one whose words no longer stand at its span hangs nowhere."""
    text = dict(blind.content).get(note.item, "")
    return {
        "id": note.id,
        "item": note.item,
        "start": note.start_at,
        "end": note.end_at,
        "quote": note.quote,
        "text": note.text,
        "criterion": note.criterion,
        "seen": note.updated_at.isoformat(),
        "time": format_time(note.updated_at),
        "anchored": is_anchored(text, Span(note.item, note.start_at, note.end_at, note.quote)),
    }


def criterion_names(questions: Iterable[QuestionSheet]) -> dict[str, str]:
    """How the page numbers each criterion of the rubric."""
    return {row.criterion.criterion: question.name_of(row) for question in questions for row in question.rows}
