"""Words of a PDF that nobody sees on the paper: beside it, too small to read, or in the colour of what lies there.

Asked of the page as it is drawn, so that words inside nested drawings, under pictures or cut away are found the same
way. Found words stay where they are: a person is told, and decides.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pypdfium2
from PIL import Image

from examsite.storage.reading.limits import MOST_UNSEEN_PAGES

#: Height of a line below which nobody reads it. Unit: points. Source: our choice, because footnotes have 7 and more.
TINY_POINTS: Final = 3.0
#: Between the darkest and the lightest point of a word, of 255. Source: our choice: the palest grey that is read.
LEAST_CONTRAST: Final = 12
#: Letters of a kind on a page from which on it is told. Source: our choice, because a stray sign is no word.
LEAST_LETTERS: Final = 3
#: Pixels for a point of the page. Source: our choice, because the thinnest stroke still leaves a mark.
_SCALE: Final = 2.0
_MOST_PIXELS: Final = 16_000_000

_raw: Any = pypdfium2.raw
_Box = tuple[float, float, float, float]


def list_unseen(path: Path) -> dict[str, Any]:
    """For each page with unseen words how many letters are `beside`, `tiny` or `faint`, and how many pages were read.

    Raises:
        ValueError: it cannot be read.
    """
    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        raise ValueError("not readable") from error
    read = min(len(document), MOST_UNSEEN_PAGES)
    pages = []
    for number in range(read):
        page = document[number]
        counts = {kind: count for kind, count in count_unseen(page).items() if count >= LEAST_LETTERS}
        if counts:
            pages.append({"page": number + 1, **counts})
        page.close()
    return {"read": read, "count": len(document), "pages": pages}


def count_unseen(page: Any) -> dict[str, int]:
    """How many letters of a page are unseen, by kind; nothing for a kind that is not there."""
    found: dict[str, int] = {}
    picture: Image.Image | None = None
    left, low, right, top = page.get_cropbox()
    for letters, box in _words(page.get_textpage()):
        west, south, east, north = box
        sides = (east - west, north - south)
        if east <= left or west >= right or north <= low or south >= top:
            kind = "beside"
        elif (max(sides) if letters == 1 else min(sides)) < TINY_POINTS:
            kind = "tiny"
        else:
            picture = picture or _drawn(page)
            kind = "" if _has_contrast(page, picture, box) else "faint"
        if kind:
            found[kind] = found.get(kind, 0) + letters
    return found


def _words(words: Any) -> Iterator[tuple[int, _Box]]:
    """Letters without a gap between them, as one: how many, and where they stand."""
    letters, box = 0, (0.0, 0.0, 0.0, 0.0)
    for index in range(words.count_chars()):
        if _raw.FPDFText_IsGenerated(words, index) == 1 or chr(_raw.FPDFText_GetUnicode(words, index)).isspace():
            if letters:
                yield letters, box
            letters = 0
            continue
        one = words.get_charbox(index, loose=True)
        box = one if not letters else (*map(min, box[:2], one[:2]), *map(max, box[2:], one[2:]))
        letters += 1
    if letters:
        yield letters, box


def _drawn(page: Any) -> Image.Image:
    width, height = page.get_size()
    scale = min(_SCALE, (_MOST_PIXELS / max(width * height, 1.0)) ** 0.5)
    picture: Image.Image = page.render(scale=scale, grayscale=True).to_pil().convert("L")
    return picture


def _has_contrast(page: Any, picture: Image.Image, box: _Box) -> bool:
    """Whether anything is drawn where a word stands."""
    one, other = _pixel(page, picture, box[0], box[1]), _pixel(page, picture, box[2], box[3])
    left, right = sorted((one[0], other[0]))
    top, bottom = sorted((one[1], other[1]))
    cut = (max(left, 0), max(top, 0), min(right + 1, picture.width), min(bottom + 1, picture.height))
    if cut[0] >= cut[2] or cut[1] >= cut[3]:
        return False
    darkest, lightest = picture.crop(cut).getextrema()
    return bool(lightest - darkest >= LEAST_CONTRAST)  # type: ignore[operator]  # one band: two numbers


def _pixel(page: Any, picture: Image.Image, x: float, y: float) -> tuple[int, int]:
    """Where a point of the page lies on its picture, whichever way the page is turned."""
    across, down = ctypes.c_int(), ctypes.c_int()
    _raw.FPDF_PageToDevice(page, 0, 0, picture.width, picture.height, 0, x, y, across, down)
    return across.value, down.value
