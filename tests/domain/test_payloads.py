"""What a stored content says, where it is whole and where it is not."""

from __future__ import annotations

import pytest

from examsite.domain.payloads import read_payload


def test_whole_content_is_given_back_as_it_was_recorded() -> None:
    assert read_payload('{"map":[],"sealed_seq":3}') == {"map": [], "sealed_seq": 3}


@pytest.mark.parametrize("text", [None, "", "{", "[1]", '"text"', "null", "[" * 100_000])
def test_destroyed_or_damaged_content_says_nothing(text: str | None) -> None:
    assert read_payload(text) == {}
