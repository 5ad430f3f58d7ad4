"""The result of a competition as one canonical document, from the candidates' marks to who is selected.

For the council that signs its hash, the public page and the bundle. Every figure in it is computed here from marks;
`recompute` (in `examsite.domain.recomputation`) checks a finished document with none of this code.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from examsite.domain.canonical import canonical_bytes, sha256_hex
from examsite.domain.errors import ConflictError, InvalidError
from examsite.domain.marking import (
    AppealSettlement,
    NeededAct,
    Settlement,
    settle_appeal,
    settle_blind_pair,
    settle_machine,
)
from examsite.domain.panels import MemberScore, settle_panel
from examsite.domain.ranking import Contender, Outcome, PartOutcome, Standing, Vacancies, compute_part, compute_ranking
from examsite.domain.recomputation import Problem, recompute
from examsite.domain.rubrics import (
    Points,
    Rubric,
    check_points,
    check_rubric,
    check_system_points,
    points_data,
    rubric_data,
    total,
)
from examsite.domain.ruleset_model import BlindPairPart, PanelPart, Part, RuleSet
from examsite.domain.rulesets import ruleset_data
from examsite.domain.scores import ZERO, Score, score_text

__all__ = [
    "AppealEntry",
    "CandidateEntry",
    "CompetitionEntry",
    "DecisionEntry",
    "DeductionEntry",
    "MarkEntry",
    "PartEntry",
    "PostEntry",
    "Problem",
    "TieEntry",
    "recompute",
    "result_data",
    "result_sha256",
    "result_standings",
    "settle_part",
]

# Source: the published format of `result.json`: the system's mark is of round 0, an appeal counts its own rounds.
SYSTEM_ROUND = 0
SYSTEM_MARKER = "system"
APPEAL_ROUNDS = ("appeal-1", "appeal-2", "appeal-3")

MarkRound: TypeAlias = int | str


@dataclass(frozen=True, slots=True)
class CompetitionEntry:
    """Which competition the result is of."""

    code: str
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class TieEntry:
    """The record by which the authority decided a tie across the last vacancy."""

    seq: int
    selected: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PostEntry:
    """One post and how many are selected for it."""

    code: str
    title: str
    vacancies: int
    tie: TieEntry | None = None


@dataclass(frozen=True, slots=True)
class MarkEntry:
    """One locked mark that was not withdrawn, with the number of its record."""

    seq: int
    marker: str
    round: MarkRound
    points: Points

    @property
    def total(self) -> Score:
        """The sum of its own points."""
        return total(self.points)


@dataclass(frozen=True, slots=True)
class DecisionEntry:
    """A score that a head or the chair decided, with the number of its record."""

    seq: int
    score: Score


@dataclass(frozen=True, slots=True)
class AppealEntry:
    """The re-marks of an appeal, and the chair's decision where one was due."""

    marks: tuple[MarkEntry, ...]
    decision: DecisionEntry | None = None


@dataclass(frozen=True, slots=True)
class DeductionEntry:
    """One deduction that was applied at merging."""

    seq: int
    percent: Score


