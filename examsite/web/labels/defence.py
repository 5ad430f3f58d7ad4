"""Words for the defence before the panel."""

from __future__ import annotations

from examsite.domain.panels import DefenceEvent, DefenceState
from examsite.web.i18n import _l

LABELS = {
    DefenceState: {
        DefenceState.SCHEDULED: _l("Chưa đến lượt"),
        DefenceState.PRESENTING: _l("Đang trình bày"),
        DefenceState.QUESTIONING: _l("Đang hỏi đáp"),
        DefenceState.SCORING: _l("Đang chấm"),
        DefenceState.REVEALED: _l("Đang trao đổi về điểm"),
        DefenceState.SETTLED: _l("Đã có điểm"),
        DefenceState.ABSENT: _l("Vắng mặt"),
    },
    DefenceEvent: {
        DefenceEvent.STARTED: _l("Bắt đầu trình bày"),
        DefenceEvent.PRESENTATION_ENDED: _l("Chuyển sang hỏi đáp"),
        DefenceEvent.QUESTIONS_ENDED: _l("Kết thúc hỏi đáp, mở khóa phiếu"),
        DefenceEvent.STEP_UNDONE: _l("Lùi lại bước vừa bấm"),
        DefenceEvent.SCORES_REVEALED: _l("Mở điểm"),
        DefenceEvent.SCORE_SETTLED: _l("Quyết định điểm"),
        DefenceEvent.ABSENCE_RECORDED: _l("Ghi vắng mặt"),
        DefenceEvent.ABSENCE_WITHDRAWN: _l("Rút lại ghi nhận vắng mặt"),
    },
}

MISSING = {
    "order_not_drawn": _l("Chưa bốc thăm thứ tự bảo vệ đề án"),
    "defences_not_over": _l("%(count)s lượt bảo vệ chưa xong"),
    "panel_gaps_undecided": _l("%(count)s lượt bảo vệ lệch điểm chờ trưởng ban quyết định"),
    "defence_attendance_missing": _l("Chưa ghi có mặt, vắng mặt của buổi bảo vệ"),
}

