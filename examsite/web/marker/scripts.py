"""A marker's queue and scoring page: own scripts, own marks, nothing of anybody else."""

from __future__ import annotations

from typing import Any

from flask import flash, g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.appeals import is_marking_time, is_remark
from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import ConflictError, DomainError
from examsite.domain.marker_pace import progress_of
from examsite.domain.marking import MarkState
from examsite.domain.permissions import Role
from examsite.services import marking
from examsite.services.rulesets import ruleset_of
from examsite.storage.database import db
from examsite.storage.queries.competitions import list_competitions_of
from examsite.storage.queries.corrections import marking_state
from examsite.storage.queries.marking_notes import (
    list_notes,
    list_own_flags,
    list_own_spans,
    list_saved_comments,
)
from examsite.storage.queries.queues import (
    QUEUED,
    BlindScript,
    QueueEntry,
    blind_script_of,
    get_blind_script,
    list_queue,
    list_reopened,
)
from examsite.web.access import principal, requires
from examsite.web.errors import message_of, show_refusal, wants_json
from examsite.web.formatting import format_time_seconds
from examsite.web.forms.marking import LockMarkForm, ScoringForm, scoring_form
from examsite.web.i18n import _, current_locale
from examsite.web.labels import shown_number
from examsite.web.marker import bp
from examsite.web.marker.practice import keep_from_queue
from examsite.web.marker.sheets import (
    criterion_names,
    differences,
    given_in,
    maximum_of,
    missing_in,
    note_data,
    questions_of,
)
from examsite.web.marker.walks import chosen_way, keep_way, kind_of, next_step, step_url, walk_of
from examsite.web.transactions import act, ask_role_again, beside_others, forget_changes, writes


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
@beside_others
def list_scripts(code: str) -> ResponseReturnValue:
    """The marker's own queue in the drawn order."""
    kept = keep_from_queue()
    if kept is not None:
        return kept
    queue = list_queue(db.session(), g.competition.id, g.actor.assignment_id)
    spans, allocated = list_own_spans(db.session(), g.competition.id, g.actor.assignment_id)
    following = next_step(queue) if queue else None
    return keep_way(
        render_template(
            "marker/list_scripts.html",
            entries=[_queue_row(entry) for entry in queue],
            progress=progress_of(spans, allocated=allocated),
            following=following,
            following_url=None if following is None else step_url(following),
            reopened=[
                (entry.code, ", ".join(map(shown_number, entry.criteria)))
                for entry in list_reopened(db.session(), g.competition.id, g.actor.assignment_id)
            ],
            by=chosen_way(),
            is_open=marking_state(db.session(), g.competition) in (CompetitionState.MARKING, CompetitionState.APPEALS),
            code=code,
        )
    )


@bp.route("/<code>/scripts/<script>", methods=["GET", "POST"])
@requires(Role.MARKER)
@writes
@beside_others
def mark_script(code: str, script: str) -> ResponseReturnValue:
    """The scoring page; a POST keeps of the draft what is valid and names the rest, or says why it keeps nothing."""
    if request.method == "GET":
        blind = get_blind_script(db.session(), g.competition.id, g.actor.assignment_id, script)
        kept = keep_from_queue(blind)
        if kept is not None:
            return kept
        form = _form_of(blind)
        _show_draft(form, blind)
        return keep_way(_sheet(blind, form))
    taken = marking.take_draft(act(), g.competition, script)
    form = scoring_form(taken.paper.rubric.human)()
    form.validate()
    stored = taken.mark
    points = form.read_points({} if stored is None else stored.points)
    comments = form.read_comments({} if stored is None else stored.comments)
    if form.is_foreign():
        if wants_json():
            return _refuse(form)
        return _sheet(blind_script_of(taken.allocation, taken.mark, taken.changes), form), 422
    unsaved = form.unsaved()
    try:
        mark = marking.save_draft(
            act(),
            g.competition,
            script,
            revision=form.revision_number(),
            points=points,
            comments=comments,
            taken=taken,
            rubric=form.rubric_number(),
        )
    except DomainError as error:
        return _not_kept(error, form, script)
    if wants_json():
        return _kept(mark, form)
    if unsaved:
        # A good answer, so that what is valid stays; the page names what is not saved and shows it as it was typed.
        form.revision.data = form.revision.raw_data = str(mark.revision)
        return _sheet(blind_script_of(taken.allocation, mark, taken.changes), form)
    if request.form.get("then") == "lock":
        return redirect(url_for("marker.lock_mark", code=code, script=script))
    flash(_("Đã lưu nháp."), "success")
    return redirect(url_for("marker.mark_script", code=code, script=script, question=request.args.get("question")))


