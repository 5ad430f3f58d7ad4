"""The own dossier: what the rule set asks for, what is there, one file at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import current_app, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.competitions import CompetitionState
from examsite.domain.dossiers import CandidacyState, UploadKind
from examsite.domain.errors import DomainError, InvalidError, NotFoundError
from examsite.domain.permissions import Role
from examsite.services import candidacies
from examsite.services.rulesets import ruleset_of
from examsite.services.uploads import receive_file
from examsite.storage.database import db
from examsite.storage.queries.candidacies import get_candidacy, get_dossier_file
from examsite.web.access import requires
from examsite.web.candidate import bp
from examsite.web.downloads import send_upload
from examsite.web.errors import message_of, show_refusal
from examsite.web.forms.candidacies import AddDossierItemForm, SubmitApplicationForm
from examsite.web.i18n import _, localised
from examsite.web.transactions import read_web_clock, stop_reading, write_now, writes_in_steps

#: Largest file of a dossier. Unit: megabytes. The installation may set less.
MOST_MEGABYTES = 20

KINDS = (UploadKind.PDF, UploadKind.DOCX, UploadKind.PNG, UploadKind.JPEG)


@dataclass(frozen=True)
class ChecklistLine:
    """One item of the checklist with its newest file, if there is one."""

    code: str
    text: str
    file: Any
    older: int


@bp.get("/dossier")
@requires(Role.CANDIDATE)
def show_dossier() -> ResponseReturnValue:
    """The checklist with what is there."""
    return _page()


@bp.route("/dossier/<item>", methods=["GET", "POST"])
@requires(Role.CANDIDATE)
@writes_in_steps
def add_dossier_item(item: str) -> ResponseReturnValue:
    """Put a file into the dossier; the file is looked at before any transaction is opened."""
    candidacy = _candidacy()
    line = next((known for known in checklist_lines(candidacy) if known.code == item), None)
    if line is None:
        raise NotFoundError("dossier_item_unknown")
    form = AddDossierItemForm()
    if form.validate_on_submit():
        settings = current_app.extensions["settings"]
        stop_reading()
        try:
            received = receive_file(
                settings.uploads_path,
                form.file.data.stream,
                form.file.data.filename or "",
                allowed_kinds=KINDS,
                max_megabytes=_most_megabytes(),
            )
            with write_now() as ctx:
                candidacies.add_dossier_item(ctx, g.actor.candidacy_id, item, received)
        except InvalidError as error:
            show_refusal(form, error, beside="file")
        except DomainError as error:
            flash(message_of(error), "error")
            return redirect(url_for("candidate.show_dossier"))
        else:
            flash(_("Đã nhận tệp: %(name)s", name=received.original_name), "success")
            return redirect(url_for("candidate.show_dossier"))
        finally:
            form.file.data.close()
        candidacy = _candidacy()
    page = render_template(
        "candidate/add_dossier_item.html", form=form, line=line, candidacy=candidacy, most_megabytes=_most_megabytes()
    )
    return page, 422 if form.is_submitted() else 200


@bp.get("/dossier/files/<int(max=2147483647):item_id>")
@requires(Role.CANDIDATE)
def download_dossier_file(item_id: int) -> ResponseReturnValue:
    """One file of the own dossier."""
    return send_upload(get_dossier_file(db.session(), g.actor.candidacy_id, item_id))


def checklist_lines(candidacy: Any) -> list[ChecklistLine]:
    """The checklist of the rule set with the newest file of each item."""
    lines = []
    for known in ruleset_of(candidacy.competition).dossier_checklist:
        files = [item for item in candidacy.items if item.item == known.code]
        text = localised(known.text, "")
        lines.append(ChecklistLine(known.code, text, files[-1] if files else None, max(0, len(files) - 1)))
    return lines


def is_open_for_files(candidacy: Any) -> bool:
    """Whether the dossier may still be changed."""
    closes_at = candidacy.competition.applications_close_at
    in_time = closes_at is None or read_web_clock() < closes_at
    receiving = candidacy.competition.state is CompetitionState.RECEIVING
    return in_time and receiving and candidacy.state is CandidacyState.DRAFT


def _page() -> str:
    candidacy = _candidacy()
    lines = checklist_lines(candidacy)
    return render_template(
        "candidate/show_dossier.html",
        candidacy=candidacy,
        lines=lines,
        missing=sum(1 for line in lines if line.file is None),
        is_open=is_open_for_files(candidacy),
        form=SubmitApplicationForm(),
    )


def _candidacy() -> Any:
    candidacy = get_candidacy(db.session(), g.actor.candidacy_id)
    g.competition = candidacy.competition
    return candidacy


def _most_megabytes() -> int:
    return min(MOST_MEGABYTES, current_app.extensions["settings"].upload_limit_megabytes)
