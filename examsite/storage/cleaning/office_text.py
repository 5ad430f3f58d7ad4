"""One XML part of an Office file without its author: remarks, tracked changes, hidden words, fields, names."""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

from examsite.storage.cleaning.office_hidden import list_hidden
from examsite.storage.cleaning.office_words import (
    ATTRIBUTES_GONE,
    COMMON_FONTS,
    COMMON_STYLE,
    COMPATIBILITY_KEPT,
    GONE,
    GONE_IN_WORD,
    MC,
    SAFE_FIELD,
    SETTINGS_KEPT,
    TELLING_FIELDS,
    UNWRAPPED,
    R,
    W,
    is_known_space,
)

_STYLE_REFERENCES = {
    *("pStyle", "rStyle", "tblStyle", "basedOn", "next", "link", "numStyleLink", "styleLink", "tblStylePr"),
    *("clickAndTypeStyle", "defaultTableStyle"),
}
_FONT_ATTRIBUTES = {"ascii", "hAnsi", "cs", "eastAsia", "typeface", "font"}
_NAMED_THINGS = {"cNvPr", "docPr", "cSld", "theme", "clrScheme", "fontScheme", "fmtScheme", "objectDefaults", "custClr"}
_NO = {"0", "false", "off"}
_SHAPE_NAMES = {"id", "spid", "gfxdata"}
_SHAPE_ID = re.compile(r"_x0000_[a-z]\d+")
_BOOKMARK = re.compile(r"_(Toc|Ref)\d+")


def clean_tree(root: Any, kind: str, styles: dict[str, str], unseen_styles: frozenset[str] = frozenset()) -> Any:
    """The tree without its author; `kind` is the last word of the relation that leads to it, `styles` new names.

    `unseen_styles` are those whose words nobody sees, under their old names.
    """
    for element in list(root.iter(etree.Entity)):
        drop(element)
    _drop_unknown(root)
    if kind == "settings":
        _clean_settings(root)
    _drop_bound_controls(root)
    drop_all(root, list_hidden(root, unseen_styles))
    _drop_deleted(root)
    _clean_fields(root)
    _drop_by_name(root)
    _unwrap(root)
    if kind == "styles":
        _name_styles(root, styles)
    for element in root.iter():
        _clean_attributes(element, styles)
    _drop_lost_styles(root)
    _clean_formulas(root)
    _trim_compatibility(root)
    return root


def is_hidden_slide(root: Any) -> bool:
    """Whether a slide is not shown."""
    return str(root.get("show", "1")) in _NO


def style_names(root: Any) -> dict[str, str]:
    """New id of every style; the old ones may be anybody's words."""
    ids = [str(item.get(f"{{{W}}}styleId", "")) for item in root.iter(f"{{{W}}}style")]
    return {name: f"S{number}" for number, name in enumerate(ids, start=1)}


def drop(element: Any) -> None:
    """Take an element out; the text behind it stays."""
    parent = element.getparent()
    if parent is None:
        raise ValueError("nothing is left")
    _give_tail(element, parent)
    parent.remove(element)


def _give_tail(element: Any, parent: Any) -> None:
    if element.tail and element.tail.strip():
        before = element.getprevious()
        if before is None:
            parent.text = (parent.text or "") + element.tail
        else:
            before.tail = (before.tail or "") + element.tail


def _local(element: Any) -> str:
    return str(etree.QName(element).localname)


def _is_word(element: Any) -> bool:
    return bool(etree.QName(element).namespace == W)


def drop_all(root: Any, elements: list[Any]) -> None:
    """Take elements out, except the root; what went with another one is gone already."""
    for element in elements:
        if element is not root and element.getparent() is not None:
            drop(element)


def _drop_unknown(root: Any) -> None:
    drop_all(root, [item for item in root.iter() if not is_known_space(etree.QName(item).namespace)])


