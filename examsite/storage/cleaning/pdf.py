"""A PDF with its pages and outlines and nothing that says who wrote it, with which program, when and where.

What stays of the catalogue and of annotations is listed. qpdf writes only what can be reached from the pages, so
earlier revisions, remarks between objects and whatever followed the end are gone.
"""

from __future__ import annotations

import io
import re
import struct
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Object, Stream, String

from examsite.storage.cleaning.pdf_content import Names, clean_content, hidden_layers, is_hidden
from examsite.storage.cleaning.pdf_words import COLLECTIONS, KEYS, OTHER_MAPS, RESOURCE_MAPS
from examsite.storage.cleaning.pictures import clean_jpeg, clean_jpeg2000

_CATALOGUE_KEPT = {"/Type", "/Pages", "/Outlines", "/PageLabels", "/PageMode"}
_PAGE_KEPT = {
    *("/Type", "/Parent", "/Kids", "/Count", "/Resources", "/MediaBox", "/CropBox", "/BleedBox", "/TrimBox", "/ArtBox"),
    *("/Rotate", "/UserUnit", "/Contents", "/Group", "/Annots"),
}
_OUTLINE_KEPT = {"/Title", "/Parent", "/Prev", "/Next", "/First", "/Last", "/Count", "/Dest", "/A", "/C", "/F", "/Type"}
_ANNOTATION_KEPT = {
    *("/Type", "/Subtype", "/Rect", "/AP", "/AS", "/F", "/C", "/IC", "/CA", "/Border", "/BS", "/BE", "/QuadPoints"),
    *("/InkList", "/L", "/LE", "/Vertices", "/Dest", "/A", "/H"),
}
#: Marks of a reader on the paper that carry no picture of their own are remarks; they go with their words.
_ANNOTATIONS_GONE = {
    "/Text",
    "/Popup",
    "/FileAttachment",
    "/Sound",
    "/Movie",
    "/Screen",
    "/RichMedia",
    "/3D",
    "/Redact",
}
#: An annotation that is hidden, or not shown on the screen. Source: ISO 32000-1, table 165.
_UNSEEN_FLAGS = 0x02 | 0x20
#: Gone wherever they stand.
_GONE = {
    *("/Metadata", "/PieceInfo", "/LastModified", "/Thumb", "/AF", "/AA", "/JS", "/OPI", "/StructParent"),
    *("/StructParents", "/ID", "/SpiderInfo", "/Info", "/Measure", "/PtData", "/Tabs", "/Alt", "/ActualText", "/TU"),
    *("/EmbeddedFiles", "/EF", "/UF"),
}
_STREAM_GONE = {"/Name", "/PieceInfo", "/Metadata", "/Alternates"}
_MOST_DEPTH = 200
_FONT_FILES = ("/FontFile", "/FontFile2", "/FontFile3")
#: Length of `%!PS-AdobeFont-1.0`, which a reader looks for. Unit: bytes.
_TYPE1_MARK = 18
_TYPE1_WORDS = re.compile(rb"\([^()]*\)")
_TYPE1_REST_OF_LINE = re.compile(rb"\A[^\r\n]*")
_TYPE1_REMARK = re.compile(rb"%[^\r\n]*")
_MAP_NAME = re.compile(rb"/CMapName\s*/\S+\s*def")
_TYPE1_NAME = re.compile(rb"(/FontName\s*/)([^\s/]+)")


def clean_pdf(data: bytes) -> bytes:
    """The copy without its author.

    Raises:
        ValueError: damaged or encrypted.
    """
    try:
        with pikepdf.open(io.BytesIO(data), suppress_warnings=True) as document:
            if document.is_encrypted:
                raise ValueError("encrypted")
            _Copy(document).clean()
            out = io.BytesIO()
            document.save(
                out,
                deterministic_id=True,
                object_stream_mode=pikepdf.ObjectStreamMode.generate,
                compress_streams=True,
                recompress_flate=True,
                stream_decode_level=pikepdf.StreamDecodeLevel.generalized,
                fix_metadata_version=False,
            )
            return out.getvalue()
    except (pikepdf.PdfError, TypeError, KeyError, AttributeError, RuntimeError, RecursionError) as error:
        raise ValueError("damaged PDF") from error


def _keep_only(holder: Object, kept: set[str]) -> None:
    for name in list(holder.keys()):
        if name not in kept:
            del holder[name]


