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

#: The planned instants, in the order of the schedule.
SCHEDULE = {
    "applications_close_at": _l("Hết nhận hồ sơ"),
    "written_at": _l("Thi viết"),
    "written_results_at": _l("Công bố điểm thi viết"),
    "proposals_close_at": _l("Hết nhận đề án"),
    "defence_at": _l("Bảo vệ đề án"),
    "results_at": _l("Công bố kết quả"),
}

#: The situation in one sentence: the title of the desk.
SITUATIONS = {
    CompetitionState.DRAFT: _l("Đang soạn kế hoạch, chưa ai ngoài hội đồng nhìn thấy"),
    CompetitionState.ANNOUNCED: _l("Đã thông báo, chưa mở nhận hồ sơ"),
    CompetitionState.RECEIVING: _l("Đang nhận hồ sơ dự tuyển"),
    CompetitionState.VETTING: _l("Đang xét điều kiện dự tuyển"),
    CompetitionState.ROSTERED: _l("Đã chốt danh sách, chuẩn bị thi viết"),
    CompetitionState.WRITTEN: _l("Đang thi viết"),
    CompetitionState.MARKING: _l("Đang chấm bài viết"),
    CompetitionState.MERGED: _l("Đã ghép phách, chưa công bố điểm viết"),
    CompetitionState.APPEALS: _l("Đã công bố điểm viết, đang nhận đơn phúc khảo"),
    CompetitionState.PROPOSALS: _l("Đang nhận đề án"),
    CompetitionState.DEFENCE: _l("Đang bảo vệ đề án"),
    CompetitionState.RANKED: _l("Đã tính xếp hạng, chờ hội đồng ký"),
    CompetitionState.APPROVED: _l("Kết quả đã được phê duyệt, chờ công bố"),
    CompetitionState.PUBLISHED: _l("Đã công bố kết quả"),
    CompetitionState.CLOSED: _l("Kỳ thi tuyển đã kết thúc"),
}

#: The same for the public, short enough for a tag.
PUBLIC_STATES = {
    CompetitionState.ANNOUNCED: _l("Mới thông báo"),
    CompetitionState.RECEIVING: _l("Đang nhận hồ sơ"),
    CompetitionState.VETTING: _l("Đang xét điều kiện"),
    CompetitionState.ROSTERED: _l("Sắp thi viết"),
    CompetitionState.WRITTEN: _l("Đang thi viết"),
    CompetitionState.MARKING: _l("Đang chấm bài viết"),
    CompetitionState.MERGED: _l("Đang ghép phách"),
    CompetitionState.APPEALS: _l("Đang phúc khảo"),
    CompetitionState.PROPOSALS: _l("Đang nhận đề án"),
    CompetitionState.DEFENCE: _l("Đang bảo vệ đề án"),
    CompetitionState.RANKED: _l("Đang xét kết quả"),
    CompetitionState.APPROVED: _l("Sắp công bố kết quả"),
    CompetitionState.PUBLISHED: _l("Đã công bố kết quả"),
    CompetitionState.CLOSED: _l("Đã kết thúc"),
}

#: What will happen when the gate is opened: repeated on the page that asks for it.
STATEMENTS = {
    GateEvent.ANNOUNCED: _l(
        "Thông báo, chức danh, tiêu chí, lịch và bộ quy tắc được công khai ngay. Bộ quy tắc bị khóa cùng mã của nó; "
        "từ đây chỉ sửa được lịch một lần, có ghi sổ."
    ),
    GateEvent.APPLICATIONS_OPENED: _l("Người dự tuyển nộp hồ sơ được từ lúc này đến giờ hết nhận đã thông báo."),
    GateEvent.APPLICATIONS_CLOSED: _l(
        "Không nhận thêm hồ sơ nào. Hội đồng bắt đầu xét điều kiện từng người và nêu lý do với người không đủ."
    ),
    GateEvent.ROSTER_FIXED: _l(
        "Danh sách đủ điều kiện được chốt. Mỗi người có một số báo danh và một mã công khai, không đổi được nữa."
    ),
    GateEvent.WRITTEN_BEGUN: _l(
        "Các ca thi được phép bắt đầu. Đề vẫn niêm phong đến giờ mở; chỗ ngồi và người coi thi không xếp lại được nữa."
    ),
    GateEvent.CODES_SEALED: _l("Bảng nối mã với thí sinh được niêm phong. Người chấm chỉ thấy mã."),
    GateEvent.CODES_OPENED: _l("Bảng phách được mở, điểm ghép với người. Không ai sửa được điểm đã khóa nữa."),
    GateEvent.WRITTEN_PUBLISHED: _l("Điểm thi viết được công bố; mỗi thí sinh xem được điểm và bài của mình."),
    GateEvent.APPEALS_CLOSED: _l("Không nhận thêm đơn phúc khảo. Người đạt phần viết nộp được đề án."),
    GateEvent.PROPOSALS_LOCKED: _l("Không nhận thêm đề án. Bản nộp cuối cùng của mỗi người được khóa."),
    GateEvent.RESULT_COMPUTED: _l("Hệ thống tính xếp hạng từ các điểm đã khóa theo bộ quy tắc. Không ai gõ thứ hạng."),
    GateEvent.RESULT_APPROVED: _l("Hội đồng và người có thẩm quyền ký trên đúng văn bản đang thấy."),
    GateEvent.RESULT_PUBLISHED: _l("Kết quả đã được phê duyệt hiện trên trang công khai, ai cũng đọc được."),
    GateEvent.CLOSED: _l("Kỳ thi tuyển chuyển vào lưu trữ. Không việc nào trong kỳ thi làm được nữa."),
}

