"""How is a list put in an order that nobody could choose and anybody can recompute (bốc thăm)?

Contributors commit to secret numbers, then reveal them; the list and all numbers together decide one permutation. Each
draw of a competition is this one rule: paper versions (the first wins), script codes, markers, seats, presentations.
Where the random numbers come from and who keeps them is not known here.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from examsite.domain.canonical import canonical_bytes, sha256_hex
from examsite.domain.errors import InvalidError

ItemT = TypeVar("ItemT")

VERSION: Final = 1
"""`v` of every draw document. Source: our choice (draw format, version 1)."""

NONCE_BYTES: Final = 32
"""Length of a contributor's number. Source: our choice, because 256 bits cannot be guessed from the commitment."""

NO_PUBLIC_SOURCE: Final = "none"
"""Named where no public source takes part. Source: our choice (draw format)."""


@dataclass(frozen=True)
class Contribution:
    """What one person put into a draw; `by` names a duty or a pseudonym, never a person."""

    by: str
    nonce: bytes


def commitment_of(nonce: bytes) -> str:
    """Hex of SHA-256 of the nonce, given before anything is revealed.

    Raises:
        InvalidError: `nonce_not_valid`.
    """
    if len(nonce) != NONCE_BYTES:
        raise InvalidError("nonce_not_valid", length=len(nonce), wanted=NONCE_BYTES)
    return sha256_hex(nonce)


def draw_document(
    *,
    competition: str,
    draw: str,
    items: Sequence[str],
    contributions: Iterable[Contribution],
    public_source: str = NO_PUBLIC_SOURCE,
    public_value: str = "",
) -> dict[str, object]:
    """Everything that decides the draw, as one JSON value; its hash is the seed.

    Raises:
        InvalidError: `draw_without_contribution`, `draw_contributor_twice`, `draw_item_twice`, `nonce_not_valid`.
    """
    sorted_contributions = sorted(contributions, key=lambda contribution: contribution.by)
    if not sorted_contributions:
        raise InvalidError("draw_without_contribution", draw=draw)
    if _has_repeats([contribution.by for contribution in sorted_contributions]):
        raise InvalidError("draw_contributor_twice", draw=draw)
    if _has_repeats(items):
        raise InvalidError("draw_item_twice", draw=draw)
    for contribution in sorted_contributions:
        commitment_of(contribution.nonce)
    return {
        "v": VERSION,
        "competition": competition,
        "draw": draw,
        "items": list(items),
        "contributions": [
            {"by": contribution.by, "nonce": contribution.nonce.hex()} for contribution in sorted_contributions
        ],
        "public": {"source": public_source, "value": public_value},
    }


def draw_seed(document: Mapping[str, object]) -> bytes:
    """SHA-256 of the canonical document: 32 bytes that decide the order."""
    return hashlib.sha256(canonical_bytes(document)).digest()


def seed_of_part(seed: bytes, name: str) -> bytes:
    """The seed of one part of what a draw decides, so that several orders come out of one draw; 32 bytes."""
    return hashlib.sha256(seed + name.encode("utf-8")).digest()


def permute(items: Sequence[ItemT], seed: bytes) -> list[ItemT]:
    """The items in the order that the seed decides; every order is equally likely.

    Source: Fisher and Yates, in Durstenfeld's form, over 64-bit words of SHA-256; words that would favour some
    place are thrown away.
    """
    order = list(items)
    words = _words(seed)
    for last in range(len(order) - 1, 0, -1):
        choices = last + 1
        fair_below = 2**64 // choices * choices
        place = next(word for word in words if word < fair_below) % choices
        order[last], order[place] = order[place], order[last]
    return order


def hold_draw(document: Mapping[str, object]) -> list[str]:
    """The outcome of a draw document.

    Raises:
        InvalidError: `draw_document_not_valid`.
    """
    return permute(_parts_of(document).items, draw_seed(document))


