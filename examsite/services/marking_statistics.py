"""What the head of marking reads about marks: severity, agreement, seeds, pace, and who is to be looked at.

Reads only. Statistics choose who is looked at; no score is made from any figure here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from statistics import median
from typing import TYPE_CHECKING, Any

from examsite.domain.marking import BLIND_ROUND, ScriptKind
from examsite.domain.papers import paper_from_data
from examsite.domain.scores import score, sum_scores
from examsite.domain.standardisation import StopOutcome
from examsite.services.rulesets import PRESETS
from examsite.storage.queries.marking import list_markers
from examsite.storage.queries.marking_statistics import (
    LockedMark,
    checks_of,
    count_queues,
    list_locked_marks,
    list_new_beginnings,
)
from examsite.storage.queries.papers import list_opened_papers
from examsite.storage.queries.standardisation import list_stops

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from examsite.statistics.agreement import Agreement
    from examsite.statistics.figures import Figure, NoFigure, ScriptMark
    from examsite.storage.models.competitions import Competition
    from examsite.storage.models.standardisation import MarkerStop

#: Points of severity beyond which the head talks with a marker. Source: our choice, because two markers at the two ends
#: of it differ by more than the 5 points up to which marks are averaged (TT 22/2025/TT-BNV art. 16(2)).
SEVERITY_LIMIT = 3.0
#: Pairs of marks from which a coefficient is worth a line. Source: our choice, because a bootstrap over fewer scripts
#: has intervals over the whole scale.
LEAST_PAIRS = 8
#: How long coefficients stand while marks go on being locked. Source: our choice, because their intervals take a second
#: to compute and two minutes of marking do not move them; the page says when they were computed.
COEFFICIENTS_KEPT = timedelta(minutes=2)


class Advice(StrEnum):
    """What the head does about a marker."""

    DECIDE = "decide"
    REPLACED = "replaced"
    TALK = "talk"
    WATCH = "watch"
    NOTHING = "nothing"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class MarkerFigures:
    """One marker's line; `stop_id` is the pause that waits for the head."""

    marker: str
    scripts: int
    severity: Figure
    spread: Figure
    met: Agreement
    seeds: tuple[float, ...]
    seed_error: Figure
    minutes: float | None
    advice: Advice
    stop_id: int | None

    @property
    def is_strict(self) -> bool:
        """Whether the marker gives less than the others."""
        return (self.severity.value or 0.0) < 0


@dataclass(frozen=True)
class Coefficients:
    """How far two marks of the same thing go together; `item` is None for the whole script."""

    paper: str
    item: str | None
    number: int
    pairs: int
    icc1: Figure
    icc2k: Figure
    kappa: Figure
    alpha: Figure


@dataclass(frozen=True)
class KeptCoefficients:
    """The slow figures with what they were computed from, kept by whoever shows them."""

    marks: frozenset[int]
    computed_at: datetime
    whole: Coefficients
    questions: tuple[Coefficients, ...]
    by_pair: Mapping[tuple[str, str], Agreement]
    by_marker: Mapping[str, Agreement]


@dataclass(frozen=True)
class MarkingFigures:
    """Everything on the statistics page, as of one record.

    `marks` are those of the first two markers on `scripts` scripts, `third_marks` those beside them.
    """

    scripts: int
    marks: int
    third_marks: int
    seed_marks: int
    markers: tuple[MarkerFigures, ...]
    pairs: Mapping[tuple[str, str], Agreement]
    whole: Coefficients
    questions: tuple[Coefficients, ...]
    computed_at: datetime
    error: Figure
    reason: NoFigure | None

    def count(self, *advices: Advice) -> int:
        """How many markers have one of these."""
        return sum(1 for row in self.markers if row.advice in advices)


@lru_cache(maxsize=1)
def drift_simulation() -> dict[str, Any]:
    """How often a drift is stopped in time in the published simulation: its assumptions, and rows in percent."""
    found: dict[str, Any] = json.loads((PRESETS / "drift_simulation.json").read_text(encoding="utf-8"))
    return found


