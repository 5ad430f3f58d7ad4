"""Where a person may go after the log-in: one door for each competition and role."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.competitions import CompetitionState, next_event
from examsite.domain.permissions import Role
from examsite.storage.database import db
from examsite.storage.queries.accounts import list_assignments, list_second_factors
from examsite.storage.queries.corrections import defence_state, find_standing_correction
from examsite.storage.queries.explanations import count_open_explanations_of
from examsite.storage.queries.gate_signatures import read_gate_signing
from examsite.web.access import logged_in, principal
from examsite.web.auth import bp
from examsite.web.i18n import localised, ngettext
from examsite.web.labels import label

if TYPE_CHECKING:
    from examsite.storage.models.competitions import Competition

#: The first page of each role in a competition.
DESKS: dict[Role, str] = {
    Role.ORGANISER: "organiser.show_desk",
    Role.CHAIR: "council.show_desk",
    Role.COUNCIL_MEMBER: "council.show_desk",
    Role.AUTHORITY: "authority.show_desk",
    Role.SETTER: "setter.show_desk",
    Role.KEEPER: "keeper.show_desk",
    Role.INVIGILATOR: "invigilator.list_sittings",
    Role.MARKER: "marker.list_scripts",
    Role.MARKING_HEAD: "marker.show_gaps",
    Role.PANELLIST: "panel.list_defences",
    Role.PANEL_HEAD: "panel.list_defences",
    Role.SUPERVISOR: "supervisor.show_desk",
}

#: The first page of a role that is not held in a competition.
WIDE_DESKS: dict[Role, str] = {
    Role.ADMINISTRATOR: "administrator.list_accounts",
    Role.ORGANISER: "organiser.list_competitions",
    Role.AUTHORITY: "authority.list_competitions",
}


_S = CompetitionState
#: The steps in which a role has work; once the list is fixed, every board declares relations. Who is not named
#: (organiser, supervisor) has some in every step that is not over.
BUSY: dict[Role, frozenset[CompetitionState]] = {
    Role.CHAIR: frozenset({_S.ROSTERED, _S.WRITTEN, _S.MARKING, _S.PROPOSALS, _S.DEFENCE, _S.RANKED}),
    Role.COUNCIL_MEMBER: frozenset({_S.ROSTERED, _S.RANKED}),
    Role.AUTHORITY: frozenset({_S.RANKED}),
    Role.SETTER: frozenset({_S.DRAFT, _S.ANNOUNCED, _S.RECEIVING, _S.VETTING, _S.ROSTERED}),
    Role.KEEPER: frozenset({_S.ROSTERED, _S.WRITTEN}),
    Role.INVIGILATOR: frozenset({_S.ROSTERED, _S.WRITTEN, _S.DEFENCE}),
    Role.MARKER: frozenset({_S.ROSTERED, _S.MARKING, _S.APPEALS}),
    Role.MARKING_HEAD: frozenset({_S.ROSTERED, _S.MARKING, _S.APPEALS}),
    Role.PANELLIST: frozenset({_S.ROSTERED, _S.DEFENCE}),
    Role.PANEL_HEAD: frozenset({_S.ROSTERED, _S.DEFENCE}),
}
_OVER = frozenset({_S.PUBLISHED, _S.CLOSED})
#: Who has work again while a published result is corrected.
_CORRECTING = frozenset(
    {Role.ORGANISER, Role.CHAIR, Role.COUNCIL_MEMBER, Role.AUTHORITY, Role.MARKER, Role.MARKING_HEAD}
)


@dataclass(frozen=True)
class Door:
    """One way in: the role, where it counts, and the address (None: nothing to do there yet)."""

    role: Role
    role_label: str
    place: str
    detail: str
    url: str | None
    is_busy: bool = True


@bp.get("/home")
@logged_in
def show_home() -> ResponseReturnValue:
    """The doors of this person; straight through when there is only one."""
    person = principal()
    doors = [] if person is None else _doors(person.account_id, is_candidate=person.candidacy_id is not None)
    if len(doors) == 1 and doors[0].url is not None:
        return redirect(doors[0].url)
    needs_factor = person is not None and bool(person.held) and not list_second_factors(db.session(), person.account_id)
    return render_template("auth/show_home.html", doors=doors, needs_factor=needs_factor)


@bp.get("/council/")
@bp.get("/invigilator/")
@logged_in
def find_door() -> ResponseReturnValue:
    """The door of a role whose list of competitions is the list of doors itself."""
    return redirect(url_for("auth.show_home"))


def _doors(account_id: int, *, is_candidate: bool) -> list[Door]:
    doors = []
    if is_candidate:
        doors.append(Door(Role.CANDIDATE, label(Role.CANDIDATE), "", "", url_for("candidate.show_home")))
    wide: dict[Role, list[str]] = {}
    for item in list_assignments(db.session(), account_id):
        competition = item.competition
        if competition is not None:
            detail = f"{competition.code} · {localised(competition.body, 'name')} · {label(competition.state)}"
            url = url_for(DESKS[item.role], code=competition.code)
            questions = count_open_explanations_of(db.session(), competition.id, account_id, item.role)
            if questions:
                detail += " · " + ngettext(
                    "%(num)d đề nghị giải trình chờ trả lời", "%(num)d đề nghị giải trình chờ trả lời", questions
                )
            is_busy = (
                questions > 0
                or defence_state(db.session(), competition) in BUSY.get(item.role, frozenset(_S) - _OVER)
                or _is_waited_for(competition, item.role)
            )
            doors.append(Door(item.role, label(item.role), localised(competition, "title"), detail, url, is_busy))
        else:
            wide.setdefault(item.role, []).append(localised(item.body, "name") if item.body is not None else "")
    doors.sort(key=lambda door: not door.is_busy)  # stable: where this person's step is comes first
    for role, places in wide.items():
        first = url_for(WIDE_DESKS[role]) if role in WIDE_DESKS else None
        doors.insert(0, Door(role, label(role), ", ".join(filter(None, places)), "", first))
    return doors


def _is_waited_for(competition: Competition, role: Role) -> bool:
    """Whether a step that is usually quiet for this role waits for it: a gate to sign, a correction of the result."""
    if role in (Role.CHAIR, Role.COUNCIL_MEMBER):
        event = next_event(competition.state)
        signing = None if event is None else read_gate_signing(db.session(), competition, event)
        if signing is not None and signing.outcome is None:
            return True
    return role in _CORRECTING and find_standing_correction(db.session(), competition) is not None
