"""Words for the life of a competition."""

from __future__ import annotations

from examsite.domain.competitions import CompetitionState, DelegationLevel, GateEvent
from examsite.web.i18n import _l

LABELS = {
    CompetitionState: {
        CompetitionState.DRAFT: _l("Soạn kế hoạch"),
        CompetitionState.ANNOUNCED: _l("Thông báo"),
        CompetitionState.RECEIVING: _l("Nhận hồ sơ"),
        CompetitionState.VETTING: _l("Xét điều kiện"),
        CompetitionState.ROSTERED: _l("Lập danh sách"),
        CompetitionState.WRITTEN: _l("Thi viết"),
        CompetitionState.MARKING: _l("Chấm bài viết"),
        CompetitionState.MERGED: _l("Ghép phách"),
        CompetitionState.APPEALS: _l("Phúc khảo"),
        CompetitionState.PROPOSALS: _l("Nộp đề án"),
        CompetitionState.DEFENCE: _l("Bảo vệ đề án"),
        CompetitionState.RANKED: _l("Xếp hạng"),
        CompetitionState.APPROVED: _l("Phê duyệt"),
        CompetitionState.PUBLISHED: _l("Công bố"),
        CompetitionState.CLOSED: _l("Kết thúc"),
    },
    GateEvent: {
        GateEvent.ANNOUNCED: _l("Công bố thông báo thi tuyển"),
        GateEvent.APPLICATIONS_OPENED: _l("Mở nhận hồ sơ"),
        GateEvent.APPLICATIONS_CLOSED: _l("Khóa nhận hồ sơ"),
        GateEvent.ROSTER_FIXED: _l("Chốt danh sách dự thi"),
        GateEvent.WRITTEN_BEGUN: _l("Mở buổi thi viết"),
        GateEvent.CODES_SEALED: _l("Niêm phong bảng phách"),
        GateEvent.CODES_OPENED: _l("Mở bảng phách, ghép điểm"),
        GateEvent.WRITTEN_PUBLISHED: _l("Công bố điểm thi viết"),
        GateEvent.APPEALS_CLOSED: _l("Khép phúc khảo, mở nộp đề án"),
        GateEvent.PROPOSALS_LOCKED: _l("Khóa nộp đề án"),
        GateEvent.RESULT_COMPUTED: _l("Tính xếp hạng"),
        GateEvent.RESULT_APPROVED: _l("Phê duyệt kết quả"),
        GateEvent.RESULT_PUBLISHED: _l("Công bố kết quả"),
        GateEvent.CLOSED: _l("Kết thúc và lưu trữ"),
    },
    DelegationLevel: {
        DelegationLevel.CITY_COMMITTEE: _l("Diện Thành ủy quản lý"),
        DelegationLevel.CITY_GOVERNMENT: _l("Diện Ủy ban nhân dân thành phố quản lý"),
        DelegationLevel.DEPARTMENT: _l("Diện sở, ban, ngành quản lý"),
        DelegationLevel.DISTRICT: _l("Diện cấp ủy trực thuộc quản lý"),
    },
}

GROUPS = {
    "preparation": _l("Chuẩn bị và hồ sơ"),
    "written": _l("Thi viết"),
    "proposal": _l("Đề án"),
    "result": _l("Kết quả"),
}

ERRORS = {
    "event_not_open": _l("Việc này không làm được ở bước hiện tại. Tải lại trang để xem tình trạng mới nhất."),
    "competition_not_found": _l("Không có kỳ thi tuyển %(competition)s."),
    "post_not_found": _l("Không có chức danh %(post)s trong kỳ thi tuyển này."),
    "gate_shut": _l("Cửa chưa mở được: còn thiếu %(count)s việc."),
}
