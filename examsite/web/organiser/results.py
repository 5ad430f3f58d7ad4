"""The result as the organiser works on it: compute, see what is missing, publish what was approved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.competitions import CompetitionState, GateEvent
from examsite.domain.corrections import CorrectionState
from examsite.domain.errors import ConflictError
from examsite.domain.permissions import Role
from examsite.domain.publication import ResultState
from examsite.services import publication, ranking
from examsite.services.rulesets import ruleset_of
from examsite.storage.database import db
from examsite.storage.queries.corrections import (
    find_standing_correction,
    is_correcting,
    list_missing_in_correction,
)
from examsite.storage.queries.gates import list_missing
from examsite.storage.queries.results import find_newest_version
from examsite.web.access import fresh_factor, requires
from examsite.web.corrections import changes_since_published, correction_lines
from examsite.web.errors import message_of
from examsite.web.forms.ranking import ComputeResultForm, PublishResultForm
from examsite.web.gates import MISSING_PAGES, event_after, missing_rows
from examsite.web.i18n import _
from examsite.web.labels import label
from examsite.web.labels.competitions import STATEMENTS
from examsite.web.labels.ranking import TAGS
from examsite.web.organiser import bp
from examsite.web.result_signing import approvals_text, signature_lines, version_lines
from examsite.web.results import view_result
from examsite.web.transactions import act, forget_changes, read_web_clock, writes

if TYPE_CHECKING:
    from examsite.storage.models.ranking import ResultVersion

_S = CompetitionState


@bp.get("/<code>/result")
@requires(Role.ORGANISER)
def show_result(code: str) -> ResponseReturnValue:
    """Every version, who signed the newest, what is missing, and the one next act."""
    del code
    session, competition = db.session(), g.competition
    version = find_newest_version(session, competition.id)
    event = event_after(competition)
    coming = (
        event if event in (GateEvent.RESULT_COMPUTED, GateEvent.RESULT_APPROVED, GateEvent.RESULT_PUBLISHED) else None
    )
    missing = [] if coming is None else list_missing(session, competition, coming, now=read_web_clock())
    correction = find_standing_correction(session, competition)
    is_open = correction is not None and correction.state is CorrectionState.OPEN
    waiting = list_missing_in_correction(session, competition) if is_open else []
    is_new = version is not None and version.published_at is None
    return render_template(
        "organiser/show_result.html",
        version=version,
        version_kind="" if version is None else TAGS[version.state],
        version_state="" if version is None else label(version.state),
        view=None if version is None else view_result(session, competition, version, ruleset_of(competition)),
        lines=[] if version is None else signature_lines(competition, version),
        approvals="" if version is None else approvals_text(competition, version),
        versions=version_lines(competition),
        gate_label="" if coming is None else label(coming),
        missing=missing_rows(competition, missing, MISSING_PAGES),
        may_compute=competition.state in (_S.DEFENCE, _S.RANKED) or (is_open and not waiting),
        may_publish=(competition.state is _S.APPROVED and not missing) or (is_open and is_approved(version)),
        is_published=competition.state.has_reached(_S.PUBLISHED),
        corrections=correction_lines(competition),
        is_correcting=is_open,
        waiting=missing_rows(competition, waiting, MISSING_PAGES),
        may_ask_correction=competition.state is _S.PUBLISHED and correction is None,
        may_take_back=correction is not None and not is_open,
        change=changes_since_published(competition, version) if version is not None and is_new else None,
        is_early=not competition.state.has_reached(_S.DEFENCE),
        compute_form=ComputeResultForm(),
    )


def is_approved(version: ResultVersion | None) -> bool:
    """Whether the authority has signed this version and nobody has published it."""
    return version is not None and version.state is ResultState.APPROVED


@bp.post("/<code>/result/versions")
@requires(Role.ORGANISER)
@writes
def compute_result(code: str) -> ResponseReturnValue:
    """Compute the next version; whatever stands in the way is said on the page of the result."""
    if ComputeResultForm().validate_on_submit():
        try:
            version = ranking.compute_result(act(), g.competition)
        except ConflictError as error:
            forget_changes()
            flash(message_of(error), "attention")
        else:
            flash(_("Đã tính bản %(number)s và ghi vào sổ ghi.", number=version.number), "success")
    return redirect(url_for("organiser.show_result", code=code))


@bp.route("/<code>/result/publication", methods=["GET", "POST"])
@requires(Role.ORGANISER)
@fresh_factor
@writes
def publish_result(code: str) -> ResponseReturnValue:
    """Say what everyone will read, then publish exactly the approved version."""
    form = PublishResultForm()
    if form.validate_on_submit():
        publication.publish_result(act(), g.competition)
        flash(_("Đã công bố. Ai cũng đọc và tính lại được."), "success")
        return redirect(url_for("organiser.show_result", code=code))
    version = find_newest_version(db.session(), g.competition.id)
    is_next = event_after(g.competition) is GateEvent.RESULT_PUBLISHED or (
        is_correcting(db.session(), g.competition) and is_approved(version)
    )
    if version is None or not is_next:
        flash(_("Bước này đã qua hoặc chưa tới."), "attention")
        return redirect(url_for("organiser.show_result", code=code))
    return render_template(
        "organiser/publish_result.html",
        form=form,
        version=version,
        view=view_result(db.session(), g.competition, version, ruleset_of(g.competition)),
        statement=STATEMENTS[GateEvent.RESULT_PUBLISHED],
        ruleset=ruleset_of(g.competition),
        change=changes_since_published(g.competition, version),
    )
