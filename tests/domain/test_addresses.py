"""Address ranges of a room: what is read, what is told, who stands inside."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examsite.domain.addresses import MAX_RANGES, is_inside, ranges_text, read_ranges
from examsite.domain.errors import InvalidError


def test_ranges_are_read_a_line_or_comma_each_sorted_and_once() -> None:
    text = " 192.168.10.0/24\n10.0.0.7, 192.168.10.0/24 \n\nfd00::/64"
    assert ranges_text(read_ranges(text)) == "10.0.0.7/32\n192.168.10.0/24\nfd00::/64"
    assert read_ranges(" \n ") == ()


@pytest.mark.parametrize(
    ("text", "code", "params"),
    [
        ("phòng 2", "address_range_malformed", {"field": "address_ranges", "line": 1, "text": "phòng 2"}),
        (
            "10.0.0.0/8\n10.0.0.300",
            "address_range_malformed",
            {"field": "address_ranges", "line": 2, "text": "10.0.0.300"},
        ),
        (
            "192.168.10.5/24",
            "address_range_has_host",
            {"field": "address_ranges", "line": 1, "text": "192.168.10.5/24", "network": "192.168.10.0/24"},
        ),
        (
            "\n".join(f"10.0.0.{n}" for n in range(MAX_RANGES + 1)),
            "address_ranges_too_many",
            {"field": "address_ranges", "most": MAX_RANGES},
        ),
    ],
)
def test_a_wrong_line_is_named(text: str, code: str, params: dict[str, object]) -> None:
    with pytest.raises(InvalidError) as error:
        read_ranges(text)
    assert (error.value.code, error.value.params) == (code, params)


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        ("192.168.10.1", True),
        ("192.168.10.255", True),
        ("192.168.11.1", False),
        ("::ffff:192.168.10.9", True),
        ("fd00::1", True),
        ("fd00::1%eth0", True),
        ("fd01::1", False),
        ("", False),
        ("unix:", False),
        ("192.168.10.1, 192.168.10.2", False),
    ],
)
def test_a_machine_is_inside_its_network_only(address: str, inside: bool) -> None:
    assert is_inside(address, read_ranges("192.168.10.0/24\nfd00::/64")) is inside


@given(st.ip_addresses(v=4), st.integers(min_value=0, max_value=32))
def test_reading_and_writing_keep_the_network(address: ipaddress.IPv4Address, bits: int) -> None:
    network = ipaddress.ip_network(f"{address}/{bits}", strict=False)
    ranges = read_ranges(str(network))
    assert read_ranges(ranges_text(ranges)) == ranges == (network,)
    assert is_inside(str(address), ranges)
