"""Forms around the signed log: two checkpoints to compare, a receipt to check, witnesses and what they signed."""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import IntegerField, StringField, TextAreaField
from wtforms.validators import InputRequired, NumberRange

from examsite.web.forms.competitions import at_most, one_line
from examsite.web.i18n import _l

#: Largest size of a log that a database keeps.
_MOST = 2**31 - 1


def _size(label: Any) -> IntegerField:
    return IntegerField(
        label,
        validators=[
            InputRequired(_l("Hãy ghi số mục của một mốc.")),
            NumberRange(min=1, max=_MOST, message=_l("Hãy ghi số mục của một mốc.")),
        ],
    )


class CompareCheckpointsForm(FlaskForm):
    """Two checkpoints by their sizes; read from the address, so without a token."""

    class Meta(FlaskForm.Meta):
        """Nothing is changed by it."""

        csrf = False

    first = _size(_l("Mốc trước, số mục"))
    second = _size(_l("Mốc sau, số mục"))

    def is_asked(self) -> bool:
        """Whether somebody filled in anything."""
        return bool(self.first.raw_data or self.second.raw_data)


class CheckReceiptForm(FlaskForm):
    """A receipt as text, as a file, or its short code."""

    text = TextAreaField(
        _l("Biên nhận hoặc mã biên nhận"),
        description=_l("Dán nguyên văn nội dung mã QR hay tệp biên nhận, hoặc gõ mã mười ký tự, ví dụ 7KQ2M-D4X9A."),
        validators=[at_most(8000)],
    )
    file = FileField(_l("Hoặc chọn tệp biên nhận"))

    def validate(self, extra_validators: object = None) -> bool:
        """Either of the two must be there."""
        if not super().validate(extra_validators):
            return False
        if not (self.text.data or "").strip() and not self.file.data:
            self.text.errors = [*self.text.errors, _l("Hãy dán biên nhận, gõ mã hoặc chọn tệp.")]
            return False
        return True


class NameWitnessForm(FlaskForm):
    """A witness: whose key it is, and its line."""

    holder = StringField(
        _l("Cơ quan hoặc ban giữ khóa"),
        filters=[one_line],
        description=_l("Ví dụ: Ban giám sát; Đại diện thí sinh. Không ghi tên người: ai cũng đọc được."),
        validators=[InputRequired(_l("Hãy điền mục này.")), at_most(200)],
    )
    key = StringField(
        _l("Dòng khóa của nhân chứng"),
        filters=[one_line],
        description=_l("Chép nguyên dòng mà lệnh “python -m examsite witness init” in ra trên máy của nhân chứng."),
        validators=[InputRequired(_l("Hãy điền mục này.")), at_most(300)],
    )


class AddCosignaturesForm(FlaskForm):
    """A checkpoint that witnesses have signed, as text or as a file."""

    text = TextAreaField(_l("Mốc đã đồng ký"), description=_l("Dán nguyên văn."), validators=[at_most(20000)])
    file = FileField(_l("Hoặc chọn tệp"))

    def validate(self, extra_validators: object = None) -> bool:
        """Either of the two must be there."""
        if not super().validate(extra_validators):
            return False
        if not (self.text.data or "").strip() and not self.file.data:
            self.text.errors = [*self.text.errors, _l("Hãy dán mốc đã đồng ký hoặc chọn tệp.")]
            return False
        return True
