"""Forms about erasure."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import InputRequired

from examsite.web.i18n import _l


class AskErasureForm(FlaskForm):
    """Nothing but the token against foreign requests."""


class WithdrawErasureForm(FlaskForm):
    """Nothing but the token against foreign requests."""


class ErasePeopleForm(FlaskForm):
    """The code of the competition, typed anew, because nothing brings back what is erased."""

    typed = StringField(_l("Gõ lại mã kỳ thi"), validators=[InputRequired(_l("Hãy gõ mã kỳ thi để xác nhận."))])
