"""Forms about the supervision board's questions."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import StringField, TextAreaField
from wtforms.validators import InputRequired, Length
from wtforms.widgets import HiddenInput

from examsite.domain.reasons import LONGEST_TEXT
from examsite.web.i18n import _l

_NEEDED = _l("Chưa điền.")
_TOO_LONG = _l("Dài quá %(max)d ký tự.")


class AskExplanationForm(FlaskForm):
    """What is asked about a record."""

    reason = TextAreaField(
        _l("Điều cần giải trình"), validators=[InputRequired(_NEEDED), Length(max=LONGEST_TEXT, message=_TOO_LONG)]
    )


class GiveExplanationForm(FlaskForm):
    """The answer."""

    reason = TextAreaField(
        _l("Giải trình"), validators=[InputRequired(_NEEDED), Length(max=LONGEST_TEXT, message=_TOO_LONG)]
    )


class SeeFindingsForm(FlaskForm):
    """A signer's word to have read exactly this report."""

    findings_sha256 = StringField(widget=HiddenInput(), validators=[InputRequired(_NEEDED), Length(max=64)])
