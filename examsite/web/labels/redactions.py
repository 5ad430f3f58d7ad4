"""Words for places that may tell an author, and for why a decision about them is refused."""

from __future__ import annotations

from examsite.domain.identity_hints import HintKind
from examsite.web.i18n import _l

LABELS = {
    HintKind: {
        HintKind.NAME: _l("Tên người"),
        HintKind.UNIT: _l("Cơ quan, đơn vị"),
        HintKind.PHONE: _l("Số điện thoại"),
        HintKind.IDENTITY_NUMBER: _l("Số định danh"),
        HintKind.EMAIL: _l("Địa chỉ thư"),
        HintKind.CANDIDATE_NUMBER: _l("Số của thí sinh"),
        HintKind.SIGNATURE: _l("Ký tên"),
        HintKind.ONLINE_NAME: _l("Tên trên mạng xã hội"),
        HintKind.HIDDEN_SIGNS: _l("Ký tự ẩn hoặc đảo chiều"),
        HintKind.BY_HAND: _l("Ban phách đánh dấu"),
    },
}

ERRORS = {
    "hints_not_open": _l("Việc này chỉ làm khi thi viết xong và trước khi niêm phong bảng phách."),
    "hints_closed": _l("Bài đã rọc phách: những chỗ đã tìm xem lại được sau khi mở bảng phách."),
    "hints_outdated": _l("Bài %(script)s đã đổi sau lần rà trước. Hãy rà lại rồi quyết định."),
    "hints_not_decided": _l("Bài %(script)s còn chỗ chưa quyết định."),
    "mark_not_in_text": _l("Câu hỏi này không có đúng đoạn ấy. Hãy chọn trong bài hoặc chép đúng từng chữ."),
    "mark_in_several_places": _l("Đoạn này có ở %(count)s chỗ. Hãy chọn ngay trong bài, hoặc chép dài hơn."),
    "mark_known": _l("Chỗ này đã có trong danh sách của bài."),
    "mark_too_long": _l("Đoạn che dài nhất %(most)s ký tự. Hãy đánh dấu thành nhiều chỗ."),
    "mark_reason_too_long": _l("Lý do dài nhất %(most)s ký tự. Hãy viết ngắn lại; chưa có gì bị cắt."),
    "mark_reason_missing": _l("Hãy ghi vì sao chỗ này có thể lộ người viết."),
    "cover_not_in_sentence": _l("Phần che phải là một đoạn có trong câu này và chạm vào chỗ đã tìm thấy."),
}
