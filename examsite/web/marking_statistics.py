"""The statistics page of marking, the same for the head of marking and the supervisors: figures put into plots.

A view of an audience is one call of `serve_statistics`. Plots are drawn on the server; a table says the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any

from flask import current_app, g, render_template
from flask.typing import ResponseReturnValue

from examsite.domain.permissions import Role
from examsite.services.marking_statistics import (
    SEVERITY_LIMIT,
    Advice,
    Coefficients,
    MarkerFigures,
    MarkingFigures,
    drift_simulation,
    figures_of_marking,
)
from examsite.storage.database import db
from examsite.storage.queries.standardisation import list_open_alarms
from examsite.web.formatting import format_points
from examsite.web.i18n import _, current_locale, ngettext
from examsite.web.transactions import read_web_clock

if TYPE_CHECKING:
    from examsite.statistics.figures import Figure

#: Where the plot of severities begins and ends. Unit: pixels of the drawing.
SEVERITY_LEFT, SEVERITY_RIGHT = 48.0, 424.0
#: The same of the coefficients, and the least value drawn.
COEFFICIENT_WIDTH, COEFFICIENT_FROM = 346.0, 0.5
#: The same of the errors on seeds.
SEEDS_LEFT, SEEDS_RIGHT, SEEDS_TOP, SEEDS_BOTTOM = 40.0, 348.0, 12.0, 156.0


@dataclass(frozen=True)
class Dot:
    """One marker's severity in the plot, with its interval."""

    marker: str
    y: float
    x: float
    low: float
    high: float
    is_far: bool


@dataclass(frozen=True)
class Gauge:
    """One coefficient on its line, with interval and threshold."""

    name: str
    value: Figure
    limit: float
    is_low: bool
    x: float
    low: float
    high: float
    limit_x: float


@dataclass(frozen=True)
class Line:
    """One marker's errors on seeds in the order they were marked."""

    marker: str
    points: tuple[tuple[float, float], ...]
    is_named: bool


def serve_statistics() -> ResponseReturnValue:
    """The page of this competition; whoever marks never gets here."""
    from examsite.statistics.agreement import ADJACENT_WITHIN  # noqa: PLC0415 - numbers when needed
    from examsite.statistics.drift import TOLERANCE, TOLERANCE_SEEDS  # noqa: PLC0415 - numbers when needed
    from examsite.statistics.severity import LEAST_SHARED  # noqa: PLC0415 - numbers when needed

    kept = current_app.extensions.setdefault("marking_coefficients", {})
    figures = figures_of_marking(db.session(), g.competition, now=read_web_clock(), kept=kept)
    known = [row for row in figures.markers if row.severity.value is not None]
    return render_template(
        "statistics/show_marking.html",
        figures=figures,
        conclusion=conclusion_of(figures),
        severity=_severity_plot(known),
        gauges=_gauges(figures.whole),
        seeds=_seed_plot(figures.markers, limit=TOLERANCE),
        advices={row.marker: advice_words(row) for row in figures.markers},
        names=[row.marker for row in sorted(figures.markers, key=lambda row: row.marker)],
        questions=[(row, _gauges(row)) for row in figures.questions],
        has_many_papers=len({row.paper for row in figures.questions}) > 1,
        severity_limit=SEVERITY_LIMIT,
        least_shared=LEAST_SHARED,
        adjacent_within=ADJACENT_WITHIN,
        seed_limit=TOLERANCE,
        seed_count=TOLERANCE_SEEDS,
        limit_points=limit_points,
        signed=signed,
        plain=plain,
        share=share,
        simulation=drift_simulation(),
        alarms=list_open_alarms(db.session(), g.competition.id),
        may_act=g.actor.role is Role.MARKING_HEAD,
        code=g.competition.code,
    )


def conclusion_of(figures: MarkingFigures) -> str:
    """The title of the page: what the figures say, in one sentence."""
    talk = figures.count(Advice.DECIDE, Advice.TALK)
    watch = figures.count(Advice.WATCH)
    if talk:
        first = ngettext("%(num)d người chấm cần gặp", "%(num)d người chấm cần gặp", talk)
        if not watch:
            return first
        return _("%(first)s, %(count)s người cần theo dõi", first=first, count=watch)
    if any(gauge.is_low for gauge in _gauges(figures.whole)):
        return _("Hai lượt chấm chưa khớp nhau: cần trao đổi lại hướng dẫn chấm")
    if watch:
        return ngettext("%(num)d người chấm cần theo dõi", "%(num)d người chấm cần theo dõi", watch)
    if figures.reason is not None:
        return _("Chưa đủ bài để ước lượng")
    return _("Không có người chấm nào cần gặp")


def advice_words(row: MarkerFigures) -> tuple[str, str]:
    """What to do about a marker: the words in front, and what stands behind them."""
    way = _("nghiêm tay") if row.is_strict else _("nhẹ tay")
    limit = limit_points(SEVERITY_LIMIT)
    match row.advice:
        case Advice.DECIDE:
            return _("Đang tạm dừng"), _("chờ trưởng ban quyết định")
        case Advice.REPLACED:
            return _("Đã chuyển bài cho người khác"), ""
        case Advice.TALK:
            return _("Cần gặp"), _("%(way)s, quá ngưỡng %(limit)s", way=way, limit=limit)
        case Advice.WATCH:
            return _("Theo dõi"), _("%(way)s, còn trong ngưỡng %(limit)s", way=way, limit=limit)
        case Advice.NOTHING:
            return _("Không cần làm gì"), ""
        case _:
            return _("Chưa đủ bài để ước lượng"), ""


