"""Where a note hangs in the fixed text of an answer: a span in code points with the words under it."""

from __future__ import annotations

from dataclasses import dataclass

from examsite.domain.errors import InvalidError


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of one answer as a page names it: question, code points, and the words that the page shows there."""

    item: str
    start: int
    end: int
    quote: str


def anchored_quote(text: str, span: Span) -> str:
    """The words under the span as they stand in the text; the reader's page must have meant these very words.

    A page may show paragraphs apart, so that the kind of white space does not matter when the two are compared.

    Raises:
        InvalidError: `note_not_anchored`, when the span is not in the text or holds other words.
    """
    if not 0 <= span.start < span.end <= len(text):
        raise InvalidError("note_not_anchored")
    found = text[span.start : span.end]
    if not found.strip() or found.split() != span.quote.split():
        raise InvalidError("note_not_anchored")
    return found


def is_anchored(text: str, span: Span) -> bool:
    """Whether the words that a note was written about still stand at its span."""
    return 0 <= span.start < span.end <= len(text) and text[span.start : span.end] == span.quote
