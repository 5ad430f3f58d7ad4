"""Words for keys that several people hold."""

from __future__ import annotations

from examsite.domain.split_keys import KeyPurpose
from examsite.web.i18n import _l

LABELS = {
    KeyPurpose: {
        KeyPurpose.PAPER: _l("Mở đề thi đã niêm phong"),
        KeyPurpose.DRAWS: _l("Mở số bốc thăm bị giữ lại"),
        KeyPurpose.CODES: _l("Mở bảng phách"),
    }
}

MISSING = {
    "key_sheets_untaken": _l("Còn %(count)s tờ khóa chưa được người giữ lấy nên khóa chưa có hiệu lực"),
    "codes_key_missing": _l("Chưa chia khóa mở bảng phách cho người giữ"),
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
        "Không chia khóa được cho %(holders)s người với %(needed)s người cùng mở: số người cùng mở phải từ hai đến số "
        "người giữ, và không quá %(most)s người giữ."
    ),
    "split_key_changed": _l(
        "Khóa đang lưu không phải khóa đã chia theo sổ ghi nên không niêm phong gì bằng khóa này. Hãy báo ban giám sát."
    ),
    "split_key_made": _l("Khóa này đã được chia và mọi người giữ đã lấy tờ của mình nên không chia lại hay hủy nữa."),
    "split_key_too_early": _l(
        "Kỳ thi chưa được thông báo nên chưa có sổ ghi để ghi việc chia khóa. Hãy thông báo trước."
    ),
    "split_key_waiting": _l(
        "Khóa này đã chia, còn tờ chưa được lấy. Nhắc người giữ lấy tờ, hoặc hủy khóa rồi chia lại."
    ),
    "sheet_taken": _l("Tờ này đã ở trên giấy nên máy chủ không còn giữ từ nào. Mất tờ thì báo chủ tịch hội đồng."),
    "sheet_not_taken": _l("Anh/chị chưa lấy tờ này. Hãy lấy tờ và xác nhận trước khi thử."),
    "sheet_not_shown": _l("Anh/chị chưa mở xem tờ này. Hãy mở, in ra rồi mới xác nhận."),
    "sheet_not_printed": _l(
        "Chưa xác nhận tờ đã ở trên giấy nên chưa xóa gì. Hãy mở lại tờ của anh/chị ở trang “Tờ khóa”."
    ),
    "sheet_damaged": _l(
        "Tờ này đã hỏng hoặc bị đổi trên máy chủ. Chủ tịch hủy khóa rồi chia lại; hãy báo ban giám sát."
    ),
    "split_key_not_found": _l("Khóa này chưa được chia cho người giữ."),
    "holder_not_valid": _l("%(name)s không thuộc hội đồng hay ban giám sát của kỳ thi này nên không giữ khóa được."),
    "holder_twice": _l("%(name)s là người đã được chọn dưới vai khác. Mỗi người chỉ giữ một tờ của một khóa."),
    "split_key_opened": _l("Khóa này đã được mở nên không còn gì để thử."),
    "no_share_held": _l("Anh/chị không giữ tờ nào của khóa này. Ai giữ tờ nào có ghi ở trang “Tờ khóa”."),
    "share_words_missing": _l("Đã có %(count)s từ, cần đủ %(wanted)s từ. Hãy điền nốt các ô trống."),
    "share_word_unknown": _l("Từ thứ %(place)s “%(word)s” không có trong bảng từ. Hãy so lại với tờ khóa."),
    "share_of_other_person": _l("Đây là tờ của người khác. Hãy tìm tờ ghi đúng bí danh của anh/chị."),
    "share_not_valid": _l("Từng từ đều có trong bảng nhưng cả dãy chưa đúng. Hãy so lại từng từ và thứ tự."),
    "share_of_other_key": _l("Tờ này thuộc một khóa khác. Hãy lấy đúng tờ khóa ghi cho việc này."),
    "share_twice": _l("Tờ này đã được nhập ở trên. Mỗi người nhập tờ của mình."),
    "shares_too_few": _l("Mới có %(given)s tờ khóa; cần đủ %(needed)s người giữ khóa cùng mở."),
    "shares_do_not_fit": _l("Các tờ khóa này ghép lại không thành khóa. Hãy kiểm tra từng tờ với người giữ."),
}
