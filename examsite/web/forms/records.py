"""Forms about the record log."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import SelectField

from examsite.web.i18n import _l


class FilterRecordsForm(FlaskForm):
    """Which records are listed; read from the address, so without a token."""

    class Meta(FlaskForm.Meta):
        """Nothing is changed by it."""

        csrf = False

    event = SelectField(_l("Việc"), validate_choice=True)
    actor = SelectField(_l("Ai"), validate_choice=True)
    step = SelectField(_l("Bước"), validate_choice=True)
