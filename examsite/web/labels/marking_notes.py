"""Words for notes, saved comments and questions to the head: why they are refused."""

from __future__ import annotations

from examsite.web.i18n import _l

ERRORS = {
    "note_not_anchored": _l("Đoạn đã chọn không nằm trong một câu trả lời. Hãy chọn lại."),
    "note_not_found": _l("Ghi chú này không còn nữa."),
    "note_changed_elsewhere": _l("Ghi chú này vừa được sửa ở một trang khác. Chưa có gì bị ghi đè."),
    "notes_too_many": _l("Mỗi bài có nhiều nhất %(most)s ghi chú."),
    "saved_comment_empty": _l("Chưa có câu nào để giữ."),
    "saved_comment_too_long": _l("Câu để dùng lại dài nhất %(limit)s ký tự."),
    "saved_comment_not_found": _l("Câu này không còn trong kho."),
    "saved_comments_too_many": _l("Kho đã có %(most)s câu. Hãy xóa bớt trước khi giữ thêm."),
    "flag_not_found": _l("Không có câu hỏi này."),
    "flags_waiting": _l("Đã có %(most)s câu hỏi về bài này chờ trưởng ban trả lời."),
    "flag_already_answered": _l("Câu hỏi này đã được trả lời."),
}
