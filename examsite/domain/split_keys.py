"""What a split key is for, and how many of its holders must come together.

A split key is an age recipient whose private half exists only as shares: words on paper, one sheet for each holder.
Nothing of the private half is ever stored.
"""

from __future__ import annotations

import unicodedata
from enum import StrEnum
from typing import Final

from examsite.domain.errors import InvalidError

SECRET_BYTES: Final = 32
"""Length of the private key that is split. Source: result formats §5 (one X25519 key of age)."""

SHARE_WORDS: Final = 33
"""Words on one sheet. Source: SLIP-39, a secret of 256 bits."""

MOST_HOLDERS: Final = 16
"""Most holders of one key. Source: SLIP-39, at most 16 shares in a group."""

LEAST_NEEDED: Final = 2
"""Fewest holders who open. Source: our choice, because one person alone must never open anything."""


class KeyPurpose(StrEnum):
    """What is encrypted to a split key."""

    #: One version of a paper.
    PAPER = "paper"
    #: The numbers that people put into draws, in case one of them keeps the own number back.
    DRAWS = "draws"
    #: The map from script codes to candidates, and what would join the two.
    CODES = "codes"


def check_quorum(needed: int, holders: int) -> None:
    """Refuse numbers of holders that protect nothing or that SLIP-39 cannot split.

    Raises:
        InvalidError: `quorum_not_valid`.
    """
    if not LEAST_NEEDED <= needed <= holders <= MOST_HOLDERS:
        raise InvalidError("quorum_not_valid", needed=needed, holders=holders, most=MOST_HOLDERS)


def plain_words(text: str) -> str:
    """The words of a share as SLIP-39 writes them: lower case, one space between, whatever was typed around them."""
    letters = "".join(sign if "a" <= sign <= "z" else " " for sign in unicodedata.normalize("NFKC", text).lower())
    return " ".join(letters.split())
