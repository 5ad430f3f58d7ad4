"""Forms of the organiser about the machines of a room, and about trying the room beforehand."""

from __future__ import annotations

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, IntegerField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange

from examsite.domain.rehearsals import MOST_CANDIDATES
from examsite.web.forms.competitions import at_most, one_line
from examsite.web.i18n import _l


class ChangeRoomRulesForm(FlaskForm):
    """Which addresses and which browser the machines of a sitting must have."""

    address_ranges = TextAreaField(
        _l("Dải địa chỉ của phòng"),
        description=_l("Mỗi dòng một dải, ví dụ 192.168.10.0/24. Để trống: máy nào cũng được."),
        validators=[at_most(2000)],
    )
    makes_settings = BooleanField(_l("Yêu cầu Safe Exam Browser với tệp cấu hình do hệ thống tạo"))
    config_key = StringField(
        _l("Hoặc khóa cấu hình (Config Key) của tệp riêng"),
        filters=[one_line],
        description=_l("64 ký tự, chép từ Safe Exam Browser. Để trống: không yêu cầu."),
        validators=[Length(max=80, message=_l("Quá dài: tối đa %(max)d ký tự."))],
    )
    settings_file = FileField(_l("Hoặc nộp tệp .seb để hệ thống tính khóa"), description=_l("Tệp không đặt mật khẩu."))


class RunRehearsalForm(FlaskForm):
    """How many simulated candidates sit at once."""

    candidates = IntegerField(
        _l("Số thí sinh giả cùng lúc"),
        validators=[
            InputRequired(_l("Hãy ghi một số nguyên.")),
            NumberRange(1, MOST_CANDIDATES, message=_l("Từ %(min)d đến %(max)d.")),
        ],
    )


class StartWithoutRehearsalForm(FlaskForm):
    """Why a sitting should start without a certificate; a second person decides."""

    reason = StringField(
        _l("Lý do, ghi vào sổ"),
        filters=[one_line],
        validators=[InputRequired(_l("Chưa điền.")), Length(max=300, message=_l("Dài quá %(max)d ký tự."))],
    )
