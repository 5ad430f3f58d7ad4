"""Figures of a rule set in words: the value, its unit within the label, its source and how sure we are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from examsite.domain.errors import DomainError
from examsite.domain.permissions import Role
from examsite.domain.ruleset_figures import KEPT_BY_COUNCIL, FigureGroup, FigureKind
from examsite.domain.rulesets import Confidence, Figure, RuleSet
from examsite.web.errors import message_of
from examsite.web.formatting import format_points
from examsite.web.i18n import _, localised
from examsite.web.labels import LABELS, label
from examsite.web.labels.rulesets import WORDS


@dataclass(frozen=True)
class FigureRow:
    """One line of the rule-set page."""

    key: str
    label: str
    values: list[str]
    source: str
    confidence: Confidence
    editable: bool
    is_kept_by_council: bool

    @property
    def is_chosen(self) -> bool:
        """Whether no text states the figure, so that somebody chose it."""
        return self.confidence in (Confidence.OUR_CHOICE, Confidence.OWN_CHOICE)


@dataclass(frozen=True)
class FigureGroupRows:
    """The figures under one heading."""

    anchor: str
    title: str
    rows: list[FigureRow]


def figure_groups(ruleset: RuleSet) -> list[FigureGroupRows]:
    """Every figure under its heading: one for each part, then those of the whole."""
    groups: list[FigureGroupRows] = []
    for part in ruleset.parts:
        rows = [_row(ruleset, item) for item in ruleset.figures() if item.key.startswith(f"{part.part}.")]
        groups.append(FigureGroupRows(part.part, f"{localised(part.title, '')}: {label(part.kind)}", rows))
    for group in FigureGroup:
        rows = [_row(ruleset, item) for item in ruleset.figures() if item.part is None and item.spec.group is group]
        if rows:
            groups.append(FigureGroupRows(f"group-{group.value}", label(group), rows))
    return groups


def _row(ruleset: RuleSet, figure: Figure) -> FigureRow:
    return FigureRow(
        figure.key,
        localised(figure.label, ""),
        _values(ruleset, figure),
        localised(figure.source.text, ""),
        figure.source.confidence,
        figure.spec.editable,
        figure.spec.key in KEPT_BY_COUNCIL,
    )


def _values(ruleset: RuleSet, figure: Figure) -> list[str]:
    value: Any = figure.value
    match figure.spec.kind:
        case FigureKind.SCORE:
            return [format_points(value)]
        case FigureKind.FLAG:
            return [_("Có") if value else _("Không")]
        case FigureKind.WORD:
            return [value_word(figure.spec.key, value)]
        case FigureKind.WORDS:
            return [_part_or_word(ruleset, figure.spec.key, item) for item in value]
        case FigureKind.ITEMS:
            return [localised(item.text, "") for item in value]
        case FigureKind.PAIRS:
            return [" – ".join(_role_word(item) for item in pair) for pair in value]
        case FigureKind.MEASURES:
            return [_measure(item) for item in value]
        case _:
            return [str(value)]


def value_word(key: str, value: str) -> str:
    """A word that stands as the value of a figure."""
    if isinstance(value, StrEnum) and type(value) in LABELS:
        return label(value)
    return str(WORDS.get(key, {}).get(str(value), value))


def _part_or_word(ruleset: RuleSet, key: str, item: str) -> str:
    for part in ruleset.parts:
        if part.part == item:
            return localised(part.title, "")
    return value_word(key, item)


def _role_word(item: str) -> str:
    return label(Role(item)) if item in set(Role) else item


def _measure(item: Any) -> str:
    words = localised(item.text, "")
    percent: Decimal | None = item.percent
    if percent is None:
        return _("%(measure)s: phần thi bị hủy", measure=words)
    return _("%(measure)s: trừ %(percent)s %% điểm", measure=words, percent=format_points(percent))


def warnings_in_words(found: Sequence[DomainError]) -> list[str]:
    """Warnings about a draft's rule set as sentences."""
    return [message_of(item) for item in found]
