"""The organiser's competitions, the plan of one, its creation and its announcement."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.errors import InvalidError
from examsite.domain.permissions import Role
from examsite.domain.ruleset_drafts import warnings
from examsite.services.competitions import create_competition as create
from examsite.services.competitions import set_announcement, set_titles
from examsite.services.rulesets import list_presets, ruleset_of
from examsite.storage.database import db
from examsite.storage.queries.competitions import list_bodies_of_organiser, list_competitions_of
from examsite.web.access import requires
from examsite.web.errors import show_refusal
from examsite.web.figures import warnings_in_words
from examsite.web.forms.competitions import CreateCompetitionForm, EditAnnouncementForm
from examsite.web.gates import planned_dates
from examsite.web.i18n import _, localised
from examsite.web.labels import label
from examsite.web.organiser import bp
from examsite.web.organiser.plan import is_draft, plan_items
from examsite.web.transactions import act, writes


@bp.get("/")
@requires(Role.ORGANISER)
def list_competitions() -> ResponseReturnValue:
    """The competitions of this organiser, and the bodies at which one may be opened."""
    session = db.session()
    account_id = g.actor.account_id
    return render_template(
        "organiser/list_competitions.html",
        competitions=list_competitions_of(session, account_id, Role.ORGANISER),
        bodies=list_bodies_of_organiser(session, account_id),
    )


@bp.route("/new", methods=["GET", "POST"])
@requires(Role.ORGANISER)
@writes
def create_competition() -> ResponseReturnValue:
    """Open the plan of a competition at a body of this organiser."""
    bodies = {body.code: body for body in list_bodies_of_organiser(db.session(), g.actor.account_id)}
    form = CreateCompetitionForm(
        bodies=[(code, f"{localised(body, 'name')} ({label(body.level)})") for code, body in bodies.items()],
        presets=[(preset.name, localised(preset.title, "")) for preset in list_presets()],
    )
    if not form.validate_on_submit():
        page = render_template("organiser/create_competition.html", form=form, bodies=bodies)
        return page, 422 if form.is_submitted() else 200
    try:
        competition = create(
            act(),
            bodies[form.body.data],
            code=form.code.data,
            title=form.title.data,
            title_en=form.title_en.data,
            number_prefix=form.number_prefix.data,
            preset=form.preset.data,
        )
    except InvalidError as error:
        status = show_refusal(form, error)
        return render_template("organiser/create_competition.html", form=form, bodies=bodies), status
    flash(_("Đã lập kỳ thi tuyển %(code)s. Bước tiếp theo: hoàn thiện kế hoạch.", code=competition.code), "success")
    return redirect(url_for("organiser.show_plan", code=competition.code))


@bp.get("/<code>/plan")
@requires(Role.ORGANISER)
def show_plan(code: str) -> ResponseReturnValue:  # noqa: ARG001 - the guard has loaded the competition of the address
    """Everything that the plan consists of, with the pages on which it is written."""
    ruleset = ruleset_of(g.competition)
    return render_template(
        "organiser/show_plan.html",
        is_draft=is_draft(g.competition),
        items=plan_items(g.competition),
        dates=planned_dates(g.competition),
        ruleset=ruleset,
        warnings=warnings_in_words(warnings(ruleset)),
    )


@bp.route("/<code>/plan/announcement", methods=["GET", "POST"])
@requires(Role.ORGANISER)
@writes
def edit_announcement(code: str) -> ResponseReturnValue:
    """Word titles and announcement in both languages."""
    competition = g.competition
    form = EditAnnouncementForm(obj=competition)
    if not is_draft(competition):
        return redirect(url_for("organiser.show_plan", code=code))
    if not form.validate_on_submit():
        page = render_template("organiser/edit_announcement.html", form=form)
        return page, 422 if form.is_submitted() else 200
    set_titles(act(), competition, title=form.title.data, title_en=form.title_en.data)
    set_announcement(act(), competition, text=form.announcement.data, text_en=form.announcement_en.data)
    flash(_("Đã lưu nội dung thông báo."), "success")
    return redirect(url_for("organiser.show_plan", code=code))
