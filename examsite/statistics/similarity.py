"""Which answers share long passages with each other or with the key, beyond what the question itself puts in.

For the council and the supervisors, before a result is approved. Equal passages have innocent reasons (a law learnt by
heart, a textbook), so each finding names the passage for a person to read, and nobody is accused.

Texts are cut into runs of `RUN` words; a run that stands in the question, or in the answers of many people, tells
nothing and is dropped. Chances are not counted, because no honest model of essays is known; a finding is put beside the
closest of all other pairs instead.

Source: Broder, "On the resemblance and containment of documents" (1997): runs of words, containment of the shorter one.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Final, TypeAlias

RUN: Final = 5
"""Words of a run. Source: our choice, because five Vietnamese syllables are two or three words of meaning, and runs of
that length repeat by chance only in set phrases."""
COMMON_FROM: Final = 4
"""People whose answers hold a run from which on it is a set phrase. Source: our choice, because copying between four
people and more is seen in pairs that share rarer runs as well."""
LEAST_SHARE: Final = 0.20
"""Share of the shorter answer's runs that a pair must have in common to be listed. Source: our choice, because honest
answers to one question share below 5 % once its words are dropped."""
LEAST_PASSAGE: Final = 25
"""Words in one piece that are listed whatever their share. Source: our choice, because nobody writes two equal lines by
chance."""
LEAST_RUNS: Final = 10
"""Runs of an answer that is compared at all. Source: our choice, because of a line nothing can be said."""

_WORD: Final = re.compile(r"\w+")

Run: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SharedPassage:
    """Two texts with runs in common.

    Attributes:
        first: code of an answer.
        second: code of the other one, or of the key.
        share: of the runs of the shorter one.
        words: of the longest passage in one piece.
        passage: its words, without signs and capitals.
    """

    first: str
    second: str
    share: float
    words: int
    passage: str


@dataclass(frozen=True, slots=True)
class SimilarityReport:
    """What was compared and found.

    Attributes:
        answers: long enough to be compared.
        pairs: compared with each other.
        found: pairs beyond the limits, the most alike first.
        next_share: share of the closest pair that is not listed; how alike honest answers of this exam are.
    """

    answers: int
    pairs: int
    found: tuple[SharedPassage, ...]
    next_share: float


def words_of(text: str) -> list[str]:
    """The words of a text, in one writing of its signs, without capitals."""
    return _WORD.findall(unicodedata.normalize("NFC", text).casefold())


def compare_answers(answers: Mapping[str, str], *, known: Iterable[str] = ()) -> SimilarityReport:
    """Pairs of answers to one question that share passages.

    Args:
        answers: the text of each, by code.
        known: texts that everybody had before them; their runs count nowhere.
    """
    dropped = {run for text in known for run in _runs(words_of(text))}
    worded = {code: words_of(text) for code, text in sorted(answers.items())}
    runs = {code: set(_runs(words)) - dropped for code, words in worded.items()}
    runs = {code: own for code, own in runs.items() if len(own) >= LEAST_RUNS}
    held: dict[Run, list[str]] = defaultdict(list)
    for code, own in runs.items():
        for run in own:
            held[run].append(code)
    shared: Counter[tuple[str, str]] = Counter()
    for holders in held.values():
        if 1 < len(holders) < COMMON_FROM:
            shared.update(combinations(holders, 2))
    found, next_share = [], 0.0
    for (first, second), count in shared.items():
        share = count / min(len(runs[first]), len(runs[second]))
        rare = {run for run in runs[first] & runs[second] if len(held[run]) < COMMON_FROM}
        passage = _longest(worded[first], rare)
        if share >= LEAST_SHARE or len(passage) >= LEAST_PASSAGE:
            found.append(SharedPassage(first, second, share, len(passage), " ".join(passage)))
        else:
            next_share = max(next_share, share)
    return SimilarityReport(
        answers=len(runs),
        pairs=len(runs) * (len(runs) - 1) // 2,
        found=tuple(sorted(found, key=lambda row: (-row.share, row.first, row.second))),
        next_share=next_share,
    )


def compare_with_key(answers: Mapping[str, str], key: str, *, known: Iterable[str] = ()) -> SimilarityReport:
    """Answers that hold passages of the key, which nobody had before them.

    Args:
        answers: the text of each, by code.
        key: model answer and marking guide.
        known: texts that everybody had before them, the question above all.
    """
    dropped = {run for text in known for run in _runs(words_of(text))}
    wanted = set(_runs(words_of(key))) - dropped
    found, next_share, compared = [], 0.0, 0
    for code, text in sorted(answers.items()):
        words = words_of(text)
        own = set(_runs(words)) - dropped
        if len(own) < LEAST_RUNS or not wanted:
            continue
        compared += 1
        share = len(own & wanted) / min(len(own), len(wanted))
        passage = _longest(words, own & wanted)
        if share >= LEAST_SHARE or len(passage) >= LEAST_PASSAGE:
            found.append(SharedPassage(code, "", share, len(passage), " ".join(passage)))
        else:
            next_share = max(next_share, share)
    return SimilarityReport(
        compared, compared, tuple(sorted(found, key=lambda row: (-row.share, row.first))), next_share
    )


def _runs(words: list[str]) -> list[Run]:
    return [tuple(words[start : start + RUN]) for start in range(len(words) - RUN + 1)]


def _longest(words: list[str], common: set[Run]) -> list[str]:
    """The longest piece of a text that is made of common runs one after the other."""
    best = (0, 0)
    start = None
    for place, run in enumerate([*_runs(words), ()]):
        if run in common:
            start = place if start is None else start
            if place + RUN - start > best[1] - best[0]:
                best = (start, place + RUN)
        else:
            start = None
    return words[best[0] : best[1]]
