"""Account security: the second factors of a person, added and taken away by that person."""

from __future__ import annotations

from flask import current_app, flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.errors import DomainError, NotFoundError
from examsite.domain.second_factors import FactorKind
from examsite.services import passkeys, second_factors, throttling
from examsite.services.passwords import Passwords
from examsite.storage.database import db
from examsite.storage.queries.accounts import get_account, list_second_factors
from examsite.web.access import Principal, fresh_factor, logged_in, principal
from examsite.web.auth import bp
from examsite.web.errors import say_beside, show_refusal
from examsite.web.forms.accounts import AddAppForm, AddPasskeyForm, RemoveFactorForm
from examsite.web.fresh_factors import ask_for_factor, passkey_host, serve_factor, take_answer, was_shown
from examsite.web.i18n import _, ngettext
from examsite.web.pictures import qr_picture
from examsite.web.transactions import (
    act,
    read_web_clock,
    stop_reading,
    write_now,
    writes,
    writes_in_steps,
)


@bp.route("/account/factor", methods=["GET", "POST"])
@logged_in
@writes_in_steps
def show_factor() -> ResponseReturnValue:
    """Show a second factor right after the log-in, where the installation wants one; who has none adds one first."""
    person = _person()
    if not list_second_factors(db.session(), person.account_id):
        flash(_("Ở đây mỗi cán bộ đều phải có yếu tố thứ hai. Thêm một cái rồi mọi trang mở ra."), "attention")
        return redirect(url_for("auth.list_factors"))
    target = str(session.get("next") or "")
    is_ours = target.startswith("/") and not target.startswith(("//", "/\\"))
    return serve_factor(person.token, target=target if is_ours else url_for("auth.show_home"))


@bp.get("/account/security")
@logged_in
def list_factors() -> ResponseReturnValue:
    """The factors of this person, and the ways to add one."""
    factors = list_second_factors(db.session(), _person().account_id)
    return render_template(
        "auth/list_factors.html",
        factors=factors,
        host=passkey_host(),
        here=request.host,
        passkey=FactorKind.PASSKEY,
        demonstration_code=second_factors.demonstration_code(act()),
    )


@bp.route("/account/security/app", methods=["GET", "POST"])
@logged_in
@writes_in_steps
def add_app() -> ResponseReturnValue:
    """Read a secret into an app, and type the first code that it shows."""
    person, form = _person(), AddAppForm()
    question = _ask_for_the_old_one(person)
    if question is not None:
        return question
    if form.validate_on_submit():
        refused = _ask_first(form, person)
        if refused is not None:
            return refused
        if not form.errors and _is_taken(
            form,
            lambda ctx: second_factors.add_app(ctx, token=person.token, name=form.name.data, code=form.code.data),
        ):
            flash(_("Đã thêm ứng dụng tạo mã. Từ nay các việc quan trọng sẽ hỏi mã."), "success")
            return redirect(url_for("auth.list_factors"))
    form.code.data = ""  # a code counts once and half a minute: the next try needs another one
    offer = second_factors.offer_app(act(), token=person.token)
    page = render_template(
        "auth/add_app.html",
        form=form,
        picture=qr_picture(offer.address, label=_("Mã QR để ứng dụng đọc")),
        secret=" ".join(offer.secret[place : place + 4] for place in range(0, len(offer.secret), 4)),
        asks_password=not list_second_factors(db.session(), person.account_id),
    )
    return page, 422 if form.is_submitted() else 200


