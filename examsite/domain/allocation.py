"""Who marks which script, and in which order: decided by one draw, balanced, never with a conflict.

For the council that holds the draw and for anyone who repeats it. Markers and scripts are codes here; who stands behind
them, and why a pair is barred, is not known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from examsite.domain.draws import permute, seed_of_part
from examsite.domain.errors import ConflictError

LEAST_MARKERS: Final = 3
"""Markers that a board needs. Source: TT 22/2025/TT-BNV art. 16(2): two mark, a third settles a wide gap."""

Barred = Collection[tuple[str, str]]


class MarkerStanding(StrEnum):
    """Whether a marker may be given work."""

    ACTIVE = "active"
    STOPPED = "stopped"
    REPLACED = "replaced"


@dataclass(frozen=True)
class Plan:
    """Two different markers for each script, and each marker's own order of scripts."""

    pairs: Mapping[str, tuple[str, str]]
    orders: Mapping[str, tuple[str, ...]]


def plan_marking(scripts: Sequence[str], markers: Sequence[str], *, seed: bytes, barred: Barred = ()) -> Plan:
    """Two markers for each script, loads balanced, pairs mixed; the same seed gives the same plan.

    Scripts that fewer markers may mark come first, so that the others can even out the loads.

    Args:
        scripts: codes.
        markers: codes of the markers.
        seed: of the draw.
        barred: pairs (script, marker) that may not meet.

    Raises:
        ConflictError: `markers_too_few`; `markers_in_conflict`, when a script is left with fewer than two markers
            (which one is not told: it would betray whose script it is).
    """
    if len(set(markers)) < LEAST_MARKERS:
        raise ConflictError("markers_too_few", needed=LEAST_MARKERS)
    order = permute(sorted(markers), seed_of_part(seed, "markers"))
    place = {marker: number for number, marker in enumerate(order)}
    free = {script: [marker for marker in order if (script, marker) not in barred] for script in scripts}
    if any(len(known) < 2 for known in free.values()):
        raise ConflictError("markers_in_conflict")
    drawn = permute(sorted(scripts), seed_of_part(seed, "scripts"))
    loads: Counter[str] = Counter()
    together: Counter[frozenset[str]] = Counter()
    pairs: dict[str, tuple[str, str]] = {}
    for script in sorted(drawn, key=lambda script: len(free[script])):
        first = min(free[script], key=lambda marker: (loads[marker], place[marker]))
        _load, _met, _place, second = min(
            (loads[marker], together[frozenset((first, marker))], place[marker], marker)
            for marker in free[script]
            if marker != first
        )
        pairs[script] = (first, second)
        loads.update(pairs[script])
        together[frozenset(pairs[script])] += 1
    queues = {marker: sorted(script for script, pair in pairs.items() if marker in pair) for marker in markers}
    orders = {marker: tuple(permute(queue, seed_of_part(seed, f"of/{marker}"))) for marker, queue in queues.items()}
    return Plan(pairs, orders)


def third_marker(
    script: str,
    markers: Sequence[str],
    *,
    taken: Collection[str],
    seed: bytes,
    thirds: Mapping[str, int],
    barred: Barred = (),
) -> str:
    """The third marker of a script, from the draw that allocated it: nobody picks one after seeing the two marks.

    Args:
        script: code.
        markers: codes of the markers.
        taken: the markers that have marked it.
        seed: of the draw.
        thirds: how many scripts each marker was given as third one; fewest first.
        barred: pairs (script, marker) that may not meet.

    Raises:
        ConflictError: `third_marker_missing`.
    """
    order = permute(sorted(markers), seed_of_part(seed, f"third/{script}"))
    free = [marker for marker in order if marker not in taken and (script, marker) not in barred]
    if not free:
        raise ConflictError("third_marker_missing")
    return min(free, key=lambda marker: thirds.get(marker, 0))


def substitutes(
    scripts: Mapping[str, Collection[str]],
    markers: Sequence[str],
    *,
    seed: bytes,
    loads: Mapping[str, int],
    barred: Barred = (),
) -> tuple[tuple[str, str], ...]:
    """Who takes over scripts from somebody who fell out: (script, marker) in the order in which queues get them.

    Drawn from the seed of the draw that allocated them and from the loads, which stand on the record: nobody picks, and
    anyone can repeat it. The least loaded come first, so that the work of one is shared by all.

    Args:
        scripts: codes, each with everybody who ever had it (also the one who fell out).
        markers: codes of those who may be given work.
        seed: of the draw.
        loads: how many scripts each marker has by now.
        barred: pairs (script, marker) that may not meet.

    Returns:
        One pair for each script that somebody is left for; the others wait until there is somebody.
    """
    carried = Counter(loads)
    found = []
    for script in permute(sorted(scripts), seed_of_part(seed, "again")):
        taken = scripts[script]
        order = permute(sorted(markers), seed_of_part(seed, f"again/{len(taken)}/{script}"))
        free = [marker for marker in order if marker not in taken and (script, marker) not in barred]
        if not free:
            continue
        chosen = min(free, key=lambda marker: carried[marker])
        carried[chosen] += 1
        found.append((script, chosen))
    return tuple(found)
