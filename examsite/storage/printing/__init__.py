"""Words on pages of A4 as a PDF with real letters, the same bytes each time, nothing said of who made it or when.

The font is `exam-serif.ttf` beside this file: Exam Serif as the site serves it (Source Serif 4.005 under the SIL Open
Font License, see `static/fonts/exam-serif-OFL.txt`), cut to Vietnamese and English letters, kerning and hints left out
(fonttools 4, `pyftsubset --layout-features='' --no-hinting`), because a PDF embeds no WOFF2. The space that does not
break is left out of it: both spaces are one shape, and a reader of the PDF would be given that one for each.
"""

from __future__ import annotations

import ctypes
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock

import pikepdf
import pypdfium2
import pypdfium2.raw as pdfium
from PIL import ImageFont

_FONT = Path(__file__).with_name("exam-serif.ttf")

#: A4 and what stays white around the words. Unit: points.
WIDTH, HEIGHT, MARGIN = 595, 842, 72
_TITLE_SIZE, _TEXT_SIZE, _LEADING = 17, 11.5, 1.5

#: PDFium is not made for two threads at a time.
_pdfium = Lock()


def printed_pages(title: str, paragraphs: Sequence[str], *, subject: str = "") -> bytes:
    """A PDF with a title and these paragraphs on as many pages as they need; a paragraph that ends in a colon leads.

    `subject` is the one thing that programs may read of it without drawing the page.
    """
    return drawn_pages(list(_paged(_lines(title, paragraphs))), subject=subject)


@dataclass(frozen=True)
class PlacedLine:
    """One line of words on a page; `left` and `up` are measured from the lower left corner. Unit: points."""

    text: str
    size: float
    left: float
    up: float


def drawn_pages(pages: Sequence[Sequence[PlacedLine]], *, subject: str = "") -> bytes:
    """A PDF of A4 pages with these lines where they are placed."""
    with _pdfium:
        drawn = _drawn(pages)
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(drawn)) as document:
        for said in ("/Info", "/ID"):
            if said in document.trailer:
                del document.trailer[said]
        if subject:
            document.docinfo["/Subject"] = subject
        document.save(out, deterministic_id=True)
    return out.getvalue()


def _drawn(pages: Sequence[Sequence[PlacedLine]]) -> bytes:
    document = pypdfium2.PdfDocument.new()
    letters = _FONT.read_bytes()
    kept = (ctypes.c_uint8 * len(letters)).from_buffer_copy(letters)
    font = pdfium.FPDFText_LoadFont(document.raw, kept, len(letters), pdfium.FPDF_FONT_TRUETYPE, 1)
    for lines in pages:
        page = document.new_page(WIDTH, HEIGHT)
        for line in lines:
            _write(document, page, font, line)
        page.gen_content()
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _write(document: pypdfium2.PdfDocument, page: pypdfium2.PdfPage, font: object, line: PlacedLine) -> None:
    words = pdfium.FPDFPageObj_CreateTextObj(document.raw, font, line.size)
    coded = f"{line.text}\0".encode("utf-16-le")
    pdfium.FPDFText_SetText(words, (ctypes.c_ushort * (len(coded) // 2)).from_buffer_copy(coded))
    pdfium.FPDFPageObj_Transform(words, 1, 0, 0, 1, line.left, line.up)
    pdfium.FPDFPage_InsertObject(page.raw, words)


def _paged(lines: Iterable[tuple[str, float, float]]) -> Iterator[list[PlacedLine]]:
    """Lines one below the other, on as many pages as they need."""
    page: list[PlacedLine] | None = None
    left_over = 0.0
    for line, size, before in lines:
        left_over -= size * _LEADING + before
        if page is None or left_over < MARGIN:
            if page is not None:
                yield page
            page, left_over = [], HEIGHT - MARGIN - size
        if line:
            page.append(PlacedLine(line, size, MARGIN, left_over))
    if page is not None:
        yield page


def _lines(title: str, paragraphs: Sequence[str]) -> Iterator[tuple[str, float, float]]:
    """Each line with its size and the white above it, in points."""
    for line in broken_lines(title, _TITLE_SIZE):
        yield line, _TITLE_SIZE, 0
    for text in paragraphs:
        for number, line in enumerate(broken_lines(text, _TEXT_SIZE)):
            yield line, _TEXT_SIZE, 0 if number else _TEXT_SIZE * (1.1 if text.endswith(":") else 0.4)


def broken_lines(text: str, size: float) -> Iterator[str]:
    """The text in lines that fit between the margins."""
    line = ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if line and _measured(round(size * 10)).getlength(longer) / 10 > WIDTH - 2 * MARGIN:
            yield line
            longer = word
        line = longer
    yield line


@cache
def _measured(tenths: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(_FONT, tenths)
