"""Texts and presentations as blocks: headings, paragraphs, lists, tables, pictures. Their layout is not drawn.

Decision: no office suite stands on the server, so what cannot be shown (a chart, a drawing) says so in its place.
A block is `{"kind", …}`: heading (level, runs), paragraph (runs), item (level, runs), table (rows of cells of text),
picture (number), missing (what), note (number, runs). A run is `[text, style]`, style of the letters b, i, u.
"""

from __future__ import annotations

from typing import Any

from examsite.storage.reading.limits import MOST_BLOCKS, MOST_PAGES, MOST_PICTURES
from examsite.storage.reading.office_package import Package
from examsite.storage.reading.office_pictures import DRAWN_ENDINGS
from examsite.storage.reading.slides_outline import list_slides
from examsite.storage.reading.text_outline import list_parts

Block = dict[str, Any]


def outline_office(data: bytes, kind: str) -> dict[str, Any]:
    """The parts of a text, or the slides of a presentation, each as a list of blocks.

    Raises:
        ValueError: it cannot be read.
    """
    package = Package(data)
    pages = list_slides(package) if kind == "pptx" else list_parts(package)
    pictures: list[str] = []
    left = MOST_BLOCKS
    kept = []
    for blocks in pages[:MOST_PAGES]:
        kept.append([_numbered(block, pictures) for block in blocks[:left]])
        left -= len(kept[-1])
    return {
        "kind": kind,
        "count": len(pages),
        "pages": [{"width": 0, "height": 0, "text": _words(blocks), "blocks": blocks} for blocks in kept],
        "pictures": pictures,
    }


def _numbered(block: Block, pictures: list[str]) -> Block:
    """A picture gets a number in the place of its part's name; one that no browser draws is said to be missing."""
    if block["kind"] != "picture":
        return block
    part = block["part"]
    if not part.lower().endswith(DRAWN_ENDINGS) or len(pictures) >= MOST_PICTURES:
        return {"kind": "missing", "what": "drawing"}
    pictures.append(part)
    return {"kind": "picture", "number": len(pictures)}


def _words(blocks: list[Block]) -> str:
    lines = []
    for block in blocks:
        if "runs" in block:
            lines.append("".join(text for text, _style in block["runs"]))
        elif block["kind"] == "table":
            lines += [" | ".join(row) for row in block["rows"]]
    return "\n".join(line for line in lines if line.strip())
