"""Words for scores, settled marks, rankings and results, and why one of them cannot stand."""

from __future__ import annotations

from examsite.domain.marking import AppealStep, MarkEvent, MarkingStep, MarkState, NeededAct, ScriptEvent, ScriptState
from examsite.domain.ranking import Outcome
from examsite.web.i18n import _l

LABELS = {
    Outcome: {
        Outcome.SELECTED: _l("Trúng tuyển"),
        Outcome.PASSED: _l("Đạt, không trúng tuyển"),
        Outcome.FAILED: _l("Không đạt"),
        Outcome.ABSENT: _l("Vắng mặt"),
        Outcome.VOID: _l("Bị hủy kết quả"),
    },
    MarkingStep: {
        MarkingStep.MEAN: _l("Lấy điểm trung bình"),
        MarkingStep.DISCUSSED: _l("Trưởng ban trao đổi với hai người chấm và quyết định"),
        MarkingStep.THIRD_EQUAL: _l("Lần chấm thứ ba trùng với một trong hai lần đầu"),
        MarkingStep.COLLECTIVE: _l("Chấm tập thể, trưởng ban quyết định"),
        MarkingStep.HEAD: _l("Trưởng ban chấm đề án quyết định"),
        MarkingStep.MACHINE: _l("Hệ thống chấm"),
    },
    AppealStep: {
        AppealStep.ADOPTED: _l("Lấy điểm phúc khảo"),
        AppealStep.CHAIR: _l("Đối thoại, chủ tịch hội đồng quyết định"),
    },
    NeededAct: {
        NeededAct.WAIT: _l("Chờ đủ lượt chấm"),
        NeededAct.HEAD_DISCUSSES: _l("Trưởng ban chấm cần trao đổi với hai người chấm"),
        NeededAct.THIRD_MARKER: _l("Cần người chấm thứ ba"),
        NeededAct.HEAD_DECIDES_COLLECTIVE: _l("Cần chấm tập thể, trưởng ban quyết định"),
        NeededAct.HEAD_DECIDES_PANEL: _l("Trưởng ban chấm đề án cần quyết định"),
        NeededAct.CHAIR_DECIDES: _l("Chủ tịch hội đồng cần quyết định"),
        NeededAct.SETTLED: _l("Đã chốt điểm"),
    },
    ScriptState: {
        ScriptState.SEALED: _l("Đã rọc phách"),
        ScriptState.MARKING: _l("Đang chấm"),
        ScriptState.SETTLING: _l("Đang xử lý chênh lệch"),
        ScriptState.SETTLED: _l("Đã chốt điểm"),
        ScriptState.OPENED: _l("Đã ghép phách"),
    },
    ScriptEvent: {
        ScriptEvent.ALLOCATED: _l("Phân công chấm"),
        ScriptEvent.MARKS_AGREED: _l("Các lượt chấm đã khớp"),
        ScriptEvent.RESCORED: _l("Chấm lại phần trắc nghiệm"),
        ScriptEvent.MARKS_DIFFERED: _l("Hai lượt chấm chênh lệch"),
        ScriptEvent.GAP_DECIDED: _l("Đã quyết định điểm"),
        ScriptEvent.MARK_WITHDRAWN: _l("Rút một lượt chấm"),
        ScriptEvent.CODES_OPENED: _l("Mở bảng phách"),
    },
    MarkState: {
        MarkState.DRAFT: _l("Đang chấm"),
        MarkState.LOCKED: _l("Đã khóa"),
        MarkState.WITHDRAWN: _l("Đã rút"),
    },
    MarkEvent: {
        MarkEvent.LOCKED: _l("Khóa điểm"),
        MarkEvent.WITHDRAWN: _l("Rút điểm"),
    },
}

ERRORS = {
    "score_not_readable": _l("“%(text)s” không phải điểm đọc được. Hãy ghi số có nhiều nhất hai chữ số thập phân."),
    "score_missing": _l("Chưa có điểm nào để lấy trung bình."),
    "score_out_of_range": _l("Điểm %(score)s nằm ngoài thang điểm, từ 0 đến %(maximum)s."),
    "points_missing": _l("Tiêu chí %(criterion)s chưa có điểm."),
    "points_negative": _l("Điểm %(points)s của tiêu chí %(criterion)s nhỏ hơn 0."),
    "points_above_maximum": _l("Điểm %(points)s của tiêu chí %(criterion)s vượt mức tối đa %(maximum)s."),
    "points_off_step": _l("Điểm %(points)s của tiêu chí %(criterion)s phải là bội của bước điểm %(step)s."),
    "criterion_unknown": _l("Phiếu chấm không có tiêu chí %(criterion)s."),
    "percent_out_of_range": _l("Mức trừ %(percent)s %% phải từ 0 đến 100."),
    "too_many_marks": _l("Có %(count)s lượt chấm, nhiều hơn số được phép."),
    "marked_twice": _l("Một người chấm hai lần trong cùng một phần thi."),
    "mark_not_expected": _l("Có một lượt chấm không thuộc phần thi này."),
    "system_mark_twice": _l("Hệ thống chấm hai lần trong cùng một bài."),
    "system_mark_not_expected": _l("Phần thi này không có câu do hệ thống chấm."),
    "rubric_missing": _l("Chưa có phiếu chấm cho phần thi và chức danh này."),
    "rubric_twice": _l("Có hai phiếu chấm cho cùng một phần thi và chức danh."),
    "part_not_settled": _l("Còn bài chưa chốt điểm nên chưa tính được kết quả."),
    "part_not_entered": _l("Thí sinh %(candidate)s đã đạt nhưng chưa có kết quả của phần thi tiếp theo."),
    "parts_out_of_order": _l("Các phần thi của thí sinh %(candidate)s không theo thứ tự của bộ quy tắc."),
    "record_used_twice": _l("Một bản ghi được dùng cho hai việc khác nhau."),
    "script_twice": _l("Một số phách được dùng cho hai bài."),
    "candidate_twice": _l("Một mã thí sinh xuất hiện hai lần."),
    "post_unknown": _l("Kỳ thi không có chức danh %(post)s."),
    "post_without_vacancy": _l("Chức danh %(post)s không có chỉ tiêu nào."),
    "tie_not_open": _l("Chức danh %(post)s không có trường hợp bằng điểm nào cần quyết định."),
    "tie_selection_wrong": _l("Hãy chọn đúng %(places)s người trong số những người bằng điểm."),
}
