"""Words for go or no-go: what each finding means, what is to be done, and who does it."""

from __future__ import annotations

from examsite.domain.readiness import Level, Topic
from examsite.web.i18n import _l

LABELS = {
    Level: {
        Level.GOOD: _l("Đạt"),
        Level.ATTENTION: _l("Cần chú ý"),
        Level.STOP: _l("Chưa được"),
    },
    Topic: {
        Topic.CLOCK: _l("Đồng hồ máy chủ"),
        Topic.DISK: _l("Dung lượng đĩa"),
        Topic.WRITES: _l("Ghi thử xuống đĩa"),
        Topic.DATABASE: _l("Cơ sở dữ liệu"),
        Topic.BACKUP: _l("Sao lưu"),
        Topic.PROGRAM: _l("Phần mềm"),
        Topic.PAPERS: _l("Đề thi"),
        Topic.SEATS: _l("Chỗ ngồi"),
        Topic.INVIGILATORS: _l("Cán bộ coi thi"),
        Topic.REHEARSAL: _l("Tổng duyệt"),
        Topic.HTTPS: _l("Kết nối bảo mật (HTTPS)"),
        Topic.BROWSER: _l("Trình duyệt của ca thi"),
        Topic.ADDRESSES: _l("Máy của phòng thi"),
        Topic.ADJUSTMENTS: _l("Điều chỉnh cho thí sinh"),
        Topic.CLOSER: _l("Tự bắt đầu và thu bài"),
        Topic.PAUSES: _l("Dừng giờ cả phòng"),
    },
}

