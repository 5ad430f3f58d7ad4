"""Are these words a reason that can be kept with an act? One rule for every reason that a person gives."""

from __future__ import annotations

from typing import Final

from examsite.domain.errors import InvalidError
from examsite.domain.scripts import plain_text

LONGEST_TEXT: Final = 4000
"""Longest reason, note or comment. Unit: characters. Source: our choice, because a page of writing has fewer."""

LEAST_REASON: Final = 20
"""Shortest reason where a person's word moves a score, stops a result or settles a tie. Unit: characters.

Source: our choice, because it is published with the score, and twenty signs are one short sentence."""


def checked_reason(text: str | None, *, least: int = 1) -> str:
    """The words as they are kept: readable, without blanks around them.

    Raises:
        InvalidError: `reason_missing`, `reason_too_short`, `reason_too_long`, with the `field`.
    """
    words = plain_text(text or "").strip()
    if not words:
        raise InvalidError("reason_missing", field="reason")
    if len(words) < least:
        raise InvalidError("reason_too_short", field="reason", least=least)
    if len(words) > LONGEST_TEXT:
        raise InvalidError("reason_too_long", field="reason", most=LONGEST_TEXT)
    return words