ERRORS = {
    "defence_not_found": _l("Không có lượt bảo vệ này."),
    "defence_not_now": _l("Kỳ thi tuyển không ở bước bảo vệ đề án nên việc này không làm được."),
    "defence_not_next": _l("Lượt %(position)s chưa bảo vệ và cũng chưa được ghi vắng. Hãy theo thứ tự đã bốc thăm."),
    "defence_running": _l("Lượt %(position)s đang diễn ra. Hãy kết thúc hỏi đáp của lượt ấy trước."),
    "undo_too_late": _l("Chỉ lùi lại được trong %(seconds)s giây sau khi bấm. Bước này giữ nguyên."),
    "undo_sheet_locked": _l("Đã có thành viên khóa phiếu nên không lùi lại hỏi đáp được."),
    "sheet_not_open": _l("Lượt này hiện không nhận phiếu chấm."),
    "scoring_not_open": _l("Chỉ khóa phiếu sau khi trưởng ban kết thúc hỏi đáp. Bản nháp vẫn được giữ."),
    "sheet_locked": _l("Phiếu đã khóa nên không sửa được."),
    "sheet_saved_elsewhere": _l("Phiếu này vừa được lưu từ một trang khác. Những gì trên trang này chưa được lưu."),
    "member_recused": _l("Có quan hệ với thí sinh này, tự khai hay hội đồng kết luận, nên không tham gia lượt này."),
    "head_recused": _l(
        "Có quan hệ với thí sinh này, tự khai hay hội đồng kết luận, nên không điều hành lượt này. "
        "Chủ tịch hội đồng điều hành thay trưởng ban."
    ),
    "head_leads": _l(
        "Trưởng ban chấm đề án điều hành lượt này; chủ tịch hội đồng chỉ điều hành thay khi trưởng ban có quan hệ với "
        "thí sinh."
    ),
    "ruling_needs_second": _l(
        "Phiếu đã khóa của thành viên %(member)s phải rút theo kết luận xung đột. Người điều hành lượt này cũng là "
        "người đã kết luận, nên cần một thành viên khác của hội đồng xét lại cặp này trước khi mở điểm."
    ),
    "excuse_needs_second": _l(
        "Thành viên %(member)s đã bắt đầu phiếu. Muốn ghi người này không chấm thì một thành viên hội đồng phải đồng ý "
        "trước, ở trang Thứ tự bảo vệ của hội đồng."
    ),
    "excuse_not_now": _l("Chỉ đồng ý được khi phiếu chấm của lượt này đang mở và điểm chưa mở."),
    "incident_before_reveal": _l(
        "Điểm của lượt này chưa mở: hội đồng còn kết luận được để người ấy không chấm, ở trang Xung đột lợi ích."
    ),
    "incident_by_concerned": _l("Người liên quan không tự ghi sự việc về mình. Hãy nhờ một người khác của hội đồng."),
    "excuse_by_concerned": _l("Người chấm, người điều hành hay người có quan hệ với thí sinh không đồng ý thay được."),
    "decided_outside_marks": _l("Điểm phải nằm trong khoảng các thành viên đã cho, từ %(least)s đến %(most)s."),
    "talk_not_recorded": _l("Hãy ghi nơi giữ bản ghi buổi trao đổi trước khi quyết định điểm."),
    "members_not_locked": _l("Còn %(count)s thành viên chưa khóa phiếu nên chưa mở điểm được."),
    "too_few_markers": _l("Mới có %(have)s phiếu khóa, cần ít nhất %(least)s phiếu để mở điểm."),
    "member_has_locked": _l("Thành viên %(member)s đã khóa phiếu nên không ghi vắng được."),
    "member_unknown": _l("Ban chấm không có thành viên %(member)s."),
    "excuse_reason_missing": _l("Hãy ghi lý do thành viên %(member)s không chấm lượt này."),
    "sheet_comment_too_long": _l("Nhận xét của tiêu chí %(criterion)s dài quá %(most)s ký tự."),
    "decided_score_off_step": _l("Điểm phải là bội số của %(step)s."),
    "change_not_open": _l("Chỉ đổi điểm được từ lúc trưởng ban mở điểm đến lúc kết thúc trao đổi."),
    "sheet_not_locked": _l("Chỉ người đã khóa phiếu của lượt này mới đổi được điểm của mình."),
    "change_already_made": _l("Điểm sau trao đổi đã khóa nên không đổi nữa."),
    "change_is_none": _l("Mọi tiêu chí vẫn như phiếu đã khóa. Không đổi gì thì không cần khóa lại."),
    "gap_needs_decision": _l("Điểm còn lệch quá giới hạn nên trưởng ban phải quyết định điểm và ghi lý do."),
    "scores_changed": _l("Một thành viên vừa đổi điểm sau trao đổi. Hãy xem lại bảng điểm rồi quyết định."),
    "gap_within_limit": _l("Điểm không lệch quá giới hạn nên lấy trung bình; trưởng ban không quyết định thay."),
    "assessment_locked": _l("Nhận xét đã khóa nên không sửa được."),
    "assessment_saved_elsewhere": _l(
        "Nhận xét này vừa được lưu từ một trang khác. Những gì trên trang này chưa được lưu."
    ),
    "assessment_missing": _l("Chưa viết nhận xét nào để khóa."),
    "assessment_too_long": _l("Nhận xét dài quá %(most)s ký tự."),
    "question_missing": _l("Hãy ghi câu hỏi."),
    "question_too_long": _l("Câu hỏi hoặc ý trả lời dài quá %(most)s ký tự."),
    "panel_question_not_found": _l("Không có câu hỏi này."),
    "question_not_now": _l("Chỉ ghi câu hỏi từ lúc bắt đầu trình bày đến lúc chốt điểm của lượt."),
    "question_of_another": _l("Chỉ người hỏi hoặc trưởng ban ghi ý trả lời của câu hỏi này."),
    "answer_written_elsewhere": _l("Ý trả lời vừa được ghi từ một trang khác. Hãy đọc bản ấy rồi ghi lại nếu cần."),
    "recording_written_elsewhere": _l("Nơi giữ bản ghi vừa được ghi từ một trang khác. Hãy đọc bản ấy rồi ghi lại."),
    "recording_too_long": _l("Nơi giữ bản ghi dài quá %(most)s ký tự."),
    "proposal_not_drawable": _l("Không dựng được trang của đề án này. Hãy tải tệp về để đọc."),
    "page_not_found": _l("Đề án không có trang này."),
    "order_used": _l(
        "Lượt sau lượt %(position)s đã bắt đầu nên không rút lại được: thứ tự đã bốc thăm đã được dùng. "
        "Báo chủ tịch hội đồng."
    ),
    "order_not_drawn_yet": _l("Chưa bốc thăm thứ tự bảo vệ nên chưa ghi có mặt, vắng mặt được."),
}
