"""A text or a presentation with what a reader sees and nothing that says who wrote it.

The copy is a new package: beginning with the main part it takes over the parts that a kept relation leads to, under new
names and new relation ids; nothing else of the old package goes in.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from typing import Any

from lxml import etree

from examsite.storage.cleaning.office_hidden import (
    hidden_styles,
    list_off_slide,
    list_unused_lists,
    list_unused_notes,
    values_of,
)
from examsite.storage.cleaning.office_text import clean_tree, drop_all, is_hidden_slide, style_names
from examsite.storage.cleaning.office_words import (
    CONTENT_TYPES,
    MAIN_PARTS,
    MAIN_TYPES,
    PACKAGE_RELATIONS,
    PART_TYPES,
    UNNAMED,
    R,
)
from examsite.storage.cleaning.pictures import blank_picture, clean_picture, ending_of

_EPOCH = (1980, 1, 1, 0, 0, 0)
_MOST_PARTS = 3000
_MOST_BYTES = 300 * 1024 * 1024
# Source: ECMA-376, part 1, 19.2.1.39: the slide of four to three that is taken where none is named.
_USUAL_SLIDE = (9144000, 6858000)
_OFFICE_DOCUMENT = R + "/officeDocument"


def clean_office(data: bytes, kind: str) -> bytes:
    """The copy without its author; `kind` is docx or pptx.

    Raises:
        ValueError: it is damaged, or nothing of it can be shown.
    """
    try:
        return _Copy(read_package(data), kind).made()
    except (zipfile.BadZipFile, etree.XMLSyntaxError, KeyError, RecursionError, NotImplementedError) as error:
        raise ValueError("damaged Office file") from error


def read_package(data: bytes) -> dict[str, bytes]:
    """Every part of a package by its name.

    Raises:
        ValueError: there is too much of it.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = archive.infolist()
        if len(entries) > _MOST_PARTS or sum(entry.file_size for entry in entries) > _MOST_BYTES:
            raise ValueError("too large")
        return {entry.filename: archive.read(entry) for entry in entries}


