"""Words for rule sets and rubrics: how sure a source is, words used as values, and why a figure is refused."""

from __future__ import annotations

from examsite.domain.ruleset_figures import FigureGroup, PartKind
from examsite.domain.rulesets import AfterDiscussion, Confidence, Straddle
from examsite.web.i18n import _l

LABELS = {
    Confidence: {
        Confidence.VERIFIED: _l("Theo quy định"),
        Confidence.VERIFIED_IN_PART: _l("Theo quy định, kiểm chứng một phần"),
        Confidence.DERIVED: _l("Suy ra từ quy định"),
        Confidence.OUR_CHOICE: _l("Lựa chọn của hệ thống"),
        Confidence.OWN_CHOICE: _l("Kỳ thi này tự quyết định"),
    },
    FigureGroup: {
        FigureGroup.PART: _l("Các phần thi"),
        FigureGroup.RESULT: _l("Xếp hạng và phê duyệt"),
        FigureGroup.SCHEDULE: _l("Thời hạn"),
        FigureGroup.PAPER: _l("Đề thi"),
        FigureGroup.SITTING: _l("Buổi thi viết"),
        FigureGroup.MARKING: _l("Chấm bài"),
        FigureGroup.PROPOSAL: _l("Đề án"),
        FigureGroup.PEOPLE: _l("Hồ sơ và con người"),
        FigureGroup.PUBLICATION: _l("Công bố"),
    },
    PartKind: {
        PartKind.BLIND_PAIR: _l("Hai người chấm độc lập"),
        PartKind.PANEL: _l("Ban chấm, mỗi người cho điểm một mình"),
        PartKind.MACHINE: _l("Hệ thống chấm"),
    },
    Straddle: {
        Straddle.MEAN: _l("Lấy trung bình, trưởng ban chấm phải thấy và ghi nhận"),
        Straddle.HEAD: _l("Trưởng ban chấm quyết định"),
    },
    AfterDiscussion: {
        AfterDiscussion.SHOWN: _l("Chỉ ghi lại, không thay điểm đã khóa"),
        AfterDiscussion.COUNTS: _l("Thay điểm trước"),
    },
}

#: Words that stand as values of figures, by figure and value.
WORDS = {
    "deductions": {"largest": _l("Áp dụng mức nặng nhất, không cộng dồn")},
    "draw_contributors": {
        "one": _l("Người bốc thăm và máy chủ, trong một bước"),
        "council": _l("Từng ủy viên hội đồng từ máy của mình, cam kết trước rồi mới nêu số"),
    },
    "essay_regime": {
        "paper": _l("Bài giấy: rọc phách, hai người chấm, được phúc khảo"),
        "computer": _l("Bài trên máy"),
    },
    "third_rule": {
        "collective": _l("Hai lượt bằng nhau thì lấy; khác cả ba thì chấm tập thể, trưởng ban quyết định"),
        "mean": _l("Hai lượt bằng nhau thì lấy; khác cả ba thì trung bình ba lượt"),
        "median": _l("Hai lượt bằng nhau thì lấy; khác cả ba thì trung vị"),
        "closest": _l("Hai lượt bằng nhau thì lấy; khác cả ba thì trung bình hai lượt gần nhau nhất"),
    },
    "others_published": {
        "code-and-scores": _l("Mã công khai và điểm, không nêu tên"),
        "code-and-outcome": _l("Mã công khai và kết quả đạt hay không"),
        "nothing": _l("Không công bố gì"),
    },
    "proposal_kinds": {"pdf": _l("PDF"), "docx": _l("Word (DOCX)"), "pptx": _l("PowerPoint (PPTX)")},
}

ERRORS = {
    "preset_not_found": _l("Không có bộ quy tắc mẫu %(preset)s."),
    "ruleset_frozen": _l("Bộ quy tắc đã khóa khi thông báo nên không sửa được nữa."),
    "ruleset_not_readable": _l("Bộ quy tắc không đọc được ở “%(field)s”: %(detail)s."),
    "figure_not_changeable": _l("Số liệu “%(field)s” không sửa được ở đây."),
    "figure_not_readable": _l("“%(text)s” không phải giá trị đọc được. Hãy ghi một số, phần lẻ sau dấu phẩy."),
    "figure_out_of_range": _l("Giá trị phải từ %(least)s đến %(most)s."),
    "word_not_known": _l("Hãy chọn một trong các giá trị có sẵn."),
    "part_missing": _l("Bộ quy tắc không có phần thi nào."),
    "part_twice": _l("Một phần thi bị nêu hai lần."),
    "part_not_found": _l("Bộ quy tắc không có phần thi “%(part)s”."),
    "measure_not_found": _l("Bộ quy tắc không có hình thức xử lý “%(measure)s”."),
    "source_missing": _l("Số liệu “%(field)s” chưa nêu nguồn."),
    "tie_break_not_known": _l("Thứ tự xét khi bằng điểm phải gồm các phần thi, mỗi phần một lần."),
    "appeal_part_not_known": _l("Chỉ phúc khảo được phần có hai người chấm."),
    "measure_unclear": _l("Hình thức xử lý “%(measure)s” phải hoặc trừ phần trăm, hoặc hủy phần thi."),
    "approvals_above_council": _l("Số chữ ký của hội đồng không được quá số thành viên (%(most)s)."),
    "holders_needed_above_holders": _l("Số người cùng mở đề không được quá số người giữ khóa (%(most)s)."),
    "step_not_positive": _l("Bước điểm phải lớn hơn 0."),
    "pass_above_maximum": _l("Điểm đạt không được quá thang điểm (%(maximum)s)."),
    "mean_not_below_third": _l("Mức lệch lấy trung bình phải nhỏ hơn mức phải chấm lần ba (%(third_from)s)."),
    "weights_not_hundred": _l("Trọng số của các phần thi phải cộng lại bằng 100."),
    "ladder_not_known": _l("Hãy chọn một thang có sẵn."),
    "closest_two_chosen": _l(
        "“Hai lượt gần nhau nhất” bỏ hẳn một người chấm mà không hỏi vì sao. Hãy cân nhắc trung vị hoặc chấm tập thể."
    ),
    "rung_unreachable": _l(
        "Bước điểm %(step)s không bao giờ cho độ lệch nằm giữa %(low)s và %(high)s, "
        "nên không cặp điểm nào được hai người chấm trao đổi."
    ),
    "step_misses_maximum": _l("Thang điểm %(maximum)s không chia hết cho bước điểm, nên không ai đạt điểm tối đa."),
    "weight_without_effect": _l("Phần thi “%(part)s” có trọng số 0 nên không ảnh hưởng đến xếp hạng."),
    "criteria_missing": _l("Hãy ghi ít nhất một tiêu chí."),
    "criterion_twice": _l("Tiêu chí %(criterion)s bị ghi hai lần."),
    "criterion_maximum_not_positive": _l("Điểm tối đa của tiêu chí %(criterion)s phải lớn hơn 0."),
    "maximum_off_step": _l("Điểm tối đa %(maximum)s của tiêu chí %(criterion)s phải là bội của bước điểm %(step)s."),
    "level_not_reachable": _l("Một mức của tiêu chí %(criterion)s có điểm %(points)s, ngoài khoảng cho phép."),
    "rubric_sum_wrong": _l("Điểm tối đa các tiêu chí cộng lại là %(sum)s, phải bằng đúng %(maximum)s."),
}
