"""How firmly each post's ranking stands, from the very document that is signed: its totals and the marks behind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from examsite.domain.ruleset_figures import PartKind
from examsite.domain.ruleset_model import RuleSet

if TYPE_CHECKING:
    from examsite.statistics.rank_stability import RankStability


def stability_of(document: Mapping[str, Any], ruleset: RuleSet) -> dict[str, RankStability]:
    """The stability of every post's ranking, by the code of the post."""
    from examsite.statistics.figures import ScriptMark  # noqa: PLC0415 - numbers when needed
    from examsite.statistics.rank_stability import RankedTotal, assess_ranking, mark_error  # noqa: PLC0415 - as above

    people = document["candidates"]
    errors = {}
    for part in ruleset.parts:
        if part.kind is PartKind.MACHINE:
            continue
        first = [
            ScriptMark(row["code"], mark["marker"], float(mark["total"]))
            for row in people
            for stated in row["parts"]
            if stated["part"] == part.part
            for mark in stated["marks"]
            if mark["round"] == 1
        ]
        found = mark_error(first)
        if found is not None:
            errors[part.part] = found
    stability = {}
    for post in document["posts"]:
        ranked = [row for row in people if row["post"] == post["code"] and row["rank"] is not None]
        totals = [
            RankedTotal(row["code"], row["rank"], float(row["total"]), _shares(row["parts"], ruleset)) for row in ranked
        ]
        stability[post["code"]] = assess_ranking(totals, errors, vacancies=post["vacancies"])
    return stability


def _shares(parts: list[Any], ruleset: RuleSet) -> dict[str, float]:
    """For each part what the variance of one mark becomes in the total: weight squared, by the people who count."""
    shares = {}
    for stated in parts:
        part = ruleset.part_named(stated["part"])
        people = {mark["marker"] for mark in stated["marks"] if isinstance(mark["round"], int) and mark["round"] > 0}
        if part.kind is not PartKind.MACHINE and people:
            percent = float(stated["deduction"]["percent"]) if stated["deduction"] else 0.0
            weight = float(part.weight) / 100 * (1 - percent / 100)
            shares[part.part] = weight * weight / len(people)
    return shares
