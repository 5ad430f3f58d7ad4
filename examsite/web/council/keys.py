"""Keys that the council and those who watch it hold together: split, taken, tried."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.errors import ConflictError, InvalidError, NotFoundError
from examsite.domain.permissions import Role
from examsite.domain.split_keys import TAKING_HOURS, KeyPurpose
from examsite.services import key_sheets
from examsite.services.key_sheets import check_key_missing, hand_out_key
from examsite.services.rulesets import ruleset_of
from examsite.services.split_keys import HOLDERS
from examsite.storage.database import db
from examsite.storage.queries.accounts import list_holders
from examsite.storage.queries.split_keys import get_split_key_number
from examsite.web.access import fresh_factor, requires
from examsite.web.council import bp
from examsite.web.errors import show_refusal
from examsite.web.forms.split_keys import DiscardKeyForm, split_key_form
from examsite.web.i18n import _
from examsite.web.labels import label
from examsite.web.split_keys import SPLIT_HERE, serve_keys, serve_rehearsal, serve_sheet, serve_taking
from examsite.web.transactions import act, writes


@bp.get("/<code>/keys")
@requires(Role.CHAIR, Role.COUNCIL_MEMBER)
def list_keys(code: str) -> ResponseReturnValue:  # noqa: ARG001 -- part of the address
    """The keys of the competition, their holders and their state."""
    return serve_keys()


@bp.route("/<code>/keys/<purpose>/split", methods=["GET", "POST"])
@requires(Role.CHAIR)
@fresh_factor
@writes
def split_key(code: str, purpose: str) -> ResponseReturnValue:
    """Pick the holders; each of them then takes the own sheet, which nobody else sees."""
    aim = _purpose(purpose)
    check_key_missing(act(), g.competition, aim)
    people = list_holders(db.session(), g.competition.id, *HOLDERS)
    ruleset = ruleset_of(g.competition)
    form = split_key_form(
        holders=[(row.id, f"{row.pseudonym} · {row.account.display_name} · {label(row.role)}") for row in people],
        chosen=[row.id for row in people[: ruleset.paper_holders]],
        needed=ruleset.paper_holders_needed,
    )
    status = 422 if request.method == "POST" else 200
    if form.validate_on_submit():
        chosen = [row for row in people if row.id in (form.holders.data or ())]
        try:
            hand_out_key(act(), g.competition, aim, holders=chosen, needed=int(form.needed.data or 0))
        except InvalidError as error:
            status = show_refusal(form, error, beside="holders")
        else:
            flash(_("Đã chia khóa. Mỗi người giữ đăng nhập và lấy tờ của mình ở trang này."), "success")
            return redirect(url_for("council.list_keys", code=code))
    page = render_template("split_keys/split_key.html", form=form, purpose=aim, code=code, hours=TAKING_HOURS)
    return page, status


@bp.route("/<code>/keys/<int(max=2147483647):key>/discard", methods=["GET", "POST"])
@requires(Role.CHAIR)
@fresh_factor
@writes
def discard_key(code: str, key: int) -> ResponseReturnValue:
    """Give up a key of which sheets were not taken, with a reason; then it can be split anew."""
    row = get_split_key_number(db.session(), g.competition.id, key)
    untaken = [share for share in row.shares if share.taken_at is None]
    if not untaken:
        raise ConflictError("split_key_made")
    form = DiscardKeyForm()
    status = 422 if request.method == "POST" else 200
    if form.validate_on_submit():
        try:
            key_sheets.discard_key(act(), g.competition, row, reason=form.reason.data or "")
        except InvalidError as error:
            show_refusal(form, error, beside="reason")
        else:
            flash(_("Đã hủy khóa chưa lấy đủ tờ. Các tờ đã in của khóa này không mở được gì; hãy chia lại."), "success")
            return redirect(url_for("council.list_keys", code=code))
    return render_template("split_keys/discard_key.html", form=form, key=row, untaken=untaken), status


@bp.route("/<code>/keys/<int(max=2147483647):key>/sheet", methods=["GET", "POST"])
@requires(Role.CHAIR, Role.COUNCIL_MEMBER)
@fresh_factor
@writes
def show_sheet(code: str, key: int) -> ResponseReturnValue:  # noqa: ARG001 -- part of the address
    """A holder sees the own sheet, to print it."""
    return serve_sheet(key)


@bp.post("/<code>/keys/<int(max=2147483647):key>/sheet/taken")
@requires(Role.CHAIR, Role.COUNCIL_MEMBER)
@fresh_factor
@writes
def take_sheet(code: str, key: int) -> ResponseReturnValue:  # noqa: ARG001 -- part of the address
    """A holder has the own sheet on paper."""
    return serve_taking(key)


@bp.route("/<code>/keys/<int(max=2147483647):key>/check", methods=["GET", "POST"])
@requires(Role.CHAIR, Role.COUNCIL_MEMBER)
@writes
def rehearse_share(code: str, key: int) -> ResponseReturnValue:  # noqa: ARG001 -- part of the address
    """A member tries the own sheet."""
    return serve_rehearsal(key, back="council.list_keys")


def _purpose(text: str) -> KeyPurpose:
    if text not in {purpose.value for purpose in SPLIT_HERE}:
        raise NotFoundError("split_key_not_found")
    return KeyPurpose(text)
