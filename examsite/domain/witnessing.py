"""May a witness sign this checkpoint, after what it has signed before?

The file that asks for a signature is the body of `add-checkpoint` in C2SP tlog-witness: a size, the proof that the log
of that size is the start of the new one, and the checkpoint. The rule is the one of that document; only the way is
another one: files and pictures instead of a network.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from examsite.domain.checkpoints import Checkpoint, VerifierKey, Verify, open_checkpoint
from examsite.domain.errors import ConflictError, InvalidError
from examsite.domain.merkle import HASH_BYTES, verify_consistency

MAX_PROOF_LINES: Final = 63
"""Most hashes of a proof. Source: C2SP tlog-witness, "add-checkpoint"."""

_OLD: Final = re.compile(r"old (?P<size>0|[1-9][0-9]{0,18})")


@dataclass(frozen=True)
class Seen:
    """The last checkpoint of a log that a witness signed."""

    size: int
    root: bytes


@dataclass(frozen=True)
class WitnessRequest:
    """A checkpoint to sign, and the proof that it continues the log as it was at `old_size`."""

    old_size: int
    proof: tuple[bytes, ...]
    note: str


def request_text(old_size: int, proof: Sequence[bytes], note: str) -> str:
    """The file that asks for a signature. Source: C2SP tlog-witness, "add-checkpoint"."""
    lines = [f"old {old_size}", *(base64.b64encode(step).decode("ascii") for step in proof)]
    return "\n".join(lines) + f"\n\n{note}"


def parse_request(text: str) -> WitnessRequest:
    """The request in a file; a checkpoint alone asks for the first signature of a log.

    Raises:
        InvalidError: `witness_request_not_valid`.
    """
    if not text.startswith("old "):
        return WitnessRequest(0, (), text)
    head, gap, note = text.partition("\n\n")
    first, *lines = head.split("\n")
    match = _OLD.fullmatch(first)
    if match is None or not gap or len(lines) > MAX_PROOF_LINES:
        raise InvalidError("witness_request_not_valid")
    return WitnessRequest(int(match["size"]), tuple(_hash_of(line) for line in lines), note)


def check_request(request: WitnessRequest, seen: Seen | None, *, log: VerifierKey, verify: Verify) -> Checkpoint:
    """The checkpoint, when the witness may sign it: the log's own, and a continuation of the one it signed last.

    Raises:
        ConflictError: `witness_log_shorter` (the log was set back), `witness_log_forked` (two histories),
            `witness_proof_needed` (the proof starts at another size than the one signed last).
        InvalidError: `checkpoint_not_signed`, `checkpoint_of_other_log`, `note_not_valid`, `checkpoint_not_valid`.

    Source: C2SP tlog-witness, "add-checkpoint": every check of it, in its order.
    """
    checkpoint = open_checkpoint(request.note, log.name, public_key=log.public_key, verify=verify)
    if seen is None:
        return checkpoint
    if checkpoint.size < seen.size:
        raise ConflictError("witness_log_shorter", size=checkpoint.size, seen=seen.size)
    if checkpoint.size == seen.size:
        if checkpoint.root != seen.root:
            raise ConflictError("witness_log_forked", size=checkpoint.size, seen=seen.size)
        return checkpoint
    # Every log continues the empty one.
    if seen.size and request.old_size != seen.size:
        raise ConflictError("witness_proof_needed", old=request.old_size, seen=seen.size)
    continues = seen.size == 0 or verify_consistency(
        first_size=seen.size,
        second_size=checkpoint.size,
        first_root=seen.root,
        second_root=checkpoint.root,
        proof=request.proof,
    )
    if not continues:
        raise ConflictError("witness_log_forked", size=checkpoint.size, seen=seen.size)
    return checkpoint


def _hash_of(line: str) -> bytes:
    try:
        found = base64.b64decode(line, validate=True)
    except ValueError:
        found = b""
    if len(found) != HASH_BYTES or base64.b64encode(found).decode("ascii") != line:
        raise InvalidError("witness_request_not_valid")
    return found
