"""What two people decide about an objective question after the test, and what it does to the points of a script.

Pure rules: which decision stands, which further answers may count as right, and the points that follow. Who decides,
and the records of it, stand elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from examsite.domain.errors import InvalidError
from examsite.domain.papers import Paper, PaperItem
from examsite.domain.questions import QuestionKind, is_correct, read_number
from examsite.domain.scores import ZERO, Score, score, score_text

Answer: TypeAlias = str | Sequence[str]
"""An answer as the browser sends it: an option, several of them, or a number as text."""

LEAST_SCRIPTS_TO_DECIDE: Final = 30
"""Scripts of a paper from which on a question outside its band must be decided; below, people may decide.

Source: our choice, because even there the 95 % interval of a correlation of .15 goes from −.22 to .48."""

MOST_FURTHER_KEYS: Final = 20
"""Source: our choice, because a question with more right answers than this is faulty, and everyone gets it."""


class Ruling(StrEnum):
    """What is decided about a question."""

    KEEP = "keep"
    EVERYONE = "everyone"
    FURTHER_KEYS = "further-keys"


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision about one question, agreed by two people; `keys` are further right answers."""

    item: str
    ruling: Ruling
    keys: tuple[Answer, ...] = ()


def standing_decisions(decisions: Iterable[Decision]) -> dict[str, Decision]:
    """The decision that stands for each question: of several in the order of their records, the last."""
    return {decision.item: decision for decision in decisions}


def points_of(item: PaperItem, answer: object, decision: Decision | None) -> Score:
    """The points of one question, all or nothing, under the decision that stands.

    Source: our choice, because a fault of the question must not be at the candidates' cost: everyone gets the points,
    also who left it blank, and a further key only adds to the right answers.
    """
    if decision is not None and decision.ruling is Ruling.EVERYONE:
        return item.points
    keys = () if decision is None or decision.ruling is not Ruling.FURTHER_KEYS else decision.keys
    right = is_correct(item.question, answer) or any(_equals(item, answer, key) for key in keys)
    return item.points if right else ZERO


def rescored(
    paper: Paper, points: Mapping[str, str], answers: Mapping[str, object], decision: Decision
) -> dict[str, str]:
    """The system's points of a script after a decision: those of its question anew, all others as they stand.

    Raises:
        InvalidError: `item_not_objective`.
    """
    item = objective_item(paper, decision.item)
    given = points_of(item, answers.get(decision.item), decision)
    return {**{name: score_text(score(known)) for name, known in points.items()}, decision.item: score_text(given)}


def objective_item(paper: Paper, name: str) -> PaperItem:
    """The question of that name that the system scores.

    Raises:
        InvalidError: `item_not_objective`.
    """
    item = paper.item_named(name)
    if item is None or item.is_essay:
        raise InvalidError("item_not_objective", item=name)
    return item


def checked_keys(item: PaperItem, ruling: Ruling, keys: Iterable[Answer]) -> tuple[Answer, ...]:
    """The further keys as they are kept: none twice, none that is right already, each an answer somebody can give.

    Raises:
        InvalidError: `further_keys_missing`, `further_keys_not_expected`, `further_key_not_an_answer`,
            `further_key_right_already`, `further_keys_too_many`.
    """
    known: list[Answer] = []
    for key in keys:
        kept = _as_kept(item, key)
        if is_correct(item.question, kept):
            raise InvalidError("further_key_right_already", key=key_text(kept))
        if not any(_equals(item, kept, other) for other in known):
            known.append(kept)
    if ruling is not Ruling.FURTHER_KEYS:
        if known:
            raise InvalidError("further_keys_not_expected")
        return ()
    if not known:
        raise InvalidError("further_keys_missing")
    if len(known) > MOST_FURTHER_KEYS:
        raise InvalidError("further_keys_too_many", limit=MOST_FURTHER_KEYS)
    return tuple(known)


def ruling_text(decision: Decision) -> str:
    """The ruling as its record names it; further keys stand behind a colon."""
    if decision.ruling is not Ruling.FURTHER_KEYS:
        return decision.ruling.value
    return f"{decision.ruling.value}: {'; '.join(key_text(key) for key in decision.keys)}"


def key_text(key: Answer) -> str:
    """One key in words: options of one answer stand behind each other."""
    return key if isinstance(key, str) else ", ".join(key)


def read_keys(item: PaperItem, typed: str) -> tuple[Answer, ...]:
    """Keys as a person types them: one a line, several options of one answer with commas between.

    A key that cannot be an answer is refused by `checked_keys`.
    """
    lines = [line.strip() for line in typed.splitlines() if line.strip()]
    if item.question.kind in (QuestionKind.MULTIPLE, QuestionKind.ORDERING):
        return tuple(tuple(part.strip().casefold() for part in line.split(",") if part.strip()) for line in lines)
    return tuple(lines if item.question.kind is QuestionKind.NUMERIC else (line.casefold() for line in lines))


def _as_kept(item: PaperItem, key: Answer) -> Answer:
    """The key as an answer of this kind of question.

    Raises:
        InvalidError: `further_key_not_an_answer`.
    """
    options = [option.key for option in item.question.options]
    kind = item.question.kind
    refused = InvalidError("further_key_not_an_answer", key=key_text(key))
    if kind is QuestionKind.NUMERIC:
        if not isinstance(key, str) or read_number(key) is None:
            raise refused
        return key.strip()
    if kind in (QuestionKind.SINGLE, QuestionKind.TRUE_FALSE):
        if not isinstance(key, str) or key not in options:
            raise refused
        return key
    parts = () if isinstance(key, str) else tuple(key)
    is_whole = kind is not QuestionKind.ORDERING or sorted(parts) == sorted(options)
    if not parts or len(set(parts)) != len(parts) or not set(parts) <= set(options) or not is_whole:
        raise refused
    return parts if kind is QuestionKind.ORDERING else tuple(sorted(parts))


def _equals(item: PaperItem, answer: object, key: Answer) -> bool:
    """Whether an answer, whatever was sent, says the same as a further key."""
    kind = item.question.kind
    if kind in (QuestionKind.SINGLE, QuestionKind.TRUE_FALSE):
        return isinstance(answer, str) and answer == key
    if kind is QuestionKind.NUMERIC:
        unit = getattr(item.question.answer_key, "unit", None)
        number = read_number(answer, unit=unit) if isinstance(answer, str) else None
        return number is not None and isinstance(key, str) and number == read_number(key)
    if not isinstance(answer, list | tuple) or isinstance(key, str) or not all(isinstance(one, str) for one in answer):
        return False
    if kind is QuestionKind.ORDERING:
        return tuple(answer) == tuple(key)
    return sorted(answer) == sorted(key)
