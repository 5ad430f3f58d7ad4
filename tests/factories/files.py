"""Small files, good and hostile, made from nothing."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
import zlib
from collections.abc import Mapping
from xml.sax.saxutils import escape

DOCX_MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
PPTX_MAIN = "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml"
XLSX_MAIN = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def pdf(*, text: str = "x", password: str = "", script: bool = False, attachment: bool = False) -> bytes:
    """A one-page PDF."""
    import pikepdf

    with pikepdf.new() as document:
        document.add_blank_page(page_size=(200, 200))
        document.docinfo["/Title"] = text
        if script:
            document.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
        if attachment:
            document.attachments["a.txt"] = b"inside"
        out = io.BytesIO()
        encryption = pikepdf.Encryption(owner=password, user=password) if password else False
        document.save(out, encryption=encryption)
    return out.getvalue()


def archive(parts: Mapping[str, bytes] | list[tuple[str, bytes]], *, comment: bytes = b"") -> bytes:
    """A zip of these parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the same name twice is what some of them try
        for name, data in parts.items() if isinstance(parts, Mapping) else parts:
            file.writestr(name, data)
        file.comment = comment
    return out.getvalue()


def content_types(part: str, kind: str, more: str = "") -> bytes:
    """[Content_Types].xml that names the main part."""
    space = "http://schemas.openxmlformats.org/package/2006/content-types"
    return (
        f'<?xml version="1.0"?><Types xmlns="{space}"><Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/{part}" ContentType="{kind}"/>{more}</Types>'
    ).encode()


def relations(target: str, *, kind: str = "image", mode: str = "External") -> bytes:
    """A .rels part with one relation."""
    return (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{REL}/{kind}" Target="{target}" TargetMode="{mode}"/></Relationships>'
    ).encode()


def office(main: str, kind: str, extra: Mapping[str, bytes] | None = None, **changes: bytes) -> dict[str, bytes]:
    """The parts of an Office file."""
    return {
        "[Content_Types].xml": changes.get("types", content_types(main, kind)),
        main: changes.get("body", b"<document/>"),
        **(extra or {}),
    }


def docx(extra: Mapping[str, bytes] | None = None, **changes: bytes) -> bytes:
    """A small DOCX."""
    return archive(office("word/document.xml", DOCX_MAIN, extra, **changes))


def written(*paragraphs: str) -> bytes:
    """The body of a DOCX with these paragraphs."""
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    rows = "".join(f"<w:p><w:r><w:t>{escape(text)}</w:t></w:r></w:p>" for text in paragraphs)
    return f'<w:document xmlns:w="{space}"><w:body>{rows}</w:body></w:document>'.encode()


def pptx(extra: Mapping[str, bytes] | None = None) -> bytes:
    """A small PPTX."""
    return archive(office("ppt/presentation.xml", PPTX_MAIN, extra))


def xlsx(extra: Mapping[str, bytes] | None = None) -> bytes:
    """A small XLSX, as it stands behind a chart."""
    return archive(office("xl/workbook.xml", XLSX_MAIN, extra))


def png(*, width: int = 2, height: int = 2) -> bytes:
    """A tiny PNG; with large sizes only its head says so."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = zlib.compress(b"\x00\x00\x00\x00\x00\x00\x00" * 2)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def jpeg() -> bytes:
    """The markers of a tiny JPEG."""
    size = b"\xff\xc0" + struct.pack(">HBHHB", 11, 8, 2, 2, 1) + b"\x01\x11\x00"
    scan = b"\xff\xda" + struct.pack(">H", 8) + b"\x01\x01\x00\x00\x3f\x00" + b"\x00\x00"
    return b"\xff\xd8\xff\xe0" + struct.pack(">H", 4) + b"JF" + size + scan + b"\xff\xd9"
