"""Whether a bank may be used: checks over the whole bank, each finding with file and key.

Errors stop a bank from being used. Warnings point at questions that give themselves away; a person decides.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

from examsite.domain.questions import Criterion, NumericKey, Question, QuestionKind, Text
from question_bank.loader import CONTENT, Entry, read_bank

LEVEL_STEP = Decimal(5)
"""Source: Thông tư 22/2025/TT-BNV, regulation, art. 13(2a): the marking guide is detailed to 5-point steps."""

TELLTALE_RATIO = Decimal("2.5")
"""How much longer than every other option the right one may be.

Source: our choice, because a key that is much longer than its distractors can be picked without knowledge."""

TELLTALE_SHORTEST = 40
"""Characters below which the length of an option tells nothing.

Source: our choice, because among one-word options the ratio is noise."""

LARGEST_KEY_SHARE = Decimal("0.5")
"""Share of the single-choice questions that may have the same right key.

Source: our choice, because with four options an even spread gives a quarter each."""

SPREAD_NEEDS = 8
"""Single-choice questions from which on the spread of right keys is judged.

Source: our choice, because in a smaller bank any spread may be chance."""

_ID = re.compile(r"[A-Z0-9]+(?:-[A-Z0-9]+)*")
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_KEYS = "abcdefghijklmnopqrstuvwxyz"


class Severity(StrEnum):
    """Whether a finding forbids the bank or only asks for a second look."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, and where."""

    severity: Severity
    file: str
    key: str
    problem: str

    def __str__(self) -> str:
        return f"{self.severity}: {self.file}: {self.key}: {self.problem}"


def check_bank(root: Path = CONTENT) -> tuple[Finding, ...]:
    """Everything wrong under the root: files that cannot be read first, then the lint of those that can."""
    entries, errors = read_bank(root)
    unreadable = tuple(Finding(Severity.ERROR, error.file, error.key, error.problem) for error in errors)
    if not entries and not errors:
        return (Finding(Severity.ERROR, str(root), "(folder)", "holds no question"),)
    return unreadable + lint_entries(entries)


def has_errors(findings: Sequence[Finding]) -> bool:
    """Whether the bank must not be used."""
    return any(finding.severity is Severity.ERROR for finding in findings)


def lint_entries(entries: Sequence[Entry]) -> tuple[Finding, ...]:
    """The findings of questions that could be read, file by file, then those about the bank as a whole."""
    findings: list[Finding] = []
    for entry in entries:
        for rule in _RULES:
            for severity, key, problem in rule(entry):
                findings.append(Finding(severity, entry.file, key, problem))
    findings.extend(_repeated_ids(entries))
    findings.extend(_repeated_stems(entries))
    findings.extend(_uneven_keys(entries))
    return tuple(findings)


# --- rules for one question ----------------------------------------------------------------------------------------

_Problem = tuple[Severity, str, str]


def _error(key: str, problem: str) -> _Problem:
    return Severity.ERROR, key, problem


def _warning(key: str, problem: str) -> _Problem:
    return Severity.WARNING, key, problem


def _names(entry: Entry) -> Iterator[_Problem]:
    question = entry.question
    if not _ID.fullmatch(question.id):
        yield _error("id", "must be capital letters and digits in groups joined by hyphens")
    if entry.file.rsplit("/", 1)[-1] != f"{question.id}.toml":
        yield _error("id", "differs from the file name")
    for folder, name in (("subject", question.subject), ("topic", question.topic)):
        if not _SLUG.fullmatch(name):
            yield _error("(folder)", f"{folder} folder must be small letters, digits and hyphens")
    if (question.subject == "essay") != (question.kind is QuestionKind.ESSAY):
        yield _error("kind", "essays, and only essays, belong to the subject essay")


def _words(entry: Entry) -> Iterator[_Problem]:
    for key, text in _texts(entry.question):
        for language, words in (("vi", text.vi), ("en", text.en)):
            if not words.strip():
                yield _error(f"{key}.{language}", "is empty")
            if not unicodedata.is_normalized("NFC", words):
                yield _error(f"{key}.{language}", "is not in Unicode normal form C")
    question = entry.question
    if question.stem.vi.strip() and question.stem.vi == question.stem.en:
        yield _error("stem.en", "is the same as the Vietnamese text")
    for option in question.options:
        # Names and numbers may be the same in both languages; sentences may not.
        if len(option.text.vi) > TELLTALE_SHORTEST and option.text.vi == option.text.en:
            yield _error(f"options.{option.key}.en", "is the same as the Vietnamese text")
    if question.stem.vi.strip() and not _has_diacritics(question.stem.vi):
        yield _error("stem.vi", "is not Vietnamese with diacritics")
    if _has_diacritics(question.stem.en):
        yield _error("stem.en", "looks like Vietnamese: languages swapped?")


def _texts(question: Question) -> Iterator[tuple[str, Text]]:
    yield "stem", question.stem
    for option in question.options:
        yield f"options.{option.key}", option.text
    if isinstance(question.answer_key, NumericKey):
        yield "answer.unit", question.answer_key.unit
    for criterion in question.criteria:
        yield f"criteria.{criterion.key}", criterion.text
        for level in criterion.levels:
            yield f"criteria.{criterion.key}.levels.{level.points}", level.text
    yield "source", question.source


def _has_diacritics(words: str) -> bool:
    """Vietnamese of more than a word or two always carries đ or marks; a tenth of the letters is far below usual."""
    letters = [letter for letter in words if letter.isalpha()]
    marked = sum(letter in "đĐ" or unicodedata.decomposition(letter) != "" for letter in letters)
    return bool(letters) and marked * 10 >= len(letters)


