"""The council's desk: where the competition stands and what needs this person now.

Each part of the life that asks something of the council puts a card here: a function marked `@desk_card` is given the
competition and gives back a `Card`, or None when nothing is needed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flask import g, render_template
from flask.typing import ResponseReturnValue

from examsite.domain.competitions import GATE_ROLES
from examsite.domain.events import Event
from examsite.domain.permissions import Role
from examsite.services.rulesets import ruleset_of
from examsite.storage.database import db
from examsite.storage.queries.gates import list_missing
from examsite.storage.queries.records import list_last_records
from examsite.web.access import principal, requires
from examsite.web.council import bp
from examsite.web.council.missing import council_missing
from examsite.web.gates import event_after, record_entry, track
from examsite.web.labels import label
from examsite.web.labels.competitions import SITUATIONS, WHO_MAY
from examsite.web.transactions import read_web_clock

#: Records that the desk shows.
LAST_RECORDS = 8


@dataclass(frozen=True)
class Card:
    """One thing on the desk: words and a button, or a template `council/desk/_*.html` with its values."""

    title: str = ""
    text: str = ""
    action: str = ""
    url: str = ""
    urgent: bool = False
    template: str = ""
    values: dict[str, Any] = field(default_factory=dict)


CardMaker = Callable[[Any], Card | None]

_MAKERS: list[CardMaker] = []


def desk_card(maker: CardMaker) -> CardMaker:
    """Let this function put a card on the desk."""
    _MAKERS.append(maker)
    return maker


@bp.get("/<code>/")
@requires(Role.CHAIR, Role.COUNCIL_MEMBER)
def show_desk(code: str) -> ResponseReturnValue:
    """What needs the council now, what is missing, who owes it, the record as it grows."""
    session = db.session()
    competition = g.competition
    event = event_after(competition)
    missing = [] if event is None else list_missing(session, competition, event, now=read_web_clock())
    hidden = _hidden_events(code)
    cards = [card for maker in _MAKERS if (card := maker(competition)) is not None]
    return render_template(
        "council/show_desk.html",
        title=SITUATIONS[competition.state],
        ruleset=ruleset_of(competition),
        track=track(competition),
        cards=sorted(cards, key=lambda card: not card.urgent),
        gate=None if event is None else label(event),
        opener=None if event is None else label(GATE_ROLES[event]),
        missing=council_missing(competition, missing),
        records=[
            record_entry(row, today=read_web_clock())
            for row in list_last_records(session, code, limit=LAST_RECORDS)
            if row.event not in hidden
        ],
        who_may=WHO_MAY[competition.state],
    )


def _hidden_events(code: str) -> frozenset[Event]:
    """Who also sits on the panel does not read here which members have locked.

    Source: record format (records are readable by those who oversee and never by anyone who marks).
    """
    person = principal()
    held = {item.role for item in person.roles_in(code)} if person is not None else set()
    return frozenset({Event.MARK_LOCKED} if held & {Role.PANELLIST, Role.PANEL_HEAD} else ())
