"""Forms about appeals: asking, taking back, replacing a re-marker, the minutes of a talk, the decision."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from examsite.domain.reasons import LONGEST_TEXT
from examsite.web.i18n import _l

_NEEDED = _l("Chưa điền.")
_TOO_LONG = _l("Dài quá %(max)d ký tự.")


class SubmitAppealForm(FlaskForm):
    """Which part, why, and that the score may fall; nothing is confirmed beforehand."""

    part = RadioField(_l("Phần thi xin phúc khảo"), validators=[InputRequired(_l("Hãy chọn phần thi."))])
    reason = TextAreaField(
        _l("Lý do"), validators=[InputRequired(_NEEDED), Length(max=LONGEST_TEXT, message=_TOO_LONG)]
    )
    confirmed = BooleanField(
        _l("Tôi hiểu: điểm phúc khảo thay điểm cũ dù cao hơn hay thấp hơn."),
        validators=[InputRequired(_l("Hãy đánh dấu để xác nhận đã hiểu."))],
    )


class AppealActForm(FlaskForm):
    """Nothing but the token against foreign requests: an act that the page has spelled out."""


class ReplaceRemarkerForm(FlaskForm):
    """Which re-marker falls out, and why; the choices are those who have not locked."""

    marker = SelectField(_l("Người thôi chấm"), validators=[InputRequired(_NEEDED)])
    reason = TextAreaField(
        _l("Lý do"), validators=[InputRequired(_NEEDED), Length(max=LONGEST_TEXT, message=_TOO_LONG)]
    )


class NoteDialogueForm(FlaskForm):
    """The minutes of the two heads' talk."""

    text = TextAreaField(
        _l("Nội dung đối thoại"), validators=[InputRequired(_NEEDED), Length(max=LONGEST_TEXT, message=_TOO_LONG)]
    )


class DecideAppealForm(FlaskForm):
    """The score that stands from now on, and why."""

    score = StringField(_l("Điểm phúc khảo"), validators=[InputRequired(_NEEDED), Length(max=20, message=_TOO_LONG)])
    reason = TextAreaField(
        _l("Lý do"), validators=[InputRequired(_NEEDED), Length(max=LONGEST_TEXT, message=_TOO_LONG)]
    )
