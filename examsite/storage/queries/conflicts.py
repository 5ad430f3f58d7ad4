"""Reads of what people of the boards declared about their relations to candidates."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from examsite.domain.conflicts import DECLARING, HintKind, Known, find_conflict_hints
from examsite.domain.dossiers import CandidacyState
from examsite.domain.marking import ScriptKind
from examsite.domain.panels import DefenceState
from examsite.domain.permissions import Role
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.dossiers import Candidacy, ConflictDeclaration, ConflictRuling
from examsite.storage.models.marking import Allocation, Script
from examsite.storage.models.proposals import Defence


@dataclass(frozen=True)
class HintedPair:
    """A person of a board and a candidate with something in common, and what was judged about them so far."""

    holder: RoleAssignment
    candidacy: Candidacy
    hints: tuple[HintKind, ...]
    ruling: ConflictRuling | None
    is_declared: bool
    #: What one person of the council judged and a second one has not said yet.
    pending: ConflictRuling | None = None
    #: Why the person wants a declared relation taken back; empty: nothing is asked.
    asked_back: str = ""

    @property
    def is_open(self) -> bool:
        """Whether somebody has to judge: nobody did, or a further hint came up; a declared relation settles it."""
        known = set() if self.ruling is None else set(self.ruling.hints)
        return not self.is_declared and not {hint.value for hint in self.hints} <= known

    @property
    def is_waiting(self) -> bool:
        """Whether the council has something to say, if only a second time or about a relation to be taken back."""
        return self.is_open or self.pending is not None or bool(self.asked_back)

    @property
    def is_judged(self) -> bool:
        """Whether the council may judge: a declared relation stands, as long as the person does not ask."""
        return not self.is_declared or bool(self.asked_back)


@dataclass(frozen=True)
class Declaration:
    """What one person declared: when, and with whom there is a relation (candidacy: relation)."""

    declared_at: datetime
    conflicts: dict[int, str]
    unit: str = ""
    hometown: str = ""
    #: The relations that the person wants taken back; they stand until the council agrees.
    asked_back: frozenset[int] = frozenset()


def list_final_candidacies(session: Session, competition_id: int) -> list[Candidacy]:
    """The final list: everyone with a candidate number, in its order, with their posts."""
    return list(
        session.scalars(
            select(Candidacy)
            .options(joinedload(Candidacy.post))
            .where(
                Candidacy.competition_id == competition_id,
                Candidacy.state == CandidacyState.ELIGIBLE,
                Candidacy.candidate_number.is_not(None),
            )
            .order_by(Candidacy.candidate_number, Candidacy.id)
        )
    )


def find_declaration(session: Session, competition_id: int, account_id: int | None) -> Declaration | None:
    """What a person declared in a competition, in whatever role, or None before any declaration."""
    rows = list(
        session.scalars(
            select(ConflictDeclaration)
            .join(RoleAssignment, RoleAssignment.id == ConflictDeclaration.assignment_id)
            .where(RoleAssignment.competition_id == competition_id, RoleAssignment.account_id == account_id)
            .order_by(ConflictDeclaration.id)
        )
    )
    if not rows:
        return None
    return Declaration(
        declared_at=max(row.declared_at for row in rows),
        conflicts={row.candidacy_id: row.relation for row in rows if row.candidacy_id is not None},
        unit=rows[-1].unit,
        hometown=rows[-1].hometown,
        asked_back=frozenset(
            row.candidacy_id for row in rows if row.candidacy_id is not None and row.asked_back_at is not None
        ),
    )


def list_declared_accounts(session: Session, competition_id: int) -> set[int]:
    """The accounts that declared anything, even that there is nothing to declare."""
    return set(
        session.scalars(
            select(RoleAssignment.account_id)
            .join(ConflictDeclaration, ConflictDeclaration.assignment_id == RoleAssignment.id)
            .where(RoleAssignment.competition_id == competition_id)
        )
    )


def count_undeclared(session: Session, competition_id: int) -> dict[Role, int]:
    """How many holders of each declaring role have not declared in any role; no entry where nobody owes it."""
    declared = list_declared_accounts(session, competition_id)
    held = session.execute(
        select(RoleAssignment.role, RoleAssignment.account_id).where(
            RoleAssignment.competition_id == competition_id,
            RoleAssignment.revoked_at.is_(None),
            RoleAssignment.role.in_(DECLARING),
        )
    )
    owed = Counter(role for role, account_id in held if account_id not in declared)
    return {role: owed[role] for role in DECLARING if owed[role]}


def list_recused_accounts(session: Session, competition_id: int, candidacy_id: int | None = None) -> set[int]:
    """The accounts with a relation to this candidate, or to any of the competition, declared or judged."""
    pairs = list_recusals(session, competition_id)
    return {account for account, candidacy in pairs if candidacy_id is None or candidacy == candidacy_id}


def list_recused_candidacies(session: Session, competition_id: int, account_id: int | None) -> set[int]:
    """The candidacies to which this person has a relation, declared or judged."""
    return {candidacy for account, candidacy in list_recusals(session, competition_id) if account == account_id}


def list_recusals(session: Session, competition_id: int) -> set[tuple[int, int]]:
    """Who is kept away from whom, as (account, candidacy): by the own word or by the council's judgement."""
    declared = session.execute(
        select(RoleAssignment.account_id, ConflictDeclaration.candidacy_id)
        .join(ConflictDeclaration, ConflictDeclaration.assignment_id == RoleAssignment.id)
        .where(RoleAssignment.competition_id == competition_id)
    )
    return {pair for pair, row in list_rulings(session, competition_id).items() if row.is_barred} | {
        (account_id, candidacy_id) for account_id, candidacy_id in declared if candidacy_id is not None
    }


