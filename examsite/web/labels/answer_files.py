"""Why an answer file that was carried to the server is not taken in."""

from __future__ import annotations

from examsite.web.i18n import _l

ERRORS = {
    "answer_file_too_large": _l("Tệp lớn hơn %(megabytes)s MB, không phải tệp bài làm của trang thi."),
    "answer_file_not_age": _l("Đây không phải tệp bài làm. Hãy chọn tệp có tên bắt đầu bằng “bai-lam” và đuôi .age."),
    "answer_file_unreadable": _l(
        "Không mở được tệp: tệp của ca thi khác, hoặc đã bị đổi dù chỉ một byte. Hãy lưu lại tệp từ máy của thí sinh."
    ),
    "answer_file_malformed": _l("Nội dung tệp không đúng khuôn dạng của trang thi. Không nhập phần nào."),
    "answer_file_forged": _l("Tệp không do trang thi của thí sinh này tạo ra. Không nhập phần nào; hãy ghi sự việc."),
    "answer_file_other_sitting": _l("Tệp này thuộc ca thi khác."),
    "answer_file_other_candidate": _l("Số báo danh trong tệp không khớp với chỗ ngồi. Không nhập phần nào."),
    "answer_file_known": _l("Tệp này đã được nhập. Nhập lại không thay đổi gì."),
    "answer_file_not_found": _l("Tệp chờ xác nhận không còn. Hãy chọn lại tệp."),
}
