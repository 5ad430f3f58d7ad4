"""How does the log say, once and signed, how long it is and what stands in it?

A checkpoint is a C2SP tlog-checkpoint inside a C2SP signed-note: plain text that any witness, reader or other tool of
that family understands. Building and reading the text is here; the Ed25519 arithmetic is handed in as a callable, so
that the rules stay free of libraries and of private keys.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from examsite.domain.errors import InvalidError
from examsite.domain.merkle import HASH_BYTES

Sign = Callable[[bytes], bytes]
"""Signs a message with the log's own key."""

Verify = Callable[[bytes, bytes, bytes], bool]
"""Whether (public key, signature, message) fit."""

ED25519: Final = 0x01
"""Kind of signature. Source: C2SP signed-note, "Signature types"."""

PUBLIC_KEY_BYTES: Final = 32
"""Length of a public key. Source: RFC 8032 (Ed25519)."""

KEY_ID_BYTES: Final = 4
"""Length of a key id. Source: C2SP signed-note, "Signatures"."""

MAX_SIGNATURES: Final = 100
"""Most lines read. Source: our choice, because a log has one key and few witnesses, and anyone may send a note."""

EVERY_RECORDS: Final = 100
"""A checkpoint is signed when so many records stand behind the last one. Source: record format."""

EVERY_SECONDS: Final = 60
"""… or when the oldest of them stands there for so long. Source: record format. Unit: seconds."""

RECEIPT_WITHIN_SECONDS: Final = 5
"""… or, where somebody waits for a receipt in full, for so long. Source: our choice, because who has handed in leaves
the room, and wants to take the whole receipt along. Unit: seconds."""

_VERIFIER_KEY: Final = re.compile(r"(?P<name>[^ +\n]+)\+(?P<id>[0-9a-f]{8})\+(?P<data>[A-Za-z0-9+/]+={0,2})")
_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}")
_SIGNATURE_LINE: Final = re.compile(r"\u2014 (?P<name>[^ +\n]+) (?P<data>[A-Za-z0-9+/]+={0,2})")


@dataclass(frozen=True)
class Checkpoint:
    """What the log says: its origin, its length, its root, and lines that others may have added."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()


@dataclass(frozen=True)
class NoteSignature:
    """One signature line of a note, as it stands there; nothing says yet that it is good."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True)
class Note:
    """A text with signatures under it; `text` ends with a line end, and is what the signatures are over."""

    text: str
    signatures: tuple[NoteSignature, ...]


@dataclass(frozen=True)
class VerifierKey:
    """Whose signatures count: a name, a public key and the kind of signature."""

    name: str
    public_key: bytes
    kind: int = ED25519

    @property
    def key_id(self) -> bytes:
        """What names the key in a signature line."""
        return key_id(self.name, self.public_key, kind=self.kind)

    def as_text(self) -> str:
        """One line to print and to copy: `name+key id+base64`. Source: C2SP signed-note, "Verifier keys".

        Raises:
            InvalidError: `key_name_not_valid`.
        """
        _check_name(self.name)
        data = base64.b64encode(bytes([self.kind]) + self.public_key).decode("ascii")
        return f"{self.name}+{self.key_id.hex()}+{data}"


def parse_verifier_key(text: str, *, kind: int = ED25519) -> VerifierKey:
    """The key in its one line, of this kind.

    Raises:
        InvalidError: `verifier_key_not_valid`.
    """
    match = _VERIFIER_KEY.fullmatch(text.strip())
    data = _from_base64(match["data"]) if match else None
    if match is None or data is None or len(data) != 1 + PUBLIC_KEY_BYTES or data[0] != kind:
        raise InvalidError("verifier_key_not_valid")
    key = VerifierKey(match["name"], data[1:], kind)
    if not _is_plain(key.name) or key.key_id.hex() != match["id"]:
        raise InvalidError("verifier_key_not_valid")
    return key


def checkpoint_text(checkpoint: Checkpoint) -> str:
    """The text that is signed.

    Raises:
        InvalidError: `checkpoint_not_valid`, when a line is empty or the text could not be read back.
    """
    root = base64.b64encode(checkpoint.root).decode("ascii")
    lines = (checkpoint.origin, str(checkpoint.size), root, *checkpoint.extensions)
    text = "".join(f"{line}\n" for line in lines)
    if parse_checkpoint_text(text) != checkpoint:
        raise InvalidError("checkpoint_not_valid")
    return text


def parse_checkpoint_text(text: str) -> Checkpoint:
    """The checkpoint in the text of a note.

    Raises:
        InvalidError: `checkpoint_not_valid`.
    """
    lines = text.split("\n")
    if len(lines) < 4 or lines.pop() or not all(lines) or not _is_plain(text):
        raise InvalidError("checkpoint_not_valid")
    origin, size, root_text, *extensions = lines
    root = _from_base64(root_text)
    if _SIZE.fullmatch(size) is None or root is None or len(root) != HASH_BYTES:
        raise InvalidError("checkpoint_not_valid")
    return Checkpoint(origin, int(size), root, tuple(extensions))


