"""Pages of the markers, who see their own scripts and marks alone, and of their head, who sees both marks once locked.

Decision: a marker's page is built from `BlindScript` and `QueueEntry` only. Pages of the head stand in `head_*.py`
under /marker/<code>/head/, so that the border between the two is a border between files and addresses.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g

from examsite.domain.permissions import Role
from examsite.storage.database import db
from examsite.storage.queries.marking_notes import count_open_flags
from examsite.web.i18n import _
from examsite.web.pages import NavItem, nav_item

bp = Blueprint("marker", __name__, url_prefix="/marker")


def navigation(competition: Any) -> list[NavItem]:
    """What the person may open in this competition."""
    if competition is None:
        return [nav_item(_("Kỳ thi tuyển"), "marker.list_competitions")]
    if g.actor.role is Role.MARKING_HEAD:
        also = (
            "marker.show_gap",
            "marker.decide_gap",
            "marker.read_script",
            "marker.request_withdrawal",
            "marker.note_discussion",
        )
        again = ("marker.take_over_marker", "marker.take_over_script")
        waiting = count_open_flags(db.session(), competition.id)
        return [
            nav_item(_("Độ lệch"), "marker.show_gaps", code=competition.code, also=also),
            nav_item(_("Phân công"), "marker.list_allocation", code=competition.code, also=again),
            nav_item(
                _("Thống kê"),
                "marker.show_statistics",
                code=competition.code,
                also=("marker.show_stop", "marker.stop_marker", "marker.show_alarm"),
            ),
            nav_item(
                _("Chuẩn chấm"),
                "marker.list_head_standards",
                code=competition.code,
                also=("marker.write_standard", "marker.change_standard", "marker.qualify_marker"),
            ),
            nav_item(
                _("Câu hỏi"),
                "marker.list_script_flags",
                code=competition.code,
                count=waiting or None,
                also=("marker.answer_flag",),
            ),
            nav_item(
                _("Sửa hướng dẫn"),
                "marker.list_rubric_changes",
                code=competition.code,
                also=("marker.propose_rubric_change", "marker.show_rubric_change"),
            ),
        ]
    own = ("marker.mark_script", "marker.lock_mark", "marker.flag_script")
    return [
        nav_item(_("Bài được giao"), "marker.list_scripts", code=competition.code, also=own),
        nav_item(_("Kho nhận xét"), "marker.save_comment", code=competition.code),
        nav_item(_("Chấm thử"), "marker.list_practice", code=competition.code, also=("marker.mark_standard",)),
    ]


bp.navigation = navigation  # type: ignore[attr-defined]
bp.has_dense_pages = True  # type: ignore[attr-defined]

from examsite.web.marker import (  # noqa: E402 - views register themselves on the blueprint
    comments,
    conflicts,
    head_allocation,
    head_flags,
    head_gaps,
    head_rubric_changes,
    head_standards,
    head_statistics,
    head_withdrawals,
    notes,
    practice,
    scripts,
)

__all__ = [
    "bp",
    "comments",
    "conflicts",
    "head_allocation",
    "head_flags",
    "head_gaps",
    "head_rubric_changes",
    "head_standards",
    "head_statistics",
    "head_withdrawals",
    "navigation",
    "notes",
    "practice",
    "scripts",
]
