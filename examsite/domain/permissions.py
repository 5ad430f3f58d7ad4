"""Who may hold which role, and which roles may not meet in one person.

Roles are held in one competition (council, boards, organiser), at a body (who may open competitions there, who may
approve for it) or over the installation (administrator). Separation of duties is default deny: two roles in one
competition may meet in one person only where `COMPATIBLE` says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from examsite.domain.errors import ConflictError


class Role(StrEnum):
    """The people of a competition."""

    CANDIDATE = "candidate"
    ORGANISER = "organiser"
    CHAIR = "chair"
    COUNCIL_MEMBER = "council_member"
    AUTHORITY = "authority"
    SETTER = "setter"
    KEEPER = "keeper"
    INVIGILATOR = "invigilator"
    MARKER = "marker"
    MARKING_HEAD = "marking_head"
    PANELLIST = "panellist"
    PANEL_HEAD = "panel_head"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"


# Source: design of the record log; kinds and letters are our choice, because a reader must tell boards apart.
ACTOR_KINDS: dict[Role, str] = {
    Role.ORGANISER: "organiser",
    Role.CHAIR: "council",
    Role.COUNCIL_MEMBER: "council",
    Role.AUTHORITY: "authority",
    Role.SETTER: "setter",
    Role.KEEPER: "keeper",
    Role.INVIGILATOR: "invigilator",
    Role.MARKER: "marker",
    Role.MARKING_HEAD: "head",
    Role.PANELLIST: "panel",
    Role.PANEL_HEAD: "head",
    Role.SUPERVISOR: "supervisor",
    Role.ADMINISTRATOR: "administrator",
}

# Source: our choice, because a pseudonym must show the board and nothing of the person.
PSEUDONYM_LETTERS: dict[Role, str] = {
    Role.ORGANISER: "T",
    Role.CHAIR: "C",
    Role.COUNCIL_MEMBER: "C",
    Role.AUTHORITY: "A",
    Role.SETTER: "D",
    Role.KEEPER: "K",
    Role.INVIGILATOR: "V",
    Role.MARKER: "M",
    Role.MARKING_HEAD: "H",
    Role.PANELLIST: "G",
    Role.PANEL_HEAD: "B",
    Role.SUPERVISOR: "S",
    Role.ADMINISTRATOR: "Q",
}

#: Roles granted inside one competition.
COMPETITION_ROLES: tuple[Role, ...] = (
    Role.ORGANISER,
    Role.CHAIR,
    Role.COUNCIL_MEMBER,
    Role.AUTHORITY,
    Role.SETTER,
    Role.KEEPER,
    Role.INVIGILATOR,
    Role.MARKER,
    Role.MARKING_HEAD,
    Role.PANELLIST,
    Role.PANEL_HEAD,
    Role.SUPERVISOR,
)

#: Roles granted at a body: who may open competitions there, and who may approve for it.
BODY_ROLES: tuple[Role, ...] = (Role.ORGANISER, Role.AUTHORITY)

#: Roles of which a competition has exactly one holder.
# Source: TT 22/2025 art. 4-5 (one chair, one head of each board); ND 170/2025 art. 17 (one approving head).
SINGLE_ROLES: frozenset[Role] = frozenset({Role.CHAIR, Role.AUTHORITY, Role.MARKING_HEAD, Role.PANEL_HEAD})

# Source: TT 22/2025 art. 5(4c) and 23: nobody on two boards that run together, follow one another or touch
# confidential material; the secretary is a member of the council (ND 170/2025 art. 8(1)); panel membership of
# council members is our choice, because small bodies have no other senior people.
COMPATIBLE: frozenset[frozenset[Role]] = frozenset(
    {
        frozenset({Role.ORGANISER, Role.COUNCIL_MEMBER}),
        frozenset({Role.COUNCIL_MEMBER, Role.PANELLIST}),
        frozenset({Role.PANELLIST, Role.PANEL_HEAD}),
    }
)


def are_compatible(first: Role, second: Role) -> bool:
    """Whether one person may hold both roles in one competition."""
    return first == second or frozenset({first, second}) in COMPATIBLE


def check_roles_together(held: Iterable[Role], added: Role) -> None:
    """Refuse a role that may not meet one already held in the same competition.

    Raises:
        ConflictError: `roles_not_compatible`, naming the role already held.
    """
    for role in held:
        if not are_compatible(role, added):
            raise ConflictError("roles_not_compatible", held=role, added=added)


def actor_name(role: Role, pseudonym: str) -> str:
    """The actor as the record log writes it, e.g. `marker/M03`."""
    return f"{ACTOR_KINDS[role]}/{pseudonym}"
