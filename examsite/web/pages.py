"""What every page gets: who is logged in, the masthead, the navigation of the audience, the language switch.

An audience package sets `bp.navigation = function` to fill the navigation of its pages; the function is given the
competition of the address (or None) and returns `NavItem`s. `bp.has_dense_pages = True` gives its pages the one-line
masthead.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from flask import Flask, current_app, g, request, url_for
from flask_wtf.csrf import generate_csrf

from examsite.domain.competitions import CompetitionState
from examsite.services.context import read_clock
from examsite.services.explanations import ANSWERING
from examsite.storage.database import db
from examsite.storage.queries.explanations import count_open_explanations_of
from examsite.web.access import principal
from examsite.web.conflicts import declaration_word
from examsite.web.i18n import _, current_locale, localised
from examsite.web.labels import label


@dataclass(frozen=True)
class NavItem:
    """One entry of the navigation; `active` is found out from the endpoint when not given.

    An entry with `pages` is a group: it leads to the first of them, and shows them all while it `is_open`.
    """

    label: str
    url: str
    active: bool = False
    count: int | None = None
    pages: tuple[NavItem, ...] = ()
    is_open: bool = False
    #: Whether the group belongs to the present step or to a later one.
    is_ahead: bool = False


def nav_item(
    text: str, endpoint: str, *, count: int | None = None, also: tuple[str, ...] = (), **values: Any
) -> NavItem:
    """An entry that leads to an endpoint; current on that endpoint and on those in `also`."""
    return NavItem(
        label=text,
        url=url_for(endpoint, **values),
        active=request.endpoint == endpoint or request.endpoint in also,
        count=count,
    )


def nav_group(text: str, pages: list[NavItem], *, is_present: bool) -> NavItem:
    """A group of entries; `is_present` as long as the step that it belongs to is not over."""
    url = pages[0].url if pages else ""
    return NavItem(label=text, url=url, pages=tuple(pages), is_ahead=is_present)


def open_one(groups: list[NavItem]) -> list[NavItem]:
    """The groups with one of them open: that of the page shown, else that of the present step."""
    here = next((group for group in groups if any(page.active for page in group.pages)), None)
    chosen = here or next((group for group in groups if group.is_ahead), None)
    return [replace(group, is_open=group is chosen, active=group is here) for group in groups]


def _switch_language_url(locale: str) -> str:
    here = request.full_path if request.query_string else request.path
    return url_for("auth.switch_language", locale=locale, next=here if request.method == "GET" else "/")


def _masthead(competition: Any) -> dict[str, Any]:
    if competition is None:
        return {
            "body_name": _("Hệ thống thi tuyển lãnh đạo cấp phòng"),
            "title": _("Thi tuyển trưởng phòng, phó trưởng phòng"),
            "url": url_for("public.show_front"),
        }
    is_draft = competition.state is CompetitionState.DRAFT  # has no page that everyone may read
    return {
        "body_name": localised(competition.body, "name"),
        "title": _("Kỳ thi tuyển %(competition)s", competition=competition.code),
        "url": None if is_draft else url_for("public.show_competition", code=competition.code),
    }


def _person() -> dict[str, Any] | None:
    person = principal()
    if person is None:
        return None
    actor = g.get("actor")
    return {
        "display_name": person.display_name,
        "role_label": label(actor.role) if actor is not None and actor.role else "",
        "login": person.login,
    }


def _questions(competition: Any) -> list[NavItem]:
    """The way to the supervision board's questions, for whoever owes it an answer."""
    actor = g.get("actor")
    if competition is None or actor is None or actor.role not in ANSWERING:
        return []
    waiting = count_open_explanations_of(db.session(), competition.id, actor.account_id, actor.role)
    if not waiting and request.blueprint != "explanations":
        return []
    also = ("explanations.answer",)
    return [nav_item(_("Giải trình"), "explanations.list_questions", count=waiting, also=also, code=competition.code)]


def page_context() -> dict[str, Any]:
    """Everything that layouts and pages may use without being given it."""
    blueprint = current_app.blueprints.get(request.blueprint or "")
    navigation = getattr(blueprint, "navigation", None)
    competition = g.get("competition")
    return {
        "current_locale": current_locale(),
        "principal": _person(),
        "actor": g.get("actor"),
        "competition": competition,
        "masthead": _masthead(competition) | {"compact": getattr(blueprint, "has_dense_pages", False)},
        "nav": [*(navigation(competition) if navigation is not None else []), *_questions(competition)],
        "server_now": current_app.extensions.get("clock", read_clock)(),
        "label": label,
        "csrf_token": generate_csrf,
        "declaration_word": declaration_word,
        "log_out_url": url_for("auth.log_out"),
        "switch_language_url": _switch_language_url,
        "preferences": {
            "contrast": request.cookies.get("contrast", ""),
            "text_size": request.cookies.get("text_size", ""),
        },
    }


def init_pages(app: Flask) -> None:
    """Hand the context to every template."""
    app.context_processor(page_context)
