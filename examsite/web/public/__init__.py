"""Pages for everyone, without a log-in: announcements, criteria, schedule, ranking."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from examsite.web.access import principal
from examsite.web.gates import has_endpoint
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
    if has_endpoint("public.show_verification"):
        items.append(nav_item(_("Tự kiểm tra"), "public.show_verification"))
    if principal() is not None and has_endpoint("auth.show_home"):
        items.append(nav_item(_("Trang của tôi"), "auth.show_home"))
    elif has_endpoint("auth.log_in"):
        items.append(nav_item(_("Đăng nhập"), "auth.log_in"))
    return items


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
