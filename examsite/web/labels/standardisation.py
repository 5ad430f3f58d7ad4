"""Words for scripts with agreed marks, for qualification and for paused markers."""

from __future__ import annotations

from examsite.domain.marking import ScriptKind
from examsite.domain.standardisation import NamingOutcome, StopCause, StopOutcome
from examsite.web.i18n import _l

LABELS = {
    ScriptKind: {
        ScriptKind.LIVE: _l("Bài thi"),
        ScriptKind.PRACTICE: _l("Bài chấm thử"),
        ScriptKind.QUALIFICATION: _l("Bài sát hạch"),
        ScriptKind.SEED: _l("Bài mẫu trộn vào bài được giao"),
    },
    StopCause: {
        StopCause.DRIFT: _l("Mức chấm đã chuyển so với trước"),
        StopCause.TOLERANCE: _l("Ba bài mẫu gần nhất lệch quá ngưỡng"),
        StopCause.HEAD: _l("Trưởng ban tạm dừng"),
    },
    StopOutcome: {
        StopOutcome.RESUMED: _l("Được chấm tiếp"),
        StopOutcome.REPLACED: _l("Chuyển bài cho người khác"),
    },
    NamingOutcome: {
        NamingOutcome.STOPPED: _l("Đã tạm dừng một người"),
        NamingOutcome.LEFT: _l("Không tạm dừng ai"),
    },
}

MISSING = {
    "seeds_too_few": _l("Bài mẫu đã thống nhất: %(agreed)s, bộ quy tắc cần %(needed)s"),
    "markers_not_qualified": _l("%(count)s cán bộ chấm chưa đạt sát hạch"),
}

ERRORS = {
    "seeds_too_few": _l("Mới thống nhất %(agreed)s bài mẫu, bộ quy tắc cần %(needed)s."),
    "markers_not_qualified": _l("Còn %(count)s cán bộ chấm chưa đạt sát hạch."),
    "marker_paused": _l("Tạm dừng chấm, trưởng ban sẽ liên hệ. Bản nháp vẫn được giữ."),
    "marker_not_qualified": _l("Cần chấm xong bài sát hạch và được trưởng ban xác nhận trước khi chấm bài thi."),
    "standard_kind_unknown": _l("Hãy chọn bài chấm thử, bài sát hạch hoặc bài mẫu."),
    "answer_missing": _l("Câu %(number)s chưa có bài làm."),
    "standard_already_agreed": _l("Bài %(script)s đã có hai người thống nhất nên không đổi được nữa."),
    "standard_text_fixed": _l("Bài %(script)s đã giao cho người chấm: chỉ sửa điểm và nhận xét, không sửa bài làm."),
    "standard_changed": _l("Bài %(script)s vừa được sửa. Hãy đọc lại trước khi đồng ý."),
    "seeds_already_mixed": _l("Phân công chấm đã rút thăm nên không thêm bài mẫu được nữa."),
    "standard_not_found": _l("Không có bài này."),
    "alarm_not_found": _l("Không có báo động này."),
    "alarm_already_decided": _l("Báo động này đã được trả lời."),
    "stop_not_found": _l("Không có lần tạm dừng này."),
    "stop_already_decided": _l("Việc tạm dừng %(marker)s đã được quyết định."),
    "qualification_not_done": _l("%(marker)s chưa chấm đủ %(count)s bài sát hạch."),
    "qualification_not_due": _l("%(marker)s đã được chấm bài thi."),
}
