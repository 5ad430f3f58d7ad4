"""Words for files that were not taken, each with what to do."""

from __future__ import annotations

from examsite.domain.dossiers import UploadKind
from examsite.web.i18n import _l

LABELS = {
    UploadKind: {
        UploadKind.PDF: _l("Tệp PDF"),
        UploadKind.DOCX: _l("Văn bản Word (DOCX)"),
        UploadKind.PPTX: _l("Trình chiếu PowerPoint (PPTX)"),
        UploadKind.PNG: _l("Ảnh PNG"),
        UploadKind.JPEG: _l("Ảnh JPEG"),
    },
}

ERRORS = {
    "file_empty": _l("Tệp rỗng, không có nội dung. Hãy chọn lại tệp."),
    "file_too_large": _l("Tệp lớn hơn %(most)s MB. Hãy giảm dung lượng rồi gửi lại."),
    "file_kind_not_allowed": _l("Đây là tệp %(found)s; mục này chỉ nhận %(allowed)s."),
    "file_kind_unknown": _l("Không nhận ra loại tệp, dù tên tệp ghi thế nào. Mục này chỉ nhận %(allowed)s."),
    "file_is_old_office": _l(
        "Tệp Office kiểu cũ hoặc có mật khẩu. Hãy lưu lại thành PDF, DOCX hoặc PPTX không mật khẩu."
    ),
    "file_damaged": _l("Tệp hỏng hoặc chưa tải lên hết. Hãy mở thử trên máy rồi lưu lại và gửi lại."),
    "file_encrypted": _l("Tệp có mật khẩu hoặc bị khóa. Hãy bỏ mật khẩu rồi gửi lại."),
    "file_ambiguous": _l("Tệp chứa hai nội dung chồng nhau nên không nhận. Hãy lưu lại thành tệp mới rồi gửi lại."),
    "file_expands_too_much": _l(
        "Tệp bung ra quá lớn hoặc quá nhiều phần nên không nhận. Hãy lưu lại thành tệp nhỏ hơn."
    ),
    "file_has_macros": _l("Tệp có macro hoặc điều khiển ActiveX nên không nhận. Hãy lưu lại thành tệp không có macro."),
    "file_has_active_content": _l(
        "Tệp có mã chạy được hoặc tệp khác nhúng bên trong nên không nhận. Hãy in ra PDF rồi gửi."
    ),
    "file_has_outside_parts": _l(
        "Tệp lấy nội dung từ nơi khác khi mở nên không nhận. Hãy nhúng nội dung hoặc in ra PDF."
    ),
    "file_cannot_be_cleaned": _l(
        "Không lập được bản sao đã bỏ thông tin người viết từ tệp này. Hãy in ra PDF rồi gửi lại."
    ),
    "file_changed": _l(
        "Tệp này trên máy chủ không còn đúng từng byte như khi nộp nên không được mở. Hãy báo quản trị hệ thống và ban "
        "giám sát."
    ),
    "file_not_found": _l("Tệp này không còn trên máy chủ. Hãy báo quản trị hệ thống."),
}
