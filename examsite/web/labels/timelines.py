"""Words for what happened to an attempt; they say what happened and blame nobody."""

from __future__ import annotations

from examsite.domain.timelines import HappeningKind
from examsite.web.i18n import _l

LABELS = {
    HappeningKind: {
        HappeningKind.CHECKED_IN: _l("Đối chiếu danh tính"),
        HappeningKind.OPENED: _l("Mở đề lần đầu"),
        HappeningKind.REOPENED: _l("Mở lại trang"),
        HappeningKind.FREED: _l("Mở cho máy khác"),
        HappeningKind.MOVED: _l("Đổi chỗ"),
        HappeningKind.KEPT_OUT: _l("Máy không thuộc phòng, không vào được"),
        HappeningKind.SILENT: _l("Máy im lặng"),
        HappeningKind.OUTAGE: _l("Máy chủ ngừng"),
        HappeningKind.PAUSED: _l("Dừng giờ"),
        HappeningKind.EXTENDED: _l("Thêm giờ"),
        HappeningKind.LOST: _l("Giờ mất"),
        HappeningKind.MESSAGE: _l("Tin nhắn"),
        HappeningKind.CALLED: _l("Gọi cán bộ coi thi"),
        HappeningKind.INCIDENT: _l("Sự việc"),
        HappeningKind.NOTICED: _l("Ghi nhận của trang"),
        HappeningKind.CARRIED: _l("Nhập tệp bài làm"),
        HappeningKind.LATE_ACCEPTED: _l("Nhận phần đến muộn"),
        HappeningKind.HANDED_IN: _l("Nộp bài"),
        HappeningKind.CLOSED: _l("Máy chủ thu bài"),
    },
}
