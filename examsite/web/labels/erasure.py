"""Words for erasure and for the register of what is kept about people and why."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import LazyString

from examsite.domain.erasure import ErasureEvent, ErasureState
from examsite.domain.personal_data import DataKind, Fate, Reader
from examsite.web.i18n import _l

LABELS = {
    ErasureState: {
        ErasureState.ASKED: _l("Chờ quản trị"),
        ErasureState.WITHDRAWN: _l("Đã rút"),
        ErasureState.DESTROYED: _l("Đã xóa, đang dọn đĩa"),
        ErasureState.FINISHED: _l("Đã xóa xong"),
    },
    ErasureEvent: {
        ErasureEvent.WITHDRAWN: _l("Rút đề nghị xóa"),
        ErasureEvent.AGREED: _l("Xóa dữ liệu"),
        ErasureEvent.CLEANED: _l("Dọn xong tệp và trang trống"),
    },
    DataKind: {
        DataKind.IDENTITY: _l("Nhân thân"),
        DataKind.CONTACT: _l("Liên hệ"),
        DataKind.DOSSIER: _l("Hồ sơ dự tuyển"),
        DataKind.LOGIN: _l("Tài khoản, lần đăng nhập"),
        DataKind.PHOTO: _l("Ảnh nhận diện"),
        DataKind.ROOM: _l("Diễn biến phòng thi"),
        DataKind.ADJUSTMENTS: _l("Điều chỉnh khi thi"),
        DataKind.ANSWERS: _l("Bài làm"),
        DataKind.PROPOSAL: _l("Đề án, bảo vệ"),
        DataKind.REMARKS: _l("Nhận xét, lý do phúc khảo"),
        DataKind.CONFLICTS: _l("Khai xung đột lợi ích"),
        DataKind.LOG: _l("Nội dung kín của sổ ghi"),
        DataKind.CODED: _l("Điểm theo mã"),
        DataKind.OFFICIALS: _l("Người làm nhiệm vụ"),
    },
    Fate: {
        Fate.DESTROYED: _l("Xóa"),
        Fate.STAYS: _l("Giữ"),
    },
    Reader: {
        Reader.PERSON: _l("người dự tuyển (của mình)"),
        Reader.ORGANISER: _l("thư ký hội đồng"),
        Reader.COUNCIL: _l("hội đồng"),
        Reader.INVIGILATORS: _l("cán bộ coi thi"),
        Reader.KEEPERS: _l("ban phách"),
        Reader.MARKERS: _l("cán bộ chấm, không thấy tên"),
        Reader.PANEL: _l("ban chấm đề án"),
        Reader.SUPERVISORS: _l("ban giám sát"),
        Reader.ADMINISTRATORS: _l("quản trị"),
        Reader.PUBLIC: _l("mọi người, theo bộ quy tắc"),
    },
}

ERRORS = {
    "erasure_not_published": _l("Kết quả chưa công bố nên chưa xóa dữ liệu của ai."),
    "erasure_result_open": _l("Kết quả đang được sửa. Xóa dữ liệu sau khi công bố bản sửa và hết thời hạn tính từ đó."),
    "erasure_not_due": _l("Chưa đến hạn xóa. Theo bộ quy tắc chỉ được xóa từ %(due)s."),
    "erasure_room_writes": _l("Đang có ca thi viết trên máy chủ này. Chưa xóa gì; hãy làm lại khi ca thi kết thúc."),
    "erasure_asked_already": _l("Đã có đề nghị xóa của kỳ thi này, chờ quản trị. Muốn đề nghị lại thì rút đề nghị cũ."),
    "erasure_nobody_left": _l("Dữ liệu của người không trúng tuyển đã xóa hết, không còn ai."),
    "erasure_not_asked": _l("Không có đề nghị xóa nào đang chờ. Thư ký hội đồng đề nghị ở trang Xóa dữ liệu."),
    "erasure_code_differs": _l("Mã vừa gõ không phải %(wanted)s. Gõ lại đúng mã kỳ thi để xóa."),
    "erasure_not_found": _l("Không có giấy xác nhận xóa số %(number)s."),
}

#: What was done to files and to the database, as the certificate says it.
STEPS = {
    "secure_delete": _l("SQLite ghi đè lên các dòng khi xóa (secure_delete)."),
    "vacuum": _l("Tệp cơ sở dữ liệu được viết lại toàn bộ, không còn trang trống (VACUUM)."),
    "wal_emptied": _l("Nhật ký ghi trước (WAL) được chuyển hết và cắt về không."),
    "vacuum_full": _l("PostgreSQL viết lại từng bảng có dữ liệu bị xóa (VACUUM FULL)."),
    "wal_not_reached": _l(
        "Không với tới: WAL mà PostgreSQL đã lưu riêng, máy sao chép, bản sao nền; quản trị cơ sở dữ liệu xóa riêng."
    ),
}


@dataclass(frozen=True)
class Purpose:
    """What a kind of data is for and by which rule, and how long it is kept."""

    what_for: LazyString
    basis: LazyString
    kept: LazyString


_SELECTION = _l("Thông tư 22/2025/TT-BNV; Luật 91/2025/QH15")
_UNTIL = _l("đến khi xóa theo hạn của bộ quy tắc")

#: Source: our choice of words; Circular 22/2025/TT-BNV for the procedure, Law 91/2025/QH15 for personal data.
PURPOSES: dict[DataKind, Purpose] = {
    DataKind.IDENTITY: Purpose(_l("Xét điều kiện, nhận diện trong phòng thi, lập danh sách"), _SELECTION, _UNTIL),
    DataKind.CONTACT: Purpose(_l("Báo tin cho người dự tuyển"), _SELECTION, _UNTIL),
    DataKind.DOSSIER: Purpose(_l("Xét điều kiện và tiêu chuẩn của chức danh"), _SELECTION, _UNTIL),
    DataKind.LOGIN: Purpose(_l("Cho đúng người vào, phát hiện dò mật khẩu"), _l("Luật 91/2025/QH15"), _UNTIL),
    DataKind.PHOTO: Purpose(_l("Chứng minh người ngồi thi là người dự tuyển"), _SELECTION, _UNTIL),
    DataKind.ROOM: Purpose(_l("Bù giờ, xử lý sự cố, trả lời khiếu nại về phòng thi"), _SELECTION, _UNTIL),
    DataKind.ADJUSTMENTS: Purpose(_l("Thêm giờ, cỡ chữ cho người cần; không nêu bệnh"), _SELECTION, _UNTIL),
    DataKind.ANSWERS: Purpose(_l("Chấm, phúc khảo"), _SELECTION, _UNTIL),
    DataKind.PROPOSAL: Purpose(_l("Chấm đề án và bảo vệ"), _SELECTION, _UNTIL),
    DataKind.REMARKS: Purpose(_l("Giải thích điểm cho người dự tuyển, trả lời phúc khảo"), _SELECTION, _UNTIL),
    DataKind.CONFLICTS: Purpose(_l("Để người thân không chấm, không quyết định"), _SELECTION, _UNTIL),
    DataKind.LOG: Purpose(_l("Chứng minh từng việc đã làm; công khai chỉ thấy dấu băm có muối"), _SELECTION, _UNTIL),
    DataKind.CODED: Purpose(
        _l("Để ai cũng kiểm tra lại được kết quả; mã bốc thăm, chỉ người dự tuyển biết mã của mình"),
        _SELECTION,
        _l("giữ cùng kết quả; sau khi xóa không ai nối được mã với người"),
    ),
    DataKind.OFFICIALS: Purpose(
        _l("Ai đã làm việc gì, ai chịu trách nhiệm; công khai chỉ thấy bí danh"),
        _SELECTION,
        _l("giữ cùng hồ sơ kỳ thi theo quy định lưu trữ"),
    ),
}
