"""Nobody can choose the outcome of a draw, and anybody can recompute it."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examsite.domain.draws import (
    Contribution,
    check_draw,
    commitment_of,
    draw_document,
    draw_seed,
    hold_draw,
    permute,
)
from examsite.domain.errors import InvalidError
from tests.domain import strategies

CONTRIBUTIONS = [Contribution("secretary", bytes([2]) * 32), Contribution("chair", bytes([1]) * 32)]
COMMITMENTS = {contribution.by: commitment_of(contribution.nonce) for contribution in CONTRIBUTIONS}
OUTCOME = list("ACFGBDE")


def presentation_order() -> dict[str, Any]:
    """The draw document of the first published vector."""
    return draw_document(
        competition="HP-2026-01", draw="presentation-order", items=list("ABCDEFG"), contributions=CONTRIBUTIONS
    )


# Source: the two test vectors of the published draw format.
def test_first_vector() -> None:
    document = presentation_order()
    assert draw_seed(document).hex() == "34cd3a576a18037658bf4a029a9fa0be2f117a9da9865e5610ade1db484d32be"
    assert hold_draw(document) == OUTCOME


def test_second_vector() -> None:
    document = draw_document(
        competition="HP-2026-01",
        draw="script-order",
        items=[f"{number:04}" for number in range(1, 21)],
        contributions=CONTRIBUTIONS,
    )
    assert draw_seed(document).hex() == "e4b6e596b2ffca22a158452c1d2e26438645178cf4f7142838cb1159cce9c705"
    assert " ".join(hold_draw(document)) == (
        "0014 0016 0015 0012 0020 0003 0010 0004 0013 0008 0002 0005 0006 0018 0007 0019 0011 0009 0001 0017"
    )


@given(st.lists(st.integers(), max_size=60), strategies.hashes)
def test_permute_loses_and_adds_nothing_and_leaves_the_list_alone(items: list[int], seed: bytes) -> None:
    before = list(items)
    assert Counter(permute(items, seed)) == Counter(items)
    assert items == before


def test_permute_is_fair_within_chance() -> None:
    rounds = 6000
    counts = Counter("".join(permute("ABC", hashlib.sha256(str(turn).encode()).digest())) for turn in range(rounds))
    expected = rounds / 6
    chi_square = sum((count - expected) ** 2 / expected for count in counts.values())
    # Source: chi-square table, 5 degrees of freedom: 20.5 is passed once in a thousand fair runs; the seeds are fixed.
    assert len(counts) == 6
    assert chi_square < 20.5


@given(st.permutations(CONTRIBUTIONS))
def test_the_order_in_which_numbers_come_in_changes_nothing(contributions: list[Contribution]) -> None:
    document = draw_document(
        competition="HP-2026-01", draw="presentation-order", items=list("ABCDEFG"), contributions=contributions
    )
    assert document == presentation_order()


def test_any_contributor_alone_changes_the_seed() -> None:
    other = [CONTRIBUTIONS[0], Contribution("chair", bytes([3]) * 32)]
    document = draw_document(
        competition="HP-2026-01", draw="presentation-order", items=list("ABCDEFG"), contributions=other
    )
    assert draw_seed(document) != draw_seed(presentation_order())


@pytest.mark.parametrize(
    ("items", "contributions", "code"),
    [
        (["A"], [], "draw_without_contribution"),
        (["A"], [CONTRIBUTIONS[0], CONTRIBUTIONS[0]], "draw_contributor_twice"),
        (["A", "A"], CONTRIBUTIONS, "draw_item_twice"),
        (["A"], [Contribution("chair", b"short")], "nonce_not_valid"),
    ],
)
def test_a_draw_that_would_not_be_one_is_refused(
    items: list[str], contributions: list[Contribution], code: str
) -> None:
    with pytest.raises(InvalidError, match=code):
        draw_document(competition="X", draw="seats", items=items, contributions=contributions)


def test_check_draw_accepts_the_true_outcome() -> None:
    check_draw(presentation_order(), COMMITMENTS, OUTCOME)
    check_draw(
        presentation_order(), COMMITMENTS, OUTCOME, committed_items=list("ABCDEFG"), committed_public_source="none"
    )


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"outcome": OUTCOME[::-1]}, "draw_outcome_differs"),
        ({"outcome": OUTCOME[:-1]}, "draw_outcome_differs"),
        ({"commitments": {"chair": COMMITMENTS["chair"]}}, "draw_contributors_differ"),
        ({"commitments": {**COMMITMENTS, "third": COMMITMENTS["chair"]}}, "draw_contributors_differ"),
        ({"commitments": {**COMMITMENTS, "chair": COMMITMENTS["secretary"]}}, "draw_commitment_broken"),
        ({"committed_items": list("BACDEFG")}, "draw_items_changed"),
        ({"committed_public_source": "lottery"}, "draw_source_changed"),
    ],
)
def test_check_draw_names_what_does_not_fit(changes: dict[str, Any], code: str) -> None:
    given_parts: dict[str, Any] = {"commitments": COMMITMENTS, "outcome": OUTCOME, **changes}
    with pytest.raises(InvalidError, match=code):
        check_draw(presentation_order(), **given_parts)


@pytest.mark.parametrize(
    "changes",
    [
        {"v": 2},
        {"extra": "x"},
        {"items": None},
        {"items": [1, 2]},
        {"items": ["A", "A"]},
        {"competition": 7},
        {"contributions": []},
        {"contributions": [{"by": "chair", "nonce": "zz"}]},
        {"contributions": [{"by": "chair", "nonce": "02" * 32, "note": "x"}]},
        {"contributions": [{"by": "chair"}]},
        {"contributions": [{"by": "z", "nonce": "02" * 32}, {"by": "a", "nonce": "02" * 32}]},
        {"contributions": [{"by": "chair", "nonce": "AB" * 32}]},
        {"public": "none"},
    ],
)
def test_a_document_of_another_shape_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidError, match="draw_document_not_valid"):
        hold_draw({**presentation_order(), **changes})
