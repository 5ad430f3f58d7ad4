"""Ties across the last vacancy of a result: more people share a rank than places are left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class CrossingTie:
    """The people tied across the last vacancy of a post, and how many of them can be selected."""

    post: str
    rank: int
    places: int
    codes: tuple[str, ...]


def crossing_ties(result: Mapping[str, Any]) -> tuple[CrossingTie, ...]:
    """Every tie across the last vacancy in a `result.json`, decided or not, by post."""
    found = []
    for post in result["posts"]:
        ranked: dict[int, list[str]] = {}
        for candidate in result["candidates"]:
            if candidate["post"] == post["code"] and candidate["rank"] is not None:
                ranked.setdefault(candidate["rank"], []).append(candidate["code"])
        for rank, codes in sorted(ranked.items()):
            places = post["vacancies"] - rank + 1
            if 0 < places < len(codes):
                found.append(CrossingTie(post["code"], rank, places, tuple(sorted(codes))))
    return tuple(found)


def open_ties(result: Mapping[str, Any]) -> tuple[CrossingTie, ...]:
    """The ties of a `result.json` that only the approving authority can decide, by post.

    Source: NĐ 170/2025/NĐ-CP art. 10: the head of the body decides what stays equal after the declared chain.
    """
    decided = {post["code"] for post in result["posts"] if post["tie"] is not None}
    return tuple(tie for tie in crossing_ties(result) if tie.post not in decided)


def decided_ties(result: Mapping[str, Any]) -> dict[int, CrossingTie]:
    """Who was tied in a `result.json` where the authority decided, by the record of the decision."""
    decisions = {post["code"]: post["tie"]["seq"] for post in result["posts"] if post["tie"] is not None}
    return {decisions[tie.post]: tie for tie in crossing_ties(result) if tie.post in decisions}