def _clean_settings(root: Any) -> None:
    drop_all(root, [item for item in root if _local(item) not in SETTINGS_KEPT])
    drop_all(
        root,
        [
            item
            for item in root.iter(f"{{{W}}}compatSetting")
            if item.get(f"{{{W}}}name") not in COMPATIBILITY_KEPT or not str(item.get(f"{{{W}}}val", "")).isdigit()
        ],
    )


def _drop_bound_controls(root: Any) -> None:
    """Words that a control takes from the properties of the file are not the author's text but the author's name."""
    found = []
    for control in root.iter(f"{{{W}}}sdt"):
        binding = control.find(f"{{{W}}}sdtPr/{{{W}}}dataBinding")
        if binding is not None:
            found.append(control)
    drop_all(root, found)


def _drop_deleted(root: Any) -> None:
    """Tracked changes as if all had been accepted: what was deleted is gone, rows and empty paragraphs with it."""
    rows = [item.getparent().getparent() for item in root.iter(f"{{{W}}}del") if _local(item.getparent()) == "trPr"]
    marks = [
        item.getparent().getparent().getparent()
        for item in root.iter(f"{{{W}}}del", f"{{{W}}}moveFrom")
        if _local(item.getparent()) == "rPr" and _local(item.getparent().getparent()) == "pPr"
    ]
    drop_all(root, rows)
    drop_all(root, [item for item in root.iter() if _is_word(item) and _local(item) in {"del", "moveFrom"}])
    empty = [
        item
        for item in marks
        if item.getparent() is not None and all(_local(child) == "pPr" for child in item) and item.getnext() is not None
    ]
    drop_all(root, empty)


def _clean_fields(root: Any) -> None:
    """Fields as plain words; those that tell a name or a place go with their words, page numbers stay alive."""
    gone: list[Any] = []
    for field in list(root.iter(f"{{{W}}}fldSimple")):
        words = str(field.get(f"{{{W}}}instr", ""))
        if _tells(words):
            gone.append(field)
        elif not SAFE_FIELD.fullmatch(words):
            _open_up(field)
    stack: list[dict[str, Any]] = []
    for item in root.iter(f"{{{W}}}r", f"{{{W}}}fldChar", f"{{{W}}}instrText", f"{{{W}}}delInstrText"):
        name = _local(item)
        if name == "r":
            for frame in stack:
                frame["runs"].append(item)
        elif name == "fldChar" and item.get(f"{{{W}}}fldCharType") == "begin":
            stack.append({"words": "", "parts": [item], "runs": [item.getparent()]})
        elif not stack:
            gone.append(item)
        else:
            stack[-1]["parts"].append(item)
            if name != "fldChar":
                stack[-1]["words"] += item.text or ""
            elif item.get(f"{{{W}}}fldCharType") == "end":
                gone += _ended(stack.pop())
    for frame in stack:
        gone += frame["parts"]
    drop_all(root, gone)


def _ended(frame: dict[str, Any]) -> list[Any]:
    if _tells(frame["words"]):
        return list(frame["runs"])
    return [] if SAFE_FIELD.fullmatch(frame["words"]) else list(frame["parts"])


def _tells(words: str) -> bool:
    first = words.split()[:1]
    return bool(first) and first[0].upper() in TELLING_FIELDS


def _drop_by_name(root: Any) -> None:
    for item in list(root.iter()):
        name = _local(item)
        if name == "graphicFrame" and item.getparent() is not None:
            _keep_picture_of_object(item)
        if name == "bookmarkStart" and not _BOOKMARK.fullmatch(str(item.get(f"{{{W}}}name", ""))):
            number = item.get(f"{{{W}}}id")
            ends = [end for end in root.iter(f"{{{W}}}bookmarkEnd") if end.get(f"{{{W}}}id") == number]
            drop_all(root, [item, *ends])
    in_styles = _local(root) == "styles"
    drop_all(
        root,
        [
            item
            for item in root.iter()
            if _local(item) in GONE or (_is_word(item) and _local(item) in GONE_IN_WORD and not in_styles)
        ],
    )


