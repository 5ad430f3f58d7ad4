"""The own proposal: hand in versions until the deadline, see every one, and learn the turn and score of the defence."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import current_app, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import DomainError, InvalidError
from examsite.domain.permissions import Role
from examsite.domain.proposals import is_open
from examsite.services.proposals import allowed_kinds, check_may_upload, upload_proposal
from examsite.services.reading import KeptFile
from examsite.services.rulesets import ruleset_of
from examsite.services.uploads import receive_proposal
from examsite.storage.database import db
from examsite.storage.queries.candidacies import get_candidacy
from examsite.storage.queries.corrections import find_proposal_terms
from examsite.storage.queries.defence import find_defence_of, find_settlement
from examsite.storage.queries.proposals import find_newest_version, get_version, list_versions
from examsite.web.access import requires
from examsite.web.candidate import add_home_topic, bp
from examsite.web.downloads import send_upload
from examsite.web.errors import show_refusal
from examsite.web.forms.proposals import UploadProposalForm
from examsite.web.i18n import _
from examsite.web.labels import label
from examsite.web.transactions import act, read_web_clock, stop_reading, write_now, writes_in_steps
from examsite.web.unseen_words import unseen_sentences

_S = CompetitionState


@bp.route("/proposal", methods=["GET", "POST"])
@requires(Role.CANDIDATE)
@writes_in_steps
def upload_version() -> ResponseReturnValue:
    """Every version handed in, and the form for the next one as long as the time runs.

    What counts is the instant at which the whole file had arrived, not when it was looked at.
    """
    arrived_at = read_web_clock()
    candidacy = _own()
    form = UploadProposalForm()
    status = 200
    if form.is_submitted():
        status = 422
        try:
            check_may_upload(replace(act(), now=arrived_at), candidacy.competition, candidacy)
            if form.validate():
                _take(form, candidacy, arrived_at)
                flash(_("Đã nhận đề án. Bản vừa nộp thay cho các bản trước, bản cũ vẫn được giữ."), "success")
                return redirect(url_for("candidate.upload_version"))
        except DomainError as error:
            status = show_refusal(form, error, beside="file" if isinstance(error, InvalidError) else "")
        candidacy = _own()
    unseen = _unseen(candidacy)
    candidacy = _own()
    values = _values(candidacy, read_web_clock())
    if not form.is_submitted() and values["versions"]:
        form.title.data = values["versions"][0].title
    page = render_template("candidate/upload_version.html", form=form, unseen=unseen, **values)
    return page, status


@bp.get("/proposal/<int(max=9999):number>")
@requires(Role.CANDIDATE)
def download_version(number: int) -> ResponseReturnValue:
    """One version of the own proposal as a download."""
    return send_upload(get_version(db.session(), g.actor.candidacy_id, number).upload)


def _take(form: UploadProposalForm, candidacy: Any, arrived_at: datetime) -> None:
    competition = candidacy.competition
    kinds = allowed_kinds(competition)
    most = most_megabytes(competition)
    candidacy_id = candidacy.id
    stop_reading()
    received = receive_proposal(
        current_app.extensions["settings"].uploads_path,
        form.file.data.stream,
        form.file.data.filename or "",
        allowed_kinds=kinds,
        max_megabytes=most,
    )
    with write_now() as ctx:
        own = get_candidacy(db.session(), candidacy_id)
        upload_proposal(replace(ctx, now=arrived_at), own, received, title=form.title.data)


def _unseen(candidacy: Any) -> list[str]:
    """What nobody sees on the paper of the newest version; no transaction waits while it is looked at."""
    newest = find_newest_version(db.session(), candidacy.id)
    if newest is None or newest.cleaned is None:
        return []
    copy, given = (KeptFile(kept.sha256, kept.kind, kept.original_name) for kept in (newest.cleaned, newest.upload))
    db.session().rollback()
    return unseen_sentences(copy, given)


def most_megabytes(competition: Any) -> int:
    """The size that is taken: the rule set's, unless the installation takes less. Unit: megabytes."""
    installed: int = current_app.extensions["settings"].upload_limit_megabytes
    return min(ruleset_of(competition).proposal_max_megabytes, installed)


def _own() -> Any:
    candidacy = get_candidacy(db.session(), g.actor.candidacy_id)
    g.competition = candidacy.competition
    return candidacy


def _values(candidacy: Any, now: datetime) -> dict[str, Any]:
    competition = candidacy.competition
    terms = find_proposal_terms(db.session(), competition, candidacy)
    return {
        "candidacy": candidacy,
        "versions": list_versions(db.session(), candidacy.id),
        "passed": terms.is_called,
        "is_open": terms.is_called and is_open(terms.step, terms.closes_at, now),
        "is_before": not competition.state.has_reached(_S.PROPOSALS),
        "closes_at": terms.closes_at,
        "defence_at": terms.defence_at,
        "is_supplementary": terms.is_supplementary,
        "kinds": [label(kind) for kind in allowed_kinds(competition)],
        "accept": ",".join(f".{kind.value}" for kind in allowed_kinds(competition)),
        "most_megabytes": most_megabytes(competition),
        "ruleset": ruleset_of(competition),
    }


def _read_proposal(candidacy: Any, now: datetime) -> dict[str, Any] | None:
    """The card at home: only for who passed, from the day on which written results were told."""
    competition = candidacy.competition
    if not competition.state.has_reached(_S.APPEALS):
        return None
    values = _values(candidacy, now)
    if not values["passed"]:
        return None
    defence = find_defence_of(db.session(), candidacy.id)
    # The score of a supplementary defence is told with the version that counts it.
    told = competition.state.has_reached(_S.PUBLISHED) and not values["is_supplementary"]
    return {
        "is_before": values["is_before"],
        "is_open": values["is_open"],
        "closes_at": values["closes_at"],
        "last": values["versions"][0] if values["versions"] else None,
        "position": defence.position if defence is not None else None,
        "defence_at": values["defence_at"],
        "is_supplementary": values["is_supplementary"],
        "minutes": values["ruleset"].presentation_minutes,
        "questions_minutes": values["ruleset"].questions_minutes,
        "score": defence.score if told and defence is not None else None,
        "decision": find_settlement(db.session(), defence.id) if told and defence is not None else None,
    }


add_home_topic("proposal", order=20, read=_read_proposal)