class _Copy:
    """The file while it is cleaned."""

    def __init__(self, document: pikepdf.Pdf) -> None:
        self._document = document
        self._names = Names()
        self._off = hidden_layers(document)
        self._targets = _named_targets(document)
        self._renamed: set[tuple[int, int]] = set()
        self._maps: set[tuple[int, int]] = set()
        self._outlines: set[tuple[int, int]] = set()

    def clean(self) -> None:
        document = self._document
        _keep_only(document.Root, _CATALOGUE_KEPT)
        for name in ("/Info", "/ID"):
            if name in document.trailer:
                del document.trailer[name]
        self._clean_outlines()
        for page in document.pages:
            self._clean_page(page)
        for item in list(document.objects):
            self._clean_forms(item.stream_dict if isinstance(item, Stream) else item, item)
        for item in list(document.objects):
            self._rename(item.stream_dict if isinstance(item, Stream) else item, 0)
        for item in document.objects:
            holder = item.stream_dict if isinstance(item, Stream) else item
            if isinstance(item, Stream) and str(holder.get("/Type", "")) in {"/XRef", "/ObjStm"}:
                continue  # the lists of the old file, which the new one writes anew
            self._clean_inside(holder, 0, is_map=item.objgen in self._maps)
            if isinstance(item, Stream):
                _clean_stream(item)

    def _clean_outlines(self) -> None:
        stack = [self._document.Root.get("/Outlines", None)]
        while stack:
            item = stack.pop()
            if not isinstance(item, Dictionary) or (item.is_indirect and item.objgen in self._outlines):
                continue
            self._outlines.add(item.objgen)
            _keep_only(item, _OUTLINE_KEPT)
            self._keep_inner_action(item)
            stack += [item.get("/First", None), item.get("/Next", None)]

    def _clean_page(self, page: pikepdf.Page) -> None:
        _keep_only(page.obj, _PAGE_KEPT)
        annotations = [
            item
            for item in page.obj.get("/Annots", Array())
            if isinstance(item, Dictionary)
            and str(item.get("/Subtype", "")) not in _ANNOTATIONS_GONE
            and not int(item.get("/F", 0)) & _UNSEEN_FLAGS
            and not is_hidden(item.get("/OC", None), self._off)
        ]
        if annotations:
            for item in annotations:
                _keep_only(item, _ANNOTATION_KEPT)
                self._keep_inner_action(item)
            page.obj["/Annots"] = Array(annotations)
        elif "/Annots" in page.obj:
            del page.obj["/Annots"]
        left, low, right, top = (float(one) for one in page.cropbox)
        paper = (min(left, right), min(low, top), max(left, right), max(low, top))
        hidden = self._hidden_of(page.obj.get("/Resources", None))
        content = clean_content(page, self._names, hidden, paper=paper)
        page.obj["/Contents"] = self._document.make_stream(content)

    def _keep_inner_action(self, holder: Object) -> None:
        """A jump inside the file stays, to a page and no name; an address outside may name its owner."""
        action = holder.get("/A", None)
        target = holder.get("/Dest", None)
        if isinstance(action, Dictionary) and str(action.get("/S", "")) == "/GoTo":
            target = action.get("/D", target)
        for name in ("/A", "/Dest"):
            if name in holder:
                del holder[name]
        if isinstance(target, String | Name):
            target = self._targets.get(str(target), None)
        if isinstance(target, Dictionary):
            target = target.get("/D", None)
        if isinstance(target, Array):
            holder["/Dest"] = target

    def _hidden_of(self, resources: Object | None) -> set[str]:
        """The layers that resources name and that are not shown."""
        layers = resources.get("/Properties", None) if isinstance(resources, Dictionary) else None
        if not isinstance(layers, Dictionary):
            return set()
        return {name for name, layer in layers.items() if is_hidden(layer, self._off)}

    def _clean_forms(self, holder: Object, item: Object) -> None:
        """Drawings that pages and fonts refer to; what lies in a layer that is not shown draws nothing."""
        if isinstance(holder, Dictionary) and isinstance(holder.get("/CharProcs", None), Dictionary):
            for drawing in holder.CharProcs.as_dict().values():
                hidden = self._hidden_of(holder.get("/Resources", None))
                drawing.write(clean_content(drawing, self._names, hidden))
        if not isinstance(item, Stream):
            return
        if is_hidden(holder.get("/OC", None), self._off):
            _keep_only(holder, {"/Type", "/Length"})
            holder["/Subtype"], holder["/BBox"] = Name.Form, Array([0, 0, 0, 0])
            item.write(b"")
        elif str(holder.get("/Subtype", "")) == "/Form" or _number(holder.get("/PatternType", 0)) == 1:
            item.write(clean_content(item, self._names, self._hidden_of(holder.get("/Resources", None))))

    def _rename(self, item: object, depth: int) -> None:
        """Resources under new names; the dictionaries whose entries are names are remembered."""
        if depth > _MOST_DEPTH:
            raise ValueError("too deep")
        if isinstance(item, Dictionary):
            resources = item.get("/Resources", None)
            if isinstance(resources, Dictionary):
                for name in RESOURCE_MAPS:
                    self._rename_map(resources.get(name, None))
                    if isinstance(resources.get(name, None), Dictionary):
                        self._remember(resources[name])
            for name in OTHER_MAPS:
                if isinstance(item.get(name, None), Dictionary):
                    self._remember(item[name])
            children: list[Any] = list(item.as_dict().values())
        elif isinstance(item, Array):
            children = list(item.as_list())
        else:
            return
        for value in children:
            if isinstance(value, Object) and not value.is_indirect:
                self._rename(value, depth + 1)

    def _remember(self, item: Object) -> None:
        if item.is_indirect:
            self._maps.add(item.objgen)

    def _rename_map(self, item: Object | None) -> None:
        if not isinstance(item, Dictionary) or (item.is_indirect and item.objgen in self._renamed):
            return
        if item.is_indirect:
            self._renamed.add(item.objgen)
        entries = {name: item[name] for name in item.keys()}  # noqa: SIM118 - a PDF dictionary is no mapping
        for name in entries:
            del item[name]
        for name, value in entries.items():
            item[self._names.new_name(name)] = value

    def _clean_inside(self, item: object, depth: int, *, is_map: bool) -> None:
        if depth > _MOST_DEPTH:
            raise ValueError("too deep")
        if isinstance(item, Dictionary):
            is_structure = "/RoleMap" in item or str(item.get("/Type", "")) in {"/StructTreeRoot", "/StructElem"}
            is_outline = item.is_indirect and item.objgen in self._outlines
            for name in list(item.keys()):
                value = item[name]
                is_known = is_map or (name in KEYS and name not in _GONE and (name != "/Title" or is_outline))
                if is_structure or not is_known or (isinstance(value, String) and not _may_say(name, item)):
                    del item[name]
                elif isinstance(value, Object) and not value.is_indirect:
                    is_inner_map = not is_map and (name in RESOURCE_MAPS or name in OTHER_MAPS)
                    self._clean_inside(value, depth + 1, is_map=is_inner_map)
            if str(item.get("/Type", "")) in {"/Font", "/FontDescriptor"} or "/BaseFont" in item:
                _clean_font(item)
        elif isinstance(item, Array):
            is_palette = len(item) == 4 and str(item[0]) in {"/Indexed", "/I"}
            for place, value in enumerate(item):
                if isinstance(value, String) and not is_palette:
                    item[place] = String("")
                elif isinstance(value, Object) and not value.is_indirect:
                    self._clean_inside(value, depth + 1, is_map=False)


