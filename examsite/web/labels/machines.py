"""Words for the machines of a room: which are admitted, and what is wrong with one that is not."""

from __future__ import annotations

from examsite.web.i18n import _l

#: The same in a list that the invigilator reads.
REFUSALS = {
    "machine_outside_room": _l("Địa chỉ ở ngoài dải của phòng"),
    "seb_missing": _l("Mở bằng trình duyệt khác, không phải Safe Exam Browser"),
    "seb_other_settings": _l("Safe Exam Browser dùng tệp cấu hình khác"),
}

ERRORS = {
    "machine_outside_room": _l(
        "Máy này (địa chỉ %(address)s) không thuộc %(room)s. Bài làm không mất gì. Hãy gọi cán bộ coi thi."
    ),
    "seb_missing": _l("Ca thi này làm trên Safe Exam Browser. Hãy gọi cán bộ coi thi để mở đúng trình duyệt."),
    "seb_other_settings": _l(
        "Safe Exam Browser trên máy này dùng tệp cấu hình khác với ca thi. Hãy gọi cán bộ coi thi."
    ),
    "address_range_malformed": _l(
        "Dòng %(line)s (“%(text)s”) không phải địa chỉ mạng. Ghi như 192.168.10.0/24 hoặc 192.168.10.15."
    ),
    "address_range_has_host": _l("Dòng %(line)s: “%(text)s” là một máy trong dải. Dải mạng đó là %(network)s."),
    "address_ranges_too_many": _l("Một phòng có nhiều nhất %(most)s dải địa chỉ."),
    "host_names_missing": _l("Ghi ít nhất một tên hoặc địa chỉ của máy chủ."),
    "host_name_malformed": _l("“%(host)s” không phải tên máy hoặc địa chỉ mạng."),
    "seb_key_malformed": _l("Khóa cấu hình (Config Key) gồm đúng 64 chữ số và chữ cái từ a đến f."),
    "seb_settings_malformed": _l("Tệp này không phải tệp cấu hình .seb đọc được."),
    "seb_file_encrypted": _l(
        "Tệp .seb này đã mã hóa. Hãy lưu bản không đặt mật khẩu, hoặc chép Config Key vào ô trên."
    ),
    "seb_file_for_other_address": _l(
        "Tệp .seb của ca thi được tạo khi mở trang bằng địa chỉ khác. Hãy mở trang bằng địa chỉ đó, hoặc tạo lại tệp."
    ),
}
