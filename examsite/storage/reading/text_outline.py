"""A text (DOCX) as parts of blocks: a part begins at a page break, at a first-level heading, or when one grows long."""

from __future__ import annotations

import re
from typing import Any

from examsite.storage.reading.office_package import Package

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_V = "{urn:schemas-microsoft-com:vml}"
_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_HEADING = re.compile(r"(?:heading|title)\s*([1-6])?$", re.IGNORECASE)
#: Unit: letters. Source: our choice, because it is about what two printed pages hold.
_LONG_PART = 5000
_OFF = {"0", "false", "off", "none"}

Block = dict[str, Any]


def list_parts(package: Package) -> list[list[Block]]:
    """The parts of the text in order; at least one.

    Raises:
        ValueError: it has no body.
    """
    return _Reader(package).parts()


class _Reader:
    def __init__(self, package: Package) -> None:
        self._package = package
        self._main = package.main_part()
        self._relations = package.relations(self._main)
        self._levels = self._heading_levels()
        self._notes = self._footnotes()
        self._parts: list[list[Block]] = [[]]
        self._pending: list[str] = []

    def parts(self) -> list[list[Block]]:
        body = self._package.tree(self._main).find(f"{_W}body")
        if body is None:
            raise ValueError("no body")
        self._walk(body)
        self._end_part()
        return [part for part in self._parts if part] or [[]]

    def _walk(self, holder: Any) -> None:
        for child in holder:
            if child.tag == f"{_W}p":
                self._paragraph(child)
            elif child.tag == f"{_W}tbl":
                self._add({"kind": "table", "rows": _rows(child)})
            elif child.tag in {f"{_W}sdt", f"{_W}sdtContent", f"{_W}ins", f"{_W}smartTag", f"{_W}customXml"}:
                self._walk(child)

    def _paragraph(self, paragraph: Any) -> None:
        properties = paragraph.find(f"{_W}pPr")
        level = self._level_of(properties)
        if _is_on(properties, "pageBreakBefore") or level == 1 or self._length() > _LONG_PART:
            self._end_part()
        runs: list[list[str]] = []
        extra: list[Block] = []
        for run in paragraph.iter(f"{_W}r", f"{_M}t"):
            if _is_inside_box(run, paragraph):
                continue
            if run.tag == f"{_M}t":
                runs.append([run.text or "", "i"])
                continue
            self._run(run, runs, extra)
        runs = _joined(runs)
        if any(text.strip() for text, _style in runs):
            self._add(_styled(properties, level, runs))
        for block in extra:
            self._add(block)
        for box in _boxes(paragraph):
            self._walk(box)
        if any(mark.get(f"{_W}type") == "page" for mark in paragraph.iter(f"{_W}br")):
            self._end_part()

    def _run(self, run: Any, runs: list[list[str]], extra: list[Block]) -> None:
        properties = run.find(f"{_W}rPr")
        style = "".join(letter for letter in "biu" if _is_on(properties, letter))
        for piece in run.iter():
            if piece.tag == f"{_W}t" and not _is_inside_box(piece, run):
                runs.append([piece.text or "", style])
            elif piece.tag in {f"{_W}tab", f"{_W}cr"} or (piece.tag == f"{_W}br" and piece.get(f"{_W}type") != "page"):
                runs.append([" ", style])
            elif piece.tag == f"{_W}footnoteReference":
                words = self._notes.get(piece.get(f"{_W}id", ""))
                if words:
                    self._pending.append(words)
                    runs.append([f" [{len(self._pending)}]", ""])
            elif piece.tag in {f"{_A}blip", f"{_V}imagedata"}:
                target = self._relations.get(piece.get(f"{_R}embed") or piece.get(f"{_R}id") or "")
                extra.append(
                    {"kind": "picture", "part": target[1]} if target else {"kind": "missing", "what": "drawing"}
                )
            elif piece.tag.endswith(("}chart", "}relIds")) and "drawingml" in piece.tag:
                extra.append({"kind": "missing", "what": "chart"})

    def _add(self, block: Block) -> None:
        self._parts[-1].append(block)

    def _end_part(self) -> None:
        for number, words in enumerate(self._pending, start=1):
            self._add({"kind": "note", "number": number, "runs": [[words, ""]]})
        self._pending = []
        if self._parts[-1]:
            self._parts.append([])

    def _length(self) -> int:
        return sum(len(text) for block in self._parts[-1] for text, _style in block.get("runs", ()))

    def _level_of(self, properties: Any) -> int | None:
        if properties is None:
            return None
        own = properties.find(f"{_W}outlineLvl")
        if own is not None and own.get(f"{_W}val", "9") in set("012345"):
            return int(own.get(f"{_W}val")) + 1
        style = properties.find(f"{_W}pStyle")
        return None if style is None else self._levels.get(style.get(f"{_W}val", ""))

    def _heading_levels(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for kind, target in self._relations.values():
            if not kind.endswith("/styles"):
                continue
            for style in self._package.tree(target).iter(f"{_W}style"):
                name = style.find(f"{_W}name")
                match = _HEADING.match(name.get(f"{_W}val", "")) if name is not None else None
                level = style.find(f"{_W}pPr/{_W}outlineLvl")
                if match:
                    found[style.get(f"{_W}styleId", "")] = int(match.group(1) or 1)
                elif level is not None and level.get(f"{_W}val", "9") in set("012345"):
                    found[style.get(f"{_W}styleId", "")] = int(level.get(f"{_W}val")) + 1
        return found

    def _footnotes(self) -> dict[str, str]:
        for kind, target in self._relations.values():
            if kind.endswith("/footnotes"):
                return {
                    note.get(f"{_W}id", ""): _text(note).strip()
                    for note in self._package.tree(target).iter(f"{_W}footnote")
                }
        return {}


def _styled(properties: Any, level: int | None, runs: list[list[str]]) -> Block:
    if level is not None:
        return {"kind": "heading", "level": level, "runs": [[text, ""] for text, _style in runs]}
    number = None if properties is None else properties.find(f"{_W}numPr")
    if number is not None:
        depth = number.find(f"{_W}ilvl")
        value = "0" if depth is None else depth.get(f"{_W}val", "0")
        return {"kind": "item", "level": min(5, int(value)) if value.isdigit() else 0, "runs": runs}
    return {"kind": "paragraph", "runs": runs}


def _is_on(properties: Any, name: str) -> bool:
    found = None if properties is None else properties.find(f"{_W}{name}")
    return found is not None and found.get(f"{_W}val", "1") not in _OFF


def _boxes(paragraph: Any) -> list[Any]:
    """The text boxes that hang on a paragraph; of two writings of the same box the first."""
    return [box for box in paragraph.iter(f"{_W}txbxContent") if not _is_inside_box(box, paragraph)]


def _is_inside_box(piece: Any, top: Any) -> bool:
    for parent in piece.iterancestors():
        if parent is top:
            return False
        if parent.tag == f"{_W}txbxContent" or parent.tag.endswith("}Fallback"):
            return True
    return False


def _rows(table: Any) -> list[list[str]]:
    return [
        ["\n".join(filter(None, (_text(item).strip() for item in cell.iter(f"{_W}p")))) for cell in row.iter(f"{_W}tc")]
        for row in table.findall(f"{_W}tr")
    ]


def _text(holder: Any) -> str:
    return "".join(piece.text or "" if piece.tag == f"{_W}t" else " " for piece in holder.iter(f"{_W}t", f"{_W}tab"))


def _joined(runs: list[list[str]]) -> list[list[str]]:
    kept: list[list[str]] = []
    for text, style in runs:
        if kept and kept[-1][1] == style:
            kept[-1][0] += text
        elif text:
            kept.append([text, style])
    return kept
