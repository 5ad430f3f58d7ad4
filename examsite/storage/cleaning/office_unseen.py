"""How many letters of an Office file the readers' copy leaves out because nobody sees them: hidden, white, tiny.

Asked of the file as it was handed in. They are cut out, for the reading view shows words without their looks; so that
nothing goes silently, whoever handed it in and whoever judges it are told how many.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from typing import Any, Final

from lxml import etree

from examsite.storage.cleaning.office import parse_part, read_package, slide_size
from examsite.storage.cleaning.office_hidden import hidden_styles, list_hidden, list_off_slide
from examsite.storage.cleaning.office_text import is_hidden_slide
from examsite.storage.cleaning.office_words import MAIN_TYPES, MC, R

#: Letters on a page from which on it is told. Source: our choice, because a stray sign is no word.
LEAST_LETTERS: Final = 3

_TEXTS: Final = {
    "docx": "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}t",
    "pptx": "{http://schemas.openxmlformats.org/drawingml/2006/main}t",
}
_READ: Final = ("header", "footer", "footnotes", "endnotes")


def list_removed(data: bytes, kind: str) -> dict[str, Any]:
    """For each slide, or for the whole text under page 0, how many letters are `removed`.

    Raises:
        ValueError: it cannot be read.
    """
    try:
        parts = read_package(data)
        main = _main_part(parts, kind)
        counts = _of_slides(parts, main) if kind == "pptx" else _of_text(parts, main)
    except (etree.XMLSyntaxError, KeyError, RecursionError, NotImplementedError, OSError) as error:
        raise ValueError("damaged Office file") from error
    pages = [{"page": page, "removed": count} for page, count in counts if count >= LEAST_LETTERS]
    return {"read": len(counts), "count": len(counts), "pages": pages}


def _of_text(parts: dict[str, bytes], main: str) -> list[tuple[int, int]]:
    relations = _relations(parts, main)
    styles = next((part for kind, part in relations.values() if kind == "styles"), None)
    unseen = frozenset[str]() if styles is None else hidden_styles(parse_part(parts[styles]))
    read = [main, *(part for kind, part in relations.values() if kind in _READ)]
    return [(0, sum(_letters(list_hidden(parse_part(parts[part]), unseen), "docx") for part in read))]


def _of_slides(parts: dict[str, bytes], main: str) -> list[tuple[int, int]]:
    relations = _relations(parts, main)
    root = parse_part(parts[main])
    size = slide_size(root)
    found: list[tuple[int, int]] = []
    for item in root.iter():
        if etree.QName(item).localname != "sldId":
            continue
        slide = parse_part(parts[relations[str(item.get(f"{{{R}}}id"))][1]])
        gone = [slide] if is_hidden_slide(slide) else [*list_hidden(slide, frozenset()), *list_off_slide(slide, size)]
        found.append((len(found) + 1, _letters(gone, "pptx")))
    return found


def _letters(elements: Iterable[Any], kind: str) -> int:
    """The letters in these elements, each counted once; a second version of what is shown anyway says nothing new."""
    texts = {
        text: text.text or ""
        for element in elements
        if element is not None and element.tag != f"{{{MC}}}Fallback"
        for text in element.iter(_TEXTS[kind])
    }
    return sum(len("".join(text.split())) for text in texts.values())


def _main_part(parts: dict[str, bytes], kind: str) -> str:
    for item in parse_part(parts["[Content_Types].xml"]):
        name = str(item.get("PartName", "")).lstrip("/")
        if item.get("ContentType") == MAIN_TYPES[kind] and name in parts:
            return name
    raise ValueError("no main part")


def _relations(parts: dict[str, bytes], name: str) -> dict[str, tuple[str, str]]:
    """Last word of the type and part of each relation that leads to a part inside, by its id."""
    folder, base = posixpath.split(name)
    data = parts.get(posixpath.join(folder, "_rels", f"{base}.rels"))
    found = {}
    for item in [] if data is None else parse_part(data):
        target = str(item.get("Target", ""))
        inside = posixpath.normpath(target[1:] if target.startswith("/") else posixpath.join(folder, target))
        if item.get("TargetMode", "Internal") == "Internal" and inside in parts:
            found[str(item.get("Id"))] = (str(item.get("Type", "")).rsplit("/", 1)[-1], inside)
    return found
