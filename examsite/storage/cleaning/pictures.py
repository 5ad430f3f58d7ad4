"""Pictures with their pixels and nothing else: no device, place, thumbnail, comment or second picture."""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image

_PNG = b"\x89PNG\r\n\x1a\n"
#: Segments of a JPEG that its pixels need, beside Adobe's colour word: frames, tables, scans, restarts.
# Source: ITU-T T.81, table B.1.
_JPEG_KEPT = {*range(0xC0, 0xD0), 0xDA, 0xDB, 0xDC, 0xDD} - {0xC8}
#: Most bytes of a segment of tables. Source: ITU-T T.81, B.2.4: four tables of their largest size.
_JPEG_LONGEST = {0xDB: 2 + 4 * 129, 0xC4: 2 + 8 * 273, 0xCC: 2 + 8 * 2, 0xDC: 4, 0xDD: 4}
#: Segments of a JPEG 2000 code stream that its pixels need; remarks and lists of lengths are not among them.
# Source: ISO/IEC 15444-1, table A.2.
_JPEG2000_KEPT = {0x51, 0x52, 0x53, 0x5C, 0x5D, 0x5E, 0x5F, 0x60, 0x61}
_PNG_MODES = {"1", "L", "LA", "RGB", "RGBA", "I;16", "I"}
_JPEG_ADOBE = 0xEE
_MOST_PIXELS = 100_000_000
_DRAWN_ANEW = ("GIF", "BMP", "TIFF", "WEBP", "JPEG2000")
_EMF_HEAD = b"\x01\x00\x00\x00"
_EMF_COMMENT = 70
_JP2_HEAD = b"\x00\x00\x00\x0cjP  "
_JP2_KEPT = {b"jP  ", b"ftyp", b"jp2h", b"jp2c"}


def clean_picture(data: bytes) -> bytes:
    """The picture without its metadata.

    Raises:
        ValueError: no picture that is known.
    """
    if data.startswith(b"\xff\xd8\xff"):
        return clean_jpeg(data)
    if data.startswith(_PNG):
        return clean_png(data)
    if data.startswith(_EMF_HEAD) and data[40:44] == b" EMF":
        return _clean_emf(data)
    return _draw_anew(data)


def ending_of(data: bytes) -> str:
    """The ending of a cleaned picture."""
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    return "emf" if data.startswith(_EMF_HEAD) else "png"


def blank_picture() -> bytes:
    """One white pixel, in the place of a picture that could not be cleaned."""
    return _png_of(Image.new("RGB", (1, 1), "white"))


def clean_jpeg(data: bytes) -> bytes:
    """The frames of a JPEG; of the application segments only Adobe's colour word stays, cut to its fixed length.

    Raises:
        ValueError: it is damaged.
    """
    out, place = bytearray(b"\xff\xd8"), 2
    while True:
        place = _next_marker(data, place)
        marker = data[place + 1]
        if marker == 0xD9:
            return bytes(out + b"\xff\xd9")
        length = _length_at(data, place + 2)
        segment = data[place : place + 2 + length]
        place += 2 + length
        if marker == _JPEG_ADOBE and segment[4:9] == b"Adobe" and len(segment) >= 16:
            out += b"\xff\xee\x00\x0e" + segment[4:16]
        elif marker in _JPEG_KEPT:
            if length > _JPEG_LONGEST.get(marker, 2 + 6 + 3 * 255):
                raise ValueError("damaged JPEG")
            out += segment
        if marker == 0xDA:
            end = _end_of_scan(data, place)
            out += data[place:end]
            place = end


def clean_png(data: bytes) -> bytes:
    """The pixels, drawn anew.

    Raises:
        ValueError: it is damaged.
    """
    Image.MAX_IMAGE_PIXELS = _MOST_PIXELS
    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as picture:
            picture.load()
            is_plain = picture.mode in _PNG_MODES and "transparency" not in picture.info
            return _png_of(picture if is_plain else picture.convert("RGBA"))
    except (OSError, SyntaxError, zlib.error, struct.error, Image.DecompressionBombError) as error:
        raise ValueError("damaged PNG") from error


def clean_jpeg2000(data: bytes) -> bytes:
    """The boxes and the segments that pixels need.

    Raises:
        ValueError: it is damaged.
    """
    if not data.startswith(_JP2_HEAD):
        return _clean_code_stream(data)
    out, place = bytearray(), 0
    while place + 8 <= len(data):
        length, name = struct.unpack(">I4s", data[place : place + 8])
        head = 8
        if length == 1:
            length, head = struct.unpack(">Q", data[place + 8 : place + 16])[0], 16
        length = length or len(data) - place
        if length < head:
            raise ValueError("damaged JPEG 2000")
        content = data[place + head : place + length]
        if name == b"jp2c":
            content = _clean_code_stream(content)
        elif name == b"jp2h":
            content = _boxes(content, {b"ihdr", b"bpcc", b"colr", b"pclr", b"cmap", b"cdef"})
        if name in _JP2_KEPT:
            out += struct.pack(">I4s", 8 + len(content), name) + content
        place += length
    return bytes(out)


