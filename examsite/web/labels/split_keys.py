"""Words for keys that several people hold."""

from __future__ import annotations

from examsite.domain.split_keys import KeyPurpose
from examsite.web.i18n import _l

LABELS = {
    KeyPurpose: {
        KeyPurpose.PAPER: _l("Mở đề thi đã niêm phong"),
        KeyPurpose.DRAWS: _l("Mở số bốc thăm bị giữ lại"),
        KeyPurpose.CODES: _l("Mở bảng ghép phách"),
    }
}

MISSING = {
    "codes_key_missing": _l("Chưa chia khóa mở bảng ghép phách cho người giữ"),
}

ERRORS = {
    "answers_closed": _l(
        "Bài thi đã rọc phách nên điểm theo tên thí sinh được mã hóa. Danh sách ký lại được sau khi mở bảng phách."
    ),
    "code_map_not_closed": _l("Bảng phách không ở trong niêm phong nên không có gì để mở."),
    "code_map_damaged": _l(
        "Tệp mã hóa của bảng phách đã hỏng hoặc bị đổi nên chưa mở gì. Hãy báo ban giám sát và khôi phục từ bản sao "
        "lưu."
    ),
    "code_map_not_as_sealed": _l(
        "Nội dung trong niêm phong không khớp với sổ ghi hoặc với bài đã chấm nên chưa mở gì. Hãy báo ban giám sát và "
        "đối chiếu với bản sao lưu."
    ),
    "quorum_not_valid": _l(
        "Không chia khóa được cho %(holders)s người với %(needed)s người cùng mở: cần ít nhất hai người cùng mở và "
        "không quá %(most)s người giữ."
    ),
    "split_key_changed": _l(
        "Khóa đang lưu không phải khóa đã chia theo sổ ghi nên không niêm phong gì bằng khóa này. Hãy báo ban giám sát."
    ),
    "split_key_made": _l("Khóa này đã được chia cho người giữ. Tờ khóa chỉ hiện một lần khi chia."),
    "split_key_not_found": _l("Khóa này chưa được chia cho người giữ."),
    "holder_not_valid": _l("%(name)s không thuộc hội đồng hay ban giám sát của kỳ thi này nên không giữ khóa được."),
    "holder_twice": _l("%(name)s là người đã được chọn dưới vai khác. Mỗi người chỉ giữ một tờ của một khóa."),
    "split_key_page_old": _l("Trang tờ khóa này đã quá giờ hoặc không phải của bạn. Hãy hủy các tờ đã in và chia lại."),
    "split_key_opened": _l("Khóa này đã được mở nên không còn gì để thử."),
    "split_key_not_printed": _l("Chưa xác nhận đã in đủ các tờ nên khóa chưa có hiệu lực. Hãy hủy các tờ và chia lại."),
    "no_share_held": _l("Bạn không giữ tờ nào của khóa này nên không có gì để thử."),
    "share_words_missing": _l(
        "Tờ khóa %(number)s: đã có %(count)s từ, cần đủ %(wanted)s từ. Hãy điền nốt các ô trống."
    ),
    "share_word_unknown": _l(
        "Tờ khóa %(number)s: từ thứ %(place)s “%(word)s” không có trong bảng từ. Hãy so lại với tờ khóa."
    ),
    "share_of_other_person": _l("Tờ khóa này là của người khác. Hãy tìm tờ ghi đúng bí danh của bạn."),
    "share_not_valid": _l(
        "Tờ khóa %(number)s: từng từ đều có trong bảng nhưng cả dãy chưa đúng. Hãy so lại từng từ và thứ tự."
    ),
    "share_of_other_key": _l("Tờ khóa %(number)s thuộc một khóa khác. Hãy lấy đúng tờ khóa ghi cho việc này."),
    "share_twice": _l("Tờ khóa %(number)s đã được nhập ở trên. Mỗi người nhập tờ của mình."),
    "shares_too_few": _l("Mới có %(given)s tờ khóa; cần đủ %(needed)s người giữ khóa cùng mở."),
    "shares_do_not_fit": _l("Các tờ khóa này ghép lại không thành khóa. Hãy kiểm tra từng tờ với người giữ."),
}
