"""Files with words that nobody sees on paper, and with bytes that no program shows, one hiding place each."""

from __future__ import annotations

import io
import struct
import zlib

import pikepdf
from pikepdf import Array, Dictionary, Name, Stream, String
from PIL import Image

from tests.factories.leaks import CANARY, PdfChange, pdf_with, slides, word

_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml."
_SPACE = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_WORDS = CANARY.encode()
_SHOWN = b"BT /F1 12 Tf (Giu lai) Tj ET "
_DRAWN = b"BT /F1 12 Tf 20 20 Td (" + _WORDS + b") Tj ET"


def _picture(kind: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(out, kind)
    return out.getvalue()


def _jpeg(marker: int) -> bytes:
    data = _picture("JPEG")
    return data[:2] + bytes([0xFF, marker]) + struct.pack(">H", 2 + len(_WORDS)) + _WORDS + data[2:]


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _png(*, behind: bytes = b"", chunk: bytes = b"") -> bytes:
    data = _picture("PNG")
    start = data.find(b"IDAT") - 4
    length = struct.unpack(">I", data[start : start + 4])[0]
    pixels = data[start + 8 : start + 8 + length]
    return data[:start] + chunk + _chunk(b"IDAT", pixels + behind) + data[start + 12 + length :]


def _code_stream() -> bytes:
    data = _picture("JPEG2000")
    start = data.find(b"\xff\x4f\xff\x51")
    behind = start + 4 + struct.unpack(">H", data[start + 4 : start + 6])[0]
    return data[start:behind] + b"\xff\x64" + struct.pack(">HH", 4 + len(_WORDS), 1) + _WORDS + data[behind:]


def _resource(kind: str, entry: str, value: object) -> PdfChange:
    def change(document: pikepdf.Pdf) -> None:
        document.pages[0].obj.Resources[kind] = Dictionary({entry: value})

    return change


def _layer(document: pikepdf.Pdf) -> None:
    layer = document.make_indirect(Dictionary(Type=Name.OCG, Name=String("x")))
    document.Root["/OCProperties"] = Dictionary(OCGs=Array([layer]), D=Dictionary(OFF=Array([layer])))
    document.pages[0].obj.Resources["/Properties"] = Dictionary(MC0=layer)


def _layer_of_a_form(document: pikepdf.Pdf) -> None:
    _layer(document)
    form = Stream(document, _DRAWN, Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 9, 9]))
    form.stream_dict["/OC"] = document.Root.OCProperties.OCGs[0]
    document.pages[0].obj.Resources["/XObject"] = Dictionary(X=form)


def _annotation(document: pikepdf.Pdf) -> None:
    look = Stream(document, _DRAWN, Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 9, 9]))
    note = Dictionary(Type=Name.Annot, Subtype=Name.FreeText, F=2, Rect=Array([0, 0, 9, 9]), AP=Dictionary(N=look))
    document.pages[0].obj["/Annots"] = Array([document.make_indirect(note)])


def _code_stream_picture(document: pikepdf.Pdf) -> None:
    picture = Stream(
        document, _code_stream(), Type=Name.XObject, Subtype=Name.Image, Width=8, Height=8, Filter=Name.JPXDecode
    )
    document.pages[0].obj.Resources["/XObject"] = Dictionary(I=picture)


def _own_entries(document: pikepdf.Pdf) -> None:
    picture = Stream(
        document,
        bytes(3),
        Type=Name.XObject,
        Subtype=Name.Image,
        Width=1,
        Height=1,
        BitsPerComponent=8,
        ColorSpace=Name.DeviceRGB,
        Author=String(CANARY),
    )
    form = Stream(
        document, b"q Q", Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 1, 1]), Title=String(CANARY)
    )
    resources = document.pages[0].obj.Resources
    resources["/XObject"] = Dictionary(I=picture, X=form)
    resources["/ExtGState"] = Dictionary(G=Dictionary(Type=Name.ExtGState, Author=String(CANARY)))
    resources["/" + CANARY] = Dictionary(A=String(CANARY))


def _character_map(document: pikepdf.Pdf) -> None:
    document.pages[0].obj.Resources.Font.F1["/ToUnicode"] = document.make_stream(
        b"%" + _WORDS + b"\n/CMapName /" + _WORDS + b" def /Registry (" + _WORDS + b") def"
    )


def _resource_name(document: pikepdf.Pdf) -> None:
    fonts = document.pages[0].obj.Resources.Font
    fonts["/" + CANARY] = fonts.F1


def _nothing(_document: pikepdf.Pdf) -> None:
    pass


def _places(document: pikepdf.Pdf) -> None:
    document.Root["/Dests"] = Dictionary({"/" + CANARY: Array([document.pages[0].obj, Name.Fit])})
    document.Root["/PageLabels"] = Dictionary(Nums=Array([0, Dictionary(P=String(CANARY))]))