def _boxes(data: bytes, kept: set[bytes]) -> bytes:
    out, place = bytearray(), 0
    while place + 8 <= len(data):
        length, name = struct.unpack(">I4s", data[place : place + 8])
        if length < 8:
            raise ValueError("damaged JPEG 2000")
        if name in kept:
            out += data[place : place + length]
        place += length
    return bytes(out)


def _clean_code_stream(data: bytes) -> bytes:
    """The main head and the tiles, each without what their pixels do not need; nothing behind the end."""
    if not data.startswith(b"\xff\x4f\xff\x51"):
        raise ValueError("damaged JPEG 2000")
    head, place = _segments(data, 2, 0x90)
    out = bytearray(b"\xff\x4f" + head)
    while data[place : place + 2] == b"\xff\x90":
        size = struct.unpack(">I", data[place + 6 : place + 10])[0] if place + 12 <= len(data) else 0
        tail = len(data) - (2 if data.endswith(b"\xff\xd9") else 0)
        end = place + size if size else tail
        if end > len(data) or end < place + 14:
            raise ValueError("damaged JPEG 2000")
        segments, body = _segments(data, place + 12, 0x93)
        tile = segments + data[body:end]
        out += data[place : place + 6] + struct.pack(">I", 12 + len(tile)) + data[place + 10 : place + 12] + tile
        place = end
    return bytes(out + b"\xff\xd9")


def _segments(data: bytes, place: int, last: int) -> tuple[bytes, int]:
    """The segments to keep up to this marker, and where the marker stands."""
    out = bytearray()
    while place + 4 <= len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        if marker == last:
            return bytes(out), place
        length = struct.unpack(">H", data[place + 2 : place + 4])[0]
        if marker in _JPEG2000_KEPT:
            out += data[place : place + 2 + length]
        place += 2 + length
    raise ValueError("damaged JPEG 2000")


def _next_marker(data: bytes, place: int) -> int:
    while place + 1 < len(data) and data[place] == 0xFF and data[place + 1] == 0xFF:
        place += 1
    if place + 2 > len(data) or data[place] != 0xFF:
        raise ValueError("damaged JPEG")
    return place


def _length_at(data: bytes, place: int) -> int:
    length = struct.unpack(">H", data[place : place + 2])[0] if place + 2 <= len(data) else 0
    if length < 2 or place + length > len(data):
        raise ValueError("damaged JPEG")
    return int(length)


def _end_of_scan(data: bytes, place: int) -> int:
    """Where the next marker that is neither a restart nor an escaped byte stands."""
    while True:
        place = data.find(b"\xff", place)
        if place < 0 or place + 1 >= len(data):
            raise ValueError("damaged JPEG")
        after = data[place + 1]
        if after not in {0x00, 0xFF} and after not in range(0xD0, 0xD8):
            return place
        place += 1 if after == 0xFF else 2


def _clean_emf(data: bytes) -> bytes:
    """The drawing records of an EMF; its description and every comment record stay out."""
    size, count = struct.unpack("<I", data[4:8])[0], 1
    head = bytearray(data[:size])
    if size < 88 or size > len(data):
        raise ValueError("damaged EMF")
    head[60:68] = bytes(8)  # length and place of the description
    head[88 if size <= 100 else 108 :] = bytes(len(head) - (88 if size <= 100 else 108))
    out, place = bytearray(head), size
    while place + 8 <= len(data):
        kind, length = struct.unpack("<II", data[place : place + 8])
        if length < 8 or place + length > len(data):
            raise ValueError("damaged EMF")
        if kind != _EMF_COMMENT:
            out += data[place : place + length]
            count += 1
        place += length
    out[48:56] = struct.pack("<II", len(out), count)
    return bytes(out)


def _draw_anew(data: bytes) -> bytes:
    Image.MAX_IMAGE_PIXELS = _MOST_PIXELS
    try:
        with Image.open(io.BytesIO(data), formats=_DRAWN_ANEW) as picture:
            return _png_of(picture.convert("RGBA"))
    except (OSError, SyntaxError, zlib.error, Image.DecompressionBombError) as error:
        raise ValueError("no picture") from error


def _png_of(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.info = {}
    picture.save(out, "PNG")
    return out.getvalue()
