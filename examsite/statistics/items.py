"""How well the items of an objective part work: facility, discrimination, distractors, and the part as a whole.

For the council before results: an item outside its band is looked at and decided by two people. Nothing here changes a
key or a score.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt
from statistics import fmean
from typing import Final

from examsite.statistics.figures import CONFIDENCE, Figure, IntervalKind, NoFigure, Points
from examsite.statistics.intervals import f_quantile, fisher_ends, mean_figure, wilson_ends

LEAST_DISCRIMINATION: Final = 0.15
"""Corrected point-biserial below which people decide. Source: our choice, because Ebel & Frisbie, Essentials of
Educational Measurement (1991), want revision below .20, and the correction takes some off in a short part."""
LEAST_FACILITY: Final = 0.20
"""Share of the points below which people decide. Source: our choice, because guessing among four gives .25."""
MOST_FACILITY: Final = 0.95
"""Share of the points above which people decide. Source: our choice, because hardly anyone is told apart there."""

_LEAST_SCRIPTS = 3  # A correlation over two scripts is always 1 or −1.
_TINY = 1e-12


class ItemFlag(StrEnum):
    """Why an item is to be decided by people."""

    TOO_HARD = "too_hard"
    TOO_EASY = "too_easy"
    LOW_DISCRIMINATION = "low_discrimination"


@dataclass(frozen=True, slots=True)
class ItemBand:
    """Inside which an item needs no decision; its ends still belong to it."""

    discrimination: float = LEAST_DISCRIMINATION
    facility: tuple[float, float] = (LEAST_FACILITY, MOST_FACILITY)


@dataclass(frozen=True, slots=True)
class Item:
    """What is known of an item before anyone answers it.

    Attributes:
        code: of the item.
        maximum: points.
        options: keys of all options on offer, none for an item without options.
        right: keys that the answer key names.
    """

    code: str
    maximum: Points
    options: tuple[str, ...] = ()
    right: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ItemResult:
    """What one script got for one item, and which options were chosen (none: left blank)."""

    script: str
    item: str
    points: Points
    chosen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OptionFigures:
    """How one option was taken.

    Attributes:
        option: key.
        right: whether the answer key names it.
        chosen: by how many.
        share: of all scripts with this item.
        mean_rest: mean points that those who chose it got for the other items.
        discrimination: correlation of choosing it with the points of the other items; a right option should be above
            zero and a wrong one below.
    """

    option: str
    right: bool
    chosen: int
    share: Figure
    mean_rest: Figure
    discrimination: Figure


@dataclass(frozen=True, slots=True)
class ItemFigures:
    """How one item works.

    Attributes:
        code: of the item.
        scripts: with a result for it.
        blank: of these, without any chosen option (items with options only).
        facility: mean share of the points.
        discrimination: corrected point-biserial, the correlation with the points of all other items.
        alpha_without: Cronbach's alpha of the part without this item.
        options: in the order of the item.
        flags: for which of its figures the item lies outside the band.
    """

    code: str
    scripts: int
    blank: int
    facility: Figure
    discrimination: Figure
    alpha_without: Figure
    options: tuple[OptionFigures, ...]
    flags: frozenset[ItemFlag]


@dataclass(frozen=True, slots=True)
class PartFigures:
    """How an objective part works as a whole.

    Attributes:
        items: in the order given.
        scripts: with a result for every item; correlations and coefficients rest on them.
        alpha: Cronbach's alpha.
        kr20: Kuder and Richardson's formula 20; equals alpha where all items carry the same points.
    """

    items: tuple[ItemFigures, ...]
    scripts: int
    alpha: Figure
    kr20: Figure


@dataclass(frozen=True, slots=True)
class _Whole:
    """The scripts with a result for every item, one column an item."""

    scripts: Sequence[str]
    columns: Mapping[str, Sequence[float]]
    totals: Sequence[float]
    squares: Mapping[str, float]

    def rest(self, item: str) -> list[float]:
        return [total - own for total, own in zip(self.totals, self.columns[item], strict=True)]


def analyse_items(items: Sequence[Item], results: Iterable[ItemResult], *, band: ItemBand | None = None) -> PartFigures:
    """Every figure of an objective part.

    Facility rests on all results of the item; whatever compares it with the others rests on the scripts that have a
    result for every item.

    Args:
        items: of the part; maxima above zero.
        results: an item that was left blank has a result of zero points.
        band: outside which people decide.

    Raises:
        ValueError: for a second result of a script for an item, an unknown item or option, or a maximum of zero.

    Source: Lord & Novick, Statistical Theories of Mental Test Scores (1968); correction for the item itself:
    Henrysson, Psychometrika 28 (1963) 211-218.
    """
    found = _by_item(items, results)
    whole = _whole(items, found)
    limits = ItemBand() if band is None else band
    return PartFigures(
        items=tuple(_item(item, found[item.code], whole, limits) for item in items),
        scripts=len(whole.totals),
        alpha=_alpha(list(whole.columns.values()), found),
        kr20=_kr20(items, whole, found),
    )


def cronbach_alpha(columns: Sequence[Sequence[Points]]) -> Figure:
    """Cronbach's alpha of items (columns) over scripts, with Feldt's interval.

    Source: Cronbach, Psychometrika 16 (1951) 297-334; Feldt, Psychometrika 30 (1965) 357-370.
    """
    table = [[float(points) for points in column] for column in columns]
    scripts = len(table[0]) if table else 0
    if scripts == 0:
        return Figure.none(NoFigure.NO_SCRIPTS)
    return _alpha_of([_squares(column) for column in table], [sum(row) for row in zip(*table, strict=True)])


def _by_item(items: Sequence[Item], results: Iterable[ItemResult]) -> dict[str, dict[str, ItemResult]]:
    known = {item.code: item for item in items}
    if len(known) < len(items) or any(float(item.maximum) <= 0 for item in items):
        raise ValueError("items differ, and each has points")
    found: dict[str, dict[str, ItemResult]] = {code: {} for code in known}
    for result in results:
        if result.item not in known or not set(result.chosen) <= set(known[result.item].options):
            raise ValueError("an item and its options are known")
        if result.script in found[result.item]:
            raise ValueError("one script, one item, one result")
        found[result.item][result.script] = result
    return found


def _whole(items: Sequence[Item], found: Mapping[str, Mapping[str, ItemResult]]) -> _Whole:
    scripts = sorted(set.intersection(*(set(found[item.code]) for item in items))) if items else []
    columns = {item.code: [float(found[item.code][script].points) for script in scripts] for item in items}
    squares = {code: _squares(column) for code, column in columns.items() if column}
    return _Whole(scripts, columns, [sum(row) for row in zip(*columns.values(), strict=True)], squares)


def _reason_against(scripts: int, found: Mapping[str, Mapping[str, ItemResult]]) -> NoFigure | None:
    """Why nothing can be compared, if so."""
    if not any(found.values()):
        return NoFigure.NO_SCRIPTS
    if scripts == 0:
        return NoFigure.INCOMPLETE
    return NoFigure.ONE_ITEM if len(found) < 2 else None


def _alpha(columns: Sequence[Sequence[float]], found: Mapping[str, Mapping[str, ItemResult]]) -> Figure:
    scripts = len(columns[0]) if columns else 0
    reason = _reason_against(scripts, found)
    return cronbach_alpha(columns) if reason is None else Figure.none(reason, scripts)


def _alpha_of(squares: Sequence[float], totals: Sequence[float]) -> Figure:
    """Alpha from the sum of squares of each item and the totals over these items."""
    scripts, count, whole = len(totals), len(squares), _squares(totals)
    if count < 2:
        return Figure.none(NoFigure.ONE_ITEM, scripts)
    if scripts < _LEAST_SCRIPTS:
        return Figure.none(NoFigure.TOO_FEW_SCRIPTS, scripts)
    if whole <= _TINY:
        return Figure.none(NoFigure.NO_SPREAD, scripts)
    alpha = count / (count - 1) * (1 - sum(squares) / whole)
    above, below = scripts - 1, (scripts - 1) * (count - 1)
    ends = (
        1 - (1 - alpha) * f_quantile((1 + CONFIDENCE) / 2, above, below),
        1 - (1 - alpha) * f_quantile((1 - CONFIDENCE) / 2, above, below),
    )
    return Figure.of(alpha, scripts, ends=ends, interval=IntervalKind.F)


def _kr20(items: Sequence[Item], whole: _Whole, found: Mapping[str, Mapping[str, ItemResult]]) -> Figure:
    shares = [[points / float(item.maximum) for points in whole.columns[item.code]] for item in items]
    if any(share not in {0.0, 1.0} for column in shares for share in column):
        return Figure.none(NoFigure.GRADED, len(whole.totals))
    return _alpha(shares, found)


def _item(item: Item, own: Mapping[str, ItemResult], whole: _Whole, band: ItemBand) -> ItemFigures:
    shares = [float(own[script].points) / float(item.maximum) for script in sorted(own)]
    facility = _facility(shares)
    discrimination = _against_rest(whole.columns[item.code], whole, item.code)
    others = [squares for code, squares in whole.squares.items() if code != item.code]
    return ItemFigures(
        code=item.code,
        scripts=len(own),
        blank=sum(not result.chosen for result in own.values()) if item.options else 0,
        facility=facility,
        discrimination=discrimination,
        alpha_without=_alpha_of(others, whole.rest(item.code))
        if whole.scripts
        else Figure.none(NoFigure.INCOMPLETE if own else NoFigure.NO_SCRIPTS),
        options=tuple(_option(key, item, own, whole) for key in item.options),
        flags=_flags(facility, discrimination, band),
    )


def _facility(shares: Sequence[float]) -> Figure:
    cases = len(shares)
    if cases == 0:
        return Figure.none(NoFigure.NO_SCRIPTS)
    if all(share in {0.0, 1.0} for share in shares):
        hits = sum(share > 0 for share in shares)
        return Figure.of(hits / cases, cases, ends=wilson_ends(hits, cases), interval=IntervalKind.WILSON)
    return mean_figure(shares)


def _against_rest(values: Sequence[float], whole: _Whole, item: str) -> Figure:
    """The correlation of some value of each whole script with its points for all items but this one."""
    scripts = len(whole.totals)
    if len(whole.columns) < 2:
        return Figure.none(NoFigure.ONE_ITEM, scripts)
    if scripts == 0:
        return Figure.none(NoFigure.INCOMPLETE)
    if scripts < _LEAST_SCRIPTS:
        return Figure.none(NoFigure.TOO_FEW_SCRIPTS, scripts)
    rest = whole.rest(item)
    spread = _squares(values) * _squares(rest)
    if spread <= _TINY:
        return Figure.none(NoFigure.NO_SPREAD, scripts)
    middle, middle_rest = fmean(values), fmean(rest)
    common = sum((own - middle) * (other - middle_rest) for own, other in zip(values, rest, strict=True))
    # Rounding may carry a perfect correlation a hair beyond 1.
    correlation = max(-1.0, min(1.0, common / sqrt(spread)))
    ends = fisher_ends(correlation, scripts)
    return Figure.of(correlation, scripts, ends=ends, interval=None if ends is None else IntervalKind.FISHER)


def _option(key: str, item: Item, own: Mapping[str, ItemResult], whole: _Whole) -> OptionFigures:
    chosen = sum(key in result.chosen for result in own.values())
    takers = [float(key in own[script].chosen) for script in whole.scripts]
    rest = [points for points, took in zip(whole.rest(item.code), takers, strict=True) if took]
    return OptionFigures(
        option=key,
        right=key in item.right,
        chosen=chosen,
        share=Figure.of(chosen / len(own), len(own), ends=wilson_ends(chosen, len(own)), interval=IntervalKind.WILSON)
        if own
        else Figure.none(NoFigure.NO_SCRIPTS),
        mean_rest=Figure.of(fmean(rest), len(rest)) if rest else Figure.none(NoFigure.TOO_FEW_SCRIPTS),
        discrimination=_against_rest(takers, whole, item.code),
    )


def _flags(facility: Figure, discrimination: Figure, band: ItemBand) -> frozenset[ItemFlag]:
    flags = set()
    if facility.value is not None and facility.value < band.facility[0]:
        flags.add(ItemFlag.TOO_HARD)
    if facility.value is not None and facility.value > band.facility[1]:
        flags.add(ItemFlag.TOO_EASY)
    if discrimination.value is not None and discrimination.value < band.discrimination:
        flags.add(ItemFlag.LOW_DISCRIMINATION)
    return frozenset(flags)


def _squares(values: Sequence[float]) -> float:
    """Sum of squares around the mean."""
    middle = fmean(values)
    return sum((value - middle) ** 2 for value in values)
