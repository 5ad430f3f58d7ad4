"""What does a candidate carry home, short enough to read aloud, that names one record of the log?

The short code is the start of the record's leaf hash. It holds nothing of the answers, no salt and no time, so nothing
that can be guessed may be checked against it.
"""

from __future__ import annotations

from typing import Final

from examsite.domain.errors import InvalidError
from examsite.domain.merkle import HASH_BYTES

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Source: Crockford's base 32 (no I, L, O, U, which are misread or misheard)."""

SHORT_CODE_BITS: Final = 50
"""Source: our choice, because ten signs can be read aloud and two receipts hardly ever meet."""

GROUP_SIGNS: Final = 5
"""Source: our choice, because five signs are kept in mind while writing."""

_SIGNS: Final = SHORT_CODE_BITS // 5
_READ_AS: Final = str.maketrans("OIL", "011")


def short_code(leaf_hash: bytes) -> str:
    """The first 50 bits of the leaf hash, such as `7KQ2M-D4X9A`.

    Raises:
        InvalidError: `leaf_hash_not_valid`.
    """
    if len(leaf_hash) != HASH_BYTES:
        raise InvalidError("leaf_hash_not_valid", length=len(leaf_hash))
    bits = int.from_bytes(leaf_hash, "big") >> (8 * HASH_BYTES - SHORT_CODE_BITS)
    signs = "".join(ALPHABET[bits >> shift & 31] for shift in range(SHORT_CODE_BITS - 5, -1, -5))
    return _grouped(signs)


def parse_short_code(text: str) -> str:
    """The code as `short_code` writes it, from whatever a person typed: any case, O for 0, I or L for 1, any grouping.

    Raises:
        InvalidError: `short_code_not_valid`.
    """
    signs = "".join(text.replace("-", " ").split()).upper().translate(_READ_AS)
    if not text.isascii() or len(signs) != _SIGNS or any(sign not in ALPHABET for sign in signs):
        raise InvalidError("short_code_not_valid", text=text)
    return _grouped(signs)


def _grouped(signs: str) -> str:
    return "-".join(signs[start : start + GROUP_SIGNS] for start in range(0, len(signs), GROUP_SIGNS))
