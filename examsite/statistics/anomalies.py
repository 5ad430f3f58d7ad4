"""What in a marked exam is hard to explain by chance: the questions asked of the scores and of the answers as a whole.

For the council and the supervisors, before a result is approved; the differences of single marks are asked about in
`inflation`, moves of a marker in `drift`, equal texts in `similarity`. No finding changes a score or accuses anybody.

A report that asks many questions finds something somewhere. So each question has its own small part of `FALSE_ALARMS`:
over all questions together at most so many clean exams show a finding that is called strong.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from statistics import NormalDist
from typing import Final

from examsite.statistics.figures import Points

FALSE_ALARMS: Final = 0.05
"""Share of clean exams that may show a strong finding. Source: goal of the product; one in twenty is the usual line."""


class Question(StrEnum):
    """What is asked of every exam by counting chances."""

    SINGLE_GAP = "single_gap"
    PANEL_GAP = "panel_gap"
    LIFTED_MARKER = "lifted_marker"
    DRIFT = "drift"
    JUMP = "jump"
    SAME_MISTAKES = "same_mistakes"
    DECIDED_UPWARDS = "decided_upwards"


STRONG_BELOW: Final[Mapping[Question, float]] = {
    Question.SINGLE_GAP: 0.020,
    Question.LIFTED_MARKER: 0.020,
    Question.PANEL_GAP: 0.002,
    Question.DRIFT: 0.002,
    Question.JUMP: 0.002,
    Question.SAME_MISTAKES: 0.002,
    Question.DECIDED_UPWARDS: 0.002,
}
"""Chance below which a finding is strong, by question; the sum is `FALSE_ALARMS`. Source: our choice, because single
marks are where an insider is found most often in simulation (see tests/statistics/insiders.py)."""
WORTH_A_LOOK: Final = 0.10
"""Chance below which a finding is listed at all. Source: our choice, because who is told of more reads none."""

LEAST_BESIDE: Final = 20
"""Scores within the window on both sides of the pass mark. Source: our choice, because fewer show only huge jumps."""
LEAST_FLANK: Final = 5
"""Scores in each flank beside the window. Source: our choice, because the slope of fewer is chance."""
WINDOW: Final = 3.0
"""Width of the window on either side of the pass mark, in points. Source: our choice, because two marks that are
averaged without a word differ by at most 5 points, so that an honest doubt moves a score by less than this."""
LEAST_PEOPLE: Final = 10
"""People who answered one paper, below whom equal mistakes say nothing. Source: our choice, because the popularity of a
wrong answer is not known from fewer."""


@dataclass(frozen=True, slots=True)
class PassMarkJump:
    """Scores just below and just above the pass mark.

    Attributes:
        below: scores in the window below.
        above: scores in the window from the pass mark up.
        expected: how many of them would stand above if the scores ran on smoothly.
        chance: of so many or more.
    """

    below: int
    above: int
    expected: float
    chance: float


@dataclass(frozen=True, slots=True)
class SameMistakes:
    """Two people with the same wrong answers.

    Attributes:
        first: code.
        second: code.
        both_wrong: questions that both got wrong.
        same: of these, with the same wrong answer.
        expected: how many of these by the popularity of the wrong answers.
        chance: of so many in any pair of the exam.
    """

    first: str
    second: str
    both_wrong: int
    same: int
    expected: float
    chance: float


@dataclass(frozen=True, slots=True)
class DecidedScores:
    """Scores that a person decided, beside the middle of the marks.

    Attributes:
        above: how many lie above the middle of the marks.
        below: how many lie below.
        chance: of so many or more above, if either side were as likely.
    """

    above: int
    below: int
    chance: float


def is_strong(question: Question, chance: float) -> bool:
    """Whether a clean exam shows as much so rarely that somebody must look before the result is approved."""
    return chance < STRONG_BELOW[question]


def find_pass_mark_jump(scores: Iterable[Points], pass_mark: Points) -> PassMarkJump | None:
    """Whether more scores stand just above the pass mark than the scores around it let expect.

    The logarithm of the density runs smoothly: with slope and curvature from the flanks, what is left between the two
    windows is a jump. None where too few scores are near.

    Source: McCrary, J. Econometrics 142 (2008) 698-714 (discontinuity of the log density), with four cells instead of a
    local regression, because a competition has tens of scores near the pass mark and not thousands.
    """
    limit = float(pass_mark)
    values = [float(value) - limit for value in scores]
    below = sum(-WINDOW <= value < 0 for value in values)
    above = sum(0 <= value < WINDOW for value in values)
    far_below = sum(-3 * WINDOW <= value < -WINDOW for value in values)
    far_above = sum(WINDOW <= value < 3 * WINDOW for value in values)
    if below + above < LEAST_BESIDE or min(far_below, far_above) < LEAST_FLANK:
        return None
    # The flanks are twice as wide and four times as far apart; curvature falls out of both differences.
    slope = (math.log(far_above) - math.log(far_below)) / 4
    share = 1 / (1 + math.exp(-slope))
    jump = (4 * math.log((above + 0.5) / (below + 0.5)) - math.log((far_above + 0.5) / (far_below + 0.5))) / 3
    error = math.sqrt(16 * (1 / (above + 0.5) + 1 / (below + 0.5)) + 1 / far_above + 1 / far_below) / 3
    return PassMarkJump(below, above, share * (below + above), 1 - NormalDist().cdf(jump / error))


def find_same_mistakes(answers: Mapping[str, Mapping[str, str]], keys: Mapping[str, str]) -> tuple[SameMistakes, ...]:
    """Pairs with more equal wrong answers than the popularity of those answers explains, the most unlikely first.

    Only questions that both got wrong are counted, so that two good candidates are never a finding. Listed are pairs
    whose chance among all pairs is below `WORTH_A_LOOK`.

    Args:
        answers: for each person the answer to each question; unanswered ones are left out.
        keys: the right answer to each question.

    Source: Wesolowsky, J. Appl. Stat. 27 (2000) 909-921, reduced to wrong answers; Bonferroni over pairs.
    """
    people = sorted(answers)
    if len(people) < LEAST_PEOPLE:
        return ()
    wrong = {
        person: {item: given for item, given in answers[person].items() if item in keys and given != keys[item]}
        for person in people
    }
    agree = {item: _agreement([wrong[person][item] for person in people if item in wrong[person]]) for item in keys}
    pairs = len(people) * (len(people) - 1) // 2
    found = []
    for first, second in combinations(people, 2):
        common = wrong[first].keys() & wrong[second].keys()
        same = sum(wrong[first][item] == wrong[second][item] for item in common)
        expected = sum(agree[item] for item in common)
        if same <= expected or same < 3:
            continue
        chance = min(1.0, pairs * _tail([agree[item] for item in common], same))
        if chance < WORTH_A_LOOK:
            found.append(SameMistakes(first, second, len(common), same, expected, chance))
    return tuple(sorted(found, key=lambda row: (row.chance, row.first, row.second)))


def judge_decided(scores: Iterable[tuple[Points, Sequence[Points]]]) -> DecidedScores | None:
    """Whether scores that people decided lie above the middle of the marks more often than below; None without any."""
    sides = [float(score) - (min(map(float, marks)) + max(map(float, marks))) / 2 for score, marks in scores if marks]
    above, below = sum(side > 0 for side in sides), sum(side < 0 for side in sides)
    if above + below == 0:
        return None
    many = above + below
    chance = sum(math.comb(many, hits) for hits in range(above, many + 1)) / 2**many
    return DecidedScores(above, below, chance)


def drift_chance(strain: float, queue: int, markers: int) -> float:
    """How often any marker of a board shows such evidence of a move without having moved, at most.

    Source: Ville's inequality on the sum of likelihood ratios that `drift` uses.
    """
    return min(1.0, markers * max(queue, 1) * math.exp(-strain))


def _agreement(given: Sequence[str]) -> float:
    """The chance that two who are both wrong chose the same; one more of each keeps few people from certainty."""
    counts = {answer: given.count(answer) + 1 for answer in set(given)}
    other = 1  # A wrong answer that nobody happened to choose.
    total = sum(counts.values()) + other
    return sum((count / total) ** 2 for count in (*counts.values(), other))


def _tail(chances: Sequence[float], least: int) -> float:
    """The chance that at least so many of independent events happen."""
    ways = [1.0]
    for chance in chances:
        grown = [0.0] * (len(ways) + 1)
        for hits, share in enumerate(ways):
            grown[hits] += share * (1 - chance)
            grown[hits + 1] += share * chance
        ways = grown
    return min(1.0, sum(ways[least:]))
