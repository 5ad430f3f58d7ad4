"""Words for the topics of the question bank, as blueprints and announcements name them."""

from __future__ import annotations

from examsite.web.i18n import _l

TOPICS = {
    "cadre-work": _l("Công tác cán bộ"),
    "change": _l("Quản lý sự thay đổi"),
    "conflict": _l("Giải quyết xung đột"),
    "controlling": _l("Kiểm tra, giám sát"),
    "decision-making": _l("Ra quyết định"),
    "delegation": _l("Giao việc, ủy quyền"),
    "digital-transformation": _l("Chuyển đổi số"),
    "ethics": _l("Đạo đức công vụ"),
    "finance-basics": _l("Tài chính cơ bản"),
    "leading": _l("Lãnh đạo, dẫn dắt"),
    "motivation": _l("Tạo động lực"),
    "organising": _l("Tổ chức công việc"),
    "performance": _l("Quản lý kết quả công việc"),
    "personnel-work": _l("Nghiệp vụ cán bộ"),
    "planning": _l("Lập kế hoạch"),
    "selection-pilot": _l("Thí điểm thi tuyển"),
    "selection-rules": _l("Quy định về thi tuyển"),
    "service": _l("Phục vụ người dân"),
}


def topic_label(topic: str) -> str:
    """The topic in the reader's language; a topic that came with another bank keeps its own name."""
    return str(TOPICS.get(topic, topic))