def check_draw(
    document: Mapping[str, object],
    commitments: Mapping[str, str | Collection[str]],
    outcome: Sequence[str],
    *,
    committed_items: Sequence[str] | None = None,
    committed_public_source: str | None = None,
) -> None:
    """Nothing happens when the outcome is what the committed numbers decide.

    Args:
        document: the draw document as published.
        commitments: `commitment_of` the nonce by contributor, as recorded before anything was revealed; several where
            a substitute was committed to besides.
        outcome: the order that was announced.
        committed_items: the list as recorded with the commitments, where it is at hand.
        committed_public_source: the public source named with the commitments, where it is at hand.

    Raises:
        InvalidError: `draw_document_not_valid`, `draw_contributors_differ`, `draw_commitment_broken` (with `by`),
            `draw_items_changed`, `draw_source_changed`, `draw_outcome_differs`.
    """
    parts = _parts_of(document)
    if {contribution.by for contribution in parts.contributions} != set(commitments):
        raise InvalidError("draw_contributors_differ")
    for contribution in parts.contributions:
        kept = commitments[contribution.by]
        if commitment_of(contribution.nonce) not in ([kept] if isinstance(kept, str) else kept):
            raise InvalidError("draw_commitment_broken", by=contribution.by)
    if committed_items is not None and parts.items != list(committed_items):
        raise InvalidError("draw_items_changed")
    if committed_public_source is not None and parts.public_source != committed_public_source:
        raise InvalidError("draw_source_changed")
    if permute(parts.items, draw_seed(document)) != list(outcome):
        raise InvalidError("draw_outcome_differs")


def check_draw_file(file: object) -> Mapping[str, object]:
    """The document in a file about a draw, when it holds: the bare document of a bundle, or the public file.

    The public file has besides what was committed to (`committed`) and the outcome (`outcome`), which are checked.

    Raises:
        InvalidError: the codes of `check_draw`; `draw_not_held_yet` for a file of commitments alone.
    """
    if not isinstance(file, Mapping):
        raise InvalidError("draw_document_not_valid")
    if "committed" not in file:
        _parts_of(file)
        return file
    if "document" not in file:
        raise InvalidError("draw_not_held_yet")
    try:
        document, committed = file["document"], file["committed"]
        commitments = {
            _text(row["by"]): [_text(row["commitment"]), *([row["substitute"]] if "substitute" in row else [])]
            for row in committed["commitments"]
        }
        items, source, outcome = committed["items"], committed["public"]["source"], file["outcome"]
        about = file["competition"], file["draw"]
        if len(commitments) != len(committed["commitments"]) or not isinstance(outcome, list):
            raise TypeError
        sound = about == (document["competition"], document["draw"])
    except (KeyError, TypeError):
        sound = False
    if not sound:
        raise InvalidError("draw_document_not_valid")
    check_draw(document, commitments, outcome, committed_items=items, committed_public_source=source)
    checked: Mapping[str, object] = document
    return checked


def _words(seed: bytes) -> Iterator[int]:
    block = 0
    while True:
        digest = hashlib.sha256(seed + block.to_bytes(8, "big")).digest()
        yield from struct.unpack(">4Q", digest)
        block += 1


def _has_repeats(texts: Sequence[str]) -> bool:
    return len(set(texts)) != len(texts)


@dataclass(frozen=True)
class _Parts:
    items: list[str]
    contributions: list[Contribution]
    public_source: str


def _parts_of(document: Mapping[str, Any]) -> _Parts:
    """The parts of a document, when it is one that `draw_document` makes and has nothing besides."""
    try:
        parts = _Parts(
            items=[_text(item) for item in document["items"]],
            contributions=[
                Contribution(_text(row["by"]), bytes.fromhex(row["nonce"])) for row in document["contributions"]
            ],
            public_source=_text(document["public"]["source"]),
        )
        rebuilt = draw_document(
            competition=_text(document["competition"]),
            draw=_text(document["draw"]),
            items=parts.items,
            contributions=parts.contributions,
            public_source=parts.public_source,
            public_value=_text(document["public"]["value"]),
        )
        sound = canonical_bytes(rebuilt) == canonical_bytes(document)
    except (KeyError, TypeError, ValueError, InvalidError):
        sound = False
    if not sound:
        raise InvalidError("draw_document_not_valid")
    return parts


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value
