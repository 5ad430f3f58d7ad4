"""Forms of the organiser about rooms: a sitting to plan, seats to assign."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask_wtf import FlaskForm
from wtforms import IntegerField, SelectField, SelectMultipleField, StringField
from wtforms.validators import DataRequired, InputRequired, NumberRange, Regexp

from examsite.domain.sittings import MAX_COLUMNS, MAX_ROWS
from examsite.web.forms.competitions import as_code, at_most, one_line
from examsite.web.forms.instants import LocalField, local_instant
from examsite.web.i18n import _l

_NEEDED = _l("Hãy điền mục này.")


def _count(label: Any, most: int) -> IntegerField:
    return IntegerField(
        label,
        default=5,
        validators=[
            InputRequired(_l("Hãy ghi một số nguyên.")),
            NumberRange(min=1, max=most, message=_l("Từ %(min)d đến %(max)d.")),
        ],
    )


class ScheduleSittingForm(FlaskForm):
    """A sitting: its code, room, size, hour and who watches."""

    code = StringField(
        _l("Mã ca thi"),
        filters=[as_code],
        description=_l("Ngắn, ví dụ CA1-P201."),
        validators=[
            DataRequired(_NEEDED),
            at_most(20),
            Regexp(r"^[A-Z0-9]+(-[A-Z0-9]+)*$", message=_l("Chỉ dùng chữ không dấu, số và gạch nối.")),
        ],
    )
    room = StringField(_l("Phòng thi"), filters=[one_line], validators=[DataRequired(_NEEDED), at_most(100)])
    starts_at = LocalField(_l("Giờ bắt đầu làm bài"))
    rows = _count(_l("Số dãy bàn"), MAX_ROWS)
    columns = _count(_l("Số bàn mỗi dãy"), MAX_COLUMNS)
    invigilators = SelectMultipleField(
        _l("Cán bộ coi thi"), validators=[DataRequired(_l("Hãy chọn ít nhất một người."))]
    )

    def __init__(
        self,
        *args: Any,
        invigilator_choices: Sequence[tuple[str, str]],
        planned_at: datetime | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, starts_at=local_instant(planned_at), **kwargs)
        self.invigilators.choices = list(invigilator_choices)


class MoveStartForm(FlaskForm):
    """Another hour for a sitting."""

    starts_at = LocalField(_l("Giờ bắt đầu mới"))


class AddInvigilatorForm(FlaskForm):
    """One more person who watches a sitting."""

    invigilator = SelectField(_l("Thêm cán bộ coi thi"), validators=[DataRequired(_NEEDED)])

    def __init__(self, *args: Any, choices: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.invigilator.choices = list(choices)


class AssignSeatsForm(FlaskForm):
    """The button that seats everyone."""
