"""Pages of the council: its desk, what it opens and draws, the incidents that it decides, what it signs."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from examsite.domain.competitions import CompetitionState
from examsite.web.gates import has_endpoint
from examsite.web.i18n import _
from examsite.web.pages import NavItem, nav_item

bp = Blueprint("council", __name__, url_prefix="/council")


_APPEALS = ("council.show_appeal", "council.replace_remarker", "council.note_dialogue", "council.decide_appeal")

_PAPERS = (
    *("council.open_paper", "council.open_sealed_paper", "council.show_paper_draw"),
    *("council.set_aside_paper", "council.open_reserve"),
)


def navigation(competition: Any) -> list[NavItem]:
    """The pages of one competition; pages that are not there are left out."""
    if competition is None:
        return []
    opened = competition.state.has_reached(CompetitionState.MERGED)
    pages: tuple[tuple[str, str, tuple[str, ...]], ...] = (
        (_("Tổng quan"), "council.show_desk", ()),
        (_("Đề thi"), "council.list_papers", _PAPERS),
        (_("Tờ khóa"), "council.list_keys", ("council.split_key", "council.keep_key", "council.check_sheet")),
        (_("Bốc thăm"), "council.list_draws", ("council.show_draw", "council.open_numbers")),
        (_("Sự việc"), "council.list_incidents", ("council.decide_incident",)),
        (_("Đề nghị"), "council.list_room_requests", ("council.decide_request",)),
        (_("Điều chỉnh"), "council.list_adjustments", ("council.decide_adjustments",)),
        (_("Xung đột"), "council.list_conflict_hints", ("council.judge_hint",)),
        (_("Phách"), "council.show_codes", ("council.open_codes",)),
        (_("Chuẩn chấm"), "council.list_standards", ("council.answer_standard",)),
        *([(_("Phúc khảo"), "council.list_appeals", _APPEALS)] if opened else []),
        *([(_("Đường điểm"), "council.list_script_paths", ("council.show_script_path",))] if opened else []),
        (_("Thứ tự bảo vệ"), "council.show_presentation_order", ("council.agree_excuse",)),
        *([(_("Báo cáo trước khi ký"), "council.show_findings", ())] if opened else []),
        (_("Ký kết quả"), "council.sign_result", ("council.show_result",)),
    )
    return [
        nav_item(text, endpoint, also=also, code=competition.code)
        for text, endpoint, also in pages
        if has_endpoint(endpoint)
    ]


bp.navigation = navigation  # type: ignore[attr-defined]

from examsite.web.council import (  # noqa: E402 - views register themselves on the blueprint
    adjustments,
    appeals,
    codes,
    conflict_hints,
    conflicts,
    defence,
    desk,
    draws,
    findings,
    incidents,
    items,
    keys,
    papers,
    readiness,
    reminders,
    result,
    room_requests,
    script_paths,
    signing,
    standards,
    timelines,
    withdrawals,
)

__all__ = [
    "adjustments",
    "appeals",
    "bp",
    "codes",
    "conflict_hints",
    "conflicts",
    "defence",
    "desk",
    "draws",
    "findings",
    "incidents",
    "items",
    "keys",
    "navigation",
    "papers",
    "readiness",
    "reminders",
    "result",
    "room_requests",
    "script_paths",
    "signing",
    "standards",
    "timelines",
    "withdrawals",
]
