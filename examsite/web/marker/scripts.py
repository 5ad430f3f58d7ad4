"""A marker's queue and scoring page: own scripts, own marks, nothing of anybody else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import flash, g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import ConflictError, DomainError
from examsite.domain.marking import MarkState
from examsite.domain.papers import PaperItem
from examsite.domain.permissions import Role
from examsite.domain.scores import ZERO, Score, score, score_text, sum_scores
from examsite.services import marking
from examsite.storage.database import db
from examsite.storage.queries.competitions import list_competitions_of
from examsite.storage.queries.marking import BlindScript, QueueEntry, get_blind_script, list_queue
from examsite.web.access import principal, requires
from examsite.web.errors import message_of, status_of
from examsite.web.formatting import format_points, format_time_seconds
from examsite.web.forms.marking import CriterionFields, LockMarkForm, ScoringForm, scoring_form
from examsite.web.i18n import _, current_locale, localised
from examsite.web.marker import bp
from examsite.web.transactions import act, forget_changes, writes


@dataclass(frozen=True)
class QuestionSheet:
    """One question on the scoring page: its words, the answer, the criteria with their fields."""

    item: PaperItem
    number: int
    text: str
    rows: tuple[CriterionFields, ...]
    given: Score | None

    @property
    def paragraphs(self) -> list[str]:
        """The answer by paragraphs."""
        return [line for line in self.text.split("\n") if line.strip()]

    @property
    def words(self) -> int:
        """Words of the answer, by spaces."""
        return len(self.text.split())

    @property
    def maximum(self) -> Score:
        """The most that people can give."""
        return sum_scores(row.criterion.maximum for row in self.rows)

    def name_of(self, row: CriterionFields) -> str:
        """How the page numbers a criterion, e.g. 2.b."""
        return f"{self.number}.{row.criterion.criterion.rpartition('.')[2]}"


@bp.get("/")
@requires(Role.MARKER, Role.MARKING_HEAD)
def list_competitions() -> ResponseReturnValue:
    """The competitions in which the person marks or heads the marking."""
    person = principal()
    held = [] if person is None else person.roles_in(None)
    account_id = 0 if person is None else person.account_id
    found = list_competitions_of(db.session(), account_id, Role.MARKER, Role.MARKING_HEAD)
    competitions = {item.code: item for item in found}
    doors = [
        {
            "competition": competitions[item.competition_code],
            "role": item.role,
            "url": url_for(
                "marker.list_scripts" if item.role is Role.MARKER else "marker.show_gaps", code=item.competition_code
            ),
        }
        for item in held
        if item.role in (Role.MARKER, Role.MARKING_HEAD) and item.competition_code in competitions
    ]
    if len(doors) == 1:
        return redirect(str(doors[0]["url"]))
    return render_template("marker/list_competitions.html", doors=doors)


@bp.get("/<code>/scripts")
@requires(Role.MARKER)
def list_scripts(code: str) -> ResponseReturnValue:
    """The marker's own queue in the drawn order."""
    queue = list_queue(db.session(), g.competition.id, g.actor.assignment_id)
    return render_template(
        "marker/list_scripts.html",
        entries=[_queue_row(entry) for entry in queue],
        locked=sum(1 for entry in queue if _is_locked(entry)),
        next_code=_next_open(queue),
        is_open=g.competition.state is CompetitionState.MARKING,
        code=code,
    )


