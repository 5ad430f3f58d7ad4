"""Which ties a result leaves open: more people share a rank than places are left, and nobody has decided yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class OpenTie:
    """The people tied across the last vacancy of a post, and how many of them can be selected."""

    post: str
    rank: int
    places: int
    codes: tuple[str, ...]


def open_ties(result: Mapping[str, Any]) -> tuple[OpenTie, ...]:
    """The ties of a `result.json` that only the approving authority can decide, by post.

    Source: NĐ 170/2025/NĐ-CP art. 10: the head of the body decides what stays equal after the declared chain.
    """
    found = []
    for post in result["posts"]:
        ranked: dict[int, list[str]] = {}
        for candidate in result["candidates"]:
            if candidate["post"] == post["code"] and candidate["rank"] is not None:
                ranked.setdefault(candidate["rank"], []).append(candidate["code"])
        for rank, codes in sorted(ranked.items()):
            places = post["vacancies"] - rank + 1
            if post["tie"] is None and 0 < places < len(codes):
                found.append(OpenTie(post["code"], rank, places, tuple(sorted(codes))))
    return tuple(found)
