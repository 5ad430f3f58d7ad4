"""Forms about coming in, passwords, accounts, bodies and roles."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, IntegerField, PasswordField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, NumberRange, Optional, Regexp, ValidationError
from wtforms.widgets import HiddenInput

from examsite.domain.accounts import MOST_PASSWORD_LENGTH
from examsite.domain.names import normalise_name
from examsite.domain.second_factors import CODE_DIGITS, MOST_NAME_LENGTH, plain_code
from examsite.web.i18n import _, _l

_NEEDED = _l("Chưa điền.")
_TOO_LONG = _l("Dài quá %(max)d ký tự.")


def one_line(value: str | None) -> str:
    """A line of text as it is stored: NFC, single spaces, nothing invisible."""
    return normalise_name(value or "")


def _is_code(_form: FlaskForm, field: Field) -> None:
    """What cannot be a code is told apart from a wrong one, and slows nobody down."""
    code = plain_code(field.data or "")
    if not (len(code) == CODE_DIGITS and code.isascii() and code.isdigit()):
        raise ValidationError(_("Mã gồm đúng 6 chữ số, như ứng dụng đang hiện."))


class LogInForm(FlaskForm):
    """Log-in of an official."""

    login = StringField(
        _l("Tên đăng nhập"), filters=[one_line], validators=[DataRequired(_NEEDED), Length(max=80, message=_TOO_LONG)]
    )
    password = PasswordField(
        _l("Mật khẩu"),
        validators=[DataRequired(_NEEDED), Length(max=MOST_PASSWORD_LENGTH, message=_TOO_LONG)],
    )


class LogInCandidateForm(FlaskForm):
    """Log-in of a candidate by number or application code."""

    login = StringField(
        _l("Số báo danh"),
        description=_l("In ở dòng đầu phiếu dự thi. Chưa có số thì dùng mã hồ sơ."),
        filters=[one_line],
        validators=[DataRequired(_NEEDED), Length(max=80, message=_TOO_LONG)],
    )
    password = PasswordField(
        _l("Mật khẩu"),
        description=_l("12 chữ và số in trên phiếu; gạch nối, chữ thường, chữ hoa đều được"),
        validators=[DataRequired(_NEEDED), Length(max=MOST_PASSWORD_LENGTH, message=_TOO_LONG)],
    )


class EndLogInForm(FlaskForm):
    """Nothing but the token against foreign requests."""


class ChangePasswordForm(FlaskForm):
    """A new password of one's own."""

    current = PasswordField(
        _l("Mật khẩu đang dùng"),
        validators=[DataRequired(_NEEDED), Length(max=MOST_PASSWORD_LENGTH, message=_TOO_LONG)],
    )
    new = PasswordField(
        _l("Mật khẩu mới"),
        description=_l(
            "Ít nhất 15 ký tự. Một câu dài dễ nhớ tốt hơn ký tự lạ; có dấu cách và dấu tiếng Việt cũng được."
        ),
        validators=[DataRequired(_NEEDED), Length(max=MOST_PASSWORD_LENGTH, message=_TOO_LONG)],
    )
    again = PasswordField(
        _l("Gõ lại mật khẩu mới"),
        validators=[DataRequired(_NEEDED), Length(max=MOST_PASSWORD_LENGTH, message=_TOO_LONG)],
    )


class OpenAccountForm(FlaskForm):
    """A new account for an official."""

    login = StringField(
        _l("Tên đăng nhập"),
        description=_l("Chữ thường không dấu, ví dụ ngan.lt"),
        filters=[one_line],
        validators=[DataRequired(_NEEDED), Length(max=40, message=_TOO_LONG)],
    )
    display_name = StringField(
        _l("Họ và tên"), filters=[one_line], validators=[DataRequired(_NEEDED), Length(max=200, message=_TOO_LONG)]
    )
    position_title = StringField(
        _l("Chức vụ"), filters=[one_line], validators=[Optional(), Length(max=200, message=_TOO_LONG)]
    )


class SearchAccountsForm(FlaskForm):
    """Look for an account; read by GET, so without a token."""

    class Meta:
        """No token: nothing is changed."""

        csrf = False

    words = StringField(
        _l("Tìm tên hoặc tên đăng nhập"),
        filters=[one_line],
        validators=[Optional(), Length(max=100, message=_TOO_LONG)],
    )


