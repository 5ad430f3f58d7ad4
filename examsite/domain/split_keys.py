"""What a split key is for, and how many of its holders must come together.

A split key is an age recipient whose private half exists only as shares: words on paper, one sheet for each holder.
The private half is never stored. Each share lies on the server, encrypted, until its holder has it on paper; the key is
in force from the moment at which the last one has.
"""

from __future__ import annotations

import unicodedata
from datetime import datetime, timedelta
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


TAKING_HOURS: Final = 48
"""By when every holder should have the own sheet on paper. Unit: hours. Source: our choice, because until then words of
sheets lie on the server, and two days reach everybody who has to come to a printer."""


def takes_too_long(made_at: datetime, *, now: datetime) -> bool:
    """Whether sheets that are not taken by now are late."""
    return now - made_at > timedelta(hours=TAKING_HOURS)


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
