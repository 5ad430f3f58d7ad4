"""Thousands of words looked for in thousands of texts: whether any of them stands there."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

#: By how many letters words are told apart before they are compared; fewer where a word is shorter. Source: our choice,
#: because names and numbers of different people differ in few more.
_START = 6


@dataclass(frozen=True)
class WordSearch:
    """Words by their first letters, so that a text is gone through once and not once for each of them."""

    size: int
    by_start: Mapping[str, tuple[str, ...]]

    def is_in(self, text: str) -> bool:
        """Whether one of the words stands anywhere in the text."""
        size, by_start = self.size, self.by_start
        if not by_start:
            return False
        for at in range(len(text) - size + 1):
            known = by_start.get(text[at : at + size])
            if known is not None and any(text.startswith(word, at) for word in known):
                return True
        return False


def word_search(words: Collection[str]) -> WordSearch:
    """A search for these words; an empty one stands in no text."""
    wanted = sorted({word for word in words if word})
    size = min([_START, *(len(word) for word in wanted)])
    by_start: dict[str, tuple[str, ...]] = {}
    for word in wanted:
        by_start[word[:size]] = (*by_start.get(word[:size], ()), word)
    return WordSearch(size, by_start)
