"""Files that give their author away, one hiding place each; all say "Giữ lại" where a reader must still read it."""

# ruff: noqa: E501 -- what is planted reads best in one line

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable

import pikepdf
from pikepdf import Array, Dictionary, Name, Stream, String
from PIL import Image

from tests.factories.files import archive, png

CANARY = "LoDanhTinhHoang"
KEPT = "Giữ lại"

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_A = "http://schemas.openxmlformats.org/drawingml/2006/main"
_P = "http://schemas.openxmlformats.org/presentationml/2006/main"
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_SPACES = (
    f'xmlns:w="{_W}" xmlns:r="{_R}" xmlns:a="{_A}" xmlns:p="{_P}" '
    'xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml" '
    'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
    'xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" mc:Ignorable="w14"'
)
_TYPE = "application/vnd.openxmlformats-officedocument."

Part = tuple[str, str, bytes, str]
"""Relation, name, content, content type of a part beside the main one."""


def _package(main: str, main_type: str, body: str, parts: list[Part], more: dict[str, bytes] | None = None) -> bytes:
    folder = main.rsplit("/", 1)[0]
    base = main.rsplit("/", 1)[1]
    overrides = "".join(f'<Override PartName="/{folder}/{name}" ContentType="{kind}"/>' for _r, name, _d, kind in parts)
    relations = "".join(
        f'<Relationship Id="rId{number}" Type="{kind if ":" in kind else _R + "/" + kind}" Target="{name}"/>'
        for number, (kind, name, _data, _type) in enumerate(parts, start=1)
    )
    space = "http://schemas.openxmlformats.org/package/2006"
    return archive(
        {
            "[Content_Types].xml": (
                f'<?xml version="1.0"?><Types xmlns="{space}/content-types">'
                '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
                '<Default Extension="xml" ContentType="application/xml"/>'
                '<Default Extension="png" ContentType="image/png"/><Default Extension="jpeg" ContentType="image/jpeg"/>'
                f'<Override PartName="/{main}" ContentType="{main_type}"/>{overrides}</Types>'
            ).encode(),
            "_rels/.rels": (
                f'<Relationships xmlns="{space}/relationships">'
                f'<Relationship Id="rId1" Type="{_R}/officeDocument" Target="{main}"/>'
                '<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/'
                'core-properties" Target="docProps/core.xml"/></Relationships>'
            ).encode(),
            main: body.encode(),
            f"{folder}/_rels/{base}.rels": f'<Relationships xmlns="{space}/relationships">{relations}</Relationships>'.encode(),
            **{f"{folder}/{name}": data for _kind, name, data, _type in parts},
            **(more or {}),
        }
    )


def word(
    inside: str = "", parts: list[Part] | None = None, more: dict[str, bytes] | None = None, root: str = ""
) -> bytes:
    """A text of one sentence and what a test puts beside it."""
    body = (
        f"<w:document {_SPACES} {root}><w:body><w:p><w:r><w:t>{KEPT}</w:t></w:r></w:p>{inside}"
        '<w:sectPr><w:pgSz w:w="11906" w:h="16838"/></w:sectPr></w:body></w:document>'
    )
    return _package("word/document.xml", _TYPE + "wordprocessingml.document.main+xml", body, parts or [], more)


def slides(
    inside: str = "",
    *,
    hidden: str = "",
    parts: list[Part] | None = None,
    more: dict[str, bytes] | None = None,
    head: str = "",
    slide_relations: str = "",
) -> bytes:
    """A presentation of one slide that is shown, and one that is not."""

    def slide(text: str, attributes: str = "", shapes: str = "") -> bytes:
        return (
            f'<p:sld {_SPACES} {attributes}><p:cSld><p:spTree><p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/>'
            f'<p:nvPr/></p:nvGrpSpPr><p:grpSpPr/><p:sp><p:nvSpPr><p:cNvPr id="2" name="x"/><p:cNvSpPr/><p:nvPr/>'
            f"</p:nvSpPr><p:spPr/><p:txBody><a:bodyPr/><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp>{shapes}"
            "</p:spTree></p:cSld></p:sld>"
        ).encode()

    kind = _TYPE + "presentationml.slide+xml"
    listed = [("slide", "slides/slide1.xml", slide(KEPT, shapes=inside), kind)]
    ids = '<p:sldId id="256" r:id="rId1"/>'
    if hidden:
        listed.append(("slide", "slides/slide2.xml", slide(hidden, 'show="0"'), kind))
        ids += '<p:sldId id="257" r:id="rId2"/>'
    space = "http://schemas.openxmlformats.org/package/2006/relationships"
    extra = dict(more or {})
    if slide_relations:
        extra["ppt/slides/_rels/slide1.xml.rels"] = (
            f'<Relationships xmlns="{space}">{slide_relations}</Relationships>'.encode()
        )
    body = f'<p:presentation {_SPACES}><p:sldIdLst>{ids}</p:sldIdLst>{head}<p:notesSz cx="1" cy="1"/></p:presentation>'
    return _package(
        "ppt/presentation.xml", _TYPE + "presentationml.presentation.main+xml", body, listed + (parts or []), extra
    )


