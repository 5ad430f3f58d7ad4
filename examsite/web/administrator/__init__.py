"""Pages of the administrator: accounts, bodies, the log of the installation. No paper, no mark, no script.

What the administrator may not see is not reachable from here: no query of this package reads a competition's work.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from examsite.web.i18n import _
from examsite.web.pages import NavItem, nav_item

bp = Blueprint("administrator", __name__, url_prefix="/administrator")


def navigation(_competition: Any) -> list[NavItem]:
    """The pages of the installation."""
    accounts = ("administrator.open_account", "administrator.show_account")
    erasures = ("administrator.erase", "administrator.print_erasure", "administrator.list_personal_data")
    return [
        nav_item(_("Tài khoản"), "administrator.list_accounts", also=accounts),
        nav_item(
            _("Cơ quan"), "administrator.list_bodies", also=("administrator.create_body", "administrator.change_body")
        ),
        nav_item(_("Chứng thư"), "administrator.print_certificate"),
        nav_item(_("Đồng hồ"), "administrator.show_clock"),
        nav_item(_("Ngày làm việc"), "administrator.list_working_days"),
        nav_item(_("Xóa dữ liệu"), "administrator.list_erasures", also=erasures),
        nav_item(_("Sổ ghi hệ thống"), "administrator.list_records"),
    ]


bp.navigation = navigation  # type: ignore[attr-defined]

from examsite.web.administrator import (  # noqa: E402 - views register on the blueprint
    accounts,
    bodies,
    certificates,
    clocks,
    erasures,
    records,
    working_days,
)

__all__ = ["accounts", "bodies", "bp", "certificates", "clocks", "erasures", "navigation", "records", "working_days"]
