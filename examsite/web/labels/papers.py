"""Words for plans of papers, versions and what is refused about them."""

from __future__ import annotations

from examsite.domain.papers import PaperEvent, PaperState
from examsite.web.i18n import _l

LABELS = {
    PaperState: {
        PaperState.DRAWN: _l("Đã lập, chưa niêm phong"),
        PaperState.SEALED: _l("Đã niêm phong"),
        PaperState.OPENED: _l("Đã mở"),
    },
    PaperEvent: {
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
    "opening_needs_second": _l(
        "Một mình chủ tịch không mở đề được. Một ủy viên hội đồng mở trang Đề thi và bấm “Đồng ý mở đề” trước."
    ),
    "already_agreed": _l("Anh/chị đã đồng ý mở đề của chức danh này rồi."),
    "papers_not_openable": _l("Chỉ mở đề khi kỳ thi đang ở bước thi viết."),
    "paper_already_opened": _l("Đề của chức danh %(post)s đã được mở."),
    "paper_not_in_turn": _l("Đề %(paper)s không còn là đề đang dùng; đến lượt đề %(turn)s. Chưa bỏ gì. Hãy xem lại."),
    "no_sitting_waits": _l(
        "Mọi ca thi của chức danh %(post)s đã bắt đầu, nên không còn ca nào dùng được đề dự phòng. Bài đang làm giữ "
        "nguyên đề. Câu hỏng được xử lý ở trang Câu trắc nghiệm sau khi thu bài; sự việc trong phòng ghi vào biên bản."
    ),
    "no_reserve_left": _l(
        "Chức danh %(post)s không còn phiên bản dự phòng nào. Hãy dời buổi thi và báo người có thẩm quyền."
    ),
    "nothing_set_aside": _l("Chức danh %(post)s chưa bỏ dùng phiên bản nào, nên chưa mở đề dự phòng."),
    "paper_needs_holders": _l("Đề %(paper)s là tệp niêm phong: những người giữ tờ khóa cùng mở."),
    "no_sealed_papers": _l("Chức danh %(post)s chưa có đề niêm phong để bốc thăm."),
    "paper_not_found": _l("Không có đề thi %(paper)s."),
    "paper_not_valid": _l("Bản lưu của đề thi không đọc được."),
    # Sealed files.
    "paper_already_drawn": _l("Đã bốc thăm đề %(paper)s. Việc còn lại là những người giữ tờ khóa cùng mở."),
    "paper_not_drawn": _l("Chức danh %(post)s chưa bốc thăm phiên bản đề. Hãy bốc thăm rồi mới mở."),
    "paper_not_as_sealed": _l(
        "Đề %(paper)s trên máy chủ không còn đúng như khi niêm phong. Dừng việc mở, giữ nguyên máy chủ và báo "
        "ban giám sát."
    ),
    "paper_plan_not_valid": _l("Tệp kế hoạch đề không đọc được. Hãy tải lại từ trang ban đề thi."),
    "manifest_not_valid": _l("Bản kê không đọc được. Hãy nộp đúng tệp manifest.json mà máy soạn đề đã ghi."),
    "sealed_other_competition": _l("Bản kê là của kỳ thi %(found)s, ở đây là kỳ thi %(here)s."),
    "sealed_other_post": _l("Bản kê là của chức danh %(found)s, ở đây là chức danh %(here)s."),
    "sealed_versions_too_few": _l("Bản kê có %(found)s phiên bản, bộ quy tắc cần ít nhất %(needed)s."),
    "sealed_version_not_valid": _l(
        "Bản kê: phiên bản %(version)s sai tên, hoặc trùng tệp hay khóa với phiên bản khác."
    ),
    "sealed_rubric_wrong": _l(
        "Bản kê: thang điểm của phiên bản %(version)s không đúng phần thi hoặc không cộng đủ điểm tối đa."
    ),
    "sealed_holders_too_few": _l(
        "Bản kê: khóa của phiên bản %(version)s chia ít hơn bộ quy tắc: cần ít nhất %(holders)s người giữ và "
        "%(needed)s người cùng mở."
    ),
    "sealed_holder_not_valid": _l(
        "Bản kê: %(name)s của phiên bản %(version)s không còn là người được giữ tờ khóa của kỳ thi này."
    ),
    "age_file_too_large": _l("Tệp %(name)s lớn hơn %(megabytes)s MB, không phải tệp đề niêm phong."),
    "age_file_not_age": _l("Tệp %(name)s không phải tệp niêm phong (age)."),
    "age_file_not_in_manifest": _l("Tệp %(name)s không có trong bản kê: bị đổi, hỏng hoặc của lần lập khác."),
    "age_file_missing": _l("Thiếu tệp niêm phong của phiên bản %(version)s."),
    "age_file_not_found": _l("Không có tệp niêm phong của phiên bản này."),
    "age_file_damaged": _l(
        "Khóa đã ghép đúng nhưng tệp niêm phong của đề %(version)s không giải mã được: tệp đã hỏng."
    ),
    "opened_paper_differs": _l(
        "Đề %(version)s vừa giải mã không đúng mã hoặc thang điểm đã ghi khi niêm phong. Chưa mở gì; báo ban giám sát."
    ),
    "holder_not_in_plan": _l("%(name)s không có trong kế hoạch đề, hoặc được nêu hai lần."),
    "question_not_found": _l("Ngân hàng không có câu hỏi %(question)s đang dùng."),
}
