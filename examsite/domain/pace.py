"""How much one attempt may have stored, so that no single machine fills the disk of everyone.

Every save is kept, so what is never refused to anyone would have no end. The bound is a measure that fills again by
itself: a save that does not fit now fits a little later, and the page sends the newest text again by itself. Nothing
that was acknowledged is ever thinned or dropped.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from examsite.domain.saves import Save

BURST_BYTES: Final = 64 * 1024 * 1024
"""What one attempt may have stored at once. Source: our choice, because a page that comes back after an hour without
its line brings far less, and a few such attempts still leave the disk to everyone."""

BYTES_PER_SECOND: Final = 16 * 1024
"""By how much the measure fills again. Source: our choice, because whoever types thirty thousand letters (twenty
pages) in three hours, all of them in every save, never waits; and the largest save (256 KiB) waits for 17 seconds at
most, less than a third of the minute that is kept open after the end."""

ROW_BYTES: Final = 256
"""What one save takes beside its content. Source: our choice: a row with its places in the indexes takes that."""


@dataclass(frozen=True, slots=True)
class Measure:
    """What is left to one attempt at an instant. Unit: bytes."""

    left: int
    at: datetime


def cost_of(saves: Iterable[Save]) -> int:
    """What storing these takes. Unit: bytes."""
    return sum(len(save.content.encode("utf-8")) + ROW_BYTES for save in saves)


def left_of(measure: Measure | None, now: datetime, *, burst: int, per_second: int) -> int:
    """What is left now; an attempt that has stored nothing yet has all of it. Unit: bytes."""
    if measure is None:
        return burst
    elapsed = max(now - measure.at, timedelta())
    return min(burst, measure.left + per_second * elapsed // timedelta(seconds=1))


def take(
    measure: Measure | None,
    cost: int,
    now: datetime,
    *,
    burst: int = BURST_BYTES,
    per_second: int = BYTES_PER_SECOND,
) -> tuple[Measure, int]:
    """The measure after a call of this cost, and for how many seconds the call has to wait; 0: it may be stored now.

    A call that has to wait takes nothing, so it never puts off the next one. Unit of `cost`: bytes.
    """
    left = left_of(measure, now, burst=burst, per_second=per_second)
    if cost <= left:
        # The clock may have been set back: what was filled once is not filled again.
        at = now if measure is None else max(now, measure.at)
        return Measure(left - cost, at), 0
    return measure or Measure(burst, now), -(-(cost - left) // per_second)
