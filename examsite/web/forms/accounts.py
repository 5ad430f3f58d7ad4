"""Forms about coming in, passwords, accounts, bodies and roles."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Length

from examsite.domain.accounts import MOST_PASSWORD_LENGTH
from examsite.domain.names import normalise_name
from examsite.web.i18n import _l

_NEEDED = _l("Chưa điền.")
_TOO_LONG = _l("Dài quá %(max)d ký tự.")


def one_line(value: str | None) -> str:
    """A line of text as it is stored: NFC, single spaces, nothing invisible."""
    return normalise_name(value or "")


class LogInForm(FlaskForm):
    """Log-in of an official."""

    login = StringField(
        _l("Tên đăng nhập"), filters=[one_line], validators=[InputRequired(_NEEDED), Length(max=80, message=_TOO_LONG)]
    )
    password = PasswordField(
        _l("Mật khẩu"),
        validators=[InputRequired(_NEEDED), Length(max=MOST_PASSWORD_LENGTH, message=_TOO_LONG)],
    )


class LogInCandidateForm(FlaskForm):
    """Log-in of a candidate by number or application code."""

    login = StringField(
        _l("Số báo danh"),
        description=_l("In ở dòng đầu phiếu dự thi. Chưa có số thì dùng mã hồ sơ."),
        filters=[one_line],
        validators=[InputRequired(_NEEDED), Length(max=80, message=_TOO_LONG)],
    )
    password = PasswordField(
        _l("Mật khẩu"),
        description=_l("12 chữ và số in trên phiếu; gạch nối, chữ thường, chữ hoa đều được"),
        validators=[InputRequired(_NEEDED), Length(max=MOST_PASSWORD_LENGTH, message=_TOO_LONG)],
    )


class LogOutForm(FlaskForm):
    """Nothing but the token against foreign requests."""


class EndLogInForm(FlaskForm):
    """Nothing but the token against foreign requests."""


class ChangePasswordForm(FlaskForm):
    """A new password of one's own."""

    current = PasswordField(
        _l("Mật khẩu đang dùng"),
        validators=[InputRequired(_NEEDED), Length(max=MOST_PASSWORD_LENGTH, message=_TOO_LONG)],
    )
    new = PasswordField(
        _l("Mật khẩu mới"),
        description=_l(
            "Ít nhất 15 ký tự. Một câu dài dễ nhớ tốt hơn ký tự lạ; có dấu cách và dấu tiếng Việt cũng được."
        ),
        validators=[InputRequired(_NEEDED), Length(max=MOST_PASSWORD_LENGTH, message=_TOO_LONG)],
    )
    again = PasswordField(
        _l("Gõ lại mật khẩu mới"),
        validators=[InputRequired(_NEEDED), Length(max=MOST_PASSWORD_LENGTH, message=_TOO_LONG)],
    )
