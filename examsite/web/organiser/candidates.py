"""Vetting: everyone who applied, one dossier after the other, each decision with its reason."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.competitions import CompetitionState, GateEvent
from examsite.domain.dossiers import CANDIDACY, CandidacyEvent, CandidacyState
from examsite.domain.errors import DomainError, InvalidError
from examsite.domain.permissions import Role
from examsite.services import candidacies
from examsite.services.context import ServiceContext
from examsite.services.rulesets import ruleset_of
from examsite.storage.database import db
from examsite.storage.queries.candidacies import (
    count_candidacies,
    get_application,
    get_dossier_file,
    list_candidacies,
)
from examsite.storage.queries.gates import list_missing
from examsite.web.access import requires
from examsite.web.downloads import send_upload
from examsite.web.errors import show_refusal
from examsite.web.forms.candidacies import DecideEligibilityForm, SearchCandidaciesForm
from examsite.web.i18n import _, localised
from examsite.web.labels import label, missing_text
from examsite.web.labels.candidacies import TAGS
from examsite.web.organiser import bp
from examsite.web.transactions import act, read_web_clock, writes

#: What the organiser may do with a dossier, by the state of the competition in which it is done.
VETTING_EVENTS = (CandidacyEvent.ACCEPTED, CandidacyEvent.REFUSED, CandidacyEvent.RECONSIDERED)


@bp.get("/<code>/candidates")
@requires(Role.ORGANISER)
def list_candidates(code: str) -> ResponseReturnValue:  # noqa: ARG001 - the guard has loaded the competition of the address
    """The list by given name, with what is still undecided before the list can be fixed."""
    competition = g.competition
    form = SearchCandidaciesForm(request.args)
    form.post.choices = [
        ("", _("Mọi chức danh")),
        *((post.code, localised(post, "title")) for post in competition.posts),
    ]
    form.state.choices = [("", _("Mọi tình trạng")), *((item.value, label(item)) for item in CandidacyState)]
    good = form.validate()
    found = list_candidacies(
        db.session(),
        competition.id,
        state=CandidacyState(form.state.data) if good and form.state.data else None,
        post_code=(form.post.data or "") if good else "",
        words=(form.words.data or "") if good else "",
    )
    at_gate = competition.state is CompetitionState.VETTING
    missing = list_missing(db.session(), competition, GateEvent.ROSTER_FIXED, now=read_web_clock()) if at_gate else []
    page = render_template(
        "organiser/list_candidates.html",
        form=form,
        candidacies=found,
        counts=count_candidacies(db.session(), competition.id),
        states=list(CandidacyState),
        tags=TAGS,
        items=len(ruleset_of(competition).dossier_checklist),
        at_gate=at_gate,
        missing=[missing_text(item.code, item.params) for item in missing],
        can_import=competition.state in {CompetitionState.RECEIVING, CompetitionState.VETTING},
        has_roster=competition.state.has_reached(CompetitionState.ROSTERED),
    )
    return page, 200 if good else 422


@bp.route("/<code>/candidates/<application>", methods=["GET", "POST"])
@requires(Role.ORGANISER)
@writes
def show_candidate(code: str, application: str) -> ResponseReturnValue:
    """One dossier; accept, refuse, give back or take up again, each with its reason."""
    candidacy = get_application(db.session(), g.competition.id, application)
    events = _open_events(candidacy)
    form = DecideEligibilityForm()
    form.decision.choices = [(event.value, label(event)) for event in events]
    status = 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        try:
            _carry_out(act(), CandidacyEvent(form.decision.data), candidacy, form.reason.data or "")
        except DomainError as error:
            status = show_refusal(form, error, beside="reason" if isinstance(error, InvalidError) else "decision")
        else:
            flash(_("Đã ghi: %(what)s.", what=label(CandidacyEvent(form.decision.data))), "success")
            return redirect(url_for("organiser.list_candidates", code=code))
        candidacy = get_application(db.session(), g.competition.id, application)
    page = render_template(
        "organiser/show_candidate.html",
        form=form,
        candidacy=candidacy,
        lines=_lines(candidacy),
        has_events=bool(events),
        tag=TAGS[candidacy.state],
    )
    return page, status


@bp.get("/<code>/candidates/<application>/files/<int(max=2147483647):item_id>")
@requires(Role.ORGANISER)
def download_candidate_file(code: str, application: str, item_id: int) -> ResponseReturnValue:  # noqa: ARG001 - the guard has loaded the competition of the address
    """One file of a dossier of this competition."""
    candidacy = get_application(db.session(), g.competition.id, application)
    return send_upload(get_dossier_file(db.session(), candidacy.id, item_id))


def _open_events(candidacy: Any) -> list[CandidacyEvent]:
    """What may happen to this dossier now, by its own state and that of the competition."""
    state = g.competition.state
    events = CANDIDACY.events_open_in(candidacy.state)
    if state is CompetitionState.VETTING:
        return [event for event in events if event in VETTING_EVENTS]
    if state is CompetitionState.RECEIVING:
        return [event for event in events if event in {CandidacyEvent.REOPENED, CandidacyEvent.SUBMITTED}]
    return []


def _carry_out(ctx: ServiceContext, event: CandidacyEvent, candidacy: Any, reason: str) -> None:
    competition = g.competition
    code = candidacy.application_code
    if event is CandidacyEvent.ACCEPTED:
        candidacies.accept_candidacy(ctx, competition, code)
    elif event is CandidacyEvent.REFUSED:
        candidacies.refuse_candidacy(ctx, competition, code, reason=reason)
    elif event is CandidacyEvent.RECONSIDERED:
        candidacies.reconsider_candidacy(ctx, competition, code, reason=reason)
    elif event is CandidacyEvent.REOPENED:
        candidacies.reopen_application(ctx, candidacy, reason=reason)
    else:
        candidacies.submit_on_paper(ctx, candidacy)


def _lines(candidacy: Any) -> list[dict[str, Any]]:
    """The checklist with every file of each item, newest first."""
    return [
        {
            "text": localised(known.text, ""),
            "files": [item for item in reversed(candidacy.items) if item.item == known.code],
        }
        for known in ruleset_of(candidacy.competition).dossier_checklist
    ]
