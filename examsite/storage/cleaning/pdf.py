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

from examsite.storage.cleaning.pictures import clean_jpeg, clean_jpeg2000

_CATALOGUE_KEPT = {"/Type", "/Pages", "/Outlines", "/Dests", "/Names", "/PageLabels", "/PageMode", "/OCProperties"}
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
            _keep_only(document.Root, _CATALOGUE_KEPT)
            if "/Names" in document.Root:
                _keep_only(document.Root.Names, {"/Dests"})
            for name in ("/Info", "/ID"):
                if name in document.trailer:
                    del document.trailer[name]
            _clean_outlines(document)
            for page in document.pages:
                _clean_page(document, page)
            _clean_layers(document)
            _clean_objects(document)
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


def _clean_outlines(document: pikepdf.Pdf) -> None:
    stack = [document.Root.get("/Outlines", None)]
    seen = set()
    while stack:
        item = stack.pop()
        if not isinstance(item, Dictionary) or (item.is_indirect and item.objgen in seen):
            continue
        seen.add(item.objgen)
        _keep_only(item, _OUTLINE_KEPT)
        _keep_inner_action(item)
        stack += [item.get("/First", None), item.get("/Next", None)]


def _clean_page(document: pikepdf.Pdf, page: pikepdf.Page) -> None:
    _keep_only(page.obj, _PAGE_KEPT)
    annotations = [
        item
        for item in page.obj.get("/Annots", Array())
        if isinstance(item, Dictionary) and str(item.get("/Subtype", "")) not in _ANNOTATIONS_GONE
    ]
    if annotations:
        for item in annotations:
            _keep_only(item, _ANNOTATION_KEPT)
            _keep_inner_action(item)
        page.obj["/Annots"] = Array(annotations)
    elif "/Annots" in page.obj:
        del page.obj["/Annots"]
    page.obj["/Contents"] = document.make_stream(_clean_content(page))


def _keep_inner_action(holder: Object) -> None:
    """A jump inside the file stays; an address outside may name its owner."""
    action = holder.get("/A", None)
    if action is None:
        return
    if isinstance(action, Dictionary) and str(action.get("/S", "")) == "/GoTo" and "/D" in action:
        holder["/A"] = Dictionary(S=Name.GoTo, D=action["/D"])
    else:
        del holder["/A"]


def _clean_content(source: Any) -> bytes:
    """The drawing orders; remarks between them and the properties of marked content stay out."""
    kept: list[Any] = []
    for order in pikepdf.parse_content_stream(source):
        word = str(order.operator)
        if (word == "BDC" and str(order.operands[0]) != "/OC") or word == "BMC":
            kept.append(pikepdf.ContentStreamInstruction([Name.Span], pikepdf.Operator("BMC")))
        elif word not in {"DP", "MP"}:
            kept.append(order)
    return pikepdf.unparse_content_stream(kept)


def _clean_layers(document: pikepdf.Pdf) -> None:
    """Layers keep what they show and lose what they are called."""
    layers = document.Root.get("/OCProperties", None)
    if not isinstance(layers, Dictionary):
        return
    _keep_only(layers, {"/OCGs", "/D"})
    for number, layer in enumerate(layers.get("/OCGs", Array()), start=1):
        _keep_only(layer, {"/Type", "/Name", "/Usage"})
        layer["/Name"] = String(str(number))
        if "/Usage" in layer:
            del layer["/Usage"]
    if isinstance(layers.get("/D", None), Dictionary):
        _keep_only(layers.D, {"/BaseState", "/ON", "/OFF"})


def _clean_objects(document: pikepdf.Pdf) -> None:
    """Every dictionary and stream of the file, wherever it hangs."""
    for item in document.objects:
        holder = item.stream_dict if isinstance(item, Stream) else item
        _clean_inside(holder, 0)
        if isinstance(item, Stream):
            _clean_stream(item)
        if isinstance(holder, Dictionary) and (
            str(holder.get("/Type", "")) in {"/Font", "/FontDescriptor"} or "/BaseFont" in holder
        ):
            _clean_font(holder)


def _clean_inside(item: object, depth: int) -> None:
    if depth > _MOST_DEPTH:
        raise ValueError("too deep")
    if isinstance(item, Dictionary):
        is_structure = "/RoleMap" in item or str(item.get("/Type", "")) in {"/StructTreeRoot", "/StructElem"}
        for name in list(item.keys()):
            value = item[name]
            if is_structure or name in _GONE:
                del item[name]
                continue
            if name == "/Properties" and isinstance(value, Dictionary):
                layers = {key for key, layer in value.as_dict().items() if str(layer.get("/Type", ""))[:3] == "/OC"}
                _keep_only(value, layers)
            if isinstance(value, Object) and not value.is_indirect:
                _clean_inside(value, depth + 1)
    elif isinstance(item, Array):
        for value in item:
            if isinstance(value, Object) and not value.is_indirect:
                _clean_inside(value, depth + 1)


def _clean_stream(stream: Stream) -> None:
    holder = stream.stream_dict
    for name in _STREAM_GONE:
        if name in holder:
            del holder[name]
    if str(holder.get("/Subtype", "")) == "/Form" or int(holder.get("/PatternType", 0)) == 1:
        stream.write(_clean_content(stream))
        return
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
