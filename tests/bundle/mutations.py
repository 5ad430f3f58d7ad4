"""Changes of a bundle: from outside, of its bytes; from inside, of what it says, signed and approved again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random
from typing import Any

from tests.bundle.frauds import entries_of
from tests.bundle.made_bundle import Made, Plan, canonical, made, zip_of

SHAPES = [
    ("blind-pair", "panel"),
    ("machine", "blind-pair", "panel"),
    ("blind-pair",),
    ("panel",),
    ("machine",),
    ("machine", "panel"),
]


def mutated(files: dict[str, bytes], chance: Random) -> tuple[str, bytes]:
    """One change that no honest producer makes, and its name."""
    kind = chance.choice(["byte", "value", "drop", "duplicate", "exchange"])
    data = {
        name: content for name, content in files.items() if name not in ("bao-cao.pdf", "verify.py", "HUONG-DAN.txt")
    }
    if kind == "byte":
        packed = bytearray(zip_of(files))
        place = chance.randrange(len(packed))
        packed[place] ^= 1 << chance.randrange(8)
        return f"byte {place}", bytes(packed)
    name = chance.choice(
        [x for x in data if x.endswith(("json", "jsonl")) and (kind == "value" or x.endswith("jsonl"))]
    )
    lines = data[name].decode().split("\n")
    body = lines[:-1] if name.endswith("jsonl") else lines
    place = chance.randrange(len(body))
    if kind == "value":
        body[place] = _changed(json.loads(body[place]), chance)
    elif kind == "drop":
        del body[place]
    elif kind == "duplicate":
        body.insert(place, body[place])
    else:
        other = (place + 1) % len(body)
        body[place], body[other] = body[other], body[place]
    content = "".join(f"{line}\n" for line in body) if name.endswith("jsonl") else body[0]
    return f"{kind} {name}:{place}", zip_of({**files, name: content.encode()})


CHOICES: list[Any] = [None, True, False, 0, 1, 7, "", "0.00", "99.00", "M01", "x", [], {}]


def _leaves(value: Any) -> list[tuple[Any, Any]]:
    """Every place of a JSON value that holds no further value."""
    found: list[tuple[Any, Any]] = []
    for key, item in list(value.items() if isinstance(value, dict) else enumerate(value)):
        found += _leaves(item) if isinstance(item, dict | list) and item else [(value, key)]
    return found


def _changed(value: Any, chance: Random) -> str:
    """The same JSON with one leaf changed, canonical."""
    node, key = chance.choice(_leaves(value))
    old = node[key]
    node[key] = chance.choice([x for x in CHOICES if canonical(x) != canonical(old)])
    return canonical(value)


def outsiders(count: int, seed: int = 1) -> Iterator[tuple[str, bytes]]:
    """Bundles with one change that no honest producer makes, each with its name."""
    plans = [Plan(seed=n, kinds=SHAPES[n % len(SHAPES)], posts=1, candidates=3) for n in range(6)]
    bundles = [entries_of(made(plan)) for plan in plans]
    chance = Random(seed)
    for number in range(count):
        name, data = mutated(bundles[number % len(bundles)], chance)
        yield f"{number} {name}", data


# What nothing else in the bundle depends on: words for people.
FREE = {"name", "title", "body"}
BOUND = {
    "ruleset:frozen",
    "roster:fixed",
    "sitting:started",
    "sitting:closed",
    "codes:sealed",
    "mark:locked",
    "deduction:applied",
    "draw:held",
}


def insiders(count: int, seed: int = 1) -> Iterator[tuple[str, bool, bytes]]:
    """Bundles with one leaf changed, signed and approved again by its owner; whether it was of no weight."""
    chance = Random(seed)
    for number in range(count):
        play = Made(
            Plan(
                seed=number % 40,
                kinds=SHAPES[number % len(SHAPES)],
                posts=1 + number % 2,
                straddle=["mean", "head"][number % 2],
                after_discussion=["shown", "counts"][number // 2 % 2],
                ties=50,
            )
        )
        play.result = json.loads(canonical(play.result))
        records = [entry for entry in play.log.entries if entry["event"] in BOUND]
        for entry in records:
            entry["payload"] = json.loads(canonical(entry["payload"]))
        entry = chance.choice(records)
        name, root = ("result.json", play.result) if number % 3 else (entry["event"], entry["payload"])
        leaves = _leaves(root)
        node, key = chance.choice(leaves)
        old = node[key]
        others = [x[k] for x, k in leaves if canonical(x[k]) != canonical(old) and type(x[k]) is type(old)]
        node[key] = chance.choice([*(x for x in CHOICES if canonical(x) != canonical(old)), *others])
        yield f"{number} {name} {key}: {old} -> {node[key]}", name == "result.json" and key in FREE, play.finish()
