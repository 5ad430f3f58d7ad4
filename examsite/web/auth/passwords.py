"""A person's own account: a new password, and the log-ins that live now."""

from __future__ import annotations

from flask import current_app, flash, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_user

from examsite.domain.accounts import check_new_password
from examsite.domain.errors import DomainError
from examsite.services import accounts
from examsite.services.passwords import Passwords
from examsite.storage.database import db
from examsite.storage.queries.accounts import get_account, list_login_sessions
from examsite.web.access import Principal, load_principal, logged_in, principal
from examsite.web.auth import bp
from examsite.web.errors import say_beside, show_refusal
from examsite.web.forms.accounts import ChangePasswordForm, EndLogInForm
from examsite.web.i18n import _
from examsite.web.transactions import act, read_web_clock, stop_reading, write_now, writes, writes_in_steps


@bp.route("/account", methods=["GET", "POST"])
@logged_in
@writes_in_steps
def show_account() -> ResponseReturnValue:
    """Change the own password; every other log-in ends with it, this one gets a new token."""
    person = _person()
    form = ChangePasswordForm()
    if form.validate_on_submit() and _is_acceptable(form, person):
        passwords: Passwords = current_app.extensions["passwords"]
        new_hash = passwords.hash(form.new.data)
        with write_now() as ctx:
            token = accounts.change_password(ctx, person.account_id, new_hash, keep_token=person.token)
        session.clear()
        renewed = load_principal(token)
        if renewed is not None:
            login_user(renewed)
        flash(_("Đã đổi mật khẩu. Mọi nơi đăng nhập khác đã bị kết thúc."), "success")
        return redirect(url_for("auth.show_home" if person.must_change_password else "auth.show_account"))
    return _page(form, person), 422 if form.is_submitted() else 200


@bp.post("/account/log-ins/<int(max=2147483647):log_in_id>/end")
@logged_in
@writes
def end_log_in(log_in_id: int) -> ResponseReturnValue:
    """End one of the own log-ins, e.g. one forgotten on another machine."""
    form = EndLogInForm()
    if form.validate_on_submit():
        accounts.end_own_log_in(act(), log_in_id)
        flash(_("Đã kết thúc lượt đăng nhập đó."), "success")
    return redirect(url_for("auth.show_account"))


def _is_acceptable(form: ChangePasswordForm, person: Principal) -> bool:
    """Whether the current password fits and the new one may be used; says on the form what is wrong."""
    passwords: Passwords = current_app.extensions["passwords"]
    stored = get_account(db.session(), person.account_id).password_hash
    stop_reading()
    if not passwords.matches(stored, form.current.data):
        say_beside(form.current, _("Mật khẩu đang dùng chưa đúng."))
        return False
    if form.new.data != form.again.data:
        say_beside(form.again, _("Hai lần gõ mật khẩu mới chưa giống nhau."))
        return False
    try:
        check_new_password(form.new.data, own_words=(person.login, person.display_name))
    except DomainError as error:
        show_refusal(form, error, beside="new")
        return False
    return True


def _page(form: ChangePasswordForm, person: Principal) -> str:
    log_ins = list_login_sessions(db.session(), person.account_id, now=read_web_clock())
    return render_template(
        "auth/show_account.html",
        form=form,
        person=person,
        log_ins=log_ins,
        own_token_mac=accounts.own_token_mac(db.session(), person.token),
    )


def _person() -> Principal:
    person = principal()
    if person is None:  # the guard lets nobody else in
        raise RuntimeError("logged_in view without a person")
    return person