def _may_say(name: str, holder: Object) -> bool:
    """Whether a text may stay: titles of outlines, and the well-known names of tables of characters."""
    return name in {"/Title", "/Panose"} or (name in {"/Registry", "/Ordering"} and str(holder[name]) in COLLECTIONS)


def _number(value: object) -> int:
    return int(value) if isinstance(value, int) else 0


def _named_targets(document: pikepdf.Pdf) -> dict[str, Any]:
    """Where the names of places inside the file lead."""
    found: dict[str, Any] = {}
    old = document.Root.get("/Dests", None)
    if isinstance(old, Dictionary):
        found.update({name: value for name, value in old.items()})  # noqa: C416 - no mapping
    names = document.Root.get("/Names", None)
    tree = names.get("/Dests", None) if isinstance(names, Dictionary) else None
    if isinstance(tree, Dictionary):
        found.update({str(name): value for name, value in pikepdf.NameTree(tree).items()})
    return found


def _clean_stream(stream: Stream) -> None:
    holder = stream.stream_dict
    for name in _STREAM_GONE:
        if name in holder:
            del holder[name]
    filters = holder.get("/Filter", None)
    names = [str(one) for one in filters] if isinstance(filters, Array) else [str(filters)] if filters else []
    if names == ["/DCTDecode"]:
        parameters: Any = holder.get("/DecodeParms", None)
        stream.write(clean_jpeg(stream.read_raw_bytes()), filter=Name.DCTDecode, decode_parms=parameters)
    elif names == ["/JPXDecode"]:
        stream.write(clean_jpeg2000(stream.read_raw_bytes()), filter=Name.JPXDecode)
    elif names[-1:] in (["/DCTDecode"], ["/JPXDecode"]):
        raise ValueError("a picture in two wrappings")
    elif "/N" in holder and "/Subtype" not in holder and str(holder.get("/Type", "")) != "/ObjStm":
        _clean_profile(stream)


