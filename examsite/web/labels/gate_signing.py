"""Words for what the council signs before a gate."""

from __future__ import annotations

from examsite.web.i18n import _l

MISSING = {
    "gate_unsigned": _l("Chữ ký đồng ý của hội đồng cho bước này: có %(have)s, cần %(need)s"),
    "gate_refused": _l("Hội đồng không đồng ý với văn bản của bước này: sửa theo lý do đã ghi rồi trình ký lại"),
}

ERRORS = {
    "gate_not_signable": _l(
        "Không còn gì chờ ký ở đây: bước đã qua, hội đồng đã quyết định, hoặc bộ quy tắc không cần chữ ký."
    ),
}
