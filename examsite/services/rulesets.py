"""The rule set of a competition: copied from a preset, changed while a draft, read by everyone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import ConflictError, NotFoundError
from examsite.domain.events import Event
from examsite.domain.ladders import get_ladder
from examsite.domain.permissions import Role
from examsite.domain.ruleset_drafts import with_changes
from examsite.domain.rulesets import RuleSet, ruleset_from_toml, ruleset_to_toml
from examsite.services.context import ServiceContext
from examsite.services.records import record
from examsite.storage.models.competitions import Competition

PRESETS = Path(__file__).parent / "presets"


def list_presets() -> list[RuleSet]:
    """The rule sets that come with the product, by name."""
    return [_parsed(path.read_text(encoding="utf-8")) for path in sorted(PRESETS.glob("*.toml"))]


def get_preset(name: str) -> RuleSet:
    """One rule set that comes with the product.

    Raises:
        NotFoundError: `preset_not_found`.
    """
    for preset in list_presets():
        if preset.name == name:
            return preset
    raise NotFoundError("preset_not_found", preset=name)


def ruleset_of(competition: Competition) -> RuleSet:
    """The rule set of a competition, draft or frozen."""
    return _parsed(competition.ruleset_toml)


def change_ruleset(ctx: ServiceContext, competition: Competition, changes: Mapping[str, str]) -> RuleSet:
    """Change figures of a draft as a person typed them; each that differs becomes the competition's own choice.

    Raises:
        ConflictError: `ruleset_frozen`.
        InvalidError: the codes of `with_changes`, each with the `field` at fault.
        NotAllowedError: `role_needed`.
    """
    ctx.require(Role.ORGANISER, competition_id=competition.id)
    if competition.state is not CompetitionState.DRAFT:
        raise ConflictError("ruleset_frozen")
    before = ruleset_of(competition)
    after = with_changes(before, changes)
    old = {figure.key: figure.value for figure in before.figures()}
    changed = sorted(figure.key for figure in after.figures() if figure.value != old[figure.key])
    if changed:
        competition.ruleset_toml = ruleset_to_toml(after)
        payload = {"part": "ruleset", "figures": changed}
        record(ctx, competition, Event.COMPETITION_CHANGED, f"competition/{competition.code}", payload)
    return after


def choose_ladder(ctx: ServiceContext, competition: Competition, key: str) -> RuleSet:
    """Give a draft the figures of one of the ladders that come with the product.

    Raises:
        ConflictError: `ruleset_frozen`.
        InvalidError: `ladder_not_known`, or a code of `with_changes`.
        NotAllowedError: `role_needed`.
    """
    ctx.require(Role.ORGANISER, competition_id=competition.id)
    return change_ruleset(ctx, competition, get_ladder(key).changes(ruleset_of(competition).blind_pair()))


@lru_cache(maxsize=1)
def ladder_simulation() -> dict[str, Any]:
    """What each ladder did in the published simulation: its assumptions and one row of figures per ladder."""
    found: dict[str, Any] = json.loads((PRESETS / "ladder_simulation.json").read_text(encoding="utf-8"))
    return found


# Values are frozen and the text decides everything, so one reading serves every request.
@lru_cache(maxsize=128)
def _parsed(text: str) -> RuleSet:
    return ruleset_from_toml(text)
