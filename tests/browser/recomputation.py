"""The ranking once more, from `result.json` alone, in plain Python and without one line of the product."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

CENT = Decimal("0.01")


@dataclass(frozen=True)
class Verdict:
    """What must stand in the published ranking for one public code."""

    scores: dict[str, Decimal | None]
    total: Decimal | None
    rank: int | None
    outcome: str


def half_up(value: Decimal) -> Decimal:
    """Two decimals, half away from zero."""
    return value.quantize(CENT, rounding=ROUND_HALF_UP)


def recompute(document: dict[str, Any]) -> dict[str, Verdict]:
    """Public code → verdict, for every candidate of the document."""
    rules = {part["part"]: part for part in document["ruleset"]["parts"]}
    verdicts: dict[str, Verdict] = {}
    for post in document["posts"]:
        listed = [candidate for candidate in document["candidates"] if candidate["post"] == post["code"]]
        scores = {
            candidate["code"]: {part["part"]: _score(part, rules[part["part"]]) for part in candidate["parts"]}
            for candidate in listed
        }
        totals = {code: _total(rules, of) for code, of in scores.items()}
        key = {
            code: (total, *(scores[code][part] for part in document["ruleset"]["tie_break"]))
            for code, total in totals.items()
            if total is not None
        }
        ranks = {code: 1 + sum(other > own for other in key.values()) for code, own in key.items()}
        for candidate in listed:
            code = candidate["code"]
            rank = ranks.get(code)
            verdicts[code] = Verdict(scores[code], totals[code], rank, _outcome(candidate, rank, post, ranks))
    return verdicts


def _score(part: dict[str, Any], rule: dict[str, Any]) -> Decimal | None:
    if part["absent"] or part["void"]:
        return None
    totals = [sum((Decimal(points) for points in mark["points"].values()), Decimal(0)) for mark in part["marks"]]
    by_round: dict[str, list[Decimal]] = {}
    for mark, total in zip(part["marks"], totals, strict=True):
        by_round.setdefault(str(mark["round"]), []).append(total)
    system = sum(by_round.get("0", []), Decimal(0))
    first = [total + system for total in by_round["1"]]
    decided = Decimal(part["settlement"]["score"])
    if rule["kind"] == "panel":
        step = "mean" if max(first) - min(first) <= Decimal(rule["gap_limit"]) else "head"
        score = half_up(sum(first) / len(first)) if step == "mean" else decided
    else:
        assert len(first) == 2
        gap = abs(first[0] - first[1])
        if gap <= Decimal(rule["mean_at_most"]):
            step, score = "mean", half_up(sum(first) / 2)
        elif gap < Decimal(rule["third_from"]):
            step, score = "discussed", decided
        else:
            (third,) = by_round["2"]
            equal = [total for total in (*first, third + system) if (*first, third + system).count(total) > 1]
            step, score = ("third-equal", equal[0]) if equal else ("collective", decided)
    assert part["settlement"]["step"] == step
    assert decided == score
    if part["deduction"]:
        score = half_up(score * (100 - Decimal(part["deduction"]["percent"])) / 100)
    return score


def _total(rules: dict[str, dict[str, Any]], scores: dict[str, Decimal | None]) -> Decimal | None:
    reached = [scores.get(name) for name in rules]
    if any(score is None or score < Decimal(rules[name]["pass"]) for name, score in zip(rules, reached, strict=True)):
        return None
    return half_up(sum((Decimal(rule["weight"]) * scores[name] for name, rule in rules.items()), Decimal(0)) / 100)


def _outcome(candidate: dict[str, Any], rank: int | None, post: dict[str, Any], ranks: dict[str, int]) -> str:
    if rank is None:
        for reason in ("void", "absent"):
            if any(part[reason] for part in candidate["parts"]):
                return reason
        return "failed"
    if sum(other <= rank for other in ranks.values()) <= post["vacancies"]:
        return "selected"
    return "selected" if post["tie"] and candidate["code"] in post["tie"]["selected"] else "passed"
