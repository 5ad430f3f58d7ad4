"""Forms about what stands beside the points: notes in the text, saved comments, questions to the head, claims."""

from __future__ import annotations

from datetime import UTC, datetime

from flask_wtf import FlaskForm
from wtforms import HiddenField, TextAreaField
from wtforms.validators import InputRequired, Length, Regexp

from examsite.domain.note_anchors import Span
from examsite.domain.reasons import LONGEST_TEXT
from examsite.domain.scripts import plain_text
from examsite.web.forms.marking import whole_number
from examsite.web.i18n import _l

_LONGEST_COMMENT = 500
#: The largest key that a database keeps in 32 bits.
_LARGEST = 2147483647
_TOO_LONG = _l("Dài quá %(max)d ký tự.")


def _plain(value: str | None) -> str | None:
    """What was typed, as any page can show it again."""
    return None if value is None else plain_text(value)


class WriteNoteForm(FlaskForm):
    """A new note with its span, or the number of a known one with its new words."""

    note = HiddenField()
    item = HiddenField()
    start = HiddenField()
    end = HiddenField()
    quote = HiddenField(filters=[_plain])
    criterion = HiddenField()
    seen = HiddenField()
    text = TextAreaField(filters=[_plain], validators=[Length(max=LONGEST_TEXT, message=_TOO_LONG)])

    def note_id(self) -> int | None:
        """The known note, or None for a new one."""
        typed = (self.note.data or "").strip()
        if not typed:
            return None
        number = int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= len(str(_LARGEST)) else -1
        return number if number <= _LARGEST else -1

    def span(self) -> Span:
        """The span as the page named it; figures that are none lie outside of every text."""
        return Span(
            self.item.data or "", whole_number(self.start.data), whole_number(self.end.data), self.quote.data or ""
        )

    def seen_at(self) -> datetime | None:
        """The instant of the note that the page knows."""
        try:
            found = datetime.fromisoformat(self.seen.data or "")
        except ValueError:
            return None
        return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


class HoldScriptForm(FlaskForm):
    """Which open page wants to hold a script, and whether it takes it from another page or lets it go."""

    page = HiddenField(validators=[InputRequired(), Regexp(r"^[0-9a-f-]{8,40}$")])
    wish = HiddenField()


class SaveCommentForm(FlaskForm):
    """A sentence for the bank."""

    text = TextAreaField(
        _l("Câu để dùng lại"),
        filters=[_plain],
        validators=[
            InputRequired(_l("Hãy ghi một câu.")),
            Length(max=_LONGEST_COMMENT, message=_TOO_LONG),
        ],
    )


class FlagScriptForm(FlaskForm):
    """A marker's question about a script."""

    text = TextAreaField(
        _l("Điều muốn hỏi trưởng ban"),
        filters=[_plain],
        description=_l("Ví dụ: bài có chỗ lộ người viết, bài trống, câu trả lời không khớp đề. Không đoán tên ai."),
        validators=[InputRequired(_l("Hãy ghi điều muốn hỏi.")), Length(max=LONGEST_TEXT, message=_TOO_LONG)],
    )


class AnswerFlagForm(FlaskForm):
    """The head's answer."""

    text = TextAreaField(
        _l("Trả lời"),
        filters=[_plain],
        description=_l("Chỉ người hỏi đọc được. Không nói về điểm hay ý kiến của người chấm khác."),
        validators=[InputRequired(_l("Hãy ghi câu trả lời.")), Length(max=LONGEST_TEXT, message=_TOO_LONG)],
    )
