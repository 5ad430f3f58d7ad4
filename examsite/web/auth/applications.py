"""Applying for a post: the one form that a person without an account fills in; it ends with a code and a password."""

from __future__ import annotations

from typing import Any

from flask import current_app, g, render_template
from flask.typing import ResponseReturnValue

from examsite.domain.competitions import CompetitionState
from examsite.domain.dossiers import Applicant
from examsite.domain.errors import DomainError, InvalidError
from examsite.services import candidacies
from examsite.services.passwords import printed_password
from examsite.storage.database import db
from examsite.storage.queries.competitions import get_post, get_public_competition
from examsite.web.access import public
from examsite.web.auth import bp
from examsite.web.errors import show_refusal
from examsite.web.forms.candidacies import ApplyForm
from examsite.web.i18n import localised
from examsite.web.transactions import act, read_web_clock, stop_reading, write_now, writes_in_steps


@bp.route("/competitions/<code>/apply", methods=["GET", "POST"])
@public
@writes_in_steps
def apply_for_post(code: str) -> ResponseReturnValue:
    """The application form while applications are open; afterwards the page says that it is closed."""
    _show_competition(code)
    form = ApplyForm()
    form.post.choices = [
        (post.code, f"{localised(post, 'title')} · {localised(post, 'unit')}") for post in g.competition.posts
    ]
    if not _is_receiving():
        return render_template("auth/applications_closed.html"), 200 if not form.is_submitted() else 409
    if form.validate_on_submit():
        applicant = _applicant(form)
        try:
            candidacies.check_application_room(act(), g.competition)
            stop_reading()
            password = printed_password()
            password_hash = current_app.extensions["passwords"].hash(password)
            with write_now() as ctx:
                competition = get_public_competition(ctx.session, code)
                post = get_post(ctx.session, competition.id, form.post.data)
                candidacy = candidacies.apply(ctx, competition, post, applicant, password_hash=password_hash)
                slip = {"application_code": candidacy.application_code, "full_name": candidacy.full_name}
        except DomainError as error:
            status = show_refusal(form, error, beside="full_name" if isinstance(error, InvalidError) else "")
            _show_competition(code)
            page = "auth/apply_for_post.html" if _is_receiving() else "auth/applications_closed.html"
            return render_template(page, form=form), status
        else:
            _show_competition(code)
            return render_template("auth/show_application_slip.html", slip=slip, password=password)
    return render_template("auth/apply_for_post.html", form=form), 422 if form.is_submitted() else 200


def _show_competition(code: str) -> None:
    """Let the masthead name the competition; a draft is not known to the public."""
    g.competition = get_public_competition(db.session(), code)
    g.competition_code = code


def _is_receiving() -> bool:
    closes_at = g.competition.applications_close_at
    receiving: bool = g.competition.state is CompetitionState.RECEIVING
    return receiving and (closes_at is None or read_web_clock() < closes_at)


def _applicant(form: ApplyForm) -> Applicant:
    names = ("full_name", "born_on", "identity_number", "unit", "position_title", "phone", "email", "hometown")
    values: dict[str, Any] = {name: getattr(form, name).data or "" for name in names}
    return Applicant(**values)
