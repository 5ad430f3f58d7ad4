"""Forms of applications, dossiers, vetting and the import of candidates."""

from __future__ import annotations

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, DateField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, Optional, Regexp, StopValidation
from wtforms.widgets import TextInput

from examsite.web.forms.accounts import one_line
from examsite.web.i18n import _l

_NEEDED = _l("Chưa điền.")
_TOO_LONG = _l("Dài quá %(max)d ký tự.")
_CHOOSE = _l("Hãy chọn một mục trong danh sách.")
_DATE = _l("Ghi ngày dạng ngày/tháng/năm, ví dụ 05/09/1985.")


def many_lines(value: str | None) -> str:
    """A text of several lines as it is stored: NFC, no invisible signs, no spaces at the ends."""
    return "\n".join(one_line(line) for line in (value or "").splitlines()).strip()


def _line(label: object, *, most: int, needed: bool = True, description: object = "") -> StringField:
    first = DataRequired(_NEEDED) if needed else Optional()
    return StringField(
        label, description=description, filters=[one_line], validators=[first, Length(max=most, message=_TOO_LONG)]
    )


def _is_a_date(_form: FlaskForm, field: DateField) -> None:
    if field.data is None:
        field.errors = []  # in place of WTForms' own sentence: one that shows how
        raise StopValidation(str(_DATE))


class ApplyForm(FlaskForm):
    """Application for one post."""

    post = RadioField(_l("Chức danh dự tuyển"), validators=[DataRequired(_CHOOSE)], validate_choice=True)
    full_name = _line(_l("Họ và tên"), most=200, description=_l("Ghi như trong căn cước"))
    born_on = DateField(
        _l("Ngày sinh"),
        format=["%d/%m/%Y", "%Y-%m-%d"],
        widget=TextInput(),  # the browser's own field writes months first where it is set to English
        description=_l("Ngày/tháng/năm, ví dụ 05/09/1985"),
        validators=[InputRequired(_NEEDED), _is_a_date],
    )
    identity_number = _line(_l("Số định danh cá nhân"), most=20, description=_l("12 chữ số trên thẻ căn cước"))
    unit = _line(_l("Đơn vị công tác"), most=200)
    position_title = _line(_l("Chức vụ hiện nay"), most=200)
    phone = StringField(
        _l("Điện thoại"),
        filters=[one_line],
        validators=[
            Optional(),
            Length(max=30, message=_TOO_LONG),
            Regexp(r"^[0-9+ .()-]*$", message=_l("Chỉ ghi số.")),
        ],
    )
    email = StringField(
        _l("Thư điện tử"),
        filters=[one_line],
        validators=[
            Optional(),
            Length(max=200, message=_TOO_LONG),
            Regexp(r"^[^@\s]+@[^@\s]+\.[^@\s]+$", message=_l("Địa chỉ thư điện tử chưa đúng.")),
        ],
    )
    hometown = StringField(
        _l("Quê quán"),
        description=_l("Xã, phường và tỉnh. Chỉ để hội đồng phát hiện quan hệ với người coi thi, chấm thi."),
        filters=[one_line],
        validators=[Optional(), Length(max=200, message=_TOO_LONG)],
    )
    consent = BooleanField(
        _l("Tôi đồng ý để hội đồng thi tuyển dùng thông tin và hồ sơ này cho kỳ thi tuyển, theo thông báo tuyển."),
        validators=[DataRequired(_l("Cần đồng ý thì hội đồng mới được nhận hồ sơ."))],
    )


class AddDossierItemForm(FlaskForm):
    """One file for one item of the checklist."""

    file = FileField(_l("Chọn tệp"), validators=[FileRequired(_l("Chưa chọn tệp."))])


class SubmitApplicationForm(FlaskForm):
    """Hand the dossier in."""

    truthful = BooleanField(
        _l("Tôi cam đoan hồ sơ đúng sự thật và chịu trách nhiệm về nội dung đã khai."),
        validators=[DataRequired(_l("Cần cam đoan rồi mới nộp được."))],
    )


class WithdrawApplicationForm(FlaskForm):
    """Take the application back."""

    sure = BooleanField(
        _l("Tôi hiểu rằng rút hồ sơ thì không nộp lại được trong kỳ thi tuyển này."),
        validators=[DataRequired(_l("Hãy đánh dấu xác nhận trước khi rút."))],
    )


class DecideEligibilityForm(FlaskForm):
    """Accept or refuse, with a reason for a refusal."""

    decision = RadioField(_l("Kết luận"), validators=[DataRequired(_l("Chưa chọn kết luận."))])
    reason = TextAreaField(
        _l("Lý do"),
        description=_l("Bắt buộc khi không đủ điều kiện, xét lại hoặc trả lại; người dự tuyển đọc được lý do này"),
        filters=[many_lines],
        validators=[Optional(), Length(max=2000, message=_TOO_LONG)],
    )


class SearchCandidaciesForm(FlaskForm):
    """Look for people on the list; read by GET, so without a token."""

    class Meta:
        """No token: nothing is changed."""

        csrf = False

    words = _line(_l("Tìm tên, đơn vị, số"), most=100, needed=False)
    post = SelectField(_l("Chức danh"), validators=[Optional()])
    state = SelectField(_l("Tình trạng"), validators=[Optional()])


class IssuePasswordsForm(FlaskForm):
    """Print slips with new passwords."""


class ImportCandidatesForm(FlaskForm):
    """A list of candidates as CSV or XLSX."""

    file = FileField(_l("Tệp danh sách (CSV hoặc XLSX)"), validators=[FileRequired(_l("Chưa chọn tệp."))])


class ConfirmImportForm(FlaskForm):
    """Take over exactly the list that was shown."""

    token = HiddenField(validators=[DataRequired(_NEEDED), Length(max=64)])
