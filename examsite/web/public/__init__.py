"""Pages for everyone, without a log-in: announcements, criteria, schedule, ranking."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from examsite.web.access import principal
from examsite.web.i18n import _
from examsite.web.pages import NavItem, nav_item

bp = Blueprint("public", __name__)


def navigation(_competition: Any) -> list[NavItem]:
    """What everyone may read, and the way in."""
    items = [
        nav_item(
            _("Kỳ thi tuyển"),
            "public.show_front",
            also=(
                *("public.show_competition", "public.show_ranking", "public.show_ranked_candidate"),
                *("public.show_log", "public.show_log_checkpoint", "public.check_shown_receipt"),
                *("public.list_draws", "public.show_draw", "public.show_data_register"),
            ),
        ),
        nav_item(_("Quy tắc và tiêu chí"), "public.list_rulesets", also=("public.show_ruleset", "public.show_preset")),
    ]
    door = ("auth.log_in", _("Đăng nhập")) if principal() is None else ("auth.show_home", _("Trang của tôi"))
    return [*items, nav_item(_("Tự kiểm tra"), "public.show_verification"), nav_item(door[1], door[0])]


bp.navigation = navigation  # type: ignore[attr-defined]

from examsite.web.public import (  # noqa: E402 - views register themselves on the blueprint
    appeals,
    competitions,
    data_register,
    draws,
    log,
    machines,
    ranking,
    rulesets,
    verification,
)

__all__ = [
    "appeals",
    "bp",
    "competitions",
    "data_register",
    "draws",
    "log",
    "machines",
    "navigation",
    "ranking",
    "rulesets",
    "verification",
]
