"""What are the exact bytes of a value, so that two machines hash the same thing?

Everything that is hashed or signed goes through `canonical_bytes`. It follows RFC 8785 (JSON Canonicalization
Scheme), narrowed: a value outside the narrow form is refused here instead of being bent into shape, because a silent
change would make the hash speak of something other than what was given. It must not know what is being hashed.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from examsite.domain.errors import InvalidError

MAX_INTEGER: Final = 2**53 - 1
"""Largest integer, either sign. Source: RFC 8785 §3.2.2.3 with RFC 7493 (I-JSON) §2.2: exact in every reader."""

MAX_DEPTH: Final = 64
"""Deepest nesting. Source: our choice, because our deepest payload has eight levels and a reader may recurse."""

_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_INSTANT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")


def canonical_bytes(value: object) -> bytes:
    """The one UTF-8 text of a JSON value.

    Accepts None, bool, int, str, list or tuple, and mappings with text keys. Text must already be NFC: it is
    normalised where it comes in, never here.

    Raises:
        InvalidError: `not_canonical_type` (floats and decimals included), `integer_too_large`, `not_nfc`,
            `not_unicode` (a lone surrogate), `key_not_text`, `nested_too_deep`.
    """
    return _text_of(value, 0).encode("utf-8")


def parse_canonical(data: bytes) -> object:
    """The value whose canonical form is exactly these bytes.

    Raises:
        InvalidError: `not_canonical`, when the bytes are not JSON or are written in any other way.
    """
    try:
        value: object = json.loads(data.decode("utf-8"))
        same = canonical_bytes(value) == data
    except (ValueError, RecursionError, InvalidError):
        same = False
    if not same:
        raise InvalidError("not_canonical")
    return value


def sha256_hex(data: bytes) -> str:
    """SHA-256 in lower-case hex."""
    return hashlib.sha256(data).hexdigest()


def instant_text(instant: datetime) -> str:
    """The instant as `YYYY-MM-DDThh:mm:ss.mmmZ` in UTC; microseconds are cut, never rounded into the future.

    Raises:
        InvalidError: `instant_not_aware`.
    """
    if instant.utcoffset() is None:
        raise InvalidError("instant_not_aware")
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def parse_instant(text: str) -> datetime:
    """The aware UTC instant written as `instant_text` writes it, and in no other way.

    Raises:
        InvalidError: `instant_not_valid`.
    """
    if _INSTANT.fullmatch(text) is None:
        raise InvalidError("instant_not_valid", text=text)
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise InvalidError("instant_not_valid", text=text) from None


#: The json module escapes exactly what RFC 8785 §3.2.2.2 escapes, in the same spelling.
_quoter = json.JSONEncoder(ensure_ascii=False)


def _text_of(value: object, depth: int) -> str:
    if depth > MAX_DEPTH:
        raise InvalidError("nested_too_deep", limit=MAX_DEPTH)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            raise InvalidError("integer_too_large", limit=MAX_INTEGER)
        return int.__repr__(value)
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, list | tuple):
        return "[" + ",".join(_text_of(item, depth + 1) for item in value) + "]"
    if isinstance(value, Mapping):
        return "{" + ",".join(_members(value, depth)) + "}"
    raise InvalidError("not_canonical_type", type=type(value).__name__)


def _members(value: Mapping[object, object], depth: int) -> list[str]:
    quoted: list[tuple[bytes, str, object]] = []
    for key, item in value.items():
        if not isinstance(key, str):
            raise InvalidError("key_not_text", type=type(key).__name__)
        text = _quoted(key)
        quoted.append((key.encode("utf-16-be"), text, item))
    # RFC 8785 §3.2.3 sorts by UTF-16 code units: big-endian bytes compare the same way.
    quoted.sort(key=lambda member: member[0])
    return [f"{text}:{_text_of(item, depth + 1)}" for _units, text, item in quoted]


def _quoted(text: str) -> str:
    if _SURROGATE.search(text) is not None:
        raise InvalidError("not_unicode")
    if not unicodedata.is_normalized("NFC", text):
        raise InvalidError("not_nfc", text=text)
    return _quoter.encode(text)
