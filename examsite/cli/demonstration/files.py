"""Files of the demonstration: the small, whole DOCX documents handed in, the portraits taken at the door."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from xml.sax.saxutils import escape

from PIL import Image, ImageDraw

_TYPES = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/xml"/>
<Override PartName="/word/document.xml"
 ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/>
</Types>"""

_RELATIONS = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="rId1" Target="word/document.xml"
 Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"/>
</Relationships>"""

_DOCUMENT = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>{}</w:body></w:document>"""

#: The earliest date a zip can hold, so that the same text gives the same bytes.
_DATE = (1980, 1, 1, 0, 0, 0)


def proposal_file(paragraphs: Sequence[str]) -> bytes:
    """A DOCX document with these paragraphs."""
    body = "".join(f"<w:p><w:r><w:t>{escape(text)}</w:t></w:r></w:p>" for text in paragraphs)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (
            ("[Content_Types].xml", _TYPES),
            ("_rels/.rels", _RELATIONS),
            ("word/document.xml", _DOCUMENT.format(body)),
        ):
            archive.writestr(zipfile.ZipInfo(name, _DATE), text)
    return buffer.getvalue()


def portrait(number: int) -> bytes:
    """A photo as a camera at the door would take it: a head and shoulders that belong to nobody, as PNG."""
    skin, hair, shirt, wall = (
        [(224, 186, 150), (236, 202, 170), (205, 160, 124)][number % 3],
        [(28, 24, 22), (52, 40, 34)][number % 2],
        [(58, 84, 112), (236, 236, 232), (96, 60, 66), (70, 92, 74)][number % 4],
        [(196, 204, 210), (206, 200, 188)][number % 2],
    )
    picture = Image.new("RGB", (360, 480), wall)
    pen = ImageDraw.Draw(picture)
    pen.ellipse((92, 70, 268, 290), fill=hair)
    pen.rectangle((148, 260, 212, 350), fill=skin)
    pen.ellipse((28, 320, 332, 700), fill=shirt)
    pen.ellipse((108, 100, 252, 300), fill=skin)
    pen.pieslice((100, 78, 260, 230), 180, 360, fill=hair)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()
