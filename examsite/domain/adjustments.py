"""How a test page looks for one candidate, and what was approved before the test for those who need more.

Adjustments are decided before the room is entered, with a reason; the candidate asks nobody in the room. Preferences
are what the candidate chooses on the page; they start from the adjustments and are remembered with the attempt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from examsite.domain.errors import InvalidError

SIZES: Final = (16, 18, 20, 22, 26)
"""Sizes of the text on the test page. Unit: pixels. Source: our choice, because WCAG 2.2 (1.4.4) asks for twice the
size by zooming, and these five cover what is asked for without it."""

MOST_EXTRA_PERCENT: Final = 100
"""Most extra time. Unit: percent of the duration. Source: our choice, because no practice known to us gives more than
double time, and more than that is a typing error."""

_SWITCHES: Final = ("contrast", "spacing", "plain")


@dataclass(frozen=True)
class Adjustments:
    """What was approved for a candidate; nothing at all is the rule."""

    extra_percent: int = 0
    size: int | None = None
    contrast: bool = False
    spacing: bool = False
    plain: bool = False
    #: For the people of the room, e.g. a seat by the door; shown to them, not to the public.
    note: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is adjusted."""
        return self == Adjustments()


def check_adjustments(wanted: Adjustments) -> Adjustments:
    """The adjustments, when each is within its range.

    Raises:
        InvalidError: `extra_time_out_of_range`, `text_size_unknown`, with the `field`.
    """
    if not 0 <= wanted.extra_percent <= MOST_EXTRA_PERCENT:
        raise InvalidError("extra_time_out_of_range", field="extra_percent", most=MOST_EXTRA_PERCENT)
    if wanted.size is not None and wanted.size not in SIZES:
        raise InvalidError("text_size_unknown", field="size")
    return wanted


def adjustments_data(adjustments: Adjustments) -> dict[str, object]:
    """The adjustments as they are stored: only what differs from the rule."""
    standard = Adjustments()
    names = ("extra_percent", "size", *_SWITCHES, "note")
    return {name: getattr(adjustments, name) for name in names if getattr(adjustments, name) != getattr(standard, name)}


def adjustments_from_data(data: Mapping[str, object] | None) -> Adjustments:
    """What `adjustments_data` wrote."""
    known = data or {}
    extra, size = known.get("extra_percent", 0), known.get("size")
    return Adjustments(
        extra_percent=extra if isinstance(extra, int) else 0,
        size=size if isinstance(size, int) else None,
        **{name: known.get(name) is True for name in _SWITCHES},
        note=str(known.get("note", "")),
    )


def extra_seconds(duration_minutes: int, extra_percent: int) -> int:
    """Time added at the start for an adjustment, rounded up to a whole minute.

    Units: minutes in, seconds out.

    Source: our choice, because a clock that ends on a whole minute is easier to announce, and rounding helps.
    """
    return -(-duration_minutes * extra_percent // 100) * 60


def planned_seconds(adjustments: Mapping[str, object] | None, duration_minutes: int) -> int:
    """What the start of the sitting will add for approved adjustments, so that the waiting page says the right end.

    Units: minutes in, seconds out.
    """
    return extra_seconds(duration_minutes, adjustments_from_data(adjustments).extra_percent)


def read_preferences(body: object) -> dict[str, object]:
    """What the page sent of the candidate's choices; a part that is left out stays as it is.

    Raises:
        InvalidError: `preferences_malformed`.
    """
    if not isinstance(body, Mapping) or not set(body) <= {"size", *_SWITCHES}:
        raise InvalidError("preferences_malformed")
    size = body.get("size", SIZES[0])
    if not isinstance(size, int) or isinstance(size, bool) or size not in SIZES:
        raise InvalidError("preferences_malformed")
    if not all(isinstance(body[name], bool) for name in _SWITCHES if name in body):
        raise InvalidError("preferences_malformed")
    return dict(body)


def shown_preferences(
    adjustments: Mapping[str, object] | None, chosen: Mapping[str, object] | None
) -> dict[str, object]:
    """How the page starts: the adjustments, then whatever the candidate chose since; {} is the plain rule."""
    approved = adjustments_from_data(adjustments)
    shown: dict[str, object] = {name: True for name in _SWITCHES if getattr(approved, name)}
    if approved.size is not None:
        shown["size"] = approved.size
    return {**shown, **{name: value for name, value in (chosen or {}).items() if name in ("size", *_SWITCHES)}}
