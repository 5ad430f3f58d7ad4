"""The sittings of an invigilator, the board of one of them, and the plan to print."""

from __future__ import annotations

from typing import Any

from flask import g, render_template, request
from flask.typing import ResponseReturnValue

from examsite.domain.errors import NotAllowedError
from examsite.domain.permissions import Role
from examsite.services.rulesets import ruleset_of
from examsite.storage.database import db
from examsite.storage.queries.sittings import (
    count_attempts,
    get_sitting,
    is_invigilator_of,
    list_attempts,
    list_sittings_of_invigilator,
)
from examsite.web.access import requires
from examsite.web.forms.sittings import (
    CheckInForm,
    ExtendTimeForm,
    FreeAttemptForm,
    MoveSeatForm,
    RecordIncidentForm,
    SignAttendanceForm,
)
from examsite.web.i18n import _, localised
from examsite.web.invigilator import bp
from examsite.web.invigilator.boards import Board, read_board
from examsite.web.transactions import read_web_clock


@bp.get("/<code>/")
@requires(Role.INVIGILATOR)
def list_sittings(code: str) -> ResponseReturnValue:
    """The sittings that this person watches in the competition."""
    mine = [
        item for item in list_sittings_of_invigilator(db.session(), g.actor.account_id) if item.competition.code == code
    ]
    return render_template(
        "invigilator/list_sittings.html", sittings=mine, counts=count_attempts(db.session(), g.competition.id)
    )


@bp.get("/<code>/sittings/<sitting>")
@requires(Role.INVIGILATOR)
def show_board(code: str, sitting: str) -> ResponseReturnValue:
    """The room, with one seat open where the address names it."""
    del code
    return render_board(sitting, seat=request.args.get("seat"), act=request.args.get("act", ""))


@bp.get("/<code>/sittings/<sitting>/plan")
@requires(Role.INVIGILATOR)
def show_plan(code: str, sitting: str) -> ResponseReturnValue:
    """The seat plan and the list to sign, for paper."""
    del code
    found = own_sitting(sitting)
    board = read_board(found, g.competition, read_web_clock())
    rows = [
        {
            "label": row["label"],
            "seats": [{**seat, "url": None, "state": "empty", "lines": []} for seat in row["seats"]],
        }
        for row in board.rows
    ]
    return render_template(
        "invigilator/show_plan.html", sitting=found, rows=rows, attempts=list_attempts(db.session(), found.id)
    )


def own_sitting(code: str) -> Any:
    """The sitting of that code, if this person watches it.

    Raises:
        NotAllowedError: `not_in_this_room`.
        NotFoundError: `sitting_not_found`.
    """
    found = get_sitting(db.session(), g.competition.id, code)
    if not is_invigilator_of(db.session(), found.id, g.actor.assignment_id):
        raise NotAllowedError("not_in_this_room")
    return found


def make_forms(board: Board) -> dict[str, Any]:
    """The forms of the acts, with the choices of this room."""
    measures = [(item.measure, localised(item.text, "")) for item in ruleset_of(g.competition).measures]
    free = list(board.open_seat.free_seats) if board.open_seat is not None else []
    return {
        "check-in": CheckInForm(),
        "extend": ExtendTimeForm(),
        "move": MoveSeatForm(seats=free),
        "incident": RecordIncidentForm(measures=measures),
        "free": FreeAttemptForm(),
        "attendance": SignAttendanceForm(),
    }


def render_board(
    sitting: str, *, seat: str | None, act: str, forms: dict[str, Any] | None = None, status: int = 200
) -> ResponseReturnValue:
    """The page of the board; after a refused act with the form that was refused."""
    found = own_sitting(sitting)
    board = read_board(found, g.competition, read_web_clock(), seat=seat)
    open_seat = board.open_seat
    acts = open_seat.acts if open_seat is not None else ()
    chosen = act if act in acts or (act == "incident" and open_seat is None) else (acts[0] if acts else "")
    watchers = [item.assignment.account.display_name for item in found.invigilators]
    words = {
        "check-in": _("Đối chiếu"),
        "extend": _("Bù giờ"),
        "move": _("Đổi chỗ"),
        "incident": _("Ghi sự việc"),
        "free": _("Mở máy khác"),
    }
    page = render_template(
        "invigilator/show_board.html",
        sitting=found,
        board=board,
        acts=[(name, words[name]) for name in acts],
        act=chosen,
        forms=forms or make_forms(board),
        watchers=watchers,
    )
    return page, status