def photo() -> bytes:
    """A JPEG with a device, a remark and a colour profile that name a person."""
    exif = Image.Exif()
    exif[0x013B] = CANARY
    exif[0x010E] = CANARY
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(
        out, "JPEG", exif=exif, comment=CANARY.encode(), icc_profile=b"\x00" * 128 + CANARY.encode()
    )
    return out.getvalue()


def drawing() -> bytes:
    """A PNG with words in its chunks, packed and unpacked."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    whole = png()
    return (
        whole[:33]
        + chunk(b"tEXt", b"Author\x00" + CANARY.encode())
        + chunk(b"zTXt", b"Author\x00\x00" + zlib.compress(CANARY.encode()))
        + chunk(b"eXIf", b"MM\x00*" + CANARY.encode())
        + whole[33:]
        + CANARY.encode()
    )


def _picture(descr: str = "", ident: str = "rId1") -> str:
    return (
        f'<w:p><w:r><w:drawing><wp:inline><wp:docPr id="1" name="{descr}" descr="{descr}" title="{descr}"/>'
        f'<a:graphic><a:graphicData uri="x"><pic:pic><pic:nvPicPr><pic:cNvPr id="1" name="{descr}.jpg" descr="{descr}"/>'
        f'<pic:cNvPicPr/></pic:nvPicPr><pic:blipFill><a:blip r:embed="{ident}"/></pic:blipFill></pic:pic>'
        "</a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>"
    )


def _xml(root: str, inside: str) -> bytes:
    return f"<w:{root} {_SPACES}>{inside}</w:{root}>".encode()


_CORE = (
    '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
    f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:creator>{CANARY}</dc:creator></cp:coreProperties>'
).encode()
_RUN = f"<w:r><w:t>{CANARY}</w:t></w:r>"


def _complex_field(words: str, result: str) -> str:
    return (
        '<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r>'
        f"<w:r><w:instrText>{words}</w:instrText></w:r>"
        f'<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>{result}</w:t></w:r>'
        '<w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>'
    )


PdfChange = Callable[[pikepdf.Pdf], None]


def pdf_with(change: PdfChange, content: bytes = b"BT /F1 12 Tf (Giu lai) Tj ET") -> bytes:
    """A PDF of one page, changed before it is written."""
    with pikepdf.new() as document:
        document.add_blank_page(page_size=(200, 200))
        page = document.pages[0]
        page.obj["/Contents"] = document.make_stream(content)
        page.obj["/Resources"] = Dictionary(
            Font=Dictionary(F1=Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica))
        )
        change(document)
        out = io.BytesIO()
        document.save(out, compress_streams=False)
    return out.getvalue()


def _annotation(subtype: str, **entries: object) -> Dictionary:
    return Dictionary(Type=Name.Annot, Subtype=Name(subtype), Rect=Array([0, 0, 9, 9]), **entries)


def _page_entry(name: str, value: Callable[[pikepdf.Pdf], object]) -> bytes:
    def change(document: pikepdf.Pdf) -> None:
        document.pages[0].obj[name] = value(document)

    return pdf_with(change)


def _root_entry(name: str, value: Callable[[pikepdf.Pdf], object]) -> bytes:
    def change(document: pikepdf.Pdf) -> None:
        document.Root[name] = document.make_indirect(value(document))  # type: ignore[arg-type]

    return pdf_with(change)


def _info(document: pikepdf.Pdf) -> None:
    for name in ("/Author", "/Title", "/Creator", "/Producer", "/Company"):
        document.docinfo[name] = CANARY


def _with_metadata(document: pikepdf.Pdf) -> None:
    with document.open_metadata() as words:
        words["dc:creator"] = [CANARY]


def _image(document: pikepdf.Pdf, data: bytes, **entries: object) -> Stream:
    return Stream(
        document,
        data,
        Type=Name.XObject,
        Subtype=Name.Image,
        Width=8,
        Height=8,
        ColorSpace=Name.DeviceRGB,
        BitsPerComponent=8,
        **entries,
    )


def _with_image(document: pikepdf.Pdf) -> None:
    image = _image(document, photo(), Filter=Name.DCTDecode)
    image.stream_dict["/Metadata"] = Stream(document, CANARY.encode())
    document.pages[0].obj.Resources["/XObject"] = Dictionary(I1=image)


def _with_font(document: pikepdf.Pdf) -> None:
    name = CANARY.encode("utf-16-be")
    table = b"\x00\x00\x00\x01\x00\x12" + struct.pack(">6H", 3, 1, 0x409, 1, len(name), 0) + name
    data = (
        b"\x00\x01\x00\x00" + struct.pack(">4H", 1, 16, 0, 0) + b"name" + struct.pack(">3I", 0, 28, len(table)) + table
    )
    font = Dictionary(
        Type=Name.Font,
        Subtype=Name.TrueType,
        BaseFont=Name("/ABCDEF+" + CANARY),
        FirstChar=32,
        LastChar=32,
        Widths=Array([500]),
        FontDescriptor=Dictionary(
            Type=Name.FontDescriptor,
            FontName=Name("/ABCDEF+" + CANARY),
            FontFamily=String(CANARY),
            Flags=32,
            FontBBox=Array([0, 0, 1, 1]),
            ItalicAngle=0,
            Ascent=1,
            Descent=0,
            CapHeight=1,
            StemV=1,
            FontFile2=Stream(document, data),
        ),
    )
    document.pages[0].obj.Resources["/Font"]["/F2"] = document.make_indirect(font)


def _with_layer(document: pikepdf.Pdf) -> None:
    layer = document.make_indirect(Dictionary(Type=Name.OCG, Name=String(CANARY)))
    document.Root["/OCProperties"] = Dictionary(
        OCGs=Array([layer]), D=Dictionary(Name=String(CANARY), ON=Array([layer]))
    )
    document.pages[0].obj.Resources["/Properties"] = Dictionary(MC0=layer, MC1=Dictionary(ActualText=String(CANARY)))


def _with_form(document: pikepdf.Pdf) -> None:
    document.pages[0].obj.Resources["/XObject"] = Dictionary(
        X1=Stream(
            document,
            b"% " + CANARY.encode() + b"\n0 0 m",
            Type=Name.XObject,
            Subtype=Name.Form,
            BBox=Array([0, 0, 9, 9]),
            PieceInfo=Dictionary(App=Dictionary(Private=String(CANARY))),
        )
    )


def planted() -> dict[str, tuple[str, bytes]]:
    """Name of the hiding place: kind and bytes of the file."""
    c = CANARY
    comments: Part = (
        "comments",
        "comments.xml",
        _xml("comments", f'<w:comment w:id="0" w:author="{c}" w:initials="{c}"><w:p>{_RUN}</w:p></w:comment>'),
        _TYPE + "wordprocessingml.comments+xml",
    )
    styles: Part = (
        "styles",
        "styles.xml",
        _xml(
            "styles",
            f'<w:style w:type="paragraph" w:customStyle="1" w:styleId="{c}"><w:name w:val="{c}"/><w:rPr><w:rFonts w:ascii="{c}"/></w:rPr></w:style>',
        ),
        _TYPE + "wordprocessingml.styles+xml",
    )
    settings: Part = (
        "settings",
        "settings.xml",
        _xml(
            "settings",
            f'<w:attachedTemplate r:id="x{c}"/><w:docVars><w:docVar w:name="{c}" w:val="{c}"/></w:docVars><w:rsids><w:rsid w:val="{c}"/></w:rsids><w:writeProtection w:hash="{c}"/>',
        ),
        _TYPE + "wordprocessingml.settings+xml",
    )
    numbering: Part = (
        "numbering",
        "numbering.xml",
        _xml(
            "numbering",
            f'<w:abstractNum w:abstractNumId="0"><w:nsid w:val="{c}"/><w:name w:val="{c}"/></w:abstractNum>',
        ),
        _TYPE + "wordprocessingml.numbering+xml",
    )
    header: Part = (
        "header",
        f"header{c}.xml",
        _xml("hdr", f'<w:p><w:fldSimple w:instr=" AUTHOR "><w:r><w:t>{c}</w:t></w:r></w:fldSimple></w:p>'),
        _TYPE + "wordprocessingml.header+xml",
    )
    files: dict[str, tuple[str, bytes]] = {
        "docx core properties": ("docx", word(more={"docProps/core.xml": _CORE})),
        "docx app properties": (
            "docx",
            word(more={"docProps/app.xml": f"<Properties><Company>{c}</Company></Properties>".encode()}),
        ),
        "docx custom properties": (
            "docx",
            word(more={"docProps/custom.xml": f"<Properties><p>{c}</p></Properties>".encode()}),
        ),
        "docx thumbnail": ("docx", word(more={"docProps/thumbnail.jpeg": photo()})),
        "docx comments": (
            "docx",
            word(
                f'<w:p><w:commentRangeStart w:id="0"/>{""}<w:commentRangeEnd w:id="0"/><w:r><w:commentReference w:id="0"/></w:r></w:p>',
                [comments],
            ),
        ),
        "docx people": (
            "docx",
            word(
                parts=[
                    (
                        "http://schemas.microsoft.com/office/2011/relationships/people",
                        "people.xml",
                        f'<w15:people xmlns:w15="x"><w15:person w15:author="{c}"/></w15:people>'.encode(),
                        "application/xml",
                    )
                ]
            ),
        ),
        "docx inserted by": (
            "docx",
            word(
                f'<w:p><w:ins w:id="1" w:author="{c}" w:date="2026-01-01T00:00:00Z"><w:r><w:t>thêm</w:t></w:r></w:ins></w:p>'
            ),
        ),
        "docx deleted words": (
            "docx",
            word(f'<w:p><w:del w:id="1" w:author="{c}"><w:r><w:delText>{c}</w:delText></w:r></w:del></w:p>'),
        ),
        "docx moved words": (
            "docx",
            word(
                f'<w:p><w:moveFrom w:id="1" w:author="{c}">{_RUN}</w:moveFrom><w:moveTo w:id="2" w:author="{c}"><w:r><w:t>tới</w:t></w:r></w:moveTo></w:p>'
            ),
        ),
        "docx format changes": (
            "docx",
            word(
                f'<w:p><w:pPr><w:pPrChange w:id="1" w:author="{c}"><w:pPr/></w:pPrChange></w:pPr><w:r><w:rPr><w:rPrChange w:id="2" w:author="{c}"><w:rPr/></w:rPrChange></w:rPr><w:t>x</w:t></w:r></w:p>'
            ),
        ),
        "docx revision ids": (
            "docx",
            word(
                f'<w:p w:rsidR="{c}" w:rsidRDefault="{c}" w14:paraId="{c}"><w:r w:rsidRPr="{c}"><w:t>x</w:t></w:r></w:p>'
            ),
        ),
        "docx settings": ("docx", word(parts=[settings])),
        "docx styles and fonts": ("docx", word(f'<w:p><w:pPr><w:pStyle w:val="{c}"/></w:pPr></w:p>', [styles])),
        "docx numbering names": ("docx", word(parts=[numbering])),
        "docx bookmarks": (
            "docx",
            word(f'<w:p><w:bookmarkStart w:id="1" w:name="{c}"/><w:bookmarkEnd w:id="1"/></w:p>'),
        ),
        "docx author field": (
            "docx",
            word(
                _complex_field(" AUTHOR \\* MERGEFORMAT ", c)
                + _complex_field(f' HYPERLINK "file:///C:/Users/{c}/a" ', "chỗ nối")
            ),
        ),
        "docx header and part name": (
            "docx",
            word(
                '<w:p><w:pPr><w:sectPr><w:headerReference w:type="default" r:id="rId1"/></w:sectPr></w:pPr></w:p>',
                [header],
            ),
        ),
        "docx hidden words": ("docx", word(f"<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>{c}</w:t></w:r></w:p>")),
        "docx bound control": (
            "docx",
            word(
                f'<w:sdt><w:sdtPr><w:alias w:val="{c}"/><w:dataBinding w:xpath="/ns1:coreProperties/ns0:creator" w:storeItemID="x"/></w:sdtPr><w:sdtContent><w:p>{_RUN}</w:p></w:sdtContent></w:sdt>'
            ),
        ),
        "docx control names": (
            "docx",
            word(
                f'<w:sdt><w:sdtPr><w:alias w:val="{c}"/><w:tag w:val="{c}"/></w:sdtPr><w:sdtContent><w:p><w:r><w:t>x</w:t></w:r></w:p></w:sdtContent></w:sdt>'
            ),
        ),
        "docx picture names and EXIF": (
            "docx",
            word(_picture(c), [("image", f"media/{c}.jpeg", photo(), "image/jpeg")]),
        ),
        "docx PNG words": ("docx", word(_picture("x"), [("image", "media/image1.png", drawing(), "image/png")])),
        "docx custom XML": (
            "docx",
            word(parts=[("customXml", "customXml/item1.xml", f"<a>{c}</a>".encode(), "application/xml")]),
        ),
        "docx printer settings": (
            "docx",
            word(parts=[("printerSettings", "printerSettings1.bin", c.encode(), "application/octet-stream")]),
        ),
        "docx old drawing": (
            "docx",
            word(
                f'<w:p><w:r><w:pict><v:shape id="{c}" alt="{c}" o:spid="{c}"><v:imagedata o:title="{c}"/></v:shape></w:pict></w:r></w:p>'
            ),
        ),
        "docx own namespace and remark": (
            "docx",
            word(f'<!-- {c} --><?x {c}?><u:a>{c}</u:a><w:p u:by="{c}"/>', root=f'xmlns:u="urn:{c}"'),
        ),
        "pptx notes": (
            "pptx",
            slides(
                slide_relations=f'<Relationship Id="rId9" Type="{_R}/notesSlide" Target="../notesSlides/n1.xml"/>',
                more={"ppt/notesSlides/n1.xml": f"<n>{c}</n>".encode()},
            ),
        ),
        "pptx hidden slide": ("pptx", slides(hidden=c)),
        "pptx comment authors": (
            "pptx",
            slides(
                parts=[
                    ("commentAuthors", "commentAuthors.xml", f"<a>{c}</a>".encode(), "application/xml"),
                    ("tags", "tags/tag1.xml", f"<a>{c}</a>".encode(), "application/xml"),
                ]
            ),
        ),
        "pptx names, links, hidden shapes": (
            "pptx",
            slides(
                f'<p:sp><p:nvSpPr><p:cNvPr id="7" name="{c}" descr="{c}" hidden="1"/></p:nvSpPr><p:txBody><a:p><a:r><a:t>{c}</a:t></a:r></a:p></p:txBody></p:sp><p:sp><p:nvSpPr><p:cNvPr id="8" name="{c}" descr="{c}"><a:hlinkClick r:id="rId5" tooltip="{c}"/></p:cNvPr></p:nvSpPr></p:sp>'
            ),
        ),
        "pptx sections": (
            "pptx",
            slides(
                head=f'<p:custShowLst><p:custShow name="{c}" id="0"/></p:custShowLst><p:extLst><p:ext uri="x"><p14:sectionLst xmlns:p14="http://schemas.microsoft.com/office/powerpoint/2010/main"><p14:section name="{c}"/></p14:sectionLst></p:ext></p:extLst>'
            ),
        ),
        "pptx core properties": ("pptx", slides(more={"docProps/core.xml": _CORE, "docProps/thumbnail.jpeg": photo()})),
        "pdf info": ("pdf", pdf_with(_info)),
        "pdf XMP": ("pdf", pdf_with(_with_metadata)),
        "pdf attachment": ("pdf", pdf_with(lambda d: d.attachments.__setitem__(c, c.encode()))),
        "pdf remarks": (
            "pdf",
            _page_entry(
                "/Annots",
                lambda d: Array(
                    [
                        _annotation("/Text", T=String(c), Contents=String(c)),
                        _annotation(
                            "/Highlight", T=String(c), Contents=String(c), NM=String(c), QuadPoints=Array([0] * 8)
                        ),
                        _annotation("/Link", A=Dictionary(S=Name.URI, URI=String(f"https://{c}.vn"))),
                    ]
                ),
            ),
        ),
        "pdf page data": (
            "pdf",
            _page_entry("/PieceInfo", lambda d: Dictionary(Word=Dictionary(LastModified=String(c), Private=String(c)))),
        ),
        "pdf script": ("pdf", _root_entry("/OpenAction", lambda d: Dictionary(S=Name.JavaScript, JS=String(c)))),
        "pdf structure": (
            "pdf",
            _root_entry(
                "/StructTreeRoot",
                lambda d: Dictionary(Type=Name.StructTreeRoot, K=Dictionary(S=Name.Figure, Alt=String(c), T=String(c))),
            ),
        ),
        "pdf picture": ("pdf", pdf_with(_with_image)),
        "pdf font": ("pdf", pdf_with(_with_font)),
        "pdf layer": ("pdf", pdf_with(_with_layer)),
        "pdf drawing remarks": (
            "pdf",
            pdf_with(
                _with_form,
                b"% "
                + c.encode()
                + b"\n/Span <</ActualText ("
                + c.encode()
                + b")>> BDC BT /F1 12 Tf (Giu lai) Tj ET EMC",
            ),
        ),
        "pdf after the end": ("pdf", pdf_with(lambda d: None) + b"\n% " + c.encode()),
        "jpeg": ("jpeg", photo()),
        "png": ("png", drawing()),
    }
    return files
