"""Ladders as data: how far two marks may lie apart, what follows, and what a third mark does.

For the page of a draft's rule set, the public page and the settling. Every ladder runs inside the kind `blind-pair` of
the published result: the two limits and the straddle are its members. What three different marks come to is no member
of that format; such a score is published as the head's decision, the head may decide nothing else, and the rule stands
in the notes of the frozen rule set, from where our verifiers take it and compute the score anew. One that knows nothing
of it reads a decision of a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from examsite.domain.errors import InvalidError
from examsite.domain.questions import Text
from examsite.domain.ruleset_model import BlindPairPart, RuleSet, Straddle
from examsite.domain.scores import HUNDRED, Score, mean_score, part_of, round_score, score, score_text

THIRD_MARKS: Final = 3
"""Two blind marks and the third one. Source: TT 22/2025/TT-BNV art. 16(2)."""


class ThirdRule(StrEnum):
    """What three different marks come to."""

    COLLECTIVE = "collective"
    MEAN = "mean"
    MEDIAN = "median"
    CLOSEST = "closest"


@dataclass(frozen=True)
class Ladder:
    """One ladder to choose: limits in percent of the maximum, the straddle, the third mark, and its warning if any."""

    key: str
    title: Text
    mean_at_most: Score
    third_from: Score
    straddle: Straddle
    third_rule: ThirdRule
    warning: Text | None = None

    def changes(self, part: BlindPairPart) -> dict[str, str]:
        """The figures of this ladder for a part, as a person would type them into the draft."""
        return {
            f"{part.part}.mean_at_most": score_text(_points(part, self.mean_at_most)),
            f"{part.part}.third_from": score_text(_points(part, self.third_from)),
            f"{part.part}.straddle": self.straddle.value,
            "third_rule": self.third_rule.value,
        }

    def is_chosen(self, ruleset: RuleSet, part: BlindPairPart) -> bool:
        """Whether the rule set states exactly this ladder."""
        return (
            part.mean_at_most == _points(part, self.mean_at_most)
            and part.third_from == _points(part, self.third_from)
            and part.straddle is self.straddle
            and ruleset.third_rule == self.third_rule
        )


LADDERS: Final = (
    # Source: TT 22/2025/TT-BNV art. 16(2).
    Ladder(
        "circular",
        Text("Theo Thông tư 22/2025/TT-BNV", "After Circular 22/2025/TT-BNV"),
        score(5),
        score(10),
        Straddle.MEAN,
        ThirdRule.COLLECTIVE,
    ),
    # Source: our choice, because a mean of two marks may pass whom one marker failed.
    Ladder(
        "head-on-straddle",
        Text(
            "Như Thông tư; hai phía điểm đạt thì trưởng ban quyết định",
            "As the circular; astride the pass mark the head decides",
        ),
        score(5),
        score(10),
        Straddle.HEAD,
        ThirdRule.COLLECTIVE,
    ),
    # Source: our choice, because a share of the maximum carries over to a scale other than 100.
    Ladder(
        "percent-bands",
        Text("Dải phần trăm: 5 % và 15 % thang điểm", "Percent bands: 5 % and 15 % of the maximum"),
        score(5),
        score(15),
        Straddle.MEAN,
        ThirdRule.COLLECTIVE,
    ),
    # Source: our choice, after the rule for appeals of TT 22/2025/TT-BNV art. 17-18.
    Ladder(
        "mean-of-three",
        Text("Trung bình ba lượt", "Mean of three"),
        score(5),
        score(10),
        Straddle.MEAN,
        ThirdRule.MEAN,
    ),
    # Source: our choice, because one far mark does not move a median.
    Ladder(
        "median-of-three",
        Text("Trung vị ba lượt", "Median of three"),
        score(5),
        score(10),
        Straddle.MEAN,
        ThirdRule.MEDIAN,
    ),
    Ladder(
        "closest-two",
        Text("Trung bình hai lượt gần nhau nhất", "Mean of the closest two"),
        score(5),
        score(10),
        Straddle.MEAN,
        ThirdRule.CLOSEST,
        Text(
            "Hai điểm gần nhau có thể chỉ do ngẫu nhiên: quy tắc này bỏ hẳn một người chấm mà không hỏi vì sao, "
            "cả khi chính người ấy đúng. Trong mô phỏng, nó xa điểm thật hơn mọi thang khác.",
            "Two marks may be close by chance: this rule drops a marker without asking why, also when that marker was "
            "right. In the simulation it lies further from the true score than every other ladder.",
        ),
    ),
)
"""The ladders that come with the product."""


def chosen_ladder(ruleset: RuleSet, part: BlindPairPart) -> Ladder | None:
    """The ladder whose figures the rule set states, or None when it states its own."""
    return next((ladder for ladder in LADDERS if ladder.is_chosen(ruleset, part)), None)


def get_ladder(key: str) -> Ladder:
    """One ladder by its key.

    Raises:
        InvalidError: `ladder_not_known`.
    """
    for ladder in LADDERS:
        if ladder.key == key:
            return ladder
    raise InvalidError("ladder_not_known", field="ladder")


def score_by_rule(rule: ThirdRule, totals: Sequence[Score]) -> Score | None:
    """What the rule set makes of three different marks, or None where the head decides freely.

    Two gaps of the same size leave nobody out: then the closest two are all three.

    Raises:
        InvalidError: `too_many_marks`, for anything but three marks.
    """
    if len(totals) != THIRD_MARKS:
        raise InvalidError("too_many_marks", count=len(totals))
    low, middle, high = sorted(totals)
    match rule:
        case ThirdRule.COLLECTIVE:
            return None
        case ThirdRule.MEAN:
            return mean_score((low, middle, high))
        case ThirdRule.MEDIAN:
            return middle
        case ThirdRule.CLOSEST:
            below, above = middle - low, high - middle
            if below == above:
                return mean_score((low, middle, high))
            return mean_score((low, middle) if below < above else (middle, high))


def ladder_warnings(ruleset: RuleSet) -> tuple[InvalidError, ...]:
    """What must be known before this ladder is frozen, worded like errors; the edit page shows them.

    `closest_two_chosen`: it drops a marker without asking why. A rung that no marks can reach is told by
    `examsite.domain.ruleset_drafts.warnings`.
    """
    if ThirdRule(ruleset.third_rule) is not ThirdRule.CLOSEST:
        return ()
    return (InvalidError("closest_two_chosen", field="third_rule"),)


def _points(part: BlindPairPart, percent: Score) -> Score:
    return round_score(part_of(part.maximum, percent)) if part.maximum != HUNDRED else percent
