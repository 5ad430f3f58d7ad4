"""What of an Office file nobody sees on paper or on the slide: hidden words, rows and shapes, parts that nothing uses.

Decision: the reading view shows the words of a file without its looks, so what the looks hide must be gone before.
"""

from __future__ import annotations

from typing import Any

from lxml import etree

from examsite.storage.cleaning.office_words import MC, W

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_W = f"{{{W}}}"
_NO = {"0", "false", "off", "none"}
#: Letters of two points and less. Units: half points in a text, hundredths of a point on a slide.
# Source: our choice, because no eye reads them and no form asks for them.
_TINY_HALF_POINTS = 4
_TINY_HUNDREDTHS = 200
_SHAPES = {f"{_P}{name}" for name in ("sp", "pic", "graphicFrame", "cxnSp", "grpSp")}

Box = tuple[float, float, float, float]
"""Left, top, right, bottom. Units: English metric units of the slide."""


def hidden_styles(root: Any) -> frozenset[str]:
    """The styles whose words nobody sees, with those that are made from them."""
    parents: dict[str, str] = {}
    found = set()
    for style in root.iter(f"{_W}style"):
        name = str(style.get(f"{_W}styleId", ""))
        based = style.find(f"{_W}basedOn")
        parents[name] = "" if based is None else str(based.get(f"{_W}val", ""))
        if _is_unseen(style.find(f"{_W}rPr"), style.find(f"{_W}pPr"), on_white=True):
            found.add(name)
    for _depth in parents:
        more = {name for name, parent in parents.items() if parent in found} - found
        if not more:
            break
        found |= more
    return frozenset(found)


def list_hidden(root: Any, styles: frozenset[str]) -> list[Any]:
    """The elements of a part that nobody sees."""
    on_white = root.find(f"{_W}background") is None
    found = [row.getparent().getparent() for row in root.iter(f"{_W}hidden") if _is_on(row) and _is_row(row)]
    for run in root.iter(f"{_W}r"):
        looks = run.find(f"{_W}rPr")
        paragraph = next(run.iterancestors(f"{_W}p"), None)
        is_plain = on_white and not any(True for _ in run.iterancestors(f"{_W}tc", f"{_W}txbxContent"))
        around = None if paragraph is None else paragraph.find(f"{_W}pPr")
        if _is_unseen(looks, around, on_white=is_plain) or styles & {_style(looks, "r"), _style(around, "p")}:
            found.append(run)
    for table in root.iter(f"{_W}tbl"):
        if _style(table.find(f"{_W}tblPr"), "tbl") in styles:
            found.append(table)
    for run in root.iter(f"{_A}r", f"{_A}fld"):
        size = run.find(f"{_A}rPr")
        if size is not None and _is_tiny(size.get("sz"), _TINY_HUNDREDTHS):
            found.append(run)
    for item in root.iter():
        name = etree.QName(item).localname
        if name in {"cNvPr", "docPr"} and str(item.get("hidden", "0")) not in {"0", "false"}:
            found.append(item.getparent().getparent() if name == "cNvPr" else item.getparent())
    return [*found, *_second_versions(root)]


def list_off_slide(root: Any, size: tuple[int, int]) -> list[Any]:
    """The shapes that lie wholly beside the slide."""
    tree = next(root.iter(f"{_P}spTree"), None)
    return [] if tree is None else _outside(tree, (1.0, 0.0, 1.0, 0.0), (0, 0, *size))


def list_unused_notes(root: Any, used: set[str]) -> list[Any]:
    """The notes that no sign in the text leads to."""
    return [
        note
        for note in root
        if str(note.get(f"{_W}type", "normal")) == "normal" and str(note.get(f"{_W}id")) not in used
    ]


def list_unused_lists(root: Any, used: set[str]) -> list[Any]:
    """The kinds of lists that no paragraph and no style is in."""
    gone = [item for item in root.iter(f"{_W}num") if str(item.get(f"{_W}numId")) not in used]
    kept = {
        str(link.get(f"{_W}val"))
        for item in root.iter(f"{_W}num")
        if item not in gone
        for link in item.iter(f"{_W}abstractNumId")
    }
    return gone + [item for item in root.iter(f"{_W}abstractNum") if str(item.get(f"{_W}abstractNumId")) not in kept]


