"""New words or level points of a criterion after the paper was opened, and what becomes of the marks it touches.

Pure rules. The maximum and the step of a criterion never change: they stand in the sealed paper's record.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from enum import StrEnum

from examsite.domain.errors import InvalidError
from examsite.domain.marking import MarkState
from examsite.domain.papers import Paper
from examsite.domain.questions import Level, Text
from examsite.domain.rubrics import RubricCriterion, check_levels


class MarkFate(StrEnum):
    """What becomes of a mark whose criterion was changed."""

    REOPENED = "reopened"
    """A draft: the points of the criterion are set beside it and chosen anew."""
    WITHDRAWN = "withdrawn"
    """A lock: withdrawn by the two people, opened again as a draft."""
    UNTOUCHED = "untouched"


def fate_of(mark: MarkState) -> MarkFate:
    """What becomes of a mark with points for the changed criterion, whatever became of its script.

    It asks for nothing but this mark: were a settled script or a seed left alone, its marker would learn that the
    other mark is there, or that the script is nobody's.

    Source: our choice, because TT 22/2025/TT-BNV art. 16(2) wants two marks of which neither tells of the other.
    """
    if mark is MarkState.WITHDRAWN:
        return MarkFate.UNTOUCHED
    return MarkFate.REOPENED if mark is MarkState.DRAFT else MarkFate.WITHDRAWN


def changed_criterion(before: RubricCriterion, *, text: Text, levels: Iterable[Level]) -> RubricCriterion:
    """The criterion with new words and level points.

    Raises:
        InvalidError: `criterion_of_system`, `criterion_words_missing`, `levels_missing`, a code of `check_levels`,
            `criterion_not_changed`.
    """
    name = before.criterion
    if before.system:
        raise InvalidError("criterion_of_system", criterion=name)
    known = tuple(levels)
    if not all(words.strip() for one in (text, *(level.text for level in known)) for words in (one.vi, one.en)):
        raise InvalidError("criterion_words_missing", criterion=name)
    if not known:
        raise InvalidError("levels_missing", criterion=name)
    after = replace(before, text=text, levels=known)
    check_levels(after)
    if after == before:
        raise InvalidError("criterion_not_changed", criterion=name)
    return after


def with_changes(paper: Paper, changes: Iterable[RubricCriterion]) -> Paper:
    """The paper with its criteria as they read now; of several changes of one criterion the last counts."""
    last = {criterion.criterion: criterion for criterion in changes}
    criteria = tuple(last.get(criterion.criterion, criterion) for criterion in paper.rubric.criteria)
    return replace(paper, rubric=replace(paper.rubric, criteria=criteria))
