"""What does a candidate carry home that names one record of the log, and proves that the log holds it?

The short code, to read aloud, is the start of the record's leaf hash. The receipt in full is the record itself with a
C2SP tlog-proof up to a checkpoint. Neither holds anything of the answers nor a salt, so nothing that can be guessed may
be checked against it; salt and payload come later, to the candidate alone, and then one comparison shows whether the
answers are still the ones that were handed in.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from examsite.domain.canonical import canonical_bytes, parse_canonical
from examsite.domain.checkpoints import Checkpoint, parse_checkpoint_text, parse_note
from examsite.domain.errors import DomainError, InvalidError
from examsite.domain.merkle import HASH_BYTES, verify_inclusion
from examsite.domain.records import Record, commitment, leaf_hash, parse_record, record_bytes

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Source: Crockford's base 32 (no I, L, O, U, which are misread or misheard)."""

SHORT_CODE_BITS: Final = 50
"""Source: our choice, because ten signs can be read aloud and two receipts hardly ever meet."""

GROUP_SIGNS: Final = 5
"""Source: our choice, because five signs are kept in mind while writing."""

PROOF_HEADER: Final = "c2sp.org/tlog-proof@v1"
"""First line of a proof. Source: C2SP tlog-proof, "Format"."""

MAX_RECEIPT: Final = 8_000
"""Longest text that is read as a receipt. Source: our choice, because the longest proof of a log takes a third of it.
Unit: characters."""

_INDEX: Final = re.compile(r"index (?P<index>0|[1-9][0-9]{0,15})")

_SIGNS: Final = SHORT_CODE_BITS // 5
_READ_AS: Final = str.maketrans("OIL", "011")


def short_code(leaf_hash: bytes) -> str:
    """The first 50 bits of the leaf hash, such as `7KQ2M-D4X9A`.

    Raises:
        InvalidError: `leaf_hash_not_valid`.
    """
    if len(leaf_hash) != HASH_BYTES:
        raise InvalidError("leaf_hash_not_valid", length=len(leaf_hash))
    bits = int.from_bytes(leaf_hash, "big") >> (8 * HASH_BYTES - SHORT_CODE_BITS)
    signs = "".join(ALPHABET[bits >> shift & 31] for shift in range(SHORT_CODE_BITS - 5, -1, -5))
    return _grouped(signs)


_DASHES = re.compile("[-\u2010-\u2015\u2212]")


def parse_short_code(text: str) -> str:
    """The code as `short_code` writes it, from whatever a person typed: any case, O for 0, I or L for 1, any grouping.

    Raises:
        InvalidError: `short_code_not_valid`.
    """
    plain = _DASHES.sub(" ", text)  # telephones write another dash than the one that was printed
    signs = "".join(plain.split()).upper().translate(_READ_AS)
    if not plain.isascii() or len(signs) != _SIGNS or any(sign not in ALPHABET for sign in signs):
        raise InvalidError("short_code_not_valid", text=text)
    return _grouped(signs)


def leaves_of_code(code: str) -> tuple[str, str]:
    """The smallest and the largest leaf hash with this code, as hex; `code` as `short_code` writes it."""
    bits = 0
    for sign in code.replace("-", ""):
        bits = bits << 5 | ALPHABET.index(sign)
    rest = 8 * HASH_BYTES - SHORT_CODE_BITS
    digits = 2 * HASH_BYTES
    return f"{bits << rest:0{digits}x}", f"{(bits + 1 << rest) - 1:0{digits}x}"


def _grouped(signs: str) -> str:
    return "-".join(signs[start : start + GROUP_SIGNS] for start in range(0, len(signs), GROUP_SIGNS))


@dataclass(frozen=True)
class Receipt:
    """A record, the way from it to the root of a checkpoint, and that checkpoint as signed."""

    record: Record
    path: tuple[bytes, ...]
    note: str

    @property
    def short_code(self) -> str:
        """The code that was read aloud."""
        return short_code(leaf_hash(self.record))


def receipt_text(record: Record, path: Sequence[bytes], note: str) -> str:
    """The receipt as text: the line of the record, then a C2SP tlog-proof. `note` is the checkpoint as signed."""
    lines = [PROOF_HEADER, f"index {record.seq}", *(base64.b64encode(step).decode("ascii") for step in path)]
    return record_bytes(record).decode("utf-8") + "\n" + "\n".join(lines) + f"\n\n{note}"


