"""Sentences that the cards, the open panel and the papers of a room share."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from examsite.domain.rooms import RequestKind
from examsite.services.rulesets import ruleset_of
from examsite.storage.queries.rooms import ProposedLoss
from examsite.web.formatting import format_time_seconds
from examsite.web.i18n import _, localised
from examsite.web.invigilator.rooms import Room
from examsite.web.labels import label


def cause_words(loss: ProposedLoss) -> str:
    """Why time was lost, as a sentence: the invigilator's own words, or what the machines saw."""
    if loss.lost.cause:
        return sentence(loss.lost.cause)
    if loss.lost.outage_id is not None:
        return str(_("Máy chủ ngừng."))
    if loss.reopened:
        return str(_("Máy tắt rồi mở lại bài."))
    if loss.attempt.opened_at is not None and loss.lost.ended_at <= loss.attempt.opened_at:
        return str(_("Đã điểm danh mà lúc đó mới mở được bài."))
    return str(_("Mất đường truyền."))


def request_words(room: Room, request: Any) -> str:
    """Exactly what happens when the second person agrees."""
    if request.kind is RequestKind.EXTEND_ROOM:
        minutes = int(request.data["seconds"]) // 60
        return _(
            "Mọi bài đang làm trong phòng lùi giờ kết thúc %(minutes)s phút; cả phòng kết thúc lúc %(time)s.",
            minutes=minutes,
            time=format_time_seconds(room.ends_at + timedelta(minutes=minutes)),
        )
    if request.kind is RequestKind.ACCEPT_LATE_ANSWERS and request.attempt is not None:
        return _("Phần bài đến muộn của chỗ %(seat)s được tính là bài làm.", seat=request.attempt.seat)
    return _("%(kind)s.", kind=label(request.kind))


def measure_words(room: Room, measure: str) -> str:
    """The measure that an invigilator proposed, in the words of the rule set."""
    if not measure:
        return ""
    return str(localised(ruleset_of(room.competition).measure_named(measure).text, ""))


def sentence(text: str) -> str:
    """A text that ends as a sentence does."""
    return text if text.endswith((".", "!", "?")) else f"{text}."
