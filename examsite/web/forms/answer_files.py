"""Forms of the last resort: choose the file, then take in what was shown."""

from __future__ import annotations

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired

from examsite.web.i18n import _l


class CarryAnswersForm(FlaskForm):
    """The encrypted file that a candidate's machine wrote."""

    file = FileField(_l("Tệp bài làm"), validators=[FileRequired(_l("Hãy chọn tệp."))])


class ConfirmAnswersForm(FlaskForm):
    """Take in exactly the file that was shown."""
