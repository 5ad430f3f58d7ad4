"""Words for applications, dossiers, eligibility, the list of candidates and their import."""

from __future__ import annotations

from examsite.domain.dossiers import CandidacyEvent, CandidacyState
from examsite.web.i18n import _l

LABELS = {
    CandidacyState: {
        CandidacyState.DRAFT: _l("Đang soạn"),
        CandidacyState.SUBMITTED: _l("Đã nộp, chờ xét"),
        CandidacyState.ELIGIBLE: _l("Đủ điều kiện"),
        CandidacyState.REFUSED: _l("Không đủ điều kiện"),
        CandidacyState.WITHDRAWN: _l("Đã rút"),
    },
    CandidacyEvent: {
        CandidacyEvent.SUBMITTED: _l("Nộp hồ sơ"),
        CandidacyEvent.REOPENED: _l("Trả lại để bổ sung"),
        CandidacyEvent.ACCEPTED: _l("Công nhận đủ điều kiện"),
        CandidacyEvent.REFUSED: _l("Kết luận không đủ điều kiện"),
        CandidacyEvent.WITHDRAWN: _l("Rút hồ sơ"),
        CandidacyEvent.RECONSIDERED: _l("Xét lại"),
    },
}

#: How the state of a candidacy is drawn: kind and tone of its tag.
TAGS = {
    CandidacyState.DRAFT: ("todo", "neutral"),
    CandidacyState.SUBMITTED: ("work", "amber"),
    CandidacyState.ELIGIBLE: ("done", "green"),
    CandidacyState.REFUSED: ("stopped", "seal"),
    CandidacyState.WITHDRAWN: ("stopped", "neutral"),
}

MISSING = {
    "candidacies_undecided": _l("Còn %(count)s hồ sơ chưa kết luận đủ hay không đủ điều kiện"),
    "eligible_too_few": _l("Chức danh %(post)s có %(count)s người đủ điều kiện, cần ít nhất %(least)s"),
}

#: Columns of a list of candidates.
IMPORT_COLUMNS = {
    "full_name": _l("Họ và tên"),
    "born_on": _l("Ngày sinh"),
    "identity_number": _l("Số định danh"),
    "unit": _l("Đơn vị công tác"),
    "position_title": _l("Chức vụ hiện nay"),
    "post": _l("Mã chức danh dự tuyển"),
    "phone": _l("Điện thoại"),
    "email": _l("Thư điện tử"),
    "hometown": _l("Quê quán"),
}

ERRORS = {
    "passwords_frozen_in_test": _l(
        "Đang có người làm bài nên chưa cấp mật khẩu mới. Ai quên mật khẩu thì báo cán bộ coi thi."
    ),
    "import_empty": _l("Tệp không có dòng nào dưới dòng tiêu đề."),
    "import_too_many_rows": _l("Tệp có quá %(most)s dòng. Hãy chia thành nhiều tệp."),
    "import_columns_missing": _l("Dòng đầu thiếu cột: %(columns)s. Hãy dùng tệp mẫu."),
    "import_column_unknown": _l(
        "Không rõ cột “%(column)s”. Bỏ cột này hoặc đặt tên như tệp mẫu, để không mất dữ liệu."
    ),
    "import_column_twice": _l("Cột “%(column)s” có hai lần."),
    "import_encoding_unknown": _l("Không đọc được chữ trong tệp CSV. Hãy lưu lại dạng CSV UTF-8 hoặc XLSX."),
    "import_not_a_list": _l("Đây không phải tệp CSV hay XLSX."),
    "import_not_found": _l("Không còn tệp đã xem trước. Hãy tải tệp lên lại."),
    "import_not_open": _l("Chỉ nhập danh sách khi đang nhận hồ sơ hoặc xét điều kiện."),
    "import_has_problems": _l("Danh sách còn %(count)s chỗ cần sửa nên chưa nhập ai. Hãy xem trước lại."),
    "import_cell_empty": _l("Ô trống."),
    "import_cell_formula": _l("Ô chứa công thức hoặc bắt đầu bằng = + - @. Hãy gõ lại bằng chữ."),
    "import_cell_too_long": _l("Dài quá %(most)s ký tự."),
    "import_cell_beside": _l("Có chữ nằm ngoài các cột: “%(text)s”."),
    "import_date_not_readable": _l("Không đọc được ngày “%(text)s”. Ghi ngày/tháng/năm, ví dụ 05/09/1985."),
    "import_post_unknown": _l("Kỳ thi tuyển không có chức danh mã %(post)s."),
    "import_email_not_valid": _l("Địa chỉ thư điện tử chưa đúng."),
    "import_phone_not_valid": _l("Số điện thoại chỉ gồm chữ số."),
    "import_person_known": _l("Người này đã có hồ sơ trong kỳ thi tuyển."),
    "import_person_twice": _l("Trùng số định danh với dòng %(first)s."),
    "candidacy_not_found": _l("Không tìm thấy hồ sơ này trong kỳ thi tuyển."),
    "applications_not_open": _l("Kỳ thi tuyển này hiện không nhận hồ sơ: chưa mở hoặc đã hết hạn."),
    "applications_too_many": _l(
        "Đang có quá nhiều hồ sơ mới cùng lúc nên tạm dừng nhận vài phút. Hãy gửi lại sau khoảng %(minutes)s phút."
    ),
    "application_not_open": _l("Hồ sơ đã nộp nên không đổi được nữa. Nếu cần bổ sung, hãy đề nghị thư ký trả lại."),
    "dossier_item_unknown": _l("Danh mục hồ sơ không có mục này."),
    "dossier_incomplete": _l("Hồ sơ còn thiếu %(count)s mục. Tải đủ rồi mới nộp được."),
    "identity_number_not_valid": _l("Số định danh gồm 12 chữ số (hoặc 9 chữ số nếu là chứng minh nhân dân cũ)."),
    "identity_number_taken": _l(
        "Số định danh này đã có hồ sơ trong kỳ thi tuyển. Mỗi người chỉ dự tuyển một chức danh."
    ),
    "born_on_not_possible": _l("Ngày sinh không hợp lý: phải đủ 18 tuổi và sinh từ năm 1930."),
    "reason_needed": _l("Cần ghi rõ lý do; người nhận quyết định sẽ đọc lý do này."),
    "vetting_not_open": _l("Chỉ xét điều kiện sau khi khóa nhận hồ sơ và trước khi chốt danh sách."),
}
