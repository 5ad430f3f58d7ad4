"""What a person may change in a rule set before it is frozen, and what in it is surely not meant.

For the edit form of a draft. What is typed becomes the competition's own choice; its source says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from examsite.domain.errors import InvalidError
from examsite.domain.ruleset_figures import FigureKind, FigureSpec
from examsite.domain.ruleset_model import (
    OWN_CHOICE,
    BlindPairPart,
    Figure,
    PanelPart,
    RuleSet,
    attribute_of,
    check_ruleset,
)
from examsite.domain.rulesets import WORD_CLASSES
from examsite.domain.scores import Score, is_multiple, parse_score


def changeable_figures(ruleset: RuleSet) -> tuple[Figure, ...]:
    """The figures that the edit form of a draft may change."""
    return tuple(figure for figure in ruleset.figures() if figure.spec.editable)


def with_changes(ruleset: RuleSet, changes: Mapping[str, str]) -> RuleSet:
    """The rule set with some figures as a person typed them; each that differs is now the competition's own choice.

    Raises:
        InvalidError: `figure_not_changeable`, `figure_not_readable`, or a code of `check_ruleset`, each with `field`.
    """
    known = {figure.key: figure for figure in changeable_figures(ruleset)}
    changed: dict[str, Any] = {}
    for key, typed in changes.items():
        if key not in known:
            raise InvalidError("figure_not_changeable", field=key)
        value = _typed(known[key].spec, typed, key)
        if value != known[key].value:
            changed[key] = value
    result = replace(
        ruleset,
        **{attribute_of(known[key].spec): value for key, value in changed.items() if known[key].part is None},
        parts=tuple(
            replace(
                part,
                **{
                    attribute_of(known[key].spec): value
                    for key, value in changed.items()
                    if key == f"{part.part}.{known[key].spec.key}"
                },
            )
            for part in ruleset.parts
        ),
        sources={**ruleset.sources, **dict.fromkeys(changed, OWN_CHOICE)},
    )
    check_ruleset(result)
    return result


def warnings(ruleset: RuleSet) -> tuple[InvalidError, ...]:
    """What is allowed but surely not meant, worded like errors; the edit page shows them.

    `rung_unreachable`: the step of the marks never gives a gap strictly between the two limits, so that no pair of
    marks is ever discussed. `step_misses_maximum`: the maximum is no multiple of the step. `weight_without_effect`:
    a part weighs nothing in the ranking.
    """
    found: list[InvalidError] = []
    for part in ruleset.parts:
        if isinstance(part, BlindPairPart):
            step, low, high = ruleset.written_mark_step, part.mean_at_most, part.third_from
            if (low // step + 1) * step >= high:
                found.append(InvalidError("rung_unreachable", field="written_mark_step", step=step, low=low, high=high))
        step_key = "defence_mark_step" if isinstance(part, PanelPart) else "written_mark_step"
        if not is_multiple(part.maximum, getattr(ruleset, step_key)):
            found.append(InvalidError("step_misses_maximum", field=step_key, part=part.part, maximum=part.maximum))
        if not part.weight:
            found.append(InvalidError("weight_without_effect", field=f"{part.part}.weight", part=part.part))
    return tuple(found)


def _typed(spec: FigureSpec, typed: str, key: str) -> Score | int | str:
    text = typed.strip()
    try:
        if spec.kind is FigureKind.SCORE:
            return parse_score(text)
        if spec.kind is FigureKind.COUNT:
            if not (text.isascii() and text.isdigit() and len(text) < 10):
                raise ValueError(text)
            return int(text)
        return WORD_CLASSES.get(spec.key, str)(text)
    except (InvalidError, ValueError):
        raise InvalidError("figure_not_readable", field=key, text=typed) from None
