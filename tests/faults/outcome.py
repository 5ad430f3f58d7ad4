"""What a fault did: its figures, and every promise that was broken. A broken promise ends the run with 1."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


class CannotRunError(Exception):
    """This machine lacks what the fault needs; the text says what."""


@dataclass
class Outcome:
    """One row of the table."""

    name: str
    #: Label → figure, in the order in which they are told.
    figures: dict[str, str] = field(default_factory=dict)
    #: One sentence for every promise that was broken.
    broken: list[str] = field(default_factory=list)
    #: Why it was not run; empty when it was.
    skipped: str = ""

    def tell(self, label: str, figure: object) -> None:
        """Add a figure."""
        self.figures[label] = f"{figure:.1f}" if isinstance(figure, float) else str(figure)

    def expect(self, kept: object, sentence: str) -> None:
        """Count a promise as broken unless it was kept."""
        if not kept:
            self.broken.append(sentence)

    @property
    def verdict(self) -> str:
        if self.skipped:
            return "not run"
        return "broken" if self.broken else "holds"


def percentile(seconds: Iterable[float], percent: float) -> float:
    """Nearest rank; nothing at all gives not-a-number."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] if ordered else float("nan")


def table(outcomes: Iterable[Outcome]) -> str:
    """All figures as one Markdown table."""
    rows = ["| fault | verdict | figures |", "| --- | --- | --- |"]
    for outcome in outcomes:
        told = "; ".join(f"{label} {figure}" for label, figure in outcome.figures.items())
        rows.append(f"| {outcome.name} | {outcome.verdict} | {told or outcome.skipped} |")
        rows.extend(f"| | | ✗ {sentence} |" for sentence in outcome.broken)
    return "\n".join(rows)
