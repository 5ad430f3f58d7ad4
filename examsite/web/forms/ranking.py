"""Forms about results: computing, signing, deciding a tie, publishing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_wtf import FlaskForm
from wtforms import HiddenField, IntegerField, RadioField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import AnyOf, InputRequired, Length, Optional, ValidationError
from wtforms.widgets import CheckboxInput, HiddenInput, ListWidget

from examsite.domain.competitions import GateEvent
from examsite.domain.publication import Decision
from examsite.domain.reasons import LONGEST_TEXT
from examsite.web.i18n import _l

_NEEDED = _l("Chưa điền.")
_TOO_LONG = _l("Dài quá %(max)d ký tự.")


class SignResultForm(FlaskForm):
    """One person's word on one version; nothing is preselected. The number is that of the version that was read."""

    version = IntegerField(widget=HiddenInput(), validators=[InputRequired(_NEEDED)])
    decision = RadioField(
        _l("Ý kiến"),
        choices=[
            SelectChoice(Decision.AGREED.value, _l("Đồng ý")),
            SelectChoice(Decision.REFUSED.value, _l("Không đồng ý")),
        ],
        validators=[InputRequired(_l("Hãy chọn Đồng ý hoặc Không đồng ý."))],
    )
    sha_tail = StringField(
        _l("4 ký tự cuối của mã"),
        validators=[InputRequired(_NEEDED), Length(max=80, message=_TOO_LONG)],
    )
    reason = TextAreaField(
        _l("Lý do không đồng ý"),
        filters=[lambda value: (value or "").strip()],
        validators=[Optional(), Length(max=LONGEST_TEXT, message=_TOO_LONG)],
    )
    #: What a passkey signed over the hash, filled in by the script.
    assertion = HiddenField()
    #: Which of the two buttons was pressed: each repeats one opinion.
    confirmed = StringField(validators=[Optional(), Length(max=20, message=_TOO_LONG)])

    def validate_decision(self, field: RadioField) -> None:
        """Refuse a button that says the opposite of what was chosen."""
        if self.confirmed.data and self.confirmed.data != field.data:
            raise ValidationError(_l("Nút vừa bấm không khớp với ý kiến đã chọn. Chưa ký."))


class SignGateForm(SignResultForm):
    """One person's word on what the next gate makes final; the gate is the one that was read."""

    version = None
    event = HiddenField(validators=[AnyOf([event.value for event in GateEvent], message=_NEEDED)])


class DecideTieForm(FlaskForm):
    """Who is selected out of those tied, and why; the codes come from the open tie."""

    selected = SelectMultipleField(
        _l("Người được chọn"), option_widget=CheckboxInput(), widget=ListWidget(prefix_label=False)
    )
    reason = TextAreaField(
        _l("Lý do"),
        description=_l("Ít nhất 20 ký tự. Lý do được công khai cùng kết quả: không ghi họ tên người không được chọn."),
        filters=[lambda value: (value or "").strip()],
        validators=[InputRequired(_NEEDED), Length(max=LONGEST_TEXT, message=_TOO_LONG)],
    )

    def __init__(self, *args: Any, codes: Iterable[str], **kwargs: Any) -> None:
        """Offer the codes of those tied."""
        super().__init__(*args, **kwargs)
        self.selected.choices = [SelectChoice(code, code) for code in codes]


class ComputeResultForm(FlaskForm):
    """Nothing but the token against foreign requests."""


class PublishResultForm(FlaskForm):
    """Nothing but the token against foreign requests."""
