"""Words for the questions of the supervision board."""

from __future__ import annotations

from examsite.web.i18n import _l

ERRORS = {
    "explanation_not_found": _l("Không có đề nghị giải trình số %(number)s."),
    "explanation_given": _l("Đề nghị số %(number)s đã có giải trình. Cần nói thêm thì ban giám sát gửi đề nghị mới."),
    "explanation_of_other": _l("Đề nghị này gửi người khác. Chỉ người đó hoặc chủ tịch hội đồng trả lời được."),
}