def _clean_profile(stream: Stream) -> None:
    """A colour profile keeps its curves; the tags of words in it are emptied where they lie."""
    data = bytearray(stream.read_bytes())
    if data[36:40] != b"acsp":
        return
    data[80:84] = bytes(4)  # who made it
    count = struct.unpack(">I", data[128:132])[0]
    for number in range(min(count, 200)):
        name, start, length = struct.unpack(">4sII", data[132 + 12 * number : 144 + 12 * number])
        if name in {b"desc", b"cprt", b"dmnd", b"dmdd", b"vued", b"meta", b"targ"} and start + length <= len(data):
            data[start + 8 : start + length] = bytes(max(0, length - 8))
    stream.write(bytes(data))


def _clean_font(holder: Object) -> None:
    """An embedded font has no name of its own; a standard one keeps it, or nothing could be shown."""
    fonts = [holder, *holder.get("/DescendantFonts", Array())]
    descriptors = [font if "/FontName" in font else font.get("/FontDescriptor", None) for font in fonts]
    known = [item for item in descriptors if isinstance(item, Dictionary)]
    files = [item[name] for item in known for name in _FONT_FILES if isinstance(item.get(name, None), Stream)]
    for item in [*fonts, *known]:
        for name in ("/BaseFont", "/FontName"):
            if name in item and (files or not _is_common(str(item[name]))):
                item[name] = Name("/AAAAAA+Embedded") if files else Name.Helvetica
        for name in ("/FontFamily", "/Name"):
            if name in item:
                del item[name]
    for file in files:
        _clean_font_file(file)
    for font in fonts:
        for name in ("/ToUnicode", "/Encoding"):
            table = font.get(name, None)
            if isinstance(table, Stream):
                table.write(_clean_character_map(table.read_bytes()))


def _clean_character_map(data: bytes) -> bytes:
    """A table of characters with its codes and nothing else: no remark, no text, no name of its own."""
    plain = _TYPE1_WORDS.sub(b"(Adobe)", _TYPE1_REMARK.sub(b"", data))
    return _MAP_NAME.sub(rb"/CMapName /A def", plain)


def _is_common(name: str) -> bool:
    return name[1:].split(",", maxsplit=1)[0].split("-", maxsplit=1)[0].replace("PSMT", "").replace("MT", "") in {
        *("Helvetica", "Times", "Courier", "Symbol", "ZapfDingbats", "Arial", "TimesNewRoman", "CourierNew"),
        *("Calibri", "Cambria", "Tahoma", "Verdana", "Georgia"),
    }


def _clean_font_file(stream: Any) -> None:
    """The words about a font (its names, maker, licence) are emptied where they lie; its shapes stay."""
    data = bytearray(stream.read_bytes())
    holder = {
        name: stream.stream_dict[name]
        for name in ("/Subtype", "/Length1", "/Length2", "/Length3")
        if name in stream.stream_dict
    }
    if bytes(data[:4]) in {b"\x00\x01\x00\x00", b"true", b"OTTO"}:
        for number in range(struct.unpack(">H", data[4:6])[0]):
            tag, _sum, start, length = struct.unpack(">4sIII", data[12 + 16 * number : 28 + 16 * number])
            if tag == b"CFF ":
                data[start : start + length] = _clean_cff(data[start : start + length])
            elif tag == b"name" and length >= 6:
                data[start : start + length] = b"\x00\x00\x00\x00\x00\x06" + bytes(length - 6)
            elif tag in {b"meta", b"DSIG", b"FFTM"}:
                data[start : start + length] = bytes(length)
    elif data[:2] == b"%!":
        end = data.find(b"eexec")
        data[: max(0, end)] = _clean_type1(bytes(data[: max(0, end)]))
    elif data[:1] == b"\x01":
        data = bytearray(_clean_cff(data))
    stream.write(bytes(data))
    for name, value in holder.items():
        stream.stream_dict[name] = value


def _clean_cff(data: bytearray) -> bytes:
    """The name of a compact font, at its own length."""
    start = data[2]
    count = struct.unpack(">H", data[start : start + 2])[0]
    if count:
        size = data[start + 2]
        last = int.from_bytes(data[start + 3 + size * count : start + 3 + size * (count + 1)], "big")
        base = start + 2 + size * (count + 1)
        data[base + 1 : base + last] = b"A" * max(0, last - 1)
    return bytes(data)


def _clean_type1(head: bytes) -> bytes:
    """The words in round brackets, the remarks and the name of a Type 1 font, at their own length."""
    cleaned = _TYPE1_WORDS.sub(lambda found: b"(" + b" " * (len(found[0]) - 2) + b")", head)
    first, rest = cleaned[:_TYPE1_MARK], cleaned[_TYPE1_MARK:]
    rest = _TYPE1_REST_OF_LINE.sub(lambda found: b" " * len(found[0]), rest, count=1)
    rest = _TYPE1_REMARK.sub(lambda found: b" " * len(found[0]), rest)
    return first + _TYPE1_NAME.sub(lambda found: found[1] + b"A" * len(found[2]), rest)
