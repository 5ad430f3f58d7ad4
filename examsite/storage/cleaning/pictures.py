"""Pictures with their pixels and nothing else: no device, place, thumbnail, comment or second picture."""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image

_PNG = b"\x89PNG\r\n\x1a\n"
# Source: our choice: the chunks that a pixel needs to look right; text, time, colour profiles with names stay out.
_PNG_KEPT = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"bKGD", b"pHYs"}
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
        elif marker not in range(0xE0, 0xF0) and marker != 0xFE:
            out += segment
        if marker == 0xDA:
            end = _end_of_scan(data, place)
            out += data[place:end]
            place = end


def clean_png(data: bytes) -> bytes:
    """The chunks that pixels need, up to the end mark.

    Raises:
        ValueError: it is damaged.
    """
    out, place, name = bytearray(_PNG), len(_PNG), b""
    while name != b"IEND":
        if place + 12 > len(data):
            raise ValueError("damaged PNG")
        length, name = struct.unpack(">I4s", data[place : place + 8])
        if name in _PNG_KEPT:
            out += data[place : place + 12 + length]
        place += 12 + length
    return bytes(out)


def clean_jpeg2000(data: bytes) -> bytes:
    """The boxes that pixels need; a bare code stream stays as it is.

    Raises:
        ValueError: it is damaged.
    """
    if not data.startswith(_JP2_HEAD):
        return data
    out, place = bytearray(), 0
    while place + 8 <= len(data):
        length, name = struct.unpack(">I4s", data[place : place + 8])
        if length == 1:
            length = struct.unpack(">Q", data[place + 8 : place + 16])[0]
        length = length or len(data) - place
        if length < 8:
            raise ValueError("damaged JPEG 2000")
        if name in _JP2_KEPT:
            out += data[place : place + length]
        place += length
    return bytes(out)


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
    Image.frombytes(picture.mode, picture.size, picture.tobytes()).save(out, "PNG")
    return out.getvalue()
