"""Two machines write the same bytes, and what cannot be written exactly is refused."""

from __future__ import annotations

import json
import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from examsite.domain.canonical import (
    MAX_DEPTH,
    canonical_bytes,
    instant_text,
    parse_canonical,
    parse_instant,
    sha256_hex,
)
from examsite.domain.errors import InvalidError
from tests.domain import strategies


class Colour(StrEnum):
    """A text with a class of its own."""

    GREEN = "green"


@given(strategies.json_values)
def test_canonical_bytes_are_those_of_the_reference_library(value: object) -> None:
    assert canonical_bytes(value) == rfc8785.dumps(value)


@given(strategies.json_values)
def test_parse_canonical_gives_the_value_back(value: object) -> None:
    assert parse_canonical(canonical_bytes(value)) == value


def test_canonical_bytes_sort_keys_by_utf16_units() -> None:
    # Source: RFC 8785 §3.2.3: U+1F600 begins with the unit D83D and stands before U+FB33, against code point order.
    value = {"\u20ac": 1, "\r": 2, "1": 3, "\U0001f600": 4, "\u0080": 5, "\u00f6": 6, "\uffee": 7}
    keys = list(json.loads(canonical_bytes(value)))
    assert keys == ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\uffee"]


def test_canonical_bytes_escape_only_what_must_be() -> None:
    text = "\u20ac$\u000f\nA'B\"\\/\u007f\u2028"
    assert canonical_bytes(text).decode() == '"\u20ac$\\u000f\\nA\'B\\"\\\\/\u007f\u2028"'


def test_canonical_bytes_write_enums_and_tuples_plainly() -> None:
    assert canonical_bytes({Colour.GREEN: (Colour.GREEN, True, None)}) == b'{"green":["green",true,null]}'


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (1.0, "not_canonical_type"),
        (Decimal("1.00"), "not_canonical_type"),
        ({"a": [b"x"]}, "not_canonical_type"),
        (2**53, "integer_too_large"),
        (-(2**53), "integer_too_large"),
        ("a\u0301", "not_nfc"),
        ({"a\u0301": 1}, "not_nfc"),
        ("\ud800", "not_unicode"),
        ({1: "a"}, "key_not_text"),
    ],
)
def test_canonical_bytes_refuse_what_is_outside_the_narrow_form(value: object, code: str) -> None:
    with pytest.raises(InvalidError) as caught:
        canonical_bytes(value)
    assert caught.value.code == code


def test_canonical_bytes_refuse_a_value_nested_too_deep() -> None:
    value: object = 1
    for _ in range(MAX_DEPTH):
        value = [value]
    assert canonical_bytes(value).count(b"[") == MAX_DEPTH
    with pytest.raises(InvalidError, match="nested_too_deep"):
        canonical_bytes([value])


@pytest.mark.parametrize(
    "data",
    [
        b'{"a": 1}',
        b'{"b":1,"a":1}',
        b'{"a":1,"a":1}',
        b"1.5",
        b"NaN",
        b"\xff",
        b"",
        b'"\\u0061"',
        b"[" * 100_000,
        b'"\\ud800"',
    ],
)
def test_parse_canonical_refuses_any_other_spelling(data: bytes) -> None:
    with pytest.raises(InvalidError, match="not_canonical"):
        parse_canonical(data)


def test_sha256_hex_of_nothing() -> None:
    assert sha256_hex(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_instant_text_cuts_to_milliseconds_and_goes_to_utc() -> None:
    hanoi = timezone(timedelta(hours=7))
    assert instant_text(datetime(2026, 12, 1, 8, 0, 0, 250_999, tzinfo=hanoi)) == "2026-12-01T01:00:00.250Z"
    assert instant_text(datetime(26, 1, 1, tzinfo=UTC)) == "0026-01-01T00:00:00.000Z"


def test_instant_text_refuses_a_naive_instant() -> None:
    with pytest.raises(InvalidError, match="instant_not_aware"):
        instant_text(datetime(2026, 1, 1))  # noqa: DTZ001 -- the case under test


@given(strategies.instants)
def test_parse_instant_gives_the_instant_back_to_the_millisecond(instant: datetime) -> None:
    read = parse_instant(instant_text(instant))
    assert read.utcoffset() == timedelta(0)
    assert timedelta(0) <= instant - read < timedelta(milliseconds=1)


@pytest.mark.parametrize(
    "text",
    [
        "2026-12-01T01:00:00Z",
        "2026-12-01T01:00:00.000+00:00",
        "2026-12-01 01:00:00.000Z",
        "2026-12-01T01:00:00.000Z\n",
        "2026-02-30T01:00:00.000Z",
        "2026-12-01T24:00:01.000Z",
        "２026-12-01T01:00:00.000Z",
    ],
)
def test_parse_instant_refuses_any_other_spelling(text: str) -> None:
    with pytest.raises(InvalidError, match="instant_not_valid"):
        parse_instant(text)


@given(st.text(max_size=8))
def test_canonical_bytes_of_any_text_is_written_or_refused(text: str) -> None:
    if unicodedata.is_normalized("NFC", text):
        assert json.loads(canonical_bytes(text)) == text
    else:
        with pytest.raises(InvalidError, match="not_nfc"):
            canonical_bytes(text)
