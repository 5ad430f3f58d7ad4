"""Words for appeals, their re-marking, and the working calendar."""

from __future__ import annotations

from examsite.domain.appeals import AppealEvent, AppealState
from examsite.domain.working_days import DayKind
from examsite.web.i18n import _l

LABELS = {
    AppealState: {
        AppealState.SUBMITTED: _l("Đã nhận"),
        AppealState.WITHDRAWN: _l("Đã rút"),
        AppealState.REMARKING: _l("Đang chấm phúc khảo"),
        AppealState.DECIDING: _l("Chờ chủ tịch quyết định"),
        AppealState.SETTLED: _l("Đã có kết quả"),
    },
    AppealEvent: {
        AppealEvent.WITHDRAWN: _l("Rút đề nghị phúc khảo"),
        AppealEvent.REMARKERS_NAMED: _l("Giao hai người chấm phúc khảo"),
        AppealEvent.REMARKS_DIFFERED: _l("Hai người chấm phúc khảo cho điểm khác nhau"),
        AppealEvent.REMARK_FAR: _l("Điểm phúc khảo lệch nhiều"),
        AppealEvent.REMARK_ADOPTED: _l("Lấy điểm phúc khảo"),
        AppealEvent.CHAIR_DECIDED: _l("Chủ tịch quyết định điểm phúc khảo"),
    },
    DayKind: {
        DayKind.WORKED: _l("Làm bù"),
        DayKind.REST: _l("Nghỉ bù"),
    },
}

#: Shape of the tag of an appeal.
TAGS = {
    AppealState.SUBMITTED: "open",
    AppealState.WITHDRAWN: "stopped",
    AppealState.REMARKING: "work",
    AppealState.DECIDING: "work",
    AppealState.SETTLED: "done",
}

MISSING = {
    "appeals_without_markers": _l("%(count)s đề nghị phúc khảo chưa giao người chấm, hạn chấm xong %(until)s"),
    "appeals_being_marked": _l("%(count)s bài phúc khảo đang chấm, hạn chấm xong %(until)s"),
    "appeals_undecided": _l("%(count)s bài phúc khảo lệch nhiều chờ chủ tịch quyết định, hạn %(until)s"),
}

ERRORS = {
    "appeals_not_open": _l("Kỳ thi tuyển không ở bước phúc khảo."),
    "appeals_over": _l(
        "Thời hạn phúc khảo đã hết lúc %(until)s nên không nhận thêm và không rút được nữa. Thắc mắc khác gửi hội đồng."
    ),
    "appeal_window_runs": _l(
        "Thí sinh còn được gửi và rút đề nghị đến %(until)s. Hết thời hạn mới giao người chấm phúc khảo."
    ),
    "appeal_already_submitted": _l("Phần thi này đã có đề nghị phúc khảo. Muốn sửa lý do: rút đề nghị cũ rồi gửi lại."),
    "nothing_to_appeal": _l("Không có bài thi nào được tính điểm để phúc khảo."),
    "part_not_open_to_appeal": _l("Bộ quy tắc không cho phúc khảo phần thi này."),
    "appeal_not_found": _l("Không có đề nghị phúc khảo này."),
    "remarkers_too_few": _l(
        "Chỉ có %(have)s cán bộ chấm chưa từng chấm bài này và không vướng quan hệ, cần %(need)s. Thư ký giao thêm vai "
        "trò cán bộ chấm cho người mới; người mới khai quan hệ xong thì giao được."
    ),
    "remarkers_named_already": _l("Bài này đã có người chấm phúc khảo."),
    "remarker_has_locked": _l("Người này đã khóa điểm phúc khảo nên không thay được."),
    "decision_not_due_on_appeal": _l(
        "Bài phúc khảo này không chờ quyết định: chủ tịch chỉ quyết định khi điểm chấm phúc khảo lệch xa điểm đã chốt. "
        "Xem tiến độ ở trang Phúc khảo."
    ),
    "dialogue_not_noted": _l("Hãy ghi biên bản đối thoại của hai trưởng ban trước khi quyết định."),
    "dialogue_noted_already": _l("Biên bản đối thoại đã ghi và không sửa."),
    "chair_decides_appeal": _l(
        "Chủ tịch hội đồng quyết định điểm phúc khảo; ủy viên chỉ thay khi chủ tịch có quan hệ với thí sinh."
    ),
    "day_already_swapped": _l("Ngày %(day)s đã được nhập. Xóa dòng cũ rồi nhập lại."),
    "day_is_so_already": _l("Ngày %(day)s vốn đã như vậy theo lịch tuần và ngày lễ, không cần nhập."),
    "day_out_of_reach": _l("Chỉ nhập ngày trong khoảng %(years)s năm trước và sau năm nay."),
    "decision_not_named": _l("Hãy ghi tên văn bản hoán đổi ngày làm việc, không quá %(most)s ký tự."),
    "swapped_day_not_found": _l("Ngày này chưa được nhập."),
}
