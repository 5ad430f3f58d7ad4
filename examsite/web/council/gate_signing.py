"""The council signs before a gate where the rule set asks for it: the plan, the list, the written results."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.competitions import GateEvent
from examsite.domain.dossiers import CandidacyState
from examsite.domain.errors import DomainError
from examsite.domain.permissions import Role
from examsite.domain.publication import Decision
from examsite.services.gate_signing import sign_gate, why_not_sign
from examsite.services.passkeys import ask_for_signature
from examsite.services.publication import TAIL_LENGTH
from examsite.storage.database import db
from examsite.storage.queries.gate_signatures import GateSigning, read_gate_signing
from examsite.storage.queries.gates import CHECKLISTS
from examsite.web.access import fresh_factor, requires
from examsite.web.council import bp
from examsite.web.council.desk import Card, desk_card
from examsite.web.errors import show_on_field
from examsite.web.forms.ranking import SignGateForm
from examsite.web.fresh_factors import passkey_host, was_shown
from examsite.web.gates import event_after, planned_dates
from examsite.web.i18n import _
from examsite.web.labels import error_text, label
from examsite.web.labels.competitions import STATEMENTS
from examsite.web.result_signing import HIDDEN_FIELDS, SignatureLine, way_of_signing
from examsite.web.transactions import act, read_web_clock, write_now, writes_in_steps


@desk_card
def gate_to_sign(competition: Any) -> Card | None:
    """The next gate wants signatures, and nothing else is missing."""
    signing = _next(competition)
    if signing is None or signing.outcome is not None or why_not_sign(act(), competition, signing) is not None:
        return None
    if CHECKLISTS[signing.event](db.session(), competition, read_web_clock()):
        return None
    return Card(
        title=_("Ký trước bước “%(gate)s”", gate=label(signing.event)),
        text=_("Bộ quy tắc cần chữ ký của hội đồng. Đọc đúng văn bản sẽ ký; không có gì được chọn sẵn."),
        action=_("Đọc văn bản"),
        url=url_for("council.sign_gate_document", code=competition.code),
        urgent=True,
    )


@bp.route("/<code>/gate", methods=["GET", "POST"])
@requires(Role.CHAIR, Role.COUNCIL_MEMBER)
@fresh_factor
@writes_in_steps
def sign_gate_document(code: str) -> ResponseReturnValue:
    """Read what the next gate makes final, then agree or refuse over the hash of exactly that."""
    form = SignGateForm()
    if form.is_submitted():
        if form.validate() and _is_signed(form):
            if form.decision.data == Decision.REFUSED.value:
                flash(_("Đã ghi ý kiến không đồng ý vào sổ ghi."), "success")
            else:
                flash(_("Đã ghi ý kiến vào sổ ghi. Ký rồi không rút lại được."), "success")
            return redirect(url_for("council.sign_gate_document", code=code))
        return _page(form), 422
    return _page(form)


def _next(competition: Any) -> GateSigning | None:
    event = event_after(competition)
    return None if event is None else read_gate_signing(db.session(), competition, event)


def _is_signed(form: SignGateForm) -> bool:
    try:
        with write_now() as ctx:
            sign_gate(
                ctx,
                g.competition,
                GateEvent(form.event.data),
                decision=Decision(form.decision.data),
                sha_tail=form.sha_tail.data,
                reason=form.reason.data or "",
                signed=form.assertion.data or None,
            )
    except DomainError as error:
        show_on_field(form, error, instead=HIDDEN_FIELDS)
        return False
    return True


def _page(form: SignGateForm) -> str:
    competition = g.competition
    signing = _next(competition)
    if signing is None:
        return render_template("council/sign_gate_document.html", signing=None, form=form)
    refusal, host = why_not_sign(act(), competition, signing), passkey_host()
    form.event.data, form.assertion.data = signing.event.value, ""
    own = signing.said.get(g.actor.account_id)
    has_refused = own is not None and own.decision is Decision.REFUSED
    if has_refused:
        # Nobody refuses the same document twice; agreeing to it stays open.
        form.decision.choices = [choice for choice in form.decision.choices if choice.value == Decision.AGREED.value]
    lines = _lines(signing)
    return render_template(
        "council/sign_gate_document.html",
        form=form,
        signing=signing,
        gate_label=label(signing.event),
        statement=STATEMENTS[signing.event],
        document=signing.document,
        dates=planned_dates(competition),
        decision_words=lambda state: label(CandidacyState(state)),
        lines=lines,
        why_not="" if refusal is None else error_text(refusal, {}),
        passkey=ask_for_signature(act(), signing.sha256, host=host) if refusal is None and host else None,
        has_refused=has_refused,
        asks_factor=not was_shown(),
        my_name=next((line.name for line in lines if line.mine), ""),
        my_role=label(g.actor.role),
        tail_length=TAIL_LENGTH,
        still_missing=CHECKLISTS[signing.event](db.session(), competition, read_web_clock()),
    )


def _lines(signing: GateSigning) -> list[SignatureLine]:
    """Everybody who may sign, with what was said."""
    lines = []
    for row in signing.holders:
        said = signing.said.get(row.account_id)
        state = "todo" if said is None else "signed" if said.decision is Decision.AGREED else "refused"
        mine = row.account_id == g.actor.account_id
        if mine and said is None and row.account_id not in signing.recused and signing.outcome is None:
            state = "waiting"
        note = _("Lý do: %(reason)s", reason=said.reason) if said is not None and said.reason else ""
        if said is None and row.account_id in signing.recused:
            note = _("Đã khai xung đột lợi ích: chỉ đọc")
        way = ""
        if said is not None and said.decision is Decision.AGREED:
            way = way_of_signing(has_assertion=said.has_assertion)
        lines.append(
            SignatureLine(
                name=row.account.display_name,
                role=row.account.position_title or label(row.role),
                state=state,
                signed_at=None if said is None else said.signed_at,
                mine=mine,
                note=note,
                way=way,
            )
        )
    return lines
