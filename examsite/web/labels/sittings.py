"""Words for the room: sittings, attempts, incidents, and why something there is not possible."""

from __future__ import annotations

from examsite.domain.attempts import AttemptEvent, AttemptState, SaveVerdict
from examsite.domain.sittings import IncidentEvent, IncidentState, SittingEvent, SittingState
from examsite.web.i18n import _l

LABELS = {
    SittingState: {
        SittingState.SCHEDULED: _l("Chưa bắt đầu"),
        SittingState.STARTED: _l("Đang thi"),
        SittingState.CLOSED: _l("Đã kết thúc"),
    },
    SittingEvent: {
        SittingEvent.STARTED: _l("Bắt đầu ca thi"),
        SittingEvent.CLOSED: _l("Kết thúc ca thi"),
    },
    AttemptState: {
        AttemptState.SEATED: _l("Đã xếp chỗ"),
        AttemptState.OPEN: _l("Đang làm bài"),
        AttemptState.HANDED_IN: _l("Đã nộp bài"),
        AttemptState.CLOSED: _l("Máy chủ đã thu bài"),
        AttemptState.ABSENT: _l("Vắng mặt"),
    },
    AttemptEvent: {
        AttemptEvent.STARTED: _l("Bắt đầu làm bài"),
        AttemptEvent.HANDED_IN: _l("Nộp bài"),
        AttemptEvent.CLOSED: _l("Máy chủ thu bài"),
        AttemptEvent.FOUND_ABSENT: _l("Ghi nhận vắng mặt"),
    },
    SaveVerdict: {
        SaveVerdict.COUNTED: _l("Được tính"),
        SaveVerdict.FENCED: _l("Giữ riêng: gửi từ máy cũ"),
        SaveVerdict.LATE: _l("Giữ riêng: gửi sau giờ kết thúc"),
    },
    IncidentState: {
        IncidentState.RECORDED: _l("Chờ hội đồng quyết định"),
        IncidentState.DECIDED: _l("Đã quyết định"),
        IncidentState.DISMISSED: _l("Không xử lý"),
    },
    IncidentEvent: {
        IncidentEvent.DECIDED: _l("Quyết định hình thức xử lý"),
        IncidentEvent.DISMISSED: _l("Kết luận không xử lý"),
    },
}

MISSING = {
    "written_not_begun": _l("Chưa mở buổi thi viết"),
    "paper_not_opened": _l("Chưa mở đề của chức danh %(post)s"),
    "sitting_not_closed": _l("Ca thi %(sitting)s chưa kết thúc"),
    "attendance_not_signed": _l("Chưa ký danh sách dự thi của ca %(sitting)s"),
}

ERRORS = {
    "sitting_not_found": _l("Không có ca thi %(sitting)s trong kỳ thi này."),
    "seat_not_found": _l("Không có thí sinh ở chỗ %(seat)s."),
    "incident_not_found": _l("Không tìm thấy sự việc này."),
    "attempt_not_found": _l("Anh/chị chưa được xếp chỗ thi. Hãy hỏi thư ký hội đồng."),
    "sittings_frozen": _l("Buổi thi viết đã mở, không sửa ca thi và chỗ ngồi được nữa."),
    "start_in_the_past": _l("Giờ bắt đầu phải ở sau giờ hiện tại."),
    "sitting_code_taken": _l("Đã có ca thi %(sitting)s."),
    "room_size_out_of_range": _l("Phòng có từ 1 đến %(rows)s dãy, mỗi dãy từ 1 đến %(columns)s chỗ."),
    "not_an_invigilator": _l("Người này không phải cán bộ coi thi của kỳ thi."),
    "sitting_started": _l("Ca thi đã đến giờ, không đổi giờ được nữa."),
    "nobody_to_seat": _l("Chưa có thí sinh nào có số báo danh để bốc thăm chỗ ngồi."),
    "seats_too_few": _l("Có %(seats)s chỗ cho %(people)s thí sinh. Hãy thêm ca thi hoặc phòng rộng hơn."),
    "sitting_not_due": _l("Chưa đến giờ bắt đầu."),
    "test_not_started": _l("Chưa đến giờ mở đề. Trang này tự chuyển khi bắt đầu."),
    "test_over": _l("Bài làm đã kết thúc. Mọi phần máy chủ đã nhận đều được giữ."),
    "page_fenced": _l("Bài thi đang mở ở trang hoặc máy khác. Phần viết ở đây được giữ riêng."),
    "token_unknown": _l("Trang này không còn hiệu lực. Hãy tải lại trang để làm tiếp."),
    "body_not_json": _l("Máy chủ không đọc được nội dung gửi lên."),
    "batch_malformed": _l("Gói gửi lên sai ở %(field)s."),
    "batch_too_long": _l("Mỗi lần gửi nhiều nhất %(most)s phần."),
    "not_stored": _l("Máy chủ chưa ghi được. Bài vẫn giữ trên máy này và tự gửi lại."),
    "saves_too_fast": _l("Máy này gửi quá nhiều. Bài vẫn giữ trên máy và tự gửi lại sau %(seconds)s giây."),
    "save_too_large": _l("Phần %(item)s dài hơn mức gửi được trong một lần (%(most)s byte)."),
    "sitting_over": _l("Ca thi đã kết thúc."),
    "late_arrival_refused": _l("Đã quá %(minutes)s phút từ giờ bắt đầu. Ghi sự việc để hội đồng quyết định."),
    "not_recorded_late": _l("Chỗ %(seat)s không có ghi nhận đến muộn nào để rút lại."),
    "lateness_of_other": _l(
        "Chỉ người đã ghi hoặc cán bộ coi thi thứ nhất của phòng rút lại được. Hãy nhờ một trong hai người."
    ),
    "not_in_this_room": _l("Anh/chị không được phân công coi ca thi này."),
    "extension_out_of_range": _l("Số phút bù từ 1 đến %(most)s."),
    "room_time_takes_two": _l(
        "Một người chỉ tự bù giờ cho nhiều nhất %(most)s thí sinh của phòng. Hãy đề nghị bù giờ cả phòng để người thứ "
        "hai đồng ý, hoặc nhờ cán bộ coi thi khác bù cho chỗ này."
    ),
    "extension_not_open": _l("Thí sinh này đã kết thúc bài làm, không bù giờ được nữa."),
    "attempt_not_open": _l("Bài làm ở chỗ này không mở."),
    "seat_taken": _l("Chỗ %(seat)s đã có thí sinh."),
    "seat_not_in_room": _l("Phòng không có chỗ %(seat)s."),
    "minutes_missing": _l("Hãy ghi diễn biến sự việc."),
    "measure_not_known": _l("Hình thức này không có trong bộ quy tắc của kỳ thi."),
    "measure_without_candidate": _l("Hình thức xử lý phải gắn với một thí sinh."),
    "incident_concerned": _l(
        "Anh/chị có quan hệ với thí sinh này nên không quyết định; một người khác của hội đồng quyết định."
    ),
    "incident_too_late": _l("Bảng phách đã niêm phong, không quyết định sự việc ở bước này được nữa."),
    "sitting_not_closed_yet": _l("Ký danh sách sau khi ca thi kết thúc."),
    "attendance_signed_already": _l("Danh sách đã được ký."),
    "written_not_begun": _l("Chưa mở buổi thi viết."),
    "paper_not_opened": _l("Chưa mở đề của chức danh %(post)s."),
}
