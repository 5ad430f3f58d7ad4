"""The token of an attempt: what a test page shows instead of a log-in, from the waiting room to the hand-in.

It names the attempt and proves with the key of the installation that the server gave it out, so nothing is stored and
nothing is looked up to check it. It is the same on every page of the attempt, so that an old page can still hand over
its text; which page may write is decided by the epoch.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from functools import lru_cache
from typing import Final

from examsite.config import Settings
from examsite.domain.errors import NotAllowedError

_LONGEST: Final = 80
"""Characters of a token that are read at all. Source: our choice, because none of ours has more than 63."""

_LARGEST_ID_DIGITS: Final = 18
"""Digits of the largest number an attempt may have. Source: our choice, because every database keeps it."""

#: How many tokens a process remembers. Source: our choice, because a day has fewer candidates.
_KEPT: Final = 8192


def token_of_attempt(settings: Settings, attempt_id: int) -> str:
    """The token of an attempt: its number, a point, and the proof."""
    return f"{attempt_id}.{_proof(settings.secret_key, attempt_id)}"


def attempt_of_token(settings: Settings, token: str) -> int:
    """The number of the attempt that a token stands for.

    Raises:
        NotAllowedError: `token_unknown`.
    """
    number, _point, proof = token.partition(".")
    if len(token) > _LONGEST or not (number.isascii() and number.isdecimal()) or len(number) > _LARGEST_ID_DIGITS:
        raise NotAllowedError("token_unknown")
    attempt_id = int(number)
    if str(attempt_id) != number or not hmac.compare_digest(
        proof.encode("utf-8", "replace"), _proof(settings.secret_key, attempt_id).encode("ascii")
    ):
        raise NotAllowedError("token_unknown")
    return attempt_id


@lru_cache(maxsize=_KEPT)
def _proof(secret_key: str, attempt_id: int) -> str:
    digest = hmac.digest(secret_key.encode(), f"attempt/{attempt_id}".encode(), hashlib.sha256)
    return urlsafe_b64encode(digest).decode("ascii").rstrip("=")
