"""Reads question files into `Question`; every problem is reported with its file and key, and none hides another.

The loader decides only whether a file can be understood. Whether a question is a good one is the lint's business.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from examsite.domain.questions import (
    AnswerKey,
    Criterion,
    Level,
    NumericKey,
    Option,
    Question,
    QuestionKind,
    Text,
)

CONTENT = Path(__file__).parent / "content"
"""The open bank that ships with the product."""

FORMAT = 1
LARGEST_FILE_BYTES = 200_000

_WITH_CORRECT = frozenset({QuestionKind.SINGLE, QuestionKind.MULTIPLE, QuestionKind.TRUE_FALSE})


class BankError(Exception):
    """One problem of one file: `file` relative to the root, `key` as written in TOML, `problem` in plain words."""

    def __init__(self, file: str, key: str, problem: str) -> None:
        super().__init__(file, key, problem)
        self.file = file
        self.key = key
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.file}: {self.key}: {self.problem}"


class UnreadableBankError(Exception):
    """Everything that is wrong with what was read, in file order."""

    def __init__(self, errors: tuple[BankError, ...]) -> None:
        super().__init__(errors)
        self.errors = errors

    def __str__(self) -> str:
        return "\n".join(str(error) for error in self.errors)


@dataclass(frozen=True, slots=True)
class Entry:
    """A question and the file it came from, relative to the root with forward slashes."""

    file: str
    question: Question


def load_question(path: Path) -> Question:
    """The question in this file; its two folders name subject and topic.

    Raises:
        UnreadableBankError: with every problem of the file.
    """
    entry, errors = _read_file(path, path.parent.parent.parent)
    if entry is None or errors:
        raise UnreadableBankError(tuple(errors))
    return entry.question


def load_bank(root: Path = CONTENT) -> tuple[Question, ...]:
    """All questions under the root, ordered by id.

    Raises:
        UnreadableBankError: with every problem of every file.
    """
    entries, errors = read_bank(root)
    if errors:
        raise UnreadableBankError(errors)
    return tuple(sorted((entry.question for entry in entries), key=lambda question: question.id))


def read_bank(root: Path = CONTENT) -> tuple[tuple[Entry, ...], tuple[BankError, ...]]:
    """What can be read under the root, and everything that cannot."""
    if not root.is_dir():
        return (), (BankError(str(root), "(folder)", "there is no such folder"),)
    entries: list[Entry] = []
    errors: list[BankError] = []
    for path in sorted(root.rglob("*.toml")):
        entry, problems = _read_file(path, root)
        errors.extend(problems)
        if entry is not None:
            entries.append(entry)
    return tuple(entries), tuple(errors)


def _read_file(path: Path, root: Path) -> tuple[Entry | None, list[BankError]]:
    file = path.relative_to(root).as_posix()
    if file.count("/") != 2:
        return None, [BankError(file, "(file)", "must lie at <subject>/<topic>/<ID>.toml")]
    try:
        raw = path.read_bytes()
        if len(raw) > LARGEST_FILE_BYTES:
            return None, [BankError(file, "(file)", f"is larger than {LARGEST_FILE_BYTES} bytes")]
        data = tomllib.loads(raw.decode("utf-8"), parse_float=Decimal)
    except OSError as error:
        return None, [BankError(file, "(file)", f"cannot be read: {error.strerror}")]
    except UnicodeDecodeError:
        return None, [BankError(file, "(file)", "is not UTF-8 text")]
    except (tomllib.TOMLDecodeError, InvalidOperation, RecursionError) as error:
        return None, [BankError(file, "(file)", f"is not valid TOML: {error}")]
    subject, topic, _name = file.split("/")
    table = _Table(data, file=file, path="", errors=[])
    question = _read_question(table, subject=subject, topic=topic)
    if table.errors:
        return None, table.errors
    return Entry(file, question), []


def _read_question(top: _Table, *, subject: str, topic: str) -> Question:
    """Reads on after a problem with stand-in values; the caller drops the question if there was any."""
    top.integer("format", least=FORMAT, most=FORMAT)
    kind = _read_kind(top)
    essay = kind is QuestionKind.ESSAY
    options: list[Option] = []
    correct: list[str] = []
    if kind not in {QuestionKind.ESSAY, QuestionKind.NUMERIC}:
        for option in top.tables("options"):
            key = option.string("key")
            options.append(Option(key=key, text=option.text()))
            if kind in _WITH_CORRECT and option.boolean("correct"):
                correct.append(key)
            option.close()
    answer_key: AnswerKey = None
    if kind in _WITH_CORRECT:
        answer_key = tuple(correct)
    elif not essay:
        answer_key = _read_answer(top.table("answer"), kind)
    question = Question(
        id=top.string("id"),
        kind=kind,
        subject=subject,
        topic=topic,
        difficulty=top.integer("difficulty", least=1, most=3),
        stem=_read_text(top.table("stem")),
        options=tuple(options),
        answer_key=answer_key,
        criteria=tuple(_read_criterion(criterion) for criterion in top.tables("criteria")) if essay else (),
        points=top.decimal("points") if essay else None,
        source=_read_text(top.table("source")),
    )
    top.close()
    return question


def _read_kind(top: _Table) -> QuestionKind:
    kind = top.string("kind")
    if kind in set(QuestionKind):
        return QuestionKind(kind)
    if kind:
        top.report("kind", f"must be one of {', '.join(QuestionKind)}")
    # What a file of unknown kind may contain is unknown too: do not report its other keys as strangers.
    top.ignore("options", "answer", "criteria", "points")
    return QuestionKind.NUMERIC if top.has("answer") else QuestionKind.SINGLE


def _read_answer(answer: _Table, kind: QuestionKind) -> AnswerKey:
    key: AnswerKey
    if kind is QuestionKind.NUMERIC:
        key = NumericKey(
            value=answer.decimal("value"),
            tolerance=answer.decimal("tolerance"),
            unit=_read_text(answer.table("unit")),
        )
    else:
        key = answer.strings("order")
    answer.close()
    return key


def _read_criterion(criterion: _Table) -> Criterion:
    levels: list[Level] = []
    for level in criterion.tables("levels"):
        levels.append(Level(points=level.decimal("points"), text=level.text()))
        level.close()
    result = Criterion(
        key=criterion.string("key"),
        text=criterion.text(),
        maximum=criterion.decimal("maximum"),
        levels=tuple(levels),
    )
    criterion.close()
    return result


def _read_text(table: _Table) -> Text:
    text = table.text()
    table.close()
    return text


class _Table:
    """A TOML table being read: hands out typed values, collects problems, and knows which keys nobody asked for."""

    def __init__(self, data: Mapping[str, Any], *, file: str, path: str, errors: list[BankError]) -> None:
        self._data = data
        self._file = file
        self._path = path
        self._asked: set[str] = set()
        self.errors = errors

    def report(self, key: str, problem: str) -> None:
        self.errors.append(BankError(self._file, self._path + key, problem))

    def has(self, key: str) -> bool:
        return key in self._data

    def ignore(self, *keys: str) -> None:
        self._asked.update(keys)

    def close(self) -> None:
        """Reports keys that mean nothing here: a misspelt key must not be lost in silence."""
        for key in self._data:
            if key not in self._asked:
                self.report(key, "is not a key of this kind of question")

    def _take(self, key: str) -> Any:
        self._asked.add(key)
        if key not in self._data:
            self.report(key, "is missing")
            return None
        return self._data[key]

    def string(self, key: str) -> str:
        value = self._take(key)
        if isinstance(value, str):
            return value
        if value is not None:
            self.report(key, "must be text")
        return ""

    def strings(self, key: str) -> tuple[str, ...]:
        value = self._take(key)
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return tuple(value)
        if value is not None:
            self.report(key, "must be a list of texts")
        return ()

    def boolean(self, key: str) -> bool:
        """False where the key is left out."""
        self._asked.add(key)
        value = self._data.get(key, False)
        if not isinstance(value, bool):
            self.report(key, "must be true or false")
            return False
        return value

    def integer(self, key: str, *, least: int, most: int) -> int:
        value = self._take(key)
        if value is None:
            return least
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            span = str(least) if least == most else f"a whole number from {least} to {most}"
            self.report(key, f"must be {span}")
            return least
        return value

    def decimal(self, key: str) -> Decimal:
        """A number written as text, integer or decimal fraction, with at most two decimals."""
        value = self._take(key)
        if value is None:
            return Decimal(0)
        try:
            if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
                raise InvalidOperation
            number = Decimal(value)
            if not number.is_finite() or number != number.quantize(Decimal("0.01")):
                raise InvalidOperation
        except InvalidOperation:
            self.report(key, "must be a number with a decimal point and at most two decimals")
            return Decimal(0)
        return number

    def text(self) -> Text:
        """The words in both languages, without the line ends that multi-line TOML strings carry."""
        return Text(vi=self.string("vi").strip(), en=self.string("en").strip())

    def table(self, key: str) -> _Table:
        value = self._take(key)
        if value is not None and not isinstance(value, dict):
            self.report(key, "must be a table")
        if not isinstance(value, dict):
            # One report is enough: the keys of an absent table are not reported one by one.
            return _Table({}, file=self._file, path=f"{self._path}{key}.", errors=[])
        return _Table(value, file=self._file, path=f"{self._path}{key}.", errors=self.errors)

    def tables(self, key: str) -> Iterator[_Table]:
        value = self._take(key)
        if value is None:
            return
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            self.report(key, f"must be a list of tables, written [[{self._path}{key}]]")
            return
        for number, one in enumerate(value, start=1):
            yield _Table(one, file=self._file, path=f"{self._path}{key}[{number}].", errors=self.errors)
