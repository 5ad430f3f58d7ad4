"""The ladder and the appeal as the published format tells them, in whole hundredths, with nothing of the product.

Written from the text of the format's section on computation, sentence by sentence; the sentences stand as comments.
"""

from __future__ import annotations

from typing import NamedTuple


class Rules(NamedTuple):
    """Members of a part of kind blind-pair, in hundredths of a point."""

    passing: int
    mean_at_most: int
    third_from: int
    straddle: str
    appeal_adopt_below: int


def half_up(numerator: int, denominator: int) -> int:
    """A quotient of what is not negative, rounded to the nearest whole, halves up."""
    return (2 * numerator + denominator) // (2 * denominator)


def blind_pair(rules: Rules, t1: int, t2: int, t3: int | None) -> tuple[str, int | None]:
    """The step and its score; None where a person decides; step `third marker` where a third mark is missing."""
    # gap = |t1 - t2|
    gap = max(t1, t2) - min(t1, t2)
    # ... exactly one of t1, t2 reaches `pass`
    exactly_one = (t1 >= rules.passing) + (t2 >= rules.passing) == 1
    # gap <= `mean_at_most`, and not (`straddle` is `head` and exactly one of t1, t2 reaches `pass`): step `mean`
    if gap <= rules.mean_at_most and not (rules.straddle == "head" and exactly_one):
        return "mean", half_up(t1 + t2, 2)
    # Else gap < `third_from`: step `discussed`, score from its `settlement:decided`.
    if gap < rules.third_from:
        return "discussed", None
    # Else one human round-2 mark by a third marker:
    if t3 is None:
        return "third marker", None
    # two script totals equal: step `third-equal`, that total;
    for one, other in ((t1, t2), (t1, t3), (t2, t3)):
        if one == other:
            return "third-equal", one
    # all different: step `collective`, score from its `settlement:decided`.
    return "collective", None


def appeal(rules: Rules, settled: int, marks: tuple[int, ...]) -> tuple[str, int | None]:
    """The step and the score that replaces the settled one; None where the chair decides or a mark is missing."""
    # two equal -> that; else the third: two equal -> that; all different -> round(mean of three).
    if len(marks) == 2 and marks[0] != marks[1]:
        return "third marker", None
    remark = None
    for place, one in enumerate(marks):
        if one in marks[place + 1 :]:
            remark = one
            break
    if remark is None:
        remark = half_up(sum(marks), 3)
    # |re-mark - settled score before any deduction| < `appeal_adopt_below`: step `adopted`, the re-mark;
    if max(remark, settled) - min(remark, settled) < rules.appeal_adopt_below:
        return "adopted", remark
    # else step `chair`, the score of its `appeal:decided`.
    return "chair", None
