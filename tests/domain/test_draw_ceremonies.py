"""Who shows the own number last gains nothing by it; every order is equally likely; nothing else passes as a number."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examsite.domain.draw_ceremonies import (
    DrawKind,
    check_commitment,
    committed_entry,
    draw_kind,
    is_secret,
    numbers_open_at,
    read_nonce,
)
from examsite.domain.draws import (
    Contribution,
    check_draw_file,
    commitment_of,
    draw_document,
    hold_draw,
    permute,
)
from examsite.domain.errors import InvalidError

ITEMS = ["A", "B", "C", "D"]

#: Ceremonies played by someone who wants A first; a hundred thousand in the long run, where 1 % would be seen.
CEREMONIES = 100_000 if "EXAMSITE_SOAK" in os.environ else 3_000

#: Source: chi-square table, 1 degree of freedom: passed once in a thousand fair runs; the numbers are fixed.
CHANCE_OF_ONE = 10.83

#: The same for 23 degrees of freedom.
CHANCE_OF_23 = 49.73


def number(turn: int, name: str) -> bytes:
    """A number that looks random and is the same in every run."""
    return hashlib.sha256(f"{turn} {name}".encode()).digest()


def first(turn: int, own: bytes, *, last: bytes) -> str:
    """Who comes first when the member's number is this one and the last number is that one."""
    numbers = [Contribution("council/C01", number(turn, "C01")), Contribution("council/C02", own)]
    document = draw_document(
        competition="X", draw="presentation-order", items=ITEMS, contributions=[*numbers, Contribution("system", last)]
    )
    return hold_draw(document)[0]


def wins(*, knows_the_last: bool) -> int:
    """How often A comes first when the last member to show may also break the deposit, so that a substitute counts.

    Before deciding, the member computes both outcomes with everything that is known then.
    """
    won = 0
    for turn in range(CEREMONIES):
        own, substitute, last = (number(turn, name) for name in ("own", "substitute", "system"))
        known = (substitute, last) if knows_the_last else (bytes(32), bytes(32))
        breaks = first(turn, own, last=known[1]) != "A" and first(turn, known[0], last=known[1]) == "A"
        won += first(turn, substitute if breaks else own, last=last) == "A"
    return won


def chi_square(won: int) -> float:
    """How far the wins lie from one in four."""
    fair = CEREMONIES / len(ITEMS)
    return (won - fair) ** 2 / fair + (won - fair) ** 2 / (CEREMONIES - fair)


def test_the_last_to_show_gains_nothing_because_the_servers_number_comes_after() -> None:
    assert chi_square(wins(knows_the_last=False)) < CHANCE_OF_ONE
    # The same member with the server's numbers at hand would win nearly twice as often: the test can see it.
    assert chi_square(wins(knows_the_last=True)) > 10 * CHANCE_OF_ONE


def test_every_order_of_four_is_equally_likely() -> None:
    counts = Counter("".join(permute(ITEMS, number(turn, "seed"))) for turn in range(CEREMONIES))
    fair = CEREMONIES / 24
    assert len(counts) == 24
    assert sum((count - fair) ** 2 / fair for count in counts.values()) < CHANCE_OF_23


@given(st.binary(max_size=40))
def test_only_thirty_two_bytes_are_a_number(data: bytes) -> None:
    text = " ".join(data.hex().upper())
    if len(data) == 32:
        assert read_nonce(text) == data
    else:
        with pytest.raises(InvalidError, match="number_not_valid"):
            read_nonce(text)


@pytest.mark.parametrize(
    ("commitment", "deposit", "code"),
    [
        ("A" * 64, "-----BEGIN AGE ENCRYPTED FILE-----\nYQ==\n-----END AGE ENCRYPTED FILE-----\n", "commitment"),
        ("a" * 64, "age-encryption.org/v1\n", "deposit"),
        ("a" * 64, "-----BEGIN AGE ENCRYPTED FILE-----\n" + "YQ==\n" * 999, "deposit"),
    ],
)
def test_what_is_no_commitment_is_refused(commitment: str, deposit: str, code: str) -> None:
    with pytest.raises(InvalidError, match=f"{code}_not_valid"):
        check_commitment(commitment, deposit)


def test_names_of_draws_and_which_stay_secret() -> None:
    assert draw_kind("paper-version-P1") is DrawKind.PAPER_VERSION
    assert [kind for kind in DrawKind if is_secret(kind)] == [DrawKind.SCRIPT_CODES, DrawKind.ALLOCATION]
    with pytest.raises(InvalidError, match="draw_name_not_known"):
        draw_kind("lottery")
    assert numbers_open_at(datetime(2026, 5, 8, 7, tzinfo=UTC), 1440) == datetime(2026, 5, 9, 7, tzinfo=UTC)


def public_file() -> dict[str, Any]:
    """The file of a draw in which a substitute took the place of a broken deposit."""
    numbers = {by: number(0, by) for by in ("council/C01", "council/C02", "system")}
    document = draw_document(
        competition="X",
        draw="presentation-order",
        items=ITEMS,
        contributions=[Contribution(by, nonce) for by, nonce in numbers.items()],
    )
    broken = committed_entry("council/C02", "0" * 64, deposit="…", substitute=commitment_of(numbers["council/C02"]))
    others = [committed_entry(by, commitment_of(numbers[by])) for by in ("council/C01", "system")]
    return {
        "v": 1,
        "competition": "X",
        "draw": "presentation-order",
        "committed": {
            "items": ITEMS,
            "commitments": [broken, *others],
            "public": {"source": "none", "value": ""},
        },
        "document": document,
        "outcome": hold_draw(document),
    }


def test_a_public_file_and_a_bare_document_are_checked() -> None:
    file = public_file()
    assert check_draw_file(json.loads(json.dumps(file))) == file["document"]
    assert check_draw_file(file["document"]) == file["document"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda file: file.pop("document"), "draw_not_held_yet"),
        (lambda file: file["outcome"].reverse(), "draw_outcome_differs"),
        (lambda file: file["committed"]["items"].append("E"), "draw_items_changed"),
        (lambda file: file["committed"]["commitments"].pop(), "draw_contributors_differ"),
        (lambda file: file["committed"]["commitments"][0].pop("substitute"), "draw_commitment_broken"),
        (lambda file: file.update(draw="allocation"), "draw_document_not_valid"),
        (lambda file: file.update(document=[]), "draw_document_not_valid"),
        (lambda file: file.update(outcome="ABCD"), "draw_document_not_valid"),
    ],
)
def test_what_was_changed_in_a_public_file_is_named(change: Any, code: str) -> None:
    file = json.loads(json.dumps(public_file()))
    change(file)
    with pytest.raises(InvalidError, match=code):
        check_draw_file(file)


@given(
    st.recursive(
        st.none() | st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_nothing_else_passes_as_a_draw(file: object) -> None:
    with pytest.raises(InvalidError):
        check_draw_file(file)