def list_unclear(session: Session, competition_id: int) -> set[int]:
    """The accounts that hold a declaring role and of whom nobody can say yet whom they stand near to.

    They have declared nothing, or something that hints at a relation has not been judged. Whoever draws or decides asks
    this beside `list_recusals`, so that somebody who joins later is asked what the first ones were asked.
    """
    held = session.scalars(
        select(RoleAssignment.account_id).where(
            RoleAssignment.competition_id == competition_id,
            RoleAssignment.revoked_at.is_(None),
            RoleAssignment.role.in_(DECLARING),
        )
    )
    hinted = {pair.holder.account_id for pair in list_hinted_pairs(session, competition_id) if pair.is_open}
    return (set(held) - list_declared_accounts(session, competition_id)) | hinted


def list_roles_of(session: Session, competition_id: int, account_id: int | None) -> list[RoleAssignment]:
    """Every role that a person holds or held in a competition."""
    return list(
        session.scalars(
            select(RoleAssignment)
            .where(RoleAssignment.competition_id == competition_id, RoleAssignment.account_id == account_id)
            .order_by(RoleAssignment.id)
        )
    )


def has_work_begun(session: Session, competition_id: int, account_id: int | None) -> bool:
    """Whether anything was done that rests on what this person declared or was judged about.

    A defence began; or scripts were given to markers, which touches everybody who does not sit on the panel alone.
    """
    held = select(Defence.id).where(Defence.competition_id == competition_id, Defence.state != DefenceState.SCHEDULED)
    if session.scalars(held.limit(1)).first() is not None:
        return True
    if {row.role for row in list_roles_of(session, competition_id, account_id)} <= {Role.PANELLIST, Role.PANEL_HEAD}:
        return False
    given = (
        select(Allocation.id)
        .join(Script, Script.id == Allocation.script_id)
        .where(Script.competition_id == competition_id, Script.kind == ScriptKind.LIVE)
    )
    return session.scalars(given.limit(1)).first() is not None


