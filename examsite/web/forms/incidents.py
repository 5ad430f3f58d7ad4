"""The form by which the council decides an incident of the exam room."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_wtf import FlaskForm
from wtforms import RadioField
from wtforms.validators import InputRequired

from examsite.web.i18n import _l

#: Value of the choice that closes the incident without a measure.
NO_MEASURE = "none"


class DecideIncidentForm(FlaskForm):
    """A measure of the rule set, or none; nothing is preselected."""

    measure = RadioField(_l("Quyết định"), validators=[InputRequired(_l("Hãy chọn một quyết định."))])

    def __init__(self, *args: Any, measures: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.measure.choices = [(NO_MEASURE, _l("Không xử lý, khép sự việc")), *measures]
