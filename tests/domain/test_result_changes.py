"""What changed from one result document to the next, in the order in which the figures come about."""

from __future__ import annotations

from typing import Any

import pytest

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


def _document(*parts: dict[str, Any], rank: int = 1, post: str = "P1") -> dict[str, Any]:
    person = {"code": "HP-001", "post": post, "name": "A", "parts": list(parts), "total": "70.00", "rank": rank}
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
        (Figure.MARKS, None, ""),
        (Figure.SETTLED, None, "80.00"),
        (Figure.SCORE, None, "80.00"),
        (Figure.PASSED, None, "yes"),
    ]
    gone = result_changes(_document(_part("defence", "80.00")), _document())
    assert [(one.figure, one.before) for one in gone] == [(one.figure, one.after) for one in came]


def test_marks_that_change_are_said_although_the_score_stays() -> None:
    before, after = _part("written", "70.00"), _part("written", "70.00")
    before["marks"] = [{"seq": 5, "marker": "C01", "total": "68.00"}, {"seq": 6, "marker": "C02", "total": "72.00"}]
    after["marks"] = [{"seq": 5, "marker": "C01", "total": "69.00"}, {"seq": 9, "marker": "C03", "total": "71.00"}]
    (found,) = result_changes(_document(before), _document(after))
    assert (found.part, found.figure, found.before, found.after) == (
        *("written", Figure.MARKS),
        *("68.00 72.00", "69.00 71.00"),
    )


def _with(part: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {**part, **members}


@pytest.mark.parametrize(
    "after",
    [
        _with(_part("written", "70.00"), settlement={"score": "70.00", "step": "discussed", "seq": 9}),
        _with(_part("written", "70.00"), script="S-2"),
        _with(_part("written", "70.00"), paper="P1-B"),
    ],
)
def test_whatever_else_changes_is_said_to_differ(after: dict[str, Any]) -> None:
    (found,) = result_changes(_document(_part("written", "70.00")), _document(after))
    assert (found.part, found.figure) == ("written", Figure.DETAILS)


def test_points_that_change_within_a_total_are_said_to_differ() -> None:
    mark = {"seq": 5, "marker": "C01", "total": "70.00", "points": {"a": "40.00", "b": "30.00"}}
    before = _with(_part("written", "70.00"), marks=[mark])
    after = _with(_part("written", "70.00"), marks=[{**mark, "points": {"a": "30.00", "b": "40.00"}}])
    (found,) = result_changes(_document(before), _document(after))
    assert (found.part, found.figure) == ("written", Figure.DETAILS)
    (found,) = result_changes(_document(before), _document(before, post="P2"))
    assert (found.part, found.figure) == ("", Figure.DETAILS)
