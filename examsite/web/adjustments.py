"""Adjustments for one candidate in words, as everybody who may see them reads them."""

from __future__ import annotations

from examsite.domain.adjustments import Adjustments, extra_seconds
from examsite.web.i18n import _


def adjustment_lines(adjustments: Adjustments, *, minutes: int) -> list[str]:
    """One line for each adjustment; no line: as everyone. `minutes` is the duration of the test."""
    lines = []
    if adjustments.extra_percent:
        extra = extra_seconds(minutes, adjustments.extra_percent) // 60
        lines.append(
            _(
                "Thêm %(percent)s%%: %(extra)s phút trên %(minutes)s phút",
                percent=adjustments.extra_percent,
                extra=extra,
                minutes=minutes,
            )
        )
    if adjustments.size:
        lines.append(_("Cỡ chữ %(size)s px", size=adjustments.size))
    if adjustments.contrast:
        lines.append(_("Tương phản cao"))
    if adjustments.spacing:
        lines.append(_("Giãn chữ, giãn dòng"))
    if adjustments.plain:
        lines.append(_("Trình bày đơn giản, một cột"))
    if adjustments.note:
        lines.append(adjustments.note)
    return lines
