"""How much time was lost at a seat: from the last word of a page to the next one, less what stood still or was decided.

A figure is only ever proposed here; a person decides whether it is given back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from examsite.domain.attempts import SILENT_AFTER_SECONDS

LEAST_LOST_SECONDS: Final = 15
"""Shortest loss that is proposed. Source: our choice, because a page that works speaks at least that often."""

OUTAGE_AFTER_SECONDS: Final = 30
"""After how long without a sign of life the server counts as having been down.

Source: our choice, because it gives one every few seconds, and a restart takes less."""

HELD_AFTER_OUTAGE_SECONDS: Final = 600
"""How long after the return of the server nobody whom the outage touched is closed before somebody has decided.

Source: our choice, because an invigilator needs a few minutes to go through a room."""


@dataclass(frozen=True, order=True)
class Stretch:
    """A piece of time: from `began_at` to `ended_at`."""

    began_at: datetime
    ended_at: datetime

    @property
    def length(self) -> timedelta:
        """How long it is; never less than nothing."""
        return max(timedelta(0), self.ended_at - self.began_at)

    def meets(self, other: Stretch) -> bool:
        """Whether the two overlap or touch."""
        return self.began_at <= other.ended_at and other.began_at <= self.ended_at

    def joined(self, other: Stretch) -> Stretch:
        """The shortest stretch that holds both."""
        return Stretch(min(self.began_at, other.began_at), max(self.ended_at, other.ended_at))


def silence_began_at(
    *, last_word_at: datetime | None, started_at: datetime, checked_in_at: datetime | None
) -> datetime | None:
    """Since when a page has been silent: its last word, never before the start; nothing for somebody who never came.

    Who was checked in and has no page yet is waiting for a machine; who was not is late, and late is not lost.
    """
    began_at = last_word_at or checked_in_at
    return None if began_at is None else max(began_at, started_at)


def is_silence(began_at: datetime, now: datetime, *, reopened: bool = False) -> bool:
    """Whether a page that speaks now was silent before: too long without a word, or gone and opened anew."""
    least = LEAST_LOST_SECONDS if reopened else SILENT_AFTER_SECONDS
    return now - began_at > timedelta(seconds=least)


def pieces_left(stretch: Stretch, taken: Iterable[Stretch]) -> list[Stretch]:
    """What remains of a stretch without the pieces that are taken from it, in order."""
    left: list[Stretch] = []
    at = stretch.began_at
    for piece in sorted(taken):
        if not piece.length or piece.ended_at <= at or piece.began_at >= stretch.ended_at:
            continue
        if piece.began_at > at:
            left.append(Stretch(at, piece.began_at))
        at = max(at, piece.ended_at)
    if at < stretch.ended_at:
        left.append(Stretch(at, stretch.ended_at))
    return left


def seconds_lost(stretch: Stretch, taken: Iterable[Stretch] = ()) -> int:
    """The whole seconds lost in a stretch; part of a second counts as a whole one.

    Units: seconds. `taken` are pauses, in which nothing runs out, and stretches decided before.
    """
    length = sum((piece.length for piece in pieces_left(stretch, taken)), timedelta(0))
    return -(-length // timedelta(seconds=1))


def until_decided(stretch: Stretch, *, now: datetime, deadline_at: datetime | None) -> Stretch:
    """The stretch as it stands now: longer than it was found where it still grows.

    Where the page came back only after its time was over, nothing could be written since, so it grows until somebody
    decides, and as much is left afterwards as when it began.
    """
    if not is_growing(stretch, deadline_at=deadline_at):
        return stretch
    return stretch.joined(Stretch(stretch.began_at, now))


def is_growing(stretch: Stretch, *, deadline_at: datetime | None) -> bool:
    """Whether the loss goes on although the page is back: its time had run out by then."""
    return deadline_at is not None and stretch.began_at < deadline_at <= stretch.ended_at


def what_is_left(found: Stretch, taken: Sequence[Stretch]) -> Stretch | None:
    """The stretch to propose: that which was found, less what is taken; nothing when too little remains."""
    pieces = pieces_left(found, taken)
    if not pieces or seconds_lost(found, taken) < LEAST_LOST_SECONDS:
        return None
    return Stretch(pieces[0].began_at, pieces[-1].ended_at)
