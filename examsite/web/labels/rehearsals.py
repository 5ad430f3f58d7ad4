"""Words for the rehearsal and its certificate."""

from __future__ import annotations

from examsite.web.i18n import _l

MISSING = {
    "rehearsal_missing": _l("Chưa có chứng nhận tổng duyệt"),
    "rehearsal_failed": _l("Lần tổng duyệt mới nhất (%(finished_at)s) không đạt"),
    "rehearsal_override_lapsed": _l("Quyết định bắt đầu không có chứng nhận (%(decided_at)s) không còn hiệu lực"),
    "rehearsal_too_old": _l("Chứng nhận tổng duyệt ngày %(finished_at)s đã quá %(days)s ngày"),
    "rehearsal_other_program": _l("Phần mềm đã thay đổi sau lần tổng duyệt"),
    "rehearsal_other_settings": _l("Cấu hình máy chủ đã thay đổi sau lần tổng duyệt"),
    "rehearsal_too_small": _l("Tổng duyệt với %(have)s thí sinh, cùng lúc thi có %(need)s"),
}

ERRORS = {
    "rehearsal_missing": _l("Chưa có chứng nhận tổng duyệt."),
    "rehearsal_failed": _l("Lần tổng duyệt mới nhất (%(finished_at)s) không đạt."),
    "rehearsal_override_lapsed": _l("Quyết định bắt đầu không có chứng nhận (%(decided_at)s) không còn hiệu lực."),
    "rehearsal_too_old": _l("Chứng nhận tổng duyệt ngày %(finished_at)s đã quá %(days)s ngày."),
    "rehearsal_other_program": _l("Phần mềm đã thay đổi sau lần tổng duyệt."),
    "rehearsal_other_settings": _l("Cấu hình máy chủ đã thay đổi sau lần tổng duyệt."),
    "rehearsal_too_small": _l("Tổng duyệt với %(have)s thí sinh, cùng lúc thi có %(need)s."),
    "rehearsal_running": _l("Một lần tổng duyệt đang chạy. Hãy chờ xong rồi chạy lại."),
    "rehearsal_in_sitting": _l("Một ca thi đang chạy. Tổng duyệt làm chậm phòng thi, hãy chờ ca thi kết thúc."),
    "rehearsal_size_out_of_range": _l("Tổng duyệt với từ 1 đến %(most)s thí sinh."),
    "rehearsal_not_found": _l("Không có lần tổng duyệt này."),
    "rehearsal_finished_already": _l("Lần tổng duyệt này đã kết thúc."),
}
