"""What a person is told of words in a proposal that nobody sees on the paper; the reader decides what they mean."""

from __future__ import annotations

from flask import current_app

from examsite.services.reading import StoredFile, UnseenWords, list_unseen_words
from examsite.web.i18n import _, ngettext


def unseen_sentences(upload: StoredFile, original: StoredFile | None = None) -> list[str]:
    """One sentence a page; one alone where the file could not be looked at. `original` is asked of an Office file."""
    found = list_unseen_words(current_app.extensions["settings"], upload, original)
    if found is None:
        return [_("Máy chủ không xem được tệp này có chữ khuất hay không.")]
    return [_sentence(row) for row in found]


def _sentence(row: UnseenWords) -> str:
    if row.removed:
        what = ngettext(
            "%(num)d chữ cái bị ẩn, trùng màu nền, quá nhỏ hay nằm ngoài trang; bản cho ban chấm đọc không có "
            "những chữ này.",
            "%(num)d chữ cái bị ẩn, trùng màu nền, quá nhỏ hay nằm ngoài trang; bản cho ban chấm đọc không có "
            "những chữ này.",
            row.removed,
        )
        return _("Trang %(page)s: %(what)s", page=row.page, what=what) if row.page else what
    parts = []
    if row.beside:
        parts.append(ngettext("%(num)d chữ cái nằm ngoài mép giấy", "%(num)d chữ cái nằm ngoài mép giấy", row.beside))
    if row.tiny:
        parts.append(ngettext("%(num)d chữ cái nhỏ dưới 3 pt", "%(num)d chữ cái nhỏ dưới 3 pt", row.tiny))
    if row.faint:
        parts.append(ngettext("%(num)d chữ cái trùng màu nền", "%(num)d chữ cái trùng màu nền", row.faint))
    return _("Trang %(page)s: %(what)s.", page=row.page, what=", ".join(parts))
