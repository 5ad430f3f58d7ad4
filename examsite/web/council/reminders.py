"""Cards of the council's desk that follow from the next gate: draws that are owed, codes to open, a result to sign."""

from __future__ import annotations

from typing import Any

from flask import g, url_for

from examsite.domain.competitions import GateEvent
from examsite.domain.permissions import Role
from examsite.storage.database import db
from examsite.storage.queries.gates import list_missing
from examsite.storage.queries.split_keys import list_split_keys
from examsite.web.council.desk import Card, desk_card
from examsite.web.gates import event_after
from examsite.web.i18n import _, _l
from examsite.web.transactions import read_web_clock

#: What the chair owes before a gate, and the page on which it is done.
OWED = {
    "codes_not_drawn": (_l("Rút mã phách"), "council.show_codes"),
    "allocation_not_drawn": (_l("Bốc thăm phân bài cho người chấm"), "council.show_codes"),
    "order_not_drawn": (_l("Bốc thăm thứ tự bảo vệ"), "council.show_presentation_order"),
}


@desk_card
def owed_draw(competition: Any) -> Card | None:
    """The draw that keeps the next gate shut; only the chair holds it."""
    event = event_after(competition)
    if g.actor.role is not Role.CHAIR or event is None:
        return None
    for item in list_missing(db.session(), competition, event, now=read_web_clock()):
        title, endpoint = OWED.get(item.code, ("", ""))
        if endpoint:
            text = _("Việc này giữ cửa tiếp theo còn đóng. Kết quả bốc thăm vào sổ ghi.")
            return Card(str(title), text, _("Tới trang bốc thăm"), url_for(endpoint, code=competition.code))
    return None


@desk_card
def sheet_to_take(competition: Any) -> Card | None:
    """An own sheet of a key waits, and the key is not in force before it was taken."""
    keys = list_split_keys(db.session(), competition.id)
    own = (share for key in keys for share in key.shares if share.assignment_id == g.actor.assignment_id)
    if all(share.waiting is None for share in own):
        return None
    text = _("Chỉ anh/chị được mở tờ này. Khóa có hiệu lực khi mọi người giữ đã lấy tờ của mình.")
    return Card(
        _("Lấy tờ khóa của anh/chị"), text, _("Tới trang tờ khóa"), url_for("council.list_keys", code=competition.code)
    )


@desk_card
def codes_to_open(competition: Any) -> Card | None:
    """The code map may be opened: every script is settled."""
    if g.actor.role is not Role.CHAIR or event_after(competition) is not GateEvent.CODES_OPENED:
        return None
    missing = list_missing(db.session(), competition, GateEvent.CODES_OPENED, now=read_web_clock())
    if missing:
        return None
    text = _("Mọi bài đã có điểm cuối. Mở bảng phách thì không ai sửa được điểm nữa.")
    return Card(_("Mở bảng phách"), text, _("Xem lại rồi mở"), url_for("council.open_codes", code=competition.code))


@desk_card
def result_to_sign(competition: Any) -> Card | None:
    """A result waits for the council's signatures."""
    if event_after(competition) is not GateEvent.RESULT_APPROVED:
        return None
    text = _("Đọc đúng văn bản sẽ ký; không có gì được chọn sẵn.")
    return Card(_("Ký kết quả"), text, _("Đọc văn bản"), url_for("council.sign_result", code=competition.code))
