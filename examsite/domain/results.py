"""The result of a competition as one canonical document, from the candidates' marks to who is selected.

For the council that signs its hash, the public page and the bundle. Every figure in it is computed here from marks;
`recompute` (in `examsite.domain.recomputation`) checks a finished document with none of this code.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from examsite.domain.canonical import canonical_bytes, sha256_hex
from examsite.domain.errors import ConflictError, InvalidError
from examsite.domain.marking import (
    WAITING,
    AppealPlace,
    AppealStep,
    LadderPlace,
    MarkingStep,
    NeededAct,
    settle_appeal,
    settle_blind_pair,
    settle_machine,
)
from examsite.domain.panels import MemberScore, settle_panel
from examsite.domain.ranking import Contender, Outcome, PartOutcome, Standing, Vacancies, compute_part, compute_ranking
from examsite.domain.recomputation import Problem, recompute
from examsite.domain.result_entries import (
    APPEAL_ROUNDS,
    FIRST_ROUND,
    SECOND_ROUND,
    SYSTEM_MARKER,
    SYSTEM_ROUND,
    AppealEntry,
    CandidateEntry,
    CompetitionEntry,
    DecisionEntry,
    DeductionEntry,
    MarkEntry,
    MarkRound,
    PartEntry,
    PostEntry,
    TieEntry,
)
from examsite.domain.rubrics import (
    Rubric,
    check_points,
    check_rubric,
    check_system_points,
    points_data,
    rubric_data,
)
from examsite.domain.ruleset_figures import PartKind
from examsite.domain.ruleset_model import BlindPairPart, PanelPart, Part, RuleSet
from examsite.domain.rulesets import ruleset_data
from examsite.domain.scores import ZERO, Score, score_text, sum_scores

__all__ = [
    "APPEAL_ROUNDS",
    "SYSTEM_MARKER",
    "SYSTEM_ROUND",
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
    "settle_appeal_of",
    "settle_part",
]

_RubricKey: TypeAlias = tuple[str, str, str | None]


@dataclass(frozen=True, slots=True)
class _Settled:
    settlement: LadderPlace
    appeal: AppealPlace | None
    deduction: DeductionEntry | None
    outcome: PartOutcome


_SettledParts: TypeAlias = Mapping[tuple[str, str], _Settled | None]


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
        InvalidError: `rubric_missing`, `rubric_twice`, `system_mark_twice`, `system_mark_not_expected`,
            `mark_not_expected`, `marked_twice`, `too_many_marks`, `parts_out_of_order`, `record_used_twice`,
            `script_twice`, or a code of the rubric, ladder and ranking rules.
    """
    known_posts = sorted(posts, key=lambda post: post.code)
    known = sorted(candidates, key=lambda candidate: (candidate.post, candidate.code))
    _check_records(known_posts, known)
    by_key = _rubrics_by_key(ruleset, rubrics)
    settled = _settled_parts(ruleset, by_key, known)
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
        "candidates": [_candidate_data(ruleset, candidate, standings[candidate.code], settled) for candidate in known],
    }


def result_sha256(result: Mapping[str, object]) -> str:
    """The hash that approvers sign and the publication names."""
    return sha256_hex(canonical_bytes(result))


def settle_part(part: Part, rubric: Rubric, entry: PartEntry) -> LadderPlace:
    """Where the marks of one candidate's part stand, before appeal and deduction.

    Raises:
        InvalidError: as `result_data`, of the marks alone.
    """
    _check_marks(part, rubric, entry)
    if bool(rubric.system) and not _of_round(entry, SYSTEM_ROUND):
        return WAITING
    system = _system_total(entry)
    decided = entry.decision.score if entry.decision else None
    first, second = _of_round(entry, FIRST_ROUND), _of_round(entry, SECOND_ROUND)
    if isinstance(part, BlindPairPart):
        totals = [mark.total + system for mark in first]
        return settle_blind_pair(part, totals, third=second[0].total + system if second else None, decided=decided)
    if isinstance(part, PanelPart):
        changed = {mark.marker: mark.total + system for mark in second}
        scores = [MemberScore(mark.marker, mark.total + system, changed.get(mark.marker)) for mark in first]
        return settle_panel(part, scores, decided=decided)
    return settle_machine(system)


