"""The form about the places of one script: each is left as it is, or words of its sentence are covered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_wtf import FlaskForm
from wtforms import RadioField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from examsite.domain.identity_hints import MOST_CONTEXT
from examsite.web.i18n import _l

LEAVE = "leave"
COVER = "cover"


@dataclass(frozen=True)
class HintRow:
    """What the page shows of one place: its number and the words found or chosen before."""

    hint_id: int
    words: str
    decision: str | None


def decide_hints_form(rows: Sequence[HintRow]) -> FlaskForm:
    """A form with a choice and the words to cover for each place; nothing is chosen before a person chooses."""
    fields: dict[str, Any] = {}
    for row in rows:
        fields[f"choice_{row.hint_id}"] = RadioField(
            _l("Quyết định"),
            choices=[SelectChoice(LEAVE, _l("Để nguyên")), SelectChoice(COVER, _l("Thay bằng “[…]”"))],
            default=row.decision,
            validators=[InputRequired(_l("Hãy chọn cho chỗ này."))],
        )
        fields[f"words_{row.hint_id}"] = StringField(
            _l("Phần thay"), default=row.words, validators=[Length(max=2 * MOST_CONTEXT + 200)]
        )
    form: FlaskForm = type("DecideHintsForm", (FlaskForm,), fields)()
    return form
