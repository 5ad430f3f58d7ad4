"""A result document made ready for reading: rows of the ranking, each opening down to its criteria and its path.

Every figure shown comes from the document that was signed, none from rows: what people read is what people hash. Only
the words of criteria and parts are looked up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from examsite.domain.questions import Text
from examsite.domain.ranking import Outcome
from examsite.domain.ruleset_model import RuleSet
from examsite.domain.scores import ZERO, Score, part_of, round_score, score
from examsite.storage.queries.ranking import list_criterion_texts, list_tie_reasons
from examsite.storage.queries.results import result_document
from examsite.web.i18n import current_locale, localised
from examsite.web.result_paths import PathStep, Rung, ladder_of, path_of

if TYPE_CHECKING:
    from examsite.storage.models.competitions import Competition
    from examsite.storage.models.ranking import ResultVersion


@dataclass(frozen=True)
class CriterionRow:
    """One criterion with the points of every person who gave some."""

    code: str
    words: str
    maximum: Score
    points: tuple[Score, ...]


@dataclass(frozen=True)
class MarkTable:
    """The marks of one part side by side; `totals` are script totals, the system's points included."""

    markers: tuple[str, ...]
    rows: tuple[CriterionRow, ...]
    system_rows: tuple[CriterionRow, ...]
    system_total: Score
    system_maximum: Score
    maximum: Score
    totals: tuple[Score, ...]


@dataclass(frozen=True)
class PartView:
    """One part of one candidate; `stated` is the very member of the document."""

    part: str
    title: str
    kind: str
    weight: Score
    pass_mark: Score
    maximum: Score
    stated: Mapping[str, Any]
    score: Score | None
    before_deduction: Score | None
    percent: Score | None
    table: MarkTable | None
    path: tuple[PathStep, ...]
    ladder: tuple[Rung, ...]

    @property
    def weighted(self) -> Score | None:
        """What the part brings to the total, exact."""
        return None if self.score is None else part_of(self.score, self.weight)

    @property
    def weighted_score(self) -> Score | None:
        """The same at two decimals, for a bar."""
        return None if self.weighted is None else round_score(self.weighted)

    @property
    def weighted_text(self) -> str:
        """The same with every decimal."""
        return exact_text(self.weighted)


@dataclass(frozen=True)
class RankRow:
    """One candidate's line; `is_open` tells whether scores and marks may be shown to this reader."""

    code: str
    post: str
    name: str | None
    rank: int | None
    total: Score | None
    outcome: Outcome
    parts: tuple[PartView | None, ...]
    is_open: bool = True

    @property
    def listed(self) -> tuple[PartView, ...]:
        """The parts that the candidate reached."""
        return tuple(part for part in self.parts if part is not None)

    @property
    def exact_total(self) -> Decimal | None:
        """The weighted sum before its one rounding."""
        return None if self.total is None else sum((part.weighted or ZERO for part in self.listed), Decimal(0))

    @property
    def exact_text(self) -> str:
        """The weighted sum with every decimal."""
        return exact_text(self.exact_total)

    @property
    def rounds(self) -> bool:
        """Whether the total is the sum rounded."""
        return self.exact_total is not None and self.exact_total != self.total

    @property
    def stopped_at(self) -> PartView | None:
        """The part that kept the candidate out of the ranking."""
        if self.rank is not None:
            return None
        return next((part for part in self.listed if not part.stated["passed"]), None)


@dataclass(frozen=True)
class RankGroup:
    """Candidates who share a rank (or have none, one by one)."""

    rank: int | None
    rows: tuple[RankRow, ...]
    crosses: bool = False

    @property
    def tied(self) -> bool:
        """Whether more than one stands there."""
        return self.rank is not None and len(self.rows) > 1


@dataclass(frozen=True)
class TieView:
    """The authority's decision about a tie."""

    seq: int
    selected: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class PostView:
    """One post with its ranking."""

    code: str
    title: str
    vacancies: int
    groups: tuple[RankGroup, ...]
    tie: TieView | None
    part_titles: tuple[tuple[str, Score, Score], ...]
    hidden: int = 0

    @property
    def rows(self) -> tuple[RankRow, ...]:
        """All lines in order."""
        return tuple(row for group in self.groups for row in group.rows)

    @property
    def selected(self) -> tuple[RankRow, ...]:
        """Who is selected."""
        return tuple(row for row in self.rows if row.outcome is Outcome.SELECTED)


