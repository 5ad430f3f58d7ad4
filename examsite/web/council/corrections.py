"""The council's answer to whoever says that the published result is wrong."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.corrections import CorrectionState
from examsite.domain.errors import ConflictError, InvalidError, NotAllowedError
from examsite.domain.permissions import Role
from examsite.services import corrections
from examsite.storage.database import db
from examsite.storage.queries.appeals import list_appeals
from examsite.storage.queries.corrections import find_standing_correction, list_missing_in_correction
from examsite.storage.queries.results import find_newest_version
from examsite.web.access import fresh_factor, requires
from examsite.web.corrections import correction_lines
from examsite.web.council import bp
from examsite.web.council.desk import Card, desk_card
from examsite.web.errors import show_refusal
from examsite.web.forms.corrections import DecideCorrectionForm
from examsite.web.i18n import _, _l
from examsite.web.labels.ranking import TAGS as VERSION_TAGS
from examsite.web.transactions import act, writes

#: What the council owes a correction before the next version: title, words, act and page.
_OWED = {
    "correction_not_marked": (
        _l("Bài chấm lại theo quyết định sửa kết quả"),
        _l("Giao người chấm mới theo bốc thăm, hoặc quyết định bài lệch nhiều."),
        _l("Xem các bài"),
        "council.list_appeals",
    ),
    "order_not_drawn": (
        _l("Bốc thăm thứ tự bảo vệ bổ sung"),
        _l("Đề án của người mới đạt phần thi viết đã khóa. Chủ tịch bốc thăm, kể cả khi chỉ có một người."),
        _l("Tới trang bốc thăm"),
        "council.show_presentation_order",
    ),
}


@desk_card
def standing_correction(competition: Any) -> Card | None:
    """What a correction waits for, where the council has the next word."""
    found = find_standing_correction(db.session(), competition)
    if found is None:
        return None
    if found.state is CorrectionState.ASKED:
        return Card(
            title=_("Đề nghị sửa kết quả đã công bố"),
            text=_("Thư ký nêu lý do và bài phải chấm lại; cần hội đồng đồng ý. Kết quả đang công bố vẫn giữ nguyên."),
            action=_("Đọc đề nghị"),
            url=url_for("council.decide_correction", code=competition.code),
            urgent=True,
        )
    missing = list_missing_in_correction(db.session(), competition)
    if missing:
        if missing[0].code not in _OWED:
            return None
        title, text, action, endpoint = _OWED[missing[0].code]
        return Card(str(title), str(text), str(action), url_for(endpoint, code=competition.code), urgent=True)
    version = find_newest_version(db.session(), competition.id)
    if version is None or VERSION_TAGS[version.state] not in ("open", "work"):
        return None
    return Card(
        title=_("Ký bản sửa của kết quả"),
        text=_("Đọc chỗ khác bản đã công bố rồi mới ký; không có gì được chọn sẵn."),
        action=_("Đọc văn bản"),
        url=url_for("council.sign_result", code=competition.code),
        urgent=True,
    )


@bp.route("/<code>/result/correction", methods=["GET", "POST"])
@requires(Role.CHAIR, Role.COUNCIL_MEMBER)
@fresh_factor
@writes
def decide_correction(code: str) -> ResponseReturnValue:
    """Read why and whose scripts, then agree or refuse with a reason; nothing is preselected."""
    form = DecideCorrectionForm()
    status = 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        agreed = form.answer.data == "agree"
        try:
            corrections.decide_correction(
                act(), g.competition, asked_seq=form.asked_seq.data or 0, agreed=agreed, reason=form.reason.data or ""
            )
        except (ConflictError, InvalidError, NotAllowedError) as error:
            status = show_refusal(form, error, beside="answer")
        else:
            if agreed:
                flash(_("Đã ghi. Nay giao người chấm mới cho từng bài."), "success")
                return redirect(url_for("council.list_appeals", code=code))
            flash(_("Đã ghi câu trả lời. Kết quả đã công bố giữ nguyên."), "success")
            return redirect(url_for("council.show_desk", code=code))
    lines = correction_lines(g.competition)
    waiting = next((line for line in lines if line.correction.state is CorrectionState.ASKED), None)
    form.asked_seq.data = waiting.correction.asked_seq if waiting else 0
    return (
        render_template(
            "council/decide_correction.html",
            form=form,
            waiting=waiting,
            earlier=[line for line in lines if line is not waiting],
            appeals=len(list_appeals(db.session(), g.competition.id)),
        ),
        status,
    )
