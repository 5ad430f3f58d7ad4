"""Accounts of officials: open, find, shut out, let in again, a new password, roles at bodies, log-ins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.accounts import AccountState
from examsite.domain.errors import DomainError, InvalidError
from examsite.domain.permissions import BODY_ROLES, Role
from examsite.services import accounts, people, second_factors
from examsite.services.passwords import printed_password
from examsite.storage.database import db
from examsite.storage.queries.accounts import (
    get_body,
    get_official,
    list_assignments,
    list_login_sessions,
    list_officials,
    list_second_factors,
)
from examsite.storage.queries.competitions import list_bodies
from examsite.web.access import fresh_factor, requires
from examsite.web.administrator import bp
from examsite.web.errors import show_refusal
from examsite.web.forms.accounts import (
    ChangeAccountForm,
    GrantBodyRoleForm,
    OpenAccountForm,
    ResetFactorsForm,
    RevokeRoleForm,
    SearchAccountsForm,
)
from examsite.web.i18n import _, localised
from examsite.web.labels import label
from examsite.web.labels.accounts import TAGS
from examsite.web.transactions import act, read_web_clock, stop_reading, write_now, writes, writes_in_steps

if TYPE_CHECKING:
    from examsite.storage.models.accounts import Account


@bp.get("/")
@requires(Role.ADMINISTRATOR)
def list_accounts() -> ResponseReturnValue:
    """Officials by given name; candidates are the organisers' business."""
    form = SearchAccountsForm(request.args)
    good = form.validate()
    found = list_officials(db.session(), words=(form.words.data or "") if good else "")
    return render_template(
        "administrator/list_accounts.html", form=form, accounts=found, tags=TAGS
    ), 200 if good else 422


@bp.route("/accounts/new", methods=["GET", "POST"])
@requires(Role.ADMINISTRATOR)
@writes_in_steps
def open_account() -> ResponseReturnValue:
    """A new account; its printed password is shown once."""
    form = OpenAccountForm()
    if form.validate_on_submit():
        password = printed_password()
        stop_reading()
        password_hash = current_app.extensions["passwords"].hash(password)
        try:
            with write_now() as ctx:
                account = accounts.open_account(
                    ctx,
                    login=form.login.data,
                    display_name=form.display_name.data,
                    position_title=form.position_title.data or "",
                    password_hash=password_hash,
                )
                slip = {"id": account.id, "login": account.login, "display_name": account.display_name}
        except InvalidError as error:
            show_refusal(form, error, beside="login")
        else:
            return render_template("administrator/show_password.html", slip=slip, password=password)
    return render_template("administrator/open_account.html", form=form), 422 if form.is_submitted() else 200


@bp.route("/accounts/<int(max=2147483647):account_id>", methods=["GET", "POST"])
@requires(Role.ADMINISTRATOR)
@writes
def show_account(account_id: int) -> ResponseReturnValue:
    """One account: its roles, its log-ins, and the form that gives it a role at a body."""
    account = get_official(db.session(), account_id)
    form = _role_form()
    status = 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        try:
            body = get_body(db.session(), form.body.data)
            people.grant_body_role(act(), account_id, body, Role(form.role.data))
        except DomainError as error:
            status = show_refusal(form, error, beside="role")
            account = get_official(db.session(), account_id)
        else:
            flash(_("Đã ghi nhận vai trò ở cơ quan."), "success")
            return redirect(url_for("administrator.show_account", account_id=account_id))
    return _page(account, form), status


@bp.post("/accounts/<int(max=2147483647):account_id>/disable")
@requires(Role.ADMINISTRATOR)
@writes
def disable_account(account_id: int) -> ResponseReturnValue:
    """Shut a person out at once."""
    return _change(account_id, lambda: accounts.disable_account(act(), account_id), _("Đã ngừng tài khoản."))


@bp.post("/accounts/<int(max=2147483647):account_id>/enable")
@requires(Role.ADMINISTRATOR)
@writes
def enable_account(account_id: int) -> ResponseReturnValue:
    """Let a person in again."""
    return _change(account_id, lambda: accounts.enable_account(act(), account_id), _("Tài khoản dùng lại được."))


