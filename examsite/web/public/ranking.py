"""The published ranking, every total opening down to its marks; the signed file; the signed state of the log.

Nothing here calls a result verified: that is for a program on the reader's own machine, and the page says how.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response, abort, current_app, render_template
from flask.typing import ResponseReturnValue

from examsite.domain.bundles import Audience, is_document_public
from examsite.domain.canonical import sha256_hex
from examsite.domain.errors import ConflictError
from examsite.domain.publication import Decision
from examsite.services.bundles import keep_bundle
from examsite.services.checkpoints import origin_of
from examsite.services.rulesets import ruleset_of
from examsite.storage.database import db
from examsite.storage.queries.competitions import get_public_competition
from examsite.storage.queries.corrections import find_supplementary_defence
from examsite.storage.queries.records import find_last_checkpoint
from examsite.storage.queries.results import COUNCIL, get_published_version, get_result_version
from examsite.web.access import public
from examsite.web.corrections import opened_at, published_changes
from examsite.web.downloads import send_bundle
from examsite.web.findings import public_sentences
from examsite.web.i18n import _
from examsite.web.labels import label
from examsite.web.public import bp
from examsite.web.result_signing import SignatureLine
from examsite.web.results import public_result, view_result

if TYPE_CHECKING:
    from examsite.storage.models.competitions import Competition
    from examsite.storage.models.ranking import ResultVersion


@bp.get("/competitions/<code>/ranking")
@public
def show_ranking(code: str) -> ResponseReturnValue:
    """The ranking of every post with signatures, hash, and how to recompute it."""
    session = db.session()
    competition, version = _published(code)
    ruleset = ruleset_of(competition)
    view = public_result(view_result(session, competition, version, ruleset), ruleset)
    lines = _signatures(version)
    signed_at = max((line.signed_at for line in lines if line.signed_at), default=version.computed_at)
    signer = current_app.extensions["signer"]
    return render_template(
        "public/show_ranking.html",
        shown=competition,
        version=version,
        changes=published_changes(competition),
        open_since=opened_at(competition),
        called=find_supplementary_defence(session, competition),
        view=view,
        stability={post.code: public_sentences(version, ruleset, post.code) for post in view.posts},
        ruleset=ruleset,
        document_public=is_document_public(ruleset),
        lines=lines,
        signed=sum(1 for line in lines if line.state == "signed"),
        signed_at=signed_at,
        checkpoint=find_last_checkpoint(session, code),
        log_origin=origin_of(signer.host_name, code),
        log_key=signer.public_key.hex(),
    )


@bp.get("/competitions/<code>/ranking/<public_code>")
@public
def show_ranked_candidate(code: str, public_code: str) -> ResponseReturnValue:
    """One candidate's line, open down to the criteria; closed lines have no page."""
    competition, version = _published(code)
    ruleset = ruleset_of(competition)
    view = public_result(view_result(db.session(), competition, version, ruleset), ruleset)
    row = view.find_row(public_code)
    if row is None or not row.is_open:
        abort(404)
    post = next(post for post in view.posts if post.code == row.post)
    return render_template(
        "public/show_ranked_candidate.html",
        shown=competition,
        version=version,
        view=view,
        row=row,
        post=post,
        group=next(group for group in post.groups if row in group.rows),
        ruleset=ruleset,
    )


@bp.get("/competitions/<code>/result.json")
@public
def download_result(code: str) -> ResponseReturnValue:
    """Exactly the bytes whose SHA-256 was signed; not there where the rule set closes the scores of the others."""
    competition, version = _published(code)
    if not is_document_public(ruleset_of(competition)):
        abort(404)
    data = version.document.encode("utf-8")
    if sha256_hex(data) != version.sha256:
        raise ConflictError("result_damaged")
    response = Response(data, mimetype="application/json")
    response.headers["Content-Disposition"] = 'attachment; filename="result.json"'
    return response


@bp.get("/competitions/<code>/bundle.zip")
@public
def download_bundle(code: str) -> ResponseReturnValue:
    """Everything that recomputing the result needs, in one file; not there where the rule set closes the scores."""
    competition, version = _published(code)
    folder = current_app.extensions["settings"].bundles_path
    path = keep_bundle(db.session(), competition, Audience.PUBLIC, folder)
    return send_bundle(path, name=f"{competition.code}-{version.number}.zip", is_public=True)


@bp.get("/competitions/<code>/ranking/versions")
@public
def list_versions(code: str) -> ResponseReturnValue:
    """Every published version: when, why, and each figure that is another one since."""
    competition, _version = _published(code)
    return render_template(
        "public/list_versions.html",
        shown=competition,
        changes=published_changes(competition),
        document_public=is_document_public(ruleset_of(competition)),
        open_since=opened_at(competition),
    )


@bp.get("/competitions/<code>/bundle-<int(max=2147483647):number>.zip")
@public
def download_older_bundle(code: str, number: int) -> ResponseReturnValue:
    """The bundle of one published version, for whoever follows the chain of versions back."""
    competition, _version = _published(code)
    folder = current_app.extensions["settings"].bundles_path
    version = get_result_version(db.session(), competition.id, number)
    path = keep_bundle(db.session(), competition, Audience.PUBLIC, folder, version=version)
    return send_bundle(path, name=f"{competition.code}-{number}.zip", is_public=True)


def _published(code: str) -> tuple[Competition, ResultVersion]:
    """The competition and its published version; before the publication neither address exists."""
    session = db.session()
    competition = get_public_competition(session, code)
    return competition, get_published_version(session, competition.id)


def _signatures(version: ResultVersion) -> list[SignatureLine]:
    """Who signed the published version, in the order in which they signed; refusals are not hidden."""
    return [
        SignatureLine(
            name=item.assignment.account.display_name,
            role=item.assignment.account.position_title or label(item.assignment.role),
            state="refused" if item.decision is Decision.REFUSED else "signed",
            signed_at=item.signed_at,
            note=_("Lý do: %(reason)s", reason=item.reason) if item.reason else "",
            of_council=item.assignment.role in COUNCIL,
        )
        for item in version.signatures
    ]
