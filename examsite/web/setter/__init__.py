"""Pages of the paper setters: the plan of each post's paper, its versions until they are sealed, the question bank."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from examsite.domain.competitions import CompetitionState
from examsite.web.i18n import _
from examsite.web.pages import NavItem, nav_item

bp = Blueprint("setter", __name__, url_prefix="/setter")


def navigation(competition: Any) -> list[NavItem]:
    """The desk with the papers of each post, and the bank."""
    if competition is None:
        return [nav_item(_("Kỳ thi tuyển"), "setter.list_competitions")]
    code = competition.code
    papers = (
        *("plan_blueprint", "show_papers", "draw_papers", "seal_papers", "seal_files"),
        *("show_paper", "show_paper_key"),
    )
    after_test = (
        [
            nav_item(_("Câu trắc nghiệm"), "setter.list_items", code=code, also=("setter.decide_item",)),
            nav_item(
                _("Sửa hướng dẫn chấm"), "setter.list_rubric_changes", code=code, also=("setter.answer_rubric_change",)
            ),
            nav_item(_("Chuẩn chấm"), "setter.list_standards", code=code, also=("setter.answer_standard",)),
        ]
        if competition.state.has_reached(CompetitionState.MARKING)
        else []
    )
    return [
        nav_item(_("Đề thi"), "setter.show_desk", code=code, also=tuple(f"setter.{name}" for name in papers)),
        nav_item(_("Ngân hàng câu hỏi"), "setter.list_questions", code=code, also=("setter.show_question",)),
        *after_test,
    ]


bp.navigation = navigation  # type: ignore[attr-defined]

from examsite.web.setter import (  # noqa: E402 - views register themselves on the blueprint
    bank,
    blueprints,
    conflicts,
    desk,
    items,
    papers,
    rubric_changes,
    standards,
)

__all__ = [
    "bank",
    "blueprints",
    "bp",
    "conflicts",
    "desk",
    "items",
    "navigation",
    "papers",
    "rubric_changes",
    "standards",
]
