"""Forms about the working calendar."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import DateField, RadioField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from examsite.domain.working_days import DayKind
from examsite.web.i18n import _l

#: Longest name of a decision, as the service keeps it. Unit: characters.
_LONGEST = 300


class SwapDayForm(FlaskForm):
    """One day, what it becomes, and by which decision."""

    day = DateField(_l("Ngày"), validators=[InputRequired(_l("Hãy ghi một ngày."))])
    kind = RadioField(
        _l("Thành"),
        choices=[
            SelectChoice(DayKind.WORKED.value, _l("Ngày làm bù")),
            SelectChoice(DayKind.REST.value, _l("Ngày nghỉ bù")),
        ],
        validators=[InputRequired(_l("Hãy chọn làm bù hoặc nghỉ bù."))],
    )
    reason = StringField(
        _l("Theo văn bản"),
        validators=[InputRequired(_l("Chưa điền.")), Length(max=_LONGEST, message=_l("Dài quá %(max)d ký tự."))],
    )


class TakeBackDayForm(FlaskForm):
    """Nothing but the token against foreign requests."""
