"""Reading a proposal page by page: drawn on the server from the copy without its author, nothing is downloaded."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, g, render_template, request
from flask.typing import ResponseReturnValue

from examsite.domain.errors import NotFoundError
from examsite.domain.permissions import Role
from examsite.services import reading
from examsite.storage.database import db
from examsite.storage.queries.defence import get_defence
from examsite.storage.queries.proposals import find_locked_version
from examsite.web.access import requires
from examsite.web.downloads import send_upload
from examsite.web.forms.defence import whole_number
from examsite.web.panel import bp
from examsite.web.panel.defences import defence_values
from examsite.web.unseen_words import unseen_sentences

#: How large a page may be looked at. Unit: percent of the width of the place.
ZOOMS = (100, 125, 150, 200)


@bp.get("/<code>/defences/<int(max=9999):position>/proposal")
@requires(Role.PANELLIST, Role.PANEL_HEAD)
def read_proposal(code: str, position: int) -> ResponseReturnValue:
    """One page of the proposal, with the list of all; where no page can be drawn, the way to the file."""
    values = defence_values(code, position)
    upload, original = _locked_files(position)
    zoom = whole_number(request.args.get("zoom"))
    return render_template(
        "panel/read_proposal.html",
        **values,
        **read_page(upload, request.args.get("page")),
        zoom=zoom if zoom in ZOOMS else ZOOMS[0],
        zooms=ZOOMS,
        with_text=request.args.get("text") == "1",
        unseen=unseen_sentences(upload, original),
        kind=upload.kind,
    )


@bp.get("/<code>/defences/<int(max=9999):position>/proposal/page-<int(max=9999):number>-<int(max=9999):width>.webp")
@requires(Role.PANELLIST, Role.PANEL_HEAD)
def show_page(code: str, position: int, number: int, width: int) -> ResponseReturnValue:  # noqa: ARG001 -- the guard reads the code
    """One page as a picture."""
    upload = readable(position)
    # The picture may take seconds the first time; no transaction waits for it.
    db.session().rollback()
    return _picture(reading.draw_page(current_app.extensions["settings"], upload, number, width=width))


@bp.get("/<code>/defences/<int(max=9999):position>/proposal/picture-<int(max=9999):number>.webp")
@requires(Role.PANELLIST, Role.PANEL_HEAD)
def show_picture(code: str, position: int, number: int) -> ResponseReturnValue:  # noqa: ARG001 -- the guard reads the code
    """A picture inside a proposal whose layout is simplified."""
    upload = readable(position)
    db.session().rollback()
    return _picture(reading.draw_picture(current_app.extensions["settings"], upload, number))


@bp.get("/<code>/defences/<int(max=9999):position>/proposal/file")
@requires(Role.PANELLIST, Role.PANEL_HEAD)
def download_proposal(code: str, position: int) -> ResponseReturnValue:  # noqa: ARG001 -- the guard reads the code
    """The locked proposal as a download: the copy without its author, never the file as it was handed in."""
    return send_upload(readable(position))


def readable(position: int) -> reading.KeptFile:
    """The copy that a panel may read, free of its session.

    Raises:
        NotFoundError: `defence_not_found`; `proposal_not_found`, also when only the original exists.
    """
    return _locked_files(position)[0]


def _locked_files(position: int) -> tuple[reading.KeptFile, reading.KeptFile]:
    """The copy that a panel may read, and the file as it was handed in, of which nothing but counts may be told."""
    session = db.session()
    defence = get_defence(session, g.competition.id, position)
    version = find_locked_version(session, defence.candidacy_id)
    if version is None or version.cleaned is None:
        raise NotFoundError("proposal_not_found")
    copy, given = (
        reading.KeptFile(kept.sha256, kept.kind, kept.original_name) for kept in (version.cleaned, version.upload)
    )
    return copy, given


def read_page(upload: reading.StoredFile, wanted: str | None) -> dict[str, Any]:
    """The outline and the page asked for; both None where the file cannot be read."""
    try:
        outline = reading.read_outline(current_app.extensions["settings"], upload)
    except NotFoundError:
        return {"outline": None, "page": None, "widths": reading.PAGE_WIDTHS}
    number = min(max(whole_number(wanted), 1), len(outline.pages))
    return {"outline": outline, "page": outline.pages[number - 1], "widths": reading.PAGE_WIDTHS}


def _picture(data: bytes) -> Response:
    response = Response(data, mimetype="image/webp")
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    # Kept for the page ahead, but never shown without asking: after a log-out the answer is a refusal.
    response.headers["Cache-Control"] = "private, no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response
