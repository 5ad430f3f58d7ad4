"""Words for what a test page notices and for what a candidate is given; none of them blames."""

from __future__ import annotations

from examsite.domain.evidence import EvidenceKind
from examsite.web.i18n import _l

LABELS = {
    EvidenceKind: {
        EvidenceKind.FOCUS_LOST: _l("Rời trang thi"),
        EvidenceKind.FULLSCREEN_LEFT: _l("Thoát toàn màn hình"),
        EvidenceKind.PASTED: _l("Dán văn bản"),
        EvidenceKind.BURST: _l("Chữ vào nhanh bất thường"),
        EvidenceKind.RELOADED: _l("Tải lại trang"),
        EvidenceKind.OFFLINE: _l("Mất kết nối"),
    },
}

ERRORS = {
    "evidence_malformed": _l("Gói ghi nhận sai ở %(field)s."),
    "preferences_malformed": _l("Lựa chọn hiển thị không đúng khuôn dạng."),
    "extra_time_out_of_range": _l("Thêm giờ từ 0 đến %(most)s phần trăm."),
    "text_size_unknown": _l("Hãy chọn một trong các cỡ chữ có sẵn."),
    "adjustments_too_late": _l(
        "Ca thi của người này đã bắt đầu, không đổi điều chỉnh được nữa. Bù giờ ở bảng phòng thi."
    ),
}
