"""Which language a page speaks. The source text is Vietnamese, English is a complete catalogue beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from babel.support import NullTranslations
from flask import Flask, g, has_app_context, request
from flask_babel import Babel, LazyString, get_domain, get_locale
from markupsafe import Markup

from examsite.domain.working_days import ZONE

LOCALES = ("vi", "en")
COOKIE = "locale"
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
    """The words of the reader's language."""
    return _reader()[1]


def _reader() -> tuple[str, NullTranslations]:
    """The reader's language and its words. Flask-Babel would look for them anew for every word of a page."""
    if not has_app_context():
        return "", NullTranslations()
    known: tuple[str, NullTranslations] | None = g.get("reader")
    if known is None:
        locale = get_locale()
        language = "" if locale is None else locale.language
        if language and language not in _catalogues:
            _catalogues[language] = get_domain().get_translations()
        g.reader = known = (language, _catalogues.get(language) or NullTranslations())
    return known


def _page_gettext(message: str, /, **params: Any) -> Markup:
    """The message as pages show it, what is filled in escaped. Jinja's own does the same by three calls more a word."""
    text = Markup(_catalogue().gettext(message))  # noqa: S704 -- the words of our own catalogue, written as HTML
    return text % params if params or "%" in text else text


def _page_ngettext(singular: str, plural: str, num: int, /, **params: Any) -> Markup:
    """The same for the form that belongs to a number."""
    text = Markup(_catalogue().ngettext(singular, plural, num))  # noqa: S704 -- as above
    return text % {"num": num, **params}


_ = gettext
_l = lazy_gettext

__all__ = ["COOKIE", "LOCALES", "_", "_l", "current_locale", "init_i18n", "localised", "ngettext"]


def choose_locale() -> str:
    """The language that the person chose, else Vietnamese."""
    chosen = request.cookies.get(COOKIE, "")
    return chosen if chosen in LOCALES else "vi"


def current_locale() -> str:
    """`vi` or `en`."""
    language = _reader()[0]
    return language if language in LOCALES else "vi"


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
    app.config["BABEL_DEFAULT_TIMEZONE"] = ZONE.key
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(TRANSLATIONS)
    Babel(app, locale_selector=choose_locale)
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=_page_gettext, ngettext=_page_ngettext, newstyle=True
    )
    app.jinja_env.globals.update(_=_page_gettext, gettext=_page_gettext, ngettext=_page_ngettext)
    app.jinja_env.globals.update(localised=localised)
