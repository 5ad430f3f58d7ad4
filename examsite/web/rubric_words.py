"""A change of a rubric as people read it: before and after side by side, what became of the marks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from examsite.domain.rubric_changes import MarkFate
from examsite.domain.rubrics import RubricCriterion, criterion_from_data
from examsite.web.labels import shown_number


@dataclass(frozen=True)
class LevelPair:
    """One level before and after; None where there was, or is, no such level."""

    before: Any
    after: Any
    is_changed: bool


@dataclass(frozen=True)
class ChangeView:
    """A change with its two readings."""

    change: Any
    before: RubricCriterion
    after: RubricCriterion
    levels: tuple[LevelPair, ...]

    @property
    def name(self) -> str:
        """How pages number the criterion, e.g. 2.b."""
        return shown_number(self.change.criterion)

    @property
    def is_text_changed(self) -> bool:
        """Whether the words of the criterion itself changed."""
        return self.before.text != self.after.text


def view_change(change: Any) -> ChangeView:
    """The change with its levels paired in their order."""
    before, after = criterion_from_data(change.before), criterion_from_data(change.after)
    longest = max(len(before.levels), len(after.levels))
    pairs = []
    for place in range(longest):
        old = before.levels[place] if place < len(before.levels) else None
        new = after.levels[place] if place < len(after.levels) else None
        pairs.append(LevelPair(old, new, old != new))
    return ChangeView(change, before, after, tuple(pairs))


def criterion_name(paper: Any, criterion: str) -> str:
    """How pages number a criterion of a paper, e.g. 2.b."""
    item, _point, letter = criterion.partition(".")
    number = next((n for n, essay in enumerate(paper.essays, start=1) if essay.item == item), 0)
    return f"{number}.{letter}"


def count_reopened(fates: Iterable[MarkFate]) -> int:
    """How many marks are opened again, drafts and locks in one number."""
    return sum(1 for fate in fates if fate in (MarkFate.REOPENED, MarkFate.WITHDRAWN))
