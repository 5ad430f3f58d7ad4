"""The chair as second person about objective questions: reads the figures, sees who changes, agrees or refuses."""

from __future__ import annotations

from typing import Any

from flask import g, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.competitions import CompetitionState
from examsite.domain.permissions import Role
from examsite.storage.database import db
from examsite.storage.queries.items import list_waiting_decisions
from examsite.web.access import requires
from examsite.web.council import bp
from examsite.web.council.desk import Card, desk_card
from examsite.web.i18n import _, ngettext
from examsite.web.item_pages import serve_item, serve_items
from examsite.web.transactions import writes


@desk_card
def waiting_items(competition: Any) -> Card | None:
    """Proposals about questions that wait for a second person."""
    if g.actor.role is not Role.CHAIR or competition.state is not CompetitionState.MARKING:
        return None
    waiting = list_waiting_decisions(db.session(), competition.id)
    if not waiting:
        return None
    first = waiting[0]
    return Card(
        title=ngettext(
            "%(num)d đề nghị về câu trắc nghiệm chờ", "%(num)d đề nghị về câu trắc nghiệm chờ", len(waiting)
        ),
        text=_("Ban đề thi đề nghị và ghi lý do; cần người thứ hai. Trang cho thấy bài nào đổi điểm trước khi đồng ý."),
        action=_("Đọc và trả lời"),
        url=url_for("council.decide_item", code=competition.code, opened=first.paper.code, objective=first.item),
        urgent=True,
    )


@bp.get("/<code>/items")
@requires(Role.CHAIR)
def list_items(code: str) -> ResponseReturnValue:  # noqa: ARG001 - the guard has loaded the competition
    """Every question of the opened papers with its figures and decisions."""
    return serve_items("council")


@bp.route("/<code>/items/<opened>/<objective>", methods=["GET", "POST"])
@requires(Role.CHAIR)
@writes
def decide_item(code: str, opened: str, objective: str) -> ResponseReturnValue:  # noqa: ARG001 -- the guard reads the code
    """One question: answer as second person."""
    return serve_item("council", opened, objective)
