"""How do people outside the server vouch that it shows everybody one and the same log?

A witness signs a checkpoint together with the instant, in the form of C2SP tlog-cosignature (Ed25519, cosignature/v1),
once it has seen that the log continues what it signed before. A reader who demands some of the witnesses believes no
second history that only the server and fewer of them have signed. The Ed25519 arithmetic is handed in.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from examsite.domain.checkpoints import (
    Note,
    NoteSignature,
    Sign,
    VerifierKey,
    Verify,
    key_id,
    note_text,
    parse_note,
)
from examsite.domain.errors import InvalidError

COSIGNATURE: Final = 0x04
"""Kind of signature. Source: C2SP signed-note, "Signature types"."""

TIMESTAMP_BYTES: Final = 8
"""Length of the instant before the signature. Source: C2SP tlog-cosignature, "Format"."""

_SIGNATURE_BYTES: Final = 64
_LATEST: Final = 2**63 - 1


def cosigned_message(text: str, at_seconds: int) -> bytes:
    """What a witness signs: the text of the checkpoint behind two lines. `at_seconds` is a POSIX timestamp.

    Source: C2SP tlog-cosignature, "Ed25519 signed message".
    """
    return f"cosignature/v1\ntime {at_seconds}\n{text}".encode()


def cosign(note: Note, name: str, *, public_key: bytes, sign: Sign, at_seconds: int) -> NoteSignature:
    """The signature of a witness under a checkpoint."""
    signature = sign(cosigned_message(note.text, at_seconds))
    data = at_seconds.to_bytes(TIMESTAMP_BYTES, "big") + signature
    return NoteSignature(name, key_id(name, public_key, kind=COSIGNATURE), data)


def cosigned_at(note: Note, witness: VerifierKey, *, verify: Verify) -> int | None:
    """When this witness signed the checkpoint (POSIX timestamp); None when it did not, or one of its lines is false.

    Source: C2SP tlog-cosignature, "Format"; signed-note (a known key's failing signature spoils the note).
    """
    wanted = key_id(witness.name, witness.public_key, kind=COSIGNATURE)
    own = [line for line in note.signatures if line.name == witness.name and line.key_id == wanted]
    instants = [_instant_of(note.text, line.signature, witness.public_key, verify) for line in own]
    if not instants or None in instants:
        return None
    return max(instant for instant in instants if instant is not None)


def standing_witnesses(note: Note, witnesses: Iterable[VerifierKey], *, verify: Verify) -> list[VerifierKey]:
    """Those of the witnesses who signed the checkpoint; two names of one key count once.

    Source: our choice, because a quorum is of people, and whoever holds a key may give it many names.
    """
    found: dict[bytes, VerifierKey] = {}
    for witness in witnesses:
        if witness.public_key not in found and cosigned_at(note, witness, verify=verify) is not None:
            found[witness.public_key] = witness
    return list(found.values())


def check_quorum(text: str, witnesses: Iterable[VerifierKey], *, quorum: int, verify: Verify) -> list[VerifierKey]:
    """The witnesses who signed the checkpoint, when they are enough.

    Raises:
        InvalidError: `note_not_valid`; `witnesses_too_few`.
    """
    standing = standing_witnesses(parse_note(text), witnesses, verify=verify)
    if len(standing) < quorum:
        raise InvalidError("witnesses_too_few", count=len(standing), needed=quorum)
    return standing


def with_cosignatures(text: str, lines: Iterable[NoteSignature]) -> str:
    """The note with further signatures under those that it bears; none stands twice.

    Raises:
        InvalidError: `note_not_valid`, `key_name_not_valid`.
    """
    note = parse_note(text)
    return note_text(Note(note.text, tuple(dict.fromkeys((*note.signatures, *lines)))))


def _instant_of(text: str, data: bytes, public_key: bytes, verify: Verify) -> int | None:
    if len(data) != TIMESTAMP_BYTES + _SIGNATURE_BYTES:
        return None
    at_seconds = int.from_bytes(data[:TIMESTAMP_BYTES], "big")
    if at_seconds > _LATEST:
        return None
    return at_seconds if verify(public_key, data[TIMESTAMP_BYTES:], cosigned_message(text, at_seconds)) else None
