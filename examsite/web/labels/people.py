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
    "assignment_not_found": _l("Không tìm thấy phân công này, có thể đã được thu hồi."),
}
