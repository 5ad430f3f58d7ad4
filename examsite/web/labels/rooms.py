"""Words for what happens in the room beside the writing: pauses, lost time, messages, calls, requests of two people."""

from __future__ import annotations

from examsite.domain.rooms import (
    AnswerFileState,
    CarriedStanding,
    HelpKind,
    LostTimeEvent,
    LostTimeState,
    RequestEvent,
    RequestKind,
    RequestState,
    ServerAct,
)
from examsite.web.i18n import _l

LABELS = {
    LostTimeState: {
        LostTimeState.PROPOSED: _l("Chờ cán bộ coi thi quyết định"),
        LostTimeState.GIVEN: _l("Đã bù giờ"),
        LostTimeState.REFUSED: _l("Không bù giờ"),
    },
    LostTimeEvent: {
        LostTimeEvent.GIVEN: _l("Bù giờ đã mất"),
        LostTimeEvent.REFUSED: _l("Không bù giờ"),
    },
    HelpKind: {
        HelpKind.MACHINE: _l("Máy hoặc mạng"),
        HelpKind.PAPER: _l("Đề thi"),
        HelpKind.HEALTH: _l("Sức khỏe"),
        HelpKind.OTHER: _l("Việc khác"),
    },
    ServerAct: {
        ServerAct.START: _l("Bắt đầu ca thi"),
        ServerAct.CLOSE: _l("Thu bài khi hết giờ"),
    },
    RequestKind: {
        RequestKind.EXTEND_ROOM: _l("Thêm giờ cho cả phòng"),
        RequestKind.START_WITHOUT_REHEARSAL: _l("Bắt đầu ca thi khi chưa có chứng nhận tổng duyệt"),
        RequestKind.ACCEPT_LATE_ANSWERS: _l("Nhận phần bài đến muộn"),
    },
    RequestState: {
        RequestState.ASKED: _l("Chờ người thứ hai"),
        RequestState.APPROVED: _l("Đã đồng ý"),
        RequestState.REFUSED: _l("Không đồng ý"),
        RequestState.WITHDRAWN: _l("Đã rút lại"),
    },
    RequestEvent: {
        RequestEvent.APPROVED: _l("Đồng ý"),
        RequestEvent.REFUSED: _l("Không đồng ý"),
        RequestEvent.WITHDRAWN: _l("Rút lại đề nghị"),
    },
    AnswerFileState: {
        AnswerFileState.COUNTED: _l("Được tính"),
        AnswerFileState.KEPT_BESIDE: _l("Giữ riêng: nhận sau giờ kết thúc"),
    },
    CarriedStanding: {
        CarriedStanding.NEWER: _l("Mới hơn máy chủ"),
        CarriedStanding.HELD: _l("Máy chủ đã có"),
        CarriedStanding.OLDER: _l("Cũ hơn máy chủ"),
        CarriedStanding.TAKEN: _l("Trùng số với bản máy chủ đang giữ: giữ bản của máy chủ"),
        CarriedStanding.FOREIGN: _l("Đề thi không có câu này: không tính"),
    },
}

MISSING = {
    "late_answers_undecided": _l("%(count)s đề nghị nhận phần bài đến muộn chưa có quyết định"),
}

ERRORS = {
    "attempt_paused_already": _l("Đồng hồ ở chỗ %(seat)s đang dừng."),
    "attempt_not_paused": _l("Đồng hồ ở chỗ %(seat)s đang chạy."),
    "nobody_to_pause": _l("Không có bài làm nào đang chạy giờ trong phòng."),
    "nobody_to_resume": _l("Không có bài làm nào đang dừng giờ trong phòng."),
    "lost_time_not_found": _l("Không tìm thấy khoảng mất giờ này."),
    "lost_time_known": _l("Khoảng này đã có trong danh sách giờ mất, hoặc ngắn hơn mức được đề nghị."),
    "lost_time_none": _l("Không có khoảng mất giờ nào đang chờ quyết định."),
    "lost_time_not_in_sitting": _l("Khoảng mất giờ phải nằm trong giờ làm bài."),
    "message_missing": _l("Hãy viết nội dung tin nhắn."),
    "message_too_long": _l("Tin nhắn dài nhất %(most)s ký tự."),
    "help_call_not_found": _l("Không tìm thấy lời gọi này."),
    "help_answered_already": _l("Lời gọi này đã được trả lời."),
    "help_kind_not_known": _l("Hãy chọn một trong các lý do gọi."),
    "request_not_found": _l("Không tìm thấy đề nghị này."),
    "request_not_yours": _l("Chỉ người đề nghị rút lại được đề nghị này."),
    "request_waits_already": _l("Đã có một đề nghị cùng loại đang chờ người thứ hai."),
    "seat_missing": _l("Hãy chọn một chỗ ngồi."),
    "candidate_is_here": _l("Thí sinh ở chỗ %(seat)s đã có mặt."),
    "absence_too_early": _l("Thí sinh đến muộn còn được vào phòng trong %(minutes)s phút đầu. Hãy ghi vắng sau đó."),
    "late_answers_missing": _l("Không có phần bài nào đến muộn ở chỗ này."),
    "late_answers_too_late": _l("Bảng phách đã niêm phong, không nhận thêm phần bài nào được nữa."),
    "attempt_not_ended": _l("Bài làm ở chỗ này chưa kết thúc."),
    "sitting_not_running": _l("Ca thi không ở trong giờ làm bài."),
    "handover_missing": _l("Hãy ghi nội dung bàn giao và người nhận."),
    "results_not_at_once": _l("Bộ quy tắc chỉ mở điểm trắc nghiệm cùng điểm bài viết, nên không có danh sách này."),
    "results_signed_already": _l("Danh sách kết quả trắc nghiệm đã được ký."),
    "clock_anchored_in_sitting": _l("Đang có ca thi, không chỉnh đồng hồ của kỳ thi được."),
    "clock_right": _l("Đồng hồ của kỳ thi và của máy chủ không lệch nhau."),
}