@bp.route("/<code>/scripts/<script>/lock", methods=["GET", "POST"])
@requires(Role.MARKER)
@writes
@beside_others
def lock_mark(code: str, script: str) -> ResponseReturnValue:
    """Repeat the code and the total, then lock for good."""
    form = LockMarkForm()
    here = url_for("marker.mark_script", code=code, script=script)
    if form.validate_on_submit():
        ask_role_again()
        try:
            marking.lock_mark(
                act(), g.competition, script, revision=form.revision_number(), rubric=form.rubric_number()
            )
        except ConflictError as error:
            forget_changes()
            flash(message_of(error), "error")
            return redirect(here)
        flash(_("Đã khóa điểm bài %(code)s.", code=script), "success")
        queue = list_queue(db.session(), g.competition.id, g.actor.assignment_id)
        if script not in {entry.code for entry in queue}:
            return redirect(url_for("marker.mark_standard", code=code, standard=script))
        following = next_step(queue, after=script)
        if following is None:
            return redirect(url_for("marker.list_scripts", code=code))
        return redirect(step_url(following))
    blind = get_blind_script(db.session(), g.competition.id, g.actor.assignment_id, script)
    kept = keep_from_queue(blind)
    if kept is not None:
        return kept
    if blind.mark is None or blind.mark.state is not MarkState.DRAFT or missing_in(blind):
        flash(_("Bài %(code)s chưa khóa được: còn tiêu chí chưa chấm, hoặc điểm đã khóa.", code=script), "attention")
        return redirect(here)
    form.revision.data = str(blind.mark.revision)
    form.rubric.data = str(blind.rubric)
    sheet = _form_of(blind)
    _show_draft(sheet, blind)
    return render_template(
        "marker/lock_mark.html",
        script=blind,
        form=form,
        questions=questions_of(blind, sheet),
        total=given_in(blind),
        maximum=maximum_of(blind),
        code=code,
    )


# --- what the pages are made of --------------------------------------------------------------------------------------


def _form_of(blind: BlindScript) -> ScoringForm:
    return scoring_form(blind.paper.rubric.human)()


def _show_draft(form: ScoringForm, blind: BlindScript) -> None:
    mark = blind.mark
    form.rubric.data = str(blind.rubric)
    form.show(
        {} if mark is None else mark.points,
        {} if mark is None else mark.comments,
        revision=0 if mark is None else mark.revision,
        comma=current_locale() == "vi",
    )


def _sheet(blind: BlindScript, form: ScoringForm, *, elsewhere: bool = False) -> str:
    session, competition_id, own = db.session(), g.competition.id, g.actor.assignment_id
    queue = list_queue(session, competition_id, own, kinds=QUEUED if blind.kind is None else (blind.kind,))
    walk = walk_of(queue, blind, item=request.args.get("question", ""))
    mark = blind.mark
    in_time = is_marking_time(marking_state(session, g.competition), blind.round)
    is_open = in_time and (mark is None or mark.state is MarkState.DRAFT)
    questions = questions_of(blind, form)
    notes = [note_data(note, blind) for note in list_notes(session, competition_id, own, blind.code)]
    return render_template(
        "marker/mark_script.html",
        script=blind,
        form=form,
        questions=questions,
        names=criterion_names(questions),
        unsaved=_unsaved_names(form),
        notes=notes,
        comments=list_saved_comments(session, own) if is_open else [],
        flags=list_own_flags(session, competition_id, own, blind.code),
        walk=walk,
        number=next((sheet.number for sheet in questions if sheet.item.item == walk.here.item), None),
        queue_size=len(queue),
        locked=sum(1 for entry in queue if entry.is_locked),
        before=None if walk.before is None else step_url(walk.before),
        after=None if walk.after is None else step_url(walk.after),
        total=given_in(blind),
        maximum=maximum_of(blind),
        missing=missing_in(blind),
        is_open=is_open,
        is_remark=is_remark(blind.round),
        comments_are_opened=ruleset_of(g.competition).own_comments,
        is_dark=request.cookies.get("marking_theme") == "dark",
        is_elsewhere=elsewhere,
        elsewhere=differences(blind, form) if elsewhere else [],
        code=g.competition.code,
    )


def _queue_row(entry: QueueEntry) -> dict[str, Any]:
    kind = kind_of(entry)
    words = {"done": _("Đã khóa"), "work": _("Đang chấm"), "todo": _("Chưa chấm")}
    return {
        "code": entry.code,
        "position": entry.position,
        "kind": kind,
        "words": words[kind],
        "total": entry.total,
        "locked_at": entry.locked_at,
    }


# --- when a draft is not kept ----------------------------------------------------------------------------------------


def _kept(mark: Any, form: ScoringForm) -> ResponseReturnValue:
    """What was saved, and of every criterion that was not, why."""
    time, names = format_time_seconds(mark.updated_at), _unsaved_names(form)
    saved = _("Nháp đã lưu lúc %(time)s", time=time)
    if names:
        saved = _("Chưa lưu %(names)s; các chỗ khác đã lưu lúc %(time)s", names=names, time=time)
    return jsonify(revision=mark.revision, saved=saved, errors=_errors_of(form))


def _unsaved_names(form: ScoringForm) -> str:
    """The criteria that were not saved, as pages number them."""
    return ", ".join(shown_number(name) if name else _("nhận xét toàn bài") for name in form.unsaved())


def _errors_of(form: ScoringForm) -> dict[str, str]:
    return {field.name: " ".join(map(str, field.errors)) for field in form if field.errors}


def _refuse(form: ScoringForm) -> ResponseReturnValue:
    return jsonify(error="fields", errors=_errors_of(form)), 422


def _not_kept(error: DomainError, form: ScoringForm, script: str) -> ResponseReturnValue:
    """The typed words stay on the page, and what another page saved stands beside them; nothing is overwritten."""
    status = show_refusal(form, error)
    if wants_json():
        return jsonify(error=error.code, message=message_of(error)), status
    blind = get_blind_script(db.session(), g.competition.id, g.actor.assignment_id, script)
    is_elsewhere = error.code in ("draft_changed_elsewhere", "rubric_changed")
    if error.code == "rubric_changed":
        form.rubric.data = form.rubric.raw_data = str(blind.rubric)
        form.choose_anew(str(error.params["criterion"]).split(", "))
    if is_elsewhere:
        form.revision.data = form.revision.raw_data = str(0 if blind.mark is None else blind.mark.revision)
    return _sheet(blind, form, elsewhere=is_elsewhere), status
