"""Forms about objective questions after the test and about changes of a rubric: a proposal and its answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from examsite.domain.errors import InvalidError
from examsite.domain.items import Ruling
from examsite.domain.questions import Level, Text
from examsite.domain.reasons import LONGEST_TEXT
from examsite.domain.rubrics import RubricCriterion
from examsite.domain.scores import Score, parse_score, score_text
from examsite.web.i18n import _, _l

_MOST_DIGITS = 9
_TOO_LONG = _l("Dài quá %(max)d ký tự.")
_NEEDED = _l("Hãy điền mục này.")


class ProposeRulingForm(FlaskForm):
    """What becomes of a question, and why; nothing is preselected."""

    ruling = RadioField(
        _l("Đề nghị"),
        choices=[
            SelectChoice(Ruling.KEEP.value, _l("Giữ nguyên câu hỏi và đáp án")),
            SelectChoice(Ruling.EVERYONE.value, _l("Câu có lỗi: mọi thí sinh được trọn điểm")),
            SelectChoice(Ruling.FURTHER_KEYS.value, _l("Thêm đáp án được tính đúng")),
        ],
        validators=[InputRequired(_l("Hãy chọn một đề nghị."))],
    )
    keys = TextAreaField(
        _l("Đáp án thêm"),
        description=_l("Chỉ khi thêm đáp án. Mỗi dòng một đáp án; câu nhiều lựa chọn ghi các chữ cách nhau dấu phẩy."),
        validators=[Length(max=LONGEST_TEXT, message=_TOO_LONG)],
    )
    reason = TextAreaField(
        _l("Lý do"),
        description=_l("Người thứ hai đọc trước khi trả lời. Không ghi tên người."),
        validators=[InputRequired(_l("Hãy ghi lý do.")), Length(max=LONGEST_TEXT, message=_TOO_LONG)],
    )


class AnswerProposalForm(FlaskForm):
    """The second person's answer to the proposal that the page showed; nothing is preselected."""

    seen = HiddenField()
    answer = RadioField(
        _l("Quyết định"),
        choices=[
            SelectChoice("agree", _l("Đồng ý, có hiệu lực ngay")),
            SelectChoice("refuse", _l("Không đồng ý: mọi thứ giữ nguyên")),
        ],
        validators=[InputRequired(_l("Hãy chọn một quyết định."))],
    )

    def seen_id(self) -> int:
        """The proposal that was read, or one that there is not."""
        text = str(self.seen.data or "")
        return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else 0


class ProposeChangeForm(FlaskForm):
    """How a criterion shall read; one group of fields for each of its levels, made by `propose_change_form`."""

    vi = TextAreaField(_l("Tiêu chí"), validators=[InputRequired(_NEEDED), Length(max=LONGEST_TEXT, message=_TOO_LONG)])
    en = TextAreaField(
        _l("Tiêu chí, tiếng Anh"), validators=[InputRequired(_NEEDED), Length(max=LONGEST_TEXT, message=_TOO_LONG)]
    )
    reason = TextAreaField(
        _l("Vì sao phải sửa"),
        description=_l("Người chấm đọc được, và đi cùng mỗi lần rút điểm. Không ghi tên người."),
        validators=[InputRequired(_l("Hãy ghi lý do.")), Length(max=LONGEST_TEXT, message=_TOO_LONG)],
    )
    level_count = 0

    def level_fields(self) -> list[tuple[Any, Any, Any]]:
        """Points, words and English words of each level."""
        return [(self[f"points_{n}"], self[f"vi_{n}"], self[f"en_{n}"]) for n in range(self.level_count)]

    def read_text(self) -> Text:
        """The words of the criterion."""
        return Text(str(self.vi.data or ""), str(self.en.data or ""))

    def read_levels(self) -> list[Level]:
        """The levels; a field whose points are no number says so and the list is empty."""
        found = []
        for points, vi, en in self.level_fields():
            given = _read_points(points)
            if given is not None:
                found.append(Level(given, Text(str(vi.data or ""), str(en.data or ""))))
        return found if len(found) == self.level_count else []


def propose_change_form(criterion: RubricCriterion, *, comma: bool) -> ProposeChangeForm:
    """The form filled in with the criterion as it reads now."""
    fields: dict[str, Any] = {"level_count": len(criterion.levels)}
    data: dict[str, Any] = {"vi": criterion.text.vi, "en": criterion.text.en}
    checks: Sequence[Any] = (InputRequired(_NEEDED), Length(max=LONGEST_TEXT, message=_TOO_LONG))
    for number, level in enumerate(criterion.levels):
        fields[f"points_{number}"] = StringField(_l("Điểm"), validators=list(checks))
        fields[f"vi_{number}"] = TextAreaField(_l("Lời của mức"), validators=list(checks))
        fields[f"en_{number}"] = TextAreaField(_l("Lời của mức, tiếng Anh"), validators=list(checks))
        shown = score_text(level.points)
        data[f"points_{number}"] = shown.replace(".", ",") if comma else shown
        data[f"vi_{number}"], data[f"en_{number}"] = level.text.vi, level.text.en
    form: ProposeChangeForm = type("ProposeChangeForm", (ProposeChangeForm,), fields)(data=data)
    return form


def _read_points(field: Any) -> Score | None:
    text = str(field.data or "").strip()
    try:
        # More signs than any score has are no number, whatever they spell.
        return parse_score(text if len(text) <= _MOST_DIGITS else "")
    except InvalidError:
        field.errors = [*field.errors, _("Hãy ghi một số.")]
        return None
