"""In which order a marker meets scripts when marking question by question: drawn, stable, another for each question."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def order_for_question(codes: Iterable[str], *, seed: bytes, marker: str, item: str) -> list[str]:
    """The codes in this marker's order for this question.

    Each code has its own place value, so that a script that comes later or goes moves none of the others.

    Args:
        codes: of the scripts in the marker's queue.
        seed: of the draw that allocated them.
        marker: pseudonym.
        item: the question as the paper names it.

    Source: our choice, because the same script early in every question would carry its first impression through.
    """
    return sorted(codes, key=lambda code: (_place(seed, marker, item, code), code))


def _place(seed: bytes, marker: str, item: str, code: str) -> bytes:
    return hashlib.sha256(b"/".join((seed, b"question", marker.encode(), item.encode(), code.encode()))).digest()
