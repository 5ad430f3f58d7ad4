"""The room as its invigilator sees it: who is there, which machine is silent, what needs a person. Never an answer."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from examsite.web.i18n import _
from examsite.web.pages import NavItem, nav_item

bp = Blueprint("invigilator", __name__, url_prefix="/invigilator")


def navigation(competition: Any) -> list[NavItem]:
    """The sittings of this person in a competition."""
    if competition is None:
        return []
    return [
        nav_item(_("Ca thi của tôi"), "invigilator.list_sittings", code=competition.code),
        nav_item(_("Buổi bảo vệ"), "invigilator.record_attendance", code=competition.code),
    ]


bp.navigation = navigation  # type: ignore[attr-defined]  # read by web.pages

from examsite.web.invigilator import (  # noqa: E402 -- views register on the blueprint
    acts,
    answer_files,
    boards,
    clocks,
    conflicts,
    documents,
    photos,
    readiness,
    room_acts,
    sessions,
    sittings,
    timelines,
)

__all__ = [
    "acts",
    "answer_files",
    "boards",
    "bp",
    "clocks",
    "conflicts",
    "documents",
    "navigation",
    "photos",
    "readiness",
    "room_acts",
    "sessions",
    "sittings",
    "timelines",
]