#: Who can do what at this step, in one paragraph.
WHO_MAY = {
    CompetitionState.DRAFT: _l(
        "Thư ký sửa kế hoạch, chức danh, tiêu chí, lịch và giao vai trò. Ban đề thi nhập ma trận đề. Chưa ai khác xem."
    ),
    CompetitionState.ANNOUNCED: _l("Ai cũng đọc được thông báo. Bộ quy tắc đã khóa. Thư ký được sửa lịch một lần."),
    CompetitionState.RECEIVING: _l("Người dự tuyển nộp, sửa hồ sơ. Thư ký nhận hồ sơ, chưa ai kết luận về điều kiện."),
    CompetitionState.VETTING: _l("Hội đồng kết luận từng hồ sơ, có lý do. Người chấm không thấy tên ai."),
    CompetitionState.ROSTERED: _l(
        "Thư ký xếp ca thi và chỗ ngồi. Ban đề thi niêm phong đề. Mọi người giữ vai trò khai báo xung đột lợi ích."
    ),
    CompetitionState.WRITTEN: _l(
        "Hội đồng mở đề đúng giờ, cán bộ coi thi trông phòng. Thư ký không xem được đề và bài làm."
    ),
    CompetitionState.MARKING: _l(
        "Điểm và bảng phách đang niêm phong với thư ký, hội đồng và quản trị. Hai người chấm không thấy điểm của nhau."
    ),
    CompetitionState.MERGED: _l("Chủ tịch hội đồng áp dụng mức trừ đã quyết định. Không ai sửa được điểm đã khóa."),
    CompetitionState.APPEALS: _l("Mỗi thí sinh chỉ xem điểm và bài của mình, và gửi đơn phúc khảo."),
    CompetitionState.PROPOSALS: _l("Người đạt phần viết nộp đề án; mọi phiên bản được giữ, bản cuối cùng được chấm."),
    CompetitionState.DEFENCE: _l("Mỗi thành viên ban chấm đề án cho điểm một mình, khóa rồi mới cùng mở."),
    CompetitionState.RANKED: _l("Hội đồng và người có thẩm quyền ký hoặc từ chối. Thư ký không công bố một mình được."),
    CompetitionState.APPROVED: _l("Thư ký công bố đúng văn bản đã ký. Đổi một số là mất hết chữ ký."),
    CompetitionState.PUBLISHED: _l("Ai cũng đọc và tính lại được. Sửa kết quả phải ra bản mới, ghi lý do."),
    CompetitionState.CLOSED: _l("Chỉ còn đọc. Hồ sơ nằm trong lưu trữ."),
}

#: Who stands in a record, by the word before the pseudonym.
ACTORS = {
    "system": _l("Hệ thống"),
    "candidate": _l("Thí sinh"),
    "organiser": _l("Thư ký"),
    "setter": _l("Ban đề thi"),
    "council": _l("Hội đồng"),
    "authority": _l("Người có thẩm quyền"),
    "keeper": _l("Ban phách"),
    "marker": _l("Cán bộ chấm"),
    "panel": _l("Thành viên ban chấm đề án"),
    "head": _l("Trưởng ban"),
    "invigilator": _l("Cán bộ coi thi"),
    "supervisor": _l("Ban giám sát"),
    "administrator": _l("Quản trị"),
}

