"""What a result is computed from: one competition's marks, decisions and deductions with the numbers of their records.

Plain values that a service fills from rows; no rule stands here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from examsite.domain.rubrics import Points, total
from examsite.domain.scores import Score

# Source: the published format of `result.json`: the system's mark is of round 0, an appeal counts its own rounds.
SYSTEM_ROUND = 0
# The first marks of a part, and what follows them: a third marker's, or a member's after the discussion.
FIRST_ROUND = 1
SECOND_ROUND = 2
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
    parts: tuple[PartEntry, ...] = ()
