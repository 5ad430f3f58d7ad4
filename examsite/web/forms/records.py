"""Forms about the record log."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import SelectField

from examsite.web.i18n import _l


class FilterRecordsForm(FlaskForm):
    """Which records are listed; read from the address, so without a token; an unknown choice filters nothing."""

    class Meta(FlaskForm.Meta):
        """Nothing is changed by it."""

        csrf = False

    event = SelectField(_l("Việc"), validate_choice=False)
    actor = SelectField(_l("Ai"), validate_choice=False)
    step = SelectField(_l("Bước"), validate_choice=False)

    def chosen(self) -> dict[str, str]:
        """The choices by field name; an unknown one is empty."""
        return {
            field.name: field.data if field.data in {value for value, _words in field.choices or ()} else ""
            for field in (self.event, self.actor, self.step)
        }
