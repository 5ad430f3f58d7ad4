"""The desk of the code board: what is owed before the codes are sealed, the sealing, and that it was done."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.competitions import CompetitionState, GateEvent
from examsite.domain.permissions import Role
from examsite.services import codes
from examsite.storage.database import db
from examsite.storage.queries.codes import list_sealable_attempts
from examsite.storage.queries.competitions import list_competitions_of
from examsite.storage.queries.gates import list_missing
from examsite.storage.queries.marking import count_scripts
from examsite.web.access import principal, requires
from examsite.web.forms.marking import ActForm
from examsite.web.gates import missing_rows
from examsite.web.i18n import ngettext
from examsite.web.keeper import bp
from examsite.web.transactions import act, read_web_clock, write_now, writes_in_steps


@bp.get("/")
@requires(Role.KEEPER)
def list_competitions() -> ResponseReturnValue:
    """The competitions whose codes the person keeps; straight in when there is one."""
    person = principal()
    found = [] if person is None else list_competitions_of(db.session(), person.account_id, Role.KEEPER)
    if len(found) == 1:
        return redirect(url_for("keeper.show_desk", code=found[0].code))
    return render_template("keeper/list_competitions.html", competitions=found)


@bp.get("/<code>/")
@requires(Role.KEEPER)
def show_desk(code: str) -> ResponseReturnValue:
    """Where the codes stand; the map itself is shown to nobody."""
    competition = g.competition
    sealed = [item for item in competition.passages if item.event is GateEvent.CODES_SEALED]
    opened = [item for item in competition.passages if item.event is GateEvent.CODES_OPENED]
    is_due = competition.state is CompetitionState.WRITTEN
    missing = []
    if is_due:
        missing = list_missing(db.session(), competition, GateEvent.CODES_SEALED, now=read_web_clock())
    return render_template(
        "keeper/show_desk.html",
        is_due=is_due,
        missing=missing_rows(competition, missing, {}),
        is_waiting=any(item.code in {"hints_undecided", "scripts_not_looked_through"} for item in missing),
        attempts=len(list_sealable_attempts(db.session(), competition.id)) if is_due else 0,
        scripts=count_scripts(db.session(), competition.id),
        sealed=sealed[0] if sealed else None,
        opened=opened[0] if opened else None,
        code=code,
    )


@bp.route("/<code>/seal", methods=["GET", "POST"])
@requires(Role.KEEPER)
@writes_in_steps
def seal_codes(code: str) -> ResponseReturnValue:
    """Say what sealing does, then seal; everything is made ready before the transaction."""
    form = ActForm()
    if not form.is_submitted() and g.competition.state is not CompetitionState.WRITTEN:
        return redirect(url_for("keeper.show_desk", code=code))
    if form.validate_on_submit():
        sealing = codes.prepare_sealing(act(), g.competition)
        with write_now() as ctx:
            made = len(codes.seal_codes(ctx, g.competition, sealing=sealing))
        flash(
            ngettext("Đã niêm phong bảng phách của %(num)d bài.", "Đã niêm phong bảng phách của %(num)d bài.", made),
            "success",
        )
        return redirect(url_for("keeper.show_desk", code=code))
    attempts = len(list_sealable_attempts(db.session(), g.competition.id))
    return render_template("keeper/seal_codes.html", form=form, attempts=attempts, code=code)
