"""The forms of adjustments for one candidate: what is asked for, and what is decided."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import BooleanField, IntegerField, SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange

from examsite.domain.adjustments import MOST_EXTRA_PERCENT, SIZES, Adjustments
from examsite.web.forms.candidacies import many_lines
from examsite.web.i18n import _l

_TOO_LONG = _l("Dài quá %(max)d ký tự.")
_PERCENT = _l("Ghi số nguyên từ 0 đến 100.")


class AskAdjustmentsForm(FlaskForm):
    """What is asked for one candidate in the room, and why."""

    extra_percent = IntegerField(
        _l("Thêm giờ làm bài"),
        default=0,
        description=_l("Phần trăm của thời gian làm bài; tự cộng khi ca thi bắt đầu, làm tròn lên phút"),
        validators=[InputRequired(_PERCENT), NumberRange(0, MOST_EXTRA_PERCENT, message=_PERCENT)],
    )
    size = SelectField(
        _l("Cỡ chữ của trang thi"),
        choices=[
            SelectChoice("", _l("Như mọi người")),
            *(SelectChoice(str(size), f"{size} px") for size in SIZES),
        ],
    )
    contrast = BooleanField(_l("Tương phản cao"))
    spacing = BooleanField(_l("Giãn chữ, giãn dòng"))
    plain = BooleanField(_l("Trình bày đơn giản, một cột"))
    note = TextAreaField(
        _l("Ghi chú cho phòng thi"),
        filters=[many_lines],
        description=_l("Ví dụ: chỗ gần cửa, được mang thuốc. Cán bộ coi thi đọc được."),
        validators=[Length(max=300, message=_TOO_LONG)],
    )
    reason = TextAreaField(
        _l("Lý do, căn cứ"),
        filters=[many_lines],
        description=_l("Ghi vào sổ, không công bố"),
        validators=[InputRequired(_l("Hãy ghi lý do.")), Length(max=500, message=_TOO_LONG)],
    )

    def chosen(self) -> Adjustments:
        """What the form asks for."""
        return Adjustments(
            extra_percent=self.extra_percent.data or 0,
            size=int(self.size.data) if self.size.data else None,
            contrast=bool(self.contrast.data),
            spacing=bool(self.spacing.data),
            plain=bool(self.plain.data),
            note=self.note.data or "",
        )


class DecideAdjustmentsForm(FlaskForm):
    """The council's word on what is asked, with its reason either way."""

    reason = TextAreaField(
        _l("Lý do"),
        filters=[many_lines],
        description=_l("Vào sổ ghi; thí sinh đọc được"),
        validators=[InputRequired(_l("Hãy ghi lý do.")), Length(max=500, message=_TOO_LONG)],
    )
