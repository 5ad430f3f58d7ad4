"""Words for draws: what each decides, how its numbers come out, why one is refused or does not hold."""

from __future__ import annotations

from examsite.domain.draw_ceremonies import DrawEvent, DrawKind, DrawState, NumberWay, draw_kind
from examsite.web.i18n import _, _l

_KINDS = {
    DrawKind.SEATS: _l("Bốc thăm chỗ ngồi"),
    DrawKind.PAPER_VERSION: _l("Bốc thăm đề thi"),
    DrawKind.SCRIPT_CODES: _l("Bốc thăm số phách"),
    DrawKind.ALLOCATION: _l("Bốc thăm phân công chấm"),
    DrawKind.PRESENTATION_ORDER: _l("Bốc thăm thứ tự bảo vệ"),
}

LABELS = {
    DrawKind: _KINDS,
    DrawState: {
        DrawState.GATHERING: _l("Đang nhận cam kết"),
        DrawState.COMMITTED: _l("Đã khóa danh sách"),
        DrawState.HELD: _l("Đã có kết quả"),
    },
    DrawEvent: {
        DrawEvent.COMMITTED: _l("Khóa danh sách cam kết"),
        DrawEvent.HELD: _l("Bốc thăm"),
    },
    NumberWay: {
        NumberWay.OWN: _l("Tự nêu số"),
        NumberWay.HOLDERS: _l("Người giữ khóa mở"),
        NumberWay.SUBSTITUTE: _l("Bản gửi kín hỏng, dùng số thay thế"),
        NumberWay.SYSTEM: _l("Máy chủ tạo"),
    },
}

MISSING = {
    "draw_key_not_split": _l("Chưa chia khóa bốc thăm cho những người giữ (trang “Tờ khóa” của hội đồng)"),
}

ERRORS = {
    "draw_not_held": _l("Lượt bốc thăm này chưa diễn ra."),
    "nonce_not_valid": _l("Số ngẫu nhiên góp vào bốc thăm phải dài đúng %(wanted)s byte."),
    "draw_without_contribution": _l("Lượt bốc thăm “%(draw)s” chưa có ai góp số ngẫu nhiên."),
    "draw_contributor_twice": _l("Lượt bốc thăm “%(draw)s” có người góp số hai lần."),
    "draw_twice": _l("Lượt bốc thăm “%(draw)s” được mở hai lần."),
    "draw_item_twice": _l("Danh sách của lượt bốc thăm “%(draw)s” có mục trùng nhau."),
    "draw_document_not_valid": _l("Văn bản bốc thăm không đúng dạng."),
    "draw_contributors_differ": _l("Những người góp số không phải là những người đã cam kết."),
    "draw_commitment_broken": _l("Số mà “%(by)s” góp không khớp với cam kết đã ghi."),
    "draw_items_changed": _l("Danh sách bốc thăm đã bị thay đổi sau khi cam kết."),
    "draw_source_changed": _l("Nguồn ngẫu nhiên công khai không phải là nguồn đã nêu trước."),
    "draw_not_held_yet": _l("Tệp này mới có cam kết; lượt bốc thăm chưa diễn ra hoặc còn giữ kín."),
    "draw_outcome_differs": _l("Kết quả bốc thăm không đúng với kết quả tính lại."),
    # The ceremony.
    "draw_name_not_known": _l("Không có lượt bốc thăm nào tên là “%(draw)s”."),
    "draw_not_found": _l("Lượt bốc thăm “%(draw)s” chưa được mở."),
    "draw_at_once": _l("Bộ quy tắc của kỳ thi này bốc thăm trong một bước, không cần mở lượt góp số."),
    "draw_key_missing": _l("Chưa có khóa để mở số bị giữ lại. Chủ tịch chia khóa bốc thăm ở trang “Tờ khóa” trước."),
    "draw_already_prepared": _l("Lượt bốc thăm này đã được mở. Hãy vào trang “Bốc thăm” để góp số."),
    "draw_already_held": _l("Lượt bốc thăm này đã có kết quả. Không bốc thăm lần thứ hai."),
    "draw_not_prepared": _l("Hội đồng cùng bốc thăm lượt này. Hãy mở lượt bốc thăm ở trang “Bốc thăm”."),
    "draw_not_committed": _l("Danh sách cam kết chưa khóa. Chủ tịch khóa danh sách ở trang “Bốc thăm” trước."),
    "draw_list_closed": _l("Danh sách cam kết đã khóa, không thêm, bớt hay làm lại được nữa."),
    "draw_list_changed": _l(
        "Danh sách hiện nay khác danh sách đã cam kết của lượt “%(draw)s”. Không bốc thăm lại; hãy báo ban giám sát."
    ),
    "draw_numbers_missing": _l(
        "Còn %(count)s số chưa nêu, trước hết là của %(first)s. Người đó nêu số, hoặc những người giữ khóa mở ra."
    ),
    "draw_notice_runs": _l("Cam kết phải được ghi trước một thời gian. Từ %(until)s mới được nêu số."),
    "contributors_too_few": _l("Mới có %(given)s người góp số; cần ít nhất %(least)s người."),
    "commitment_not_valid": _l("Cam kết không đúng dạng. Hãy tải lại trang rồi góp số lần nữa."),
    "deposit_not_valid": _l("Bản gửi kín không đúng dạng. Hãy tải lại trang rồi góp số lần nữa."),
    "commitment_taken": _l("Cam kết này trùng với cam kết của người khác. Hãy tạo số mới."),
    "number_not_valid": _l("Số phải gồm 64 chữ số hệ mười sáu. Hãy chọn đúng tệp đã lưu khi góp số."),
    "number_not_committed": _l(
        "Số này không khớp với cam kết đã ghi. Hãy chọn đúng tệp đã lưu khi góp số cho lượt này."
    ),
    "number_shown_already": _l("Số của anh/chị đã được nêu."),
    "not_a_contributor": _l("Anh/chị không góp số vào lượt bốc thăm này."),
    "no_number_missing": _l("Không còn số nào phải mở."),
}


def draw_title(name: str) -> str:
    """What a draw decides, for people, with the post where there is one for each post."""
    kind = draw_kind(name)
    text = str(_KINDS[kind])
    rest = name.removeprefix(kind).removeprefix("-")
    if not rest:
        return text
    if kind is DrawKind.PAPER_VERSION:
        return f"{text} {rest}"
    return _("%(draw)s, lần %(number)s", draw=text, number=rest)
