"""Words for accounts, passwords, log-ins and bodies."""

from __future__ import annotations

from examsite.domain.accounts import AccountState
from examsite.web.i18n import _l

LABELS = {
    AccountState: {
        AccountState.ACTIVE: _l("Đang dùng"),
        AccountState.DISABLED: _l("Đã ngừng"),
    },
}

ERRORS = {
    "password_too_short": _l("Mật khẩu cần ít nhất %(least)s ký tự. Hãy dùng một câu dài, dễ nhớ."),
    "password_too_long": _l("Mật khẩu dài quá %(most)s ký tự."),
    "password_too_common": _l(
        "Mật khẩu này dễ đoán: phần lớn là từ thông dụng, tên của mình, hoặc các phím liền nhau. Hãy chọn câu khác."
    ),
    "login_taken": _l("Tên đăng nhập %(login)s đã có người dùng."),
    "account_not_found": _l("Không tìm thấy tài khoản này."),
    "account_disabled": _l("Tài khoản này đã ngừng dùng. Hãy liên hệ quản trị hệ thống."),
    "log_in_not_found": _l("Lượt đăng nhập này không còn nữa."),
    "role_has_holder": _l("Kỳ thi tuyển này đã có “%(role)s”. Thu hồi người cũ trước khi phân công người mới."),
}
