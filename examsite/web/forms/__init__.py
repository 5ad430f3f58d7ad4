"""Every form of the product. Forms check shape; whether an act is allowed is the rule's business.

Three things are set here once for every form: WTForms has no Vietnamese, so its own sentences are replaced; signs that
neither a page nor a database takes (NUL and its like, which also come from pasted texts) never reach a field; and every
text is brought to NFC, because records hold nothing else and some keyboards type letters and tones apart.
"""

from __future__ import annotations

import unicodedata
from typing import Any

from flask import request
from flask_wtf import FlaskForm
from werkzeug.datastructures import CombinedMultiDict, MultiDict
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


#: Control signs but the tabulator and the ends of lines; 0x0B is the line end of a word processor.
_CONTROL = {code: None for code in (*range(32), *range(127, 160)) if chr(code) not in "\t\n\r\x0b"} | {0x0B: "\n"}

_own_wrap = FlaskForm.Meta.wrap_formdata


def _clean(value: str) -> str:
    return unicodedata.normalize("NFC", value.translate(_CONTROL))


def _wrap_formdata(meta: FlaskForm.Meta, form: Any, formdata: Any) -> Any:
    if request.is_json and not isinstance(formdata, MultiDict):
        return MultiDict()  # forms are sent by pages; a body of another kind fills in nothing
    wrapped = _own_wrap(meta, form, formdata)
    if wrapped is None or formdata is wrapped:
        return wrapped
    fields = MultiDict((name, _clean(value)) for name, value in request.form.items(multi=True))
    return CombinedMultiDict((request.files, fields)) if request.files else fields


# Rows inside a form have the plain meta, forms that of Flask-WTF.
for _meta in (DefaultMeta, FlaskForm.Meta):
    _meta.get_translations = _get_translations
FlaskForm.Meta.wrap_formdata = _wrap_formdata