def _settled_parts(
    ruleset: RuleSet, rubrics: Mapping[_RubricKey, Rubric], candidates: Iterable[CandidateEntry]
) -> dict[tuple[str, str], _Settled | None]:
    return {
        (candidate.code, entry.part): _settled_part(ruleset, rubrics, candidate, entry)
        for candidate in candidates
        for entry in candidate.parts
    }


def _settled_part(
    ruleset: RuleSet,
    rubrics: Mapping[_RubricKey, Rubric],
    candidate: CandidateEntry,
    entry: PartEntry,
) -> _Settled | None:
    part = ruleset.part_named(entry.part)
    missing = entry.absent or entry.void
    rubric = rubrics.get((entry.part, candidate.post, entry.paper))
    if rubric is None and (entry.marks or not missing):
        raise InvalidError("rubric_missing", part=entry.part, post=candidate.post, paper=entry.paper)
    if rubric is not None:
        _check_marks(part, rubric, entry)
    if rubric is None or missing:
        return None
    settlement = settle_part(part, rubric, entry)
    if settlement.act is not NeededAct.SETTLED or settlement.score is None:
        raise ConflictError("part_not_settled", part=entry.part, candidate=candidate.code, act=settlement.act)
    appeal = settle_appeal_of(part, rubric, entry, settlement.score)
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


def settle_appeal_of(part: Part, rubric: Rubric, entry: PartEntry, settled: Score) -> AppealPlace | None:
    """Where the re-marks of one candidate's part stand against its settled score; None without an appeal.

    Raises:
        InvalidError: as `result_data`, of the re-marks alone.
    """
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


def _check_records(posts: Iterable[PostEntry], candidates: Iterable[CandidateEntry]) -> None:
    """One record is one fact, and one script is one candidate's."""
    entries = [entry for candidate in candidates for entry in candidate.parts]
    seqs = [post.tie.seq for post in posts if post.tie]
    for entry in entries:
        appeal = entry.appeal or AppealEntry(())
        seqs += [mark.seq for mark in (*entry.marks, *appeal.marks)]
        seqs += [decision.seq for decision in (entry.decision, appeal.decision) if decision]
        seqs += [deduction.seq for deduction in entry.deductions]
    if len(set(seqs)) != len(seqs):
        raise InvalidError("record_used_twice")
    scripts = [entry.script for entry in entries if entry.script is not None]
    if len(set(scripts)) != len(scripts):
        raise InvalidError("script_twice")


def _check_marks(part: Part, rubric: Rubric, entry: PartEntry) -> None:
    system, first, second = (
        _of_round(entry, SYSTEM_ROUND),
        _of_round(entry, FIRST_ROUND),
        _of_round(entry, SECOND_ROUND),
    )
    people = [*first, *second]
    if len(system) + len(people) != len(entry.marks) or (people and part.kind is PartKind.MACHINE):
        raise InvalidError("mark_not_expected", part=entry.part)
    if len(system) > 1:
        raise InvalidError("system_mark_twice", part=entry.part)
    if system and not rubric.system:
        raise InvalidError("system_mark_not_expected", part=entry.part)
    _check_markers(part, [mark.marker for mark in first], [mark.marker for mark in second])
    for mark in system:
        check_system_points(rubric, mark.points)
    for mark in people:
        check_points(rubric, mark.points)


def _check_markers(part: Part, first: Sequence[str], second: Sequence[str]) -> None:
    if len(set(first)) != len(first) or len(set(second)) != len(second):
        raise InvalidError("marked_twice", part=part.part)
    if isinstance(part, BlindPairPart):
        # The third marker is a third person, and there is one.
        if len(second) > 1:
            raise InvalidError("too_many_marks", part=part.part, count=len(second))
        if set(first) & set(second):
            raise InvalidError("marked_twice", part=part.part)
    elif not set(second) <= set(first):
        raise InvalidError("mark_not_expected", part=part.part)


def _of_round(entry: PartEntry, number: MarkRound) -> list[MarkEntry]:
    return sorted((mark for mark in entry.marks if mark.round == number), key=lambda mark: mark.marker)


def _system_total(entry: PartEntry) -> Score:
    return sum_scores(mark.total for mark in _of_round(entry, SYSTEM_ROUND))


