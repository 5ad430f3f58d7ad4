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

ERRORS = {
    "quorum_not_valid": _l(
        "Không chia khóa được cho %(holders)s người với %(needed)s người cùng mở: cần ít nhất hai người cùng mở và "
        "không quá %(most)s người giữ."
    ),
    "split_key_made": _l("Khóa này đã được chia cho người giữ. Tờ khóa chỉ hiện một lần khi chia."),
    "split_key_not_found": _l("Khóa này chưa được chia cho người giữ."),
    "holder_not_valid": _l("%(name)s không thuộc hội đồng hay ban giám sát của kỳ thi này nên không giữ khóa được."),
    "share_not_valid": _l("Dãy từ thứ %(number)s chưa đúng. Hãy so lại từng từ với tờ khóa."),
    "share_of_other_key": _l("Dãy từ thứ %(number)s thuộc một khóa khác. Hãy lấy đúng tờ khóa ghi cho việc này."),
    "share_twice": _l("Dãy từ thứ %(number)s là của một tờ khóa đã nhập ở trên."),
    "shares_too_few": _l("Mới có %(given)s tờ khóa; cần đủ %(needed)s người giữ khóa cùng mở."),
    "shares_do_not_fit": _l("Các tờ khóa này ghép lại không thành khóa. Hãy kiểm tra từng tờ với người giữ."),
}
