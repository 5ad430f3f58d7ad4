"""What invented candidates write and know, and how much of what was asked for stands in a text.

Everybody has an ability of the own, from which follow how many points of an essay are met and how many objective
questions are answered rightly, so that scripts differ as real ones do and figures about them mean something.
"""

from __future__ import annotations

import random
import tomllib
from collections.abc import Sequence
from functools import cache
from math import exp
from pathlib import Path
from typing import Any

from examsite.cli.demonstration import cast
from examsite.domain.papers import Paper, PaperItem
from examsite.domain.questions import NumericKey, QuestionKind

#: The parts of an essay, in the order of the criteria of its question; a fourth criterion goes with the last one.
PARTS = ("seen", "done", "kept")

_HEADINGS = (
    ("a) Phân tích", "b) Việc sẽ làm", "c) Giữ kết quả và trả lời"),
    ("1. Nguyên nhân", "2. Giải pháp", "3. Kiểm tra, giải trình"),
    ("Câu a.", "Câu b.", "Câu c."),
    ("", "", ""),
)


def write_essay(question: str, luck: int, *, tells: bool) -> str:
    """What somebody writes about a question; with `tells` the last line gives its author away."""
    points, words, dice = _words()["questions"][question], _words()["words"], _dice(f"{luck}/{question}")
    quality = min(1.0, max(0.1, ability(luck) + dice.gauss(0, 0.15)))
    headings, is_listed = dice.choice(_HEADINGS), dice.random() < 0.3
    parts = [dice.choice(words["openings"])] if dice.random() < 0.7 else []
    for part, heading in zip(PARTS, headings, strict=True):
        said = [point for point in points[part] if dice.random() < quality]
        if dice.random() < 0.45:
            said.append(dice.choice(words[f"more_{part}"]))
        if not said or dice.random() < 0.5 - quality / 2:
            said.append(dice.choice(words["thin"]))
        body = "\n".join(f"- {line}" for line in said) if is_listed else " ".join(said)
        parts.append(f"{heading}\n{body}" if heading else body)
    if tells:
        parts.append(cast.TELLING[luck // 5 % len(cast.TELLING)])
    return "\n\n".join(parts)


def share_met(question: str, part: str, text: str) -> float:
    """How much of what a part of the question asks for stands in the text, from 0 to 1; slogans count against it."""
    points, thin = _words()["questions"][question][part], _words()["words"]["thin"]
    met = sum(point in text for point in points) / len(points)
    return max(0.0, 0.15 + 0.85 * met - 0.05 * sum(line in text for line in thin))


def points_met(question: str, text: str) -> list[str]:
    """The sentences of the text that meet a point of the question."""
    return [point for part in PARTS for point in _words()["questions"][question][part] if point in text]


def comment_on(share: float, dice: random.Random) -> str:
    """What a marker says about a part of which so much was met."""
    kind = "strong" if share > 0.75 else "fair" if share > 0.35 else "weak"
    return str(dice.choice(_words()["comments"][kind]))


def note_words(dice: random.Random) -> str:
    """What a marker writes beside a line."""
    return str(dice.choice(_words()["comments"]["notes"]))


def ability(luck: int) -> float:
    """How able somebody is, from 0 to 1."""
    return _dice(f"ability/{luck}").triangular(0.2, 1.0, 0.7)


def answer_objective(item: PaperItem, luck: int, place: int, *, faults: Sequence[str]) -> object:
    """What somebody answers; the first of the `faults` misleads whoever knows, two options of the second are right."""
    dice, known = _dice(f"{luck}/{place}"), ability(luck)
    # A paper without faults is the easier one: a small competition needs people who go on to the defence.
    right = dice.random() < 1 / (1 + exp(-8 * (known - (0.55 if faults else 0.3)) + 0.6 * (place % 4 - 1)))
    question, key = item.question, item.question.answer_key
    keys = [option.key for option in question.options]
    if isinstance(key, NumericKey):
        return str(key.value if right else key.value + 1 + dice.randrange(3)).replace(".", ",")
    if question.kind is QuestionKind.ORDERING:
        return list(key or ()) if right else dice.sample(keys, len(keys))
    if question.kind is QuestionKind.MULTIPLE:
        return list(key or ()) if right else sorted(dice.sample(keys, 1 + dice.randrange(2)))
    chosen, others = next(iter(key or ())), wrong_options(item)
    if item.item in faults[:1]:
        return others[0] if dice.random() < 0.25 + 0.6 * known else chosen
    if item.item in faults[1:] and right and dice.random() < 0.6:
        return others[-1]
    return chosen if right else dice.choice(others)


def wrong_options(item: PaperItem) -> list[str]:
    """The options that do not belong to the key."""
    known: Any = item.question.answer_key
    return [option.key for option in item.question.options if option.key not in (known or ())]


def faults_of(paper: Paper) -> tuple[str, ...]:
    """The two questions of a paper that went wrong: the first misleads, two options of the second are right."""
    single = [item.item for item in paper.items if item.question.kind is QuestionKind.SINGLE]
    return tuple(single[1:3])


def dice_of(*names: object) -> random.Random:
    """Dice that fall the same way for the same names."""
    return _dice("/".join(str(name) for name in names))


def _dice(name: str) -> random.Random:
    return random.Random(name)  # noqa: S311 -- what puppets say is no secret


@cache
def _words() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("essays.toml").read_text(encoding="utf-8"))