def _run(looks: str) -> str:
    return f"<w:p><w:r><w:rPr>{looks}</w:rPr><w:t>{CANARY}</w:t></w:r></w:p>"


def _part(name: str, inside: str) -> tuple[str, str, bytes, str]:
    return name, f"{name}.xml", f"<w:{name} {_SPACE}>{inside}</w:{name}>".encode(), f"{_TYPE}{name}+xml"


def _styled(kind: str, paragraph: str) -> bytes:
    style = '<w:style w:type="{0}" w:styleId="{1}">{2}<w:rPr>{3}</w:rPr></w:style>'
    base = style.format(kind, "Base", "", "<w:vanish/>")
    return word(paragraph, [_part("styles", base + style.format(kind, "Own", '<w:basedOn w:val="Base"/>', ""))])


def _shape(left: int, *, group: str = "") -> str:
    shape = (
        '<p:sp><p:nvSpPr><p:cNvPr id="9" name="y"/></p:nvSpPr><p:spPr><a:xfrm>'
        f'<a:off x="{left}" y="0"/><a:ext cx="9" cy="9"/></a:xfrm></p:spPr><p:txBody><a:bodyPr/><a:p><a:r>'
        f"<a:t>{CANARY}</a:t></a:r></a:p></p:txBody></p:sp>"
    )
    return f"<p:grpSp><p:grpSpPr><a:xfrm>{group}</a:xfrm></p:grpSpPr>{shape}</p:grpSp>" if group else shape


def _office() -> dict[str, tuple[str, bytes]]:
    note = f'<w:footnote w:id="7"><w:p><w:r><w:t>{CANARY}</w:t></w:r></w:p></w:footnote>'
    lists = (
        f'<w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:lvlText w:val="{CANARY}"/></w:lvl></w:abstractNum>'
    )
    row = f"<w:tr><w:trPr><w:hidden/></w:trPr><w:tc><w:p><w:r><w:t>{CANARY}</w:t></w:r></w:p></w:tc></w:tr>"
    group = '<a:off x="0" y="0"/><a:ext cx="9" cy="9"/><a:chOff x="5" y="0"/><a:chExt cx="9" cy="9"/>'
    versions = (
        '<w:p><w:r><mc:AlternateContent><mc:Choice Requires="w14"><w:t>z</w:t></mc:Choice>'
        f"<mc:Fallback><w:t>{CANARY}</w:t></mc:Fallback></mc:AlternateContent></w:r></w:p>"
    )
    words = f"<w:r><w:t>{CANARY}</w:t></w:r>"
    return {
        "docx hidden by a style of letters": ("docx", _styled("character", _run('<w:rStyle w:val="Own"/>'))),
        "docx hidden by a style of paragraphs": (
            "docx",
            _styled("paragraph", f'<w:p><w:pPr><w:pStyle w:val="Own"/></w:pPr>{words}</w:p>'),
        ),
        "docx hidden row": ("docx", word(f"<w:tbl>{row}</w:tbl>")),
        "docx white words": ("docx", word(_run('<w:color w:val="FFFFFF"/>'))),
        "docx tiny words": ("docx", word(_run('<w:sz w:val="2"/>'))),
        "docx note that nothing leads to": ("docx", word("", [_part("footnotes", note)])),
        "docx list that nothing is in": ("docx", word("", [_part("numbering", lists)])),
        "docx version for old programs": ("docx", word(versions)),
        "pptx shape beside the slide": ("pptx", slides(_shape(-9_000_000))),
        "pptx shape beside the slide in a group": ("pptx", slides(_shape(-9_000_000, group=group))),
        "pptx tiny words": (
            "pptx",
            slides(_shape(5).replace("<a:r>", '<a:r><a:rPr sz="100"/>')),
        ),
    }


def seen() -> dict[str, tuple[str, bytes]]:
    """Words that a reader sees although they look like hidden ones; all say `CANARY`."""
    on_blue = '<w:color w:val="FFFFFF"/><w:shd w:val="clear" w:fill="1F4E79"/>'
    white = _run('<w:color w:val="FFFFFF"/>')
    in_table = f"<w:tbl><w:tr><w:tc>{white}</w:tc></w:tr></w:tbl>"
    note = f'<w:footnote w:id="7"><w:p><w:r><w:t>{CANARY}</w:t></w:r></w:p></w:footnote>'
    referred = '<w:p><w:r><w:footnoteReference w:id="7"/></w:r></w:p>'
    return {
        "white on blue": ("docx", word(_run(on_blue))),
        "white in a table": ("docx", word(in_table)),
        "hidden on the web alone": ("docx", word(_run("<w:webHidden/>"))),
        "not hidden": ("docx", word(_run('<w:vanish w:val="0"/>'))),
        "a note": ("docx", word(referred, [_part("footnotes", note)])),
        "a shape": ("pptx", slides(_shape(5))),
    }


