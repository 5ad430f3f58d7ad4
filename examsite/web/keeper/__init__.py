"""Pages of the code board: it seals the code map, and never sees it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from examsite.web.i18n import _
from examsite.web.pages import NavItem, nav_item

bp = Blueprint("keeper", __name__, url_prefix="/keeper")


def navigation(competition: Any) -> list[NavItem]:
    """The desk of a competition, and what is decided in scripts before it."""
    if competition is None:
        return [nav_item(_("Kỳ thi tuyển"), "keeper.list_competitions")]
    return [
        nav_item(_("Bảng phách"), "keeper.show_desk", code=competition.code, also=("keeper.seal_codes",)),
        nav_item(
            _("Chỗ có thể lộ người viết"),
            "keeper.list_scripts",
            code=competition.code,
            also=("keeper.decide_hints", "keeper.confirm_script"),
        ),
    ]


bp.navigation = navigation  # type: ignore[attr-defined]

from examsite.web.keeper import codes, conflicts, redactions  # noqa: E402 - views register themselves on the blueprint

__all__ = ["bp", "codes", "conflicts", "navigation", "redactions"]