@dataclass(frozen=True)
class Counts:
    """How many reached which step; whole posts, never a group within."""

    eligible: int
    sat: int
    defended: int
    ranked: int


@dataclass(frozen=True)
class ResultView:
    """A version of the result, read from its document."""

    number: int
    sha256: str
    size_bytes: int
    posts: tuple[PostView, ...]
    document: Mapping[str, Any] = field(repr=False)

    def find_row(self, code: str) -> RankRow | None:
        """The line of a public code."""
        return next((row for post in self.posts for row in post.rows if row.code == code), None)

    def counts(self, post: str | None = None) -> Counts:
        """How many stand behind the ranking."""
        known = [one for one in self.document["candidates"] if post in (None, one["post"])]
        there = Counter(
            part["part"] for one in known for part in one["parts"] if not part["absent"] and not part["void"]
        )
        parts = [part["part"] for part in self.document["ruleset"]["parts"]]
        ranked = sum(1 for one in known if one["rank"] is not None)
        return Counts(len(known), there[parts[0]], there[parts[-1]], ranked)


def exact_text(value: Decimal | None) -> str:
    """A product or sum as it is before rounding: at least two decimals, none left out."""
    if value is None:
        return "–"
    whole, _dot, decimals = f"{value:f}".partition(".")
    text = f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"
    return text if current_locale() == "en" else text.replace(".", ",")


def view_result(session: Session, competition: Competition, version: ResultVersion, ruleset: RuleSet) -> ResultView:
    """The version with every line open: for those who sign, and for the organiser."""
    document = result_document(version)
    is_english = current_locale() == "en"
    titles = {post.code: post.title_en for post in competition.posts} if is_english else {}
    reader = _Reader(document, ruleset, list_criterion_texts(session, competition.id), titles)
    reasons = list_tie_reasons(session, competition.id)
    return ResultView(
        number=version.number,
        sha256=version.sha256,
        size_bytes=len(version.document.encode("utf-8")),
        posts=tuple(reader.post(post, reasons) for post in document["posts"]),
        document=document,
    )


def public_result(view: ResultView, ruleset: RuleSet) -> ResultView:
    """The same without what the rule set closes about those not selected.

    Source: the rule set, "what is published of the others"; names are left out in the document already.
    """
    if ruleset.others_published == "code-and-scores":
        return view
    return replace(view, posts=tuple(_closed_post(post, ruleset.others_published) for post in view.posts))


def _closed_post(post: PostView, others: str) -> PostView:
    selected = tuple(RankGroup(row.rank, (row,)) for row in post.selected)
    rest = sorted((row for row in post.rows if row.outcome is not Outcome.SELECTED), key=lambda row: row.code)
    if others == "nothing":
        return replace(post, groups=selected, hidden=len(rest), tie=None)
    closed = tuple(
        RankGroup(None, (replace(row, rank=None, total=None, parts=tuple(None for _ in row.parts), is_open=False),))
        for row in rest
    )
    return replace(post, groups=(*selected, *closed), tie=None)


