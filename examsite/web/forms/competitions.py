"""Forms of the plan of a competition: its creation, announcement, schedule, posts and the criteria of a defence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask_wtf import FlaskForm
from wtforms import (
    FieldList,
    Form,
    FormField,
    IntegerField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, Regexp

from examsite.domain.competitions import SCHEDULE, DelegationLevel
from examsite.domain.names import normalise_name
from examsite.web.forms.instants import LocalField, local_instant
from examsite.web.i18n import _l

_MOST_TEXT = 20_000

_NEEDED = _l("Hãy điền mục này.")


def one_line(value: str | None) -> str:
    """A line of text as it is stored: NFC, single spaces, nothing invisible."""
    return normalise_name(value or "")


def many_lines(value: str | None) -> str:
    """The same for several lines; each line is kept."""
    return "\n".join(normalise_name(line) for line in (value or "").splitlines()).strip()


def as_code(value: str | None) -> str:
    """A code in capitals."""
    return one_line(value).upper()


def at_most(most: int) -> Length:
    """No longer than so many characters."""
    return Length(max=most, message=_l("Quá dài: tối đa %(max)d ký tự."))


def _needed(most: int) -> list[Any]:
    return [DataRequired(_NEEDED), at_most(most)]


class CreateCompetitionForm(FlaskForm):
    """What a new competition needs before it can be planned."""

    body = SelectField(_l("Cơ quan tổ chức"), validators=[InputRequired(_NEEDED)])
    code = StringField(
        _l("Mã kỳ thi tuyển"),
        filters=[as_code],
        description=_l("Chữ không dấu, số và gạch nối, ví dụ HP-2026-01. Không đổi được về sau."),
        validators=[
            *_needed(30),
            Regexp(r"^[A-Z0-9]+(-[A-Z0-9]+)*$", message=_l("Chỉ dùng chữ không dấu, số và gạch nối.")),
        ],
    )
    title = StringField(_l("Tên kỳ thi tuyển"), filters=[one_line], validators=_needed(300))
    title_en = StringField(_l("Tên tiếng Anh"), filters=[one_line], validators=_needed(300))
    number_prefix = StringField(
        _l("Chữ đầu số báo danh"),
        filters=[as_code],
        description=_l("1 đến 6 chữ, riêng cho kỳ thi này, ví dụ A thì số báo danh là A001."),
        validators=[*_needed(6), Regexp(r"^[A-Z]{1,6}$", message=_l("Chỉ dùng 1 đến 6 chữ không dấu."))],
    )
    preset = SelectField(_l("Bộ quy tắc mẫu"), validators=[InputRequired(_NEEDED)])

    def __init__(
        self, *args: Any, bodies: Sequence[tuple[str, str]], presets: Sequence[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.body.choices = list(bodies)
        self.preset.choices = list(presets)


class EditAnnouncementForm(FlaskForm):
    """Titles and words of the announcement in both languages."""

    title = StringField(_l("Tên kỳ thi tuyển"), filters=[one_line], validators=_needed(300))
    title_en = StringField(_l("Tên tiếng Anh"), filters=[one_line], validators=_needed(300))
    announcement = TextAreaField(_l("Nội dung thông báo"), filters=[many_lines], validators=_needed(_MOST_TEXT))
    announcement_en = TextAreaField(
        _l("Nội dung thông báo bằng tiếng Anh"), filters=[many_lines], validators=_needed(_MOST_TEXT)
    )


class EditScheduleForm(FlaskForm):
    """The planned instants, in their order."""

    applications_close_at = LocalField(_l("Hết nhận hồ sơ"))
    written_at = LocalField(_l("Thi viết"))
    written_results_at = LocalField(_l("Công bố điểm thi viết"))
    proposals_close_at = LocalField(_l("Hết nhận đề án"))
    defence_at = LocalField(_l("Bảo vệ đề án"))
    results_at = LocalField(_l("Công bố kết quả"))

    def schedule(self) -> dict[str, datetime]:
        """The instants by name; call only when the form is valid."""
        return {name: getattr(self, name).instant() for name in SCHEDULE}


class ChangeNoticeForm(EditScheduleForm):
    """The one change of the announced schedule, with its reason."""

    reason = TextAreaField(_l("Lý do"), filters=[many_lines], validators=_needed(1000))


def local_schedule(competition: Any) -> dict[str, datetime]:
    """The instants of a competition as the form shows them."""
    return {name: at for name in SCHEDULE if (at := local_instant(getattr(competition, name))) is not None}


class EditPostForm(FlaskForm):
    """A post of a draft."""

    title = StringField(_l("Tên chức danh"), filters=[one_line], validators=_needed(200))
    title_en = StringField(_l("Tên tiếng Anh của chức danh"), filters=[one_line], validators=_needed(200))
    unit = StringField(_l("Đơn vị"), filters=[one_line], validators=_needed(200))
    unit_en = StringField(_l("Tên tiếng Anh của đơn vị"), filters=[one_line], validators=[Optional(), at_most(200)])
    managed_by = SelectField(_l("Cấp quản lý chức danh"), validators=[InputRequired(_NEEDED)])
    vacancies = IntegerField(
        _l("Số người cần tuyển"),
        default=1,
        validators=[
            InputRequired(_l("Hãy ghi một số nguyên.")),
            NumberRange(min=1, max=99, message=_l("Từ %(min)d đến %(max)d.")),
        ],
    )
    requirements = TextAreaField(
        _l("Tiêu chuẩn, điều kiện"), filters=[many_lines], validators=[Optional(), at_most(_MOST_TEXT)]
    )
    requirements_en = TextAreaField(
        _l("Tiêu chuẩn, điều kiện bằng tiếng Anh"), filters=[many_lines], validators=[Optional(), at_most(_MOST_TEXT)]
    )

    def __init__(self, *args: Any, levels: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.managed_by.choices = list(levels)

    def values(self) -> dict[str, Any]:
        """What the act is given; call only when the form is valid."""
        return {
            "title": self.title.data,
            "title_en": self.title_en.data,
            "unit": self.unit.data,
            "unit_en": self.unit_en.data or "",
            "managed_by": DelegationLevel(self.managed_by.data),
            "vacancies": self.vacancies.data,
            "requirements": self.requirements.data or "",
            "requirements_en": self.requirements_en.data or "",
        }


class AddPostForm(EditPostForm):
    """A new post, with the code that papers and records will name."""

    code = StringField(
        _l("Mã chức danh"),
        filters=[as_code],
        description=_l("Ngắn, ví dụ P1. Đề thi và sổ ghi dùng mã này, không đổi được về sau."),
        validators=[
            *_needed(20),
            Regexp(r"^[A-Z0-9]+(-[A-Z0-9]+)*$", message=_l("Chỉ dùng chữ không dấu, số và gạch nối.")),
        ],
    )


class CriterionForm(Form):
    """One row of the criteria of a defence; a row left empty is left out."""

    vi = StringField(_l("Tiêu chí"), filters=[one_line], validators=[at_most(300)])
    en = StringField(_l("Tiêu chí bằng tiếng Anh"), filters=[one_line], validators=[at_most(300)])
    maximum = StringField(_l("Điểm tối đa"), filters=[one_line], validators=[at_most(12)])

    @property
    def is_empty(self) -> bool:
        """Whether nothing was written in this row."""
        return not (self.vi.data or self.en.data or self.maximum.data)


class EditRubricForm(FlaskForm):
    """The criteria of a defence with their maxima."""

    rows = FieldList(FormField(CriterionForm), min_entries=8, max_entries=12)


class OpenGateForm(FlaskForm):
    """The confirmation of a gate."""
