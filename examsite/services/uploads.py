"""Taking in a file: size, kind by structure, a lasting place, a row that says whose it is.

`receive_file` does the slow part and touches no database, so that no transaction waits for it; `add_upload` writes the
row.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from examsite.domain.dossiers import UploadKind
from examsite.domain.errors import InvalidError, NotFoundError
from examsite.services.context import ServiceContext
from examsite.storage.models.dossiers import Upload
from examsite.storage.uploads import (
    FileTooLargeError,
    clean_file,
    inspect_file,
    is_whole,
    keep_file,
    stored_path,
    waiting_file,
)

_MEGABYTE = 1024 * 1024

#: Longest name kept for display. Unit: letters.
_NAME_LENGTH = 255


class StoredFile(Protocol):
    """What is needed of an upload to give it back; the row has it."""

    sha256: str
    kind: UploadKind
    original_name: str


@dataclass(frozen=True)
class ReceivedFile:
    """A file that was found good and lies at its lasting place; no row names it yet."""

    sha256: str
    size_bytes: int
    kind: UploadKind
    original_name: str


def receive_file(
    uploads_path: Path, stream: BinaryIO, filename: str, *, allowed_kinds: Collection[UploadKind], max_megabytes: int
) -> ReceivedFile:
    """Take in a file: its kind is decided by its structure, its bytes are durable when this returns.

    Raises:
        InvalidError: `file_empty`, `file_too_large`, `file_kind_not_allowed`, or what the inspection found:
            `file_kind_unknown`, `file_is_old_office`, `file_damaged`, `file_encrypted`, `file_ambiguous`,
            `file_expands_too_much`, `file_has_macros`, `file_has_active_content`, `file_has_outside_parts`.
    """
    try:
        with waiting_file(uploads_path, stream, most_bytes=max_megabytes * _MEGABYTE) as waiting:
            if waiting.size_bytes == 0:
                raise InvalidError("file_empty")
            kind, refusal = inspect_file(waiting.path)
            if kind is None:
                raise _refused(refusal, allowed_kinds)
            if kind not in {item.value for item in allowed_kinds}:
                raise InvalidError("file_kind_not_allowed", found=kind.upper(), allowed=_words(allowed_kinds))
            keep_file(uploads_path, waiting)
            return ReceivedFile(waiting.sha256, waiting.size_bytes, UploadKind(kind), display_name(filename, kind))
    except FileTooLargeError:
        raise InvalidError("file_too_large", most=max_megabytes) from None


@dataclass(frozen=True)
class ReceivedProposal:
    """A file as it was handed in, and its copy without the author; no row names them yet."""

    original: ReceivedFile
    cleaned: ReceivedFile


def receive_proposal(
    uploads_path: Path, stream: BinaryIO, filename: str, *, allowed_kinds: Collection[UploadKind], max_megabytes: int
) -> ReceivedProposal:
    """Take in a file that people will judge: as it is, and as a copy in which nothing names its author.

    A file of which no clean copy can be made is not taken, so that its author can hand in another one in time.

    Raises:
        InvalidError: as `receive_file`, and `file_cannot_be_cleaned`.
    """
    original = receive_file(uploads_path, stream, filename, allowed_kinds=allowed_kinds, max_megabytes=max_megabytes)
    cleaned = clean_file(stored_path(uploads_path, original.sha256), original.kind)
    if cleaned is None:
        raise InvalidError("file_cannot_be_cleaned")
    # A picture may be drawn larger than it came; three times the limit is far from what a disk notices.
    with waiting_file(uploads_path, io.BytesIO(cleaned), most_bytes=3 * max_megabytes * _MEGABYTE) as waiting:
        kind, _refusal = inspect_file(waiting.path)
        if kind != original.kind:
            raise InvalidError("file_cannot_be_cleaned")
        keep_file(uploads_path, waiting)
        name = plain_name(original.kind)
        return ReceivedProposal(original, ReceivedFile(waiting.sha256, waiting.size_bytes, original.kind, name))


def plain_name(kind: UploadKind) -> str:
    """A name for a copy without its author, which says nothing."""
    return display_name("de-an", kind)


def add_upload(ctx: ServiceContext, received: ReceivedFile) -> Upload:
    """Write down whose file it is."""
    if ctx.actor.account_id is None:
        raise RuntimeError("a file belongs to a person")
    upload = Upload(
        sha256=received.sha256,
        size_bytes=received.size_bytes,
        kind=received.kind,
        original_name=received.original_name,
        uploaded_at=ctx.now,
        uploaded_by_id=ctx.actor.account_id,
    )
    ctx.session.add(upload)
    ctx.session.flush()
    return upload


def open_upload(uploads_path: Path, upload: StoredFile) -> BinaryIO:
    """The bytes of a stored file, the very ones that were handed in.

    Raises:
        NotFoundError: `file_not_found`, when the folder lost it; `file_changed`, when it holds others.
    """
    path = stored_path(uploads_path, upload.sha256)
    if not path.is_file():
        raise NotFoundError("file_not_found")
    check_whole(uploads_path, upload)
    return path.open("rb")


def check_whole(uploads_path: Path, upload: StoredFile) -> None:
    """Refuse a file that somebody changed in the folder: nobody is to read, or score, what was not handed in.

    Raises:
        NotFoundError: `file_changed`.
    """
    if not is_whole(uploads_path, upload.sha256):
        raise NotFoundError("file_changed")


def display_name(filename: str, kind: str) -> str:
    """The name as it may be shown and offered again: NFC, no folders, nothing invisible, the ending of its kind."""
    name = unicodedata.normalize("NFC", filename).replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(char for char in name if unicodedata.category(char)[0] != "C" and char not in '<>:"|?*')
    stem, _dot, ending = name.strip(" .").rpartition(".")
    if not stem or len(ending) > 5 or not ending.isalnum():
        stem = name
    stem = stem.strip(" .") or "file"
    ending = "jpg" if kind == "jpeg" else kind
    return f"{stem[: _NAME_LENGTH - len(ending) - 1]}.{ending}"


def _refused(code: str, allowed: Collection[UploadKind]) -> InvalidError:
    """The refusal of the inspection; every code stands here by name, so that each has words."""
    known = {
        "file_is_old_office": InvalidError("file_is_old_office"),
        "file_encrypted": InvalidError("file_encrypted"),
        "file_ambiguous": InvalidError("file_ambiguous"),
        "file_expands_too_much": InvalidError("file_expands_too_much"),
        "file_has_macros": InvalidError("file_has_macros"),
        "file_has_active_content": InvalidError("file_has_active_content"),
        "file_has_outside_parts": InvalidError("file_has_outside_parts"),
        "file_kind_unknown": InvalidError("file_kind_unknown", allowed=_words(allowed)),
    }
    return known.get(code) or InvalidError("file_damaged")


def _words(kinds: Collection[UploadKind]) -> str:
    return ", ".join(sorted(item.value.upper() for item in kinds))
