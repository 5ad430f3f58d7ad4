"""The head of marking answers what the watch over markers says."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from examsite.domain.permissions import Role
from examsite.services import marker_alarms, marker_stops
from examsite.storage.queries.standardisation import find_hold, list_open_alarms

if TYPE_CHECKING:
    from examsite.cli.demonstration.play import Play

_REASON = "Đã xem lại các phiếu cùng cán bộ chấm: chấm đúng hướng dẫn, chênh lệch là ngẫu nhiên."


def answer_watch(play: Play, login: str, at: datetime) -> None:
    """The codes are drawn, so now and then the watch takes chance for a move; the head looks and lets all go on."""
    marker, head = play.by(login, Role.MARKER, at), play.by("truongcham", Role.MARKING_HEAD, at)
    if stop := find_hold(play.session, marker.actor.assignment_id or 0):
        marker_stops.resume_marker(head, play.competition, stop.id, reason=_REASON)
    for alarm in list_open_alarms(play.session, play.competition.id):
        marker_alarms.leave_markers(head, play.competition, alarm.id, reason=_REASON)
