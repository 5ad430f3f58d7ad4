"""Words for why a draw is refused or does not hold."""

from __future__ import annotations

from examsite.web.i18n import _l

ERRORS = {
    "draw_not_held": _l("Lượt bốc thăm này chưa diễn ra."),
    "nonce_not_valid": _l("Số ngẫu nhiên góp vào bốc thăm phải dài đúng %(wanted)s byte."),
    "draw_without_contribution": _l("Lượt bốc thăm “%(draw)s” chưa có ai góp số ngẫu nhiên."),
    "draw_contributor_twice": _l("Lượt bốc thăm “%(draw)s” có người góp số hai lần."),
    "draw_twice": _l("Lượt bốc thăm “%(draw)s” được mở hai lần."),
    "draw_item_twice": _l("Danh sách của lượt bốc thăm “%(draw)s” có mục trùng nhau."),
    "draw_document_not_valid": _l("Văn bản bốc thăm không đúng dạng."),
    "draw_contributors_differ": _l("Những người góp số không phải là những người đã cam kết."),
    "draw_commitment_broken": _l("Số mà “%(by)s” góp không khớp với cam kết đã ghi."),
    "draw_items_changed": _l("Danh sách bốc thăm đã bị thay đổi sau khi cam kết."),
    "draw_source_changed": _l("Nguồn ngẫu nhiên công khai không phải là nguồn đã nêu trước."),
    "draw_outcome_differs": _l("Kết quả bốc thăm không đúng với kết quả tính lại."),
}
