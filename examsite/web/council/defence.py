"""The chair draws in which order the candidates defend; the council sees the order and how to repeat the draw."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.competitions import CompetitionState
from examsite.domain.permissions import Role
from examsite.services.proposals import ORDER_DRAW, draw_presentation_order
from examsite.storage.database import db
from examsite.storage.queries.codes import find_held_draw
from examsite.storage.queries.defence import list_defences
from examsite.storage.queries.proposals import list_standings
from examsite.web.access import requires
from examsite.web.council import bp
from examsite.web.forms.proposals import DrawOrderForm
from examsite.web.gates import actor_text
from examsite.web.i18n import _
from examsite.web.transactions import act, writes


@bp.get("/<code>/presentation-order")
@requires(Role.CHAIR, Role.COUNCIL_MEMBER)
def show_presentation_order(code: str) -> ResponseReturnValue:  # noqa: ARG001 -- part of the address
    """What will be drawn, then what was drawn."""
    session = db.session()
    standings = list_standings(session, g.competition)
    held = find_held_draw(session, g.competition.id, ORDER_DRAW)
    return render_template(
        "council/show_presentation_order.html",
        form=DrawOrderForm(),
        defences=list_defences(session, g.competition.id),
        locked=[row for row in standings if row.last is not None and row.last.locked_at is not None],
        absent=sum(1 for row in standings if row.last is None),
        nonces=[]
        if held is None
        else [(actor_text(item["by"]), item["nonce"]) for item in held["document"]["contributions"]],
        can_draw=g.actor.role is Role.CHAIR and g.competition.state is CompetitionState.DEFENCE,
    )


@bp.post("/<code>/presentation-order")
@requires(Role.CHAIR)
@writes
def draw_order(code: str) -> ResponseReturnValue:
    """Hold the draw."""
    if DrawOrderForm().validate_on_submit():
        draw_presentation_order(act(), g.competition)
        flash(_("Đã bốc thăm thứ tự bảo vệ. Kết quả có trong sổ ghi."), "success")
    return redirect(url_for("council.show_presentation_order", code=code))
