"""Address ranges of a room's machines: read from what a person typed, asked for each machine.

No ranges means any machine. Exam rooms often share one address towards a distant server, so a range proves the room,
never the person.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Final

from examsite.domain.errors import InvalidError

MAX_RANGES: Final = 50
"""Ranges of one room. Source: our choice, because a room is one network, rarely three."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def read_ranges(text: str) -> tuple[Network, ...]:
    """The ranges of a text with one CIDR (or one address) on each line, sorted, each once.

    Raises:
        InvalidError: `address_range_malformed` with the line, `address_range_has_host` where bits stand right of the
            mask, `address_ranges_too_many`.
    """
    found: set[Network] = set()
    for number, line in enumerate(text.replace(",", "\n").splitlines(), start=1):
        typed = line.strip()
        if not typed:
            continue
        try:
            found.add(ipaddress.ip_network(typed))
        except ValueError:
            found.add(_told(typed, number))
    if len(found) > MAX_RANGES:
        raise InvalidError("address_ranges_too_many", field="address_ranges", most=MAX_RANGES)
    return tuple(sorted(found, key=lambda item: (item.version, item.network_address.packed, item.prefixlen)))


def _told(typed: str, number: int) -> Network:
    try:
        whole = ipaddress.ip_network(typed, strict=False)
    except ValueError:
        raise InvalidError("address_range_malformed", field="address_ranges", line=number, text=typed[:50]) from None
    raise InvalidError(
        "address_range_has_host", field="address_ranges", line=number, text=typed[:50], network=str(whole)
    )


def ranges_text(ranges: Iterable[Network]) -> str:
    """The ranges as they are stored: one a line."""
    return "\n".join(str(item) for item in ranges)


def is_inside(address: str, ranges: tuple[Network, ...]) -> bool:
    """Whether a machine stands in one of the ranges; an address that cannot be read stands in none.

    An IPv4 address written as IPv6 (a server that listens on both) counts as the IPv4 address.
    """
    try:
        machine = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(machine, ipaddress.IPv6Address) and machine.ipv4_mapped is not None:
        machine = machine.ipv4_mapped
    return any(machine.version == item.version and machine in item for item in ranges)
