"""How do a few hashes prove that a log holds an entry, and that a longer log is the shorter one continued?

The tree, the proofs and their verification of RFC 9162 §2.1 over leaf hashes, and `TreeState`, which keeps only the
full subtrees so that one more leaf costs a few hashes. It knows bytes and sizes, nothing of what a leaf says.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from examsite.domain.canonical import canonical_bytes
from examsite.domain.errors import InvalidError

HASH_BYTES: Final = 32
"""Length of a hash. Source: RFC 9162 §2.1 with SHA-256."""

EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
"""Root of no leaves. Source: RFC 9162 §2.1.1."""

BLOCK_LEAVES: Final = 256
"""Leaves of a run whose root is kept. Source: our choice (as in C2SP tlog-tiles, a power of two), because a proof over
a million leaves then reads a few thousand hashes, and keeping one costs nothing."""

_HASH_HEX: Final = re.compile(r"[0-9a-f]{64}")


def leaf_hash_of(entry: bytes) -> bytes:
    """Hash of an entry as a leaf. Source: RFC 9162 §2.1.1 (prefix 0x00)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node. Source: RFC 9162 §2.1.1 (prefix 0x01)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_hash(leaves: Sequence[bytes]) -> bytes:
    """Root of the tree over these leaf hashes. Source: RFC 9162 §2.1.1."""
    return _root(leaves, 0, len(leaves)) if leaves else EMPTY_ROOT


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The hashes that lead from one leaf to the root, lowest first. Source: RFC 9162 §2.1.3.1.

    Raises:
        InvalidError: `leaf_not_in_tree`.
    """
    return [_root(leaves, start, end) for start, end in inclusion_spans(len(leaves), index)]


def inclusion_spans(size: int, index: int) -> list[tuple[int, int]]:
    """The runs of leaves whose roots are the proof of one leaf, lowest first: who keeps roots needs no leaves.

    Raises:
        InvalidError: `leaf_not_in_tree`.
    """
    if not 0 <= index < size:
        raise InvalidError("leaf_not_in_tree", index=index, size=size)
    spans: list[tuple[int, int]] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _left_size(end - start)
        if index < middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((start, middle))
            start = middle
    spans.reverse()
    return spans


def verify_inclusion(leaf: bytes, index: int, *, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the proof leads from this leaf at this place to this root. Source: RFC 9162 §2.1.3.2."""
    if not 0 <= index < size or not _are_hashes((leaf, *proof)):
        return False
    place, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if place % 2 or place == last:
            found = node_hash(sibling, found)
            while place % 2 == 0 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and found == root


def consistency_proof(leaves: Sequence[bytes], first_size: int) -> list[bytes]:
    """The hashes that show the first leaves to be the start of all of them. Source: RFC 9162 §2.1.4.1.

    Raises:
        InvalidError: `size_not_in_tree`, when there are fewer leaves, or none were asked for.
    """
    return [_root(leaves, start, end) for start, end in consistency_spans(len(leaves), first_size)]


def consistency_spans(size: int, first_size: int) -> list[tuple[int, int]]:
    """The runs of leaves whose roots show that the first leaves are the start of all; see `inclusion_spans`.

    Raises:
        InvalidError: `size_not_in_tree`.
    """
    if not 0 < first_size <= size:
        raise InvalidError("size_not_in_tree", first_size=first_size, size=size)
    spans: list[tuple[int, int]] = []
    start, end, whole = 0, size, True
    while first_size != end:
        middle = start + _left_size(end - start)
        if first_size <= middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((start, middle))
            start, whole = middle, False
    if not whole:
        spans.append((start, end))
    spans.reverse()
    return spans


def root_of_blocks(blocks: Sequence[bytes], rest: Sequence[bytes] = ()) -> bytes:
    """Root over whole blocks, given by their roots, and the leaves behind the last one: fewer than a block.

    Source: RFC 9162 §2.1.1: a tree is split at the largest power of two, so that blocks of such a size are subtrees.
    """
    return root_hash([*blocks, root_hash(rest)] if rest else blocks)


