"""What is closed comes back as it was, its length says little, and what was damaged is refused with one word."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from examsite.domain.canonical import canonical_bytes, sha256_hex
from examsite.domain.code_maps import (
    LEAST_FILE_BYTES,
    ClosedMap,
    MapLine,
    holds_content,
    map_bytes,
    pack,
    read_map,
    unpack,
)
from examsite.domain.errors import ConflictError

words = st.text(st.characters(codec="utf-8"), max_size=40)
numbers = st.integers(1, 2**31)
lines = st.builds(
    MapLine,
    candidacy_id=numbers,
    attempt_id=numbers,
    candidate=words,
    script=words,
    answers_seq=numbers,
    content=words,
    salt=words,
    file_sha256=words,
)
maps = st.builds(
    ClosedMap,
    st.lists(lines, max_size=6).map(tuple),
    st.dictionaries(numbers, st.tuples(words, words), max_size=4),
    st.dictionaries(words, st.tuples(words, words), max_size=4),
)
contents = st.dictionaries(words, st.recursive(words | numbers | st.none(), st.lists, max_leaves=6), max_size=4)


@given(maps)
@settings(max_examples=60)
def test_a_map_comes_back_as_it_was_closed(closed: ClosedMap) -> None:
    assert read_map(map_bytes(closed)) == closed


@given(contents, st.integers(0, 40_000))
@settings(max_examples=60)
def test_files_are_filled_up_to_powers_of_two(content: dict[str, Any], letters: int) -> None:
    file = pack({**content, "v": 1, "text": "".join(chr(65 + number * 7919 % 50021 % 26) for number in range(letters))})
    assert len(file) >= LEAST_FILE_BYTES
    assert len(file) & (len(file) - 1) == 0
    assert unpack(file)["v"] == 1


@given(maps, st.integers(0, 400), st.integers(1, 255))
@settings(max_examples=120)
def test_a_changed_byte_is_refused_or_changes_nothing(closed: ClosedMap, place: int, flip: int) -> None:
    file = bytearray(map_bytes(closed))
    file[place] ^= flip
    found: object
    try:
        found = read_map(bytes(file))
    except ConflictError as refused:
        found = refused.code
    assert found in (closed, "code_map_damaged")


@pytest.mark.parametrize(
    "content", [b"", b"\x00\x00\x00\x01x", pack({"v": 2}), pack({"v": 1}), pack({"v": 1, "lines": 3})]
)
def test_what_is_no_map_is_refused(content: bytes) -> None:
    with pytest.raises(ConflictError, match="code_map_damaged"):
        read_map(content)


def test_a_line_holds_one_content_only() -> None:
    salt, content = "07" * 32, [{"item": "E1", "text": "Quản lý là…"}]
    hashed = sha256_hex(bytes.fromhex(salt) + canonical_bytes(content))
    line = MapLine(1, 2, "K01", "0421", 3, hashed, salt, "")
    assert holds_content(line, content)
    assert not holds_content(line, [{"item": "E1", "text": "Quản lý là"}])
