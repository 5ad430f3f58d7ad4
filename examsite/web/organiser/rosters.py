"""The fixed list: the act that fixes it, the list to post, the slips to hand out."""

from __future__ import annotations

from typing import Any

from flask import current_app, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.competitions import CompetitionState
from examsite.domain.dossiers import CandidacyState
from examsite.domain.permissions import Role
from examsite.services import candidacies
from examsite.services.passwords import printed_password
from examsite.storage.database import db
from examsite.storage.queries.candidacies import count_candidacies, list_candidacies, list_roster
from examsite.web.access import fresh_factor, requires
from examsite.web.forms.candidacies import IssuePasswordsForm
from examsite.web.i18n import _, localised
from examsite.web.organiser import bp
from examsite.web.transactions import act, stop_reading, write_now, writes, writes_in_steps


@bp.route("/<code>/roster/fix", methods=["GET", "POST"])
@requires(Role.ORGANISER)
@writes
def fix_roster(code: str) -> ResponseReturnValue:
    """Say what will happen, then allot numbers and draw codes for everyone who is eligible."""
    form = IssuePasswordsForm()
    if form.validate_on_submit():
        candidacies.fix_roster(act(), g.competition)
        flash(_("Đã chốt danh sách dự thi và cấp số báo danh."), "success")
        return redirect(url_for("organiser.show_roster", code=code))
    counts = count_candidacies(db.session(), g.competition.id)
    return render_template("organiser/fix_roster.html", form=form, eligible=counts[CandidacyState.ELIGIBLE])


@bp.get("/<code>/roster")
@requires(Role.ORGANISER)
def show_roster(code: str) -> ResponseReturnValue:  # noqa: ARG001 - the guard has loaded the competition of the address
    """The list to post at the door: number, name, unit, post; never the public code."""
    return render_template("organiser/show_roster.html", people=list_roster(db.session(), g.competition.id))


@bp.route("/<code>/roster/slips", methods=["GET", "POST"])
@requires(Role.ORGANISER)
@fresh_factor
@writes_in_steps
def issue_slips(code: str) -> ResponseReturnValue:  # noqa: ARG001 - the guard has loaded the competition of the address
    """Make new passwords and show the slips once, to be printed; hashing happens before the transaction."""
    form = IssuePasswordsForm()
    if not form.validate_on_submit():
        people = list_roster(db.session(), g.competition.id)
        return render_template("organiser/issue_slips.html", form=form, count=len(people) or _count_open())
    act().require_fresh_factor()  # before the passwords are hashed, which takes seconds
    slips = [
        {
            "id": item.id,
            "login": item.candidate_number or item.application_code,
            "is_number": item.candidate_number is not None,
            "full_name": item.full_name,
            "unit": item.unit,
            "post": localised(item.post, "title"),
            "password": printed_password(),
        }
        for item in _people()
    ]
    stop_reading()
    passwords = current_app.extensions["passwords"]
    hashes = {slip["id"]: passwords.hash(slip["password"]) for slip in slips}
    with write_now() as ctx:
        candidacies.issue_passwords(ctx, g.competition, hashes)
    return render_template("organiser/show_slips.html", slips=slips)


def _people() -> list[Any]:
    """Those on the fixed list; before it, everyone whose application still lives."""
    if g.competition.state.has_reached(CompetitionState.ROSTERED):
        return list_roster(db.session(), g.competition.id)
    alive = {CandidacyState.DRAFT, CandidacyState.SUBMITTED, CandidacyState.ELIGIBLE}
    return [item for item in list_candidacies(db.session(), g.competition.id) if item.state in alive]


def _count_open() -> int:
    return len(_people())
