"""Words for corrections of a published result, and for what is another figure in the version after it."""

from __future__ import annotations

from examsite.domain.corrections import CorrectionState
from examsite.domain.result_changes import Figure
from examsite.web.i18n import _l

LABELS = {
    CorrectionState: {
        CorrectionState.ASKED: _l("Chờ hội đồng trả lời"),
        CorrectionState.REFUSED: _l("Hội đồng không đồng ý"),
        CorrectionState.TAKEN_BACK: _l("Thư ký đã rút"),
        CorrectionState.OPEN: _l("Đang sửa"),
        CorrectionState.PUBLISHED: _l("Đã công bố bản sửa"),
    },
    Figure: {
        Figure.LISTED: _l("Có trong kết quả"),
        Figure.NAME: _l("Họ tên"),
        Figure.SETTLED: _l("Điểm đã chốt"),
        Figure.APPEAL: _l("Điểm sau khi chấm lại"),
        Figure.DEDUCTION: _l("Mức trừ (%)"),
        Figure.SCORE: _l("Điểm"),
        Figure.PASSED: _l("Đạt phần thi"),
        Figure.ABSENT: _l("Vắng"),
        Figure.VOID: _l("Bị hủy bài"),
        Figure.MARKS: _l("Điểm của các phiếu chấm"),
        Figure.DETAILS: _l("Chi tiết: tiêu chí, người chấm, cách chốt điểm"),
        Figure.TOTAL: _l("Tổng điểm"),
        Figure.RANK: _l("Hạng"),
        Figure.OUTCOME: _l("Kết luận"),
        Figure.DOCUMENT: _l("Phần chung của văn bản"),
    },
}

#: Shape of the tag of a correction.
TAGS = {
    CorrectionState.ASKED: "open",
    CorrectionState.REFUSED: "stopped",
    CorrectionState.TAKEN_BACK: "stopped",
    CorrectionState.OPEN: "work",
    CorrectionState.PUBLISHED: "done",
}

MISSING = {
    "correction_not_marked": _l("%(count)s bài đang được chấm lại theo quyết định sửa kết quả"),
    "correction_stands": _l("Việc sửa kết quả đã công bố chưa xong"),
    "defence_not_called": _l("%(count)s người nay đạt phần thi viết, chưa được gọi bảo vệ bổ sung"),
    "proposals_not_locked": _l("Đề án của bảo vệ bổ sung chưa khóa nộp (hạn %(until)s)"),
}

ERRORS = {
    "correction_not_now": _l("Chỉ sửa được kết quả đang công bố. Trước khi công bố thì tính lại ra bản mới."),
    "correction_stands": _l(
        "Còn một việc sửa kết quả đã công bố chưa xong. Hãy làm xong việc đó trước, ở trang Kết quả."
    ),
    "data_erased": _l("Dữ liệu của người không trúng tuyển đã được xóa nên không chấm lại được bài nào nữa."),
    "correction_names_nobody": _l("Hãy ghi ít nhất một mã công khai có bài phải chấm lại."),
    "correction_names_too_many": _l("Mỗi lần sửa chấm lại nhiều nhất %(most)s bài. Hãy chia thành nhiều lần."),
    "correction_cannot_remark": _l(
        "Không chấm lại được bài của mã %(candidate)s: mã không có trong danh sách, không có bài được tính điểm, "
        "hoặc bài đã chấm phúc khảo rồi."
    ),
    "correction_not_asked": _l("Không có đề nghị sửa kết quả nào đang chờ. Có thể người khác vừa trả lời."),
    "correction_changed": _l(
        "Đề nghị đã đọc vừa được rút và thay bằng đề nghị khác. Hãy đọc đề nghị hiện ở đây rồi trả lời."
    ),
    "correction_not_marked": _l("Còn %(count)s bài đang được chấm lại. Hãy chờ chấm xong rồi làm bước này."),
    "correction_not_defended": _l(
        "Còn người nay đạt phần thi viết chưa bảo vệ xong đề án. Việc còn thiếu ghi ở trang Kết quả."
    ),
    "correction_not_open": _l("Không có việc sửa kết quả nào đang mở nên không gọi bảo vệ bổ sung được."),
    "defence_deadline_over": _l(
        "Hạn nộp đề án đã qua nên không đổi được nữa: ai cũng chỉ có đúng thời hạn đã báo. Hãy khóa nộp đề án."
    ),
    "defence_locked_already": _l("Đã khóa nộp đề án của bảo vệ bổ sung nên không đổi hạn được nữa."),
    "nobody_to_call": _l("Chấm lại xong, không có ai mới đạt phần thi viết nên không phải gọi bảo vệ bổ sung."),
    "proposal_time_too_short": _l("Hạn nộp đề án phải sau bây giờ ít nhất %(days)s ngày."),
}
