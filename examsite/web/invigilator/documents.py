"""What is printed in the room: the plan with the list to sign, the minutes of the sitting, the results to sign."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.attempts import AttemptState
from examsite.domain.permissions import Role
from examsite.services.rulesets import ruleset_of
from examsite.storage.database import db
from examsite.storage.queries.boards import list_forced_ends, list_sitting_records, names_by_pseudonym
from examsite.storage.queries.code_maps import find_closed_map
from examsite.storage.queries.rooms import list_objective_results
from examsite.storage.queries.sittings import list_incidents
from examsite.web.access import requires
from examsite.web.i18n import _
from examsite.web.invigilator import bp
from examsite.web.invigilator.minutes import entries_of
from examsite.web.invigilator.rooms import length_words, own_sitting, read_room
from examsite.web.invigilator.seats import seat_rows
from examsite.web.invigilator.sentences import measure_words
from examsite.web.labels import error_text
from examsite.web.transactions import read_web_clock


@bp.get("/<code>/sittings/<sitting>/plan")
@requires(Role.INVIGILATOR)
def show_plan(code: str, sitting: str) -> ResponseReturnValue:
    """The seat plan and the list to sign, for paper."""
    del code
    found = own_sitting(sitting)
    room = read_room(found, g.competition, read_web_clock())
    return render_template(
        "invigilator/show_plan.html",
        sitting=found,
        rows=seat_rows(room, None),
        attempts=sorted(room.attempts, key=lambda item: room.seats.index(item.seat)),
        watchers=[item.assignment.account.display_name for item in found.invigilators],
    )


@bp.get("/<code>/sittings/<sitting>/minutes")
@requires(Role.INVIGILATOR)
def show_minutes(code: str, sitting: str) -> ResponseReturnValue:
    """The minutes of the sitting as the records tell it, to be printed and signed by hand."""
    del code
    found = own_sitting(sitting)
    session = db.session()
    room = read_room(found, g.competition, read_web_clock())
    records = list_sitting_records(session, g.competition.id, found.code)
    incidents = list(reversed(list_incidents(session, found.id)))
    closed = sum(1 for item in room.attempts if item.state is AttemptState.CLOSED)
    forced = len(list_forced_ends(session, g.competition.id, found.code))
    return render_template(
        "invigilator/show_minutes.html",
        sitting=found,
        room=room,
        watchers=[item.assignment.account.display_name for item in found.invigilators],
        absent=[item for item in room.attempts if item.state is AttemptState.ABSENT],
        late=[item for item in room.attempts if item.arrived_late_at is not None],
        added=[(item, length_words(item.added_seconds)) for item in room.attempts if item.added_seconds],
        handed_in=sum(1 for item in room.attempts if item.state is AttemptState.HANDED_IN),
        closed=closed - forced,
        forced=forced,
        incidents=[(item, measure_words(room, item.measure)) for item in incidents],
        seat_of={item.candidacy_id: item.seat for item in room.attempts},
        entries=entries_of(records, names_by_pseudonym(session, g.competition.id)),
        last_record=records[-1] if records else None,
    )


@bp.get("/<code>/sittings/<sitting>/results")
@requires(Role.INVIGILATOR)
def show_results(code: str, sitting: str) -> ResponseReturnValue:
    """The results of the objective part, once the sitting is closed: to be printed and signed.

    Only where the rule set shows them at once; elsewhere these points open with the written score, to nobody before.
    """
    found = own_sitting(sitting)
    if not ruleset_of(g.competition).show_objective_score_at_once:
        flash(error_text("results_not_at_once", {}), "attention")
        return redirect(url_for("invigilator.show_board", code=code, sitting=sitting))
    room = read_room(found, g.competition, read_web_clock())
    if not room.is_over:
        flash(_("Danh sách kết quả mở được sau khi ca thi kết thúc."), "attention")
        return redirect(url_for("invigilator.show_board", code=code, sitting=sitting))
    return render_template(
        "invigilator/show_results.html",
        sitting=found,
        rows=list_objective_results(db.session(), found.id),
        is_closed=find_closed_map(db.session(), g.competition.id) is not None,
        watchers=[item.assignment.account.display_name for item in found.invigilators],
    )
