"""Destroying the data of those not selected, and which backups still hold them, as the administrator does it."""

from __future__ import annotations

from flask import current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.errors import DomainError
from examsite.domain.permissions import Role
from examsite.services.backup_catalogue import list_backups
from examsite.services.erasure import erase_people
from examsite.services.erasure_plans import plan_erasure, read_erasure
from examsite.storage.database import db
from examsite.storage.queries.competitions import get_competition, get_competition_for_update
from examsite.storage.queries.erasures import display_name_of, find_open_erasure, list_all_erasures
from examsite.web.access import fresh_factor, requires
from examsite.web.administrator import bp
from examsite.web.erasure import TAGS, certificate, planned, register_rows, waits
from examsite.web.errors import show_refusal
from examsite.web.forms.erasure import ErasePeopleForm
from examsite.web.i18n import _
from examsite.web.transactions import act, read_web_clock, write_now, writes_in_steps


@bp.get("/erasures")
@requires(Role.ADMINISTRATOR)
def list_erasures() -> ResponseReturnValue:
    """What waits, what was done, and the backups that still hold what was erased."""
    settings = current_app.extensions["settings"]
    return render_template(
        "administrator/list_erasures.html",
        erasures=[(row, shown, waits(row)) for row, shown in list_all_erasures(db.session())],
        tags=TAGS,
        backups=list_backups(settings),
        now=read_web_clock(),
    )


@bp.route("/erasures/<competition_code>", methods=["GET", "POST"])
@requires(Role.ADMINISTRATOR)
@fresh_factor
@writes_in_steps
def erase(competition_code: str) -> ResponseReturnValue:
    """What would be destroyed, by kind; destroyed once the code is typed."""
    session = db.session()
    competition = get_competition(session, competition_code)
    form = ErasePeopleForm()
    status = 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        act().require_fresh_factor()  # before the long reading
        try:
            # The whole log is read through before anything is locked.
            reading = read_erasure(session, competition)
            with write_now() as ctx:
                locked = get_competition_for_update(session, competition_code)
                erase_people(ctx, locked, typed=form.typed.data or "", reading=reading)
        except DomainError as error:
            status = show_refusal(form, error)
        else:
            flash(_("Đã xóa. Tệp và trang trống được dọn trong ít giây tới."), "success")
            return redirect(url_for("administrator.list_erasures"))
        competition = get_competition(session, competition_code)
    plan = plan_erasure(session, competition)
    opened = find_open_erasure(session, competition.id)
    page = render_template(
        "administrator/erase.html",
        form=form,
        shown=competition,
        plan=plan,
        kinds=planned(plan),
        opened=opened,
        waits=waits(opened),
        asked_by=None if opened is None else display_name_of(session, opened.asked_by_id),
        is_due=plan.is_due(read_web_clock()),
    )
    return page, status


@bp.get("/erasures/<competition_code>/<int(max=2147483647):number>")
@requires(Role.ADMINISTRATOR)
def print_erasure(competition_code: str, number: int) -> ResponseReturnValue:
    """The certificate of one erasure, for the files."""
    return certificate(
        get_competition(db.session(), competition_code), number, back=url_for("administrator.list_erasures")
    )


@bp.get("/personal-data")
@requires(Role.ADMINISTRATOR)
def list_personal_data() -> ResponseReturnValue:
    """The register of data about people, with the columns in which each kind stands."""
    return render_template("administrator/list_personal_data.html", rows=register_rows())
