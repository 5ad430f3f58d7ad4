"""Words for accounts, passwords, log-ins and bodies."""

from __future__ import annotations

from examsite.domain.accounts import AccountState
from examsite.domain.second_factors import FactorKind
from examsite.web.i18n import _l

LABELS = {
    AccountState: {
        AccountState.ACTIVE: _l("Đang dùng"),
        AccountState.DISABLED: _l("Đã ngừng"),
    },
    FactorKind: {
        FactorKind.CODE_APP: _l("Ứng dụng tạo mã"),
        FactorKind.PASSKEY: _l("Khóa truy cập"),
    },
}

#: How the state of an account is drawn: kind and tone of its tag.
TAGS = {AccountState.ACTIVE: ("done", "green"), AccountState.DISABLED: ("stopped", "neutral")}

ERRORS = {
    "password_too_short": _l("Mật khẩu cần ít nhất %(least)s ký tự. Hãy dùng một câu dài, dễ nhớ."),
    "password_too_long": _l("Mật khẩu dài quá %(most)s ký tự."),
    "password_too_common": _l(
        "Mật khẩu này dễ đoán: phần lớn là từ thông dụng, tên của mình, hoặc các phím liền nhau. Hãy chọn câu khác."
    ),
    "password_like_printed": _l("Mật khẩu này có dạng của mật khẩu in trên phiếu. Hãy thêm một từ nữa."),
    "log_ins_waiting": _l("Đang có nhiều người đăng nhập cùng lúc. Hãy bấm Đăng nhập lại sau ít giây."),
    "login_taken": _l("Tên đăng nhập %(login)s đã có người dùng."),
    "account_not_found": _l("Không tìm thấy tài khoản này."),
    "account_damaged": _l(
        "Tài khoản hoặc vai trò này đã bị sửa ngoài phần mềm nên chưa cho vào. Hãy báo ban giám sát và quản trị hệ "
        "thống để đối chiếu với bản sao lưu."
    ),
    "account_disabled": _l("Tài khoản này đã ngừng dùng. Hãy liên hệ quản trị hệ thống."),
    "login_not_valid": _l(
        "Tên đăng nhập gồm 3 đến 40 chữ thường không dấu, số, dấu chấm hoặc gạch, bắt đầu bằng chữ, "
        "không giống số báo danh hay mã hồ sơ."
    ),
    "own_account": _l("Không thể tự ngừng tài khoản của chính mình."),
    "account_of_candidate": _l("Mật khẩu của thí sinh do thư ký hội đồng cấp khi in phiếu."),
    "body_not_found": _l("Không tìm thấy cơ quan này."),
    "log_in_not_found": _l("Lượt đăng nhập này không còn nữa."),
    "fresh_factor_needed": _l(
        "Việc này cần xác nhận bằng yếu tố thứ hai trong vòng 5 phút. Chưa có gì thay đổi. "
        "Hãy mở lại trang rồi gửi lại; trang sẽ hỏi mã hoặc khóa truy cập."
    ),
    "code_wrong": _l("Mã chưa đúng hoặc đã dùng rồi. Hãy gõ mã 6 số mà ứng dụng đang hiện, hoặc chờ mã kế tiếp."),
    "passkey_answer_used": _l("Chữ ký này đã dùng cho một lần ký trước. Hãy bấm lại nút để thiết bị ký lần mới."),
    "passkey_not_valid": _l("Khóa truy cập chưa trả lời đúng. Hãy bấm lại nút và làm theo hướng dẫn của thiết bị."),
    "factor_name_missing": _l("Hãy đặt tên, ví dụ tên điện thoại, để sau này nhận ra."),
    "factor_not_found": _l("Yếu tố này không còn nữa."),
    "factor_damaged": _l(
        "Dữ liệu của yếu tố “%(name)s” không còn đúng như máy chủ đã ghi. Hãy báo quản trị để xóa và thêm lại."
    ),
    "too_many_factors": _l("Mỗi tài khoản có nhiều nhất %(most)s yếu tố. Hãy bỏ bớt một yếu tố không dùng."),
    "role_has_holder": _l("Kỳ thi tuyển này đã có “%(role)s”. Thu hồi người cũ trước khi phân công người mới."),
}
