"""The versions of a post's paper: drawn, read, sealed. A sealed version shows its hash and its time, nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.errors import ConflictError, InvalidError
from examsite.domain.papers import VERSION_LETTERS, PaperState, paper_from_data
from examsite.domain.permissions import Role
from examsite.domain.questions import QuestionKind
from examsite.domain.rulesets import ruleset_from_toml
from examsite.domain.sealed_papers import MAX_AGE_BYTES, MAX_MANIFEST_BYTES
from examsite.services import papers, sealed_papers
from examsite.storage.database import db
from examsite.storage.queries.competitions import get_post
from examsite.storage.queries.papers import get_paper, list_papers_of_post
from examsite.web.access import requires
from examsite.web.errors import show_refusal
from examsite.web.forms.papers import DrawPapersForm, SealFilesForm, SealPapersForm
from examsite.web.i18n import _, ngettext
from examsite.web.setter import bp
from examsite.web.transactions import act, writes

if TYPE_CHECKING:
    from examsite.storage.models.papers import Paper


@bp.get("/<code>/posts/<post>/papers")
@requires(Role.SETTER)
def show_papers(code: str, post: str) -> ResponseReturnValue:
    """The versions of a post with their hashes, and what may be done with them."""
    row = get_post(db.session(), g.competition.id, post)
    versions = list_papers_of_post(db.session(), row.id)
    return render_template(
        "setter/show_papers.html",
        post=row,
        versions=versions,
        drawn=[item for item in versions if item.state is PaperState.DRAWN],
        is_drawable=papers.is_drawable(g.competition.state),
        is_secret=_is_secret,
        ruleset=ruleset_from_toml(g.competition.ruleset_toml),
        code=code,
    )


@bp.route("/<code>/posts/<post>/papers/draw", methods=["GET", "POST"])
@requires(Role.SETTER)
@writes
def draw_papers(code: str, post: str) -> ResponseReturnValue:
    """Draw all versions of a post; versions drawn before are discarded."""
    row = get_post(db.session(), g.competition.id, post)
    form = DrawPapersForm()
    if form.validate_on_submit():
        made = papers.draw_papers(act(), g.competition, row)
        text = ngettext("Đã lập %(num)d phiên bản đề.", "Đã lập %(num)d phiên bản đề.", len(made))
        flash(text, "success")
        return redirect(url_for("setter.show_papers", code=code, post=post))
    page = render_template(
        "setter/draw_papers.html",
        post=row,
        form=form,
        drawn=[item for item in list_papers_of_post(db.session(), row.id) if item.state is PaperState.DRAWN],
        ruleset=ruleset_from_toml(g.competition.ruleset_toml),
    )
    return page, 422 if request.method == "POST" else 200


@bp.route("/<code>/posts/<post>/papers/seal", methods=["GET", "POST"])
@requires(Role.SETTER)
@writes
def seal_papers(code: str, post: str) -> ResponseReturnValue:
    """Seal exactly the versions whose hashes stand on the page."""
    row = get_post(db.session(), g.competition.id, post)
    form = SealPapersForm()
    if form.validate_on_submit():
        papers.seal_papers(act(), g.competition, row, seen=form.hashes())
        flash(_("Đã niêm phong đề của chức danh %(post)s. Từ đây không ai xem được nội dung.", post=post), "success")
        return redirect(url_for("setter.show_papers", code=code, post=post))
    drawn = [item for item in list_papers_of_post(db.session(), row.id) if item.state is PaperState.DRAWN]
    if not drawn:
        raise ConflictError("no_papers_to_seal", post=post)
    form.seen.data = " ".join(item.paper_sha256 for item in drawn)
    page = render_template("setter/seal_papers.html", post=row, form=form, drawn=drawn)
    return page, 422 if request.method == "POST" else 200


@bp.get("/<code>/posts/<post>/papers/plan")
@requires(Role.SETTER)
def download_plan(code: str, post: str) -> ResponseReturnValue:
    """What the setters' own machine needs to draw and seal the versions of a post; no question is in it."""
    row = get_post(db.session(), g.competition.id, post)
    response = Response(sealed_papers.plan_of_post(act(), g.competition, row), mimetype="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="ke-hoach-de-{code}-{row.code}.json"'
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.route("/<code>/posts/<post>/papers/files", methods=["GET", "POST"])
@requires(Role.SETTER)
@writes
def seal_files(code: str, post: str) -> ResponseReturnValue:
    """Take in the manifest and the sealed versions that the setters' own machine wrote."""
    row = get_post(db.session(), g.competition.id, post)
    form = SealFilesForm()
    status = 422 if request.method == "POST" else 200
    if form.validate_on_submit():
        try:
            made = sealed_papers.seal_files(
                act(),
                g.competition,
                row,
                manifest=form.manifest.data.read(MAX_MANIFEST_BYTES + 1),
                files=[
                    (str(file.filename or "")[:80], file.read(MAX_AGE_BYTES + 1))
                    for file in form.files.data[: len(VERSION_LETTERS)]
                ],
            )
        except InvalidError as error:
            status = show_refusal(form, error, beside="files")
            row = get_post(db.session(), g.competition.id, post)
        else:
            text = ngettext(
                "Đã nhận và niêm phong %(num)d tệp đề. Không ai đọc được cho đến khi những người giữ tờ khóa cùng mở.",
                "Đã nhận và niêm phong %(num)d tệp đề. Không ai đọc được cho đến khi những người giữ tờ khóa cùng mở.",
                len(made),
            )
            flash(text, "success")
            return redirect(url_for("setter.show_papers", code=code, post=post))
    elif request.method == "GET":
        papers.check_drawable(g.competition)
        if any(_is_secret(item) for item in list_papers_of_post(db.session(), row.id)):
            raise ConflictError("papers_already_sealed", post=post)
    ruleset = ruleset_from_toml(g.competition.ruleset_toml)
    return render_template("setter/seal_files.html", post=row, form=form, ruleset=ruleset, code=code), status


@bp.get("/<code>/papers/<paper>")
@requires(Role.SETTER)
def show_paper(code: str, paper: str) -> ResponseReturnValue:  # noqa: ARG001 -- part of the address
    """A version as the candidate would read it, until it is sealed."""
    return _show(paper, "setter/show_paper.html")


@bp.get("/<code>/papers/<paper>/key")
@requires(Role.SETTER)
def show_paper_key(code: str, paper: str) -> ResponseReturnValue:  # noqa: ARG001 -- part of the address
    """Answer key and rubric of a version, until it is sealed."""
    return _show(paper, "setter/show_paper_key.html")


def _show(code: str, template: str) -> ResponseReturnValue:
    row = get_paper(db.session(), g.competition.id, code)
    if _is_secret(row):
        return render_template("setter/show_sealed_paper.html", paper=row), 403
    content = paper_from_data(row.data)
    maximum = sum((item.points for item in content.items), start=content.items[0].points * 0)
    return render_template(template, paper=row, content=content, maximum=maximum, kinds=QuestionKind)


def _is_secret(row: Paper) -> bool:
    """Whether the text is closed to setters too: from the sealing on nobody reads a paper alone."""
    return row.state is not PaperState.DRAWN
