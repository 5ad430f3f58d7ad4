"""Forms of a draw: what a member's own machine gives, and the number when it is shown."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import HiddenField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from examsite.domain.draw_ceremonies import MOST_DEPOSIT_SIGNS
from examsite.web.i18n import _l

_TOO_LONG = _l("Dài quá %(max)d ký tự.")


def _unix_lines(text: str | None) -> str:
    """What a browser sends of a text of several lines, with the line ends that it had."""
    return (text or "").replace("\r\n", "\n")


class DrawActForm(FlaskForm):
    """Nothing but the token against foreign requests: an act that the page has spelled out."""


class PrepareDrawForm(FlaskForm):
    """A reason where the act that needs the draw asks for one."""

    reason = TextAreaField(
        _l("Lý do rút thăm khi chưa đủ bài mẫu"),
        filters=[_unix_lines],
        validators=[Optional(), Length(max=2000, message=_TOO_LONG)],
    )


class GiveNumberForm(FlaskForm):
    """The hash of a number and the number encrypted, both made by the browser."""

    commitment = HiddenField(validators=[InputRequired(), Length(max=64)])
    deposit = HiddenField(filters=[_unix_lines], validators=[InputRequired(), Length(max=MOST_DEPOSIT_SIGNS)])


class ShowNumberForm(FlaskForm):
    """The number itself."""

    number = StringField(
        _l("Số của anh/chị"),
        description=_l("64 chữ số hệ mười sáu, trong tệp đã lưu khi góp số."),
        validators=[
            InputRequired(_l("Chưa có số. Hãy chọn tệp đã lưu khi góp số.")),
            Length(max=200, message=_TOO_LONG),
        ],
    )
