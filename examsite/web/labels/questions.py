"""Words for the kinds of question and for a question that cannot be read."""

from __future__ import annotations

from examsite.domain.questions import QuestionKind
from examsite.web.i18n import _l

LABELS = {
    QuestionKind: {
        QuestionKind.SINGLE: _l("Chọn một phương án"),
        QuestionKind.MULTIPLE: _l("Chọn nhiều phương án"),
        QuestionKind.TRUE_FALSE: _l("Đúng hay sai"),
        QuestionKind.NUMERIC: _l("Điền số"),
        QuestionKind.ORDERING: _l("Sắp xếp thứ tự"),
        QuestionKind.ESSAY: _l("Tự luận"),
    },
}

ERRORS = {
    "question_malformed": _l("Câu hỏi không đúng định dạng ở mục “%(field)s”."),
}
