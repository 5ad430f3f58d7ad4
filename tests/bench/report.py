"""How the figures of the bench are shown: a table for each run, then the targets beside what was reached."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tests.bench.http_client import Figures

if TYPE_CHECKING:
    from tests.bench.__main__ import Run

#: Published figures on a like machine, in a second: saves, starts, log-ins.
REFERENCES = {"Moodle 4.3, well tuned": (98, 15, 15), "TCExam": (27, 20, 8)}
#: How much more than the first of them is aimed at.
TIMES = 15


def print_run(run: Run) -> None:
    """The table of one load."""
    print(f"\n{run.name}; {run.database}\n")
    print_figures([*run.figures, *run.floors])
    print(f"{run.acknowledged} saves acknowledged, {run.lost} of them lost; server {run.megabytes} MB")


def print_figures(figures: Sequence[Figures]) -> None:
    """A line for each kind of request."""
    print(f"{'':40}{'done':>7}{'per s':>8}{'p50':>7}{'p95':>7}{'p99':>7}{'cpu ms':>8}{'errors':>8}  target")
    for item in figures:
        shown = "".join(f"{item.percentile(percent):>7.0f}" for percent in (50, 95, 99))
        cpu = "" if item.server_seconds != item.server_seconds else f"{item.server_milliseconds:.2f}"
        print(f"{item.name:40}{len(item.seconds):>7}{item.per_second:>8.1f}{shown}{cpu:>8}", end="")
        print(f"{sum(item.errors.values()):>8}  {_target(item)}")
        for reason, count in item.errors.most_common(3):
            print(f"{'':8}{count} × {reason}")


def print_summary(runs: Sequence[Run]) -> None:
    """The most that the server takes, beside the floor of the same run and beside others."""
    for run in runs:
        if not run.floors:
            continue
        starts, saves, hand_ins = run.figures
        floor = floor_per_second(run)
        print(f"\n{run.database}, at most, in a second:")
        print(f"  saves {saves.per_second:.0f}: {saves.per_second / floor:.2f} of the floor ({floor:.0f})", end="")
        print(f"; {saves.server_milliseconds:.2f} ms of processor, the floor {floor_milliseconds(run):.2f} ms")
        print(f"  starts {starts.per_second:.0f}, hand-ins {hand_ins.per_second:.0f}")
        for name, (their_saves, their_starts, their_log_ins) in REFERENCES.items():
            print(f"  {name}: {their_saves} saves, {their_starts} starts, {their_log_ins} log-ins", end="")
            print(
                f" (published figures on a like machine): {saves.per_second / their_saves:.0f} times the saves, ",
                end="",
            )
            print(f"{starts.per_second / their_starts:.0f} times the starts")
    missed = [(run, item) for run in runs for item in run.figures if item.is_met is False]
    print(f"\ntargets missed: {len(missed) or 'none'}")
    for run, item in missed:
        print(f"  {run.name}, {run.database.split(' ')[0]}: {item.name}: {_reached(item)}, wanted {_target(item)}")


def data_of(run: Run) -> dict[str, Any]:
    """The figures of a run as JSON material."""
    return {
        "name": run.name,
        "database": run.database,
        "figures": [
            *map(figures_data, [*run.figures, *run.floors]),
        ],
        "acknowledged": run.acknowledged,
        "lost": run.lost,
        "of_the_floor": run.figures[1].per_second / floor_per_second(run) if run.floors else None,
    }


def figures_data(item: Figures) -> dict[str, Any]:
    """One line as JSON material."""
    return {
        "name": item.name,
        "count": len(item.seconds),
        "per_second": item.per_second,
        "server_cpu_ms": None if item.server_seconds != item.server_seconds else item.server_milliseconds,
        **{f"p{percent}_ms": item.percentile(percent) for percent in (50, 95, 99)},
        "errors": dict(item.errors),
        "is_met": item.is_met,
    }


def floor_per_second(run: Run) -> float:
    """The mean of the floor before and after."""
    return sum(item.per_second for item in run.floors) / len(run.floors)


def floor_milliseconds(run: Run) -> float:
    """Processor time of the floor for each insert."""
    done = sum(len(item.seconds) for item in run.floors)
    return 1000 * sum(item.server_seconds for item in run.floors) / max(1, done)


def _target(item: Figures) -> str:
    if item.is_met is None:
        return ""
    limits = {"p95": item.p95_at_most, "p99": item.p99_at_most}
    wanted = [f"{name} ≤ {limit:.0f}" for name, limit in limits.items() if limit is not None]
    if item.per_second_at_least is not None:
        wanted.append(f"≥ {item.per_second_at_least:.0f}/s")
    return f"{', '.join(wanted)}: {'met' if item.is_met else 'MISSED'}"


def _reached(item: Figures) -> str:
    times = f"p95 {item.percentile(95):.0f}, p99 {item.percentile(99):.0f} ms"
    return f"{times}, {item.per_second:.1f}/s, {sum(item.errors.values())} errors"