def list_rulings(session: Session, competition_id: int) -> dict[tuple[int, int], ConflictRuling]:
    """The judgement that counts for each pair (account, candidacy): the latest, if it needs no second person."""
    rows = session.scalars(
        select(ConflictRuling)
        .where(ConflictRuling.competition_id == competition_id, ConflictRuling.is_pending.is_(False))
        .order_by(ConflictRuling.id)
    )
    return {(row.account_id, row.candidacy_id): row for row in rows}


def list_pending_rulings(session: Session, competition_id: int) -> dict[tuple[int, int], ConflictRuling]:
    """What one person of the council judged and a second one has not said yet, for each pair."""
    rows = session.scalars(
        select(ConflictRuling).where(ConflictRuling.competition_id == competition_id).order_by(ConflictRuling.id)
    )
    latest = {(row.account_id, row.candidacy_id): row for row in rows}
    return {pair: row for pair, row in latest.items() if row.is_pending}


def list_hinted_pairs(session: Session, competition_id: int) -> list[HintedPair]:
    """Every pair with a hint or a judgement, those that wait for one first, then by candidate number.

    Computed from the present lists each time: whoever joins later is asked about then.
    """
    candidacies = list_final_candidacies(session, competition_id)
    if not candidacies:
        return []
    rulings = list_rulings(session, competition_id)
    pending = list_pending_rulings(session, competition_id)
    declared = _list_declared(session, competition_id)
    holders: dict[int, RoleAssignment] = {}
    for row in session.scalars(
        select(RoleAssignment)
        .options(joinedload(RoleAssignment.account))
        .where(
            RoleAssignment.competition_id == competition_id,
            RoleAssignment.revoked_at.is_(None),
            RoleAssignment.role.in_(DECLARING),
        )
        .order_by(RoleAssignment.id)
    ):
        holders.setdefault(row.account_id, row)
    known = {row.id: _known_candidate(row) for row in candidacies}
    found = []
    for account_id, holder in holders.items():
        told = declared[account_id]
        person = _known_person(holder, told)
        related = {row.candidacy_id for row in told}
        asked = {row.candidacy_id: row.asked_back_reason for row in told if row.asked_back_at is not None}
        for candidacy in candidacies:
            hints = find_conflict_hints(person, known[candidacy.id])
            pair = (account_id, candidacy.id)
            if hints or pair in rulings or pair in pending or candidacy.id in asked:
                found.append(
                    HintedPair(
                        holder,
                        candidacy,
                        hints,
                        rulings.get(pair),
                        candidacy.id in related,
                        pending=pending.get(pair),
                        asked_back=asked.get(candidacy.id, ""),
                    )
                )
    return sorted(
        found, key=lambda pair: (not pair.is_waiting, pair.candidacy.candidate_number or "", pair.holder.account_id)
    )


def count_open_hints(session: Session, competition_id: int) -> int:
    """How many pairs wait for a judgement."""
    return sum(1 for pair in list_hinted_pairs(session, competition_id) if pair.is_open)


def _list_declared(session: Session, competition_id: int) -> defaultdict[int, list[ConflictDeclaration]]:
    found: defaultdict[int, list[ConflictDeclaration]] = defaultdict(list)
    rows = session.execute(
        select(RoleAssignment.account_id, ConflictDeclaration)
        .join(RoleAssignment, RoleAssignment.id == ConflictDeclaration.assignment_id)
        .where(RoleAssignment.competition_id == competition_id)
        .order_by(ConflictDeclaration.id)
    )
    for account_id, row in rows:
        found[account_id].append(row)
    return found


def _known_person(holder: RoleAssignment, told: list[ConflictDeclaration]) -> Known:
    account = holder.account
    return Known(
        name=account.display_name,
        unit=told[-1].unit if told else "",
        position=account.position_title,
        hometown=told[-1].hometown if told else "",
        email=account.login if "@" in account.login else "",
    )


def _known_candidate(row: Candidacy) -> Known:
    return Known(name=row.full_name, unit=row.unit, hometown=row.hometown, phone=row.phone, email=row.email)