@bp.route("/<code>/scripts/<script>", methods=["GET", "POST"])
@requires(Role.MARKER)
@writes
def mark_script(code: str, script: str) -> ResponseReturnValue:
    """The scoring page; a POST keeps the draft, whole, or says why it cannot."""
    blind = get_blind_script(db.session(), g.competition.id, g.actor.assignment_id, script)
    form = _form_of(blind)
    if request.method == "GET":
        _show_draft(form, blind)
        return _sheet(blind, form)
    stored = {} if blind.mark is None else blind.mark.points
    valid = form.validate()
    points = form.read_points(stored)
    if not valid or form.errors:
        return _refuse(form) if _wants_json() else (_sheet(blind, form), 422)
    try:
        mark = marking.save_draft(
            act(),
            g.competition,
            script,
            revision=form.revision_number(),
            points=points,
            comments=form.read_comments(),
        )
    except DomainError as error:
        return _not_kept(error, form, script)
    if _wants_json():
        return jsonify(
            revision=mark.revision, saved=_("Nháp đã lưu lúc %(time)s", time=format_time_seconds(mark.updated_at))
        )
    if request.form.get("then") == "lock":
        return redirect(url_for("marker.lock_mark", code=code, script=script))
    flash(_("Đã lưu nháp."), "success")
    return redirect(url_for("marker.mark_script", code=code, script=script))


@bp.route("/<code>/scripts/<script>/lock", methods=["GET", "POST"])
@requires(Role.MARKER)
@writes
def lock_mark(code: str, script: str) -> ResponseReturnValue:
    """Repeat the code and the total, then lock for good."""
    form = LockMarkForm()
    here = url_for("marker.mark_script", code=code, script=script)
    if form.validate_on_submit():
        try:
            marking.lock_mark(act(), g.competition, script, revision=form.revision_number())
        except ConflictError as error:
            forget_changes()
            flash(message_of(error), "error")
            return redirect(here)
        queue = list_queue(db.session(), g.competition.id, g.actor.assignment_id)
        flash(_("Đã khóa điểm bài %(code)s.", code=script), "success")
        following = _next_open(queue)
        if following is None:
            return redirect(url_for("marker.list_scripts", code=code))
        return redirect(url_for("marker.mark_script", code=code, script=following))
    blind = get_blind_script(db.session(), g.competition.id, g.actor.assignment_id, script)
    if blind.mark is None or blind.mark.state is not MarkState.DRAFT or _missing(blind):
        flash(_("Bài %(code)s chưa khóa được: còn tiêu chí chưa chấm, hoặc điểm đã khóa.", code=script), "attention")
        return redirect(here)
    form.revision.data = str(blind.mark.revision)
    sheet = _form_of(blind)
    _show_draft(sheet, blind)
    return render_template(
        "marker/lock_mark.html",
        script=blind,
        form=form,
        questions=_questions(blind, sheet),
        total=_given(blind),
        maximum=sum_scores(criterion.maximum for criterion in blind.paper.rubric.human),
        code=code,
    )


# --- what the pages are made of --------------------------------------------------------------------------------------


def _form_of(blind: BlindScript) -> ScoringForm:
    return scoring_form(blind.paper.rubric.human)()


def _show_draft(form: ScoringForm, blind: BlindScript) -> None:
    mark = blind.mark
    form.show(
        {} if mark is None else mark.points,
        {} if mark is None else mark.comments,
        revision=0 if mark is None else mark.revision,
        comma=current_locale() == "vi",
    )


def _sheet(blind: BlindScript, form: ScoringForm, *, elsewhere: bool = False) -> str:
    queue = list_queue(db.session(), g.competition.id, g.actor.assignment_id)
    codes = [entry.code for entry in queue]
    place = codes.index(blind.code)
    mark = blind.mark
    is_open = g.competition.state is CompetitionState.MARKING and (mark is None or mark.state is MarkState.DRAFT)
    return render_template(
        "marker/mark_script.html",
        script=blind,
        form=form,
        questions=_questions(blind, form),
        queue=[_queue_row(entry) for entry in queue],
        place=place + 1,
        locked=sum(1 for entry in queue if _is_locked(entry)),
        before=codes[place - 1] if place else None,
        after=codes[place + 1] if place + 1 < len(codes) else None,
        total=_given(blind),
        maximum=sum_scores(criterion.maximum for criterion in blind.paper.rubric.human),
        missing=_missing(blind),
        is_open=is_open,
        is_elsewhere=elsewhere,
        elsewhere=_elsewhere(blind, form) if elsewhere else [],
        code=g.competition.code,
    )