def hidden() -> dict[str, tuple[str, bytes]]:
    """Name of the hiding place: kind and bytes of the file."""
    inline = b" q 8 0 0 8 0 0 cm BI /W 8 /H 8 /BPC 8 /CS /RGB /F /DCT ID " + _jpeg(0xFE) + b"\nEI Q"
    own = b" BI /W 1 /H 1 /BPC 8 /CS /G /Author (" + _WORDS + b") ID a\nEI"
    return {
        **_office(),
        "jpeg segment without a meaning": ("jpeg", _jpeg(0xF7)),
        "jpeg segment of an extension": ("jpeg", _jpeg(0xFD)),
        "png behind the pixels": ("png", _png(behind=_WORDS)),
        "png chunk that is too long": ("png", _png(chunk=_chunk(b"sBIT", _WORDS))),
        "pdf layer that is off": ("pdf", pdf_with(_layer, _SHOWN + b"/OC /MC0 BDC " + _DRAWN + b" EMC")),
        "pdf form in a layer that is off": ("pdf", pdf_with(_layer_of_a_form, _SHOWN + b"/X Do")),
        "pdf invisible words": ("pdf", pdf_with(_nothing, _SHOWN + b"q 3 Tr " + _DRAWN + b" Q")),
        "pdf words beside the page": ("pdf", pdf_with(_nothing, _SHOWN + _DRAWN.replace(b"20 20", b"900 900"))),
        "pdf words beside the page by another way": (
            "pdf",
            pdf_with(_nothing, _SHOWN + b"q 1 0 0 1 0 -500 cm BT /F1 9 Tf [(" + _WORDS + b") 3] TJ ET Q"),
        ),
        "pdf hidden annotation": ("pdf", pdf_with(_annotation)),
        "pdf picture among the orders": ("pdf", pdf_with(_nothing, _SHOWN + inline)),
        "pdf entry of a picture among the orders": ("pdf", pdf_with(_nothing, _SHOWN + own)),
        "pdf remark in a JPEG 2000": ("pdf", pdf_with(_code_stream_picture)),
        "pdf own entries": ("pdf", pdf_with(_own_entries)),
        "pdf character map": ("pdf", pdf_with(_character_map)),
        "pdf resource name": (
            "pdf",
            pdf_with(_resource_name, _SHOWN + b"BT /" + _WORDS + b" 9 Tf (a) Tj ET"),
        ),
        "pdf names of places and pages": ("pdf", pdf_with(_places)),
    }


def _nested(document: pikepdf.Pdf, content: bytes) -> None:
    form = Stream(document, content, Type=Name.XObject, Subtype=Name.Form, BBox=Array([-2000, -2000, 4000, 4000]))
    form.stream_dict["/Resources"] = document.pages[0].obj.Resources
    document.pages[0].obj.Resources["/XObject"] = Dictionary(X=form)


def unseen() -> dict[str, tuple[bytes, str]]:
    """Words that stay in the copy of a PDF and that no reader of the paper sees: the file, and how they are unseen."""
    shown = b"BT /F1 12 Tf 20 150 Td (Giu lai) Tj ET "
    at_home, far = _DRAWN, _DRAWN.replace(b"20 20", b"900 900")

    def nested(content: bytes) -> PdfChange:
        return lambda document: _nested(document, content)

    return {
        "beside the paper inside a drawing": (pdf_with(nested(far), shown + b"/X Do"), "beside"),
        "inside a drawing that stands beside it": (
            pdf_with(nested(at_home), shown + b"q 1 0 0 1 2000 0 cm /X Do Q"),
            "beside",
        ),
        "white": (pdf_with(_nothing, shown + b"1 1 1 rg " + at_home), "faint"),
        "white inside a drawing": (pdf_with(nested(b"1 g " + at_home), shown + b"/X Do"), "faint"),
        "under a picture": (pdf_with(_nothing, shown + at_home + b" 0 0 0.5 rg 10 10 180 40 re f"), "faint"),
        "tiny": (pdf_with(_nothing, shown + at_home.replace(b"12 Tf", b"1 Tf")), "tiny"),
        "tiny by its drawing": (pdf_with(nested(at_home), shown + b"q 0.05 0 0 0.05 90 90 cm /X Do Q"), "tiny"),
        "seen": (pdf_with(_nothing, shown + at_home), ""),
        "seen, white on blue": (
            pdf_with(_nothing, shown + b"0 0 0.5 rg 10 10 180 40 re f 1 1 1 rg " + at_home),
            "",
        ),
        "seen, a footnote": (pdf_with(_nothing, shown + at_home.replace(b"12 Tf", b"6 Tf")), ""),
    }
