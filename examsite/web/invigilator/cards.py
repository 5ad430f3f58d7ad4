"""What needs a person in the room, each as one card: where, what, since when, and the next steps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import g, url_for

from examsite.storage.database import db
from examsite.storage.queries.boards import names_of
from examsite.web.formatting import format_item, format_time_seconds
from examsite.web.i18n import _, ngettext
from examsite.web.invigilator.rooms import Room, age_words, length_words, refusal_words, seconds_between
from examsite.web.invigilator.sentences import cause_words, measure_words, request_words, sentence
from examsite.web.labels import label
from examsite.web.readiness import Finding, list_room_alarms

#: From how many cards of one kind on they are told as one thing.
_MANY_AT_ONCE = 6

#: How much of the minutes a card shows. Unit: letters.
_SHOWN_LETTERS = 90


@dataclass(frozen=True)
class Press:
    """A step that a card takes at once, by POST; the sentence above it has said what will happen."""

    text: str
    url: str
    fields: dict[str, str]
    testid: str


@dataclass(frozen=True)
class Card:
    """One thing that needs a person."""

    #: Stays the same while the thing is the same, so that a new one is known as new.
    key: str
    kind: str
    seat: str
    number: str
    tag: str
    since: datetime | None
    text: str
    links: tuple[tuple[str, str], ...] = ()
    presses: tuple[Press, ...] = ()
    selected: bool = False
    #: Said once by a screen reader when the card comes; empty: said by nobody.
    announcement: str = ""


@dataclass(frozen=True)
class CardGroup:
    """Cards of one kind under one heading, in the order of the board."""

    name: str
    title: str
    none: str
    note: str
    cards: tuple[Card, ...]


def card_groups(room: Room, seat: str | None) -> list[CardGroup]:
    """The server itself, incidents and calls, then silent machines, lost time, and what waits for a second person."""
    alarms = tuple(_server_card(found) for found in list_room_alarms(room.sitting))
    calls = tuple(_call_card(room, call, seat) for call in room.calls)
    incidents = tuple(_incident_card(room, item, seat) for item in room.waiting_incidents)
    unchecked = _unchecked_cards(room, seat)
    shut = tuple(_shut_card(room, machine, seat) for machine in room.refused)
    silent = _silent_cards(room, seat)
    lost = _loss_cards(room, seat)
    requests = tuple(_request_card(room, item, seat) for item in room.requests)
    return [
        CardGroup("server", _("Máy chủ"), "", "", alarms),
        CardGroup("calls", _("Thí sinh gọi"), "", _("chờ lâu nhất ở trên"), calls),
        CardGroup(
            "incidents", _("Sự việc"), _("Không có sự việc nào chờ quyết định."), _("mới nhất ở trên"), incidents
        ),
        CardGroup("unchecked", _("Đang viết, chưa đối chiếu"), "", _("lâu nhất ở trên"), unchecked),
        CardGroup("shut", _("Máy không vào được"), "", "", shut),
        CardGroup("silent", _("Máy im"), _("Mọi máy đang làm bài đều có tín hiệu."), _("im lâu nhất ở trên"), silent),
        CardGroup("lost", _("Giờ mất chờ duyệt"), "", _("máy tính, người quyết định"), lost),
        CardGroup("requests", _("Chờ người thứ hai"), "", "", requests),
    ]


def act_url(room: Room, act: str, seat: str | None = None, **more: Any) -> str:
    """Where an act at a seat, or for the whole room, opens on the board."""
    return url_for(
        "invigilator.show_board",
        code=room.competition.code,
        sitting=room.sitting.code,
        seat=seat,
        act=act,
        _anchor="seat",
        **more,
    )


def _server_card(found: Finding) -> Card:
    """What the whole room has to know of the server before saving stops, not after."""
    return Card(
        key=f"server-{found.topic}-{found.level.value}",
        kind="server",
        seat="",
        number="",
        tag=found.name,
        since=None,
        text=_("%(text)s %(action)s Việc của: %(owner)s.", text=found.text, action=found.action, owner=found.owner),
        announcement=f"{found.name}. {found.text}",
    )


def _call_card(room: Room, call: Any, seat: str | None) -> Card:
    attempt = call.attempt
    kind = label(call.kind)
    where = _(", đang ở câu %(item)s", item=format_item(call.item)) if call.item else ""
    return Card(
        key=f"call-{call.id}",
        kind="call",
        seat=attempt.seat,
        number=attempt.candidacy.candidate_number,
        tag=kind,
        since=call.called_at,
        text=_(
            "Thí sinh gọi cán bộ coi thi%(where)s. Đã chờ %(age)s.",
            where=where,
            age=age_words(seconds_between(call.called_at, room.now)),
        ),
        links=(
            (_("Trả lời"), act_url(room, "answer", attempt.seat, call=call.id)),
            (_("Ghi sự việc"), act_url(room, "incident", attempt.seat)),
        ),
        selected=attempt.seat == seat,
        announcement=_("Chỗ %(seat)s gọi: %(kind)s.", seat=attempt.seat, kind=kind),
    )


def _incident_card(room: Room, incident: Any, seat: str | None) -> Card:
    place = next((item for item in room.attempts if item.candidacy_id == incident.candidacy_id), None)
    proposal = measure_words(room, incident.measure)
    text = incident.minutes
    if len(text) > _SHOWN_LETTERS:
        text = text[:_SHOWN_LETTERS].rsplit(" ", 1)[0] + "…"
    if proposal:
        text = _("Đề nghị %(measure)s. %(text)s", measure=proposal.lower(), text=text)
    links: tuple[tuple[str, str], ...] = ()
    if place is not None:
        links = (
            (_("Ghi thêm"), act_url(room, "incident", place.seat)),
            (_("Nhắn"), act_url(room, "message", place.seat)),
        )
    where = _("Cả phòng") if place is None else _("Chỗ %(seat)s", seat=place.seat)
    return Card(
        key=f"incident-{incident.id}",
        kind="incident",
        seat=place.seat if place else "",
        number=place.candidacy.candidate_number if place else "",
        tag=_("Sự việc"),
        since=incident.recorded_at,
        text=text,
        links=links,
        selected=place is not None and place.seat == seat,
        announcement=_("Sự việc mới. %(where)s.", where=where),
    )


def _unchecked_cards(room: Room, seat: str | None) -> tuple[Card, ...]:
    """One card each; at the start it is half the room, and one card with a way to each seat."""
    if len(room.unchecked) < _MANY_AT_ONCE:
        return tuple(_unchecked_card(room, attempt, seat) for attempt in room.unchecked)
    attempts = sorted(room.unchecked, key=lambda item: _by_row(item.seat))
    return (
        Card(
            key="unchecked-many",
            kind="unchecked",
            seat="",
            number="",
            tag=ngettext("%(num)d người đang viết", "%(num)d người đang viết", len(attempts)),
            since=room.unchecked[0].opened_at,
            text=_("Đang viết, chưa đối chiếu. Bài vẫn được lưu; đối chiếu lần lượt từng chỗ."),
            links=tuple((item.seat, act_url(room, "check-in", item.seat)) for item in attempts),
        ),
    )


def _unchecked_card(room: Room, attempt: Any, seat: str | None) -> Card:
    return Card(
        key=f"unchecked-{attempt.id}",
        kind="unchecked",
        seat=attempt.seat,
        number=attempt.candidacy.candidate_number,
        tag=_("Chưa đối chiếu"),
        since=attempt.opened_at,
        text=_("Đang viết, chưa đối chiếu. Bài vẫn được lưu; xem giấy tờ tại chỗ rồi xác nhận."),
        links=(
            (_("Đối chiếu"), act_url(room, "check-in", attempt.seat)),
            (_("Ghi sự việc"), act_url(room, "incident", attempt.seat)),
        ),
        selected=attempt.seat == seat,
    )


def _shut_card(room: Room, machine: Any, seat: str | None) -> Card:
    attempt = machine.attempt
    return Card(
        key=f"shut-{machine.id}",
        kind="shut",
        seat=attempt.seat,
        number=attempt.candidacy.candidate_number,
        tag=_("Bị từ chối"),
        since=machine.last_at,
        text=_(
            "Thí sinh thấy: %(reason)s Máy %(address)s.",
            reason=sentence(refusal_words(room, machine)),
            address=machine.address,
        ),
        links=(
            (_("Xem chỗ này"), act_url(room, "", attempt.seat)),
            (_("Đổi chỗ"), act_url(room, "move", attempt.seat)),
        ),
        selected=attempt.seat == seat,
        announcement=_("Máy ở chỗ %(seat)s không vào được.", seat=attempt.seat),
    )


def _silent_cards(room: Room, seat: str | None) -> tuple[Card, ...]:
    """One card each; so many at once are one thing, the network of the room, and one card."""
    if len(room.silences) < _MANY_AT_ONCE:
        return tuple(_silent_card(room, silence, seat) for silence in room.silences)
    longest = room.silences[0]
    links = [(_("Ghi sự việc"), act_url(room, "incident"))]
    if room.running:
        links.insert(0, (_("Dừng giờ cả phòng"), act_url(room, "room-pause")))
    return (
        Card(
            key="silent-many",
            kind="silent",
            seat="",
            number="",
            tag=ngettext("%(num)d máy cùng im", "%(num)d máy cùng im", len(room.silences)),
            since=longest.began_at,
            text=_(
                "Im lâu nhất %(age)s. Nhiều máy cùng im thường do mạng hoặc điện của phòng. Bài vẫn nằm trên từng "
                "máy; giờ mất của từng chỗ được tính riêng. Chỗ: %(seats)s.",
                age=age_words(seconds_between(longest.began_at, room.now)),
                seats=", ".join(sorted((item.attempt.seat for item in room.silences), key=_by_row)),
            ),
            links=tuple(links),
            announcement=_("Nhiều máy cùng mất tín hiệu."),
        ),
    )


def _by_row(seat: str) -> tuple[str, int]:
    return seat[:1], int(seat[1:])


def _silent_card(room: Room, silence: Any, seat: str | None) -> Card:
    attempt = silence.attempt
    if attempt.opened_at is None:
        tag = _("Chưa mở bài")
        text = _(
            "Đã đối chiếu, bài chưa mở trên máy. Giờ vẫn chạy, đã mất %(length)s; mời đến xem máy.",
            length=length_words(silence.seconds),
        )
    else:
        found = room.progress.get(attempt.id)
        tag = _("Im %(age)s", age=age_words(seconds_between(silence.began_at, room.now)))
        text = _(
            "Máy chủ giữ bài đến %(time)s. Đã mất %(length)s, còn tăng. Máy thường tự nối lại; bài vẫn nằm trên máy.",
            time=format_time_seconds(found.saved_at if found is not None else None),
            length=length_words(silence.seconds),
        )
    return Card(
        key=f"silent-{attempt.id}",
        kind="silent",
        seat=attempt.seat,
        number=attempt.candidacy.candidate_number,
        tag=tag,
        since=silence.began_at,
        text=text,
        links=(
            (_("Đổi chỗ"), act_url(room, "move", attempt.seat)),
            (_("Đổi máy tại chỗ"), act_url(room, "free", attempt.seat)),
            (_("Ghi sự việc"), act_url(room, "incident", attempt.seat)),
        ),
        selected=attempt.seat == seat,
    )


def _loss_cards(room: Room, seat: str | None) -> tuple[Card, ...]:
    """One card each; so many at once are one thing (the server or the network was down) and one card."""
    if len(room.losses) < _MANY_AT_ONCE:
        return tuple(_loss_card(room, loss, seat) for loss in room.losses)
    shortest, longest = min(loss.seconds for loss in room.losses), max(loss.seconds for loss in room.losses)
    return (
        Card(
            key="lost-many",
            kind="lost",
            seat="",
            number="",
            tag=ngettext("%(num)d chỗ mất giờ", "%(num)d chỗ mất giờ", len(room.losses)),
            since=min(loss.lost.began_at for loss in room.losses),
            text=_(
                "Nhiều chỗ cùng mất giờ, thường do máy chủ hoặc mạng ngừng: từ %(least)s đến %(most)s. Duyệt tất cả là "
                "bù đúng số của từng chỗ. Chỗ nào khác thường thì mở riêng chỗ ấy.",
                least=length_words(shortest),
                most=length_words(longest),
            ),
            links=((_("Xem từng chỗ, duyệt tất cả"), act_url(room, "room-lost")),),
        ),
    )


def _loss_card(room: Room, loss: Any, seat: str | None) -> Card:
    attempt, lost = loss.attempt, loss.lost
    where = {"code": room.competition.code, "sitting": room.sitting.code, "seat": attempt.seat}
    growing = _(" Giờ làm bài đã hết nên số này còn tăng.") if loss.is_growing else ""
    return Card(
        key=f"lost-{lost.id}",
        kind="lost",
        seat=attempt.seat,
        number=attempt.candidacy.candidate_number,
        tag=length_words(loss.seconds),
        since=lost.began_at,
        text=_(
            "%(cause)s Từ %(began)s đến %(ended)s.%(growing)s Duyệt thì kết thúc mới là %(time)s, không rút lại được.",
            cause=cause_words(loss),
            began=format_time_seconds(lost.began_at),
            ended=format_time_seconds(lost.ended_at),
            growing=growing,
            time=format_time_seconds(loss.ends_at),
        ),
        presses=(
            Press(
                _("Duyệt, bù ngay"),
                url_for("invigilator.give_lost_time", **where, lost_time=lost.id),
                {},
                f"give-all-{attempt.seat}",
            ),
        ),
        links=((_("Sửa số, từ chối"), act_url(room, "lost-time", attempt.seat, lost_time=lost.id)),),
        selected=attempt.seat == seat,
    )


def _request_card(room: Room, request: Any, seat: str | None) -> Card:
    asked_by = names_of(db.session(), [request.asked_by_id]).get(request.asked_by_id, "")
    place = request.attempt
    mine = request.asked_by_id == g.actor.account_id
    text = _("%(what)s Lý do: %(reason)s", what=request_words(room, request), reason=request.reason)
    text = _("%(text)s Người đề nghị: %(name)s.", text=sentence(text), name=asked_by)
    links = (
        ((_("Rút lại"), act_url(room, "withdraw", None, request=request.id)),)
        if mine
        else ((_("Xem và quyết định"), act_url(room, "decide", None, request=request.id)),)
    )
    return Card(
        key=f"request-{request.id}",
        kind="request",
        seat=place.seat if place is not None else "",
        number=place.candidacy.candidate_number if place is not None else "",
        tag=label(request.kind),
        since=request.asked_at,
        text=text if not mine else _("%(text)s Anh/chị không tự duyệt được.", text=text),
        links=links,
        selected=place is not None and place.seat == seat,
        announcement="" if mine else _("Có đề nghị chờ anh/chị duyệt: %(kind)s.", kind=label(request.kind)),
    )
