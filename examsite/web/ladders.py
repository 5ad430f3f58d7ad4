"""The ladders beside each other in words: what the rule set states, what each did in the published simulation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from examsite.domain.errors import NotFoundError
from examsite.domain.ladders import LADDERS, chosen_ladder
from examsite.domain.rulesets import RuleSet
from examsite.domain.scores import Score, score
from examsite.services.rulesets import ladder_simulation
from examsite.web.i18n import localised


@dataclass(frozen=True)
class LadderRow:
    """One ladder with its simulated figures."""

    key: str
    title: str
    figures: dict[str, Score]
    warning: str
    is_chosen: bool


@dataclass(frozen=True)
class LadderView:
    """All ladders, the assumptions of the simulation, and whether the rule set's own one is among them."""

    rows: list[LadderRow]
    assumptions: dict[str, Any]
    is_own: bool


def ladder_view(ruleset: RuleSet) -> LadderView | None:
    """The ladders for a rule set with a part that is marked twice, or None."""
    try:
        part = ruleset.blind_pair()
    except NotFoundError:
        return None
    chosen = chosen_ladder(ruleset, part)
    table = ladder_simulation()
    rows = [
        LadderRow(
            key=ladder.key,
            title=localised(ladder.title, ""),
            figures={name: score(value) for name, value in table["ladders"][ladder.key].items()},
            warning="" if ladder.warning is None else localised(ladder.warning, ""),
            is_chosen=ladder is chosen,
        )
        for ladder in LADDERS
    ]
    return LadderView(rows=rows, assumptions=table["assumptions"], is_own=chosen is None)