def figures_of_marking(
    session: Session, competition: Competition, *, now: datetime, kept: MutableMapping[int, KeptCoefficients]
) -> MarkingFigures:
    """All figures of a competition's marking, from its locked marks; none is stored.

    `kept` holds the slow ones between two openings of the page, by competition.
    """
    # Numbers are loaded only when somebody asks for them.
    from examsite.statistics.agreement import agree  # noqa: PLC0415 - numbers when needed
    from examsite.statistics.drift import watch_drift  # noqa: PLC0415 - numbers when needed
    from examsite.statistics.figures import Figure, NoFigure, ScriptMark  # noqa: PLC0415 - numbers when needed
    from examsite.statistics.severity import estimate_severity  # noqa: PLC0415 - numbers when needed

    marks = list_locked_marks(session, competition.id)
    blind = [mark for mark in marks if mark.kind is ScriptKind.LIVE and mark.round == BLIND_ROUND]
    whole = [ScriptMark(mark.script, mark.marker, mark.total) for mark in blind]
    model = estimate_severity(whole)
    severities = {row.marker: row for row in model.markers}
    slow = _slow(session, competition.id, blind, now=now, kept=kept)
    checks = checks_of(marks, list_new_beginnings(session, competition.id))
    watches = watch_drift(checks, queues=count_queues(session, competition.id))
    newest: dict[int, MarkerStop] = {}
    for known in sorted(list_stops(session, competition.id), key=lambda row: row.id):
        newest[known.assignment_id] = known
    none = Figure.none(NoFigure.NO_SCRIPTS)
    rows = []
    people = {person.id: str(person.pseudonym) for person in list_markers(session, competition.id)}
    # Whose role was taken back has marks that count all the same.
    people |= {mark.assignment_id: mark.marker for mark in marks if mark.kind is not ScriptKind.QUALIFICATION}
    for assignment_id, name in people.items():
        own = [mark for mark in marks if mark.marker == name]
        severity = severities[name].severity if name in severities else none
        stop = newest.get(assignment_id)
        seeds = tuple(float(mark.error) for mark in own if mark.kind is ScriptKind.SEED and mark.error is not None)
        rows.append(
            MarkerFigures(
                marker=name,
                scripts=sum(1 for mark in own if mark.kind is ScriptKind.LIVE),
                severity=severity,
                spread=severities[name].spread if name in severities else none,
                met=slow.by_marker.get(name) or agree([]),
                seeds=seeds,
                seed_error=watches[name].seed_error if name in watches else none,
                minutes=_minutes(own),
                advice=_advice(severity, stop),
                stop_id=None if stop is None or stop.decided_at is not None else stop.id,
            )
        )
    return MarkingFigures(
        scripts=len({mark.script_id for mark in blind}),
        marks=len(blind),
        third_marks=sum(1 for mark in marks if mark.kind is ScriptKind.LIVE and mark.round != 1),
        seed_marks=sum(1 for mark in marks if mark.kind is ScriptKind.SEED),
        markers=tuple(sorted(rows, key=_urgency)),
        pairs=slow.by_pair,
        whole=slow.whole,
        questions=slow.questions,
        computed_at=slow.computed_at,
        error=model.error,
        reason=model.reason,
    )


def _slow(
    session: Session,
    competition_id: int,
    blind: Sequence[LockedMark],
    *,
    now: datetime,
    kept: MutableMapping[int, KeptCoefficients],
) -> KeptCoefficients:
    from examsite.statistics.agreement import agree_by_marker, agree_by_pair  # noqa: PLC0415 - numbers when needed
    from examsite.statistics.figures import ScriptMark  # noqa: PLC0415 - numbers when needed

    present = frozenset(mark.seq for mark in blind)
    known = kept.get(competition_id)
    # A mark that was withdrawn counts nowhere at once; new ones may wait for a while.
    if known is not None and (
        known.marks == present or (known.marks < present and now - known.computed_at < COEFFICIENTS_KEPT)
    ):
        return known
    whole = [ScriptMark(mark.script, mark.marker, mark.total) for mark in blind]
    found = KeptCoefficients(
        marks=present,
        computed_at=now,
        whole=_coefficients(whole),
        questions=tuple(_questions(session, competition_id, blind)),
        by_pair=agree_by_pair(whole),
        by_marker=agree_by_marker(whole),
    )
    kept[competition_id] = found
    return found


def _questions(session: Session, competition_id: int, blind: Sequence[LockedMark]) -> list[Coefficients]:
    from examsite.statistics.figures import ScriptMark  # noqa: PLC0415 - numbers when needed

    found = []
    for row in list_opened_papers(session, competition_id):
        own = [mark for mark in blind if mark.paper == row.code]
        for number, item in enumerate(paper_from_data(row.data).essays, start=1):
            given = [
                ScriptMark(
                    mark.script,
                    mark.marker,
                    sum_scores(
                        score(points) for name, points in mark.points.items() if name.startswith(f"{item.item}.")
                    ),
                )
                for mark in own
            ]
            found.append(_coefficients(given, paper=row.code, item=item.item, number=number))
    return found


def _coefficients(
    marks: Sequence[ScriptMark], *, paper: str = "", item: str | None = None, number: int = 0
) -> Coefficients:
    from examsite.statistics.agreement import krippendorff_alpha, pairs_of, weighted_kappa  # noqa: PLC0415 - as above
    from examsite.statistics.figures import Figure, NoFigure  # noqa: PLC0415 - numbers when needed
    from examsite.statistics.intraclass import intraclass  # noqa: PLC0415 - numbers when needed

    pairs = pairs_of(marks)
    if len(pairs) < LEAST_PAIRS:
        none = Figure.none(NoFigure.TOO_FEW_SCRIPTS, len(pairs))
        return Coefficients(paper, item, number, len(pairs), none, none, none, none)
    together = intraclass(marks)
    return Coefficients(
        paper=paper,
        item=item,
        number=number,
        pairs=len(pairs),
        icc1=together.icc2,
        icc2k=together.icc2k,
        kappa=weighted_kappa([(pair.first, pair.second) for pair in pairs]),
        alpha=krippendorff_alpha(marks),
    )


def _minutes(own: Sequence[LockedMark]) -> float | None:
    spans = [
        (mark.locked_at - mark.opened_at).total_seconds() / 60
        for mark in own
        if mark.opened_at is not None and mark.locked_at > mark.opened_at
    ]
    return median(spans) if spans else None


def _advice(severity: Figure, stop: MarkerStop | None) -> Advice:
    if stop is not None and stop.outcome is None:
        return Advice.DECIDE
    if stop is not None and stop.outcome is StopOutcome.REPLACED:
        return Advice.REPLACED
    if severity.value is None or severity.low is None or severity.high is None:
        return Advice.UNKNOWN
    if abs(severity.value) > SEVERITY_LIMIT:
        return Advice.TALK
    return Advice.WATCH if severity.low > 0 or severity.high < 0 else Advice.NOTHING


def _urgency(row: MarkerFigures) -> tuple[int, float, str]:
    return list(Advice).index(row.advice), -abs(row.severity.value or 0.0), row.marker
