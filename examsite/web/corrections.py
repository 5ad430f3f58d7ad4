"""Corrections of a published result made ready for reading: where they stand, and what is another figure since.

What the rule set closes about those not selected stays closed here, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

from examsite.domain.corrections import Correction, CorrectionState
from examsite.domain.ranking import Outcome
from examsite.domain.result_changes import Figure, ResultChange, result_changes
from examsite.services.rulesets import ruleset_of
from examsite.storage.database import db
from examsite.storage.queries.corrections import list_corrections
from examsite.storage.queries.results import list_published_versions, result_document
from examsite.web.formatting import format_points, format_score
from examsite.web.gates import actor_text
from examsite.web.i18n import _, localised
from examsite.web.labels import label
from examsite.web.labels.corrections import TAGS

if TYPE_CHECKING:
    from examsite.domain.ruleset_model import RuleSet
    from examsite.storage.models.competitions import Competition
    from examsite.storage.models.ranking import ResultVersion

_SCORES = frozenset({Figure.SETTLED, Figure.APPEAL, Figure.SCORE, Figure.TOTAL})


@dataclass(frozen=True)
class CorrectionLine:
    """One correction in words."""

    correction: Correction
    tag: str
    state: str
    asked_by: str
    decided_by: str


@dataclass(frozen=True)
class ChangeLine:
    """One figure before and after, in words."""

    code: str
    post: str
    what: str
    before: str
    after: str
    #: Who is selected or passed is another than before.
    is_outcome: bool = False


@dataclass(frozen=True)
class VersionChange:
    """A published version, what it replaced and why."""

    version: ResultVersion
    replaced: ResultVersion | None
    reason: str
    lines: tuple[ChangeLine, ...]
    #: Changed figures about people whom the rule set closes to this reader.
    hidden: int

    @property
    def groups(self) -> list[list[ChangeLine]]:
        """The lines of one candidate together, first of whom the outcome is another one."""
        groups = [list(lines) for _key, lines in groupby(self.lines, key=lambda line: (line.code, line.post))]
        return sorted(groups, key=lambda lines: not any(line.is_outcome for line in lines))


def correction_lines(competition: Competition) -> list[CorrectionLine]:
    """Every correction, newest first."""
    return [
        CorrectionLine(
            one,
            TAGS[one.state],
            label(one.state),
            actor_text(one.asked_by),
            actor_text(one.decided_by) if one.decided_by else "",
        )
        for one in reversed(list_corrections(db.session(), competition))
    ]


def changes_since_published(competition: Competition, version: ResultVersion) -> VersionChange | None:
    """What this version changes about the published one that it would replace; None where there is none."""
    earlier = [one for one in list_published_versions(db.session(), competition.id) if one.number < version.number]
    return None if not earlier else _change(competition, earlier[-1], version, is_public=False)


def published_changes(competition: Competition) -> list[VersionChange]:
    """Every published version for everybody, newest first, each against the one that it replaced."""
    versions = list_published_versions(db.session(), competition.id)
    return [
        _change(competition, before, after, is_public=True)
        for before, after in reversed(list(zip([None, *versions], versions, strict=False)))
    ]


def _change(
    competition: Competition, before: ResultVersion | None, after: ResultVersion, *, is_public: bool
) -> VersionChange:
    if before is None:
        return VersionChange(after, None, "", (), 0)
    ruleset = ruleset_of(competition)
    old, new = result_document(before), result_document(after)
    found = result_changes(old, new)
    shown = [row for row in found if not is_public or _is_open(row, new, ruleset)]
    return VersionChange(
        after,
        before,
        _reason_of(competition, after),
        tuple(_line(competition, row, ruleset) for row in shown),
        len({row.code for row in found} - {row.code for row in shown}),
    )


def _reason_of(competition: Competition, version: ResultVersion) -> str:
    """Why the version was made: each publication after the first ends one correction, in the same order."""
    known = list_corrections(db.session(), competition)
    if version.published_at is None:
        return next((one.reason for one in reversed(known) if one.state is CorrectionState.OPEN), "")
    numbers = [one.number for one in list_published_versions(db.session(), competition.id)][1:]
    ended = [one.reason for one in known if one.state is CorrectionState.PUBLISHED]
    return dict(zip(numbers, ended, strict=False)).get(version.number, "")


def _is_open(row: ResultChange, document: dict[str, Any], ruleset: RuleSet) -> bool:
    """Whether everybody may read this figure. Source: the rule set, "what is published of the others"."""
    if not row.code or ruleset.others_published == "code-and-scores":
        return True
    one = next((one for one in document["candidates"] if one["code"] == row.code), None)
    return one is not None and one["outcome"] == Outcome.SELECTED


def _line(competition: Competition, row: ResultChange, ruleset: RuleSet) -> ChangeLine:
    post = next((one for one in competition.posts if one.code == row.post), None)
    words = label(row.figure)
    if row.part:
        words = _("%(part)s: %(figure)s", part=localised(ruleset.part_named(row.part).title, ""), figure=words.lower())
    return ChangeLine(
        row.code,
        localised(post, "title") if post is not None else row.post,
        words,
        _value(row.figure, row.before),
        _value(row.figure, row.after),
        row.figure is Figure.OUTCOME,
    )


def _value(figure: Figure, value: str | None) -> str:
    if value is None:
        return "–"
    if figure in _SCORES:
        return format_score(value)
    if figure is Figure.MARKS:
        return "; ".join(format_score(total) for total in value.split()) or "–"
    if figure is Figure.DETAILS:
        return _("khác bản trước")
    if figure is Figure.DEDUCTION:
        return format_points(value)
    if figure is Figure.OUTCOME:
        return label(Outcome(value))
    if figure is Figure.DOCUMENT:
        return _document_words(value)
    return {"yes": _("có"), "no": _("không")}.get(value, value)


def _document_words(member: str) -> str:
    return {
        "competition": _("tên kỳ thi và cơ quan"),
        "ruleset": _("bộ quy tắc"),
        "rubrics": _("tiêu chí chấm"),
        "posts": _("chức danh, số người tuyển, quyết định đồng hạng"),
    }[member]


def opened_at(competition: Competition) -> datetime | None:
    """Since when a correction is open; None where none is."""
    found = list_corrections(db.session(), competition)
    return found[-1].decided_at if found and found[-1].is_standing else None
