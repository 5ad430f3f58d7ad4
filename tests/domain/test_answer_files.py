"""The content of an answer file: read strictly, bound to the page that wrote it."""

from __future__ import annotations

import json
from typing import Any

import pyrage
import pytest
from hypothesis import given
from hypothesis import strategies as st

from examsite.domain.answer_files import (
    FIRST_LINE,
    MAX_FILE_BYTES,
    check_envelope,
    check_mac,
    identity_text,
    read_answer_file,
    write_answer_file,
)
from examsite.domain.errors import InvalidError
from examsite.domain.saves import Save

TOKEN = "7.abcdef"


def body(**changes: Any) -> bytes:
    data: dict[str, Any] = {
        "attempt": 7,
        "competition": "VH-2026-01",
        "sitting": "CA1",
        "number": "A001",
        "saved_at": "2026-03-01T02:00:00.000Z",
        "remaining_seconds": 3600,
        "epoch": 2,
        "saves": [
            {"item": "Q01", "epoch": 2, "number": 1, "content": "A"},
            {"item": "E1", "epoch": 2, "number": 4, "content": "Tổ chức lại đơn vị"},
            {"item": "E1", "epoch": 1, "number": 9, "content": "Tổ chức"},
        ],
    }
    data.update(changes)
    return json.dumps(data, ensure_ascii=False).encode()


def refused(content: bytes) -> str:
    with pytest.raises(InvalidError) as error:
        read_answer_file(content)
    return error.value.code


def test_a_file_says_whose_it_is_and_every_version_oldest_page_first() -> None:
    found, mac, inside = read_answer_file(write_answer_file(body(), TOKEN))

    assert (found.attempt_id, found.sitting, found.candidate_number) == (7, "CA1", "A001")
    assert found.saves == (
        Save("E1", 1, 9, '"Tổ chức"'),
        Save("E1", 2, 4, '"Tổ chức lại đơn vị"'),
        Save("Q01", 2, 1, '"A"'),
    )
    check_mac(TOKEN, inside, mac)


def test_the_token_of_another_attempt_makes_another_file() -> None:
    _found, mac, inside = read_answer_file(write_answer_file(body(), "8.abcdef"))

    with pytest.raises(InvalidError) as error:
        check_mac(TOKEN, inside, mac)
    assert error.value.code == "answer_file_forged"


@pytest.mark.parametrize(
    "changes",
    [
        {"attempt": "7"},
        {"attempt": True},
        {"attempt": -1},
        {"epoch": 2**31},
        {"saves": []},
        {"saves": {}},
        {"saves": [{"item": "Q01", "number": 1, "content": "A"}] * 1025},
        {"saves": [{"item": "Q 1", "number": 1, "content": "A"}]},
        {"saves": [{"item": "Q01", "number": 0, "content": "A"}]},
        {"saves": [{"item": "Q01", "number": 1}]},
        {
            "saves": [
                {"item": "Q01", "number": 1, "content": "A"},
                {"item": "Q01", "number": 1, "content": "B"},
            ]
        },
        {"sitting": "CA 1"},
        {"number": None},
        {"saved_at": "x" * 41},
        {"saved_at": "a\nb"},
        {"remaining_seconds": 1.5},
        {"more": 1},
    ],
)
def test_what_no_page_of_ours_writes_is_refused(changes: dict[str, Any]) -> None:
    assert refused(write_answer_file(body(**changes), TOKEN)) == "answer_file_malformed"


@pytest.mark.parametrize(
    "content",
    [b"", FIRST_LINE, body(), FIRST_LINE + b"0" * 63 + b"\n{}", FIRST_LINE + b"0" * 64 + b"\n", b"x" + FIRST_LINE],
)
def test_another_shape_is_refused(content: bytes) -> None:
    assert refused(content) == "answer_file_malformed"


@given(st.binary(max_size=300))
def test_nothing_read_from_outside_breaks_the_reader(content: bytes) -> None:
    assert refused(FIRST_LINE + b"0" * 64 + b"\n" + content) == "answer_file_malformed"


@given(st.binary(min_size=32, max_size=32))
def test_every_seed_makes_an_identity_that_age_takes(seed: bytes) -> None:
    text = identity_text(seed)

    assert str(pyrage.x25519.Identity.from_str(text)) == text


def test_only_the_binary_form_of_age_of_a_sane_size_is_looked_at() -> None:
    check_envelope(b"age-encryption.org/v1\n-> X25519 ")
    for data, code in (
        (b"-----BEGIN AGE ENCRYPTED FILE-----\n", "answer_file_not_age"),
        (b"", "answer_file_not_age"),
        (b"age-encryption.org/v1\n" + b"0" * MAX_FILE_BYTES, "answer_file_too_large"),
    ):
        with pytest.raises(InvalidError) as error:
            check_envelope(data)
        assert error.value.code == code