def _keep_picture_of_object(frame: Any) -> None:
    """An object of another program leaves its picture behind."""
    objects = [item for item in frame.iter() if _local(item) == "oleObj"]
    if not objects:
        return
    pictures = [item for item in frame.iter() if _local(item) == "pic"]
    if pictures:
        frame.getparent().replace(frame, pictures[-1])
    else:
        drop(frame)


def _unwrap(root: Any) -> None:
    for element in list(root.iter()):
        if element is not root and _is_word(element) and _local(element) in UNWRAPPED:
            _open_up(element)


def _open_up(element: Any) -> None:
    """What an element holds takes its place."""
    parent = element.getparent()
    if parent is None:
        return
    place = parent.index(element)
    _give_tail(element, parent)
    children = list(element)
    parent.remove(element)
    for offset, child in enumerate(children):
        parent.insert(place + offset, child)


def _name_styles(root: Any, styles: dict[str, str]) -> None:
    for number, style in enumerate(root.iter(f"{{{W}}}style"), start=1):
        style.set(f"{{{W}}}styleId", styles.get(str(style.get(f"{{{W}}}styleId", "")), f"S{number}"))
        name = style.find(f"{{{W}}}name")
        if name is not None and not COMMON_STYLE.fullmatch(str(name.get(f"{{{W}}}val", ""))):
            name.set(f"{{{W}}}val", f"Style {number}")
    drop_all(root, list(root.iter(f"{{{W}}}latentStyles")))


def _clean_attributes(element: Any, styles: dict[str, str]) -> None:
    name = _local(element)
    is_drawing = str(etree.QName(element).namespace).startswith("urn:")
    for key, value in list(element.attrib.items()):
        attribute = etree.QName(key)
        local = attribute.localname
        gone = local in ATTRIBUTES_GONE and not (local == "link" and attribute.namespace)
        if not is_known_space(attribute.namespace) or gone or local.startswith("rsid"):
            del element.attrib[key]
        elif local in _FONT_ATTRIBUTES and not value.startswith("+") and value not in COMMON_FONTS:
            element.set(key, "Times New Roman")
        elif local == "name" and (name in _NAMED_THINGS or name in {"shape", "cNvPicPr", "custDash"}):
            element.set(key, "" if name != "docPr" else "Object")
        elif is_drawing and local in _SHAPE_NAMES and attribute.namespace != R and not _SHAPE_ID.fullmatch(value):
            del element.attrib[key]  # old drawings may call their shapes by words
    if _is_word(element) and name in _STYLE_REFERENCES and f"{{{W}}}val" in element.attrib:
        element.set(f"{{{W}}}val", styles.get(str(element.get(f"{{{W}}}val")), ""))


def _drop_lost_styles(root: Any) -> None:
    drop_all(
        root,
        [
            item
            for item in root.iter()
            if _is_word(item) and _local(item) in _STYLE_REFERENCES and item.get(f"{{{W}}}val") == ""
        ],
    )


def _clean_formulas(root: Any) -> None:
    """Where the figures of a chart stood in a table; the figures themselves are beside it."""
    for item in root.iter("{http://schemas.openxmlformats.org/drawingml/2006/chart}f"):
        item.text = "Sheet1!$A$1"


def _trim_compatibility(root: Any) -> None:
    """Prefixes that nothing needs any more go; those that a reader must look up stay."""
    kept: set[str] = set()
    for element in root.iter():
        for key in (f"{{{MC}}}Ignorable", f"{{{MC}}}ProcessContent", f"{{{MC}}}MustUnderstand", "Requires"):
            if key not in element.attrib:
                continue
            known = [
                prefix
                for prefix in str(element.get(key)).split()
                if prefix in element.nsmap and is_known_space(element.nsmap[prefix])
            ]
            if known:
                element.set(key, " ".join(known))
                kept.update(known)
            elif key != "Requires":
                del element.attrib[key]
            else:
                element.set(key, "x")
    etree.cleanup_namespaces(root, keep_ns_prefixes=sorted(kept))
