"""What the whole room sees: who presents, the clock, the pages of the proposal. Never a score, nor who has locked.

Decision: it may name the candidate, who stands in the room, and never the public code: scores are published under the
code, and a code beside a face would tell everyone in the room whose scores they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import g, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from examsite.domain.errors import NotFoundError
from examsite.domain.panels import DefenceState, is_session_over
from examsite.domain.permissions import Role
from examsite.storage.database import db
from examsite.storage.queries.defence import list_defences
from examsite.storage.queries.proposals import find_locked_version
from examsite.web.access import requires
from examsite.web.panel import bp
from examsite.web.panel.defences import phases_of
from examsite.web.panel.reading import read_page, readable
from examsite.web.transactions import read_web_clock

VIEWS = ("clock", "pages", "text")
_RUNNING = (DefenceState.PRESENTING, DefenceState.QUESTIONING)
_AFTER = (DefenceState.SCORING, DefenceState.REVEALED)


@bp.get("/<code>/projector")
@requires(Role.PANELLIST, Role.PANEL_HEAD)
def show_projector(code: str) -> ResponseReturnValue:  # noqa: ARG001 -- the guard reads the code
    """The defence that runs (else the one being scored, else the next): clock, page, or words to read aloud."""
    view = request.args.get("view", VIEWS[0])
    rows = list_defences(db.session(), g.competition.id)
    defence = current_defence(rows)
    values: dict[str, Any] = {
        "defence": defence,
        "count": len(rows),
        "is_over": is_session_over([row.state for row in rows]),
        "view": view if view in VIEWS else VIEWS[0],
        "with_name": request.args.get("name") != "0",
        "key": _key(defence),
        "is_waiting": defence is not None and defence.state is DefenceState.SCHEDULED,
        "is_scoring": defence is not None and defence.state in _AFTER,
        "phases": (),
        "title": "",
        "outline": None,
        "page": None,
    }
    if defence is not None:
        version = find_locked_version(db.session(), defence.candidacy_id)
        values["phases"] = phases_of(defence, read_web_clock())
        values["title"] = "" if version is None else version.title
        if values["view"] != "clock":
            try:
                values.update(read_page(readable(defence.position), request.args.get("page")))
            except NotFoundError:
                values["view"] = "clock"
    return render_template("panel/show_projector.html", **values)


@bp.get("/<code>/projector/clock")
@requires(Role.PANELLIST, Role.PANEL_HEAD)
def read_projector_clock(code: str) -> ResponseReturnValue:  # noqa: ARG001 -- the guard reads the code
    """The clock of whatever the projector should show now."""
    defence = current_defence(list_defences(db.session(), g.competition.id))
    phases = () if defence is None else phases_of(defence, read_web_clock())
    return jsonify(
        state=_key(defence),
        phases={item.name: {"state": item.state, "left": item.left_seconds} for item in phases},
    )


def current_defence(rows: Sequence[Any]) -> Any | None:
    """The running defence, else the last one that is still being scored, else the next one; None when all is over."""
    for row in rows:
        if row.state in _RUNNING:
            return row
    scored = [row for row in rows if row.state in _AFTER]
    if scored:
        return scored[-1]
    return next((row for row in rows if row.state is DefenceState.SCHEDULED), None)


def _key(defence: Any | None) -> str:
    """Changes whenever the page must be built anew; says the same while the panel scores and talks."""
    if defence is None:
        return "over"
    return f"{defence.position}:{'scoring' if defence.state in _AFTER else defence.state.value}"
