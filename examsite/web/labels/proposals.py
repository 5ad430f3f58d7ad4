"""Words for handing in a proposal and for declared relations."""

from __future__ import annotations

from examsite.web.i18n import _l

MISSING = {
    "proposals_deadline_missing": _l("Chưa đặt giờ hết nhận đề án"),
    "proposals_still_open": _l("Đã hứa nhận đề án đến %(until)s"),
    "conflicts_not_declared": _l("%(count)s người chưa khai quan hệ với thí sinh"),
}

ERRORS = {
    "proposals_still_open": _l("Đã hứa nhận đề án đến %(until)s nên chưa khóa nộp được."),
    "proposals_not_open": _l("Kỳ thi tuyển không ở bước nộp đề án nên chưa nhận được tệp."),
    "proposals_closed": _l(
        "Đã hết giờ nộp đề án lúc %(closes_at)s. Tệp vừa gửi không được nhận; các bản đã nộp trước đó vẫn còn nguyên."
    ),
    "written_not_passed": _l("Chỉ thí sinh đạt phần thi viết mới nộp đề án."),
    "proposal_title_missing": _l("Hãy ghi tên đề án."),
    "proposal_title_too_long": _l("Tên đề án dài quá %(most)s ký tự."),
    "proposal_not_found": _l("Không có bản đề án này."),
    "order_not_drawable": _l("Chỉ bốc thăm thứ tự bảo vệ sau khi đã khóa nộp đề án."),
    "order_already_drawn": _l("Thứ tự bảo vệ đã được bốc thăm và không bốc lại."),
    "no_proposals_to_draw": _l("Chưa có đề án nào được nộp nên không có gì để bốc thăm."),
    "list_not_final": _l("Chỉ khai sau khi danh sách dự thi đã được chốt."),
    "conflict_not_on_list": _l("Bản khai có người không nằm trong danh sách dự thi."),
    "relation_not_known": _l("Hãy chọn mối quan hệ trong danh mục."),
    "conflict_after_allocation": _l(
        "Bài đã phân công nên không khai thêm tại đây được. Hãy báo trưởng ban chấm thi và ban giám sát ngay; "
        "ban giám sát lập biên bản, không ghi số phách."
    ),
    "relation_stands": _l(
        "Việc chấm đã bắt đầu nên quan hệ đã khai không tự rút được. Hãy ghi lý do để hội đồng xét; trong lúc chờ, lời "
        "khai vẫn có hiệu lực."
    ),
    "conflict_after_mark": _l(
        "Phiếu chấm của thí sinh này đã khóa. Hãy báo trưởng ban để xử lý phiếu trước khi khai quan hệ."
    ),
    "conflict_after_reveal": _l(
        "Điểm của thí sinh này đã mở và có phiếu của người này nên không kết luận tại đây được. Hãy ghi sự việc ở "
        "trang Thứ tự bảo vệ đề án để có trong biên bản; hội đồng quyết định, điểm đã mở không tự thay đổi."
    ),
    "conflicts_not_declared": _l("Hãy khai quan hệ với thí sinh trước khi chấm."),
}