@dataclass(frozen=True)
class _Reader:
    document: Mapping[str, Any]
    ruleset: RuleSet
    words: Mapping[tuple[str, str, str | None, str], Text]
    #: Titles of posts in the reader's language, where they have one; the document itself is Vietnamese.
    titles: Mapping[str, str]

    def post(self, post: Mapping[str, Any], reasons: Mapping[int, str]) -> PostView:
        rows = [self._row(one) for one in self.document["candidates"] if one["post"] == post["code"]]
        ranked = sorted((row for row in rows if row.rank is not None), key=lambda row: (row.rank, row.code))
        groups = [(rank, tuple(members)) for rank, members in groupby(ranked, key=lambda row: row.rank)]
        places = post["vacancies"]
        tie = post["tie"]
        return PostView(
            code=post["code"],
            title=self.titles.get(post["code"]) or post["title"],
            vacancies=places,
            groups=(
                *(
                    RankGroup(rank, members, crosses=(rank or 0) <= places < (rank or 0) + len(members) - 1)
                    for rank, members in groups
                ),
                *(RankGroup(None, (row,)) for row in rows if row.rank is None),
            ),
            tie=tie and TieView(tie["seq"], tuple(tie["selected"]), reasons.get(tie["seq"], "")),
            part_titles=tuple(
                (self._title(part["part"]), score(part["weight"]), score(part["maximum"])) for part in self._parts()
            ),
        )

    def _parts(self) -> Sequence[Mapping[str, Any]]:
        parts: Sequence[Mapping[str, Any]] = self.document["ruleset"]["parts"]
        return parts

    def _title(self, part: str) -> str:
        return localised(self.ruleset.part_named(part).title, "")

    def _row(self, candidate: Mapping[str, Any]) -> RankRow:
        stated = {part["part"]: part for part in candidate["parts"]}
        return RankRow(
            code=candidate["code"],
            post=candidate["post"],
            name=candidate["name"],
            rank=candidate["rank"],
            total=_score_or_none(candidate["total"]),
            outcome=Outcome(candidate["outcome"]),
            parts=tuple(
                self._part(rule, stated[rule["part"]], candidate["post"]) if rule["part"] in stated else None
                for rule in self._parts()
            ),
        )

    def _part(self, rule: Mapping[str, Any], stated: Mapping[str, Any], post: str) -> PartView:
        settled = stated["appeal"] or stated["settlement"]
        table = self._table(stated, post)
        return PartView(
            part=rule["part"],
            title=self._title(rule["part"]),
            kind=rule["kind"],
            weight=score(rule["weight"]),
            pass_mark=score(rule["pass"]),
            maximum=score(rule["maximum"]),
            stated=stated,
            score=_score_or_none(stated["score"]),
            before_deduction=_score_or_none(settled and settled["score"]),
            percent=_score_or_none(stated["deduction"] and stated["deduction"]["percent"]),
            table=table,
            path=() if table is None else path_of(rule, stated, table.system_total),
            ladder=() if table is None else ladder_of(rule, stated, table.system_total),
        )

    def _table(self, stated: Mapping[str, Any], post: str) -> MarkTable | None:
        key = (stated["part"], post, stated["paper"])
        rubric = next(
            (one for one in self.document["rubrics"] if (one["part"], one["post"], one["paper"]) == key), None
        )
        if rubric is None or not stated["marks"] or stated["void"]:
            return None
        appealed = stated["appeal"]["marks"] if stated["appeal"] else []
        people = [mark for mark in (*stated["marks"], *appealed) if mark["round"] != 0]
        system = [mark for mark in stated["marks"] if mark["round"] == 0]
        human_rows = self._rows(key, rubric, people, system=False)
        system_rows = self._rows(key, rubric, system, system=True)
        base = sum((score(mark["total"]) for mark in system), ZERO)
        return MarkTable(
            markers=tuple(mark["marker"] for mark in people),
            rows=human_rows,
            system_rows=system_rows,
            system_total=base,
            system_maximum=sum((row.maximum for row in system_rows), ZERO),
            maximum=sum((row.maximum for row in (*human_rows, *system_rows)), ZERO),
            totals=tuple(score(mark["total"]) + base for mark in people),
        )

    def _rows(
        self,
        key: tuple[str, str, str | None],
        rubric: Mapping[str, Any],
        marks: Sequence[Mapping[str, Any]],
        *,
        system: bool,
    ) -> tuple[CriterionRow, ...]:
        return tuple(
            CriterionRow(
                code=one["criterion"],
                words=self._words(key, one["criterion"]),
                maximum=score(one["maximum"]),
                points=tuple(score(mark["points"][one["criterion"]]) for mark in marks),
            )
            for one in rubric["criteria"]
            if one["system"] is system
        )

    def _words(self, key: tuple[str, str, str | None], criterion: str) -> str:
        text = self.words.get((*key, criterion))
        return "" if text is None else localised(text, "")


def _score_or_none(value: str | None) -> Score | None:
    return None if value is None else score(value)
