"""Witnesses of the record log: the supervision board names their keys and brings in what they signed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.competitions import GateEvent
from examsite.domain.errors import DomainError
from examsite.domain.permissions import Role
from examsite.services.witnesses import MAX_NOTE, add_cosignatures, end_witness, key_of, name_witness
from examsite.storage.database import db
from examsite.storage.queries.checkpoints import list_witnesses, map_last_cosigned
from examsite.storage.queries.records import find_covering_checkpoint, find_last_checkpoint, get_log
from examsite.web.access import requires
from examsite.web.errors import show_refusal
from examsite.web.forms.log import AddCosignaturesForm, NameWitnessForm
from examsite.web.i18n import _, ngettext
from examsite.web.supervisor import bp
from examsite.web.transactions import act, writes

if TYPE_CHECKING:
    from examsite.storage.models.records import CheckpointRow


@bp.route("/<code>/witnesses", methods=["GET", "POST"])
@requires(Role.SUPERVISOR)
@writes
def name_witnesses(code: str) -> ResponseReturnValue:
    """Who the witnesses are, up to where each has signed, and the form for one more."""
    form = NameWitnessForm()
    status = 200
    if form.validate_on_submit():
        try:
            name_witness(act(), g.competition, key=form.key.data or "", holder=form.holder.data or "")
            flash(_("Đã ghi nhận nhân chứng; dòng khóa hiện ra trên trang sổ ghi công khai."), "success")
            return redirect(url_for("supervisor.name_witnesses", code=code))
        except DomainError as error:
            status = show_refusal(form, error, beside="key")
    elif form.is_submitted():
        status = 422
    session = db.session()
    log = get_log(session, code)
    signed = map_last_cosigned(session, log.id)
    page = render_template(
        "supervisor/name_witnesses.html",
        form=form,
        witnesses=[
            (one, key_of(one).as_text(), signed.get(one.id)) for one in list_witnesses(session, g.competition.id)
        ],
        newest=find_last_checkpoint(session, log.code),
        of_result=_checkpoint_of_result(log.id),
        is_public=g.competition.announced_at is not None,
    )
    return page, status


@bp.post("/<code>/witnesses/end")
@requires(Role.SUPERVISOR)
@writes
def end_one_witness(code: str) -> ResponseReturnValue:
    """A key no longer counts from now on."""
    end_witness(act(), g.competition, request.form.get("name", ""))
    flash(_("Đã ghi: khóa này thôi dùng. Những gì khóa đã ký vẫn còn giá trị."), "success")
    return redirect(url_for("supervisor.name_witnesses", code=code))


@bp.route("/<code>/witnesses/signed", methods=["GET", "POST"])
@requires(Role.SUPERVISOR)
@writes
def bring_cosignatures(code: str) -> ResponseReturnValue:
    """Bring in a checkpoint that witnesses have signed; the file is anybody's, and only what is right is kept."""
    form = AddCosignaturesForm()
    status = 200
    if form.validate_on_submit():
        try:
            text = form.text.data or ""
            if form.file.data:
                text = form.file.data.stream.read(MAX_NOTE + 1).decode("utf-8", errors="replace")
            added = add_cosignatures(act(), g.competition, text)
            count = len(added)
            told = ngettext("Đã nhận %(num)d chữ ký mới.", "Đã nhận %(num)d chữ ký mới.", count)
            flash(told if count else _("Những chữ ký này đã có từ trước."), "success")
            return redirect(url_for("supervisor.name_witnesses", code=code))
        except DomainError as error:
            status = show_refusal(form, error, beside="text")
    elif form.is_submitted():
        status = 422
    return render_template("supervisor/bring_cosignatures.html", form=form), status


def _checkpoint_of_result(log_id: int) -> CheckpointRow | None:
    """The checkpoint that the bundle of the published result carries."""
    published = [each.record_seq for each in g.competition.passages if each.event == GateEvent.RESULT_PUBLISHED]
    return find_covering_checkpoint(db.session(), log_id, published[-1]) if published else None
