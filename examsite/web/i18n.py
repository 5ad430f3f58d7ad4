"""Which language a page speaks. The source text is Vietnamese, English is a complete catalogue beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from babel.support import NullTranslations
from flask import Flask, request
from flask_babel import Babel, LazyString, get_domain, get_locale

LOCALES = ("vi", "en")
COOKIE = "locale"
ZONE = "Asia/Ho_Chi_Minh"
TRANSLATIONS = Path(__file__).parent.parent / "translations"

_catalogues: dict[str, NullTranslations] = {}


def gettext(message: str, /, **params: Any) -> str:
    """The message in the reader's language, with `%(name)s` filled in."""
    text: str = _catalogue().gettext(message)
    return text % params if params else text


def ngettext(singular: str, plural: str, num: int, /, **params: Any) -> str:
    """The message in the form that belongs to a number; `%(num)s` is the number."""
    text: str = _catalogue().ngettext(singular, plural, num)
    return text % {"num": num, **params}


def lazy_gettext(message: str, /, **params: Any) -> LazyString:
    """The message, put into the reader's language only when it is shown."""
    return LazyString(gettext, message, **params)


def _catalogue() -> NullTranslations:
    """The words of the reader's language. Flask-Babel would look for them anew for every word of a page."""
    locale = get_locale()
    if locale is None:  # outside a request
        return NullTranslations()
    known = _catalogues.get(locale.language)
    if known is None:
        known = _catalogues[locale.language] = get_domain().get_translations()
    return known


_ = gettext
_l = lazy_gettext

__all__ = ["COOKIE", "LOCALES", "ZONE", "_", "_l", "current_locale", "init_i18n", "localised", "ngettext"]


def choose_locale() -> str:
    """The language that the person chose, else Vietnamese."""
    chosen = request.cookies.get(COOKIE, "")
    return chosen if chosen in LOCALES else "vi"


def current_locale() -> str:
    """`vi` or `en`."""
    locale = get_locale()
    return locale.language if locale is not None and locale.language in LOCALES else "vi"


def localised(thing: Any, name: str) -> str:
    """A text of a row in the reader's language: `title_en` for English where it is filled, else `title`.

    Also takes a mapping or an object with `vi` and `en` when `name` is empty.
    """
    locale = current_locale()
    if not name:
        pair = thing if isinstance(thing, dict) else {"vi": thing.vi, "en": thing.en}
        return str(pair.get(locale) or pair["vi"])
    english = getattr(thing, f"{name}_en", "") if locale == "en" else ""
    return str(english or getattr(thing, name))


def init_i18n(app: Flask) -> None:
    """Set languages, zone and the template names."""
    app.config["BABEL_DEFAULT_LOCALE"] = "vi"
    app.config["BABEL_DEFAULT_TIMEZONE"] = ZONE
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(TRANSLATIONS)
    Babel(app, locale_selector=choose_locale)
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=lambda message: _catalogue().gettext(message),
        ngettext=lambda singular, plural, num: _catalogue().ngettext(singular, plural, num),
        newstyle=True,
    )
    app.jinja_env.globals.update(localised=localised)
