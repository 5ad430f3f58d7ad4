"""Words for plans of papers, versions and what is refused about them."""

from __future__ import annotations

from examsite.domain.papers import PaperEvent, PaperState
from examsite.web.i18n import _l

LABELS = {
    PaperState: {
        PaperState.DRAWN: _l("Đã lập, chưa niêm phong"),
        PaperState.DISCARDED: _l("Đã bỏ"),
        PaperState.SEALED: _l("Đã niêm phong"),
        PaperState.OPENED: _l("Đã mở"),
    },
    PaperEvent: {
        PaperEvent.DISCARDED: _l("Bỏ phiên bản đề"),
        PaperEvent.SEALED: _l("Niêm phong đề"),
        PaperEvent.OPENED: _l("Mở đề"),
    },
}

ERRORS = {
    # The plan.
    "blueprint_empty": _l("Ma trận chưa có câu nào, hoặc có chủ đề để 0 câu."),
    "blueprint_topic_twice": _l("Một chủ đề được nêu hai lần trong ma trận."),
    "blueprint_points_wrong": _l("Tổng điểm của đề là %(total)s, phải bằng đúng %(maximum)s."),
    "blueprint_bank_too_small": _l(
        "Chủ đề “%(topic)s”: ngân hàng có %(found)s câu, các phiên bản cần %(needed)s câu. Hãy bớt số câu."
    ),
    "blueprint_not_valid": _l("Ma trận đề đã lưu không đọc được. Hãy lập lại ma trận."),
    "blueprint_not_suggested": _l("Ngân hàng câu hỏi chưa đủ để gợi ý một ma trận đạt tổng điểm của bài thi."),
    "blueprint_frozen": _l("Kỳ thi tuyển đã được thông báo nên ma trận đề không sửa được nữa."),
    # Versions.
    "papers_not_drawable": _l("Chỉ lập và niêm phong đề từ khi thông báo thi tuyển đến trước khi mở buổi thi viết."),
    "papers_already_sealed": _l("Đề của chức danh %(post)s đã niêm phong, không lập lại được."),
    "no_papers_to_seal": _l("Chức danh %(post)s chưa có phiên bản đề nào chờ niêm phong."),
    "papers_changed": _l(
        "Đề của chức danh %(post)s vừa được lập lại, mã không còn như trên trang. Chưa niêm phong gì. Hãy xem lại."
    ),
    "papers_not_openable": _l("Chỉ mở đề khi kỳ thi đang ở bước thi viết."),
    "paper_already_opened": _l("Đề của chức danh %(post)s đã được mở."),
    "no_sealed_papers": _l("Chức danh %(post)s chưa có đề niêm phong để bốc thăm."),
    "paper_not_found": _l("Không có đề thi %(paper)s."),
    "paper_not_valid": _l("Bản lưu của đề thi không đọc được."),
    "question_not_found": _l("Ngân hàng không có câu hỏi %(question)s đang dùng."),
}
