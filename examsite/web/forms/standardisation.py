"""Forms about scripts with agreed marks, qualification and paused markers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from examsite.domain.reasons import LONGEST_TEXT
from examsite.domain.rubrics import RubricCriterion
from examsite.domain.scripts import plain_text
from examsite.web.forms.marking import ScoringForm, scoring_form
from examsite.web.i18n import _l

_LONGEST_ANSWER = 40_000
_TOO_LONG = _l("Dài quá %(max)d ký tự.")


def _plain(value: str | None) -> str | None:
    return None if value is None else plain_text(value)


class StandardForm(ScoringForm):
    """A pilot answer to each question with the points it deserves; the fields are added by `standard_form`."""

    kind = RadioField(_l("Dùng làm"), validators=[InputRequired(_l("Hãy chọn bài dùng làm gì."))])
    texts: tuple[str, ...] = ()

    def read_texts(self) -> dict[str, str]:
        """The answers by question."""
        return {item: self[f"text_{number}"].data or "" for number, item in enumerate(self.texts)}


def standard_form(items: Sequence[str], criteria: Sequence[RubricCriterion]) -> type[StandardForm]:
    """The form of one paper: its questions and the criteria that people mark."""
    fields: dict[str, Any] = {"texts": tuple(items)}
    for number in range(len(items)):
        fields[f"text_{number}"] = TextAreaField(
            _l("Bài làm"),
            filters=[_plain],
            validators=[
                InputRequired(_l("Hãy nhập bài làm cho câu này.")),
                Length(max=_LONGEST_ANSWER, message=_TOO_LONG),
            ],
        )
    return type("WriteStandardForm", (StandardForm, scoring_form(criteria)), fields)


class SecondWordForm(FlaskForm):
    """Agree to what the page shows, or send it back with a reason; nothing is preselected."""

    sha256 = HiddenField()
    answer = RadioField(
        _l("Quyết định"),
        choices=[
            SelectChoice("agree", _l("Đồng ý với bài làm và điểm này")),
            SelectChoice("return", _l("Gửi lại trưởng ban chấm")),
        ],
        validators=[InputRequired(_l("Hãy chọn một quyết định."))],
    )
    reason = TextAreaField(
        _l("Lý do, khi gửi lại"), filters=[_plain], validators=[Length(max=LONGEST_TEXT, message=_TOO_LONG)]
    )


class QualifyForm(FlaskForm):
    """The head's word on a marker's qualification scripts."""

    answer = RadioField(
        _l("Quyết định"),
        choices=[
            SelectChoice("qualify", _l("Cho chấm bài thi")),
            SelectChoice("back", _l("Chấm thử thêm, rồi sát hạch lại")),
        ],
        validators=[InputRequired(_l("Hãy chọn một quyết định."))],
    )
    reason = TextAreaField(
        _l("Lý do"),
        filters=[_plain],
        description=_l("Cần khi lệch quá ngưỡng hoặc cho chấm thử thêm. Vào sổ ghi; không ghi tên người."),
        validators=[Length(max=LONGEST_TEXT, message=_TOO_LONG)],
    )


class DecideStopForm(FlaskForm):
    """What follows a pause."""

    answer = RadioField(
        _l("Quyết định"),
        choices=[
            SelectChoice("resume", _l("Cho chấm tiếp: mọi điểm giữ nguyên, mức chấm được theo dõi lại từ đầu")),
            SelectChoice("replace", _l("Chuyển bài cho người khác: bài chưa khóa giao lại, điểm nêu trên đề nghị rút")),
        ],
        validators=[InputRequired(_l("Hãy chọn một quyết định."))],
    )
    reason = TextAreaField(
        _l("Lý do"),
        filters=[_plain],
        description=_l("Vào sổ ghi. Không ghi tên người."),
        validators=[InputRequired(_l("Hãy ghi lý do.")), Length(max=LONGEST_TEXT, message=_TOO_LONG)],
    )


class LeaveMarkersForm(FlaskForm):
    """Why nobody is paused after an alarm."""

    reason = TextAreaField(
        _l("Lý do không tạm dừng ai"),
        filters=[_plain],
        description=_l("Vào sổ ghi. Không ghi tên người."),
        validators=[InputRequired(_l("Hãy ghi lý do.")), Length(max=LONGEST_TEXT, message=_TOO_LONG)],
    )


class StopMarkerForm(FlaskForm):
    """Why a marker is paused by hand."""

    reason = TextAreaField(
        _l("Lý do"),
        filters=[_plain],
        description=_l("Vào sổ ghi. Không ghi tên người."),
        validators=[InputRequired(_l("Hãy ghi lý do.")), Length(max=LONGEST_TEXT, message=_TOO_LONG)],
    )
