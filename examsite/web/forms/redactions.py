"""The form about the places of one script: each is left as it is, or words of its sentence are covered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_wtf import FlaskForm
from wtforms import IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import HiddenInput

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


class MarkPlaceForm(FlaskForm):
    """Words of one essay that the search missed, and why they may tell their author."""

    item = SelectField(_l("Ở câu hỏi"), validators=[InputRequired(_l("Hãy chọn câu hỏi."))])
    words = TextAreaField(
        _l("Đoạn thay bằng “[…]”"),
        description=_l("Chọn ngay trong bài rồi nhấn Enter, hoặc chép đúng từng chữ vào đây."),
        render_kw={"rows": 2},
        validators=[InputRequired(_l("Hãy chọn hoặc chép đoạn cần thay.")), Length(max=2000)],
    )
    reason = StringField(
        _l("Vì sao có thể lộ người viết"),
        description=_l("Ghi vào sổ ghi cùng câu trước và câu sau; không ghi tên ai."),
        filters=[lambda value: " ".join((value or "").split())],
        validators=[InputRequired(_l("Chưa điền.")), Length(max=300, message=_l("Dài quá %(max)d ký tự."))],
    )
    #: Where the words were selected, in code points; empty where they were typed.
    start = IntegerField(widget=HiddenInput(), validators=[Optional()])

    def __init__(self, *args: Any, items: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        """Take the essays of the script from the caller."""
        super().__init__(*args, **kwargs)
        self.item.choices = list(items)


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
