"""Which language a page speaks. The source text is Vietnamese, English is a complete catalogue beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Flask, request
from flask_babel import Babel, get_locale, gettext, lazy_gettext, ngettext

LOCALES = ("vi", "en")
COOKIE = "locale"
ZONE = "Asia/Ho_Chi_Minh"
TRANSLATIONS = Path(__file__).parent.parent / "translations"

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
    app.jinja_env.globals.update(localised=localised)
