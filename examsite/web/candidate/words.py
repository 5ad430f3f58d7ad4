"""Every word that the scripts of the room say, in the reader's language."""

from __future__ import annotations

from typing import Any

from examsite.web.i18n import _


def room_words() -> dict[str, Any]:
    """The words by the names that the scripts use; `%s` is where a value goes."""
    return {**_waiting(), **_test(), **_saving(), **_time(), **_people(), "gates": _gates()}


def _waiting() -> dict[str, str]:
    return {
        "good": _("ổn định"),
        "bad": _("chưa nối được, tự thử lại"),
        "skew": _("lệch %s giây"),
        "stored": _("ghi thử, đọc lại đủ"),
        "not_stored": _("không ghi được, báo cán bộ coi thi"),
        "typed": _("đã gõ thử: %s"),
        "untyped": _("gõ thử chữ có dấu"),
        "browser": _("đủ chức năng"),
        "not_secure": _("đủ để làm bài; trang chưa mở qua HTTPS"),
        "old_browser": _("thiếu chức năng, báo cán bộ coi thi"),
        "passed": _("%s mục đạt"),
        "starts_in_minutes": _("Còn %s phút đến giờ làm bài."),
        "late": _("Đã đến giờ, máy chủ chưa mở đề. Trang tự chuyển ngay khi đề mở; không ai mất giờ vì phần chờ này."),
    }


def _test() -> dict[str, str]:
    return {
        "objective": _("Trắc nghiệm"),
        "essay": _("Tự luận"),
        "part_one": _("Phần I"),
        "part_two": _("Phần II"),
        "points": _("điểm"),
        "choose_one": _("Chọn một phương án"),
        "choose_all": _("Chọn mọi phương án đúng"),
        "question": _("Câu"),
        "answered": _("đã trả lời"),
        "unanswered": _("chưa trả lời"),
        "flagged": _("đánh dấu xem lại"),
        "current": _("đang làm"),
        "now": _("Đang làm"),
        "unwritten": _("Chưa viết"),
        "written": _("Đã viết"),
        "words": _("từ"),
        "questions": _("câu"),
        "none": _("không có"),
        "previous": _("Câu trước"),
        "next": _("Câu sau"),
        "flag": _("Đánh dấu xem lại"),
        "unflag": _("Bỏ đánh dấu"),
        "moved": _("%s, vị trí %s trên %s"),
        "rest_objective": _("Còn %s câu trắc nghiệm"),
        "rest_essays": _("%s câu tự luận"),
        "rest_and": _("và"),
        "rest_tail": _("chưa trả lời."),
        "all_done": _("Đã trả lời mọi câu."),
        "hand_in_waits": _("Chờ máy chủ nhận. Vẫn viết tiếp được cho đến khi máy chủ nhận."),
        "hand_in_offline": _("Vẫn bấm nộp được; có hiệu lực khi máy chủ nhận."),
        "hand_in_off": _("Chưa nộp được: trang này đang chỉ để đọc."),
        "handing_in": _("Đang nộp…"),
        "handed_in": _("Máy chủ đã nhận bài. Đang mở biên nhận…"),
        "closed_by_person": _("Cán bộ coi thi đã thu bài. Đang mở biên nhận…"),
        "closed": _("Bài thi đã kết thúc. Đang mở biên nhận…"),
    }


def _saving() -> dict[str, str]:
    return {
        "saved_at": _("Đã lưu lúc %s"),
        "on_server": _("trên máy chủ phòng thi"),
        "no_journal": _("trên máy chủ; máy này không giữ được"),
        "nothing_yet": _("Chưa có gì cần lưu"),
        "saving": _("Đang lưu…"),
        "sending": _("đang gửi tới máy chủ"),
        "kept": _("Chỉ giữ trên máy này"),
        "kept_since": _("từ %s, chưa tới máy chủ"),
        "kept_never": _("chưa phần nào tới máy chủ"),
        "kept_beside": _("phần viết ở đây được giữ riêng"),
        "lost": _("Không giữ được bài"),
        "lost_detail": _("giơ tay gọi cán bộ coi thi ngay"),
        "offline_title": _("Mất kết nối. Bài làm vẫn được giữ trên máy này. Cứ viết tiếp."),
        "offline_text": _(
            "Khi có mạng, bài tự gửi lên máy chủ; không phải làm gì. Đừng tắt máy. Đồng hồ vẫn chạy đúng."
        ),
        "offline_lost": _("Mất kết nối, và máy này không giữ được bài. Giơ tay gọi cán bộ coi thi ngay."),
        "offline_lost_text": _("Đừng đóng trang, đừng tắt máy: phần mới viết chỉ còn trên màn hình này."),
        "server_has": _("Máy chủ đã có bài đến %s"),
        "retry_in": _("Tự nối lại sau %s giây"),
        "retrying": _("Đang nối lại…"),
        "back": _("Đã kết nối lại. Máy chủ đã có đủ bài."),
        "too_large": _("Phần này dài hơn mức máy chủ nhận. Bài vẫn giữ trên máy này; gọi cán bộ coi thi."),
    }


