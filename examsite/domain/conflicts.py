"""Which relations to a candidate keep a person of a board away, how they are declared, and what hints at one.

A person without any such relation declares exactly that; silence is not a declaration. A hint decides
nothing: a person of the council judges it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import InvalidError
from examsite.domain.names import strip_accents
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

#: People who work side by side, and from when on: nobody judges about somebody of the own board then.
# Source: our choice, because whoever keeps a colleague away from a candidate moves that candidate's score.
BOARDS: Final = (
    (CompetitionState.MARKING, frozenset({Role.MARKER, Role.MARKING_HEAD})),
    (CompetitionState.DEFENCE, frozenset({Role.PANELLIST, Role.PANEL_HEAD})),
)


def share_board(first: Iterable[Role], second: Iterable[Role], state: CompetitionState) -> bool:
    """Whether two people, by the roles each holds, sit on one board whose work has been opened.

    Source: our choice, because TT 22/2025/TT-BNV art. 23(7b) says not who judges what was not declared.
    """
    return any(state.has_reached(begins) and board & {*first} and board & {*second} for begins, board in BOARDS)


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


class HintKind(StrEnum):
    """What two people have in common that may mean a relation."""

    SAME_UNIT = "same_unit"
    SURNAME_AND_HOMETOWN = "surname_and_hometown"
    SAME_PHONE = "same_phone"
    EMAIL_DOMAIN = "email_domain"


@dataclass(frozen=True)
class Known:
    """What is known of one person, each member empty where nothing is."""

    name: str
    unit: str = ""
    position: str = ""
    hometown: str = ""
    phone: str = ""
    email: str = ""


OPEN_MAIL: Final = frozenset(
    ("gmail.com", "yahoo.com", "yahoo.com.vn", "outlook.com", "hotmail.com", "icloud.com", "live.com")
)
"""Where anybody may have a mailbox. Source: our choice, because a shared provider says nothing of two people."""

_LEAST_UNIT: Final = 2
_LEAST_PHONE: Final = 8
# Words without which two ways of writing one place or unit are the same.
_FILLING: Final = frozenset(
    ["xa", "phuong", "thi", "tran", "quan", "huyen", "tinh", "thanh", "pho", "tp", "dac", "khu"]
)


def find_conflict_hints(person: Known, candidate: Known) -> tuple[HintKind, ...]:
    """What a person of a board and a candidate have in common, for somebody to judge; nothing for most pairs.

    Spelling of tones and capitals is passed over. A surname alone never counts: two in five people share one.

    Source: our choice, because TT 22/2025/TT-BNV art. 23(7b) names kin and says not how the undeclared is found.
    """
    found = []
    if _is_same_unit(person, candidate):
        found.append(HintKind.SAME_UNIT)
    if _surname(person.name) == _surname(candidate.name) and _is_same_place(person.hometown, candidate.hometown):
        found.append(HintKind.SURNAME_AND_HOMETOWN)
    phones = [re.sub(r"[^0-9]", "", known.phone) for known in (person, candidate)]
    if phones[0] == phones[1] and len(phones[0]) >= _LEAST_PHONE and len(set(phones[0][4:])) > 1:
        found.append(HintKind.SAME_PHONE)
    domains = [known.email.rpartition("@")[2].strip().lower() for known in (person, candidate)]
    if domains[0] == domains[1] and domains[0] and domains[0] not in OPEN_MAIL:
        found.append(HintKind.EMAIL_DOMAIN)
    return tuple(found)


def _words_of(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"[a-z0-9]+", strip_accents(text).lower()))


def _surname(name: str) -> str:
    return name.strip().split(" ")[0].lower() if name.strip() else ""


def _is_same_unit(person: Known, candidate: Known) -> bool:
    unit = _words_of(candidate.unit)
    if len(unit) < _LEAST_UNIT:
        return False
    if unit == _words_of(person.unit):
        return True
    # "Trưởng phòng Kế hoạch" stands in "Phòng Kế hoạch": the title often says the unit.
    position = _words_of(person.position)
    return any(position[start : start + len(unit)] == unit for start in range(len(position) - len(unit) + 1))


def _is_same_place(first: str, second: str) -> bool:
    places = [tuple(word for word in _words_of(text) if word not in _FILLING) for text in (first, second)]
    return bool(places[0]) and places[0] == places[1]