def limit_points(value: float) -> str:
    """A limit in points as people write it, without idle decimals."""
    return format_points(str(value))


def plain(value: float | None, decimals: int = 1) -> str:
    """A number for a table; a dash where there is none."""
    if value is None:
        return "–"
    text = f"{value:.{decimals}f}"
    return text if current_locale() == "en" else text.replace(".", ",")


def signed(value: float | None, decimals: int = 1) -> str:
    """A number with its sign; nought has none."""
    if value is None:
        return "–"
    text = plain(abs(value), decimals)
    if not text.strip("0,."):
        return text
    return f"+{text}" if value > 0 else f"−{text}"


def share(value: float | None) -> str:
    """A share of one as whole percent."""
    return "–" if value is None else f"{round(value * 100)} %"


def _severity_plot(rows: list[MarkerFigures]) -> dict[str, Any]:
    reach = max(
        (abs(end) for row in rows for end in (row.severity.low, row.severity.high) if end is not None), default=0
    )
    half = max(4, ceil(reach / 4) * 4)
    middle = (SEVERITY_LEFT + SEVERITY_RIGHT) / 2
    unit = (SEVERITY_RIGHT - SEVERITY_LEFT) / 2 / half

    def place(value: float | None) -> float:
        return round(middle + (value or 0.0) * unit, 1)

    order = sorted(rows, key=lambda row: row.severity.value or 0.0)
    dots = [
        Dot(
            marker=row.marker,
            y=12 + number * 22,
            x=place(row.severity.value),
            low=place(row.severity.low if row.severity.low is not None else row.severity.value),
            high=place(row.severity.high if row.severity.high is not None else row.severity.value),
            is_far=row.advice in (Advice.DECIDE, Advice.TALK, Advice.REPLACED),
        )
        for number, row in enumerate(order)
    ]
    return {
        "dots": dots,
        "height": len(dots) * 22 + 4,
        "ticks": [(place(value), signed(value, 0)) for value in (-half, -half / 2, 0, half / 2, half)],
        "band": (place(-SEVERITY_LIMIT), round(2 * SEVERITY_LIMIT * unit, 1)),
        "middle": middle,
    }


def _gauges(row: Coefficients) -> list[Gauge]:
    from examsite.statistics.agreement import LEAST_ALPHA, LEAST_KAPPA  # noqa: PLC0415 - numbers when needed
    from examsite.statistics.figures import is_low  # noqa: PLC0415 - numbers when needed
    from examsite.statistics.intraclass import LEAST_ICC  # noqa: PLC0415 - numbers when needed

    def place(value: float | None) -> float:
        inside = min(max(value or 0.0, COEFFICIENT_FROM), 1.0)
        return round((inside - COEFFICIENT_FROM) / (1 - COEFFICIENT_FROM) * COEFFICIENT_WIDTH, 1)

    return [
        Gauge(
            name=name,
            value=value,
            limit=limit,
            is_low=is_low(value, limit),
            x=place(value.value),
            low=place(value.low if value.low is not None else value.value),
            high=place(value.high if value.high is not None else value.value),
            limit_x=place(limit),
        )
        for name, value, limit in (
            (_("ICC, trung bình hai lượt"), row.icc2k, LEAST_ICC),
            (_("Kappa trọng số"), row.kappa, LEAST_KAPPA),
            (_("Alpha Krippendorff"), row.alpha, LEAST_ALPHA),
        )
    ]


def _seed_plot(rows: tuple[MarkerFigures, ...], *, limit: float) -> dict[str, Any]:
    most = max((len(row.seeds) for row in rows), default=0)
    reach = max((abs(error) for row in rows for error in row.seeds), default=0.0)
    # Beyond four times the limit a mark is drawn at the edge, so that the limits themselves stay apart.
    top = min(max(limit * 1.5, ceil(reach / 2.5) * 2.5), limit * 4)
    middle = (SEEDS_TOP + SEEDS_BOTTOM) / 2

    def height(error: float) -> float:
        return round(middle - max(-top, min(error, top)) / top * (SEEDS_BOTTOM - SEEDS_TOP) / 2, 1)

    def along(number: int) -> float:
        return round(SEEDS_LEFT + (number - 1) * (SEEDS_RIGHT - SEEDS_LEFT) / max(most - 1, 1), 1)

    return {
        "most": most,
        "lines": [
            Line(
                row.marker,
                tuple((along(number), height(error)) for number, error in enumerate(row.seeds, start=1)),
                row.advice in (Advice.DECIDE, Advice.TALK, Advice.REPLACED),
            )
            for row in reversed(rows)
            if row.seeds
        ],
        "zero": height(0),
        "limits": (height(limit), height(-limit)),
        "ticks": [(along(number), number) for number in range(1, most + 1)],
        "left": SEEDS_LEFT,
        "right": SEEDS_RIGHT,
    }
