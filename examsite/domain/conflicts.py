"""Which relations to a candidate keep a person of a board away, and whether a declaration says so in known words.

A person without any such relation declares exactly that; silence is not a declaration.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from examsite.domain.errors import InvalidError
from examsite.domain.permissions import Role

#: Who declares: everybody whose act touches what a candidate gets, but those who only approve or look on.
# Source: TT 22/2025/TT-BNV art. 23(7b) for the boards; the organiser is our choice, because seats and rooms are theirs.
DECLARING = (
    Role.ORGANISER,
    Role.CHAIR,
    Role.COUNCIL_MEMBER,
    Role.SETTER,
    Role.KEEPER,
    Role.INVIGILATOR,
    Role.MARKER,
    Role.MARKING_HEAD,
    Role.PANELLIST,
    Role.PANEL_HEAD,
)

#: A relation that no list foresees and that may still cast doubt.
# Source: our choice, because TT 22/2025/TT-BNV art. 23(7b) lists kin only, and whoever doubts must be able to yield.
OTHER_RELATION = "other"


def check_conflicts(conflicts: Mapping[int, str], *, candidacies: Iterable[int], relations: Iterable[str]) -> None:
    """Refuse a declaration about people who are not on the list, or in words that the rule set does not know.

    Raises:
        InvalidError: `conflict_not_on_list`, `relation_not_known`.

    Source: TT 22/2025/TT-BNV art. 23(7b); the relations are data of the rule set.
    """
    if set(conflicts) - set(candidacies):
        raise InvalidError("conflict_not_on_list")
    if set(conflicts.values()) - {*relations, OTHER_RELATION}:
        raise InvalidError("relation_not_known")