@bp.route("/account/security/passkey", methods=["GET", "POST"])
@logged_in
@writes_in_steps
def add_passkey() -> ResponseReturnValue:
    """Let a device or a key make a passkey for this site."""
    person, form, host = _person(), AddPasskeyForm(), passkey_host()
    if host is None:
        return redirect(url_for("auth.list_factors"))
    question = _ask_for_the_old_one(person)
    if question is not None:
        return question
    if form.validate_on_submit():
        refused = _ask_first(form, person)
        if refused is not None:
            return refused
        if not form.errors and _is_taken(
            form,
            lambda ctx: passkeys.add_passkey(
                ctx, token=person.token, host=host, name=form.name.data, answer=form.answer.data or ""
            ),
        ):
            flash(_("Đã thêm khóa truy cập. Từ nay có thể dùng nó cho các việc quan trọng."), "success")
            return redirect(url_for("auth.list_factors"))
    form.answer.data = ""
    page = render_template(
        "auth/add_passkey.html",
        form=form,
        host=host,
        options=passkeys.offer_passkey(act(), token=person.token, host=host),
        asks_password=not list_second_factors(db.session(), person.account_id),
    )
    return page, 422 if form.is_submitted() else 200


@bp.route("/account/security/<int(max=2147483647):factor>/remove", methods=["GET", "POST"])
@logged_in
@fresh_factor
@writes
def remove_factor(factor: int) -> ResponseReturnValue:
    """Take one away, e.g. that of a phone which was sold, after a look at what is left then."""
    form = RemoveFactorForm()
    if form.validate_on_submit():
        second_factors.remove_factor(act(), factor)
        flash(_("Đã bỏ yếu tố đó."), "success")
        return redirect(url_for("auth.list_factors"))
    factors = list_second_factors(db.session(), _person().account_id)
    mine = next((row for row in factors if row.id == factor), None)
    if mine is None:
        raise NotFoundError("factor_not_found")
    page = render_template("auth/remove_factor.html", form=form, factor=mine, is_last=len(factors) == 1)
    return page, 422 if form.is_submitted() else 200


def _ask_for_the_old_one(person: Principal) -> ResponseReturnValue | None:
    """The page that asks for the factor there is before a new one is set up; None where there is nothing to ask.

    A form that was filled for longer than a factor counts is asked when it is sent, see `_ask_first`.
    """
    only_factor = "factor_code" in request.form and "name" not in request.form
    has_factor = bool(list_second_factors(db.session(), person.account_id))
    if not has_factor or not (only_factor or request.method == "GET") or was_shown():
        return None
    first = _("Trước khi thêm một yếu tố mới, hãy xác nhận bằng yếu tố đang có. Rồi trang mới hiện mã để thêm.")
    return serve_factor(
        person.token, target=url_for(str(request.endpoint)), first=first, leave=url_for("auth.list_factors")
    )


def _ask_first(form: AddAppForm | AddPasskeyForm, person: Principal) -> ResponseReturnValue | None:
    """Whoever adds a factor shows the one there is, or types the password where there is none.

    Gives back the page that asks for a factor; what is wrong with the password stands on the form.
    """
    if list_second_factors(db.session(), person.account_id):
        return take_answer(person.token) or (None if was_shown() else ask_for_factor(person.token))
    name = second_factors.throttle_name(person.account_id)
    wait = throttling.seconds_to_wait(db.session(), name, now=read_web_clock())
    stored = get_account(db.session(), person.account_id).password_hash
    stop_reading()
    if wait:
        text = ngettext("Thử lại sau %(num)d giây.", "Thử lại sau %(num)d giây.", wait)
        say_beside(form.password, text)
        return None
    passwords: Passwords = current_app.extensions["passwords"]
    if not passwords.matches(stored, form.password.data or ""):
        with write_now() as ctx:
            throttling.note_failed_log_in(ctx, name)
        say_beside(form.password, _("Mật khẩu đang dùng chưa đúng."))
    return None


def _is_taken(form: AddAppForm | AddPasskeyForm, adding: second_factors.Adding) -> bool:
    """Add it in one transaction; says on the form what is wrong."""
    try:
        with write_now() as ctx:
            adding(ctx)
            g.factor_at = ctx.now
    except DomainError as error:
        show_refusal(form, error, beside="name", instead={"answer": "name"})
        return False
    return True


def _person() -> Principal:
    person = principal()
    if person is None:  # the guard lets nobody else in
        raise RuntimeError("logged_in view without a person")
    return person
