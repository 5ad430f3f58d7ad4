"""Forms about keys that several people hold: who holds them, that sheets were printed, and the words of sheets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange

from examsite.domain.errors import DomainError
from examsite.domain.reasons import LONGEST_TEXT
from examsite.domain.split_keys import LEAST_NEEDED, MOST_HOLDERS, SHARE_WORDS, plain_words
from examsite.web.forms.papers import MultiCheckboxField, WholeNumberField
from examsite.web.i18n import _, _l

_NEEDED = _l("Chưa điền.")

#: Longest text of one sheet that is looked at. Source: our choice, because 33 words of at most eight letters are less.
_MOST_LETTERS = 1000


class ShareField(Field):
    """The words of one sheet: one box for each word; a whole sheet pasted into any box counts as well."""

    boxes: tuple[str, ...] = ("",) * SHARE_WORDS

    def process_formdata(self, valuelist: list[str]) -> None:
        """Join the boxes; what was typed stays in its boxes, what was pasted into one is spread over them."""
        typed = [value[:_MOST_LETTERS] for value in valuelist[:SHARE_WORDS]]
        self.data: Any = plain_words(" ".join(typed))[:_MOST_LETTERS]
        words = self.data.split()
        if any(len(plain_words(value).split()) > 1 for value in typed):
            typed = words
        self.boxes = tuple((*typed, *[""] * SHARE_WORDS)[:SHARE_WORDS])


class JoinKeyForm(FlaskForm):
    """As many sheets as must come together; made by `join_key_form`."""

    share_names: tuple[str, ...] = ()

    @property
    def shares(self) -> list[ShareField]:
        """The sheets in the order of the page."""
        return [self[name] for name in self.share_names]

    def words(self) -> list[str]:
        """What was typed for each sheet, empty where nothing was."""
        return [field.data or "" for field in self.shares]

    def field_at_fault(self, error: DomainError) -> Field | None:
        """What a refusal of `join_split_key` speaks of: one sheet, or none of them alone."""
        number = error.params.get("number")
        return self.shares[number - 1] if isinstance(number, int) and 1 <= number <= len(self.shares) else None


def join_key_form(needed: int) -> JoinKeyForm:
    """The form with a field for each sheet that is needed."""
    names = tuple(f"share{number}" for number in range(1, needed + 1))
    # Not the numbers on the sheets: whoever comes first types into the first.
    fields = {
        name: ShareField(_("Lượt nhập %(number)s", number=number) if needed > 1 else _("Các từ trên tờ"))
        for number, name in enumerate(names, start=1)
    }
    form_class = type("JoinKeyForm", (JoinKeyForm,), {**fields, "share_names": names})
    form: JoinKeyForm = form_class()
    return form


class SplitKeyForm(FlaskForm):
    """Who holds the sheets of a key, and how many of them open together."""

    holders = MultiCheckboxField(_l("Người giữ tờ khóa"), coerce=int)
    needed = WholeNumberField(
        _l("Số người cùng mở"),
        validators=[
            InputRequired(_NEEDED),
            NumberRange(LEAST_NEEDED, MOST_HOLDERS, message=_l("Hãy điền số từ %(min)s đến %(max)s.")),
        ],
    )


def split_key_form(*, holders: Sequence[tuple[int, str]], chosen: Sequence[int], needed: int) -> SplitKeyForm:
    """The form with those who may hold; suggested are `chosen` and `needed`."""
    form = SplitKeyForm(data={"holders": list(chosen), "needed": needed})
    form.holders.choices = list(holders)
    return form


class ShowSheetForm(FlaskForm):
    """The holder asks for the words of the own sheet: a button."""


class TakeSheetForm(FlaskForm):
    """That the own sheet is on paper, so that the server may forget its words."""

    printed = BooleanField(
        _l("Đã in hoặc chép đủ 33 từ, đọc rõ từng từ, tờ đã gấp và dán lại"),
        validators=[InputRequired(_l("Chỉ xác nhận sau khi tờ đã ở trên giấy. Chưa in được thì mở lại tờ này."))],
    )


class DiscardKeyForm(FlaskForm):
    """Why a key is given up of which sheets were not taken."""

    reason = TextAreaField(
        _l("Lý do"),
        validators=[InputRequired(_NEEDED), Length(max=LONGEST_TEXT, message=_l("Không quá %(max)d ký tự."))],
    )
