"""What is this file really? Run as a process of its own, under hard limits, on a file that nobody trusts yet.

Prints one line of JSON: `{"kind": "pdf"}` or `{"refused": code}`. It imports the standard library and pikepdf alone,
so that it starts quickly and can be run with `python -I`. A parser that crashes, hangs or eats memory takes only this
process with it.

Decision: the name of a file decides nothing. What could act on a reader's machine (macros, scripts, started programs,
outside parts) or hides something else (two formats in one file) is refused, not cleaned.
"""

from __future__ import annotations

import json
import mmap
import posixpath
import re
import resource
import struct
import sys
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from xml.etree import ElementTree

# Source: our choice, because a dossier of scans stays far below and a bomb far above.
CPU_SECONDS = 5
MEMORY_BYTES = 300 * 1024 * 1024
MOST_ENTRIES = 3000
MOST_UNPACKED_BYTES = 300 * 1024 * 1024
MOST_RATIO = 150
RATIO_COUNTS_FROM_BYTES = 1024 * 1024
MOST_PIXELS = 100_000_000
MOST_PAGES = 2000
MOST_OBJECTS = 200_000
MOST_XML_BYTES = 40 * 1024 * 1024

#: Source: our choice, because no program packs what it has packed already; a bomb is small only so.
MOST_TWICE_UNPACKED_BYTES = 8 * 1024 * 1024
MOST_WRAPPINGS = 4

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PNG = b"\x89PNG\r\n\x1a\n"
_MAIN_TYPES = {
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml": "docx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml": "pptx",
}
_NESTED_MAIN_TYPES = {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml": "xlsx"}
_ACTIVE = re.compile(
    r"vbaproject|vbadata|activex|macrosheet|macroenabled|/bin/|\.bin$|\.exe$|\.dll$|\.js$|\.vbs$", re.I
)
_HARMLESS_BIN = re.compile(r"printersettings", re.I)
_DTD = re.compile(rb"<!\s*(?:doctype|entity)", re.I)
# Parts of other kinds that Word opens as documents of their own, scripts included.
_FOREIGN_PART = re.compile(r"\.(?:html?|mht|mhtml|xhtml)$", re.I)
# What the fields of a text tell the reader's program to do; their words may be cut into several pieces.
_FIELD = re.compile(rb"<(?:\w+:)?instrText\b[^>]*>([^<]*)<|\binstr=[\"']([^\"']*)")
_STARTING_FIELD = re.compile(rb"\bDDE(?:AUTO)?\b|\bINCLUDETEXT\b", re.I)
_PDF_ACTIONS = {
    *("/JavaScript", "/Launch", "/ImportData", "/SubmitForm", "/GoToR", "/GoToE"),
    *("/Rendition", "/Movie", "/Sound", "/RichMediaExecute"),
}
_PDF_PLAYERS = {"/RichMedia", "/Movie", "/3D", "/Screen", "/Sound", "/FileAttachment"}


_STREAM = re.compile(rb"(?<!end)stream(?:\r\n|\n|\r)")
_PACKING = {b"FlateDecode", b"Fl", b"LZWDecode", b"LZW", b"RunLengthDecode", b"RL"}
_BLOCK = 1 << 16


class RefusedError(Exception):
    """The file is not taken; the argument is the code of the reason."""


def inspect(path: Path) -> str:
    """The kind of the file, decided by its structure.

    Raises:
        RefusedError: with the code of the reason.
    """
    with path.open("rb") as file:
        head = file.read(16)
        if head.startswith(b"%PDF-"):
            _refuse_second_format(path)
            return _pdf(path)
        if head.startswith(_ZIP):
            return _office(file, path.stat().st_size)
        if head.startswith(_PNG):
            _refuse_second_format(path)
            return _png(file)
        if head.startswith(b"\xff\xd8\xff"):
            _refuse_second_format(path)
            return _jpeg(path.read_bytes())
    if head.startswith(_OLE):
        raise RefusedError("file_is_old_office")
    raise RefusedError("file_kind_unknown")


def _refuse_second_format(path: Path) -> None:
    """One file, one format: an archive behind a picture is read differently by different programs."""
    if zipfile.is_zipfile(path):
        raise RefusedError("file_ambiguous")


# --- PDF ---------------------------------------------------------------------------------------------------------


def _pdf(path: Path) -> str:
    _refuse_swelling(path)
    import pikepdf  # noqa: PLC0415 - only PDFs pay for it

    try:
        with pikepdf.open(path, attempt_recovery=False, suppress_warnings=True) as document:
            if document.is_encrypted:
                raise RefusedError("file_encrypted")
            pages = len(document.pages)
            if not 1 <= pages <= MOST_PAGES:
                raise RefusedError("file_damaged" if pages == 0 else "file_expands_too_much")
            _refuse_active_pdf(document, pikepdf)
    except pikepdf.PasswordError:
        raise RefusedError("file_encrypted") from None
    except (pikepdf.PdfError, ValueError, TypeError, KeyError, RuntimeError, RecursionError):
        raise RefusedError("file_damaged") from None
    return "pdf"


def _refuse_swelling(path: Path) -> None:
    """Unpack every stream, block by block and thrown away at once, before a library opens the file."""
    left = [MOST_UNPACKED_BYTES, *[MOST_TWICE_UNPACKED_BYTES] * MOST_WRAPPINGS]
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        for found in _STREAM.finditer(data):
            filters = _filters_before(data, found.start())
            if len(filters) > MOST_WRAPPINGS or sum(name in _PACKING for name in filters) > 1:
                raise RefusedError("file_expands_too_much")
            if _is_packed(data[found.end() : found.end() + 2]):
                _measure(data, found.end(), left, is_picture=b"/Image" in _head_before(data, found.start()))


def _measure(data: mmap.mmap, start: int, left: list[int], *, is_picture: bool) -> None:
    """Take one stream off the budget; words and drawing orders never pack as well as an empty picture."""
    layers: list[_Layer] = []
    place, before = start, left[0]
    while place < len(data) and not (layers and layers[0].eof):
        is_packed = _unpack(data[place : place + _BLOCK], 0, layers, left)
        place += _BLOCK
        length = before - left[0]
        if not is_picture and length > max(RATIO_COUNTS_FROM_BYTES, MOST_RATIO * (place - start)):
            raise RefusedError("file_expands_too_much")
        if not is_packed:
            return


def _head_before(data: mmap.mmap, place: int) -> bytes:
    """The dictionary before a stream, its names spelled out."""
    head = data[max(0, place - 2000) : place].rpartition(b" obj")[2]
    return re.sub(rb"#([0-9a-fA-F]{2})", lambda found: bytes([int(found[1], 16)]), head)


def _filters_before(data: mmap.mmap, place: int) -> list[bytes]:
    """The filters that the dictionary before a stream names, however they are written."""
    wrapped = re.search(rb"/(?:Filter|F)\s*(\[[^\]]*\]|/\w+)", _head_before(data, place))
    return re.findall(rb"/(\w+)", wrapped[1]) if wrapped else []


def _is_packed(head: bytes) -> bool:
    return len(head) == 2 and head[0] & 0x0F == 8 and (head[0] << 8 | head[1]) % 31 == 0


class _Layer:
    """One packing of a stream while it is taken off."""

    def __init__(self) -> None:
        self._machine = zlib.decompressobj()
        self.head = b""

    @property
    def eof(self) -> bool:
        return self._machine.eof

    def blocks(self, data: bytes) -> Iterator[bytes]:
        while True:
            out = self._machine.decompress(data, _BLOCK)
            data = self._machine.unconsumed_tail
            if out:
                yield out
            if self._machine.eof or (not out and not data):
                return


def _unpack(data: bytes, depth: int, layers: list[_Layer], left: list[int]) -> bool:
    """Take off this packing and those under it; False: what follows is packed in no way."""
    if depth >= len(left):
        raise RefusedError("file_expands_too_much")
    if depth == len(layers):
        layers.append(_Layer())
    layer = layers[depth]
    try:
        for out in layer.blocks(data):
            left[depth] -= len(out)
            if left[depth] < 0:
                raise RefusedError("file_expands_too_much")
            layer.head = (layer.head + out[:2])[:2]
            if depth + 1 < len(layers) or (_is_packed(layer.head) and out[:2] == layer.head):
                _unpack(out, depth + 1, layers, left)
    except zlib.error:
        return False
    return True


def _refuse_active_pdf(document: object, pikepdf: object) -> None:
    """No scripts, no started programs, no files inside."""
    stack = [item for item in document.objects]  # type: ignore[attr-defined]  # noqa: C416 - a list proxy
    if len(stack) > MOST_OBJECTS:
        raise RefusedError("file_expands_too_much")
    seen = 0
    while stack:
        item = stack.pop()
        seen += 1
        if seen > 10 * MOST_OBJECTS:
            raise RefusedError("file_expands_too_much")
        if isinstance(item, pikepdf.Stream):  # type: ignore[attr-defined]
            item = item.stream_dict
            if "/F" in item:  # the content lies in a file or at an address outside
                raise RefusedError("file_has_outside_parts")
        if isinstance(item, pikepdf.Dictionary):  # type: ignore[attr-defined]
            if _acts(item, pikepdf):
                raise RefusedError("file_has_active_content")
            stack.extend(value for value in item.as_dict().values() if _is_own_container(value, pikepdf))
        elif isinstance(item, pikepdf.Array):  # type: ignore[attr-defined]
            stack.extend(value for value in item.as_list() if _is_own_container(value, pikepdf))


def _acts(item: object, pikepdf: object) -> bool:
    """Whether a dictionary starts, plays, sends or hides something; a link that a person clicks does not."""
    get, names = item.get, item.keys()  # type: ignore[attr-defined]
    if str(get("/S", "")) in _PDF_ACTIONS or str(get("/Subtype", "")) in _PDF_PLAYERS:
        return True
    if {"/JS", "/XFA", "/EmbeddedFiles"} & set(names) or str(get("/Type", "")) == "/EmbeddedFile":
        return True
    by_itself = [get("/OpenAction", None)]
    if isinstance(get("/AA", None), pikepdf.Dictionary):  # type: ignore[attr-defined]
        by_itself += get("/AA").as_dict().values()
    return any(
        isinstance(action, pikepdf.Dictionary) and str(action.get("/S", "")) == "/URI"  # type: ignore[attr-defined]
        for action in by_itself
    )


def _is_own_container(value: object, pikepdf: object) -> bool:
    """Whether the value is written inside its parent; others are in the list of objects anyway."""
    container = isinstance(value, pikepdf.Dictionary | pikepdf.Array)  # type: ignore[attr-defined]
    return container and not value.is_indirect  # type: ignore[attr-defined]


# --- Office Open XML ---------------------------------------------------------------------------------------------


def _office(file: IO[bytes], size: int) -> str:
    try:
        with zipfile.ZipFile(file) as archive:
            _refuse_second_archive(archive, file, size)
            return _package(archive, _MAIN_TYPES, depth=0, budget=[MOST_UNPACKED_BYTES, MOST_ENTRIES])
    except (zipfile.BadZipFile, zlib.error, EOFError, struct.error, ValueError, NotImplementedError, OSError):
        raise RefusedError("file_damaged") from None


def _refuse_second_archive(archive: zipfile.ZipFile, file: IO[bytes], size: int) -> None:
    """The archive begins with the first byte and ends with the last one."""
    file.seek(max(0, size - 22))
    tail = file.read()
    starts = [entry.header_offset for entry in archive.infolist()]
    if not tail.startswith(b"PK\x05\x06") or archive.comment or not starts or min(starts) != 0:
        raise RefusedError("file_ambiguous")


def _package(archive: zipfile.ZipFile, kinds: dict[str, str], *, depth: int, budget: list[int]) -> str:
    entries = archive.infolist()
    _check_entries(entries, budget)
    names = {entry.filename for entry in entries}
    if "[Content_Types].xml" not in names:
        raise RefusedError("file_kind_unknown")
    for entry in entries:
        if _ACTIVE.search(entry.filename) and not _HARMLESS_BIN.search(entry.filename):
            raise RefusedError("file_has_macros")
        if _FOREIGN_PART.search(entry.filename):
            raise RefusedError("file_has_active_content")
        _check_part(archive, entry, depth=depth, budget=budget)
    return _main_kind(_xml(_read(archive, archive.getinfo("[Content_Types].xml"))), names, kinds)


def _check_entries(entries: list[zipfile.ZipInfo], budget: list[int]) -> None:
    budget[1] -= len(entries)
    if budget[1] < 0:
        raise RefusedError("file_expands_too_much")
    lower = [entry.filename.lower() for entry in entries]
    if len(set(lower)) != len(lower):
        raise RefusedError("file_ambiguous")
    for entry in entries:
        name = entry.filename
        if entry.flag_bits & 0x41:
            raise RefusedError("file_encrypted")
        if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise RefusedError("file_damaged")
        if "\\" in name or name.startswith("/") or ".." in name.split("/") or ":" in name or "\x00" in name:
            raise RefusedError("file_ambiguous")
        packed = max(1, entry.compress_size)
        if entry.file_size > RATIO_COUNTS_FROM_BYTES and entry.file_size / packed > MOST_RATIO:
            raise RefusedError("file_expands_too_much")


def _check_part(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, *, depth: int, budget: list[int]) -> None:
    name = entry.filename.lower()
    if name.endswith((".xml", ".rels", ".vml")):
        data = _read(archive, entry)
        budget[0] -= len(data)
        tree = _xml(data) if name.endswith(".rels") else None
        if tree is None:
            _refuse_dtd(data)
            _refuse_starting_fields(data)
        else:
            _check_relations(tree)
    else:
        head, length = _skim(archive, entry, budget[0])
        budget[0] -= length
        if head.startswith(_ZIP):
            _check_nested(archive, entry, depth=depth, budget=budget)
        elif head.startswith(_OLE) or head.startswith((b"MZ", b"\x7fELF", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b")):
            raise RefusedError("file_has_active_content")
    if budget[0] < 0:
        raise RefusedError("file_expands_too_much")


def _check_nested(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, *, depth: int, budget: list[int]) -> None:
    """The table behind a chart is a small workbook inside; nothing else may nest, and nothing deeper."""
    if depth or not entry.filename.lower().endswith(".xlsx") or entry.file_size > MOST_XML_BYTES:
        raise RefusedError("file_has_active_content")
    with archive.open(entry) as inner, zipfile.ZipFile(inner) as nested:
        _package(nested, _NESTED_MAIN_TYPES, depth=depth + 1, budget=budget)


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    with archive.open(entry) as part:
        data = part.read(MOST_XML_BYTES + 1)
    if len(data) > MOST_XML_BYTES:
        raise RefusedError("file_expands_too_much")
    return data


def _skim(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, budget: int) -> tuple[bytes, int]:
    """First bytes and true length of a part, never kept in memory; its checksum is compared on the way."""
    head, length = b"", 0
    with archive.open(entry) as part:
        while block := part.read(1 << 16):
            head = head or block[:16]
            length += len(block)
            if length > budget:
                raise RefusedError("file_expands_too_much")
    return head, length


def _refuse_dtd(data: bytes) -> None:
    text = data.decode("utf-16", "ignore").encode() if data[:2] in (b"\xff\xfe", b"\xfe\xff") else data
    if _DTD.search(text) or b"\x00" in text[:64]:
        raise RefusedError("file_has_active_content")


def _refuse_starting_fields(data: bytes) -> None:
    """Fields that start a program or fetch another file when the text is opened."""
    pieces = [first or second for first, second in _FIELD.findall(data)]
    if any(_STARTING_FIELD.search(piece) for piece in pieces) or _STARTING_FIELD.search(b"".join(pieces)):
        raise RefusedError("file_has_active_content")


def _xml(data: bytes) -> ElementTree.Element:
    _refuse_dtd(data)
    try:
        return ElementTree.fromstring(data)  # noqa: S314 - no DTD is left that could expand or fetch anything
    except ElementTree.ParseError:
        raise RefusedError("file_damaged") from None


def _check_relations(tree: ElementTree.Element) -> None:
    """Parts come from inside; a link that a person clicks may lead outside, a part that loads by itself may not."""
    for relation in tree.iter():
        if relation.get("TargetMode", "").lower() != "external":
            if re.match(r"(?i)[a-z][a-z0-9+.-]*:|[/\\]{2}", relation.get("Target", "")):
                raise RefusedError("file_has_outside_parts")
            continue
        is_link = relation.get("Type", "").endswith("/hyperlink")
        if not is_link or not re.match(r"(?i)(https?:|mailto:|#|$)", relation.get("Target", "")):
            raise RefusedError("file_has_outside_parts")


def _main_kind(types: ElementTree.Element, names: set[str], kinds: dict[str, str]) -> str:
    found = set()
    for item in types.iter():
        kind = item.get("ContentType", "")
        if _ACTIVE.search(kind):
            raise RefusedError("file_has_macros")
        part = posixpath.normpath(item.get("PartName", "")).lstrip("/")
        if kind in kinds and part in names:
            found.add(kinds[kind])
    if len(found) != 1:
        raise RefusedError("file_kind_unknown")
    return found.pop()


# --- Pictures ----------------------------------------------------------------------------------------------------


def _png(file: IO[bytes]) -> str:
    file.seek(len(_PNG))
    first, last = True, b""
    while last != b"IEND":
        header = file.read(8)
        if len(header) < 8:
            raise RefusedError("file_damaged")
        length, last = struct.unpack(">I4s", header)
        if length > MOST_XML_BYTES or first != (last == b"IHDR"):
            raise RefusedError("file_damaged")
        data, check = file.read(length), file.read(4)
        if len(check) < 4 or zlib.crc32(data, zlib.crc32(last)) != struct.unpack(">I", check)[0]:
            raise RefusedError("file_damaged")
        if first:
            width, height = struct.unpack(">II", data[:8]) if length == 13 else (0, 0)
            _check_size(width, height)
        first = False
    if file.read(1):
        raise RefusedError("file_ambiguous")
    return "png"


def _jpeg(data: bytes) -> str:
    place, sized = 2, False
    while place + 4 <= len(data):
        if data[place] != 0xFF:
            raise RefusedError("file_damaged")
        marker = data[place + 1]
        if marker == 0xFF:
            place += 1
            continue
        if marker == 0xDA:
            break
        length = struct.unpack(">H", data[place + 2 : place + 4])[0]
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            if place + 9 > len(data):
                raise RefusedError("file_damaged")
            height, width = struct.unpack(">HH", data[place + 5 : place + 9])
            _check_size(width, height)
            sized = True
        place += 2 + length
    if not sized or place + 4 > len(data) or data.find(b"\xff\xd9", place) < 0:
        raise RefusedError("file_damaged")
    return "jpeg"


def _check_size(width: int, height: int) -> None:
    if width == 0 or height == 0:
        raise RefusedError("file_damaged")
    if width * height > MOST_PIXELS:
        raise RefusedError("file_expands_too_much")


def main(path: str) -> None:
    """Inspect one file under hard limits and print what it is."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        answer = {"kind": inspect(Path(path))}
    except RefusedError as refusal:
        answer = {"refused": str(refusal)}
    except (MemoryError, RecursionError):
        answer = {"refused": "file_expands_too_much"}
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
