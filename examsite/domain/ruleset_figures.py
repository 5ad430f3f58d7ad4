"""Which figures a rule set has, what each is called in both languages, and what values it may take.

For the rule-set page, the edit form of a draft and the reader of preset files. It holds no value of any figure:
values and their sources stand in the rule set.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from examsite.domain.questions import Text


class FigureKind(StrEnum):
    """How the value of a figure is written."""

    SCORE = "score"
    COUNT = "count"
    FLAG = "flag"
    WORD = "word"
    WORDS = "words"
    PAIRS = "pairs"
    ITEMS = "items"
    MEASURES = "measures"


class FigureGroup(StrEnum):
    """Under which heading of the rule-set page a figure stands."""

    PART = "part"
    RESULT = "result"
    SCHEDULE = "schedule"
    PAPER = "paper"
    SITTING = "sitting"
    MARKING = "marking"
    PROPOSAL = "proposal"
    PEOPLE = "people"
    PUBLICATION = "publication"


class PartKind(StrEnum):
    """How a part of the competition is scored."""

    BLIND_PAIR = "blind-pair"
    PANEL = "panel"
    MACHINE = "machine"


@dataclass(frozen=True)
class FigureSpec:
    """One figure that a rule set must state: its member, label, kind, bounds, and whether a draft may change it."""

    key: str
    kind: FigureKind
    group: FigureGroup
    label: Text
    least: int = 0
    most: int = 0
    choices: tuple[str, ...] = ()
    editable: bool = False


def _score(key: str, group: FigureGroup, vi: str, en: str, *, least: int = 0, most: int = 1000) -> FigureSpec:
    return FigureSpec(key, FigureKind.SCORE, group, Text(vi, en), least=least, most=most, editable=True)


def _count(
    key: str, group: FigureGroup, vi: str, en: str, *, least: int = 0, most: int = 1000, editable: bool = True
) -> FigureSpec:
    return FigureSpec(key, FigureKind.COUNT, group, Text(vi, en), least=least, most=most, editable=editable)


def _word(
    key: str, group: FigureGroup, vi: str, en: str, *, choices: tuple[str, ...], editable: bool = False
) -> FigureSpec:
    return FigureSpec(key, FigureKind.WORD, group, Text(vi, en), choices=choices, editable=editable)


def _plain(key: str, kind: FigureKind, group: FigureGroup, vi: str, en: str) -> FigureSpec:
    return FigureSpec(key, kind, group, Text(vi, en))


_G = FigureGroup
_MAXIMUM = _score("maximum", _G.PART, "Thang điểm", "Maximum points", least=1)
_PASS = _score("pass", _G.PART, "Điểm đạt từ", "Pass mark")
_WEIGHT = _score("weight", _G.PART, "Trọng số khi xếp hạng (%)", "Weight in the ranking (%)", most=100)

# Source: the members of a part in `result.json`, as the published format names them.
PART_FIGURES: dict[PartKind, tuple[FigureSpec, ...]] = {
    PartKind.BLIND_PAIR: (
        _MAXIMUM,
        _PASS,
        _WEIGHT,
        _score("mean_at_most", _G.PART, "Lệch tối đa để lấy điểm trung bình", "Largest gap settled by the mean"),
        _score("third_from", _G.PART, "Chấm lần ba khi lệch từ", "Third marker from a gap of"),
        _word(
            "straddle",
            _G.PART,
            "Khi hai điểm ở hai phía của điểm đạt",
            "When the two marks stand on both sides of the pass mark",
            choices=("mean", "head"),
            editable=True,
        ),
        _score("appeal_adopt_below", _G.PART, "Phúc khảo: lấy điểm mới khi lệch dưới", "Appeal: adopt below a gap of"),
    ),
    PartKind.PANEL: (
        _MAXIMUM,
        _PASS,
        _WEIGHT,
        _score("gap_limit", _G.PART, "Lệch tối đa giữa các thành viên", "Largest gap between members"),
        _count("least_markers", _G.PART, "Số thành viên chấm tối thiểu", "Least number of members who score", least=1),
        _word(
            "after_discussion",
            _G.PART,
            "Điểm sửa sau thảo luận",
            "A mark changed after discussion",
            choices=("shown", "counts"),
        ),
    ),
    PartKind.MACHINE: (_MAXIMUM, _PASS, _WEIGHT),
}

SETTINGS: tuple[FigureSpec, ...] = (
    _plain("tie_break", FigureKind.WORDS, _G.RESULT, "Thứ tự xét khi bằng tổng điểm", "Tie-break order"),
    _word("deductions", _G.RESULT, "Khi có nhiều mức trừ điểm", "When several deductions apply", choices=("largest",)),
    _count(
        "minimum_candidates", _G.RESULT, "Số ứng viên tối thiểu mỗi chức danh", "Least candidates per post", least=1
    ),
    _count("approvals_council", _G.RESULT, "Số chữ ký của hội đồng", "Approvals by the council", least=1, most=99),
    _count("approvals_authority", _G.RESULT, "Số chữ ký của cấp có thẩm quyền", "Approvals by the authority", most=9),
    _count(
        "approvals_announced", _G.RESULT, "Chữ ký của hội đồng trước khi thông báo", "Approvals of the plan", most=99
    ),
    _count(
        "approvals_roster", _G.RESULT, "Chữ ký của hội đồng trước khi chốt danh sách", "Approvals of the list", most=99
    ),
    _count(
        "approvals_written",
        _G.RESULT,
        "Chữ ký của hội đồng trước khi công bố điểm viết",
        "Approvals of the written results",
        most=99,
    ),
    _plain(
        "carry_over", FigureKind.FLAG, _G.RESULT, "Bảo lưu kết quả cho kỳ sau", "Results carried over to a later one"
    ),
    _plain("priority_points", FigureKind.FLAG, _G.RESULT, "Điểm ưu tiên", "Priority points"),
    _plain("measures", FigureKind.MEASURES, _G.RESULT, "Hình thức xử lý vi phạm", "Measures against violations"),
    _count("application_days", _G.SCHEDULE, "Nhận hồ sơ (ngày)", "Receipt of applications (days)", most=365),
    _count("notice_changes", _G.SCHEDULE, "Số lần được sửa thông báo", "Changes of notice allowed", most=9),
    _count("notice_change_days", _G.SCHEDULE, "Sửa thông báo trước ngày thi (ngày)", "Notice change before (days)"),
    _count("vetting_days", _G.SCHEDULE, "Xét điều kiện dự thi (ngày)", "Vetting of applications (days)"),
    _count(
        "roster_notice_working_days",
        _G.SCHEDULE,
        "Niêm yết danh sách trước ca thi (ngày làm việc)",
        "Room lists posted before the sitting (working days)",
    ),
    _count(
        "written_result_days", _G.SCHEDULE, "Chấm và công bố bài viết (ngày)", "Written marking, publication (days)"
    ),
    _count(
        "appeal_window_working_days",
        _G.SCHEDULE,
        "Thời hạn xin phúc khảo (ngày làm việc)",
        "Appeal window (working days)",
        most=60,
    ),
    _count("remark_days", _G.SCHEDULE, "Chấm phúc khảo (ngày)", "Re-marking (days)"),
    _count("report_working_days", _G.SCHEDULE, "Hội đồng báo cáo (ngày làm việc)", "Council reports (working days)"),
    _count("approval_working_days", _G.SCHEDULE, "Phê duyệt kết quả (ngày làm việc)", "Approval (working days)"),
    _count("publication_working_days", _G.SCHEDULE, "Công bố kết quả (ngày làm việc)", "Publication (working days)"),
    _count(
        "supervision_report_working_days",
        _G.SCHEDULE,
        "Ban giám sát báo cáo (ngày làm việc)",
        "Supervision report (working days)",
    ),
    _count("archive_years", _G.SCHEDULE, "Nộp lưu hồ sơ trong (năm)", "Files to the archive within (years)", most=99),
    _count("erase_after_days", _G.SCHEDULE, "Xóa dữ liệu người không trúng tuyển sau (ngày)", "Erasure after (days)"),
    _count("paper_versions", _G.PAPER, "Số phương án đề tối thiểu", "Least versions of a paper", least=1, most=20),
    _count(
        "bank_multiple", _G.PAPER, "Ngân hàng câu hỏi gấp đề thi (lần)", "Bank at least × the paper", least=1, most=50
    ),
    _score("key_step", _G.PAPER, "Bước điểm của đáp án", "Step of the answer key", most=100),
    _count("paper_holders", _G.PAPER, "Số người giữ mảnh khóa đề", "Holders of key shares", least=1, most=16),
    _count("paper_holders_needed", _G.PAPER, "Số người cùng mở đề", "Holders who open together", least=1, most=16),
    _word(
        "draw_contributors",
        _G.PAPER,
        "Số ngẫu nhiên để bốc thăm",
        "Who puts numbers into draws",
        choices=("one", "council"),
        editable=True,
    ),
    _count(
        "draw_notice_minutes",
        _G.PAPER,
        "Cam kết trước bốc thăm (phút)",
        "Commitment before a draw (minutes)",
        most=7 * 24 * 60,
    ),
    _count("written_minutes", _G.SITTING, "Thời gian làm bài viết (phút)", "Written test (minutes)", least=1),
    _count("grace_seconds", _G.SITTING, "Thời gian ân hạn khi nộp (giây)", "Grace at the deadline (seconds)", most=600),
    _count("late_minutes", _G.SITTING, "Được vào muộn tối đa (phút)", "Late arrival at most (minutes)", most=240),
    _plain(
        "show_objective_score_at_once",
        FigureKind.FLAG,
        _G.SITTING,
        "Hiện điểm trắc nghiệm ngay khi nộp bài",
        "Objective score shown at hand-in",
    ),
    _word(
        "essay_regime",
        _G.SITTING,
        "Bài luận gõ trên máy được xử lý như",
        "An essay typed on a computer is treated as",
        choices=("paper", "computer"),
    ),
    _score("written_mark_step", _G.MARKING, "Bước điểm khi chấm bài viết", "Step of written marks", most=100),
    _score("defence_mark_step", _G.MARKING, "Bước điểm khi chấm bảo vệ", "Step of defence marks", most=100),
    _plain("appeal_parts", FigureKind.WORDS, _G.MARKING, "Phần thi được phúc khảo", "Parts open to appeal"),
    _word(
        "third_rule",
        _G.MARKING,
        "Ba lượt chấm khác nhau thì",
        "When three marks all differ",
        choices=("collective", "mean", "median", "closest"),
        editable=True,
    ),
    _count("claim_minutes", _G.MARKING, "Giữ bài đang chấm (phút)", "A claim on a script lasts (minutes)", least=1),
    _count(
        "qualification_scripts",
        _G.MARKING,
        "Số bài sát hạch trước khi chấm",
        "Qualification scripts before marking",
        most=9,
    ),
    _score(
        "qualification_tolerance", _G.MARKING, "Sát hạch: lệch tổng tối đa", "Qualification: largest error of a total"
    ),
    _score(
        "qualification_criterion_tolerance",
        _G.MARKING,
        "Sát hạch: lệch một tiêu chí tối đa",
        "Qualification: largest error of a criterion",
    ),
    _count("seed_percent", _G.MARKING, "Bài mẫu trong bài được giao (%)", "Seeds among allocated scripts (%)", most=50),
    _count("presentation_minutes", _G.PROPOSAL, "Trình bày đề án (phút)", "Presentation (minutes)", least=1, most=240),
    _count("questions_minutes", _G.PROPOSAL, "Trả lời câu hỏi (phút)", "Questions and answers (minutes)", most=240),
    _count("proposal_max_megabytes", _G.PROPOSAL, "Dung lượng đề án tối đa (MB)", "Proposal at most (MB)", least=1),
    _plain("proposal_kinds", FigureKind.WORDS, _G.PROPOSAL, "Loại tệp đề án", "Kinds of proposal file"),
    _plain("dossier_checklist", FigureKind.ITEMS, _G.PEOPLE, "Thành phần hồ sơ", "Dossier checklist"),
    _count("council_size", _G.PEOPLE, "Số thành viên hội đồng", "Members of the council", least=1, most=99),
    _plain("kinship", FigureKind.ITEMS, _G.PEOPLE, "Quan hệ không được tham gia", "Barred relations"),
    _plain(
        "separation_of_duties", FigureKind.PAIRS, _G.PEOPLE, "Nhiệm vụ không kiêm thêm", "Further duties kept apart"
    ),
    _plain(
        "winner_name", FigureKind.FLAG, _G.PUBLICATION, "Công bố họ tên người trúng tuyển", "Winner's name published"
    ),
    _plain(
        "own_comments",
        FigureKind.FLAG,
        _G.PUBLICATION,
        "Thí sinh đọc nhận xét của người chấm bài mình",
        "Candidates read the comments on their own script",
    ),
    _word(
        "others_published",
        _G.PUBLICATION,
        "Công bố về người không trúng tuyển",
        "What is published of the others",
        choices=("code-and-scores", "code-and-outcome", "nothing"),
    ),
    _count(
        "small_group_least", _G.PUBLICATION, "Nhóm nhỏ nhất trong thống kê", "Smallest group in statistics", least=1
    ),
)

#: What the council keeps by itself: the rule set states and publishes these, and nothing here counts, warns or refuses
#: by them. Every other figure is read by the system.
KEPT_BY_COUNCIL = frozenset(
    {
        "carry_over",
        "priority_points",
        "vetting_days",
        "roster_notice_working_days",
        "report_working_days",
        "approval_working_days",
        "publication_working_days",
        "supervision_report_working_days",
        "archive_years",
        "key_step",
        "essay_regime",
        "separation_of_duties",
    }
)
