"""Words for codes, allocation, drafts and settlements: why they are refused, and what keeps their gates shut."""

from __future__ import annotations

from examsite.domain.allocation import MarkerStanding
from examsite.domain.conflicts import HintKind
from examsite.web.i18n import _l

MISSING = {
    "attempts_missing": _l("Chưa có bài thi nào để rọc phách"),
    "attempts_not_scored": _l("%(count)s bài thi chưa nộp xong hoặc chưa chấm phần trắc nghiệm"),
    "codes_not_drawn": _l("Chưa rút thăm số phách"),
    "scripts_not_looked_through": _l("%(count)s bài chưa được rà chỗ có thể lộ người viết"),
    "hints_undecided": _l("%(count)s bài có chỗ có thể lộ người viết chờ quyết định"),
    "allocation_not_drawn": _l("Chưa rút thăm phân công chấm"),
    "scripts_not_settled": _l("%(count)s bài chưa có điểm chính thức"),
    "straddles_not_seen": _l("%(count)s bài có hai lượt chấm ở hai phía điểm đạt chờ trưởng ban ghi nhận"),
    "withdrawals_waiting": _l("%(count)s đề nghị rút điểm đã khóa chờ hội đồng xác nhận"),
    "marker_stops_undecided": _l("%(count)s người chấm đang tạm dừng chờ trưởng ban quyết định"),
    "marker_alarms_undecided": _l("%(count)s cảnh báo về mức chấm chờ trưởng ban trả lời"),
    "codes_still_sealed": _l("Bảng phách chưa mở"),
    "appeal_window_open": _l("Thời hạn phúc khảo còn đến %(until)s"),
}

LABELS = {
    HintKind: {
        HintKind.SAME_UNIT: _l("Cùng đơn vị"),
        HintKind.SURNAME_AND_HOMETOWN: _l("Cùng họ và cùng quê"),
        HintKind.SAME_PHONE: _l("Cùng số điện thoại"),
        HintKind.EMAIL_DOMAIN: _l("Cùng tên miền thư điện tử"),
    },
    MarkerStanding: {
        MarkerStanding.ACTIVE: _l("Đang chấm"),
        MarkerStanding.STOPPED: _l("Tạm dừng"),
        MarkerStanding.REPLACED: _l("Đã có người thay"),
    },
}

