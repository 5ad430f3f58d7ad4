"""Forms of the room: what an invigilator does at one seat, and the signature under the attendance list."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from examsite.domain.names import normalise_name
from examsite.domain.sittings import MAX_EXTENSION_MINUTES
from examsite.web.i18n import _l

_NEEDED = _l("Chưa điền.")
_TOO_LONG = _l("Dài quá %(max)d ký tự.")


def _one_line(value: str | None) -> str:
    return normalise_name(value or "")


def _reason(text: str) -> StringField:
    return StringField(
        text, filters=[_one_line], validators=[InputRequired(_NEEDED), Length(max=300, message=_TOO_LONG)]
    )


class CheckInForm(FlaskForm):
    """Nothing to fill in: the statement on the page is what is confirmed."""


class ExtendTimeForm(FlaskForm):
    """Time for one candidate, with its reason."""

    minutes = IntegerField(
        _l("Số phút bù"),
        validators=[
            InputRequired(_l("Ghi số phút, chỉ dùng chữ số.")),
            NumberRange(1, MAX_EXTENSION_MINUTES, message=_l("Số phút bù từ %(min)s đến %(max)s.")),
        ],
    )
    reason = _reason(_l("Lý do, ghi vào biên bản"))


class FreeAttemptForm(FlaskForm):
    """Why the machine is left."""

    reason = _reason(_l("Lý do, ghi vào biên bản"))


class MoveSeatForm(FlaskForm):
    """A free seat and why."""

    to = RadioField(_l("Chỗ mới"), validators=[InputRequired(_l("Chọn một chỗ trống."))])
    reason = _reason(_l("Lý do, ghi vào biên bản"))

    def __init__(self, *args: object, seats: list[str], **kwargs: object) -> None:
        """Take the free seats from the caller."""
        super().__init__(*args, **kwargs)
        self.to.choices = [(seat, _l("Chỗ %(seat)s", seat=seat)) for seat in seats]


class RecordIncidentForm(FlaskForm):
    """Minutes of what happened; the measure is a proposal to the council."""

    minutes = TextAreaField(
        _l("Diễn biến"),
        description=_l("Ghi giờ, việc đã thấy, việc đã làm. Chỉ ghi nhận; hội đồng quyết định sau."),
        validators=[InputRequired(_NEEDED), Length(max=4000, message=_TOO_LONG)],
    )
    measure = SelectField(_l("Đề nghị xử lý"), validators=[Optional()])
    witnesses = StringField(
        _l("Người làm chứng"), filters=[_one_line], validators=[Optional(), Length(max=300, message=_TOO_LONG)]
    )

    def __init__(self, *args: object, measures: list[tuple[str, str]], **kwargs: object) -> None:
        """Take the measures of the rule set from the caller."""
        super().__init__(*args, **kwargs)
        self.measure.choices = [("", _l("Không đề nghị, chỉ ghi nhận")), *measures]


class SignAttendanceForm(FlaskForm):
    """Nothing to fill in: the list on the page is what is signed."""
