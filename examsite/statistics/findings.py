"""What the report before an approval may find, how hard each finding is to explain by chance, and what presses.

A finding says where to look; it changes no score and is no proof against anybody.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

COPIED_SHARE: Final = 0.7
COPIED_WORDS: Final = 150
"""Share of the shorter text, and words in one piece, from which a copy must be explained before the result is approved.
Source: our choice, because most of an answer in common, or half a page word for word, comes from one text and not from
two people who learnt the same law."""


class FindingKind(StrEnum):
    """What was found."""

    RECORD_DIFFERS = "record_differs"
    MARK_WITHDRAWN = "mark_withdrawn"
    DECIDED_OUTSIDE = "decided_outside"
    SINGLE_GAP = "single_gap"
    PANEL_GAP = "panel_gap"
    LIFTED_MARKER = "lifted_marker"
    DRIFT = "drift"
    JUMP = "jump"
    DECIDED_UPWARDS = "decided_upwards"
    SAME_MISTAKES = "same_mistakes"
    SAME_PASSAGE = "same_passage"
    KEY_PASSAGE = "key_passage"
    OUT_OF_HOURS = "out_of_hours"


class Strength(StrEnum):
    """How hard it is to explain by chance."""

    #: No question of chance: what is stored is not what was recorded.
    CERTAIN = "certain"
    STRONG = "strong"
    WEAK = "weak"
    #: Something that happened, to be known; no statistics.
    FACT = "fact"


@dataclass(frozen=True)
class Finding:
    """One thing to look at. `chance`: how often a clean exam of this size shows as much, where that can be counted."""

    kind: FindingKind
    strength: Strength
    about: tuple[str, ...] = ()
    values: dict[str, Any] = field(default_factory=dict)
    chance: float | None = None
    seqs: tuple[int, ...] = ()


@dataclass(frozen=True)
class AnomalyReport:
    """Everything that was asked of a competition at one size of its log, and what was found.

    `sha256` names exactly these findings, for the record of who has read them.
    """

    log_size: int
    findings: tuple[Finding, ...]
    scripts: int
    answers: int
    sha256: str
    asked: tuple[FindingKind, ...]

    @property
    def pressing(self) -> tuple[Finding, ...]:
        """Findings that somebody must look into before the result is approved."""
        return tuple(row for row in self.findings if row.strength in (Strength.CERTAIN, Strength.STRONG))


def strength_of_text(share: float, words: int) -> Strength:
    """How hard a passage in common is to explain: its share of the shorter text, and its length in words."""
    return Strength.STRONG if share >= COPIED_SHARE or words >= COPIED_WORDS else Strength.WEAK
