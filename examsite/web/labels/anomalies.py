"""Words for the report before a result is approved: what was found, how strong it is, what to do."""

from __future__ import annotations

from examsite.statistics.findings import FindingKind, Strength
from examsite.web.i18n import _l

LABELS = {
    FindingKind: {
        FindingKind.RECORD_DIFFERS: _l("Điểm đang lưu khác điểm đã ghi trong sổ"),
        FindingKind.MARK_WITHDRAWN: _l("Điểm đã khóa được rút và chấm lại"),
        FindingKind.DECIDED_OUTSIDE: _l("Điểm do trưởng ban quyết định nằm ngoài hai lượt chấm"),
        FindingKind.SINGLE_GAP: _l("Một lượt chấm lệch xa lượt còn lại của cùng bài"),
        FindingKind.PANEL_GAP: _l("Điểm một thành viên lệch xa các thành viên khác ở một lượt bảo vệ"),
        FindingKind.LIFTED_MARKER: _l("Điểm của một người cao vọt ở vài bài"),
        FindingKind.DRIFT: _l("Mức chấm của một người đã chuyển"),
        FindingKind.JUMP: _l("Điểm dồn ngay trên mức đạt"),
        FindingKind.DECIDED_UPWARDS: _l("Điểm quyết định phần lớn nghiêng về lượt cao"),
        FindingKind.SAME_MISTAKES: _l("Hai thí sinh sai giống nhau"),
        FindingKind.SAME_PASSAGE: _l("Hai bài tự luận có đoạn giống nhau"),
        FindingKind.KEY_PASSAGE: _l("Bài tự luận có đoạn của hướng dẫn chấm"),
        FindingKind.OUT_OF_HOURS: _l("Làm việc ngoài giờ hành chính"),
    },
    Strength: {
        Strength.CERTAIN: _l("Chắc chắn sai khác"),
        Strength.STRONG: _l("Rất khó do ngẫu nhiên"),
        Strength.WEAK: _l("Có thể do ngẫu nhiên"),
        Strength.FACT: _l("Việc đã xảy ra"),
    },
}

#: What to do about each kind; never a measure against a person.
ADVICE = {
    FindingKind.RECORD_DIFFERS: _l("Dừng phê duyệt. Chạy lệnh kiểm tra sổ, gọi ban giám sát và người giữ máy chủ."),
    FindingKind.MARK_WITHDRAWN: _l("Đọc lý do ở mục trong sổ; hai người đã đồng ý. Hỏi lại nếu lý do chưa rõ."),
    FindingKind.DECIDED_OUTSIDE: _l("Đọc biên bản trao đổi và lý do của trưởng ban."),
    FindingKind.SINGLE_GAP: _l("Để một người chưa chấm bài đó đọc lại; so với thang điểm, không so với người."),
    FindingKind.PANEL_GAP: _l("Đọc nhận xét của thành viên đó và biên bản trao đổi."),
    FindingKind.LIFTED_MARKER: _l(
        "Để người khác đọc lại các bài nêu tên. Hỏi người chấm bằng văn bản trước khi kết luận."
    ),
    FindingKind.DRIFT: _l("Xem trang thống kê chấm; chấm lại từ bài mức chấm bắt đầu chuyển."),
    FindingKind.JUMP: _l(
        "Đọc lại các bài sát mức đạt cùng lý do của trưởng ban: xét kỹ bài sát mức cũng gây ra bước nhảy."
    ),
    FindingKind.DECIDED_UPWARDS: _l("Đọc lý do của từng quyết định; trưởng ban giải trình chung."),
    FindingKind.SAME_MISTAKES: _l("Xem chỗ ngồi và diễn biến phòng thi của hai người; nghe cả hai trước khi kết luận."),
    FindingKind.SAME_PASSAGE: _l("Đọc hai bài cạnh nhau: cùng thuộc một văn bản cũng cho đoạn giống nhau."),
    FindingKind.KEY_PASSAGE: _l("Đọc bài cạnh hướng dẫn chấm; xem ai đã giữ đề và hướng dẫn trước giờ thi."),
    FindingKind.OUT_OF_HOURS: _l("Hỏi lý do nếu lịch không nói trước. Làm thêm giờ không phải là lỗi."),
}

ERRORS = {
    "findings_changed": _l("Báo cáo vừa có thay đổi. Hãy đọc lại rồi xác nhận."),
}