def _time() -> dict[str, str]:
    return {
        "left": _("Còn lại"),
        "stands": _("Đứng yên"),
        "stands_until": _("chờ mở lại"),
        "low": _("Sắp hết giờ"),
        "over": _("Hết giờ"),
        "until": _("đến %s"),
        "until_given": _("đến %s (bù %s phút)"),
        "left_minutes": _("Còn %s phút."),
        "time_over": _("Hết giờ. Máy chủ đang nhận phần còn lại của bài."),
        "time_over_text": _("Không phải làm gì. Biên nhận tự hiện ra sau khoảng một phút."),
        "paused": _("Cán bộ coi thi tạm dừng bài thi. Đồng hồ đứng yên."),
        "paused_text": _("Còn nguyên %s. Bài đã viết vẫn đọc được; trang tự mở lại khi hết tạm dừng."),
        "resumed": _("Làm bài tiếp. Đồng hồ chạy lại."),
    }


def _people() -> dict[str, str]:
    return {
        "message_room": _("Cán bộ coi thi nhắn cả phòng"),
        "message_own": _("Cán bộ coi thi nhắn riêng anh/chị"),
        "message_more": _("Còn %s tin nữa"),
        "help_choose": _("Chọn một việc, rồi bấm Gọi."),
        "help_calling": _("Đang gọi…"),
        "help_called": _("Đã gọi lúc %s, chờ cán bộ coi thi"),
        "help_seen": _("Cán bộ coi thi đã thấy lúc %s"),
        "help_waits": _("Chưa gọi được qua mạng: hãy giơ tay"),
        "help_by_hand": _("Không gọi được: hãy giơ tay"),
        "gate_code": _("Mã để đọc cho cán bộ coi thi: %s"),
    }


def _gates() -> dict[str, dict[str, Any]]:
    """What stands between a candidate and the test: why, what is safe, what to do."""
    safe = _("Mọi phần đã lưu vẫn còn nguyên trên máy chủ.")
    by_hand = _("Giơ tay gọi cán bộ coi thi nếu chưa rõ.")
    return {
        "elsewhere": {
            "title": _("Bài thi đang mở ở một thẻ khác của máy này"),
            "reason": _("Mỗi lúc chỉ một thẻ được viết, để không phần nào đè lên phần nào."),
            "safe": safe,
            "steps": [
                _("Quay lại thẻ kia để viết tiếp, rồi đóng thẻ này."),
                _("Hoặc làm tiếp ở đây: thẻ kia chuyển sang chỉ đọc, phần đang viết ở đó được chuyển sang."),
            ],
            "action": _("Làm tiếp ở thẻ này"),
            "banner": _("Thẻ này chỉ còn để đọc. Phần đã viết ở đây đã được chuyển sang thẻ kia."),
        },
        "fenced": {
            "title": _("Bài thi đã được mở ở máy hoặc trang khác"),
            "reason": _("Trang này chỉ còn để đọc."),
            "safe": safe,
            "steps": [_("Nếu không phải anh/chị mở, gọi cán bộ coi thi ngay.")],
            "action": _("Làm tiếp ở trang này"),
            "banner": _(
                "Trang này chỉ còn để đọc; phần viết thêm ở đây được giữ riêng. "
                "Nếu không phải anh/chị mở, gọi cán bộ coi thi."
            ),
        },
        "locked": {
            "title": _("Máy chủ chưa cho mở bài thi ở máy này"),
            "reason": _("Máy chủ không nhận trang này."),
            "safe": safe,
            "steps": [
                _("Giơ tay gọi cán bộ coi thi và cho xem trang này."),
                _("Trang tự thử lại; không phải làm gì khác. Không ai bị trừ điểm vì việc này."),
            ],
            "action": _("Thử lại ngay"),
            "banner": "",
        },
        "unreachable": {
            "title": _("Chưa nối được máy chủ phòng thi"),
            "reason": _("Trang tự thử lại và tự mở bài thi khi máy chủ trả lời."),
            "safe": safe,
            "steps": [_("Đừng đóng trang, đừng tắt máy."), by_hand],
            "action": "",
            "banner": "",
        },
        "closing": {
            "title": _("Hết giờ làm bài"),
            "reason": _("Máy chủ đang nhận phần còn lại của bài. Biên nhận tự hiện ra sau khoảng một phút."),
            "safe": safe,
            "steps": [_("Ngồi tại chỗ; không phải làm gì.")],
            "action": "",
            "banner": "",
        },
    }
