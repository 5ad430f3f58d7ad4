"""The portraits of the demonstration, taken at the door."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw


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
