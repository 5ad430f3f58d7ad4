"""A presentation (PPTX) slide by slide: its title, its words in the order of the file, its tables and pictures."""

from __future__ import annotations

from typing import Any

from examsite.storage.reading.office_package import Package

_P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_TITLES = {"title", "ctrTitle"}
_UNSEEN = {"dt", "ftr", "sldNum", "hdr"}
_OFF = {"0", "false"}

Block = dict[str, Any]


def list_slides(package: Package) -> list[list[Block]]:
    """The shown slides in order.

    Raises:
        ValueError: it cannot be read.
    """
    main = package.main_part()
    relations = package.relations(main)
    found = []
    for entry in package.tree(main).iter(f"{_P}sldId"):
        _kind, part = relations.get(entry.get(f"{_R}id", ""), ("", ""))
        if not part:
            continue
        slide = package.tree(part)
        if slide.get("show", "1") not in _OFF:
            found.append(_blocks(slide, package.relations(part)))
    return found or [[]]


def _blocks(slide: Any, relations: dict[str, tuple[str, str]]) -> list[Block]:
    titles: list[Block] = []
    rest: list[Block] = []
    for shape in slide.iter(f"{_P}sp", f"{_P}pic", f"{_P}graphicFrame"):
        if shape.tag == f"{_P}sp":
            place = shape.find(f"{_P}nvSpPr/{_P}nvPr/{_P}ph")
            role = "" if place is None else place.get("type", "body")
            if role not in _UNSEEN:
                (titles if role in _TITLES else rest).extend(
                    _words(shape, is_title=role in _TITLES, is_body=bool(role))
                )
        elif shape.tag == f"{_P}pic":
            blip = shape.find(f".//{_A}blip")
            target = None if blip is None else relations.get(blip.get(f"{_R}embed", ""))
            rest.append({"kind": "picture", "part": target[1]} if target else {"kind": "missing", "what": "drawing"})
        else:
            table = shape.find(f".//{_A}tbl")
            rest.append(
                {"kind": "missing", "what": "chart"} if table is None else {"kind": "table", "rows": _rows(table)}
            )
    return titles + rest


def _words(shape: Any, *, is_title: bool, is_body: bool) -> list[Block]:
    body = shape.find(f"{_P}txBody")
    found: list[Block] = []
    for paragraph in () if body is None else body.findall(f"{_A}p"):
        runs = [[text, style] for text, style in _runs(paragraph) if text]
        if not any(text.strip() for text, _style in runs):
            continue
        if is_title:
            found.append({"kind": "heading", "level": 1, "runs": [[text, ""] for text, _style in runs]})
        elif is_body:
            properties = paragraph.find(f"{_A}pPr")
            level = "0" if properties is None else properties.get("lvl", "0")
            found.append({"kind": "item", "level": min(5, int(level)) if level.isdigit() else 0, "runs": runs})
        else:
            found.append({"kind": "paragraph", "runs": runs})
    return found


def _runs(paragraph: Any) -> list[tuple[str, str]]:
    found = []
    for piece in paragraph:
        if piece.tag == f"{_A}br":
            found.append((" ", ""))
        elif piece.tag in {f"{_A}r", f"{_A}fld"}:
            properties = piece.find(f"{_A}rPr")
            style = "".join(name for name in "bi" if properties is not None and properties.get(name) == "1")
            found.append((piece.findtext(f"{_A}t") or "", style))
    return found


def _rows(table: Any) -> list[list[str]]:
    return [
        [" ".join(piece.text or "" for piece in cell.iter(f"{_A}t")).strip() for cell in row.findall(f"{_A}tc")]
        for row in table.findall(f"{_A}tr")
    ]
