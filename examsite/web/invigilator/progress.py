"""How far everybody in a room is, kept in mind from one look at the board to the next.

A room stores tens of thousands of versions in a morning and its board asks every few seconds. So each process reads
only what was stored since its last look, and everything anew once a minute: time that is given back later can let
older versions count.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy.orm import Session

from examsite.storage.queries.boards import (
    NewestVersion,
    Progress,
    count_progress,
    list_newest_versions,
    list_versions_after,
)

#: After how long everything is read anew.
_WHOLE_AFTER = timedelta(seconds=60)

#: How many numbers back a look begins: a transaction that took its numbers earlier may end later.
_OVERLAP = 1000


@dataclass
class _Known:
    """What is known of one sitting: the version that counts of each item, by attempt and item."""

    whole_at: datetime
    last_id: int = 0
    newest: dict[tuple[int, str], NewestVersion] = field(default_factory=dict)

    def take(self, versions: list[NewestVersion]) -> None:
        for version in versions:
            self.last_id = max(self.last_id, version.id)
            known = self.newest.get((version.attempt_id, version.item))
            if known is None or (version.epoch, version.number) >= (known.epoch, known.number):
                self.newest[version.attempt_id, version.item] = version


class _Memory:
    """The sittings that the boards of this process have shown."""

    def __init__(self) -> None:
        self._known: dict[int, _Known] = {}
        self._lock = threading.Lock()

    def read(self, session: Session, sitting_id: int, now: datetime) -> dict[int, Progress]:
        """Progress of every attempt of the sitting, by its key."""
        with self._lock:
            known = self._known.get(sitting_id)
            if known is None or not timedelta() <= now - known.whole_at < _WHOLE_AFTER:
                known = self._known[sitting_id] = _Known(whole_at=now)
                known.take(list_newest_versions(session, sitting_id))
            else:
                known.take(list_versions_after(session, sitting_id, known.last_id - _OVERLAP))
            return count_progress(known.newest.values())


def read_progress(session: Session, sitting_id: int, now: datetime) -> dict[int, Progress]:
    """How many questions of each attempt have an answer and when it was last stored, by the attempt's key."""
    memory: _Memory = current_app.extensions.setdefault("board_progress", _Memory())
    return memory.read(session, sitting_id, now)