def _questions(blind: BlindScript, form: ScoringForm) -> list[QuestionSheet]:
    texts = dict(blind.content)
    rows = tuple(form.rows())
    stored = {} if blind.mark is None else blind.mark.points
    sheets = []
    for number, item in enumerate(blind.paper.essays, start=1):
        own = tuple(row for row in rows if row.criterion.criterion.startswith(f"{item.item}."))
        given = [score(stored[row.criterion.criterion]) for row in own if row.criterion.criterion in stored]
        sheets.append(QuestionSheet(item, number, texts.get(item.item, ""), own, sum_scores(given) if given else None))
    return sheets


def _given(blind: BlindScript) -> Score:
    """The sum of the marker's own points so far."""
    return ZERO if blind.mark is None else sum_scores(score(points) for points in blind.mark.points.values())


def _missing(blind: BlindScript) -> list[str]:
    """Criteria without points."""
    stored = {} if blind.mark is None else blind.mark.points
    return [item.criterion for item in blind.paper.rubric.human if item.criterion not in stored]


def _elsewhere(blind: BlindScript, form: ScoringForm) -> list[tuple[str, str, str]]:
    """Where the draft that another page has saved differs from this page: what, its points, its comment."""
    mark = blind.mark
    if mark is None:
        return []
    meant = form.read_points(mark.points)
    rows = []
    for row in form.rows():
        name = row.criterion.criterion
        stored, said = mark.points.get(name, ""), str(mark.comments.get(name, ""))
        given = meant.get(name)
        same = stored == ("" if given is None else score_text(given))
        if not same or said != (row.comment.data or "").strip():
            rows.append((localised(row.criterion.text, ""), format_points(stored), said))
    whole = str(mark.comments.get("", ""))
    if whole != (form.whole.data or "").strip():
        rows.append((_("Toàn bài"), format_points(_given(blind)), whole))
    return rows


def _is_locked(entry: QueueEntry) -> bool:
    return entry.mark is not None and entry.mark.state is MarkState.LOCKED


def _queue_row(entry: QueueEntry) -> dict[str, Any]:
    mark = entry.mark
    begun = mark is not None and bool(mark.points or mark.comments)
    kind, words = ("done", _("Đã khóa")) if _is_locked(entry) else ("todo", _("Chưa chấm"))
    if begun and not _is_locked(entry):
        kind, words = "work", _("Đang chấm")
    return {
        "code": entry.code,
        "position": entry.position,
        "kind": kind,
        "words": words,
        "total": mark.total if mark is not None else None,
        "locked_at": mark.locked_at if mark is not None else None,
    }


def _next_open(queue: list[QueueEntry]) -> str | None:
    """The first script in the marker's order that is not locked."""
    return next((entry.code for entry in queue if not _is_locked(entry)), None)


# --- when a draft is not kept ----------------------------------------------------------------------------------------


def _wants_json() -> bool:
    return request.accept_mimetypes.best == "application/json"


def _refuse(form: ScoringForm) -> ResponseReturnValue:
    errors = {field.name: " ".join(map(str, field.errors)) for field in form if field.errors}
    return jsonify(error="fields", errors=errors), 422


def _not_kept(error: DomainError, form: ScoringForm, script: str) -> ResponseReturnValue:
    """The typed words stay on the page, and what another page saved stands beside them; nothing is overwritten."""
    forget_changes()
    if _wants_json():
        return jsonify(error=error.code, message=message_of(error)), status_of(error)
    blind = get_blind_script(db.session(), g.competition.id, g.actor.assignment_id, script)
    is_elsewhere = error.code == "draft_changed_elsewhere"
    form.form_errors.append(message_of(error))
    if is_elsewhere:
        form.revision.data = form.revision.raw_data = str(0 if blind.mark is None else blind.mark.revision)
    return _sheet(blind, form, elsewhere=is_elsewhere), status_of(error)
