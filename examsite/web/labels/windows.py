"""Words for why a time or a period is refused."""

from __future__ import annotations

from examsite.web.i18n import _l

ERRORS = {
    "instant_not_aware": _l("Thời điểm thiếu múi giờ."),
    "duration_not_positive": _l("Thời gian làm bài phải từ 1 phút trở lên."),
    "extension_not_positive": _l("Thời gian bù phải từ 1 giây trở lên."),
    "working_days_out_of_range": _l("Số ngày làm việc phải từ 0 đến %(limit)s."),
}
