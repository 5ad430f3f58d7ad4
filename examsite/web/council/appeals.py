"""Appeals before the council: fresh markers are named, the talk of the heads is written down, the chair decides."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from examsite.domain.appeals import AppealState
from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import ConflictError, DomainError, InvalidError
from examsite.domain.permissions import Role
from examsite.domain.scores import parse_score
from examsite.services import remarking
from examsite.services.rulesets import ruleset_of
from examsite.storage.database import db
from examsite.storage.queries.appeals import get_appeal_standing
from examsite.storage.queries.corrections import find_correction_of, is_correcting, marking_state
from examsite.web.access import requires
from examsite.web.appeals import appeal_rows, number_words, window_of
from examsite.web.council import bp
from examsite.web.council.desk import Card, desk_card
from examsite.web.errors import message_of, show_refusal
from examsite.web.forms.appeals import AppealActForm, DecideAppealForm, NoteDialogueForm, ReplaceRemarkerForm
from examsite.web.i18n import _, ngettext
from examsite.web.labels.appeals import TAGS
from examsite.web.transactions import act, forget_changes, read_web_clock, writes


@desk_card
def waiting_appeals(competition: Any) -> Card | None:
    """Appeals on which the council has the next word, once the window is over."""
    window = window_of(competition, read_web_clock())
    if competition.state is not CompetitionState.APPEALS or window is None or window.is_open:  # of corrections: theirs
        return None
    waiting = sum(row.needs_council for row in appeal_rows(competition))
    if not waiting:
        return None
    return Card(
        title=ngettext("%(num)d đề nghị phúc khảo chờ hội đồng", "%(num)d đề nghị phúc khảo chờ hội đồng", waiting),
        text=_("Giao người chấm mới hoặc quyết định bài lệch nhiều; hạn đến hết %(until)s.", until=window.due_words),
        action=_("Xem phúc khảo"),
        url=url_for("council.list_appeals", code=competition.code),
        urgent=True,
    )


@bp.get("/<code>/appeals")
@requires(Role.CHAIR, Role.COUNCIL_MEMBER)
def list_appeals(code: str) -> ResponseReturnValue:
    """Every appeal and what it waits for."""
    return render_template(
        "council/list_appeals.html",
        rows=appeal_rows(g.competition),
        window=window_of(g.competition, read_web_clock()),
        number_words=number_words,
        tags=TAGS,
        is_correcting=is_correcting(db.session(), g.competition),
        show_url=lambda number: url_for("council.show_appeal", code=code, number=number),
    )


@bp.get("/<code>/appeals/<int(max=99999):number>")
@requires(Role.CHAIR, Role.COUNCIL_MEMBER)
def show_appeal(code: str, number: int) -> ResponseReturnValue:
    """One appeal: the reason, the settled score, who marks anew, what they gave once all that are due have locked."""
    standing = get_appeal_standing(db.session(), g.competition, number)
    state, locked = standing.appeal.state, _locked(standing)
    window = window_of(g.competition, read_web_clock())
    is_time = marking_state(db.session(), g.competition) is CompetitionState.APPEALS
    over = is_time and window is not None and not window.is_open
    return render_template(
        "council/show_appeal.html",
        standing=standing,
        appeal=standing.appeal,
        window=window,
        is_correction=find_correction_of(db.session(), g.competition, standing.appeal) is not None,
        name=number_words(number),
        tags=TAGS,
        part=ruleset_of(g.competition).blind_pair(standing.appeal.part),
        is_marked=state in (AppealState.DECIDING, AppealState.SETTLED),
        may_name=over and (state is AppealState.SUBMITTED or (state is AppealState.REMARKING and standing.needs_third)),
        may_replace=over and state is AppealState.REMARKING and len(locked) < len(standing.remarkers),
        may_note=over and state is AppealState.DECIDING and not standing.appeal.dialogue,
        may_decide=over and state is AppealState.DECIDING and bool(standing.appeal.dialogue),
        code=code,
    )


@bp.post("/<code>/appeals/<int(max=99999):number>/markers")
@requires(Role.CHAIR, Role.COUNCIL_MEMBER)
@writes
def name_remarkers(code: str, number: int) -> ResponseReturnValue:
    """Let the draw name who marks anew."""
    here = redirect(url_for("council.show_appeal", code=code, number=number))
    if not AppealActForm().validate_on_submit():
        flash(_("Chưa có gì thay đổi. Hãy bấm lại."), "error")
        return here
    try:
        named = remarking.name_remarkers(act(), g.competition, number)
    except DomainError as error:
        forget_changes()
        flash(message_of(error), "error")
        return here
    flash(
        _("Đã giao bài cho %(names)s theo kết quả bốc thăm; việc này có trong sổ ghi.", names=", ".join(named)),
        "success",
    )
    return here


@bp.route("/<code>/appeals/<int(max=99999):number>/replacement", methods=["GET", "POST"])
@requires(Role.CHAIR, Role.COUNCIL_MEMBER)
@writes
def replace_remarker(code: str, number: int) -> ResponseReturnValue:  # noqa: ARG001 - the guard has loaded the competition
    """Take the script from a re-marker who cannot go on; the draw names the next."""
    standing = get_appeal_standing(db.session(), g.competition, number)
    locked = _locked(standing)
    form = ReplaceRemarkerForm()
    names = [str(row.assignment.pseudonym) for row in standing.remarkers if row.assignment_id not in locked]
    form.marker.choices = [(name, name) for name in names]
    return _served(
        form,
        number,
        template="council/replace_remarker.html",
        do=lambda: remarking.replace_remarker(
            act(), g.competition, number, marker=form.marker.data, reason=form.reason.data or ""
        ),
        done=_("Đã thay người chấm phúc khảo theo kết quả bốc thăm."),
    )


@bp.route("/<code>/appeals/<int(max=99999):number>/dialogue", methods=["GET", "POST"])
@requires(Role.CHAIR, Role.COUNCIL_MEMBER)
@writes
def note_dialogue(code: str, number: int) -> ResponseReturnValue:  # noqa: ARG001 - the guard has loaded the competition
    """Write down the talk of the two heads; it stays as it is written."""
    form = NoteDialogueForm()
    return _served(
        form,
        number,
        template="council/note_dialogue.html",
        do=lambda: remarking.note_dialogue(act(), g.competition, number, text=form.text.data or ""),
        done=_("Đã ghi biên bản đối thoại."),
    )


@bp.route("/<code>/appeals/<int(max=99999):number>/decision", methods=["GET", "POST"])
@requires(Role.CHAIR, Role.COUNCIL_MEMBER)
@writes
def decide_appeal(code: str, number: int) -> ResponseReturnValue:  # noqa: ARG001 - the guard has loaded the competition
    """The chair sets the score with a reason; nothing is filled in beforehand, and nothing opens before it is due."""
    form = DecideAppealForm()
    if get_appeal_standing(db.session(), g.competition, number).appeal.state is not AppealState.DECIDING:
        raise ConflictError("decision_not_due_on_appeal")
    return _served(
        form,
        number,
        template="council/decide_appeal.html",
        do=lambda: remarking.decide_appeal(
            act(), g.competition, number, decided=parse_score(form.score.data or ""), reason=form.reason.data or ""
        ),
        done=_("Đã quyết định điểm phúc khảo; thí sinh đọc được ngay."),
    )


def _served(form: FlaskForm, number: int, *, template: str, do: Any, done: str) -> ResponseReturnValue:
    """A form of one act on an appeal: done and back to it, or the same page with what is wrong."""
    back = url_for("council.show_appeal", code=g.competition.code, number=number)
    status = 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        try:
            do()
        except InvalidError as error:
            is_score = error.code in _OF_SCORE and "score" in form
            show_refusal(form, error, beside="score" if is_score else _reason_of(form))
        except DomainError as error:
            status = show_refusal(form, error)
        else:
            flash(done, "success")
            return redirect(back)
    standing = get_appeal_standing(db.session(), g.competition, number)
    page = render_template(
        template,
        form=form,
        standing=standing,
        appeal=standing.appeal,
        name=number_words(number),
        part=ruleset_of(g.competition).blind_pair(standing.appeal.part),
        back_url=back,
    )
    return page, status


_OF_SCORE = ("score_out_of_range", "decision_outside_marks", "score_not_readable")


def _reason_of(form: FlaskForm) -> str:
    return "text" if "text" in form else "reason"


def _locked(standing: Any) -> set[int]:
    """Who has locked, by assignment; of a pair of which one has locked nobody learns who."""
    return {mark.assignment_id for mark in standing.remarks if mark.assignment_id is not None}