def _rubrics_by_key(ruleset: RuleSet, rubrics: Iterable[Rubric]) -> dict[_RubricKey, Rubric]:
    by_key: dict[_RubricKey, Rubric] = {}
    for rubric in rubrics:
        key = (rubric.part, rubric.post, rubric.paper)
        if key in by_key:
            raise InvalidError("rubric_twice", part=rubric.part, post=rubric.post, paper=rubric.paper)
        check_rubric(rubric, ruleset.part_named(rubric.part).maximum)
        by_key[key] = rubric
    return by_key


def _outcomes(ruleset: RuleSet, candidate: CandidateEntry, settled: _SettledParts) -> tuple[PartOutcome, ...]:
    order = [part.part for part in ruleset.parts]
    listed = [entry.part for entry in candidate.parts]
    if listed != [part for part in order if part in listed]:
        raise InvalidError("parts_out_of_order", candidate=candidate.code)
    outcomes = tuple(
        one.outcome if one else compute_part(ruleset.part_named(entry.part), None, absent=entry.absent, void=entry.void)
        for entry in candidate.parts
        for one in (settled[candidate.code, entry.part],)
    )
    if len(listed) < len(order) and all(outcome.passed for outcome in outcomes):
        raise ConflictError("part_not_entered", candidate=candidate.code)
    return outcomes


def _standings(
    ruleset: RuleSet, posts: Iterable[PostEntry], candidates: Sequence[CandidateEntry], settled: _SettledParts
) -> dict[str, Standing]:
    standings = compute_ranking(
        ruleset,
        [Vacancies(post.code, post.vacancies, post.tie.selected if post.tie else None) for post in posts],
        [Contender(one.code, one.post, _outcomes(ruleset, one, settled)) for one in candidates],
    )
    return {standing.code: standing for standing in standings}


def _candidate_data(
    ruleset: RuleSet, candidate: CandidateEntry, standing: Standing, settled: _SettledParts
) -> dict[str, object]:
    disclosed = ruleset.winner_name and standing.outcome is Outcome.SELECTED
    return {
        "code": candidate.code,
        "post": candidate.post,
        "name": candidate.name if disclosed else None,
        "parts": [_part_data(entry, settled[candidate.code, entry.part]) for entry in candidate.parts],
        "total": None if standing.total is None else score_text(standing.total),
        "rank": standing.rank,
        "outcome": standing.outcome.value,
    }


def _part_data(entry: PartEntry, settled: _Settled | None) -> dict[str, object]:
    # The system's first, as the format has it; the others as they were locked.
    marks = sorted(entry.marks, key=lambda mark: (mark.round != SYSTEM_ROUND, mark.seq))
    return {
        "part": entry.part,
        "paper": entry.paper,
        "script": entry.script,
        "absent": entry.absent,
        "void": entry.void,
        "marks": [_mark_data(mark) for mark in marks],
        "settlement": settled and _settlement_data(entry, settled.settlement),
        "appeal": settled and entry.appeal and settled.appeal and _appeal_data(entry.appeal, settled.appeal),
        "deduction": settled
        and settled.deduction
        and {"seq": settled.deduction.seq, "percent": score_text(settled.deduction.percent)},
        "score": None if settled is None or settled.outcome.score is None else score_text(settled.outcome.score),
        "passed": settled is not None and settled.outcome.passed,
    }


def _settlement_data(entry: PartEntry, settlement: LadderPlace) -> dict[str, object]:
    decided = settlement.step in (MarkingStep.DISCUSSED, MarkingStep.COLLECTIVE, MarkingStep.HEAD)
    return {
        "step": str(settlement.step),
        "seq": entry.decision.seq if entry.decision and decided else None,
        "score": score_text(settlement.score or ZERO),
    }


def _appeal_data(appeal: AppealEntry, settled: AppealPlace) -> dict[str, object]:
    decided = settled.step is AppealStep.CHAIR
    return {
        "step": str(settled.step),
        "marks": [_mark_data(mark) for mark in sorted(appeal.marks, key=lambda mark: str(mark.round))],
        "seq": appeal.decision.seq if appeal.decision and decided else None,
        "score": score_text(settled.score or ZERO),
    }


def _mark_data(mark: MarkEntry) -> dict[str, object]:
    return {
        "seq": mark.seq,
        "marker": mark.marker,
        "round": mark.round,
        "points": points_data(mark.points),
        "total": score_text(mark.total),
    }
