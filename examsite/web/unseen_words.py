"""What a person is told of words in a proposal that nobody sees on the paper; the reader decides what they mean."""

from __future__ import annotations

from flask import current_app

from examsite.services.reading import StoredFile, UnseenWords, list_unseen_words
from examsite.web.i18n import _, ngettext


def unseen_sentences(upload: StoredFile) -> list[str]:
    """One sentence a page; one alone where the file could not be looked at."""
    found = list_unseen_words(current_app.extensions["settings"], upload)
    if found is None:
        return [_("Máy chủ không xem được tệp này có chữ khuất hay không.")]
    return [_sentence(row) for row in found]


def _sentence(row: UnseenWords) -> str:
    parts = []
    if row.beside:
        parts.append(ngettext("%(num)d chữ cái nằm ngoài mép giấy", "%(num)d chữ cái nằm ngoài mép giấy", row.beside))
    if row.tiny:
        parts.append(ngettext("%(num)d chữ cái nhỏ dưới 3 pt", "%(num)d chữ cái nhỏ dưới 3 pt", row.tiny))
    if row.faint:
        parts.append(ngettext("%(num)d chữ cái trùng màu nền", "%(num)d chữ cái trùng màu nền", row.faint))
    return _("Trang %(page)s: %(what)s.", page=row.page, what=", ".join(parts))