@dataclass(frozen=True, slots=True)
class PartEntry:
    """What happened to one candidate in one part."""

    part: str
    paper: str | None = None
    script: str | None = None
    absent: bool = False
    void: bool = False
    marks: tuple[MarkEntry, ...] = ()
    decision: DecisionEntry | None = None
    appeal: AppealEntry | None = None
    deductions: tuple[DeductionEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class CandidateEntry:
    """One candidate by public code; the name is disclosed only as the rule set says."""

    code: str
    post: str
    name: str | None
    parts: tuple[PartEntry, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class _Settled:
    settlement: Settlement
    appeal: AppealSettlement | None
    deduction: DeductionEntry | None
    outcome: PartOutcome


def result_data(
    *,
    competition: CompetitionEntry,
    ruleset: RuleSet,
    rubrics: Iterable[Rubric],
    posts: Iterable[PostEntry],
    candidates: Iterable[CandidateEntry],
) -> dict[str, object]:
    """The `result.json` of the competition.

    Raises:
        ConflictError: `part_not_settled`, `part_not_entered` (all listed parts passed, but one is missing).
        InvalidError: `rubric_missing`, `rubric_twice`, `system_mark_missing`, `system_mark_twice`,
            `system_mark_not_expected`, `mark_not_expected`, `marked_twice`, `deduction_without_part`,
            `parts_out_of_order`, or a code of the rubric, ladder and ranking rules.
    """
    known_posts = sorted(posts, key=lambda post: post.code)
    known = sorted(candidates, key=lambda candidate: (candidate.post, candidate.code))
    by_key = _rubrics_by_key(ruleset, rubrics)
    settled = {
        (candidate.code, entry.part): _settled_part(ruleset, by_key, candidate, entry)
        for candidate in known
        for entry in candidate.parts
    }
    standings = _standings(ruleset, known_posts, known, settled)
    return {
        "v": 1,
        "competition": {"code": competition.code, "title": competition.title, "body": competition.body},
        "ruleset": ruleset_data(ruleset),
        "rubrics": [rubric_data(by_key[key]) for key in sorted(by_key, key=lambda key: tuple(map(str, key)))],
        "posts": [
            {
                "code": post.code,
                "title": post.title,
                "vacancies": post.vacancies,
                "tie": post.tie and {"seq": post.tie.seq, "selected": sorted(post.tie.selected)},
            }
            for post in known_posts
        ],
        "candidates": [
            _candidate_data(ruleset, candidate, standings[candidate.code], settled) for candidate in known
        ],
    }


def result_sha256(result: Mapping[str, object]) -> str:
    """The hash that approvers sign and the publication names."""
    return sha256_hex(canonical_bytes(result))


def result_standings(
    *,
    ruleset: RuleSet,
    rubrics: Iterable[Rubric],
    posts: Iterable[PostEntry],
    candidates: Iterable[CandidateEntry],
) -> tuple[Standing, ...]:
    """The standings behind the result, for pages: with open ties, in the order of posts and ranks.

    Raises:
        ConflictError: as `result_data`.
        InvalidError: as `result_data`.
    """
    known = tuple(candidates)
    by_key = _rubrics_by_key(ruleset, rubrics)
    settled = {
        (candidate.code, entry.part): _settled_part(ruleset, by_key, candidate, entry)
        for candidate in known
        for entry in candidate.parts
    }
    return tuple(_standings(ruleset, tuple(posts), known, settled).values())


def settle_part(part: Part, rubric: Rubric, entry: PartEntry) -> Settlement:
    """Where the marks of one candidate's part stand, before appeal and deduction.

    Raises:
        InvalidError: as `result_data`, of the marks alone.
    """
    system = _checked_marks(part, rubric, entry)
    decided = entry.decision.score if entry.decision else None
    humans = [mark for mark in entry.marks if mark.round != SYSTEM_ROUND]
    if isinstance(part, PanelPart):
        changed = {mark.marker: mark.total for mark in humans if mark.round == 2}
        first = [mark for mark in humans if mark.round == 1]
        scores = [MemberScore(mark.marker, mark.total, changed.get(mark.marker)) for mark in first]
        return settle_panel(part, scores, decided=decided)
    if isinstance(part, BlindPairPart):
        third = [mark.total + system for mark in humans if mark.round == 2]
        return settle_blind_pair(
            part,
            [mark.total + system for mark in humans if mark.round == 1],
            third=third[0] if third else None,
            decided=decided,
        )
    return settle_machine(system if entry.marks else None)


def _settled_part(
    ruleset: RuleSet,
    rubrics: Mapping[tuple[str, str, str | None], Rubric],
    candidate: CandidateEntry,
    entry: PartEntry,
) -> _Settled | None:
    part = ruleset.part_named(entry.part)
    if entry.absent or entry.void:
        return None
    rubric = rubrics.get((entry.part, candidate.post, entry.paper))
    if rubric is None:
        raise InvalidError("rubric_missing", part=entry.part, post=candidate.post, paper=entry.paper)
    settlement = settle_part(part, rubric, entry)
    if settlement.act is not NeededAct.SETTLED or settlement.score is None:
        raise ConflictError("part_not_settled", part=entry.part, candidate=candidate.code, act=settlement.act)
    appeal = _settled_appeal(part, rubric, entry, settlement.score)
    if appeal is not None and appeal.act is not NeededAct.SETTLED:
        raise ConflictError("part_not_settled", part=entry.part, candidate=candidate.code, act=appeal.act)
    # The largest decides; of equal ones the first record.
    deduction = min(entry.deductions, key=lambda one: (-one.percent, one.seq), default=None)
    outcome = compute_part(
        part,
        settlement.score,
        appealed=appeal.score if appeal else None,
        percents=[deduction.percent] if deduction else [],
    )
    return _Settled(settlement, appeal, deduction, outcome)


def _settled_appeal(part: Part, rubric: Rubric, entry: PartEntry, settled: Score) -> AppealSettlement | None:
    if entry.appeal is None:
        return None
    if not isinstance(part, BlindPairPart):
        raise InvalidError("appeal_part_not_known", part=part.part)
    marks = sorted(entry.appeal.marks, key=lambda mark: str(mark.round))
    if [mark.round for mark in marks] != list(APPEAL_ROUNDS[: len(marks)]):
        raise InvalidError("mark_not_expected", part=part.part)
    fresh = {mark.marker for mark in marks}
    if len(fresh) != len(marks) or fresh & {mark.marker for mark in entry.marks}:
        raise InvalidError("marked_twice", part=part.part)
    for mark in marks:
        check_points(rubric, mark.points)
    system = _system_total(entry)
    decision = entry.appeal.decision
    return settle_appeal(
        part, settled, [mark.total + system for mark in marks], decided=decision.score if decision else None
    )


def _checked_marks(part: Part, rubric: Rubric, entry: PartEntry) -> Score:
    expected = {1} if part.kind == "machine" else {1, 2}
    seen: set[tuple[MarkRound, str]] = set()
    system_marks = [mark for mark in entry.marks if mark.round == SYSTEM_ROUND]
    for mark in entry.marks:
        if (mark.round, mark.marker) in seen:
            raise InvalidError("marked_twice", part=entry.part, marker=mark.marker)
        seen.add((mark.round, mark.marker))
        if mark.round == SYSTEM_ROUND:
            check_system_points(rubric, mark.points)
        elif mark.round in expected and not isinstance(part, _MACHINE):
            check_points(rubric, mark.points)
        else:
            raise InvalidError("mark_not_expected", part=entry.part, marker=mark.marker)
    return _system_total(entry)
