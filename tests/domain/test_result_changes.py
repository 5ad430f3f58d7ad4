"""What changed from one result document to the next, in the order in which the figures come about."""

from __future__ import annotations

from typing import Any

from examsite.domain.result_changes import Figure, result_changes


def _part(name: str, score: str) -> dict[str, Any]:
    return {
        "part": name,
        "absent": False,
        "void": False,
        "marks": [],
        "settlement": {"score": score},
        "appeal": None,
        "deduction": None,
        "score": score,
        "passed": True,
    }


def _document(*parts: dict[str, Any], rank: int = 1) -> dict[str, Any]:
    person = {"code": "HP-001", "post": "P1", "name": "A", "parts": list(parts), "total": "70.00", "rank": rank}
    return {"competition": {}, "ruleset": {}, "rubrics": [], "posts": [], "candidates": [person | {"outcome": "x"}]}


def test_nothing_changed_says_nothing() -> None:
    document = _document(_part("written", "70.00"))
    assert result_changes(document, document) == []


def test_each_figure_that_differs_is_said_with_both_values() -> None:
    found = result_changes(_document(_part("written", "70.00")), _document(_part("written", "72.50"), rank=2))
    assert [(one.part, one.figure, one.before, one.after) for one in found] == [
        ("written", Figure.SETTLED, "70.00", "72.50"),
        ("written", Figure.SCORE, "70.00", "72.50"),
        ("", Figure.RANK, "1", "2"),
    ]


def test_a_part_of_one_document_alone_is_said_in_the_same_order_each_time() -> None:
    came = result_changes(_document(), _document(_part("defence", "80.00")))
    assert [(one.figure, one.before, one.after) for one in came] == [
        (Figure.ABSENT, None, "no"),
        (Figure.VOID, None, "no"),
        (Figure.MARKS, None, "0"),
        (Figure.SETTLED, None, "80.00"),
        (Figure.SCORE, None, "80.00"),
        (Figure.PASSED, None, "yes"),
    ]
    gone = result_changes(_document(_part("defence", "80.00")), _document())
    assert [(one.figure, one.before) for one in gone] == [(one.figure, one.after) for one in came]
