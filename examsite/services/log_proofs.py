"""Proofs over a record log out of its rows: that it holds a record, and that it continues an earlier state of it.

The roots of whole runs of records are kept, so that a proof over a million records reads a few thousand hashes. Whether
a row was changed is not asked here: then the proof fits no signed checkpoint.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from examsite.domain.merkle import (
    BLOCK_LEAVES,
    consistency_spans,
    inclusion_spans,
    root_hash,
    root_of_blocks,
)
from examsite.storage.queries.checkpoints import list_block_roots, list_leaves


def prove_inclusion(session: Session, log_id: int, seq: int, *, size: int) -> list[bytes]:
    """The way from the record to the root of the log at this size, lowest first.

    Raises:
        InvalidError: `leaf_not_in_tree`.
    """
    return _roots(session, log_id, inclusion_spans(size, seq))


def prove_consistency(session: Session, log_id: int, *, first_size: int, second_size: int) -> list[bytes]:
    """That the log at the first size is the start of the log at the second; empty where it is the same or empty.

    Raises:
        InvalidError: `size_not_in_tree`.
    """
    if first_size == 0:
        return []
    return _roots(session, log_id, consistency_spans(second_size, first_size))


def root_at(session: Session, log_id: int, size: int) -> bytes:
    """The root of the log when it had so many records."""
    return _roots(session, log_id, [(0, size)])[0] if size else root_hash([])


def _roots(session: Session, log_id: int, spans: Sequence[tuple[int, int]]) -> list[bytes]:
    wanted = max((end // BLOCK_LEAVES for start, end in spans if end - start >= BLOCK_LEAVES), default=0)
    blocks = list_block_roots(session, log_id, end=wanted) if wanted else []
    whole = len(blocks) == wanted
    found = []
    for start, end in spans:
        if end - start < BLOCK_LEAVES or not whole:
            found.append(root_hash(list_leaves(session, log_id, first=start, end=end)))
            continue
        # Runs as long as this begin at a whole block: trees are split at powers of two.
        last = end // BLOCK_LEAVES
        rest = list_leaves(session, log_id, first=last * BLOCK_LEAVES, end=end)
        found.append(root_of_blocks(blocks[start // BLOCK_LEAVES : last], rest))
    return found
