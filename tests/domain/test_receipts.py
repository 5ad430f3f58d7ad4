"""A receipt is read aloud, typed by a stranger, and still names one record."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examsite.domain.errors import InvalidError
from examsite.domain.receipts import ALPHABET, parse_short_code, short_code
from tests.domain import strategies


def test_short_code_of_known_hashes() -> None:
    assert short_code(bytes(32)) == "00000-00000"
    assert short_code(b"\xff" * 32) == "ZZZZZ-ZZZZZ"
    # 0x30e6469e72e59: 00110 00011 10011 00100 01101 00111 10011 10010 11100 10110
    leaf = bytes.fromhex("30e6469e72e5916e48a0c2824475df460a8db53780dd5e1a6bb54cc82677eaf9")
    assert short_code(leaf) == "63K4D-7KJWP"


@given(strategies.hashes, strategies.hashes)
def test_short_code_tells_the_first_fifty_bits_and_no_more(first: bytes, second: bytes) -> None:
    same_start = int.from_bytes(first) >> 206 == int.from_bytes(second) >> 206
    assert (short_code(first) == short_code(second)) == same_start
    assert short_code(first) == short_code(first[:6] + bytes([first[6] & 0xC0]) + bytes(25))


@given(strategies.hashes, st.sampled_from(["-", "", " ", " - "]), st.sampled_from(["o", "O"]), st.sampled_from("iIlL"))
def test_short_code_is_found_again_however_it_is_typed(leaf: bytes, gap: str, zero: str, one: str) -> None:
    code = short_code(leaf)
    typed = code.lower().replace("-", gap).replace("0", zero).replace("1", one)
    assert parse_short_code(f" {typed}\n") == code


@pytest.mark.parametrize(
    "text", ["", "7KQ2M", "7KQ2M-D4X9", "7KQ2M-D4X9AB", "7KQ2M-D4X9U", "7KQ2M-D4X9é", "7KQ2M-D4Xß", "٣KQ2M-D4X9A"]
)
def test_short_code_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InvalidError, match="short_code_not_valid"):
        parse_short_code(text)


@pytest.mark.parametrize("length", [0, 31, 33])
def test_short_code_needs_a_whole_hash(length: int) -> None:
    with pytest.raises(InvalidError, match="leaf_hash_not_valid"):
        short_code(bytes(length))


def test_alphabet_has_no_sign_that_is_misread() -> None:
    assert len(set(ALPHABET)) == 32
    assert not set("ILOU") & set(ALPHABET)
