"""The minutes of a sitting put into sentences, record by record. What the log does not hold is not told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from examsite.domain.canonical import parse_instant
from examsite.domain.events import Event
from examsite.domain.rooms import HelpKind, RequestKind, RequestState
from examsite.web.formatting import format_time_seconds
from examsite.web.i18n import _, ngettext
from examsite.web.invigilator.rooms import length_words
from examsite.web.labels import label


@dataclass(frozen=True)
class Entry:
    """One line of the minutes."""

    at: datetime
    seq: int
    text: str
    who: str


#: Too many and too quiet for a line each: they are counted at the head of the minutes.
_COUNTED = frozenset(
    {Event.CANDIDATE_CHECKED_IN, Event.ANSWERS_SUBMITTED, Event.SITTING_SCHEDULED, Event.SEATS_ASSIGNED}
)


def entries_of(records: Sequence[Any], names: Mapping[str, str]) -> list[Entry]:
    """The lines of the minutes, in the order of the log."""
    entries = []
    for row in records:
        event = Event(row.event)
        if event in _COUNTED:
            continue
        payload = row.content
        kind, _stroke, pseudonym = row.actor.partition("/")
        who = names.get(pseudonym, "") or (_("máy chủ") if kind == "system" else _("thí sinh"))
        entries.append(Entry(parse_instant(row.at), row.seq, _text(event, payload), who))
    return entries


def _text(event: Event, payload: dict[str, Any]) -> str:
    sentence = _SENTENCES.get(event)
    if sentence is None or not payload:
        return f"{label(event)}."
    return sentence(payload)


def _reason(payload: dict[str, Any]) -> str:
    words = str(payload.get("reason") or "").strip()
    if not words:
        return ""
    return " " + _("Lý do: %(reason)s", reason=words if words.endswith((".", "!", "?")) else f"{words}.")


def _people(numbers: Sequence[Any]) -> str:
    """The numbers themselves while they are few, otherwise how many."""
    listed = [str(number) for number in numbers if number]
    if len(listed) > 6:
        return ngettext("%(num)d thí sinh", "%(num)d thí sinh", len(listed))
    return ", ".join(listed)


def _started(payload: dict[str, Any]) -> str:
    papers = ", ".join(sorted(str(code) for code in payload.get("papers", {}).values()))
    return _("Ca thi bắt đầu. Mã đề: %(papers)s.", papers=papers)


def _seat_changed(payload: dict[str, Any]) -> str:
    text = _(
        "%(number)s chuyển từ chỗ %(before)s sang chỗ %(after)s.",
        number=payload["number"],
        before=payload["from"],
        after=payload["to"],
    )
    return text + _reason(payload)


def _freed(payload: dict[str, Any]) -> str:
    text = _("%(number)s đổi máy tại chỗ %(seat)s.", number=payload["number"], seat=payload["seat"])
    return text + _reason(payload)


def _extended(payload: dict[str, Any]) -> str:
    length = length_words(int(payload["seconds"]))
    return _("Bù %(length)s cho %(number)s.", length=length, number=payload.get("number")) + _reason(payload)


def _paused(payload: dict[str, Any]) -> str:
    if payload.get("for_room"):
        count = len(payload["numbers"])
        text = _("Dừng giờ cả phòng (%(count)s thí sinh): %(people)s.", count=count, people=_people(payload["numbers"]))
        return text + _reason(payload)
    return _("Dừng giờ: %(people)s.", people=_people(payload["numbers"])) + _reason(payload)


def _resumed(payload: dict[str, Any]) -> str:
    added = payload["added"]
    lengths = sorted({length_words(int(seconds)) for seconds in added.values()})
    words = {"people": _people(list(added)), "length": ", ".join(lengths)}
    if payload.get("for_room"):
        text = _("Chạy lại giờ cả phòng: %(people)s. Đã dừng %(length)s.", **words)
    else:
        text = _("Chạy lại giờ: %(people)s. Đã dừng %(length)s.", **words)
    return text + _reason(payload)


def _decided(payload: dict[str, Any]) -> str:
    parts = []
    for item in payload["decisions"]:
        measured = length_words(int(item["proposed_seconds"]))
        if item.get("given_seconds") is None:
            parts.append(_("%(number)s mất %(length)s, không bù", number=item["number"], length=measured))
        else:
            given = length_words(int(item["given_seconds"]))
            parts.append(
                _("%(number)s mất %(length)s, bù %(given)s", number=item["number"], length=measured, given=given)
            )
    return _("Giờ mất: %(parts)s.", parts="; ".join(parts)) + _reason(payload)


def _named(payload: dict[str, Any]) -> str:
    return _(
        "Nêu giờ mất của %(number)s: %(length)s. %(cause)s",
        number=payload["number"],
        length=length_words(int(payload["seconds"])),
        cause=payload.get("cause", ""),
    )


def _message(payload: dict[str, Any]) -> str:
    if payload.get("number"):
        return _("Nhắn %(number)s: “%(text)s”", number=payload["number"], text=payload["text"])
    return _("Nhắn cả phòng: “%(text)s”", text=payload["text"])


def _called(payload: dict[str, Any]) -> str:
    return _("%(number)s gọi: %(kind)s.", number=payload["number"], kind=label(HelpKind(payload["kind"])).lower())


def _answered(payload: dict[str, Any]) -> str:
    text = _("Trả lời lời gọi của %(number)s.", number=payload["number"])
    return f"{text} “{payload['answer']}”" if payload.get("answer") else text


def _ended(payload: dict[str, Any]) -> str:
    return _("Thu bài của %(number)s theo biên bản.", number=payload["number"]) + _reason(payload)


def _absent(payload: dict[str, Any]) -> str:
    return _("%(number)s vắng mặt (chỗ %(seat)s).", number=payload["number"], seat=payload["seat"])


def _on_time(payload: dict[str, Any]) -> str:
    text = _(
        "Rút lại ghi nhận %(number)s (chỗ %(seat)s) đến sau giờ bắt đầu, lúc %(time)s.",
        number=payload["number"],
        seat=payload["seat"],
        time=format_time_seconds(parse_instant(payload["arrived_late_at"])),
    )
    return text + _reason(payload)


def _about(payload: dict[str, Any]) -> str:
    words = label(RequestKind(payload["kind"]))
    if payload.get("seconds"):
        words = _("%(kind)s (%(length)s)", kind=words, length=length_words(int(payload["seconds"])))
    if payload.get("number"):
        words = _("%(kind)s của %(number)s", kind=words, number=payload["number"])
    return words


def _asked(payload: dict[str, Any]) -> str:
    return _("Đề nghị: %(what)s.", what=_about(payload)) + _reason(payload)


def _request_decided(payload: dict[str, Any]) -> str:
    state = label(RequestState(payload["state"]))
    return _("%(what)s: %(state)s.", what=_about(payload), state=state[:1].lower() + state[1:]) + _reason(payload)


def _handed_over(payload: dict[str, Any]) -> str:
    return _("Bàn giao cho %(name)s: %(text)s", name=payload["handed_to"], text=payload["text"])


def _incident(payload: dict[str, Any]) -> str:
    where = payload.get("number")
    if where:
        return _("Sự việc, %(number)s: %(minutes)s", number=where, minutes=payload["minutes"])
    return _("Sự việc chung: %(minutes)s", minutes=payload["minutes"])


def _opened_again(payload: dict[str, Any]) -> str:
    return _("%(number)s mở lại bài.", number=payload["number"])


_SENTENCES: dict[Event, Callable[[dict[str, Any]], str]] = {
    Event.SITTING_STARTED: _started,
    Event.SEAT_CHANGED: _seat_changed,
    Event.ATTEMPT_FREED: _freed,
    Event.ATTEMPT_OPENED: _opened_again,
    Event.TIME_EXTENDED: _extended,
    Event.TIME_PAUSED: _paused,
    Event.TIME_RESUMED: _resumed,
    Event.TIME_DECIDED: _decided,
    Event.TIME_NAMED: _named,
    Event.MESSAGE_SENT: _message,
    Event.HELP_CALLED: _called,
    Event.HELP_ANSWERED: _answered,
    Event.ATTEMPT_ENDED: _ended,
    Event.CANDIDATE_ABSENT: _absent,
    Event.LATENESS_WITHDRAWN: _on_time,
    Event.REQUEST_ASKED: _asked,
    Event.REQUEST_DECIDED: _request_decided,
    Event.ROOM_HANDED_OVER: _handed_over,
    Event.INCIDENT_RECORDED: _incident,
}
