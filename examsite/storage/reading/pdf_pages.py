"""The pages of a PDF: their sizes and words, and each as a picture."""

from __future__ import annotations

import io
import unicodedata
from pathlib import Path
from typing import Any

import pypdfium2

from examsite.storage.reading.limits import MOST_PAGE_LETTERS, MOST_PAGES

_MOST_PIXELS = 16_000_000
_QUALITY = 82


def outline_pdf(path: Path) -> dict[str, Any]:
    """Every page with its size (unit: points) and its words, at most `MOST_PAGES`.

    Raises:
        ValueError: it cannot be read.
    """
    document = _opened(path)
    count = len(document)
    pages = []
    for number in range(min(count, MOST_PAGES)):
        page = document[number]
        width, height = page.get_size()
        words = page.get_textpage().get_text_bounded()[:MOST_PAGE_LETTERS]
        pages.append({"width": round(width), "height": round(height), "text": _tidy(words)})
        page.close()
    return {"kind": "pdf", "count": count, "pages": pages, "pictures": []}


def draw_page(path: Path, number: int, *, width: int) -> bytes:
    """One page, counted from 1, as a WebP of this width in pixels.

    Raises:
        ValueError: there is no such page, or it cannot be drawn.
    """
    document = _opened(path)
    if not 1 <= number <= min(len(document), MOST_PAGES):
        raise ValueError("no such page")
    page = document[number - 1]
    paper_width, paper_height = page.get_size()
    if paper_width < 1 or paper_height < 1:
        raise ValueError("no size")
    scale = min(width / paper_width, (_MOST_PIXELS / (paper_width * paper_height)) ** 0.5)
    picture = page.render(scale=scale, rev_byteorder=True).to_pil().convert("RGB")
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=_QUALITY, method=2)
    return out.getvalue()


def _opened(path: Path) -> pypdfium2.PdfDocument:
    try:
        return pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        raise ValueError("not readable") from error


def _tidy(text: str) -> str:
    """One line for each line of the page, in one Unicode form, nothing invisible."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n").replace("\ufffe", "-"))
    lines = ("".join(char for char in line if unicodedata.category(char)[0] != "C") for line in text.split("\n"))
    return "\n".join(line.strip() for line in lines).strip("\n")
