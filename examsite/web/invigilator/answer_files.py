"""The last resort, carried by hand: choose the encrypted file, see what it holds but never a word of it, take it in."""

from __future__ import annotations

from datetime import datetime

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.errors import DomainError
from examsite.domain.permissions import Role
from examsite.domain.rooms import AnswerFileState
from examsite.domain.saves import FLAGS
from examsite.services import answer_files
from examsite.storage.database import db
from examsite.storage.queries.answer_files import list_answer_files
from examsite.web.access import requires
from examsite.web.errors import message_of, show_refusal
from examsite.web.formatting import format_datetime_seconds, format_item
from examsite.web.forms.answer_files import CarryAnswersForm, ConfirmAnswersForm
from examsite.web.i18n import _, ngettext
from examsite.web.invigilator import bp
from examsite.web.invigilator.sittings import own_sitting
from examsite.web.transactions import act, forget_changes, writes, writes_in_steps


@bp.route("/<code>/sittings/<sitting>/answer-files", methods=["GET", "POST"])
@requires(Role.INVIGILATOR)
@writes_in_steps
def carry_answers(code: str, sitting: str) -> ResponseReturnValue:
    """Choose a file; nothing of it is taken in yet. No lock is held while it comes over the line."""
    found = own_sitting(sitting)
    form = CarryAnswersForm()
    status = 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        try:
            token = answer_files.keep_answer_file(act(), g.competition, found, form.file.data.stream)
            answer_files.preview_answer_file(act(), g.competition, found, token)
        except DomainError as error:
            status = show_refusal(form, error, beside="file")
            found = own_sitting(sitting)
        else:
            return redirect(url_for("invigilator.confirm_answers", code=code, sitting=sitting, file_sha256=token))
        finally:
            form.file.data.close()
    page = render_template(
        "invigilator/carry_answers.html", form=form, sitting=found, files=list_answer_files(db.session(), found.id)
    )
    return page, status


@bp.route("/<code>/sittings/<sitting>/answer-files/<file_sha256>", methods=["GET", "POST"])
@requires(Role.INVIGILATOR)
@writes
def confirm_answers(code: str, sitting: str, file_sha256: str) -> ResponseReturnValue:
    """What the file holds (which items, newer or older, never a text or a length) and the one act that takes it in."""
    found = own_sitting(sitting)
    form = ConfirmAnswersForm()
    back = url_for("invigilator.carry_answers", code=code, sitting=sitting)
    try:
        if form.validate_on_submit():
            row = answer_files.import_answer_file(act(), g.competition, found, file_sha256)
            flash(_taken_in(row.state, row.new_versions), "success")
            return redirect(back)
        preview = answer_files.preview_answer_file(act(), g.competition, found, file_sha256)
    except DomainError as error:
        forget_changes()
        flash(message_of(error), "error")
        return redirect(back)
    return render_template(
        "invigilator/confirm_answers.html",
        form=form,
        sitting=found,
        preview=preview,
        saved_at=_instant(preview.saved_at),
        lines=[(format_item(line.item), line) for line in preview.lines if line.item != FLAGS],
    )


def _instant(text: str) -> str:
    """The instant that the machine stated, for people; as it stands where it is none."""
    try:
        stated = datetime.fromisoformat(text)
    except ValueError:
        return text
    return text if stated.tzinfo is None else format_datetime_seconds(stated)


def _taken_in(state: AnswerFileState, count: int) -> str:
    if not count:
        return _("Đã nhập tệp. Máy chủ đã có đủ mọi phần từ trước, bài làm không thay đổi.")
    if state is AnswerFileState.COUNTED:
        return ngettext(
            "Đã nhập tệp: thêm %(num)d lần lưu, được tính như các lần lưu khác.",
            "Đã nhập tệp: thêm %(num)d lần lưu, được tính như các lần lưu khác.",
            count,
        )
    return ngettext(
        "Đã nhập tệp: %(num)d lần lưu được giữ riêng vì đến muộn hoặc từ máy cũ. Hai người quyết định có nhận.",
        "Đã nhập tệp: %(num)d lần lưu được giữ riêng vì đến muộn hoặc từ máy cũ. Hai người quyết định có nhận.",
        count,
    )