#: What was found, in one sentence.
FINDINGS = {
    "clock_synchronised": _l("Khớp nguồn giờ của hệ điều hành, lệch %(milliseconds)s mili giây."),
    "clock_without_source": _l(
        "Máy chủ không theo nguồn giờ (NTP) nào; lệch với hệ điều hành %(milliseconds)s mili giây."
    ),
    "clock_stepped": _l("Giờ hệ điều hành vừa bị chỉnh, lệch %(milliseconds)s mili giây so với giờ thi."),
    "clock_far_off": _l("Giờ hệ điều hành lệch %(milliseconds)s mili giây so với giờ thi."),
    "disk_enough": _l("Còn trống %(percent)s %% (%(gigabytes)s GB)."),
    "disk_filling": _l("Chỉ còn trống %(percent)s %% (%(gigabytes)s GB)."),
    "disk_nearly_full": _l("Gần hết chỗ: còn %(percent)s %% (%(gigabytes)s GB). Máy chủ sắp không nhận thêm bài."),
    "writes_quick": _l("Một lần ghi chắc chắn mất %(milliseconds)s mili giây."),
    "writes_slow": _l("Một lần ghi chắc chắn mất %(milliseconds)s mili giây, chậm hơn thường lệ."),
    "writes_hopeless": _l("Một lần ghi chắc chắn mất %(milliseconds)s mili giây; cả phòng sẽ phải chờ."),
    "writes_failing": _l("Không ghi được xuống đĩa."),
    "database_sound": _l("%(database)s: bản an toàn, dữ liệu nguyên vẹn, đúng phiên bản bảng."),
    "database_unsafe": _l("%(database)s đang chạy ở cách có thể mất dữ liệu đã báo là lưu."),
    "database_damaged": _l("%(database)s báo dữ liệu hỏng."),
    "database_behind": _l("Bảng của %(database)s chưa nâng cấp theo phần mềm."),
    "backup_fresh": _l("Bản mới nhất lúc %(made_at)s."),
    "backup_old": _l("Bản mới nhất từ %(made_at)s, đã quá một ngày."),
    "backup_missing": _l("Chưa có bản sao lưu nào."),
    "program_as_it_lies": _l("Phiên bản %(version)s, mã %(sha256)s."),
    "program_not_restarted": _l("Tệp trên đĩa đã đổi, máy chủ vẫn chạy bản cũ (phiên bản %(version)s, mã %(sha256)s)."),
    "papers_opened": _l("Đề của mọi chức danh trong ca đã mở."),
    "papers_sealed": _l("Đề đã niêm phong, chờ mở theo lịch."),
    "papers_not_opened": _l("Chưa mở đề của chức danh %(posts)s."),
    "papers_not_sealed": _l("Chưa niêm phong đề của chức danh %(posts)s."),
    "seats_given": _l("%(seated)s thí sinh có chỗ, còn %(spare)s chỗ dự phòng."),
    "seats_none_spare": _l("%(seated)s thí sinh có chỗ, phòng không còn chỗ dự phòng."),
    "seats_missing": _l("Ca có %(seated)s thí sinh; còn %(unseated)s người đủ điều kiện chưa có chỗ."),
    "invigilators_named": _l("Có %(count)s người coi phòng này."),
    "invigilators_few": _l("Chỉ có %(count)s người coi phòng này; quy định ít nhất %(least)s người."),
    "invigilators_none": _l("Chưa phân công ai coi phòng này."),
    "rehearsal_speaks": _l("Có chứng nhận còn hiệu lực cho %(count)s thí sinh cùng lúc."),
    "rehearsal_overridden": _l(
        "Bắt đầu không có chứng nhận, theo quyết định có lý do của hai người; %(count)s thí sinh cùng lúc."
    ),
    "rehearsal_before_start": _l("Ca thi đã bắt đầu; chứng nhận chỉ cần trước giờ bắt đầu."),
    "rehearsal_missing": _l("Chưa có chứng nhận tổng duyệt."),
    "rehearsal_failed": _l("Lần tổng duyệt mới nhất, kết thúc %(finished_at)s, không đạt."),
    "rehearsal_override_lapsed": _l(
        "Quyết định bắt đầu không có chứng nhận, lúc %(decided_at)s, không còn hiệu lực: đã quá %(days)s ngày, hoặc "
        "phần mềm hay cấu hình đã thay đổi."
    ),
    "rehearsal_too_old": _l("Chứng nhận ngày %(finished_at)s quá %(days)s ngày vào giờ bắt đầu."),
    "rehearsal_other_program": _l("Phần mềm đã thay đổi sau lần tổng duyệt."),
    "rehearsal_other_settings": _l("Cấu hình máy chủ đã thay đổi sau lần tổng duyệt."),
    "rehearsal_too_small": _l("Đã tổng duyệt với %(have)s thí sinh, cùng lúc thi có %(need)s."),
    "https_ready": _l("Chứng thư cho %(names)s, đến %(ends_at)s."),
    "https_by_proxy": _l("Máy chủ phía trước giữ chứng thư."),
    "https_missing": _l(
        "Trang mở không có HTTPS. Viết và lưu bài vẫn đủ; trình duyệt thiếu khóa giữa các thẻ và kho giữ lâu dài."
    ),
    "https_other_name": _l("Chứng thư ghi %(names)s, trang này mở bằng %(host)s."),
    "https_ends_soon": _l("Chứng thư cho %(names)s hết hạn %(ends_at)s."),
    "https_ends_before": _l("Chứng thư hết hạn %(ends_at)s, trước khi ca thi kết thúc."),
    "browser_any": _l("Không yêu cầu Safe Exam Browser."),
    "browser_with_key": _l("Yêu cầu Safe Exam Browser, khóa cấu hình bắt đầu bằng %(key)s."),
    "addresses_any": _l("Máy nào cũng mở được trang của ca thi."),
    "addresses_set": _l("Chỉ các máy trong %(ranges)s."),
    "addresses_refused": _l("%(refused)s máy không đúng phòng hoặc không đúng trình duyệt đã bị từ chối."),
    "closer_works": _l("Máy chủ không gặp lỗi khi bắt đầu hay thu bài của ca này."),
    "closer_cannot_start": _l("Máy chủ không bắt đầu được ca thi từ %(since)s (lỗi %(error)s). Vẫn tự thử lại."),
    "closer_cannot_start_seats": _l(
        "Máy chủ không mở được bài ở chỗ %(seats)s từ %(since)s (lỗi %(error)s). Cả phòng đã bắt đầu; máy chủ vẫn tự "
        "thử lại từng chỗ này."
    ),
    "closer_cannot_close": _l("Máy chủ không đóng được ca thi từ %(since)s (lỗi %(error)s). Vẫn tự thử lại."),
    "closer_cannot_close_seats": _l(
        "Máy chủ không thu được bài ở chỗ %(seats)s từ %(since)s (lỗi %(error)s). Vẫn tự thử lại."
    ),
    "pauses_none": _l("Chưa ai dừng giờ cả phòng."),
    "pauses_ended": _l("Đã dừng giờ cả phòng %(count)s lần; mọi đồng hồ đang chạy."),
    "pauses_running": _l("Giờ của %(standing)s chỗ đang đứng yên theo lệnh dừng cả phòng; đã dừng %(count)s lần."),
    "adjustments_none": _l("Không ai trong ca này cần điều chỉnh."),
    "adjustments_approved": _l("%(approved)s thí sinh có điều chỉnh đã duyệt; phòng thi tự áp dụng."),
    "adjustments_waiting": _l("%(waiting)s đề nghị điều chỉnh chưa có quyết định; %(approved)s đã duyệt."),
}

