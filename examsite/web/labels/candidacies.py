"""Words for applications, dossiers, eligibility, the list of candidates and their import."""

from __future__ import annotations

from examsite.domain.dossiers import CandidacyEvent, CandidacyState
from examsite.web.i18n import _l

LABELS = {
    CandidacyState: {
        CandidacyState.DRAFT: _l("Đang soạn"),
        CandidacyState.SUBMITTED: _l("Đã nộp, chờ xét"),
        CandidacyState.ELIGIBLE: _l("Đủ điều kiện"),
        CandidacyState.REFUSED: _l("Không đủ điều kiện"),
        CandidacyState.WITHDRAWN: _l("Đã rút"),
    },
    CandidacyEvent: {
        CandidacyEvent.SUBMITTED: _l("Nộp hồ sơ"),
        CandidacyEvent.REOPENED: _l("Trả lại để bổ sung"),
        CandidacyEvent.ACCEPTED: _l("Công nhận đủ điều kiện"),
        CandidacyEvent.REFUSED: _l("Kết luận không đủ điều kiện"),
        CandidacyEvent.WITHDRAWN: _l("Rút hồ sơ"),
        CandidacyEvent.RECONSIDERED: _l("Xét lại"),
    },
}

#: How the state of a candidacy is drawn: kind and tone of its tag.
TAGS = {
    CandidacyState.DRAFT: ("todo", "neutral"),
    CandidacyState.SUBMITTED: ("work", "amber"),
    CandidacyState.ELIGIBLE: ("done", "green"),
    CandidacyState.REFUSED: ("stopped", "seal"),
    CandidacyState.WITHDRAWN: ("stopped", "neutral"),
}

MISSING = {
    "candidacies_undecided": _l("Còn %(count)s hồ sơ chưa kết luận đủ hay không đủ điều kiện"),
    "eligible_too_few": _l("Chức danh %(post)s có %(count)s người đủ điều kiện, cần ít nhất %(least)s"),
}

ERRORS = {
    "candidacy_not_found": _l("Không tìm thấy hồ sơ này trong kỳ thi tuyển."),
    "applications_not_open": _l("Kỳ thi tuyển này hiện không nhận hồ sơ: chưa mở hoặc đã hết hạn."),
    "application_not_open": _l("Hồ sơ đã nộp nên không đổi được nữa. Nếu cần bổ sung, hãy đề nghị thư ký trả lại."),
    "dossier_item_unknown": _l("Danh mục hồ sơ không có mục này."),
    "dossier_incomplete": _l("Hồ sơ còn thiếu %(count)s mục. Tải đủ rồi mới nộp được."),
    "identity_number_not_valid": _l("Số định danh gồm 12 chữ số (hoặc 9 chữ số nếu là chứng minh nhân dân cũ)."),
    "identity_number_taken": _l(
        "Số định danh này đã có hồ sơ trong kỳ thi tuyển. Mỗi người chỉ dự tuyển một chức danh."
    ),
    "born_on_not_possible": _l("Ngày sinh không hợp lý: phải đủ 18 tuổi và sinh từ năm 1930."),
    "reason_needed": _l("Cần ghi rõ lý do; người nhận quyết định sẽ đọc lý do này."),
    "vetting_not_open": _l("Chỉ xét điều kiện sau khi khóa nhận hồ sơ và trước khi chốt danh sách."),
}
