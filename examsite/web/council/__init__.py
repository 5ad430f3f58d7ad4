"""Pages of the council: its desk, what it opens and draws, the incidents that it decides, what it signs."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g

from examsite.domain.competitions import CompetitionState, GateEvent
from examsite.domain.permissions import Role
from examsite.storage.queries.gate_signatures import approvals_needed
from examsite.web.i18n import _
from examsite.web.pages import NavItem, nav_group, nav_item, open_one

bp = Blueprint("council", __name__, url_prefix="/council")


_APPEALS = ("council.show_appeal", "council.replace_remarker", "council.note_dialogue", "council.decide_appeal")

_PAPERS = (
    *("council.open_paper", "council.open_sealed_paper", "council.show_paper_draw"),
    *("council.set_aside_paper", "council.open_reserve"),
)

_KEYS = ("council.split_key", "council.discard_key", "council.show_sheet", "council.rehearse_share")

#: One entry of a group: its words, its endpoint, and the endpoints of the pages below it.
_Page = tuple[str, str, tuple[str, ...]]


def navigation(competition: Any) -> list[NavItem]:
    """The pages of one competition by the part of its life that they belong to.

    The group of the page that is shown stands open, on the desk that of the present step.
    """
    if competition is None:
        return []
    desk = nav_item(_("Tổng quan"), "council.show_desk", code=competition.code)
    groups = [
        nav_group(
            words,
            [nav_item(text, endpoint, also=also, code=competition.code) for text, endpoint, also in pages],
            is_present=last is None or not competition.state.has_reached(last),
        )
        for words, pages, last in _groups(competition.state)
    ]
    return [desk, *open_one([group for group in groups if group.pages])]


def _signs_gates(competition: Any) -> bool:
    """Whether the rule set has the council sign before any gate but that of the result."""
    return any(approvals_needed(competition, event) for event in GateEvent)


def _groups(state: CompetitionState) -> tuple[tuple[str, tuple[_Page, ...], CompetitionState | None], ...]:
    """The groups in the order of the life, each with the state in which it is over."""
    opened = state.has_reached(CompetitionState.MERGED)
    published = state.has_reached(CompetitionState.PUBLISHED)
    has_items = g.actor.role is Role.CHAIR and state.has_reached(CompetitionState.MARKING)
    before: tuple[_Page, ...] = (
        *([(_("Ký trước bước"), "council.sign_gate_document", ())] if _signs_gates(g.competition) else []),
        (_("Tờ khóa"), "council.list_keys", _KEYS),
        (_("Bốc thăm"), "council.list_draws", ("council.show_draw", "council.open_numbers")),
        (_("Điều chỉnh"), "council.list_adjustments", ("council.decide_adjustments",)),
        (_("Xung đột"), "council.list_conflict_hints", ("council.judge_hint",)),
    )
    written: tuple[_Page, ...] = (
        (_("Đề thi"), "council.list_papers", _PAPERS),
        (_("Đề nghị"), "council.list_room_requests", ("council.decide_request",)),
        (_("Sự việc"), "council.list_incidents", ("council.decide_incident",)),
    )
    marking: tuple[_Page, ...] = (
        (_("Phách"), "council.show_codes", ("council.open_codes",)),
        (_("Chuẩn chấm"), "council.list_standards", ("council.answer_standard",)),
        *([(_("Câu trắc nghiệm"), "council.list_items", ("council.decide_item",))] if has_items else []),
        (_("Đường điểm"), "council.list_script_paths", ("council.show_script_path",)),
        *([(_("Phúc khảo"), "council.list_appeals", _APPEALS)] if opened else []),
    )
    defence: tuple[_Page, ...] = ((_("Thứ tự bảo vệ"), "council.show_presentation_order", ("council.agree_excuse",)),)
    result: tuple[_Page, ...] = (
        *([(_("Báo cáo trước khi ký"), "council.show_findings", ())] if opened else []),
        (_("Ký kết quả"), "council.sign_result", ("council.show_result",)),
        *([(_("Sửa kết quả"), "council.decide_correction", ())] if published else []),
    )
    return (
        (_("Chuẩn bị"), before, CompetitionState.WRITTEN),
        (_("Thi viết"), written, CompetitionState.MARKING),
        (_("Chấm thi"), marking, CompetitionState.PROPOSALS),
        (_("Bảo vệ"), defence, CompetitionState.RANKED),
        (_("Kết quả"), result, None),
    )


bp.navigation = navigation  # type: ignore[attr-defined]

from examsite.web.council import (  # noqa: E402 - views register themselves on the blueprint
    adjustments,
    appeals,
    codes,
    conflict_hints,
    conflicts,
    corrections,
    defence,
    desk,
    draws,
    findings,
    gate_signing,
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
    "corrections",
    "defence",
    "desk",
    "draws",
    "findings",
    "gate_signing",
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
