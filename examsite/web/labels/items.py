"""Words for what is decided about objective questions, and for changes of a rubric while people mark."""

from __future__ import annotations

from examsite.domain.items import Ruling
from examsite.domain.rubric_changes import MarkFate
from examsite.web.i18n import _l

LABELS = {
    Ruling: {
        Ruling.KEEP: _l("Giữ nguyên câu hỏi và đáp án"),
        Ruling.EVERYONE: _l("Câu có lỗi: mọi thí sinh được trọn điểm"),
        Ruling.FURTHER_KEYS: _l("Thêm đáp án được tính đúng"),
    },
    MarkFate: {
        MarkFate.REOPENED: _l("Nháp: tiêu chí này chấm lại"),
        MarkFate.WITHDRAWN: _l("Đã khóa: rút về nháp"),
        MarkFate.UNTOUCHED: _l("Không đổi"),
    },
}

#: Why a question should be looked at, by the word of the statistics.
FLAGS = {
    "too_hard": _l("quá khó"),
    "too_easy": _l("quá dễ"),
    "low_discrimination": _l("không tách được bài tốt và bài kém"),
}

#: Why there is no figure, in a word or two.
NO_FIGURE = {
    "no_scripts": _l("chưa có bài"),
    "too_few_scripts": _l("quá ít bài"),
    "no_spread": _l("mọi bài như nhau"),
    "one_item": _l("chỉ có một câu"),
    "incomplete": _l("thiếu dữ liệu"),
    "graded": _l("không tính được"),
}

MISSING = {
    "items_undecided": _l("Đề %(paper)s: %(count)s câu trắc nghiệm ngoài khoảng chờ hai người quyết định"),
    "item_decisions_waiting": _l("%(count)s đề nghị về câu trắc nghiệm chờ người thứ hai"),
    "rubric_changes_waiting": _l("%(count)s đề nghị sửa hướng dẫn chấm chờ ban đề thi"),
}

ERRORS = {
    # Objective questions.
    "item_not_objective": _l("%(item)s không phải câu trắc nghiệm của đề này."),
    "items_not_open": _l("Câu hỏi và bài làm chỉ xem được sau khi bảng phách đã niêm phong."),
    "item_not_found": _l("Đề này không có câu trắc nghiệm %(item)s."),
    "item_decision_waiting": _l("Đã có đề nghị về câu %(item)s, đang chờ người thứ hai. Chưa có gì bị ghi đè."),
    "item_decision_not_found": _l("Đề nghị này không còn chờ: đã có người trả lời. Hãy đọc lại trang."),
    "further_keys_missing": _l("Hãy ghi ít nhất một đáp án thêm."),
    "further_keys_not_expected": _l("Chỉ ghi đáp án thêm khi chọn “Thêm đáp án được tính đúng”."),
    "further_key_not_an_answer": _l("“%(key)s” không phải là câu trả lời có thể có của câu này."),
    "further_key_right_already": _l("“%(key)s” vốn đã được tính đúng."),
    "further_keys_too_many": _l(
        "Nhiều nhất %(limit)s đáp án thêm. Nếu hơn, câu hỏi có lỗi: hãy cho mọi thí sinh trọn điểm."
    ),
    # The rubric.
    "rubric_change_waiting": _l("Tiêu chí %(criterion)s đã có đề nghị sửa đang chờ ban đề thi. Chưa có gì bị ghi đè."),
    "rubric_change_not_found": _l("Đề nghị sửa này không còn chờ: đã có người trả lời. Hãy đọc lại trang."),
    "criterion_of_system": _l("Tiêu chí %(criterion)s do máy chấm nên không sửa ở đây."),
    "criterion_words_missing": _l("Tiêu chí và từng mức phải có lời tiếng Việt và tiếng Anh."),
    "levels_missing": _l("Tiêu chí %(criterion)s phải có ít nhất một mức."),
    "level_off_step": _l("Mức %(points)s của tiêu chí %(criterion)s không theo bước %(step)s."),
    "level_twice": _l("Tiêu chí %(criterion)s có hai mức cùng %(points)s điểm."),
    "levels_not_rising": _l(
        "Điểm các mức phải tăng dần: tiêu chí %(criterion)s có mức %(points)s đứng sau mức %(before)s."
    ),
    "change_of_another": _l("Chỉ người đã đề nghị mới rút lại được đề nghị này."),
    "criterion_not_changed": _l("Tiêu chí %(criterion)s vẫn như cũ: chưa có gì để đề nghị."),
}
