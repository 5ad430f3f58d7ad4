"""Pages of the organiser: the plan, the desk with its gates, the sittings, the log."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from examsite.domain.competitions import CompetitionState
from examsite.web.i18n import _
from examsite.web.pages import NavItem, nav_item

bp = Blueprint("organiser", __name__, url_prefix="/organiser")


def navigation(competition: Any) -> list[NavItem]:
    """The pages of one competition; pages that are not there are left out."""
    if competition is None:
        return [nav_item(_("Kỳ thi tuyển"), "organiser.list_competitions", also=("organiser.create_competition",))]
    plan = ("organiser.edit_announcement", "organiser.edit_schedule", "organiser.edit_ruleset", "organiser.add_post")
    candidates_pages = (
        "organiser.show_candidate",
        "organiser.import_candidates",
        "organiser.issue_slips",
        "organiser.fix_roster",
    )
    sitting_pages = (
        *("organiser.show_sitting", "organiser.schedule_sitting", "organiser.show_readiness", "organiser.move_start"),
        *("organiser.change_rules", "organiser.run_rehearsal", "organiser.show_rehearsal"),
    )
    published = competition.state.has_reached(CompetitionState.PUBLISHED)
    appealed = competition.state.has_reached(CompetitionState.APPEALS)
    pages: tuple[tuple[str, str, tuple[str, ...]], ...] = (
        (_("Tổng quan"), "organiser.show_desk", ("organiser.open_gate", "organiser.publish_written_results")),
        (_("Kế hoạch"), "organiser.show_plan", (*plan, "organiser.edit_post", "organiser.edit_rubric")),
        (_("Nhân sự"), "organiser.show_people", ()),
        (_("Người dự tuyển"), "organiser.list_candidates", candidates_pages),
        (_("Ca thi"), "organiser.list_sittings", sitting_pages),
        *([(_("Phúc khảo"), "organiser.list_appeals", ())] if appealed else []),
        (_("Đề án và bảo vệ"), "organiser.list_proposals", ("organiser.lock_called_proposals",)),
        (
            _("Kết quả"),
            "organiser.show_result",
            ("organiser.publish_result", "organiser.ask_correction", "organiser.call_defence"),
        ),
        *([(_("Xóa dữ liệu"), "organiser.show_erasure", ("organiser.print_erasure",))] if published else []),
        (_("Sổ ghi"), "organiser.list_log", ()),
    )
    return [nav_item(text, endpoint, also=also, code=competition.code) for text, endpoint, also in pages]


bp.navigation = navigation  # type: ignore[attr-defined]

from examsite.web.organiser import (  # noqa: E402 - views register themselves on the blueprint
    adjustments,
    appeals,
    candidate_imports,
    candidates,
    competitions,
    conflicts,
    corrections,
    desk,
    erasure,
    gates,
    log,
    people,
    posts,
    proposals,
    readiness,
    results,
    rosters,
    rulesets,
    schedule,
    sittings,
    timelines,
)

__all__ = [
    "adjustments",
    "appeals",
    "bp",
    "candidate_imports",
    "candidates",
    "competitions",
    "conflicts",
    "corrections",
    "desk",
    "erasure",
    "gates",
    "log",
    "navigation",
    "people",
    "posts",
    "proposals",
    "readiness",
    "results",
    "rosters",
    "rulesets",
    "schedule",
    "sittings",
    "timelines",
]