@bp.post("/accounts/<int(max=2147483647):account_id>/end-log-ins")
@requires(Role.ADMINISTRATOR)
@writes
def end_log_ins(account_id: int) -> ResponseReturnValue:
    """End every log-in of a person."""
    return _change(account_id, lambda: accounts.end_log_ins(act(), account_id), _("Đã kết thúc mọi lượt đăng nhập."))


@bp.post("/accounts/<int(max=2147483647):account_id>/revoke-role")
@requires(Role.ADMINISTRATOR)
@writes
def revoke_body_role(account_id: int) -> ResponseReturnValue:
    """Take a role at a body back."""
    form = RevokeRoleForm()
    get_official(db.session(), account_id)
    if form.validate_on_submit():
        people.revoke_body_role(act(), form.assignment_id.data)
        flash(_("Đã thu hồi vai trò."), "success")
    return redirect(url_for("administrator.show_account", account_id=account_id))


@bp.post("/accounts/<int(max=2147483647):account_id>/reset-password")
@requires(Role.ADMINISTRATOR)
@fresh_factor
@writes_in_steps
def reset_password(account_id: int) -> ResponseReturnValue:
    """A new printed password, shown once; every log-in of the person ends."""
    account = get_official(db.session(), account_id)
    slip = {"id": account.id, "login": account.login, "display_name": account.display_name}
    if not ChangeAccountForm().validate_on_submit():
        return redirect(url_for("administrator.show_account", account_id=account_id))
    act().require_fresh_factor()  # before the password is hashed
    stop_reading()
    password = printed_password()
    password_hash = current_app.extensions["passwords"].hash(password)
    with write_now() as ctx:
        accounts.reset_password(ctx, account_id, password_hash=password_hash)
    return render_template("administrator/show_password.html", slip=slip, password=password)


@bp.post("/accounts/<int(max=2147483647):account_id>/reset-factors")
@requires(Role.ADMINISTRATOR)
@fresh_factor
@writes
def reset_factors(account_id: int) -> ResponseReturnValue:
    """Take every second factor of a person away, who lost them; every log-in of the person ends."""
    account, form = get_official(db.session(), account_id), ResetFactorsForm()
    if form.validate_on_submit():
        try:
            second_factors.reset_factors(act(), account_id, reason=form.reason.data or "")
        except InvalidError as error:
            show_refusal(form, error, beside="reason")
            account = get_official(db.session(), account_id)
        else:
            flash(_("Đã xóa mọi yếu tố thứ hai. Người đó thêm cái mới ở trang Bảo mật tài khoản."), "success")
            return redirect(url_for("administrator.show_account", account_id=account_id))
    return _page(account, _role_form(empty=True), form), 422


def _role_form(*, empty: bool = False) -> GrantBodyRoleForm:
    form = GrantBodyRoleForm(formdata=None) if empty else GrantBodyRoleForm()
    form.body.choices = [(body.code, localised(body, "name")) for body in list_bodies(db.session())]
    form.role.choices = [(role.value, label(role)) for role in BODY_ROLES]
    return form


def _page(account: Account, form: GrantBodyRoleForm, reset: ResetFactorsForm | None = None) -> str:
    return render_template(
        "administrator/show_account.html",
        form=form,
        reset=reset or ResetFactorsForm(formdata=None),
        factors=list_second_factors(db.session(), account.id),
        account=account,
        is_active=account.state is AccountState.ACTIVE,
        assignments=list_assignments(db.session(), account.id),
        log_ins=list_login_sessions(db.session(), account.id, now=read_web_clock()),
    )


def _change(account_id: int, change: Any, said: str) -> ResponseReturnValue:
    """One button on the page of an account."""
    get_official(db.session(), account_id)
    if ChangeAccountForm().validate_on_submit():
        change()
        flash(said, "success")
    return redirect(url_for("administrator.show_account", account_id=account_id))