def verify_consistency(
    *, first_size: int, second_size: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether the second tree is the first one continued. Source: RFC 9162 §2.1.4.2.

    Every tree continues the empty one; that takes an empty proof, as does a tree of the same size.
    """
    if not 0 <= first_size <= second_size or not _are_hashes(proof):
        return False
    if first_size == 0:
        return not proof and first_root == EMPTY_ROOT
    if first_size == second_size:
        return not proof and first_root == second_root
    path = list(proof)
    if first_size & (first_size - 1) == 0:
        path.insert(0, first_root)
    place, last = first_size - 1, second_size - 1
    while place % 2:
        place, last = place >> 1, last >> 1
    if not path:
        return False
    first_found = second_found = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if place % 2 or place == last:
            first_found = node_hash(sibling, first_found)
            second_found = node_hash(sibling, second_found)
            while place % 2 == 0 and place:
                place, last = place >> 1, last >> 1
        else:
            second_found = node_hash(second_found, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and first_found == first_root and second_found == second_root


@dataclass(frozen=True)
class Peak:
    """A full subtree at the right edge of a growing tree; `size` is a power of two."""

    size: int
    hash: bytes


@dataclass(frozen=True)
class TreeState:
    """A tree known only by its full subtrees, largest first: enough to append and to tell the root."""

    peaks: tuple[Peak, ...] = ()

    @property
    def size(self) -> int:
        """How many leaves there are."""
        return sum(peak.size for peak in self.peaks)

    def append(self, leaf: bytes) -> TreeState:
        """The tree with one more leaf."""
        peaks = list(self.peaks)
        grown = Peak(1, leaf)
        while peaks and peaks[-1].size == grown.size:
            grown = Peak(2 * grown.size, node_hash(peaks.pop().hash, grown.hash))
        return TreeState((*peaks, grown))

    def root(self) -> bytes:
        """The root, the same as `root_hash` of all leaves."""
        if not self.peaks:
            return EMPTY_ROOT
        found = self.peaks[-1].hash
        for peak in reversed(self.peaks[:-1]):
            found = node_hash(peak.hash, found)
        return found

    def block_filled_by(self, leaf: bytes) -> bytes | None:
        """The root of the run of `BLOCK_LEAVES` that this leaf would fill; None when it fills none."""
        if (self.size + 1) % BLOCK_LEAVES:
            return None
        found = leaf
        for peak in reversed(self.peaks):
            if peak.size >= BLOCK_LEAVES:
                break
            found = node_hash(peak.hash, found)
        return found

    def to_json(self) -> str:
        """The state as one short text (about 90 characters for each binary digit of the size)."""
        peaks = [{"hash": peak.hash.hex(), "size": peak.size} for peak in self.peaks]
        return canonical_bytes(peaks).decode("utf-8")

    @classmethod
    def from_json(cls, text: str) -> TreeState:
        """The state that `to_json` wrote.

        Raises:
            InvalidError: `tree_state_not_valid`.
        """
        try:
            rows = [(row["size"], row["hash"]) for row in json.loads(text)]
            sound = all(_is_peak(size, digest) for size, digest in rows)
            sizes = [size for size, _digest in rows]
            sound = sound and sizes == sorted(set(sizes), reverse=True)
        except (ValueError, TypeError, KeyError, RecursionError):
            sound = False
        if not sound:
            raise InvalidError("tree_state_not_valid")
        return cls(tuple(Peak(size, bytes.fromhex(digest)) for size, digest in rows))


def _is_peak(size: object, digest: object) -> bool:
    return (
        type(size) is int
        and size > 0
        and size & (size - 1) == 0
        and isinstance(digest, str)
        and _HASH_HEX.fullmatch(digest) is not None
    )


def _are_hashes(values: Iterable[bytes]) -> bool:
    # Two values of other lengths could make the same 64 bytes as two hashes, and so prove a leaf that never was.
    return all(len(value) == HASH_BYTES for value in values)


def _left_size(size: int) -> int:
    """Leaves in the left subtree: the largest power of two below the size."""
    return int(1 << (size - 1).bit_length() - 1)


def _root(leaves: Sequence[bytes], start: int, end: int) -> bytes:
    if end - start == 1:
        return leaves[start]
    middle = start + _left_size(end - start)
    return node_hash(_root(leaves, start, middle), _root(leaves, middle, end))
