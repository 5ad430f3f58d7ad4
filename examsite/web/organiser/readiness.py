"""Before the test: go or no-go of a sitting, the rules of its machines, the rehearsal and its certificate."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

from flask import Response, current_app, flash, g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from examsite.config import Settings, process_environment
from examsite.domain import seb
from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import ConflictError, DomainError, InvalidError, NotFoundError
from examsite.domain.permissions import Role
from examsite.domain.readiness import Level, Topic
from examsite.domain.rooms import RequestKind
from examsite.domain.sittings import SittingState
from examsite.services.rehearsals import ROOT, begin_rehearsal
from examsite.services.room_requests import ask_room_request
from examsite.services.room_rules import change_room_rules, room_salt
from examsite.storage.database import db
from examsite.storage.queries.rehearsals import count_at_once, find_running_rehearsal
from examsite.storage.queries.rehearsals import get_rehearsal as read_rehearsal
from examsite.storage.queries.rooms import find_waiting_request
from examsite.storage.queries.sittings import get_sitting, list_sittings
from examsite.web.access import requires
from examsite.web.errors import show_refusal
from examsite.web.forms.machines import ChangeRoomRulesForm, RunRehearsalForm, StartWithoutRehearsalForm
from examsite.web.i18n import _
from examsite.web.labels.readiness import STEPS
from examsite.web.organiser import bp
from examsite.web.readiness import figure_rows, read_readiness
from examsite.web.transactions import act, read_web_clock, write_now, writes, writes_in_steps


@bp.get("/<code>/sittings/<sitting>/readiness")
@requires(Role.ORGANISER)
def show_readiness(code: str, sitting: str) -> ResponseReturnValue:
    """Go or no-go of a sitting, with the way to everything that is missing."""
    shown = read_readiness(sitting)
    links = {
        "seats": url_for("organiser.list_sittings", code=code),
        "invigilators": url_for("organiser.list_sittings", code=code),
        "rehearsal": url_for("organiser.run_rehearsal", code=code),
    }
    if not _is_frozen():
        rules = url_for("organiser.change_rules", code=code, sitting=sitting)
        links |= {"browser": rules, "addresses": rules}
    waits = find_waiting_request(db.session(), shown["sitting"].id, RequestKind.START_WITHOUT_REHEARSAL, None)
    may_ask = shown["sitting"].state is SittingState.SCHEDULED and any(
        item.topic == Topic.REHEARSAL and item.level is Level.STOP for item in shown["findings"]
    )
    return render_template(
        "readiness/show_readiness.html",
        links=links,
        is_organiser=True,
        override_form=StartWithoutRehearsalForm() if may_ask else None,
        request_waits=waits is not None,
        **shown,
    )


@bp.post("/<code>/sittings/<sitting>/readiness")
@requires(Role.ORGANISER)
@writes
def ask_override(code: str, sitting: str) -> ResponseReturnValue:
    """Ask the council to let the sitting start without a certificate."""
    row = get_sitting(db.session(), g.competition.id, sitting)
    if row.state is not SittingState.SCHEDULED:
        raise ConflictError("sitting_started")
    form = StartWithoutRehearsalForm()
    if form.validate_on_submit():
        ask_room_request(act(), g.competition, row, kind=RequestKind.START_WITHOUT_REHEARSAL, reason=form.reason.data)
        flash(_("Đã gửi đề nghị tới hội đồng."), "success")
        return redirect(url_for("organiser.show_readiness", code=code, sitting=sitting))
    page = render_template(
        "readiness/show_readiness.html",
        links={},
        is_organiser=True,
        override_form=form,
        request_waits=False,
        **read_readiness(sitting),
    )
    return page, 422


@bp.route("/<code>/sittings/<sitting>/rules", methods=["GET", "POST"])
@requires(Role.ORGANISER)
@writes
def change_rules(code: str, sitting: str) -> ResponseReturnValue:
    """Which addresses and which browser the machines of the room must have; frozen with the written test."""
    row = get_sitting(db.session(), g.competition.id, sitting)
    own_key = seb.config_key(_room_settings(row))
    makes = row.seb_config_key == own_key
    form = ChangeRoomRulesForm(
        address_ranges=row.address_ranges, makes_settings=makes, config_key="" if makes else row.seb_config_key
    )
    if form.validate_on_submit():
        try:
            change_room_rules(
                act(),
                g.competition,
                row,
                seb_config_key=_wanted_key(form, own_key),
                address_ranges=form.address_ranges.data or "",
            )
        except (ConflictError, InvalidError) as error:
            show_refusal(form, error)
            row = get_sitting(db.session(), g.competition.id, sitting)
        else:
            flash(_("Đã ghi quy định máy của ca %(sitting)s.", sitting=sitting), "success")
            return redirect(url_for("organiser.show_readiness", code=code, sitting=sitting))
    page = render_template(
        "organiser/change_rules.html",
        form=form,
        sitting=row,
        is_frozen=_is_frozen(),
        can_download=bool(row.seb_config_key) and row.seb_config_key == own_key,
        asked_at=request.host_url,
    )
    return page, 422 if form.is_submitted() else 200


@bp.get("/<code>/sittings/<sitting>/rules.seb")
@requires(Role.ORGANISER)
def download_settings(code: str, sitting: str) -> ResponseReturnValue:  # noqa: ARG001 - the guard has loaded it
    """The settings file for the machines of the room, for the address at which this page was opened."""
    row = get_sitting(db.session(), g.competition.id, sitting)
    settings = _room_settings(row)
    if not row.seb_config_key:
        raise NotFoundError("sitting_not_found", sitting=sitting)
    if seb.config_key(settings) != row.seb_config_key:
        raise ConflictError("seb_file_for_other_address")
    response = Response(seb.settings_file(settings), mimetype="application/seb")
    response.headers["Content-Disposition"] = f'attachment; filename="{g.competition.code}-{row.code}.seb"'
    return response


@bp.route("/<code>/rehearsals", methods=["GET", "POST"])
@requires(Role.ORGANISER)
@writes_in_steps
def run_rehearsal(code: str) -> ResponseReturnValue:
    """What a rehearsal is, and the button that begins one in a process of its own."""
    form = RunRehearsalForm()
    if form.validate_on_submit():
        try:
            with write_now() as ctx:
                number = begin_rehearsal(ctx, g.competition, head_count=form.candidates.data).id
        except DomainError as error:
            show_refusal(form, error)
        else:
            _carry_out(code, number, form.candidates.data)
            return redirect(url_for("organiser.show_rehearsal", code=code, rehearsal=number))
    session = db.session()
    needed = max((count_at_once(session, row) for row in list_sittings(session, g.competition.id)), default=0)
    if not form.is_submitted():
        form.candidates.data = max(needed, 1)
    page = render_template(
        "organiser/run_rehearsal.html",
        form=form,
        running=find_running_rehearsal(session, read_web_clock()),
        needed=needed,
    )
    return page, 422 if form.is_submitted() else 200


@bp.get("/<code>/rehearsals/<int(max=2147483647):rehearsal>")
@requires(Role.ORGANISER)
def show_rehearsal(code: str, rehearsal: int) -> ResponseReturnValue:  # noqa: ARG001 - as above
    """Where a rehearsal is; once it is over, its certificate or what failed."""
    row = _rehearsal(rehearsal)
    return render_template(
        "organiser/show_rehearsal.html",
        rehearsal=row,
        rows=figure_rows(row.figures),
        steps=_steps(row),
        progress_url=url_for("organiser.tell_rehearsal", code=g.competition.code, rehearsal=rehearsal),
    )


@bp.get("/<code>/rehearsals/<int(max=2147483647):rehearsal>/progress")
@requires(Role.ORGANISER)
def tell_rehearsal(code: str, rehearsal: int) -> ResponseReturnValue:  # noqa: ARG001 - as above
    """The step of a rehearsal under way, for the page that waits for it."""
    row = _rehearsal(rehearsal)
    return jsonify(step=row.figures.get("step", ""), is_over=row.finished_at is not None)


def _rehearsal(number: int) -> Any:
    row = read_rehearsal(db.session(), number)
    if row.competition_id != g.competition.id:
        raise NotFoundError("rehearsal_not_found")
    return row


def _steps(row: Any) -> list[dict[str, str]]:
    names = list(STEPS)
    step = row.figures.get("step", "")
    at = names.index(step) if step in names else -1
    is_over = row.finished_at is not None
    return [
        {
            "title": str(STEPS[name]),
            "state": "done" if number < at or is_over else ("now" if number == at else "todo"),
            "name": name,
        }
        for number, name in enumerate(names[:-1])
    ]


def _carry_out(code: str, number: int, candidates: int) -> None:
    """Begin the rehearsal in a process that outlives this request; what it does stands beside its row."""
    settings: Settings = current_app.extensions["settings"]
    if settings.testing:
        return  # a test of pages starts no process that it does not end
    log = settings.instance_path / "rehearsal.log"
    with log.open("ab") as output:
        subprocess.Popen(  # noqa: S603 - this program with its own command; the code was read from the database
            [sys.executable, "-m", "examsite", "rehearse", code, f"--candidates={candidates}", f"--begun={number}"],
            cwd=ROOT,
            env=process_environment(settings),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def _room_settings(sitting: Any) -> dict[str, Any]:
    return seb.settings_of_room(
        start_url=url_for("auth.log_in_candidate", _external=True),
        quit_url=url_for("public.quit_browser", _external=True),
        hosts=[request.host],
        salt=room_salt(current_app.extensions["settings"].secret_key, g.competition.code, sitting.code),
    )


def _wanted_key(form: ChangeRoomRulesForm, own_key: str) -> str:
    """The key that the form asks for: that of a file handed in, of our own file, or the one that was typed."""
    handed_in = form.settings_file.data
    if handed_in:
        return seb.config_key(seb.read_settings(handed_in.stream.read(seb.MAX_SETTINGS_BYTES + 1)))
    return own_key if form.makes_settings.data else (form.config_key.data or "")


def _is_frozen() -> bool:
    return bool(g.competition.state.has_reached(CompetitionState.WRITTEN))
