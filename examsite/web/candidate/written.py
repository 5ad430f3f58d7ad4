"""A candidate's own written result once it is published: the score on the home page, marks and work on a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import g, render_template
from flask.typing import ResponseReturnValue

from examsite.domain.errors import NotFoundError
from examsite.domain.marking import MarkingStep
from examsite.domain.papers import Paper, PaperItem
from examsite.domain.permissions import Role
from examsite.domain.questions import Text
from examsite.domain.result_entries import SYSTEM_ROUND
from examsite.domain.scores import Score, sum_scores
from examsite.services.rulesets import ruleset_of
from examsite.storage.database import db
from examsite.storage.queries.candidacies import get_candidacy
from examsite.storage.queries.codes import (
    WrittenResult,
    find_own_choices,
    find_own_reason,
    find_own_work,
    find_written_result,
    get_own_standing,
)
from examsite.storage.queries.marking import written_part
from examsite.web.access import requires
from examsite.web.appeals import last_words
from examsite.web.candidate import add_home_topic, bp
from examsite.web.formatting import format_points, format_score
from examsite.web.i18n import _
from examsite.web.labels import label
from examsite.web.script_paths import PathDiagram, path_diagram
from examsite.web.transactions import read_web_clock


@bp.get("/written")
@requires(Role.CANDIDATE)
def show_written() -> ResponseReturnValue:
    """Own marks criterion by criterion beside the own work, and why a gap was decided so; markers stay nameless.

    Source: our choice, because the reason is opened to everybody with the final result, and to whom it concerns first.
    """
    candidacy = get_candidacy(db.session(), g.actor.candidacy_id)
    competition = g.competition = candidacy.competition
    result = find_written_result(db.session(), competition, candidacy.id)
    if result is None:
        raise NotFoundError("written_not_published")
    values = _values(result, candidacy, read_web_clock())
    paper: Paper | None = None
    texts: dict[str, str] = {}
    diagram: PathDiagram | None = None
    marks: list[ShownMark] = []
    choices: list[ShownChoice] = []
    system = next((mark for mark in result.entry.marks[::-1] if mark.round == SYSTEM_ROUND), None)
    if result.entry.script is not None:
        paper, texts = find_own_work(db.session(), competition, result)
        standing, script = get_own_standing(db.session(), competition, result)
        diagram = path_diagram(written_part(competition), standing, is_named=False, end=_end(values))
        marks = _marks(result, script, shows_comments=ruleset_of(competition).own_comments)
        given = find_own_choices(db.session(), competition, result)
        choices = [
            _choice(item, given.get(item.item), {} if system is None else system.points) for item in paper.objective
        ]
    return render_template(
        "candidate/show_written.html",
        topic=values,
        paper=paper,
        texts=texts,
        diagram=diagram,
        reason=find_own_reason(db.session(), competition, result),
        marks=marks,
        choices=choices,
    )


def _end(values: Mapping[str, Any]) -> tuple[str, str] | None:
    """The score that counts and what changed the settled one, None where nothing did."""
    if values["score"] is None:
        return None
    if values["percent"]:
        return format_score(values["score"]), _("trừ %(percent)s %%", percent=format_points(values["percent"]))
    return None if values["appeal_score"] is None else (format_score(values["score"]), _("sau phúc khảo"))


@dataclass(frozen=True)
class ShownMark:
    """One person's mark as its candidate reads it: which it was, the points, the comments; never who."""

    title: str
    points: Mapping[str, Score]
    comments: Mapping[str, str]


def _marks(result: WrittenResult, script: Any, *, shows_comments: bool) -> list[ShownMark]:
    """The marks of people, and those of a settled appeal behind them, in the order in which they were locked.

    Source: the rule set, whether candidates read the comments on their own script.
    """
    comments = {mark.record_seq: mark.comments for mark in script.marks} if shows_comments else {}
    entry = result.entry
    people = [mark for mark in entry.marks if mark.round != SYSTEM_ROUND]
    again = [] if entry.appeal is None else list(entry.appeal.marks)
    titled = [(_("Lượt %(number)s", number=place), mark) for place, mark in enumerate(people, 1)]
    titled += [(_("Phúc khảo %(number)s", number=place), mark) for place, mark in enumerate(again, 1)]
    return [ShownMark(title, mark.points, comments.get(mark.seq) or {}) for title, mark in titled]


@dataclass(frozen=True)
class ShownChoice:
    """One objective question as its candidate reads it again: the own answer and its points; the key stays closed."""

    number: int
    stem: Any
    chosen: tuple[Any, ...]
    points: Score | None
    maximum: Score


def _choice(item: PaperItem, given: object, points: Mapping[str, Score]) -> ShownChoice:
    """The answer in the words of the paper; an answer that is no choice stands as it was typed."""
    options = {option.key: option.text for option in item.question.options}
    named = [str(key) for key in given] if isinstance(given, list) else [] if given in (None, "") else [str(given)]
    return ShownChoice(
        number=int(item.item[1:]),
        stem=item.question.stem,
        chosen=tuple(options.get(key, Text(key, key)) for key in named),
        points=points.get(item.item),
        maximum=item.points,
    )


def _read_written(candidacy: Any, now: datetime) -> dict[str, Any] | None:
    result = find_written_result(db.session(), candidacy.competition, candidacy.id)
    return None if result is None else _values(result, candidacy, now)


def _values(result: WrittenResult, candidacy: Any, now: datetime) -> dict[str, Any]:
    part = written_part(candidacy.competition)
    closes_at = candidacy.competition.appeals_close_at
    people = [mark for mark in result.entry.marks if mark.round != SYSTEM_ROUND]
    system = sum_scores(mark.total for mark in result.entry.marks if mark.round == SYSTEM_ROUND)
    again = () if result.entry.appeal is None else result.entry.appeal.marks
    appealed = result.appeal if result.appeal is not None and result.appeal.score is not None else None
    return {
        "public_code": result.public_code,
        "outcome": _outcome(result),
        "passed": result.passed,
        "score": result.outcome.score,
        "maximum": part.maximum,
        "pass_mark": part.pass_mark,
        "system": system,
        "totals": [mark.total + system for mark in people],
        "settled": None if result.settlement is None else result.settlement.score,
        "step": "" if result.settlement is None or result.settlement.step is None else _step(result.settlement.step),
        "appeal_totals": [mark.total + system for mark in again],
        "appeal_step": "" if appealed is None or appealed.step is None else label(appealed.step),
        "appeal_score": None if appealed is None else appealed.score,
        "percent": max((item.percent for item in result.entry.deductions), default=None),
        "appeal_until": last_words(closes_at) if closes_at is not None and closes_at > now else None,
        "has_work": result.entry.script is not None,
    }


def _outcome(result: WrittenResult) -> str:
    if result.absent:
        return _("Vắng mặt")
    if result.void:
        return _("Bị hủy bài thi")
    return _("Đạt") if result.passed else _("Chưa đạt")


def _step(step: MarkingStep) -> str:
    return label(step)


add_home_topic("written", order=20, read=_read_written)