#: What to do about it; nothing where nothing is to be done.
ACTIONS = {
    "closer_cannot_start": _l("Xem nhật ký của máy chủ (examsite.closer) rồi sửa; các ca khác không phải chờ."),
    "closer_cannot_start_seats": _l(
        "Mời thí sinh ngồi chờ, báo ngay quản trị hệ thống. Mở được thì giờ mất hiện ở bảng này để anh/chị bù đủ."
    ),
    "closer_cannot_close": _l("Xem nhật ký của máy chủ (examsite.closer) rồi sửa; các ca khác không phải chờ."),
    "closer_cannot_close_seats": _l(
        "Xem nhật ký của máy chủ (examsite.closer) rồi sửa. Phần đã lưu còn nguyên; các chỗ khác đã thu xong."
    ),
    "pauses_running": _l("Xem tên người dừng và lý do ở bảng phòng thi; ai coi phòng này cũng chạy lại được."),
    "adjustments_waiting": _l("Hội đồng quyết định trước giờ bắt đầu; sau giờ đó chỉ còn bù giờ trong phòng."),
    "clock_without_source": _l(
        "Đối chiếu giờ trên trang này với đồng hồ chuẩn của phòng thi, hoặc bật NTP trên máy chủ."
    ),
    "clock_stepped": _l("Không chỉnh giờ nữa. Giờ thi không đổi theo; đối chiếu trang này với đồng hồ phòng thi."),
    "clock_far_off": _l("Chỉnh lại giờ hệ điều hành rồi khởi động lại máy chủ trước khi bắt đầu ca thi."),
    "disk_filling": _l("Xóa tệp thừa hoặc chuyển bản sao lưu cũ sang ổ khác."),
    "disk_nearly_full": _l("Dọn đĩa ngay. Máy thí sinh vẫn giữ bài và tự gửi lại khi có chỗ."),
    "writes_slow": _l("Xem máy chủ có đang sao lưu hoặc chạy việc khác không."),
    "writes_hopeless": _l("Dừng việc khác trên máy chủ, kiểm tra ổ đĩa, chạy lại tổng duyệt."),
    "writes_failing": _l("Kiểm tra ổ đĩa và quyền ghi của thư mục instance."),
    "database_unsafe": _l(
        "Cài đúng các gói trong tệp khóa rồi khởi động lại; với PostgreSQL, bật lại fsync và synchronous_commit."
    ),
    "database_damaged": _l("Không bắt đầu. Phục hồi từ bản sao lưu mới nhất rồi kiểm tra lại."),
    "database_behind": _l("Chạy: python -m examsite init"),
    "backup_old": _l("Chạy: make backup"),
    "backup_missing": _l("Chạy: make backup"),
    "program_not_restarted": _l("Khởi động lại máy chủ web, rồi tổng duyệt lại nếu phần mềm đã đổi."),
    "papers_not_opened": _l("Mở đề ở trang Đề thi của hội đồng."),
    "papers_not_sealed": _l("Niêm phong đề ở trang của ban đề thi."),
    "seats_none_spare": _l("Chuẩn bị sẵn một máy ngoài sơ đồ để thay khi hỏng."),
    "seats_missing": _l("Xếp chỗ ở trang Ca thi."),
    "invigilators_few": _l("Phân công thêm người ở trang Ca thi."),
    "invigilators_none": _l("Phân công ở trang Ca thi."),
    "rehearsal_missing": _l("Chạy tổng duyệt, hoặc đề nghị bắt đầu không có chứng nhận để người thứ hai quyết định."),
    "rehearsal_failed": _l("Xem vì sao không đạt, sửa rồi chạy lại. Chỉ lần mới nhất có giá trị."),
    "rehearsal_override_lapsed": _l("Chạy tổng duyệt, hoặc đề nghị hội đồng quyết định lại."),
    "rehearsal_too_old": _l("Chạy lại tổng duyệt trong tuần có ca thi."),
    "rehearsal_other_program": _l("Chạy lại tổng duyệt với phần mềm hiện tại."),
    "rehearsal_other_settings": _l("Chạy lại tổng duyệt với cấu hình hiện tại."),
    "rehearsal_too_small": _l("Chạy lại tổng duyệt với đủ số thí sinh cùng lúc."),
    "https_missing": _l(
        "Chạy .venv/bin/python -m examsite certificates make --host ĐỊA-CHỈ, khởi động lại, nhập chứng thư vào máy thi."
    ),
    "https_other_name": _l("Mở trang bằng tên có trong chứng thư, hoặc tạo lại chứng thư với tên này."),
    "https_ends_soon": _l("Tạo lại chứng thư sau ca thi này và nhập lại vào máy phòng thi."),
    "https_ends_before": _l("Tạo lại chứng thư và nhập lại vào máy phòng thi trước giờ thi."),
    "browser_with_key": _l("Mở thử một máy bằng tệp .seb của ca thi trước giờ thi."),
    "addresses_refused": _l("Xem danh sách máy bị từ chối bên dưới và đến chỗ ngồi đó."),
}

#: What each figure of a rehearsal is called.
FIGURES = {
    "log_in": _l("Đăng nhập"),
    "start": _l("Cùng bắt đầu, mở đề"),
    "save": _l("Lưu bài"),
    "hand_in": _l("Cùng nộp bài"),
}

#: Where a rehearsal is.
STEPS = {
    "prepare": _l("Tạo kỳ thi giả"),
    "log_in": _l("Thí sinh giả đăng nhập"),
    "seat": _l("Xếp chỗ, mở đề, kiểm tra danh tính"),
    "start": _l("Cùng bắt đầu"),
    "save": _l("Viết và lưu, cắt đường truyền giữa chừng"),
    "hand_in": _l("Cùng nộp bài"),
    "close": _l("Máy chủ kết thúc ca"),
    "compare": _l("Đối chiếu từng phần đã báo lưu"),
    "mark": _l("Chấm hai bài"),
    "done": _l("Xong"),
}
