"""What is another figure in one result document than in the one before it, said candidate by candidate?

For people who hold both: the council before it signs a correction, and everybody afterwards. It compares what the
documents state and computes nothing. Whatever else of a candidate differs is said to differ, without its values, so
that no change goes unsaid.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Figure(StrEnum):
    """What changed about a candidate, or about the document as a whole."""

    #: The candidate stands in one of the two documents only.
    LISTED = "listed"
    NAME = "name"
    #: The settled score of a part before appeal and deduction.
    SETTLED = "settled"
    #: The score after marking anew.
    APPEAL = "appeal"
    DEDUCTION = "deduction"
    SCORE = "score"
    PASSED = "passed"
    ABSENT = "absent"
    VOID = "void"
    #: Totals of the locked marks that count for the part, in the order of the document.
    MARKS = "marks"
    #: Of a part, or of the candidate: points, markers, scripts, records, the step at which a score was settled.
    DETAILS = "details"
    TOTAL = "total"
    RANK = "rank"
    OUTCOME = "outcome"
    #: Titles, rule set, rubrics, vacancies, decided ties: anything that is not one candidate's.
    DOCUMENT = "document"


@dataclass(frozen=True)
class ResultChange:
    """One figure before and after; None where there was none. `code` and `part` are empty where it is of no one."""

    code: str
    post: str
    part: str
    figure: Figure
    before: str | None
    after: str | None


def result_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[ResultChange]:
    """Every difference of two result documents, by post and code, the order of the figures as they come about."""
    return [*_of_document(before, after), *_of_candidates(before, after)]


def _of_document(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[ResultChange]:
    for member in ("competition", "ruleset", "rubrics"):
        if before[member] != after[member]:
            yield ResultChange("", "", "", Figure.DOCUMENT, member, member)
    old, new = ({post["code"]: post for post in one["posts"]} for one in (before, after))
    for code in sorted(old.keys() | new.keys()):
        if old.get(code) != new.get(code):
            yield ResultChange("", code, "", Figure.DOCUMENT, "posts", "posts")


def _of_candidates(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[ResultChange]:
    old, new = ({one["code"]: one for one in document["candidates"]} for document in (before, after))
    codes = sorted(old.keys() | new.keys(), key=lambda code: ((new.get(code) or old[code])["post"], code))
    for code in codes:
        was, now = old.get(code), new.get(code)
        post = (now or was or {})["post"]
        if was is None or now is None:
            yield ResultChange(code, post, "", Figure.LISTED, _word(was is not None), _word(now is not None))
            continue
        for part, figure, first, second in _pairs(was, now):
            if first != second:
                yield ResultChange(code, post, part, figure, first, second)


def _pairs(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[tuple[str, Figure, str | None, str | None]]:
    yield "", Figure.NAME, was["name"], now["name"]
    old, new = ({part["part"]: part for part in one["parts"]} for one in (was, now))
    for part in [*old, *(name for name in new if name not in old)]:
        first, second = _figures(old.get(part)), _figures(new.get(part))
        for figure in first or second:
            yield part, figure, first.get(figure), second.get(figure)
        if part in old and part in new and first == second and old[part] != new[part]:
            yield part, Figure.DETAILS, None, "changed"
    yield "", Figure.TOTAL, was["total"], now["total"]
    yield "", Figure.RANK, _text(was["rank"]), _text(now["rank"])
    yield "", Figure.OUTCOME, was["outcome"], now["outcome"]
    shown = {"name", "parts", "total", "rank", "outcome"}
    if any(was.get(member) != now.get(member) for member in (was.keys() | now.keys()) - shown):
        yield "", Figure.DETAILS, None, "changed"


def _figures(part: Mapping[str, Any] | None) -> dict[Figure, str | None]:
    if part is None:
        return {}
    marks = [*part["marks"], *(part["appeal"]["marks"] if part["appeal"] else [])]
    return {
        Figure.ABSENT: _word(part["absent"]),
        Figure.VOID: _word(part["void"]),
        Figure.MARKS: " ".join(mark["total"] for mark in marks),
        Figure.SETTLED: _stated(part["settlement"]),
        Figure.APPEAL: _stated(part["appeal"]),
        Figure.DEDUCTION: part["deduction"] and part["deduction"]["percent"],
        Figure.SCORE: part["score"],
        Figure.PASSED: _word(part["passed"]),
    }


def _stated(value: Mapping[str, Any] | None) -> str | None:
    return None if value is None else str(value["score"])


def _word(value: object) -> str:
    return "yes" if value else "no"


def _text(value: object) -> str | None:
    return None if value is None else str(value)
