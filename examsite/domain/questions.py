"""What a question is, which answers to it are right, and how much of it a candidate may see.

Answers arrive as JSON and are never trusted: whatever is malformed, missing or hostile is simply not correct.
Essay answers are marked by people; this module only carries their rubric.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, cast

from examsite.domain.errors import InvalidError

FORMAT = 1
"""Version of the snapshot written by `question_to_data`.

Source: our choice, because a frozen paper must stay readable after the format grows."""

CENT = Decimal("0.01")
"""Step of every decimal in a question.

Source: our choice, because scores of the competition have two decimals as well."""

LONGEST_NUMBER = 40
"""Characters of a typed number that are read at all.

Source: our choice, because no honest answer is longer and reading must stay cheap."""


class QuestionKind(StrEnum):
    """The closed list of question kinds; every kind but the essay is scored by the system."""

    SINGLE = "single"
    MULTIPLE = "multiple"
    TRUE_FALSE = "true_false"
    NUMERIC = "numeric"
    ORDERING = "ordering"
    ESSAY = "essay"


@dataclass(frozen=True, slots=True)
class Text:
    """The same words in Vietnamese (authoritative) and in English (beside it)."""

    vi: str
    en: str


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a question, or one step to put in order."""

    key: str
    text: Text


@dataclass(frozen=True, slots=True)
class Level:
    """What a script must show to earn these points of a criterion."""

    points: Decimal
    text: Text


@dataclass(frozen=True, slots=True)
class Criterion:
    """One part of an essay rubric, marked on its own."""

    key: str
    text: Text
    maximum: Decimal
    levels: tuple[Level, ...]


@dataclass(frozen=True, slots=True)
class NumericKey:
    """The right number, how far an answer may lie from it (both ends included), and its unit."""

    value: Decimal
    tolerance: Decimal
    unit: Text


AnswerKey = tuple[str, ...] | NumericKey | None
"""Option keys (one, several, or all in their right order), a number, or nothing for an essay."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question with its key.

    `points` is the total of an essay; an objective question has None, because the paper decides what it is worth.
    """

    id: str
    kind: QuestionKind
    subject: str
    topic: str
    difficulty: int
    stem: Text
    options: tuple[Option, ...]
    answer_key: AnswerKey
    criteria: tuple[Criterion, ...]
    points: Decimal | None
    source: Text


# --- answers -------------------------------------------------------------------------------------------------------


def is_correct(question: Question, answer: object) -> bool:
    """Whether the answer earns the question's points: all or nothing, and never an exception.

    Args:
        question: The question with its key. An essay is never correct here.
        answer: Decoded JSON as the candidate's browser sent it: "a"; ["a", "c"] in any order for multiple;
            "12,5" or "12.5" for numeric; ["b", "a", "c"] for ordering.
    """
    key = question.answer_key
    match question.kind:
        case QuestionKind.SINGLE | QuestionKind.TRUE_FALSE:
            return isinstance(key, tuple) and len(key) == 1 and isinstance(answer, str) and answer == key[0]
        case QuestionKind.MULTIPLE:
            chosen = _read_keys(answer)
            return isinstance(key, tuple) and chosen is not None and chosen != [] and sorted(chosen) == sorted(key)
        case QuestionKind.ORDERING:
            chosen = _read_keys(answer)
            return isinstance(key, tuple) and chosen is not None and chosen != [] and tuple(chosen) == key
        case QuestionKind.NUMERIC:
            if not isinstance(key, NumericKey) or not isinstance(answer, str):
                return False
            number = read_number(answer, unit=key.unit)
            return number is not None and abs(number - key.value) <= key.tolerance
    return False


def _read_keys(answer: object) -> list[str] | None:
    """The list of option keys, or None where the answer is anything else."""
    if not isinstance(answer, list | tuple) or len(answer) > 100:
        return None
    if not all(isinstance(key, str) for key in answer):
        return None
    return [str(key) for key in answer]


_PLAIN = re.compile(r"[0-9]+(?:[.,][0-9]+)?")
_GROUPED = re.compile(r"[1-9][0-9]{0,2}(?:([., ])[0-9]{3})(?:\1[0-9]{3})*(?:(?!\1)[.,][0-9]+)?")
_TWO_READINGS = re.compile(r"[1-9][0-9]{0,2}[.,][0-9]{3}")


def read_number(raw: str, *, unit: Text | None = None) -> Decimal | None:
    """The number a person typed, or None where it is no number or could be two different ones.

    Comma and point are both taken as decimal mark; thousands may be grouped by point, comma or space. "1.234" alone
    is 1234 to one reader and 1,234 to another, so it is refused. The unit may follow the number.

    Source: our choice, because Vietnamese writes 1.234,5 and keyboards and spreadsheets write 1,234.5.
    """
    if len(raw) > LONGEST_NUMBER:
        return None
    text = unicodedata.normalize("NFKC", raw).replace("\u2212", "-").strip().casefold()
    if unit is not None:
        for name in (unit.vi, unit.en):
            ending = unicodedata.normalize("NFKC", name).strip().casefold()
            # A unit that begins like a number would eat the number.
            if ending and ending[0] not in "0123456789.," and text.endswith(ending):
                text = text[: -len(ending)].rstrip()
                break
    sign = ""
    if text[:1] in {"-", "+"}:
        sign, text = text[0], text[1:].lstrip()
    if _TWO_READINGS.fullmatch(text):
        return None
    if _PLAIN.fullmatch(text):
        return Decimal(sign + text.replace(",", "."))
    grouped = _GROUPED.fullmatch(text)
    if grouped is None:
        return None
    return Decimal(sign + text.replace(grouped.group(1), "").replace(",", "."))


