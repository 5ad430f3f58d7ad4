"""A picture inside an Office file, drawn anew for the screen."""

from __future__ import annotations

import io

from PIL import Image, ImageOps, UnidentifiedImageError

from examsite.storage.reading.office_package import Package

DRAWN_ENDINGS = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff")
_LONGEST_SIDE = 1600
_MOST_PIXELS = 60_000_000


def draw_picture(data: bytes, part: str) -> bytes:
    """The picture of a part as a WebP.

    Raises:
        ValueError: there is none, or it cannot be drawn.
    """
    if not part.lower().endswith(DRAWN_ENDINGS):
        raise ValueError("no picture")
    Image.MAX_IMAGE_PIXELS = _MOST_PIXELS
    try:
        with Image.open(io.BytesIO(Package(data).read(part))) as picture:
            upright = ImageOps.exif_transpose(picture)
            upright.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
            layer = upright.convert("RGBA")
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError) as error:
        raise ValueError("not readable") from error
    flat = Image.new("RGB", layer.size, "white")
    flat.paste(layer, mask=layer.getchannel("A"))
    out = io.BytesIO()
    flat.save(out, "WEBP", quality=85, method=2)
    return out.getvalue()
