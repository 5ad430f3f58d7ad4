"""Words for roles and for who may do what."""

from __future__ import annotations

from examsite.domain.permissions import Role
from examsite.web.i18n import _l

LABELS = {
    Role: {
        Role.CANDIDATE: _l("Thí sinh"),
        Role.ORGANISER: _l("Thư ký hội đồng"),
        Role.CHAIR: _l("Chủ tịch hội đồng thi tuyển"),
        Role.COUNCIL_MEMBER: _l("Ủy viên hội đồng"),
        Role.AUTHORITY: _l("Người đứng đầu cơ quan có thẩm quyền"),
        Role.SETTER: _l("Ban đề thi"),
        Role.KEEPER: _l("Ban phách"),
        Role.INVIGILATOR: _l("Cán bộ coi thi"),
        Role.MARKER: _l("Cán bộ chấm thi"),
        Role.MARKING_HEAD: _l("Trưởng ban chấm thi"),
        Role.PANELLIST: _l("Thành viên ban chấm đề án"),
        Role.PANEL_HEAD: _l("Trưởng ban chấm đề án"),
        Role.SUPERVISOR: _l("Ban giám sát"),
        Role.ADMINISTRATOR: _l("Quản trị hệ thống"),
    },
}

ERRORS = {
    "role_needed": _l("Tài khoản này không giữ vai trò cần có cho việc vừa làm."),
    "roles_not_compatible": _l("Người này đang là “%(held)s”, không được kiêm “%(added)s” trong cùng kỳ thi tuyển."),
    "role_held_before": _l(
        "Người này từng là “%(held)s” khi danh sách dự thi đã chốt nên không được làm “%(added)s” ở kỳ này."
    ),
    "council_fixed": _l("Bảng phách đã mở: hội đồng ký kết quả giữ nguyên, không thêm, không bớt ai."),
    "assignment_not_found": _l("Không tìm thấy phân công này, có thể đã được thu hồi."),
    "account_not_active": _l("Tài khoản %(login)s đã ngừng dùng nên không phân công được."),
    "login_unknown": _l("Không có tài khoản %(login)s. Quản trị hệ thống lập tài khoản trước."),
    "candidate_holds_no_role": _l("Đây là tài khoản của thí sinh, không giữ vai trò nào khác."),
    "role_not_of_competition": _l("Vai trò này không phân công trong một kỳ thi tuyển."),
    "role_not_of_body": _l("Ở cơ quan chỉ phân công thư ký và người đứng đầu có thẩm quyền."),
    "not_authority_of_body": _l(
        "%(login)s chưa được quản trị ghi nhận là người đứng đầu có thẩm quyền của %(body)s hoặc cơ quan cấp trên."
    ),
    "not_organiser_of_body": _l("%(login)s chưa được quản trị ghi nhận là thư ký của %(body)s."),
    "role_already_used": _l(
        "Người này đã làm việc với bí danh %(pseudonym)s trong sổ ghi nên không thu hồi vai trò được; "
        "việc đã ghi phải có người chịu trách nhiệm."
    ),
    "last_organiser": _l("Kỳ thi tuyển luôn cần ít nhất một thư ký."),
}
