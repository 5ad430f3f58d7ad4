"""What the plan of a competition consists of, and how far each part is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import url_for

from examsite.domain.competitions import SCHEDULE, CompetitionState, check_schedule
from examsite.domain.errors import DomainError
from examsite.web.i18n import _


@dataclass(frozen=True)
class PlanItem:
    """One part of the plan: how far it is, and where it is written."""

    title: str
    text: str
    is_done: bool
    url: str | None


def is_draft(competition: Any) -> bool:
    """Whether the plan may still change."""
    return bool(competition.state is CompetitionState.DRAFT)


def plan_items(competition: Any) -> list[PlanItem]:
    """The parts of the plan in the order in which people write them."""
    code = competition.code
    posts = competition.posts
    words = bool(competition.announcement and competition.announcement_en)
    drawn = [post for post in posts if post.blueprint]
    draft = is_draft(competition)
    return [
        PlanItem(
            _("Nội dung thông báo"),
            _("Có tiếng Việt và tiếng Anh") if words else _("Chưa đủ hai thứ tiếng"),
            words,
            url_for("organiser.edit_announcement", code=code) if draft else None,
        ),
        PlanItem(
            _("Lịch"),
            _("Đủ sáu mốc, đúng thứ tự") if _scheduled(competition) else _("Chưa đủ sáu mốc"),
            _scheduled(competition),
            url_for("organiser.edit_schedule", code=code),
        ),
        PlanItem(
            _("Bộ quy tắc"),
            _("Đã khóa cùng mã khi thông báo") if not draft else _("Bản sao của mẫu, sửa được đến khi thông báo"),
            bool(competition.ruleset_toml),
            url_for("organiser.edit_ruleset", code=code),
        ),
        PlanItem(
            _("Ma trận đề"),
            _("%(done)s trên %(all)s chức danh đã có, do ban đề thi nhập", done=len(drawn), all=len(posts)),
            bool(posts) and len(drawn) == len(posts),
            None,
        ),
    ]


def _scheduled(competition: Any) -> bool:
    try:
        check_schedule({name: getattr(competition, name) for name in SCHEDULE})
    except DomainError:
        return False
    return True
