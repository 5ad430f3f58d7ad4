"""Draw a photo anew. Run as a process of its own, under hard limits, on a picture that came in from a camera.

Writes a JPEG to its standard output. Only the pixels go through: what a camera adds (place, device, second pictures)
and whatever hides behind a picture stays behind. Decision: drawn anew instead of checked, because a format has more
corners than a check has rules; a decoder that crashes or eats memory takes only this process with it.
"""

from __future__ import annotations

import io
import resource
import sys
from pathlib import Path

from PIL import Image, ImageOps

# Source: our choice, because a face fills this on any screen of the room, and no honest camera is larger.
LONGEST_SIDE = 1024
QUALITY = 85
MOST_PIXELS = 50_000_000
CPU_SECONDS = 8
MEMORY_BYTES = 700 * 1024 * 1024


def draw_anew(path: Path) -> bytes:
    """The picture upright, at most `LONGEST_SIDE` long, without anything but its pixels, as a JPEG."""
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    with Image.open(path, formats=("JPEG", "PNG")) as picture:
        if picture.width * picture.height > MOST_PIXELS:
            raise Image.DecompressionBombError
        picture.draft("RGB", (LONGEST_SIDE * 2, LONGEST_SIDE * 2))
        upright = ImageOps.exif_transpose(picture)
        upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        if upright.mode in {"RGBA", "LA", "P"}:
            layer = upright.convert("RGBA")
            flat = Image.new("RGB", layer.size, "white")
            flat.paste(layer, mask=layer.getchannel("A"))
        else:
            flat = upright.convert("RGB")
        clean = Image.frombytes("RGB", flat.size, flat.tobytes())
        out = io.BytesIO()
        clean.save(out, "JPEG", quality=QUALITY, optimize=True)
        return out.getvalue()


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


if __name__ == "__main__":
    _limit()
    sys.stdout.buffer.write(draw_anew(Path(sys.argv[1])))
