"""Pages of the panel: members score each defence alone, the head leads the session, shows the scores and settles gaps.

Decision: the panel sees the person in the room, so its pages name the candidate; records and results carry the public
code alone. No page of a member says how many have locked; the head sees who has, never with which points.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from examsite.web.i18n import _
from examsite.web.pages import NavItem, nav_item

bp = Blueprint("panel", __name__, url_prefix="/panel")


def navigation(competition: Any) -> list[NavItem]:
    """What the person may open in this competition."""
    if competition is None:
        return [nav_item(_("Kỳ thi tuyển"), "panel.list_competitions")]
    own = ("panel.show_defence", "panel.fill_sheet", "panel.lock_sheet", "panel.lead_defence", "panel.decide_score")
    return [
        nav_item(
            _("Các lượt bảo vệ"), "panel.list_defences", code=competition.code, also=(*own, "panel.reveal_scores")
        ),
        nav_item(_("Khai quan hệ"), "panel.declare_conflicts", code=competition.code),
        nav_item(_("Màn chiếu"), "panel.show_projector", code=competition.code),
    ]


bp.navigation = navigation  # type: ignore[attr-defined]

from examsite.web.panel import (  # noqa: E402 - views register themselves
    assessments,
    clock,
    conflicts,
    defences,
    discussion,
    head,
    minutes,
    projector,
    questions,
    reading,
    sheets,
)

__all__ = [
    "assessments",
    "bp",
    "clock",
    "conflicts",
    "defences",
    "discussion",
    "head",
    "minutes",
    "navigation",
    "projector",
    "questions",
    "reading",
    "sheets",
]
