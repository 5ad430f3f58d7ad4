"""Commands for the people who keep a bank: check it, list it, show one question.

`python -m question_bank check | list | show ID [--path DIR]`. Exit status 1 where there are errors, 2 on wrong use.
"""

from __future__ import annotations

import argparse
import io
import sys
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from examsite.domain.questions import NumericKey, Question
from question_bank.lint import check_bank, has_errors
from question_bank.loader import CONTENT, read_bank

STEM_WIDTH = 70


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m question_bank", description="Check and read a question bank.")
    commands = parser.add_subparsers(dest="command", required=True)
    place = argparse.ArgumentParser(add_help=False)
    place.add_argument("--path", type=Path, default=CONTENT, metavar="DIR", help="root of the bank")
    commands.add_parser("check", parents=[place], help="name everything that is wrong, with file and key")
    commands.add_parser("list", parents=[place], help="one line per question")
    show = commands.add_parser("show", parents=[place], help="one question with its key")
    show.add_argument("id", metavar="ID")
    chosen = parser.parse_args(arguments)
    if chosen.command == "check":
        return _check(chosen.path)
    if chosen.command == "list":
        return _list(chosen.path)
    return _show(chosen.path, chosen.id)


def _check(root: Path) -> int:
    findings = check_bank(root)
    for finding in findings:
        print(finding)
    entries, _errors = read_bank(root)
    kinds = Counter(entry.question.kind.value for entry in entries)
    parts = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    print(f"{len(entries)} questions ({parts or 'none'}); {len(findings)} findings")
    return 1 if has_errors(findings) else 0


def _list(root: Path) -> int:
    entries, errors = read_bank(root)
    rows = [("ID", "KIND", "SUBJECT", "TOPIC", "DIFF", "STEM")]
    for entry in sorted(entries, key=lambda entry: (entry.question.subject, entry.question.topic, entry.question.id)):
        question = entry.question
        rows.append(
            (
                question.id,
                question.kind.value,
                question.subject,
                question.topic,
                str(question.difficulty),
                _shortened(question.stem.vi),
            )
        )
    widths = [max(_width(row[column]) for row in rows) for column in range(5)]
    for row in rows:
        cells = [cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=False)]
        print("  ".join([*cells, row[5]]))
    return _report(errors)


def _show(root: Path, question_id: str) -> int:
    entries, errors = read_bank(root)
    for entry in entries:
        if entry.question.id == question_id:
            print(_described(entry.file, entry.question))
            return 0
    print(f"{question_id}: no such question under {root}", file=sys.stderr)
    _report(errors)
    return 1


def _report(errors: Sequence[Exception]) -> int:
    for error in errors:
        print(f"error: {error}", file=sys.stderr)
    return 1 if errors else 0


def _described(file: str, question: Question) -> str:
    lines = [f"{question.id}  {question.kind}  {question.subject}/{question.topic}  {file}", ""]
    lines += [question.stem.vi, question.stem.en, ""]
    key = question.answer_key
    for option in question.options:
        right = isinstance(key, tuple) and option.key in key and len(key) < len(question.options)
        lines += [f"{'*' if right else ' '} {option.key}  {option.text.vi}", f"     {option.text.en}"]
    if isinstance(key, NumericKey):
        lines.append(f"= {key.value} ± {key.tolerance} {key.unit.vi}")
    elif key is not None:
        lines.append(f"= {', '.join(key)}")
    for criterion in question.criteria:
        lines += ["", f"{criterion.key}  ({criterion.maximum})  {criterion.text.vi}", f"      {criterion.text.en}"]
        lines += [f"    {level.points:>3}  {level.text.vi}" for level in criterion.levels]
    lines += ["", question.source.vi, question.source.en]
    return "\n".join(lines)


def _shortened(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= STEM_WIDTH else line[: STEM_WIDTH - 1] + "…"


def _width(words: str) -> int:
    return sum(1 for letter in words if not unicodedata.combining(letter))


if __name__ == "__main__":
    # A terminal that is not UTF-8 shall show question marks and not a traceback.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    sys.exit(main())
