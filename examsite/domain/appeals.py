"""An appeal (phúc khảo): who may ask for a second look, who may look, and how far it has come.

How the re-marks become a score stands in `marking.settle_appeal`; here is the way there. Numbers of rounds are how rows
keep them, their words are how records and results name them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from examsite.domain.competitions import CompetitionState
from examsite.domain.draws import permute, seed_of_part
from examsite.domain.errors import ConflictError
from examsite.domain.result_entries import APPEAL_ROUNDS, MarkRound
from examsite.domain.state_machine import StateMachine

FIRST_REMARK: Final = 3
"""Number of the first re-mark of a script in rows, and of all that are not locked yet.

Source: our choice, because rounds 0 to 2 are those before."""

LEAST_REMARKERS: Final = 2
"""Fresh markers of one appeal. Source: TT 22/2025/TT-BNV art. 17-18: two mark anew, a third when they differ."""


class AppealState(StrEnum):
    """How far one appeal is."""

    SUBMITTED = "submitted"
    WITHDRAWN = "withdrawn"
    REMARKING = "remarking"
    DECIDING = "deciding"
    SETTLED = "settled"


class AppealEvent(StrEnum):
    """What happens to an appeal."""

    WITHDRAWN = "withdrawn"
    REMARKERS_NAMED = "remarkers_named"
    REMARKS_DIFFERED = "remarks_differed"
    REMARK_FAR = "remark_far"
    REMARK_ADOPTED = "remark_adopted"
    CHAIR_DECIDED = "chair_decided"


_S, _E = AppealState, AppealEvent

APPEAL: Final = StateMachine(
    name="appeal",
    initial=_S.SUBMITTED,
    table={
        (_S.SUBMITTED, _E.WITHDRAWN): _S.WITHDRAWN,
        (_S.SUBMITTED, _E.REMARKERS_NAMED): _S.REMARKING,
        (_S.REMARKING, _E.REMARKS_DIFFERED): _S.REMARKING,
        (_S.REMARKING, _E.REMARK_FAR): _S.DECIDING,
        (_S.REMARKING, _E.REMARK_ADOPTED): _S.SETTLED,
        (_S.DECIDING, _E.CHAIR_DECIDED): _S.SETTLED,
    },
)


def is_remark(number: int) -> bool:
    """Whether a round of a script is one of an appeal."""
    return number >= FIRST_REMARK


def round_word(number: int) -> MarkRound:
    """The round as records and results name it: 1 stays 1, the first re-mark is `appeal-1`."""
    return APPEAL_ROUNDS[number - FIRST_REMARK] if is_remark(number) else number


def is_marking_time(state: CompetitionState, number: int) -> bool:
    """Whether a mark of this round may be worked on while the competition stands so."""
    return state is (CompetitionState.APPEALS if is_remark(number) else CompetitionState.MARKING)


def check_window(state: CompetitionState, closes_at: datetime | None, now: datetime) -> datetime:
    """The instant at which the window closes, when it is open now.

    Raises:
        ConflictError: `appeals_not_open` before the written results are published, `appeals_over` from its end on.

    Source: NĐ 170/2025/NĐ-CP art. 16(4b): so many working days from the publication; late requests are refused.
    """
    if closes_at is None or not state.has_reached(CompetitionState.APPEALS):
        raise ConflictError("appeals_not_open")
    if now >= closes_at or state is not CompetitionState.APPEALS:
        raise ConflictError("appeals_over", until=closes_at)
    return closes_at


def check_window_over(state: CompetitionState, closes_at: datetime | None, now: datetime) -> None:
    """Refuse the re-marking while candidates may still ask for it, or take their wish back.

    Raises:
        ConflictError: `appeals_not_open`, `appeal_window_runs`.
    """
    if closes_at is None or state is not CompetitionState.APPEALS:
        raise ConflictError("appeals_not_open")
    if now < closes_at:
        raise ConflictError("appeal_window_runs", until=closes_at)


def remarks_due_at(closes_at: datetime, days: int) -> datetime:
    """When the re-marking must be finished. Units: days.

    Source: NĐ 170/2025/NĐ-CP art. 16(4b): so many days after the window; the figure is data of the rule set.
    """
    return closes_at + timedelta(days=days)


def draw_remarkers(
    script: str,
    markers: Sequence[str],
    *,
    seed: bytes,
    taken: Collection[str],
    loads: Mapping[str, int],
    worked: Collection[str] = (),
    barred: Collection[tuple[str, str]] = (),
    count: int = LEAST_REMARKERS,
) -> tuple[str, ...]:
    """The fresh markers of an appeal, drawn from the seed that allocated the scripts: nobody picks one.

    Whoever marked nothing in the first rounds comes first: those were appointed for the re-marking.

    Args:
        script: code.
        markers: codes of those who may be given work.
        seed: of the draw of the allocation.
        taken: everybody who has or had the script.
        loads: how many re-marks each marker was given.
        worked: markers of the first rounds.
        barred: pairs (script, marker) that may not meet.
        count: how many are wanted.

    Raises:
        ConflictError: `remarkers_too_few`, with how many there are.

    Source: TT 22/2025/TT-BNV art. 5 and 17(1): a board of its own re-marks, and no earlier mark is shown to it.
    """
    order = permute(sorted(markers), seed_of_part(seed, f"appeal/{len(taken)}/{script}"))
    free = [marker for marker in order if marker not in taken and (script, marker) not in barred]
    if len(free) < count:
        raise ConflictError("remarkers_too_few", have=len(free), need=count)
    return tuple(sorted(free, key=lambda marker: (marker in worked, loads.get(marker, 0)))[:count])