class ChangeAccountForm(FlaskForm):
    """One button on the page of an account: nothing but the token."""


class GrantBodyRoleForm(FlaskForm):
    """A role at a body."""

    body = SelectField(_l("Cơ quan"), validators=[DataRequired(_NEEDED)])
    role = SelectField(_l("Vai trò"), validators=[DataRequired(_NEEDED)])


class AssignRoleForm(FlaskForm):
    """A role in a competition."""

    login = StringField(
        _l("Tên đăng nhập của người được phân công"),
        filters=[one_line],
        validators=[DataRequired(_NEEDED), Length(max=80, message=_TOO_LONG)],
    )
    role = SelectField(_l("Vai trò"), validators=[DataRequired(_NEEDED)])


class RevokeRoleForm(FlaskForm):
    """Which assignment is taken back."""

    assignment_id = IntegerField(validators=[DataRequired(_NEEDED), NumberRange(1, 2**31 - 1)], widget=HiddenInput())


class ChangeBodyForm(FlaskForm):
    """A body in the tree."""

    name = StringField(
        _l("Tên cơ quan"), filters=[one_line], validators=[DataRequired(_NEEDED), Length(max=200, message=_TOO_LONG)]
    )
    name_en = StringField(
        _l("Tên tiếng Anh"), filters=[one_line], validators=[DataRequired(_NEEDED), Length(max=200, message=_TOO_LONG)]
    )
    level = SelectField(_l("Cấp quản lý chức danh"), validators=[DataRequired(_NEEDED)])
    parent = SelectField(_l("Trực thuộc"), validators=[Optional()])


class CreateBodyForm(ChangeBodyForm):
    """A new body; its code stays for ever, because records name it."""

    code = StringField(
        _l("Mã"),
        description=_l("Chữ in hoa, số, gạch; ví dụ SNV"),
        filters=[one_line],
        validators=[
            DataRequired(_NEEDED),
            Length(max=20, message=_TOO_LONG),
            Regexp(r"^[A-Z0-9](?:[A-Z0-9-]*[A-Z0-9])?$", message=_l("Chỉ dùng chữ in hoa không dấu, số và gạch nối.")),
        ],
    )


class ShowFactorForm(FlaskForm):
    """A second factor in between: what was typed before goes along, so the names are like no other form's."""

    factor_code = StringField(_l("Mã 6 số"), validators=[Length(max=20, message=_TOO_LONG)])
    factor_answer = HiddenField()

    def validate_factor_code(self, field: Field) -> None:
        """A passkey answers in place of a code."""
        if not self.factor_answer.data:
            _is_code(self, field)


class AddAppForm(FlaskForm):
    """An app that shows codes; the password only where the account has no factor yet."""

    name = StringField(
        _l("Tên để nhận ra"),
        description=_l("Ví dụ: Điện thoại của tôi"),
        filters=[one_line],
        validators=[DataRequired(_NEEDED), Length(max=MOST_NAME_LENGTH, message=_TOO_LONG)],
    )
    password = PasswordField(_l("Mật khẩu đang dùng"), validators=[Length(max=MOST_PASSWORD_LENGTH, message=_TOO_LONG)])
    code = StringField(
        _l("Mã 6 số ứng dụng đang hiện"),
        validators=[DataRequired(_NEEDED), Length(max=20, message=_TOO_LONG), _is_code],
    )


class AddPasskeyForm(FlaskForm):
    """A passkey; the device's answer comes by script."""

    name = StringField(
        _l("Tên để nhận ra"),
        description=_l("Ví dụ: Máy tính ở phòng làm việc, khóa USB màu đen"),
        filters=[one_line],
        validators=[DataRequired(_NEEDED), Length(max=MOST_NAME_LENGTH, message=_TOO_LONG)],
    )
    password = PasswordField(_l("Mật khẩu đang dùng"), validators=[Length(max=MOST_PASSWORD_LENGTH, message=_TOO_LONG)])
    answer = HiddenField()


class RemoveFactorForm(FlaskForm):
    """Nothing but the token against foreign requests."""


class ResetFactorsForm(FlaskForm):
    """Why somebody loses every second factor."""

    reason = TextAreaField(_l("Lý do xóa mọi yếu tố thứ hai"), validators=[DataRequired(_NEEDED)])
