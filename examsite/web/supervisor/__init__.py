"""Pages of the supervision board: everything that is not secret, and every record.

Nothing here changes anything of the competition; those who hold a sheet of a key try it here.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from examsite.domain.competitions import CompetitionState
from examsite.web.i18n import _
from examsite.web.pages import NavItem, nav_item

bp = Blueprint("supervisor", __name__, url_prefix="/supervisor")


def navigation(competition: Any) -> list[NavItem]:
    """Overview, log, people, signed checkpoints."""
    if competition is None:
        return [nav_item(_("Kỳ thi tuyển"), "supervisor.list_competitions")]
    code = competition.code
    opened = competition.state.has_reached(CompetitionState.MERGED)
    marking = [
        nav_item(
            _("Đường đi của điểm"), "supervisor.list_script_paths", code=code, also=("supervisor.show_script_path",)
        ),
        nav_item(_("Thống kê chấm"), "supervisor.show_statistics", code=code),
        nav_item(_("Báo cáo bất thường"), "supervisor.show_findings", code=code),
    ]
    return [
        nav_item(_("Tổng quan"), "supervisor.show_desk", code=code),
        nav_item(_("Sổ ghi"), "supervisor.list_records", code=code, also=("supervisor.show_record",)),
        *(marking if opened else []),
        nav_item(_("Phân công"), "supervisor.list_people", code=code),
        nav_item(
            _("Tờ khóa"), "supervisor.list_keys", code=code, also=("supervisor.rehearse_share", "supervisor.show_sheet")
        ),
        nav_item(_("Mốc ký số"), "supervisor.list_all_checkpoints", code=code, also=("supervisor.show_checkpoint",)),
        nav_item(_("Nhân chứng"), "supervisor.name_witnesses", code=code, also=("supervisor.bring_cosignatures",)),
    ]


bp.navigation = navigation  # type: ignore[attr-defined]

from examsite.web.supervisor import (  # noqa: E402 - views register themselves on the blueprint
    bundle,
    desk,
    findings,
    keys,
    log,
    readiness,
    script_paths,
    statistics,
    timelines,
    witnesses,
)

__all__ = [
    "bp",
    "bundle",
    "desk",
    "findings",
    "keys",
    "log",
    "navigation",
    "readiness",
    "script_paths",
    "statistics",
    "timelines",
    "witnesses",
]
