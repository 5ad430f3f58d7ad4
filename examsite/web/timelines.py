"""What pages say of the items and the course of an attempt, for every audience alike."""

from __future__ import annotations

import re

from examsite.web.i18n import _


def item_name(item: str) -> str:
    """How people call an item: "Trắc nghiệm 7", "Tự luận 1"."""
    number = int(re.sub(r"\D", "", item) or 0)
    return (
        _("Tự luận %(number)s", number=number) if item.startswith("E") else _("Trắc nghiệm %(number)s", number=number)
    )
