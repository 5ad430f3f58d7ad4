"""Every form of the product. Forms check shape; whether an act is allowed is the rule's business.

WTForms has no Vietnamese, so its own sentences are replaced here, once, for every form.
"""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm
from wtforms.meta import DefaultMeta

from examsite.web.i18n import _l

_INVALID = _l("Giá trị này không nhận được.")
_CHOICE = _l("Hãy chọn một trong các giá trị có sẵn.")
_TOO_LONG = _l("Quá dài.")

#: What WTForms says, and what we say. Our sentences hold no values, because the two need not have the same ones.
_SENTENCES = {
    "This field is required.": _l("Hãy điền mục này."),
    "Not a valid choice.": _CHOICE,
    "Invalid Choice: could not coerce.": _CHOICE,
    "Invalid choice(s): one or more data inputs could not be coerced.": _CHOICE,
    "'%(value)s' is not a valid choice for this field.": _CHOICE,
    "'%(value)s' are not valid choices for this field.": _CHOICE,
    "Not a valid datetime value.": _l("Hãy điền ngày và giờ hợp lệ."),
    "Not a valid date value.": _l("Hãy điền ngày hợp lệ."),
    "Not a valid time value.": _l("Hãy điền giờ hợp lệ."),
    "Not a valid integer value.": _l("Hãy ghi một số nguyên."),
    "Not a valid decimal value.": _l("Hãy ghi một số."),
    "Field cannot be longer than %(max)d character.": _TOO_LONG,
    "Field cannot be longer than %(max)d characters.": _TOO_LONG,
}


class _Sentences:
    """Answers WTForms' question for a sentence in the reader's language."""

    def gettext(self, text: str) -> str:
        return str(_SENTENCES.get(text, _INVALID))

    def ngettext(self, singular: str, plural: str, count: int) -> str:
        return self.gettext(singular if count == 1 else plural)


_sentences = _Sentences()


def _get_translations(_meta: DefaultMeta, _form: Any) -> _Sentences:
    return _sentences


# Rows inside a form have the plain meta, forms that of Flask-WTF.
for _meta in (DefaultMeta, FlaskForm.Meta):
    _meta.get_translations = _get_translations  # type: ignore[method-assign]
