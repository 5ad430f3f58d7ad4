"""What is in a result bundle, in which order, and which records it opens to whom?

The published result format (its sections on the bundle and the opened payloads) is the contract; nothing here reads a
row or computes a result. The same values give the same bytes on any machine.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from examsite.domain.canonical import canonical_bytes
from examsite.domain.errors import InvalidError
from examsite.domain.events import MUST_BE_OPENED, Event
from examsite.domain.records import Record, record_bytes
from examsite.domain.ruleset_model import RuleSet

RESULT: Final = "result.json"
LOG: Final = "log.jsonl"
CHECKPOINT: Final = "checkpoint.txt"
OPENINGS: Final = "openings.jsonl"
DRAWS: Final = "draws/"
PREVIOUS: Final = "previous.txt"
REPORT: Final = "bao-cao.pdf"
VERIFIER: Final = "verify.py"
INSTRUCTIONS: Final = "HUONG-DAN.txt"

UNSIGNED: Final = (REPORT, VERIFIER, INSTRUCTIONS)
"""Entries for people, behind the data. Source: result format: not part of the signed data."""

_DATE: Final = (1980, 1, 1, 0, 0, 0)
# Written by a Unix, a plain file that everyone may read: else the machine that builds would show in the bytes.
_UNIX, _PLAIN_FILE = 3, 0o644 << 16


class Audience(StrEnum):
    """Who a bundle is for."""

    PUBLIC = "public"
    FULL = "full"
    SUPERVISION = "supervision"


@dataclass(frozen=True, slots=True)
class Opening:
    """What discloses one record."""

    seq: int
    event: str
    salt: str
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class BundleEntry:
    """One file of a bundle."""

    name: str
    data: bytes


def is_document_public(ruleset: RuleSet) -> bool:
    """Whether the signed document itself may be given to everyone: it holds the scores of all.

    Source: our choice, because a `result.json` with less than was signed would not have the hash that was signed; a
    rule set that closes the scores of the others has no public bundle.
    """
    return ruleset.others_published == "code-and-scores"


def opened_events(audience: Audience) -> frozenset[str]:
    """The kinds of record that the bundle opens; every record of these kinds, so that nothing unwelcome stays closed.

    Source: result format, the kinds that must be opened; who is behind a pseudonym is for the supervision board.
    """
    opened = {event.value for event in MUST_BE_OPENED}
    if audience is Audience.SUPERVISION:
        opened.add(Event.ROLES_FIXED.value)
    return frozenset(opened)


def data_entries(
    *, result: bytes, records: Iterable[Record], checkpoint: str, openings: Sequence[Opening], previous: str | None
) -> list[BundleEntry]:
    """The signed data in the order of the bundle.

    Args:
        result: the canonical bytes whose hash was signed.
        records: every record that the checkpoint covers, in order.
        checkpoint: the signed note.
        openings: of the records that are opened, in order.
        previous: hex of SHA-256 of the bundle that this one replaces, if there is one.

    Raises:
        InvalidError: `draw_twice`, when two draws that were held bear one name; `not_canonical`.
    """
    return [
        BundleEntry(RESULT, result),
        BundleEntry(LOG, _lines(record_bytes(record) for record in records)),
        BundleEntry(CHECKPOINT, checkpoint.encode("utf-8")),
        BundleEntry(OPENINGS, _lines(_opening_bytes(opening) for opening in openings)),
        *_draw_entries(openings),
        BundleEntry(PREVIOUS, (previous or "").encode("ascii")),
    ]


def unsigned_entries(*, report: bytes, verifier: bytes, result_sha256: str, origin: str) -> list[BundleEntry]:
    """What comes along for people, in the order of the bundle."""
    return [
        BundleEntry(REPORT, report),
        BundleEntry(VERIFIER, verifier),
        BundleEntry(INSTRUCTIONS, instructions(result_sha256=result_sha256, origin=origin).encode("utf-8")),
    ]


def instructions(*, result_sha256: str, origin: str) -> str:
    """The three lines for whoever opens the bundle.

    Source: result format: three lines; keys are never taken from the bundle itself.
    """
    return (
        f"1. Giải nén {VERIFIER} từ tệp này, rồi chạy: python3 {VERIFIER} TEP.zip --log-key KHOA "
        "(Python 3.9 trở lên, không cần mạng; thêm --english để đọc tiếng Anh).\n"
        f"2. KHOA là khóa công khai của sổ ghi {origin}: lấy từ thông báo hoặc biên bản, không lấy từ tệp này; "
        "thiếu khóa thì chương trình nói chưa ghim khóa.\n"
        f"3. So mã SHA-256 của {RESULT} với mã trên văn bản đã ký: {result_sha256}\n"
    )


def bundle_bytes(entries: Iterable[BundleEntry]) -> bytes:
    """The bundle: a zip with these entries stored as they are, in this order, dated 1980-01-01."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as bundle:
        for entry in entries:
            header = zipfile.ZipInfo(entry.name, date_time=_DATE)
            header.compress_type = zipfile.ZIP_STORED
            header.create_system = _UNIX
            header.external_attr = _PLAIN_FILE
            bundle.writestr(header, entry.data)
    return out.getvalue()


def _opening_bytes(opening: Opening) -> bytes:
    return canonical_bytes({"seq": opening.seq, "salt": opening.salt, "payload": opening.payload})


def _draw_entries(openings: Iterable[Opening]) -> list[BundleEntry]:
    """The documents of the draws that were held, by name: from each anyone repeats the draw."""
    documents: dict[str, object] = {}
    for opening in openings:
        if opening.event == Event.DRAW_HELD:
            document = opening.payload["document"]
            name = str(document["draw"])
            if name in documents:
                raise InvalidError("draw_twice", draw=name)
            documents[name] = document
    named = sorted((f"{DRAWS}{name}.json", document) for name, document in documents.items())
    return [BundleEntry(name, canonical_bytes(document)) for name, document in named]


def _lines(rows: Iterable[bytes]) -> bytes:
    return b"".join(row + b"\n" for row in rows)
