"""A tie across the last vacancy: the authority chooses, with a reason that everyone reads."""

from __future__ import annotations

from flask import abort, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.errors import DomainError
from examsite.domain.permissions import Role
from examsite.domain.ties import open_ties
from examsite.services import ranking
from examsite.services.rulesets import ruleset_of
from examsite.storage.database import db
from examsite.storage.queries.competitions import get_post
from examsite.storage.queries.results import find_newest_version, result_document
from examsite.web.access import fresh_factor, requires
from examsite.web.authority import bp
from examsite.web.errors import show_on_field
from examsite.web.forms.ranking import DecideTieForm
from examsite.web.i18n import _
from examsite.web.results import view_result
from examsite.web.transactions import act, writes


@bp.route("/<code>/ties/<post>", methods=["GET", "POST"])
@requires(Role.AUTHORITY)
@fresh_factor
@writes
def decide_tie(code: str, post: str) -> ResponseReturnValue:
    """Choose exactly as many as there are places left; a new version is computed at once."""
    version = find_newest_version(db.session(), g.competition.id)
    if version is None:
        abort(404)
    tie = next((item for item in open_ties(result_document(version)) if item.post == post), None)
    form = DecideTieForm(codes=tie.codes if tie else ())
    if form.is_submitted() and tie is None:
        ranking.decide_tie(act(), g.competition, get_post(db.session(), g.competition.id, post), selected=(), reason="")
    if tie is None:
        return redirect(url_for("authority.sign_result", code=code))
    if form.validate_on_submit():
        try:
            ranking.decide_tie(
                act(),
                g.competition,
                get_post(db.session(), g.competition.id, post),
                selected=form.selected.data or (),
                reason=form.reason.data or "",
            )
        except DomainError as error:
            show_on_field(form, error)
        else:
            flash(_("Đã ghi quyết định vào sổ ghi. Hệ thống đã tính bản mới để hội đồng ký."), "success")
            return redirect(url_for("authority.sign_result", code=code))
    version = find_newest_version(db.session(), g.competition.id)
    if version is None:
        abort(404)
    view = view_result(db.session(), g.competition, version, ruleset_of(g.competition))
    rows = [row for row in (view.find_row(member) for member in tie.codes) if row is not None]
    page = render_template("authority/decide_tie.html", form=form, tie=tie, rows=rows, number=version.number)
    return page, 422 if form.is_submitted() else 200