def parse_receipt(text: str) -> Receipt:
    """The receipt in a text as people hand it on: ends of lines of any system, blanks around it.

    Raises:
        InvalidError: `receipt_not_valid`, with the `part` that is wrong: record, proof or checkpoint.
    """
    if len(text) > MAX_RECEIPT:
        raise InvalidError("receipt_not_valid", part="record")
    lines = [line.rstrip() for line in text.removeprefix("\ufeff").strip().splitlines()]
    record = _record_of(lines[0] if lines else "")
    gap = lines.index("") if "" in lines else len(lines)
    header, index, path = lines[1:2], lines[2:3], lines[3:gap]
    if header != [PROOF_HEADER] or index != [f"index {record.seq}"] or _INDEX.fullmatch(index[0]) is None:
        raise InvalidError("receipt_not_valid", part="proof")
    note = "\n".join(lines[gap + 1 :]) + "\n"
    try:
        parse_checkpoint_text(parse_note(note).text)
    except InvalidError:
        raise InvalidError("receipt_not_valid", part="checkpoint") from None
    return Receipt(record, tuple(_step_of(line) for line in path), note)


def check_receipt(receipt: Receipt) -> Checkpoint:
    """The checkpoint of the receipt, when the proof leads from the record to its root. Not who signed it.

    Raises:
        InvalidError: `receipt_not_included`.
    """
    checkpoint = parse_checkpoint_text(parse_note(receipt.note).text)
    leads = verify_inclusion(
        leaf_hash(receipt.record),
        receipt.record.seq,
        size=checkpoint.size,
        proof=receipt.path,
        root=checkpoint.root,
    )
    if not leads:
        raise InvalidError("receipt_not_included", number=receipt.record.seq, size=checkpoint.size)
    return checkpoint


@dataclass(frozen=True)
class OpenedRecord:
    """What discloses one record to whoever it is about."""

    seq: int
    salt: str
    payload: Any

    def as_text(self) -> str:
        """One line, the same as in a bundle."""
        return canonical_bytes({"payload": self.payload, "salt": self.salt, "seq": self.seq}).decode("utf-8") + "\n"


def parse_opening(text: str, *, seq: int | None = None) -> OpenedRecord:
    """The opening in a line of text, or that of one record in the file with all the records of a candidate.

    Raises:
        InvalidError: `opening_not_valid`.
    """
    try:
        value = json.loads(text, object_pairs_hook=_object_of)
        if "records" in value:
            (found,) = [one for one in value["records"] if one["record"]["seq"] == seq]
            value = {"payload": found["payload"], "salt": found["salt"], "seq": seq}
        canonical_bytes(value)
        bytes.fromhex(value["salt"])
        sound = set(value) == {"payload", "salt", "seq"} and type(value["seq"]) is int
    except (ValueError, TypeError, KeyError, RecursionError, DomainError):
        sound = False
    if not sound:
        raise InvalidError("opening_not_valid")
    return OpenedRecord(value["seq"], value["salt"], value["payload"])


def _object_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; a name that stands twice would show a reader other words than the ones that are compared."""
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a name stands twice")
    return made


def check_opening(record: Record, opening: OpenedRecord) -> None:
    """Nothing happens when the opened content is the one that the record was made of: not a letter has changed since.

    Raises:
        InvalidError: `opening_of_other_record`, `opening_differs`.
    """
    if opening.seq != record.seq:
        raise InvalidError("opening_of_other_record", number=opening.seq, wanted=record.seq)
    try:
        fits = commitment(bytes.fromhex(opening.salt), opening.payload) == record.commit
    except InvalidError:
        fits = False
    if not fits:
        raise InvalidError("opening_differs", number=record.seq)


def _record_of(line: str) -> Record:
    try:
        return parse_record(parse_canonical(line.encode("utf-8", errors="surrogatepass")))
    except DomainError:
        raise InvalidError("receipt_not_valid", part="record") from None


def _step_of(line: str) -> bytes:
    try:
        step = base64.b64decode(line, validate=True)
    except ValueError:
        step = b""
    if len(step) != HASH_BYTES or base64.b64encode(step).decode("ascii") != line:
        raise InvalidError("receipt_not_valid", part="proof")
    return step
