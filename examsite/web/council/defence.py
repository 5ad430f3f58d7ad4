"""The chair draws in which order the candidates defend; the council sees the order and how to repeat the draw.

From here the chair leads a defence from which the head of the panel is kept away, and the council agrees, as the second
person, that a member who has begun a sheet does not score.
"""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import DomainError, InvalidError
from examsite.domain.events import Event
from examsite.domain.panels import SCORES_SHOWN, SHEET_OPEN, DefenceState
from examsite.domain.permissions import Role
from examsite.services import reveals
from examsite.services.draw_acts import is_now
from examsite.services.draws import draws_together
from examsite.services.proposals import draw_presentation_order
from examsite.storage.database import db
from examsite.storage.queries.corrections import defence_state, list_order_draws
from examsite.storage.queries.defence import get_defence, list_defences, list_members, map_leaders
from examsite.storage.queries.draws import find_draw_record
from examsite.storage.queries.proposals import list_standings
from examsite.web.access import fresh_factor, requires
from examsite.web.council import bp
from examsite.web.council.desk import Card, desk_card
from examsite.web.errors import show_refusal
from examsite.web.forms.defence import agree_excuse_form
from examsite.web.forms.proposals import DrawOrderForm
from examsite.web.gates import actor_text
from examsite.web.i18n import _
from examsite.web.member_incidents import serve_note_incident
from examsite.web.transactions import act, writes


@desk_card
def defence_without_head(competition: Any) -> Card | None:
    """The first defence, not yet over, that the chair leads because the head of the panel is kept away."""
    if g.actor.role is not Role.CHAIR or defence_state(db.session(), competition) is not CompetitionState.DEFENCE:
        return None
    led = _led(list_defences(db.session(), competition.id))
    if not led:
        return None
    return Card(
        title=_("Chủ tịch điều hành thay trưởng ban chấm đề án"),
        text=_("Lượt %(position)s: trưởng ban có quan hệ với thí sinh nên chủ tịch điều hành.", position=min(led)),
        action=_("Mở trang điều hành"),
        url=url_for("panel.lead_defence", code=competition.code, position=min(led)),
        urgent=True,
    )


def _led(defences: list[Any]) -> set[int]:
    """The places of the order that this person leads now in the head's stead; none for all but the chair."""
    if g.actor.role is not Role.CHAIR or defence_state(db.session(), g.competition) is not CompetitionState.DEFENCE:
        return set()
    going_on = [row for row in defences if row.state not in (DefenceState.SETTLED, DefenceState.ABSENT)]
    leaders = map_leaders(db.session(), g.competition.id, [row.candidacy_id for row in going_on])
    return {row.position for row in going_on if g.actor.account_id in leaders[row.candidacy_id]}


@bp.get("/<code>/presentation-order")
@requires(Role.CHAIR, Role.COUNCIL_MEMBER)
def show_presentation_order(code: str) -> ResponseReturnValue:  # noqa: ARG001 -- part of the address
    """What will be drawn, then what was drawn."""
    session = db.session()
    standings = list_standings(session, g.competition)
    defences = list_defences(session, g.competition.id)
    drawn = {row.candidacy_id for row in defences}
    draws = list_order_draws(session, g.competition)
    held = [find_draw_record(session, g.competition.id, name, Event.DRAW_HELD) for name in draws]
    return render_template(
        "council/show_presentation_order.html",
        form=DrawOrderForm(),
        defences=defences,
        undrawn=[
            row
            for row in standings
            if row.last is not None and row.last.locked_at is not None and row.candidacy.id not in drawn
        ],
        absent=sum(1 for row in standings if row.last is None),
        nonces=[
            (actor_text(item["by"]), item["nonce"])
            for record in held
            if record is not None
            for item in record["document"]["contributions"]
        ],
        draw_name=draws[-1],
        led=_led(defences),
        open_states=SHEET_OPEN,
        shown_states=SCORES_SHOWN,
        together=draws_together(g.competition),
        can_draw=g.actor.role is Role.CHAIR and is_now(session, g.competition, draws[-1]),
    )


@bp.post("/<code>/presentation-order")
@requires(Role.CHAIR)
@fresh_factor
@writes
def draw_order(code: str) -> ResponseReturnValue:
    """Hold the draw."""
    if DrawOrderForm().validate_on_submit():
        draw_presentation_order(act(), g.competition)
        flash(_("Đã bốc thăm thứ tự bảo vệ. Kết quả có trong sổ ghi."), "success")
    return redirect(url_for("council.show_presentation_order", code=code))


@bp.route("/<code>/presentation-order/<int(max=9999):position>/incident", methods=["GET", "POST"])
@requires(Role.CHAIR, Role.COUNCIL_MEMBER)
@writes
def note_incident(code: str, position: int) -> ResponseReturnValue:
    """Record what came to light about a member once the scores were shown."""
    return serve_note_incident(position, back=url_for("council.show_presentation_order", code=code))


@bp.route("/<code>/presentation-order/<int(max=9999):position>/excuse", methods=["GET", "POST"])
@requires(Role.CHAIR, Role.COUNCIL_MEMBER)
@writes
def agree_excuse(code: str, position: int) -> ResponseReturnValue:
    """Agree that a member does not score this defence; who has begun or locked a sheet is not told."""
    session = db.session()
    defence = get_defence(session, g.competition.id, position)
    form = agree_excuse_form(row.pseudonym or "" for row in list_members(session, g.competition.id))
    status = 200
    if form.is_submitted():
        status = 422
        if form.validate():
            try:
                reveals.agree_excuse(
                    act(), g.competition, position, member=form.member.data, reason=form.reason.data or ""
                )
            except DomainError as error:
                status = show_refusal(form, error, beside="reason" if isinstance(error, InvalidError) else "")
                defence = get_defence(session, g.competition.id, position)
            else:
                flash(_("Đã ghi đồng ý. Người điều hành lượt này ghi lý do khi mở điểm."), "success")
                return redirect(url_for("council.show_presentation_order", code=code))
    return render_template("council/agree_excuse.html", form=form, defence=defence), status
