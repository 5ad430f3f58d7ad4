"""Go or no-go of a sitting as the council reads it: everything, without the ways to change it."""

from __future__ import annotations

from typing import Any

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.competitions import CompetitionState
from examsite.domain.permissions import Role
from examsite.domain.sittings import SittingState
from examsite.storage.database import db
from examsite.storage.queries.sittings import list_sittings
from examsite.web.access import requires
from examsite.web.council import bp
from examsite.web.council.desk import Card, desk_card
from examsite.web.formatting import format_datetime
from examsite.web.i18n import _
from examsite.web.readiness import read_readiness


@desk_card
def sitting_to_come(competition: Any) -> Card | None:
    """The next sitting, once the written test has begun and before the server starts it."""
    if competition.state is not CompetitionState.WRITTEN:
        return None
    planned = [row for row in list_sittings(db.session(), competition.id) if row.state is SittingState.SCHEDULED]
    if not planned:
        return None
    row = min(planned, key=lambda item: (item.starts_at, item.code))
    return Card(
        title=_("Ca thi %(sitting)s bắt đầu %(when)s", sitting=row.code, when=format_datetime(row.starts_at)),
        text=_("Đồng hồ, đĩa, đề, chỗ ngồi, chứng nhận tổng duyệt: xem mọi mục đã đạt chưa."),
        action=_("Kiểm tra sẵn sàng"),
        url=url_for("council.show_readiness", code=competition.code, sitting=row.code),
    )


@bp.get("/<code>/sittings/<sitting>/readiness")
@requires(Role.CHAIR, Role.COUNCIL_MEMBER)
def show_readiness(code: str, sitting: str) -> ResponseReturnValue:
    """What was found, what it means, who puts it right."""
    links = {"adjustments": url_for("council.list_adjustments", code=code)}
    return render_template("readiness/show_readiness.html", links=links, is_organiser=False, **read_readiness(sitting))
