"""Scripts with an agreed mark: how far a marker lies from them, and where seeds stand in a queue.

For the head of marking. Pure rules; who agreed on a mark and what follows from a distance stand elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from examsite.domain.draws import permute, seed_of_part
from examsite.domain.errors import InvalidError
from examsite.domain.marking import ScriptKind
from examsite.domain.rubrics import Points
from examsite.domain.scores import ZERO, Score, sum_scores

STANDARDS = (ScriptKind.PRACTICE, ScriptKind.QUALIFICATION, ScriptKind.SEED)
"""Kinds that carry an agreed mark. Source: our choice, because practice shows, qualification decides, seeds watch."""


class StopCause(StrEnum):
    """Why a marker was paused."""

    DRIFT = "drift"
    TOLERANCE = "tolerance"
    HEAD = "head"


class StopOutcome(StrEnum):
    """What the head decided about a paused marker."""

    RESUMED = "resumed"
    REPLACED = "replaced"


class NamingOutcome(StrEnum):
    """What the head did about markers of whom one moved, nobody knows which."""

    STOPPED = "stopped"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Distance:
    """One mark beside the agreed one; above zero, more was given than agreed."""

    total: Score
    by_criterion: Mapping[str, Score]

    @property
    def widest(self) -> Score:
        """The largest distance of a criterion, without its sign."""
        return max((abs(gap) for gap in self.by_criterion.values()), default=ZERO)

    def is_within(self, *, total: Score, criterion: Score) -> bool:
        """Whether neither the total nor any criterion lies further off than allowed."""
        return abs(self.total) <= total and self.widest <= criterion


def distance(given: Points, agreed: Points) -> Distance:
    """How far a mark lies from the agreed one, criterion by criterion."""
    gaps = {criterion: given.get(criterion, ZERO) - points for criterion, points in agreed.items()}
    return Distance(sum_scores(gaps.values()), gaps)


def check_standard_kind(kind: ScriptKind) -> None:
    """Refuse an agreed mark on a candidate's script: it would be a mark that nobody gave blindly.

    Raises:
        InvalidError: `standard_kind_unknown`.
    """
    if kind not in STANDARDS:
        raise InvalidError("standard_kind_unknown", field="kind")


def seeds_needed(scripts: int, percent: int) -> int:
    """The least number of seeds in a queue so that they are at least this share of all that stands in it.

    Args:
        scripts: of candidates in the queue.
        percent: share of the rule set.
    """
    if scripts <= 0 or percent <= 0:
        return 0
    return -(-percent * scripts // (100 - percent))


def mix_seeds(
    orders: Mapping[str, Sequence[str]], seeds: Sequence[str], *, percent: int, seed: bytes
) -> dict[str, tuple[str, ...]]:
    """Each marker's queue with seeds among the scripts: which ones and where is drawn, spread over the whole queue.

    A queue is cut into as many stretches as it gets seeds, and the place within each stretch is drawn, so that a drift
    is met early wherever it begins and nobody can count the distance between two seeds.

    Args:
        orders: scripts of each marker, by pseudonym.
        seeds: codes of all agreed seeds.
        percent: least share of the rule set; what is agreed is used up to this share.
        seed: of the draw.
    """
    return {marker: _mixed(tuple(order), marker, seeds, percent, seed) for marker, order in orders.items()}


def _mixed(order: tuple[str, ...], marker: str, seeds: Sequence[str], percent: int, seed: bytes) -> tuple[str, ...]:
    count = min(seeds_needed(len(order), percent), len(seeds))
    if count == 0:
        return order
    chosen = permute(sorted(seeds), seed_of_part(seed, f"seeds/{marker}"))[:count]
    length = len(order) + count
    places = set()
    for number in range(count):
        stretch = [str(place) for place in range(number * length // count, (number + 1) * length // count)]
        places.add(int(permute(stretch, seed_of_part(seed, f"place/{marker}/{number}"))[0]))
    left, taken = iter(order), iter(chosen)
    return tuple(next(taken) if place in places else next(left) for place in range(length))
