"""Pictures that are drawn from a text: QR codes."""

from __future__ import annotations

import segno
from markupsafe import Markup, escape


def qr_picture(text: str, *, label: str) -> Markup:
    """The text as one QR code with the least correction of errors that a long text leaves room for."""
    picture = segno.make(text, error="l", micro=False, boost_error=True)
    svg = picture.svg_inline(border=4, omitsize=True, svgclass="qr-picture", lineclass=None)
    drawn = Markup(svg)  # noqa: S704 -- drawn by us from squares
    return Markup('<span role="img" aria-label="{}">{}</span>').format(escape(label), drawn)
