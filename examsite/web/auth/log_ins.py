"""Coming in and going out. Passwords are hashed outside every transaction; wrong ones are slowed down by name."""

from __future__ import annotations

from flask import current_app, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_user, logout_user
from flask_wtf import FlaskForm

from examsite.domain.accounts import login_key, normal_printed_password
from examsite.domain.errors import ConflictError
from examsite.services import accounts, throttling
from examsite.services.passwords import Passwords
from examsite.storage.database import db
from examsite.storage.queries.accounts import find_password_by_login
from examsite.storage.queries.candidacies import find_test_day
from examsite.web.access import load_principal, principal, public
from examsite.web.auth import bp
from examsite.web.errors import message_of
from examsite.web.forms.accounts import LogInCandidateForm, LogInForm
from examsite.web.i18n import _, ngettext
from examsite.web.transactions import act, read_web_clock, stop_reading, write_now, writes, writes_in_steps

#: After how long a storm of log-ins has room again. Unit: seconds.
_BUSY_SECONDS = 3


@bp.route("/login", methods=["GET", "POST"])
@public
@writes_in_steps
def log_in() -> ResponseReturnValue:
    """The door of officials."""
    return _serve(LogInForm(), "auth/log_in.html")


@bp.route("/candidate/login", methods=["GET", "POST"])
@public
@writes_in_steps
def log_in_candidate() -> ResponseReturnValue:
    """The door of candidates: a number or an application code, and the printed password."""
    return _serve(LogInCandidateForm(), "auth/log_in_candidate.html", shows_day=True)


@bp.post("/log-out")
@public
@writes
def log_out() -> ResponseReturnValue:
    """End this log-in on the server, so that a copied cookie is worth nothing."""
    person = principal()
    if person is not None:
        accounts.end_login_session(act(), person.token)
    was_candidate = person is not None and person.candidacy_id is not None
    logout_user()
    session.clear()
    return redirect(url_for("auth.log_in_candidate" if was_candidate else "auth.log_in"))


def _serve(form: FlaskForm, template: str, *, shows_day: bool = False) -> ResponseReturnValue:
    g.shows_day = shows_day
    if request.method == "GET":
        return _page(form, template)
    if not form.validate():
        return _page(form, template), 422
    typed = login_key(form.login.data)
    wait = throttling.seconds_to_wait(db.session(), typed, now=read_web_clock())
    # Whoever types wrong passwords under another's name must not keep that person outside: what has the shape of a
    # printed password is tried at once, since its 59 random bits need no waiting. Chosen ones are longer and wait.
    if wait and normal_printed_password(form.password.data) is None:
        return _refuse(form, template, wait, tried=False)
    account_id, stored = find_password_by_login(db.session(), typed)
    stop_reading()
    try:
        fits = _passwords().matches(stored, form.password.data)
    except ConflictError as waiting:
        return _ask_again(form, template, message_of(waiting))
    if not fits or account_id is None or stored is None:
        with write_now() as ctx:
            wait = throttling.note_failed_log_in(ctx, typed)
        return _refuse(form, template, wait, tried=True)
    return _let_in(account_id, typed, stored, form.password.data)


def _page(form: FlaskForm, template: str, **shown: str) -> str:
    """The door; the day of the test is looked up only where it is shown."""
    day = find_test_day(db.session(), now=read_web_clock()) if g.shows_day else None
    return render_template(template, form=form, day=day, **shown)


def _passwords() -> Passwords:
    passwords: Passwords = current_app.extensions["passwords"]
    return passwords


def _let_in(account_id: int, typed: str, stored: str, password: str) -> ResponseReturnValue:
    new_hash = _passwords().hash(password) if _passwords().is_outdated(stored, password) else None
    with write_now() as ctx:
        former = principal()
        if former is not None:
            accounts.end_login_session(ctx, former.token)
        token = accounts.log_in(
            ctx,
            account_id,
            typed_login=typed,
            hours=current_app.extensions["settings"].login_session_hours,
            address=request.remote_addr or "",
            user_agent=request.headers.get("User-Agent", ""),
            new_password_hash=new_hash,
        )
        person = load_principal(token)
    target = session.get("next") or url_for("auth.show_home")
    session.clear()
    if person is None:
        return redirect(url_for("auth.log_in"))
    login_user(person)
    return redirect(target if target.startswith("/") and not target.startswith(("//", "/\\")) else "/home")


def _ask_again(form: FlaskForm, template: str, message: str) -> ResponseReturnValue:
    """Nobody is kept out: so many are coming in that the next ones wait outside for a moment."""
    response = current_app.make_response((_page(form, template, refusal=message), 503))
    response.headers["Retry-After"] = str(_BUSY_SECONDS)
    return response


def _refuse(form: FlaskForm, template: str, wait: int, *, tried: bool) -> ResponseReturnValue:
    """The same answer whether the name exists or not; the wait is told."""
    wrong = (
        _("Số báo danh, mã hồ sơ hoặc mật khẩu chưa đúng. Hãy xem lại rồi thử tiếp.")
        if isinstance(form, LogInCandidateForm)
        else _("Tên đăng nhập hoặc mật khẩu chưa đúng. Hãy xem lại rồi thử tiếp.")
    )
    message = wrong if tried else ""
    waiting = (
        ngettext("Thử lại sau %(num)d giây. Không bị khóa.", "Thử lại sau %(num)d giây. Không bị khóa.", wait)
        if wait
        else ""
    )
    page = _page(form, template, refusal=message or waiting, waiting=waiting if message else "")
    response = current_app.make_response((page, 429 if wait and not tried else 401))
    if wait:
        response.headers["Retry-After"] = str(wait)
    return response
