"""Honest candidates at a keyboard: bursts of thought and pauses, corrections, and the typing tools of Vietnam."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from examsite.domain.evidence import BURST_LETTERS, BURST_MILLISECONDS

WORDS = (
    *("tổ chức", "cải cách", "hành chính", "người dân", "cơ sở", "kế hoạch", "trách nhiệm", "phối hợp", "đơn vị"),
    *("nghiệp vụ", "chuyển đổi", "số hóa", "thủ tục", "đánh giá", "nhiệm vụ", "trước hết", "thường xuyên", "nghiêng"),
)
#: Letters of a word that a typing tool takes back and writes anew when the tone comes at its end.
_MARKED = "ổứảìơếáệố"


@dataclass(frozen=True, slots=True)
class TypingStep:
    """One change of a text by typing: when, and by how many letters it grew (less than none: it shrank)."""

    milliseconds: int
    letters: int


def find_bursts(steps: Iterable[TypingStep]) -> list[TypingStep]:
    """What the page does, said once more: where a text grew faster than anybody types, with letters and length.

    Corrections count against growth, so that a typing tool that takes a word back and writes it anew adds nothing. A
    burst ends its window: the next one starts from nothing.
    """
    window: list[TypingStep] = []
    found: list[TypingStep] = []
    for step in steps:
        window = [one for one in window if step.milliseconds - one.milliseconds < BURST_MILLISECONDS]
        window.append(step)
        letters = sum(one.letters for one in window)
        if letters >= BURST_LETTERS:
            found.append(TypingStep(step.milliseconds - window[0].milliseconds, letters))
            window = []
    return found


def honest_sitting(seed: int) -> list[TypingStep]:
    """The steps of one candidate for some minutes of writing."""
    chance = random.Random(seed)
    # From two fingers to the fastest typist in the country: milliseconds for a key.
    key = chance.uniform(70, 400)
    tool = chance.choice(["telex", "vni", "telex in clipboard mode", "composition", "none"])
    at = 0.0
    steps: list[TypingStep] = []
    for _ in range(chance.randint(80, 250)):
        word = chance.choice(WORDS)
        for gap, letters in _word(word, tool, chance):
            at += key * chance.uniform(0.3, 1.8) if gap else 1
            steps.append(TypingStep(round(at), letters))
        if chance.random() < 0.1:
            # Thinks better of it: takes words back, holding the key down.
            for _back in range(chance.randint(3, 25)):
                at += 33
                steps.append(TypingStep(round(at), -1))
        if chance.random() < 0.05:
            # Marks a sentence and types over it.
            steps.append(TypingStep(round(at), -chance.randint(10, 200)))
        at += chance.choice([key, key, key, chance.uniform(500, 30_000)])
    return steps


def _word(word: str, tool: str, chance: random.Random) -> Iterator[tuple[bool, int]]:
    """Steps of a word: whether a finger moved before, and by how many letters the text grew."""
    for letter in word + " ":
        yield True, 1
        if letter not in _MARKED or tool in {"none", "composition"}:
            continue
        yield True, 1  # the key of the tone, which the tool takes back at once with what it marks
        if tool == "telex in clipboard mode":
            length = chance.randint(1, 7)
            yield False, -length - 1
            yield False, length
        else:
            for _ in range(2):
                yield False, -1
            yield False, 1
