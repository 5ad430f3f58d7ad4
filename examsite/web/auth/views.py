"""The language switch."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from examsite.web.access import public
from examsite.web.auth import bp
from examsite.web.i18n import COOKIE, LOCALES

#: One year. Unit: seconds.
_COOKIE_AGE_SECONDS = 31_536_000


@bp.get("/language/<locale>")
@public
def switch_language(locale: str) -> ResponseReturnValue:
    """Remember the language in a cookie and go back to the page."""
    target = request.args.get("next", "/")
    parts = urlsplit(target)
    if parts.scheme or parts.netloc or not target.startswith("/") or target.startswith(("//", "/\\")):
        target = url_for("public.show_front")
    response = redirect(target)
    if locale in LOCALES:
        response.set_cookie(COOKIE, locale, max_age=_COOKIE_AGE_SECONDS, samesite="Lax", httponly=True)
    return response
