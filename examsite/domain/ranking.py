"""Who passed, with what total, at what rank, and who is selected: computed from settled scores, never typed.

Ties are shown as ties: equal candidates share a rank, and a tie across the last vacancy stays open until the
authority decides it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import groupby

from examsite.domain.errors import ConflictError, InvalidError
from examsite.domain.marking import deducted
from examsite.domain.ruleset_model import Part, RuleSet
from examsite.domain.scores import Score, part_of, round_score


class Outcome(StrEnum):
    """How the competition ended for a candidate; the words of the published result."""

    SELECTED = "selected"
    PASSED = "passed"
    FAILED = "failed"
    ABSENT = "absent"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class PartOutcome:
    """One candidate's part: absent, void, or a score and whether it reaches the pass mark."""

    part: str
    score: Score | None
    passed: bool
    absent: bool = False
    void: bool = False


@dataclass(frozen=True, slots=True)
class Contender:
    """One candidate for one post, with the parts that the candidate reached, in the order of the rule set."""

    code: str
    post: str
    parts: tuple[PartOutcome, ...]


@dataclass(frozen=True, slots=True)
class Vacancies:
    """How many are selected for a post, and whom the authority chose out of a tie across the last place."""

    post: str
    vacancies: int
    tie_selected: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """One line of the ranking. `tied`: shares its rank; `tie_open`: the authority has yet to decide."""

    code: str
    post: str
    parts: tuple[PartOutcome, ...]
    total: Score | None
    rank: int | None
    outcome: Outcome
    tied: bool = False
    tie_open: bool = False


def compute_part(
    part: Part,
    settled: Score | None,
    *,
    appealed: Score | None = None,
    percents: Iterable[Score] = (),
    absent: bool = False,
    void: bool = False,
) -> PartOutcome:
    """The outcome of a part: the appeal replaces the settled score, then the largest deduction, then the pass mark.

    Raises:
        ConflictError: `part_not_settled`, when the candidate was there and no score stands yet.
        InvalidError: `percent_out_of_range`.

    Source: NĐ 170/2025/NĐ-CP art. 10 (each part must reach its pass mark); TT 22/2025/TT-BNV art. 17-18.
    """
    if absent or void:
        return PartOutcome(part.part, None, passed=False, absent=absent, void=void)
    before = settled if appealed is None else appealed
    if before is None:
        raise ConflictError("part_not_settled", part=part.part)
    score = deducted(before, percents)
    return PartOutcome(part.part, score, passed=score >= part.pass_mark)


def compute_total(ruleset: RuleSet, parts: Sequence[PartOutcome]) -> Score | None:
    """The weighted total of a candidate who passed every part, else None; rounded once."""
    scores = {part.part: part.score for part in parts if part.passed and part.score is not None}
    weighted = [part_of(scores[part.part], part.weight) for part in ruleset.parts if part.part in scores]
    if len(weighted) < len(ruleset.parts):
        return None
    return round_score(sum(weighted, Decimal(0)))


def rank_post(ruleset: RuleSet, post: Vacancies, contenders: Iterable[Contender]) -> tuple[Standing, ...]:
    """The standings of one post: ranked ones by rank then code, then the others by code.

    Raises:
        InvalidError: `post_without_vacancy`, `candidate_twice`, `tie_not_open` (a decision where no tie reaches past
            the vacancies), `tie_selection_wrong` (not exactly the remaining places out of those tied).

    Source: NĐ 170/2025/NĐ-CP art. 10 (ranking, ties, the head of the body decides what stays equal).
    """
    if post.vacancies < 1:
        raise InvalidError("post_without_vacancy", post=post.post)
    known = sorted(contenders, key=lambda contender: contender.code)
    if len({contender.code for contender in known}) != len(known):
        raise InvalidError("candidate_twice", post=post.post)
    totals = {contender.code: compute_total(ruleset, contender.parts) for contender in known}

    def key(contender: Contender) -> tuple[Decimal, ...]:
        scores = {part.part: part.score or Decimal(0) for part in contender.parts}
        total = totals[contender.code] or Decimal(0)
        return (-total, *(-scores[part] for part in ruleset.tie_break))

    # Sorting is stable, so that equals stay in the order of their codes whatever order they came in.
    ranked = sorted((contender for contender in known if totals[contender.code] is not None), key=key)
    standings: list[Standing] = []
    tie_seen = False
    for _key, equals in groupby(ranked, key=key):
        group = list(equals)
        rank = len(standings) + 1
        last = rank + len(group) - 1
        selected: set[str] = set()
        crossing = rank <= post.vacancies < last
        if crossing:
            tie_seen = True
            selected = _selected_of_tie(post, group, places=post.vacancies - rank + 1)
        elif last <= post.vacancies:
            selected = {contender.code for contender in group}
        standings += [
            Standing(
                contender.code,
                contender.post,
                contender.parts,
                totals[contender.code],
                rank,
                Outcome.SELECTED if contender.code in selected else Outcome.PASSED,
                tied=len(group) > 1,
                tie_open=crossing and not selected,
            )
            for contender in group
        ]
    if post.tie_selected is not None and not tie_seen:
        raise InvalidError("tie_not_open", post=post.post)
    standings += [
        Standing(contender.code, contender.post, contender.parts, None, None, _unranked(contender.parts))
        for contender in known
        if totals[contender.code] is None
    ]
    return tuple(standings)


def compute_ranking(
    ruleset: RuleSet, posts: Iterable[Vacancies], contenders: Iterable[Contender]
) -> tuple[Standing, ...]:
    """The standings of every post, posts in the order of their codes.

    Raises:
        InvalidError: `post_unknown`, `candidate_twice`, or a code of `rank_post`.
    """
    known = tuple(contenders)
    by_post = {post.post: post for post in posts}
    if len({contender.code for contender in known}) != len(known):
        raise InvalidError("candidate_twice")
    for contender in known:
        if contender.post not in by_post:
            raise InvalidError("post_unknown", post=contender.post, candidate=contender.code)
    return tuple(
        standing
        for code, post in sorted(by_post.items())
        for standing in rank_post(ruleset, post, [contender for contender in known if contender.post == code])
    )


def _selected_of_tie(post: Vacancies, group: Sequence[Contender], *, places: int) -> set[str]:
    if post.tie_selected is None:
        return set()
    selected = set(post.tie_selected)
    if len(post.tie_selected) != places or len(selected) != places or not selected <= {one.code for one in group}:
        raise InvalidError("tie_selection_wrong", post=post.post, places=places)
    return selected


def _unranked(parts: Sequence[PartOutcome]) -> Outcome:
    if any(part.void for part in parts):
        return Outcome.VOID
    if any(part.absent for part in parts):
        return Outcome.ABSENT
    return Outcome.FAILED
