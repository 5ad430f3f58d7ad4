"""Forms about correcting a published result: asking for it, and the council's answer."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import HiddenInput

from examsite.domain.reasons import LONGEST_TEXT
from examsite.web.forms.instants import LocalField
from examsite.web.forms.papers import WholeNumberField
from examsite.web.i18n import _l

_NEEDED = _l("Chưa điền.")
_TOO_LONG = _l("Dài quá %(max)d ký tự.")


class AskCorrectionForm(FlaskForm):
    """Whose scripts were marked wrongly, and how that is known."""

    candidates = StringField(
        _l("Mã công khai có bài phải chấm lại"), validators=[InputRequired(_NEEDED), Length(max=400, message=_TOO_LONG)]
    )
    reason = TextAreaField(
        _l("Vì sao kết quả đã công bố sai"),
        validators=[InputRequired(_NEEDED), Length(max=LONGEST_TEXT, message=_TOO_LONG)],
    )

    def codes(self) -> list[str]:
        """The codes as they were typed, with blanks or commas between."""
        return (self.candidates.data or "").replace(",", " ").replace(";", " ").upper().split()


class DecideCorrectionForm(FlaskForm):
    """Nothing is preselected; a refusal says why."""

    answer = RadioField(
        _l("Hội đồng trả lời"),
        choices=[
            SelectChoice("agree", _l("Đồng ý, chấm lại các bài này")),
            SelectChoice("refuse", _l("Không đồng ý, giữ kết quả đã công bố")),
        ],
        validators=[InputRequired(_l("Hãy chọn một câu trả lời."))],
    )
    reason = TextAreaField(
        _l("Lý do không đồng ý"), validators=[Optional(), Length(max=LONGEST_TEXT, message=_TOO_LONG)]
    )
    #: The record that the page shows.
    asked_seq = WholeNumberField(widget=HiddenInput())


class CallDefenceForm(FlaskForm):
    """Until when proposals are taken in a supplementary defence, and when it is held."""

    proposals_close_at = LocalField(_l("Hết nhận đề án"))
    defence_at = LocalField(_l("Bảo vệ đề án"))


class TakeBackCorrectionForm(FlaskForm):
    """Nothing but the token against foreign requests."""