ERRORS = {
    "markers_too_few": _l("Cần ít nhất %(needed)s cán bộ chấm: hai người chấm, một người chấm lần ba."),
    "markers_in_conflict": _l(
        "Có bài không đủ hai người chấm vì xung đột lợi ích đã khai. Hãy bổ sung cán bộ chấm rồi rút thăm lại."
    ),
    "third_marker_missing": _l("Không còn người chấm thứ ba phù hợp cho bài này. Hãy bổ sung cán bộ chấm."),
    "third_marker_not_due": _l("Bài %(script)s hiện không cần giao người chấm thứ ba."),
    "decision_not_due": _l("Bài %(script)s hiện không chờ trưởng ban quyết định."),
    "decision_outside_marks": _l("Điểm phải nằm trong khoảng các lượt chấm đã cho, từ %(least)s đến %(most)s."),
    "discussion_not_noted": _l("Hãy ghi biên bản trao đổi với cả hai người chấm bài %(script)s trước khi quyết định."),
    "decision_not_by_rule": _l("Bộ quy tắc đã định điểm khi ba lượt khác nhau: %(score)s. Không ghi điểm khác được."),
    "discussion_not_due": _l("Bài %(script)s chưa khóa đủ hai lượt nên chưa có gì để trao đổi."),
    "straddle_not_due": _l("Bài %(script)s không chờ ghi nhận."),
    "hints_not_judged": _l(
        "%(count)s dấu hiệu xung đột lợi ích chưa được xét. Hội đồng xét xong mới rút thăm phân công."
    ),
    "hint_not_found": _l("Không có dấu hiệu xung đột lợi ích nào giữa hai người này."),
    "judge_concerned": _l("Không ai xét về chính mình. Cần một thành viên khác của hội đồng."),
    "head_leaves_scripts": _l(
        "Anh/chị có quan hệ với một thí sinh. Bài đã rọc phách nên không ai biết là bài nào: mọi việc với bài thi do "
        "trưởng ban chấm thi khác làm. Báo thư ký hội đồng phân công thêm một trưởng ban."
    ),
    "second_leaves_scripts": _l(
        "Anh/chị có quan hệ với một thí sinh. Bài đã rọc phách nên không ai biết là bài nào: việc này do người khác "
        "cùng vai trò làm. Báo thư ký hội đồng phân công thêm người."
    ),
    "head_not_clear": _l(
        "Trưởng ban chấm thi khai quan hệ với thí sinh, và hội đồng xét xong dấu hiệu nếu có, rồi mới xử lý bài thi."
    ),
    "markers_not_declared": _l("Còn %(count)s cán bộ chấm chưa khai quan hệ với thí sinh."),
    "judge_of_same_board": _l("Không ai xét về người cùng ban với mình. Cần một thành viên khác của hội đồng."),
    "ruling_said_already": _l("Anh/chị đã ghi kết luận này. Cần một thành viên khác của hội đồng ghi cùng kết luận."),
    "substitute_missing": _l(
        "Không còn cán bộ chấm phù hợp để giao lại. Hãy bổ sung cán bộ chấm; chưa có gì thay đổi."
    ),
    "allocation_not_open": _l("Bài %(script)s không đứng yên ở %(marker)s nên không giao lại riêng được."),
    "takeover_outdated": _l(
        "Số bài chưa khóa của %(marker)s vừa đổi, nay là %(count)s. Chưa có gì thay đổi; hãy xem lại rồi xác nhận."
    ),
    "marker_stop_waits": _l("%(marker)s đang tạm dừng. Hãy quyết định lần tạm dừng ấy: chấm tiếp hoặc chuyển bài."),
    "gap_not_found": _l(
        "Bài %(script)s không có trong các bài đã khóa đủ hai lượt. Bài chỉ hiện ra khi cả hai người đã khóa điểm; "
        "điểm nào vừa được rút thì bài chờ chấm lại."
    ),
    "marker_already_replaced": _l("Bài của %(marker)s đã giao hết cho người khác."),
    "marker_not_found": _l("Không có cán bộ chấm %(marker)s."),
    "settling_changed": _l(
        "Có người vừa làm trên bài %(script)s từ khi trang này mở. Chưa có gì bị ghi đè; hãy đọc lại rồi quyết định."
    ),
    "script_not_found": _l("Không có bài %(script)s trong các bài được giao."),
    "marking_not_open": _l("Kỳ thi tuyển không ở bước chấm bài viết nên việc này không làm được."),
    "mark_already_locked": _l("Điểm bài này đã khóa nên không sửa được."),
    "mark_not_locked": _l("Bài %(script)s không có điểm đã khóa của %(marker)s để rút."),
    "withdrawals_changed": _l("Danh sách đề nghị rút điểm vừa thay đổi. Hãy đọc lại rồi quyết định."),
    "withdrawal_already_requested": _l("Đã có đề nghị rút điểm của %(marker)s cho bài %(script)s, đang chờ hội đồng."),
    "withdrawal_not_found": _l("Không có đề nghị rút điểm nào đang chờ ở đây."),
    "chair_answers_withdrawal": _l(
        "Chủ tịch hội đồng trả lời đề nghị này; ủy viên chỉ làm thay khi chủ tịch phải tránh."
    ),
    "second_person_needed": _l("Người đề nghị không tự xác nhận được. Cần một người thứ hai."),
    "rubric_changed": _l("Hướng dẫn chấm đã đổi: tiêu chí %(criterion)s. Hãy đọc lại rồi chọn điểm cho tiêu chí đó."),
    "draft_changed_elsewhere": _l("Bản nháp này vừa được lưu từ một trang khác. Chưa có gì bị ghi đè."),
    "comment_too_long": _l("Nhận xét hoặc lý do dài quá %(limit)s ký tự."),
    "allocation_already_drawn": _l("Phân công chấm đã rút thăm; không rút lại."),
    "codes_already_drawn": _l("Số phách đã rút thăm; không rút lại."),
    "codes_not_drawable": _l("Chỉ rút số phách sau khi thi viết xong và trước khi niêm phong."),
    "code_draw_outdated": _l("Số bài thi đã đổi sau khi rút số phách. Hãy báo chủ tịch hội đồng."),
    "written_not_published": _l("Điểm thi viết chưa công bố."),
    "codes_not_opened": _l("Bảng phách chưa mở nên chưa ghép được điểm với thí sinh."),
}
