"""Forms about the record log."""

from __future__ import annotations

import re
from datetime import date

from flask_wtf import FlaskForm
from wtforms import SelectField, StringField

from examsite.web.i18n import _l

_CODE = re.compile(r"[A-Za-z0-9._-]{1,64}")


class FilterRecordsForm(FlaskForm):
    """Which records are listed; read from the address, so without a token; an unknown choice filters nothing."""

    class Meta(FlaskForm.Meta):
        """Nothing is changed by it."""

        csrf = False

    event = SelectField(_l("Việc"), validate_choice=False)
    actor = SelectField(_l("Ai"), validate_choice=False)
    step = SelectField(_l("Bước"), validate_choice=False)
    kind = SelectField(_l("Loại đối tượng"), validate_choice=False)
    about = StringField(_l("Mã đối tượng"))
    since = StringField(_l("Từ ngày"), render_kw={"type": "date"})
    until = StringField(_l("Đến hết ngày"), render_kw={"type": "date"})

    def chosen(self) -> dict[str, str]:
        """The choices by field name; an unknown one is empty."""
        found = {
            field.name: field.data if field.data in {value for value, _words in field.choices or ()} else ""
            for field in (self.event, self.actor, self.step, self.kind)
        }
        about = (self.about.data or "").strip()
        found["about"] = about if _CODE.fullmatch(about) else ""
        for field in (self.since, self.until):
            found[field.name] = field.data if _day(field.data) else ""
        return found


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None
