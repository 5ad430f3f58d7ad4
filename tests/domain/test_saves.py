"""Whatever a page sends is kept whole; only the envelope can be refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examsite.domain.canonical import canonical_bytes
from examsite.domain.errors import InvalidError
from examsite.domain.saves import (
    MAX_SAVE_BYTES,
    content_of,
    content_text,
    read_body,
    read_saves,
    recorded_content,
    saves_hash,
)

any_text = st.text(alphabet=st.characters())
any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | any_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(any_text, inner, max_size=4),
    max_leaves=20,
)


@given(any_json)
def test_any_value_is_stored_as_text_that_every_database_takes_and_that_enters_the_log(value: object) -> None:
    stored = content_text(value)
    assert "\x00" not in stored
    stored.encode("utf-8")
    canonical_bytes(recorded_content(stored))


@given(any_text)
def test_text_comes_back_as_it_was_but_for_normal_form(text: str) -> None:
    kept = content_of(content_text(text))
    assert isinstance(kept, str)
    assert content_text(kept) == content_text(text)


@given(any_json)
def test_a_batch_from_the_wire_is_read_or_refused_never_broken(value: object) -> None:
    body = json.dumps({"epoch": 1, "saves": [{"item": "E1", "number": 1, "content": value}]}).encode()
    (save,) = read_saves(read_body(body))
    assert (save.item, save.epoch, save.number) == ("E1", 1, 1)


@given(any_json)
def test_anything_else_is_refused_with_a_code(value: object) -> None:
    with pytest.raises(InvalidError) as error:
        read_saves(value)
    assert error.value.code == "batch_malformed"


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 200_000])
def test_what_is_not_json_is_said_so(body: bytes) -> None:
    with pytest.raises(InvalidError) as error:
        read_body(body)
    assert error.value.code == "body_not_json"


def test_largest_save_is_taken_and_one_byte_more_is_not() -> None:
    def batch(size: int) -> object:
        return {"epoch": 1, "saves": [{"item": "E1", "number": 1, "content": "x" * size}]}

    assert len(read_saves(batch(MAX_SAVE_BYTES - 2))) == 1
    with pytest.raises(InvalidError) as error:
        read_saves(batch(MAX_SAVE_BYTES - 1))
    assert error.value.code == "save_too_large"


def test_hash_depends_on_item_numbers_and_content() -> None:
    def one(**changes: object) -> str:
        row = {"item": "E1", "number": 1, "content": "a"} | changes
        return saves_hash(read_saves({"epoch": 1, "saves": [row]}))

    assert len({one(), one(item="E2"), one(number=2), one(epoch=0), one(content="b")}) == 5
    assert one() == one()