def is_due(uncovered: int, waiting: timedelta, *, receipt_waits: bool) -> bool:
    """Whether the log is to be signed anew.

    Args:
        uncovered: records behind the last checkpoint.
        waiting: for how long the oldest of them stands there.
        receipt_waits: one of them is to come with a receipt.
    """
    longest = timedelta(seconds=RECEIPT_WITHIN_SECONDS if receipt_waits else EVERY_SECONDS)
    return uncovered >= EVERY_RECORDS or (uncovered > 0 and waiting >= longest)


def key_id(name: str, public_key: bytes, *, kind: int = ED25519) -> bytes:
    """The first four bytes of SHA-256(name ‖ 0x0A ‖ kind ‖ public key). Source: C2SP signed-note, "Signatures"."""
    return hashlib.sha256(name.encode("utf-8") + b"\n" + bytes([kind]) + public_key).digest()[:KEY_ID_BYTES]


def sign_checkpoint(checkpoint: Checkpoint, name: str, *, public_key: bytes, sign: Sign) -> str:
    """The signed note of a checkpoint; `name` is the name of the key, for a log its origin.

    Raises:
        InvalidError: `checkpoint_not_valid`, `key_name_not_valid`.
    """
    text = checkpoint_text(checkpoint)
    signature = NoteSignature(name, key_id(name, public_key), sign(text.encode("utf-8")))
    return note_text(Note(text, (signature,)))


def note_text(note: Note) -> str:
    """The note with its signature lines, the way it is kept and published.

    Raises:
        InvalidError: `key_name_not_valid`.
    """
    return f"{note.text}\n" + "".join(f"{signature_line(signature)}\n" for signature in note.signatures)


def parse_note(text: str) -> Note:
    """The text and the signature lines of a note; no signature is verified here.

    Raises:
        InvalidError: `note_not_valid`.
    """
    body, gap, tail = text.rpartition("\n\n")
    lines = tail.split("\n")
    if not gap or lines.pop() or not 0 < len(lines) <= MAX_SIGNATURES or not _is_plain(text):
        raise InvalidError("note_not_valid")
    return Note(f"{body}\n", tuple(parse_signature_line(line) for line in lines))


def is_signed_by(note: Note, name: str, *, public_key: bytes, verify: Verify) -> bool:
    """Whether the note bears this key's signature, and none of the key's that is false.

    Signatures of keys that are not asked about say nothing, good or bad.
    Source: C2SP signed-note, "Verifying" (a known key's failing signature spoils the note).
    """
    wanted = key_id(name, public_key)
    own = [line for line in note.signatures if line.name == name and line.key_id == wanted]
    message = note.text.encode("utf-8")
    return bool(own) and all(verify(public_key, line.signature, message) for line in own)


def open_checkpoint(text: str, name: str, *, public_key: bytes, verify: Verify) -> Checkpoint:
    """The checkpoint in a note, once it is known to be signed by this key and to speak of this log.

    Raises:
        InvalidError: `note_not_valid`, `checkpoint_not_signed`, `checkpoint_not_valid`, `checkpoint_of_other_log`.
    """
    note = parse_note(text)
    if not is_signed_by(note, name, public_key=public_key, verify=verify):
        raise InvalidError("checkpoint_not_signed", name=name)
    checkpoint = parse_checkpoint_text(note.text)
    if checkpoint.origin != name:
        raise InvalidError("checkpoint_of_other_log", name=name, origin=checkpoint.origin)
    return checkpoint


def signature_line(signature: NoteSignature) -> str:
    """One line under a note.

    Raises:
        InvalidError: `key_name_not_valid`.
    """
    _check_name(signature.name)
    data = base64.b64encode(signature.key_id + signature.signature).decode("ascii")
    return f"\u2014 {signature.name} {data}"


def _check_name(name: str) -> None:
    if (
        _SIGNATURE_LINE.fullmatch(f"\u2014 {name} AAAAAAAA") is None
        or not _is_plain(name)
        or any(map(str.isspace, name))
    ):
        raise InvalidError("key_name_not_valid", name=name)


def parse_signature_line(line: str) -> NoteSignature:
    """The signature in one line under a note; nothing is verified here.

    Raises:
        InvalidError: `note_not_valid`.
    """
    match = _SIGNATURE_LINE.fullmatch(line)
    data = _from_base64(match["data"]) if match else None
    if match is None or data is None or len(data) <= KEY_ID_BYTES or any(map(str.isspace, match["name"])):
        raise InvalidError("note_not_valid")
    return NoteSignature(match["name"], data[:KEY_ID_BYTES], data[KEY_ID_BYTES:])


def _from_base64(text: str) -> bytes | None:
    """The bytes, where the text is their one base64 spelling."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if base64.b64encode(data).decode("ascii") == text else None


def _is_plain(text: str) -> bool:
    """No control character but the line end, no lone surrogate. Source: C2SP signed-note, "Format"."""
    return not any((char < " " and char != "\n") or char == "\x7f" or "\ud800" <= char <= "\udfff" for char in text)
