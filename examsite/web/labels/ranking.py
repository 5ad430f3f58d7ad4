"""Words for versions of a result, signatures and ties."""

from __future__ import annotations

from examsite.domain.publication import Decision, ResultEvent, ResultState
from examsite.web.i18n import _l

LABELS = {
    ResultState: {
        ResultState.PROPOSED: _l("Chờ hội đồng ký"),
        ResultState.COUNCIL_SIGNED: _l("Hội đồng đã ký đủ"),
        ResultState.APPROVED: _l("Đã phê duyệt"),
        ResultState.PUBLISHED: _l("Đã công bố"),
        ResultState.REFUSED: _l("Không được đồng ý"),
        ResultState.SUPERSEDED: _l("Đã có bản thay thế"),
    },
    ResultEvent: {
        ResultEvent.COUNCIL_SIGNED: _l("Hội đồng ký đủ"),
        ResultEvent.APPROVED: _l("Phê duyệt"),
        ResultEvent.PUBLISHED: _l("Công bố"),
        ResultEvent.REFUSED: _l("Không đồng ý"),
        ResultEvent.SUPERSEDED: _l("Có bản mới thay thế"),
    },
    Decision: {
        Decision.AGREED: _l("Đồng ý"),
        Decision.REFUSED: _l("Không đồng ý"),
    },
}

#: Shape of the tag of a version.
TAGS = {
    ResultState.PROPOSED: "open",
    ResultState.COUNCIL_SIGNED: "work",
    ResultState.APPROVED: "done",
    ResultState.PUBLISHED: "done",
    ResultState.REFUSED: "stopped",
    ResultState.SUPERSEDED: "todo",
}

MISSING = {
    "result_missing": _l("Chưa tính xếp hạng"),
    "result_refused": _l("Bản gần nhất không được đồng ý: cần tính lại, ra bản mới"),
    "tie_not_decided": _l("Đồng hạng ở chỗ cuối cùng của chức danh %(post)s: người có thẩm quyền quyết định"),
    "approvals_short": _l("Chữ ký đồng ý của hội đồng: có %(have)s, cần %(need)s"),
    "result_not_approved": _l("Người có thẩm quyền chưa phê duyệt kết quả"),
}

#: What comes next for a version, and who does it; shown to whoever has nothing to sign here.
NEXT_STEPS = {
    ResultState.PROPOSED: _l("Việc tiếp theo: các ủy viên còn lại ký cho đủ, rồi người có thẩm quyền phê duyệt."),
    ResultState.COUNCIL_SIGNED: _l("Việc tiếp theo: người có thẩm quyền đọc và phê duyệt."),
    ResultState.APPROVED: _l("Việc tiếp theo: thư ký hội đồng công bố đúng bản này."),
}

ERRORS = {
    "result_not_found": _l("Chưa có kết quả nào ở đây."),
    "bundle_not_covered": _l("Chưa có mốc ký nào của sổ ghi đứng sau lần công bố này, nên chưa lập được gói kết quả."),
    "bundle_not_public": _l("Bộ quy tắc của kỳ thi này không công bố điểm của mọi người, nên không có gói công khai."),
    "result_not_computable": _l("Kết quả đã được phê duyệt nên không tính lại được nữa."),
    "result_unchanged": _l(
        "Tính lại ra đúng bản %(version)s đang chờ ký, không khác một số nào. Giữ nguyên bản đó và các chữ ký của nó."
    ),
    "result_does_not_recompute": _l(
        "Hai cách tính cho kết quả khác nhau ở %(count)s chỗ (chỗ đầu: %(where)s). Chưa lưu bản nào. Hãy báo quản trị."
    ),
    "result_damaged": _l("Văn bản trong máy không còn khớp mã SHA-256 của nó. Chưa có gì được ký hay công bố."),
    "result_superseded": _l("Đã có bản mới hơn. Chữ ký chỉ đặt được vào bản mới nhất: hãy mở bản đó và đọc lại."),
    "result_not_signable": _l("Bản này không còn chờ chữ ký."),
    "already_signed": _l("Anh/chị đã có ý kiến cho bản này. Ký rồi không rút lại được."),
    "conflict_declared": _l(
        "Người có xung đột lợi ích, tự khai hoặc do hội đồng kết luận, đọc được văn bản nhưng không ký."
    ),
    "findings_not_read": _l("Phải đọc báo cáo trước khi ký và xác nhận đã đọc ở cuối báo cáo, rồi mới ký được."),
    "council_signs_first": _l("Hội đồng chưa ký đủ. Người có thẩm quyền ký sau hội đồng."),
    "tie_not_decided": _l("Còn đồng hạng ở chỗ cuối cùng. Người có thẩm quyền quyết định xong thì hội đồng mới ký."),
    "hash_tail_wrong": _l("Bốn ký tự này không phải bốn ký tự cuối của mã. Hãy so lại với bản đang cầm."),
    "tie_already_decided": _l("Đồng hạng của chức danh %(post)s đã được quyết định."),
}
