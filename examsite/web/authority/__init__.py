"""Pages of the approving authority: what waits for a signature, ties to decide, the result itself."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from examsite.domain.competitions import CompetitionState
from examsite.web.i18n import _
from examsite.web.pages import NavItem, nav_item

bp = Blueprint("authority", __name__, url_prefix="/authority")


def navigation(competition: Any) -> list[NavItem]:
    """The pages of one competition, and the list of all."""
    items = [nav_item(_("Kỳ thi tuyển"), "authority.list_competitions")]
    if competition is not None:
        items.append(nav_item(_("Tổng quan"), "authority.show_desk", code=competition.code))
        if competition.state.has_reached(CompetitionState.MERGED):
            items.append(nav_item(_("Báo cáo trước khi ký"), "authority.show_findings", code=competition.code))
        items.append(
            nav_item(
                _("Phê duyệt kết quả"),
                "authority.sign_result",
                also=("authority.show_result", "authority.decide_tie"),
                code=competition.code,
            )
        )
    return items


bp.navigation = navigation  # type: ignore[attr-defined]

from examsite.web.authority import desk, findings, signing, ties  # noqa: E402 - views register themselves on the blueprint

__all__ = ["bp", "desk", "findings", "navigation", "signing", "ties"]
