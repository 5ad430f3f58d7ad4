"""The page between a critical act and its doing: a code or a passkey, and what was typed before comes along.

The page answers the very request that was sent, holds its fields, and sends them again with the answer; so it needs no
memory on the server and no typed word is lost. Wrong codes slow the person down as wrong passwords do.
"""

from __future__ import annotations

import ipaddress
from typing import Any

from flask import abort, current_app, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from examsite.domain.errors import NotFoundError
from examsite.domain.second_factors import FRESH_SECONDS, FactorKind, is_fresh
from examsite.services import passkeys, second_factors, throttling
from examsite.storage.database import db
from examsite.storage.queries.accounts import list_second_factors
from examsite.storage.queries.competitions import get_competition
from examsite.web.errors import say_beside
from examsite.web.forms.accounts import ShowFactorForm
from examsite.web.i18n import ngettext
from examsite.web.labels import error_text
from examsite.web.transactions import act, read_web_clock, stop_reading, write_now

_OWN_FIELDS = frozenset({"csrf_token", "factor_code", "factor_answer"})


def passkey_host() -> str | None:
    """The name that passkeys of this site are bound to; None where the browser gives none.

    Browsers make passkeys for names only, and only over HTTPS or on the machine itself.
    """
    host = request.host.rpartition(":")[0] if request.host.rpartition(":")[2].isdigit() else request.host
    if host == "localhost":
        return host
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return host if request.is_secure else None
    return None


def take_answer(token: str) -> ResponseReturnValue | None:
    """Take what came from the page that asks: None when it was good or nothing came, else that page again."""
    if was_shown() or "factor_code" not in request.form:
        return None
    form = ShowFactorForm()
    refusal = _try(form, token) if form.validate() else ""
    if not refusal and not form.errors:
        return None
    if refusal:
        say_beside(form.factor_code, refusal)
    form.factor_code.data = form.factor_answer.data = ""
    return _page(form, token), 422


def ask_for_factor(token: str) -> str:
    """The page that asks for a second factor, in answer to an act that takes one."""
    return _page(ShowFactorForm(formdata=None), token)


def serve_factor(token: str, *, target: str, first: str = "", leave: str = "") -> ResponseReturnValue:
    """The same page where nothing was sent yet, at a log-in or before a form; leads on to the target.

    `first` says why it is asked before a form, `leave` where to whoever gives it up goes; at a log-in the page says
    why itself.
    """
    form = ShowFactorForm()
    if form.is_submitted() and form.validate():
        refusal = _try(form, token)
        if not refusal:
            return redirect(target)
        say_beside(form.factor_code, refusal)
    form.factor_code.data = form.factor_answer.data = ""
    return _page(form, token, at_log_in=not first, first=first, leave=leave), 422 if form.is_submitted() else 200


def _try(form: ShowFactorForm, token: str) -> str:
    """Take the answer; what was wrong with it, or nothing."""
    name = second_factors.throttle_name(g.actor.account_id)
    wait = throttling.seconds_to_wait(db.session(), name, now=read_web_clock())
    stop_reading()
    if wait:
        return ngettext("Thử lại sau %(num)d giây.", "Thử lại sau %(num)d giây.", wait)
    with write_now() as ctx:
        if form.factor_answer.data:
            is_good = passkeys.show_passkey(ctx, token=token, answer=form.factor_answer.data)
        else:
            is_good = second_factors.show_code(ctx, token=token, code=form.factor_code.data or "")
        shown_at = ctx.now
    if is_good:
        g.factor_at = shown_at
        return ""
    return error_text("passkey_not_valid" if form.factor_answer.data else "code_wrong", {})


def was_shown() -> bool:
    """Whether this person has shown a second factor a moment ago."""
    return is_fresh(g.factor_at, now=read_web_clock())


def _page(form: ShowFactorForm, token: str, *, at_log_in: bool = False, first: str = "", leave: str = "") -> str:
    session = db.session()
    if g.competition is None and g.get("competition_code") is not None:
        try:
            g.competition = get_competition(session, g.competition_code)
        except NotFoundError:
            abort(404)
    factors = list_second_factors(session, g.actor.account_id)
    host = passkey_host()
    ctx = act()
    options: dict[str, Any] | None = None
    if host is not None:
        options = passkeys.ask_for_passkey(ctx, token=token, host=host)
    return render_template(
        "auth/show_factor.html",
        form=form,
        at_log_in=at_log_in,
        first=first,
        leave=leave or _page_of_the_act(),
        carried=[item for item in request.form.items(multi=True) if item[0] not in _OWN_FIELDS],
        has_files=any(file.filename for file in request.files.values()),
        has_factors=bool(factors),
        has_app=any(row.kind is FactorKind.CODE_APP for row in factors),
        options=options,
        minutes=FRESH_SECONDS // 60,
        demonstration_code=second_factors.demonstration_code(ctx),
    )


def _page_of_the_act() -> str:
    """Where the form of this act stands: most acts are sent to their own page; the others lead to the own doors."""
    try:
        endpoint, values = current_app.url_map.bind("").match(request.path, method="GET")
    except HTTPException:
        return url_for("auth.show_home")
    return url_for(endpoint, **values)
