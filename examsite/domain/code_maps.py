"""What is closed when scripts are cut from attempts, and how it is written down before it is encrypted.

Two kinds of file: the map with everything that is said of all scripts at once, and for each attempt what it left in
words and points. The map names the hash of each of the others, so that none can be changed for another.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from examsite.domain.canonical import canonical_bytes, sha256_hex
from examsite.domain.errors import ConflictError
from examsite.domain.events import Event

VERSION: Final = 1

LEAST_FILE_BYTES: Final = 1 << 14
"""Smallest file of an attempt before encryption. Source: our choice, because the length of a file must not tell which
script has as many words: files are filled up to this and then to powers of two."""

_LENGTH_BYTES: Final = 4

WITHHELD: Final = frozenset(
    {
        Event.ANSWERS_SUBMITTED,
        Event.ANSWERS_AMENDED,
        Event.RESULTS_SIGNED,
        Event.SCRIPT_REDACTED,
        Event.CODES_SEALED,
    }
)
"""Facts whose content joins a script and a candidate, or says what stands in a script under the author's code.

The hash of a signed list of results is among them: the totals stand with the scripts, and of a small room every order
of them can be tried against it. The draw of the codes (`draw:held`) is closed with them."""


@dataclass(frozen=True)
class MapLine:
    """One line of the map: whose script it is, and what proves that it is the one handed in."""

    candidacy_id: int
    attempt_id: int
    candidate: str
    script: str
    answers_seq: int
    #: Hex of SHA-256(salt ‖ canonical(answers as shown to markers)), and that salt.
    content: str
    salt: str
    #: Hex of SHA-256 of the closed file of the attempt.
    file_sha256: str

    def as_recorded(self) -> dict[str, object]:
        """The line as the record of the sealing has it."""
        return {
            "candidate": self.candidate,
            "script": self.script,
            "answers_seq": self.answers_seq,
            "content": self.content,
        }


@dataclass(frozen=True)
class ClosedMap:
    """The content of the map: its lines, contents of records by number (salt, payload), and the numbers of the draw."""

    lines: tuple[MapLine, ...]
    records: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    #: By contributor: the number and its substitute.
    numbers: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def map_bytes(closed: ClosedMap) -> bytes:
    """The map as it is encrypted."""
    return pack(
        {
            "v": VERSION,
            "lines": [vars(line) for line in closed.lines],
            "records": {str(seq): list(pair) for seq, pair in closed.records.items()},
            "numbers": {by: list(pair) for by, pair in closed.numbers.items()},
        }
    )


def read_map(content: bytes) -> ClosedMap:
    """The map as it was closed.

    Raises:
        ConflictError: `code_map_damaged`.
    """
    data = unpack(content)
    try:
        return ClosedMap(
            tuple(MapLine(**line) for line in data["lines"]),
            {int(seq): (str(salt), str(payload)) for seq, (salt, payload) in data["records"].items()},
            {str(by): (str(nonce), str(substitute)) for by, (nonce, substitute) in data["numbers"].items()},
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        raise ConflictError("code_map_damaged") from None


def pack(data: Mapping[str, Any]) -> bytes:
    """The data compressed and filled up, so that a length says little."""
    squeezed = zlib.compress(json.dumps(data, ensure_ascii=False, sort_keys=True).encode("utf-8"))
    size = LEAST_FILE_BYTES
    while size < len(squeezed) + _LENGTH_BYTES:
        size *= 2
    whole = len(squeezed).to_bytes(_LENGTH_BYTES, "big") + squeezed
    return whole + bytes(size - len(whole))


def unpack(content: bytes) -> dict[str, Any]:
    """What `pack` was given.

    Raises:
        ConflictError: `code_map_damaged`.
    """
    length = int.from_bytes(content[:_LENGTH_BYTES], "big")
    try:
        data = json.loads(zlib.decompress(content[_LENGTH_BYTES : _LENGTH_BYTES + length]))
    except (ValueError, RecursionError, zlib.error):
        raise ConflictError("code_map_damaged") from None
    if not isinstance(data, dict) or data.get("v") != VERSION:
        raise ConflictError("code_map_damaged")
    return data


def holds_content(line: MapLine, content: object) -> bool:
    """Whether this is the script that the line was made over."""
    return sha256_hex(bytes.fromhex(line.salt) + canonical_bytes(content)) == line.content
