"""Pages of the candidate: the application, the dossier, the way through the competition, the test, the proposal.

Home is put together from topics. A topic is a template `candidate/home/_<name>.html` and a function that reads what it
shows; other slices add theirs with `add_home_topic` in their own module.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, current_app

from examsite.web.i18n import _
from examsite.web.pages import NavItem, nav_item

bp = Blueprint("candidate", __name__, url_prefix="/candidate")

#: Reads what a card shows from the candidacy at an instant; None: no card now.
TopicReader = Callable[[Any, datetime], "dict[str, Any] | None"]


@dataclass(frozen=True)
class HomeTopic:
    """One card of the home page: its template, its place, and what fills it."""

    name: str
    order: int
    read: TopicReader

    @property
    def template(self) -> str:
        """The template of the card."""
        return f"candidate/home/_{self.name}.html"


HOME_TOPICS: list[HomeTopic] = []


def add_home_topic(name: str, *, order: int, read: TopicReader) -> None:
    """Add a card to the home page; its template is given `topic`, what `read` gave back."""
    HOME_TOPICS.append(HomeTopic(name, order, read))
    HOME_TOPICS.sort(key=lambda item: (item.order, item.name))


def navigation(_competition: Any) -> list[NavItem]:
    """The few pages that a candidate has outside the room."""
    pages = (
        (_("Việc của tôi"), "candidate.show_home"),
        (_("Hồ sơ"), "candidate.show_dossier"),
        (_("Tài khoản"), "auth.show_account"),
    )
    return [nav_item(text, endpoint) for text, endpoint in pages if endpoint in current_app.view_functions]


bp.navigation = navigation  # type: ignore[attr-defined]

from examsite.web.candidate import (  # noqa: E402 - views register on the blueprint
    appeals,
    applications,
    attempts,
    checks,
    dossier,
    home,
    machines,
    proposals,
    receipts,
    result,
    timelines,
    written,
)

__all__ = [
    "HOME_TOPICS",
    "HomeTopic",
    "add_home_topic",
    "appeals",
    "applications",
    "attempts",
    "bp",
    "checks",
    "dossier",
    "home",
    "machines",
    "navigation",
    "proposals",
    "receipts",
    "result",
    "timelines",
    "written",
]
