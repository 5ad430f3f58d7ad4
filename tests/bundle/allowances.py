"""What looks like a fault and is none: honest competitions that took a turn after their marks had been settled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from tests.bundle.frauds import PLAIN
from tests.bundle.made_bundle import Log, Made, canonical, sha, text_of


def _settled(made: Made, *steps: str) -> dict[str, Any]:
    """A written part that was settled in one of these steps."""
    return next(
        part
        for person in made.result["candidates"]
        for part in person["parts"]
        if part["settlement"] and part["settlement"]["step"] in steps
    )


def inserted(made: Made, event: str, entry: dict[str, Any], *, after: str = "log:opened") -> int:
    """Puts a record before the first one of the kind after another kind; whatever names a later record follows.

    Returns its number.
    """
    kinds = [x["event"] for x in made.log.entries]
    place = kinds.index(event, kinds.index(after))

    def moved(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: moved(inner, name) for name, inner in value.items()}
        if isinstance(value, list):
            return [moved(inner) for inner in value]
        return value + 1 if key.endswith("seq") and isinstance(value, int) and value >= place else value

    log = Log([moved(x) for x in made.log.entries])
    log.entries.insert(place, entry)
    made.log, made.result = log, moved(made.result)
    return place


def _locked_again(made: Made, part: dict[str, Any], mark: dict[str, Any]) -> dict[str, Any]:
    """Locks a mark on the script of the part before the codes are opened; the record copies another of the script."""
    like = made.log.entries[part["marks"][-1]["seq"]]
    role = "system" if mark["marker"] == "system" else f"marker/{mark['marker']}"
    told = {**like["payload"], "round": mark["round"], "points": mark["points"], "total": mark["total"]}
    script = part["script"]
    seq = inserted(made, "codes:opened", {**like, "actor": role, "payload": told})
    for person in made.result["candidates"]:
        for found in person["parts"]:
            if found["script"] == script:
                part = found
    return {"part": part, "mark": {**mark, "seq": seq}}


def needless_third_mark() -> bytes:
    """A third mark was asked for; points changed, and the first two stand together after all."""
    made = Made(PLAIN)
    part = _settled(made, "mean")
    first = next(mark for mark in part["marks"] if mark["round"] == 1)
    others = {mark["marker"] for mark in part["marks"]}
    third = next(name for name in ("M01", "M02", "M03") if name not in others)
    points = {
        name: text_of(Decimal(value) / 2 // Decimal("0.5") * Decimal("0.5")) for name, value in first["points"].items()
    }
    total = text_of(sum(map(Decimal, points.values())))
    done = _locked_again(made, part, {"seq": 0, "marker": third, "round": 2, "points": points, "total": total})
    done["part"]["marks"].append(done["mark"])
    return made.finish()


def rescoring(more: int = 0) -> bytes:
    """A ruling on an item gave a settled script a new mark of the system: with the points it had, or with more."""
    made = Made(replace(PLAIN, seed=3))
    part = _settled(made, "discussed", "collective")
    before = part["marks"][0]
    points = {name: text_of(Decimal(value) + more) for name, value in before["points"].items()}
    done = _locked_again(made, part, {**before, "points": points, "total": text_of(Decimal(before["total"]) + more)})
    done["part"]["marks"][0] = done["mark"]
    return made.finish()


def refused_and_approved_anew() -> bytes:
    """The authority refused first; the same result was proposed again and everybody approved it once more."""
    made = Made(PLAIN)
    told = {"result_sha256": sha(canonical(made.result).encode()).hex()}
    subject = made.log.entries[0]["subject"]
    for council in ("council/HD1", "council/HD2", "council/HD3"):
        made.log.record("result:approved", council, subject, {**told, "assertion": None})
    made.log.record("result:refused", "authority/TQ", subject, {**told, "reason": "chưa đọc biên bản"})
    return made.finish()


ALLOWED: dict[str, Callable[[], bytes]] = {
    "a third mark that became needless": needless_third_mark,
    "a re-scoring that changed nothing": rescoring,
    "an approval given anew after a refusal": refused_and_approved_anew,
}