# --- what is shown and kept ----------------------------------------------------------------------------------------


def question_to_data(question: Question) -> dict[str, Any]:
    """The whole question as JSON-ready data (strings and integers; decimals as text with two decimals)."""
    return {
        "format": FORMAT,
        "id": question.id,
        "kind": question.kind.value,
        "subject": question.subject,
        "topic": question.topic,
        "difficulty": question.difficulty,
        "stem": _text_to_data(question.stem),
        "options": [{"key": option.key, "text": _text_to_data(option.text)} for option in question.options],
        "answer_key": _key_to_data(question.answer_key),
        "criteria": [
            {
                "key": criterion.key,
                "text": _text_to_data(criterion.text),
                "maximum": _decimal_to_data(criterion.maximum),
                "levels": [
                    {"points": _decimal_to_data(level.points), "text": _text_to_data(level.text)}
                    for level in criterion.levels
                ],
            }
            for criterion in question.criteria
        ],
        "points": None if question.points is None else _decimal_to_data(question.points),
        "source": _text_to_data(question.source),
    }


def question_from_data(data: object) -> Question:
    """The question that `question_to_data` wrote.

    Raises:
        InvalidError: `question_malformed`, with the first `field` that is missing or of the wrong type.
    """
    top = _Reader(data, "")
    if top.integer("format") != FORMAT:
        raise _malformed("format")
    kind = top.string("kind")
    if kind not in set(QuestionKind):
        raise _malformed("kind")
    return Question(
        id=top.string("id"),
        kind=QuestionKind(kind),
        subject=top.string("subject"),
        topic=top.string("topic"),
        difficulty=top.integer("difficulty"),
        stem=top.text("stem"),
        options=tuple(Option(key=o.string("key"), text=o.text("text")) for o in top.readers("options")),
        answer_key=_key_from_data(top),
        criteria=tuple(
            Criterion(
                key=c.string("key"),
                text=c.text("text"),
                maximum=c.decimal("maximum"),
                levels=tuple(Level(points=v.decimal("points"), text=v.text("text")) for v in c.readers("levels")),
            )
            for c in top.readers("criteria")
        ),
        points=None if top.value("points") is None else top.decimal("points"),
        source=top.text("source"),
    )


def _text_to_data(text: Text) -> dict[str, str]:
    return {"vi": text.vi, "en": text.en}


def _decimal_to_data(number: Decimal) -> str:
    return str(number.quantize(CENT))


def _key_to_data(key: AnswerKey) -> object:
    if key is None:
        return None
    if isinstance(key, NumericKey):
        return {
            "value": _decimal_to_data(key.value),
            "tolerance": _decimal_to_data(key.tolerance),
            "unit": _text_to_data(key.unit),
        }
    return list(key)


def _key_from_data(top: _Reader) -> AnswerKey:
    key = top.value("answer_key")
    if key is None:
        return None
    if isinstance(key, Mapping):
        numeric = _Reader(key, "answer_key.")
        return NumericKey(
            value=numeric.decimal("value"), tolerance=numeric.decimal("tolerance"), unit=numeric.text("unit")
        )
    if isinstance(key, Sequence) and not isinstance(key, str) and all(isinstance(one, str) for one in key):
        return tuple(key)
    raise _malformed("answer_key")


def _malformed(field: str) -> InvalidError:
    return InvalidError("question_malformed", field=field)


class _Reader:
    """Takes typed values out of untrusted data and names the field that does not fit."""

    def __init__(self, data: object, path: str) -> None:
        if not isinstance(data, Mapping):
            raise _malformed(path.rstrip(".") or "question")
        self._data = cast("Mapping[str, object]", data)
        self._path = path

    def value(self, field: str) -> object:
        if field not in self._data:
            raise _malformed(self._path + field)
        return self._data[field]

    def string(self, field: str) -> str:
        value = self.value(field)
        if not isinstance(value, str):
            raise _malformed(self._path + field)
        return value

    def integer(self, field: str) -> int:
        value = self.value(field)
        if not isinstance(value, int) or isinstance(value, bool):
            raise _malformed(self._path + field)
        return value

    def decimal(self, field: str) -> Decimal:
        try:
            number = Decimal(self.string(field))
        except InvalidOperation:
            raise _malformed(self._path + field) from None
        if not number.is_finite():
            raise _malformed(self._path + field)
        return number

    def text(self, field: str) -> Text:
        words = _Reader(self.value(field), f"{self._path}{field}.")
        return Text(vi=words.string("vi"), en=words.string("en"))

    def readers(self, field: str) -> list[_Reader]:
        value = self.value(field)
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise _malformed(self._path + field)
        return [_Reader(item, f"{self._path}{field}[{number}].") for number, item in enumerate(value)]