def _options(entry: Entry) -> Iterator[_Problem]:
    question = entry.question
    if question.kind in {QuestionKind.NUMERIC, QuestionKind.ESSAY}:
        return
    keys = [option.key for option in question.options]
    if "".join(keys) != _KEYS[: len(keys)] or any(len(key) != 1 for key in keys):
        yield _error("options", "keys must be a, b, c … in this order")
    for language in ("vi", "en"):
        counted = Counter(getattr(option.text, language).strip().casefold() for option in question.options)
        if any(count > 1 for count in counted.values()):
            yield _error("options", f"two options say the same ({language})")
    count = len(keys)
    match question.kind:
        case QuestionKind.TRUE_FALSE:
            if count != 2:
                yield _error("options", f"true_false has two options, here {count}")
        case QuestionKind.SINGLE:
            if count < 3:
                yield _error("options", f"single needs at least three options, here {count}")
        case QuestionKind.MULTIPLE:
            if count < 4:
                yield _error("options", f"multiple needs at least four options, here {count}")
        case QuestionKind.ORDERING:
            if count < 3:
                yield _error("options", f"ordering needs at least three options, here {count}")


def _keys(entry: Entry) -> Iterator[_Problem]:
    question = entry.question
    key = question.answer_key
    if isinstance(key, NumericKey):
        if key.tolerance < 0:
            yield _error("answer.tolerance", "is negative")
        if question.options:
            yield _error("options", "a numeric question has none")
        return
    if key is None:
        return
    options = [option.key for option in question.options]
    match question.kind:
        case QuestionKind.SINGLE | QuestionKind.TRUE_FALSE:
            if len(key) != 1:
                yield _error("options", f"{question.kind} has exactly one correct option, here {len(key)}")
        case QuestionKind.MULTIPLE:
            if len(key) < 2:
                yield _error("options", f"multiple has at least two correct options, here {len(key)}")
            if len(key) == len(options):
                yield _error("options", "multiple has at least one wrong option")
        case QuestionKind.ORDERING:
            if sorted(key) != sorted(options):
                yield _error("answer.order", "must name every option exactly once")
            elif list(key) == options:
                yield _error("answer.order", "is the order in which the options stand in the file")


def _telltale(entry: Entry) -> Iterator[_Problem]:
    question = entry.question
    if question.kind is not QuestionKind.SINGLE or not isinstance(question.answer_key, tuple):
        return
    if len(question.answer_key) != 1 or len(question.options) < 2:
        return
    lengths = {option.key: len(option.text.vi) for option in question.options}
    right = lengths.pop(question.answer_key[0], 0)
    if right > TELLTALE_SHORTEST and right > TELLTALE_RATIO * max(lengths.values(), default=right):
        yield _warning(f"options.{question.answer_key[0]}.vi", "gives itself away: far longer than the other options")


def _rubric(entry: Entry) -> Iterator[_Problem]:
    question = entry.question
    if question.kind is not QuestionKind.ESSAY:
        return
    points = question.points or Decimal(0)
    if points <= 0:
        yield _error("points", "must be above zero")
    if not question.criteria:
        yield _error("criteria", "an essay needs a rubric")
    keys = [criterion.key for criterion in question.criteria]
    if "".join(keys) != _KEYS[: len(keys)] or any(len(key) != 1 for key in keys):
        yield _error("criteria", "keys must be a, b, c … in this order")
    total = sum((criterion.maximum for criterion in question.criteria), Decimal(0))
    if question.criteria and total != points:
        yield _error("criteria", f"maxima add up to {total}, points say {points}")
    for criterion in question.criteria:
        yield from _levels(criterion)


def _levels(criterion: Criterion) -> Iterator[_Problem]:
    maximum = criterion.maximum
    if maximum <= 0 or maximum % LEVEL_STEP:
        yield _error(f"criteria.{criterion.key}.maximum", f"must be a multiple of {LEVEL_STEP} above zero")
        return
    steps = [LEVEL_STEP * step for step in range(int(maximum / LEVEL_STEP) + 1)]
    if [level.points for level in criterion.levels] != steps:
        wanted = ", ".join(str(step) for step in steps)
        yield _error(f"criteria.{criterion.key}.levels", f"points must be {wanted}")


_RULES: tuple[Callable[[Entry], Iterator[_Problem]], ...] = (_names, _words, _options, _keys, _telltale, _rubric)


# --- rules for the whole bank --------------------------------------------------------------------------------------


def _repeated_ids(entries: Sequence[Entry]) -> Iterator[Finding]:
    first: dict[str, str] = {}
    for entry in entries:
        seen = first.setdefault(entry.question.id, entry.file)
        if seen != entry.file:
            yield Finding(Severity.ERROR, entry.file, "id", f"is used by {seen} too")


def _repeated_stems(entries: Sequence[Entry]) -> Iterator[Finding]:
    for language in ("vi", "en"):
        first: dict[str, str] = {}
        for entry in entries:
            words = re.sub(r"\W+", " ", getattr(entry.question.stem, language)).strip().casefold()
            seen = first.setdefault(words, entry.file)
            if words and seen != entry.file:
                yield Finding(Severity.ERROR, entry.file, f"stem.{language}", f"repeats the stem of {seen}")


def _uneven_keys(entries: Sequence[Entry]) -> Iterator[Finding]:
    keys = Counter(
        entry.question.answer_key[0]
        for entry in entries
        if entry.question.kind is QuestionKind.SINGLE
        and isinstance(entry.question.answer_key, tuple)
        and len(entry.question.answer_key) == 1
    )
    total = sum(keys.values())
    for key, count in sorted(keys.items()):
        if total >= SPREAD_NEEDS and count > LARGEST_KEY_SHARE * total:
            problem = f"{count} of {total} single-choice questions have the right key {key}"
            yield Finding(Severity.WARNING, "(bank)", "correct", problem)