def values_of(root: Any, name: str, attribute: str) -> set[str]:
    """What all elements of this name say in this attribute."""
    return {str(item.get(f"{_W}{attribute}")) for item in root.iter(f"{_W}{name}")}


def _second_versions(root: Any) -> list[Any]:
    """Of a thing that is there in two versions, the one for old programs."""
    return [
        version
        for both in root.iter(f"{{{MC}}}AlternateContent")
        if both.find(f"{{{MC}}}Choice") is not None
        for version in both.findall(f"{{{MC}}}Fallback")
    ]


def _is_on(mark: Any) -> bool:
    return mark is not None and str(mark.get(f"{_W}val", "1")) not in _NO


def _is_row(mark: Any) -> bool:
    return bool(mark.getparent().tag == f"{_W}trPr")


def _style(properties: Any, kind: str) -> str:
    mark = None if properties is None else properties.find(f"{_W}{kind}Style")
    return "" if mark is None else str(mark.get(f"{_W}val", ""))


def _is_unseen(looks: Any, around: Any, *, on_white: bool) -> bool:
    """Whether letters that look so are hidden, too small for an eye, or white on white."""
    if looks is None:
        return False
    if any(_is_on(looks.find(f"{_W}{name}")) for name in ("vanish", "specVanish")):
        return True
    size, colour = looks.find(f"{_W}sz"), looks.find(f"{_W}color")
    if size is not None and _is_tiny(size.get(f"{_W}val"), _TINY_HALF_POINTS):
        return True
    if colour is None or not on_white:
        return False
    has_ground = any(
        place is not None and place.find(f"{_W}{name}") is not None
        for place in (looks, around)
        for name in ("shd", "highlight")
    )
    is_white = str(colour.get(f"{_W}val", "")).upper() == "FFFFFF" or colour.get(f"{_W}themeColor") == "background1"
    return is_white and not has_ground


def _is_tiny(value: str | None, most: int) -> bool:
    return value is not None and value.isdigit() and int(value) <= most


def _outside(holder: Any, scale: tuple[float, float, float, float], slide: Box) -> list[Any]:
    """The shapes of a group that lie outside; `scale` turns its measures into those of the slide."""
    found = []
    for shape in holder:
        if shape.tag not in _SHAPES:
            continue
        frame = next(iter([*shape.findall(f"*/{_A}xfrm"), *shape.findall(f"{_P}xfrm")]), None)
        offset, extent = (None, None) if frame is None else (frame.find(f"{_A}off"), frame.find(f"{_A}ext"))
        if offset is None or extent is None:
            continue
        left, top, width, height = (
            *(float(offset.get(name, 0)) for name in ("x", "y")),
            *(float(extent.get(name, 0)) for name in ("cx", "cy")),
        )
        box = (
            left * scale[0] + scale[1],
            top * scale[2] + scale[3],
            (left + width) * scale[0] + scale[1],
            (top + height) * scale[2] + scale[3],
        )
        if box[2] < slide[0] or box[3] < slide[1] or box[0] > slide[2] or box[1] > slide[3]:
            found.append(shape)
        elif shape.tag == f"{_P}grpSp":
            found += _outside(shape, _inner_scale(frame, box), slide)
    return found


def _inner_scale(frame: Any, box: Box) -> tuple[float, float, float, float]:
    offset, extent = frame.find(f"{_A}chOff"), frame.find(f"{_A}chExt")
    if offset is None or extent is None:
        return 1.0, 0.0, 1.0, 0.0
    across = (box[2] - box[0]) / (float(extent.get("cx", 0)) or 1)
    down = (box[3] - box[1]) / (float(extent.get("cy", 0)) or 1)
    return across, box[0] - float(offset.get("x", 0)) * across, down, box[1] - float(offset.get("y", 0)) * down