def parse_part(data: bytes) -> Any:
    """The tree of one part, without remarks and processing instructions.

    Raises:
        ValueError: it brings a document type.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    root = etree.fromstring(data, parser)
    if root.getroottree().docinfo.doctype:
        raise ValueError("a document type")
    return root


class _Copy:
    """The new package while it is made."""

    def __init__(self, parts: dict[str, bytes], kind: str) -> None:
        self._old = parts
        self._kind = kind
        self._folder = posixpath.dirname(MAIN_PARTS[kind])
        self._new: dict[str, bytes] = {}
        self._types: dict[str, str] = {}
        self._named: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        self._styles: dict[str, str] = {}
        self._unseen_styles: frozenset[str] = frozenset()
        self._notes: dict[str, set[str]] = {}
        self._lists: set[str] = set()
        self._slide_size = _USUAL_SLIDE

    def made(self) -> bytes:
        """The bytes of the new package."""
        main = self._main_part()
        if self._kind == "docx":
            styles = [target for _id, kind, target in self._relations(main) if kind == "styles" and target in self._old]
            tree = parse_part(self._old[styles[0]]) if styles else None
            if tree is not None:
                self._styles, self._unseen_styles = style_names(tree), hidden_styles(tree)
                self._lists |= values_of(tree, "numId", "val")
            self._lists |= self._lists_of_pages(main)
        target = MAIN_PARTS[self._kind]
        self._named[main] = target
        self._take_text(main, target, "main", MAIN_TYPES[self._kind])
        relations = etree.Element(f"{{{PACKAGE_RELATIONS}}}Relationships", nsmap={None: PACKAGE_RELATIONS})
        etree.SubElement(
            relations, f"{{{PACKAGE_RELATIONS}}}Relationship", Id="rId1", Type=_OFFICE_DOCUMENT, Target=target
        )
        self._new["_rels/.rels"] = _written(relations)
        self._new["[Content_Types].xml"] = self._content_types()
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for name in sorted(self._new):
                entry = zipfile.ZipInfo(name, _EPOCH)
                entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, 0, 0
                archive.writestr(entry, self._new[name], compresslevel=6)
        return out.getvalue()

    def _main_part(self) -> str:
        for item in parse_part(self._old["[Content_Types].xml"]):
            name = str(item.get("PartName", "")).lstrip("/")
            if item.get("ContentType") == MAIN_TYPES[self._kind] and name in self._old:
                return name
        raise ValueError("no main part")

    def _relations(self, name: str) -> list[tuple[str, str, str]]:
        """Id, last word of the type, and part of each relation that leads to a part inside."""
        folder, base = posixpath.split(name)
        data = self._old.get(posixpath.join(folder, "_rels", f"{base}.rels"))
        found = []
        for item in [] if data is None else parse_part(data):
            target = str(item.get("Target", ""))
            inside = posixpath.normpath(target[1:] if target.startswith("/") else posixpath.join(folder, target))
            if item.get("TargetMode", "Internal") == "Internal" and inside in self._old:
                found.append((str(item.get("Id")), str(item.get("Type", "")).rsplit("/", 1)[-1], inside))
        return found

    def _take_text(self, name: str, target: str, kind: str, content_type: str) -> None:
        root = parse_part(self._old[name])
        relations = self._relations(name)
        if kind == "main" and self._kind == "pptx":
            self._drop_hidden_slides(root, {key: part for key, _kind, part in relations})
            self._slide_size = slide_size(root)
        root = clean_tree(root, kind, self._styles, self._unseen_styles)
        self._drop_unused(root, kind)
        named = {
            str(value) for element in root.iter() for key, value in element.attrib.items() if key.startswith(f"{{{R}}}")
        }
        made = etree.Element(f"{{{PACKAGE_RELATIONS}}}Relationships", nsmap={None: PACKAGE_RELATIONS})
        ids: dict[str, str] = {}
        for key, relation, part in relations:
            if (key not in named and relation not in UNNAMED) or (relation not in PART_TYPES and relation != "image"):
                continue
            ids[key] = f"rId{len(ids) + 1}"
            place = posixpath.relpath(self._take(part, relation), posixpath.dirname(target))
            etree.SubElement(
                made, f"{{{PACKAGE_RELATIONS}}}Relationship", Id=ids[key], Type=f"{R}/{relation}", Target=place
            )
        _rename_ids(root, ids)
        self._new[target] = _written(root)
        self._types[target] = content_type
        if ids:
            folder, base = posixpath.split(target)
            self._new[f"{folder}/_rels/{base}.rels"] = _written(made)

    def _drop_unused(self, root: Any, kind: str) -> None:
        """What nothing leads to, and what lies beside the slide."""
        if kind == "main" and self._kind == "docx":
            self._notes = {
                "footnotes": values_of(root, "footnoteReference", "id"),
                "endnotes": values_of(root, "endnoteReference", "id"),
            }
        elif kind in self._notes:
            drop_all(root, list_unused_notes(root, self._notes[kind]))
        elif kind == "numbering":
            drop_all(root, list_unused_lists(root, self._lists))
        elif kind == "slide":
            drop_all(root, list_off_slide(root, self._slide_size))

    def _lists_of_pages(self, main: str) -> set[str]:
        """The lists that paragraphs are in: of the text, its heads and feet, and its notes."""
        pages = {"header", "footer", "footnotes", "endnotes"}
        parts = [main, *(part for _id, kind, part in self._relations(main) if kind in pages)]
        return {number for part in parts for number in values_of(parse_part(self._old[part]), "numId", "val")}

    def _take(self, name: str, relation: str) -> str:
        """The new name of a part, which is taken over when it is met first."""
        if name in self._named:
            return self._named[name]
        self._counts[relation] = number = self._counts.get(relation, 0) + 1
        if relation == "image":
            try:
                picture = clean_picture(self._old[name])
            except ValueError:
                picture = blank_picture()
            target = f"{self._folder}/media/image{number}.{ending_of(picture)}"
            self._new[target] = picture
            self._named[name] = target
            return target
        target = f"{self._folder}/{relation}{number}.xml"
        self._named[name] = target
        self._take_text(name, target, relation, PART_TYPES[relation])
        return target

    def _drop_hidden_slides(self, root: Any, parts: dict[str, str]) -> None:
        slides = [item for item in root.iter() if etree.QName(item).localname == "sldId"]
        shown = 0
        for item in slides:
            part = parts.get(str(item.get(f"{{{R}}}id")))
            if part is None or is_hidden_slide(parse_part(self._old[part])):
                item.getparent().remove(item)
            else:
                shown += 1
        if slides and not shown:
            raise ValueError("no slide is shown")

    def _content_types(self) -> bytes:
        root = etree.Element(f"{{{CONTENT_TYPES}}}Types", nsmap={None: CONTENT_TYPES})
        for ending, kind in (
            ("rels", "application/vnd.openxmlformats-package.relationships+xml"),
            ("xml", "application/xml"),
            ("jpeg", "image/jpeg"),
            ("png", "image/png"),
            ("emf", "image/x-emf"),
        ):
            etree.SubElement(root, f"{{{CONTENT_TYPES}}}Default", Extension=ending, ContentType=kind)
        for name, kind in sorted(self._types.items()):
            etree.SubElement(root, f"{{{CONTENT_TYPES}}}Override", PartName=f"/{name}", ContentType=kind)
        return _written(root)


def slide_size(root: Any) -> tuple[int, int]:
    """Width and height of the slides. Unit: English metric units."""
    size = next((item for item in root if etree.QName(item).localname == "sldSz"), None)
    if size is None or not str(size.get("cx", "")).isdigit() or not str(size.get("cy", "")).isdigit():
        return _USUAL_SLIDE
    return int(size.get("cx")), int(size.get("cy"))


def _rename_ids(root: Any, ids: dict[str, str]) -> None:
    for element in root.iter():
        for key, value in list(element.attrib.items()):
            if not key.startswith(f"{{{R}}}"):
                continue
            if value in ids:
                element.set(key, ids[value])
            else:
                del element.attrib[key]


def _written(root: Any) -> bytes:
    """The XML as bytes, always the same for the same tree."""
    text: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
    return re.sub(rb"\r\n?", b"\n", text)