MISSING = {
    "posts_missing": _l("Chưa có chức danh nào"),
    "blueprint_missing": _l("Ma trận đề của chức danh %(post)s"),
    "defence_rubric_wrong": _l("Tiêu chí chấm đề án của chức danh %(post)s chưa đủ thang điểm"),
    "schedule_incomplete": _l("Lịch còn mốc chưa có giờ"),
    "schedule_not_in_order": _l("Các mốc trong lịch chưa đúng thứ tự"),
    "schedule_in_the_past": _l("Giờ hết nhận hồ sơ đã qua"),
    "announcement_missing": _l("Nội dung thông báo, tiếng Việt và tiếng Anh"),
    "role_short": _l("%(role)s: có %(have)s, cần %(need)s"),
    "council_short": _l("Hội đồng chưa đủ người ký: có %(have)s, cần %(need)s"),
    "applications_close_passed": _l("Giờ hết nhận hồ sơ đã qua hoặc chưa đặt"),
    "applications_still_open": _l("Thông báo hứa nhận hồ sơ đến %(until)s"),
    "applications_missing": _l("Chưa có hồ sơ nào cho chức danh %(post)s"),
    "sittings_missing": _l("Chưa có ca thi nào"),
    "invigilators_missing": _l("Ca thi %(sitting)s chưa có cán bộ coi thi"),
    "candidates_unseated": _l("%(count)s thí sinh chưa có chỗ ngồi"),
    "papers_unsealed": _l("Đề đã niêm phong của chức danh %(post)s: có %(have)s, cần %(need)s"),
    "incidents_undecided": _l("%(count)s sự việc phòng thi chưa được quyết định"),
}

ERRORS = {
    "changed_meanwhile": _l(
        "Người khác vừa ghi cùng mục này. Chưa có gì của lần gửi này được ghi. Hãy xem tình trạng hiện nay rồi làm lại."
    ),
    "event_not_open": _l("Việc này không làm được ở bước hiện tại. Tải lại trang để xem tình trạng mới nhất."),
    "competition_not_found": _l("Không có kỳ thi tuyển %(competition)s."),
    "body_code_taken": _l("Mã cơ quan %(body)s đã có. Hãy chọn mã khác."),
    "body_below_itself": _l("Một cơ quan không thể đứng dưới chính mình."),
    "post_not_found": _l("Không có chức danh %(post)s trong kỳ thi tuyển này."),
    "gate_shut": _l("Cửa chưa mở được: còn thiếu %(count)s việc."),
    "competition_code_taken": _l("Mã %(competition)s đã có kỳ thi tuyển khác dùng. Hãy chọn mã khác."),
    "sittings_missing": _l("Chưa có ca thi nào để xếp chỗ."),
    "number_prefix_taken": _l("Chữ đầu số báo danh %(prefix)s đã có kỳ thi tuyển khác dùng. Hãy chọn chữ khác."),
    "competition_announced": _l("Kỳ thi tuyển đã được thông báo nên kế hoạch không sửa được nữa."),
    "schedule_incomplete": _l("Hãy điền mốc này."),
    "schedule_not_in_order": _l("Mốc này phải sau mốc đứng trước nó."),
    "schedule_in_the_past": _l("Mốc này phải ở sau giờ hiện tại."),
    "notice_not_announced": _l("Chỉ sửa lịch đã thông báo khi chưa khóa nhận hồ sơ."),
    "notice_change_spent": _l("Thông báo được sửa tối đa %(allowed)s lần và đã dùng hết."),
    "notice_change_too_late": _l("Chỉ được sửa thông báo trước ngày thi viết ít nhất %(days)s ngày."),
    "notice_unchanged": _l("Lịch mới giống hệt lịch đã thông báo, chưa có gì thay đổi."),
    "reason_missing": _l("Hãy ghi lý do."),
    "reason_too_short": _l("Hãy viết rõ hơn: cần ít nhất %(least)s ký tự."),
    "reason_too_long": _l("Lý do dài quá %(most)s ký tự."),
    "post_code_taken": _l("Mã chức danh %(post)s đã dùng trong kỳ thi tuyển này."),
    "post_not_of_body": _l(
        "Chức danh này là “%(managed_by)s”, còn cơ quan tổ chức là “%(level)s”. "
        "Theo phân cấp, chỉ cơ quan quản lý chức danh mới được tổ chức thi tuyển chức danh ấy."
    ),
    "vacancies_not_positive": _l("Số người cần tuyển phải từ 1 trở lên."),
    "post_in_use": _l("Chức danh %(post)s đã có đề thi hoặc có người dự tuyển nên không xóa được."),
}
