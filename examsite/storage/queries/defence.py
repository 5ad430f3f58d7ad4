"""Reads of defences: for the panel (never another member's sheet before the scores are shown), for the result.

`find_own_sheet` is the only read of a sheet before the reveal that carries points; `list_members_at` says who has
locked and nothing more, and is for the head alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from examsite.domain.canonical import parse_instant
from examsite.domain.competitions import Missing
from examsite.domain.errors import NotFoundError
from examsite.domain.events import Event
from examsite.domain.marking import MarkState
from examsite.domain.panels import PART, SCORES_SHOWN, DefenceState
from examsite.domain.payloads import read_payload
from examsite.domain.permissions import Role
from examsite.domain.result_entries import DecisionEntry, MarkEntry, PartEntry
from examsite.domain.rubrics import points_from_data
from examsite.domain.scores import Score
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.competitions import Competition
from examsite.storage.models.dossiers import Candidacy
from examsite.storage.models.marking import Mark, Settlement
from examsite.storage.models.proposals import Defence
from examsite.storage.models.records import RecordLog, RecordRow
from examsite.storage.queries.conflicts import list_recusals
from examsite.storage.queries.proposals import list_standings

#: The one session in which all defences of a competition are held.
SESSION_SUBJECT = "session/DEFENCE"

#: A member's own first mark, and what the member changed after the discussion.
# Source: the published format of `result.json`: a change is the same member's mark of round 2.
ROUND = 1
CHANGED_ROUND = 2


@dataclass(frozen=True)
class DefenceResult:
    """What the result is computed from for one candidate who reached the defence."""

    candidacy_id: int
    code: str
    post: str
    entry: PartEntry
    step: str
    score: Score | None


def list_defences(session: Session, competition_id: int) -> list[Defence]:
    """All defences in the drawn order, with candidate and post."""
    return list(
        session.scalars(
            select(Defence)
            .options(joinedload(Defence.candidacy).joinedload(Candidacy.post))
            .where(Defence.competition_id == competition_id)
            .order_by(Defence.position)
        )
    )


def get_defence(session: Session, competition_id: int, position: int, *, for_update: bool = False) -> Defence:
    """The defence at one place of the drawn order, with candidate and post; its row locked for an act on it.

    Raises:
        NotFoundError: `defence_not_found`.
    """
    statement = (
        select(Defence)
        .options(joinedload(Defence.candidacy).joinedload(Candidacy.post))
        .where(Defence.competition_id == competition_id, Defence.position == position)
        .execution_options(populate_existing=True)
    )
    if for_update:
        statement = statement.with_for_update(of=Defence)
    found = session.scalars(statement).one_or_none()
    if found is None:
        raise NotFoundError("defence_not_found")
    return found


def find_defence_of(session: Session, candidacy_id: int) -> Defence | None:
    """One candidate's defence, or None before the draw."""
    return session.scalars(select(Defence).where(Defence.candidacy_id == candidacy_id)).one_or_none()


def list_members(session: Session, competition_id: int) -> list[RoleAssignment]:
    """The members of the panel who score, with their accounts, by pseudonym."""
    return list(
        session.scalars(
            select(RoleAssignment)
            .options(joinedload(RoleAssignment.account))
            .where(
                RoleAssignment.competition_id == competition_id,
                RoleAssignment.role == Role.PANELLIST,
                RoleAssignment.revoked_at.is_(None),
            )
            .order_by(RoleAssignment.pseudonym)
        )
    )


def list_leaders(session: Session, competition_id: int, candidacy_id: int) -> set[int]:
    """The accounts that may lead the defence of this candidate: see `map_leaders`."""
    return map_leaders(session, competition_id, [candidacy_id])[candidacy_id]


def map_leaders(session: Session, competition_id: int, candidacy_ids: Iterable[int]) -> dict[int, set[int]]:
    """The accounts that may lead the defence of each candidate: the panel's head, in the head's place the chair.

    The chair leads only where no head of the panel may; empty where neither may, until a head is named anew.

    Source: our choice, because TT 22/2025/TT-BNV art. 23(7b) keeps a relative away and names no deputy.
    """
    recusals = list_recusals(session, competition_id)
    holders: dict[Role, set[int]] = {Role.PANEL_HEAD: set(), Role.CHAIR: set()}
    for role, account_id in session.execute(
        select(RoleAssignment.role, RoleAssignment.account_id).where(
            RoleAssignment.competition_id == competition_id,
            RoleAssignment.role.in_(holders),
            RoleAssignment.revoked_at.is_(None),
        )
    ):
        holders[role].add(account_id)

    def may_lead(role: Role, candidacy_id: int) -> set[int]:
        return {account_id for account_id in holders[role] if (account_id, candidacy_id) not in recusals}

    return {
        candidacy_id: may_lead(Role.PANEL_HEAD, candidacy_id) or may_lead(Role.CHAIR, candidacy_id)
        for candidacy_id in candidacy_ids
    }


def find_council_name(session: Session, competition_id: int, account_ids: Collection[int | None]) -> str | None:
    """The pseudonym under which one of these people sits, or sat, on the council of a competition."""
    return session.scalars(
        select(RoleAssignment.pseudonym)
        .where(
            RoleAssignment.competition_id == competition_id,
            RoleAssignment.account_id.in_(account_ids),
            RoleAssignment.role.in_((Role.CHAIR, Role.COUNCIL_MEMBER)),
        )
        .order_by(RoleAssignment.id.desc())
        .limit(1)
    ).one_or_none()


def list_agreed_excuses(session: Session, competition: Competition, subject: str) -> set[tuple[str, str]]:
    """Whom the council agreed to leave out of a defence and who agreed, as (member, pseudonym of the council)."""
    rows = session.execute(
        select(RecordRow.actor, RecordRow.payload)
        .join(RecordLog, RecordLog.id == RecordRow.log_id)
        .where(
            RecordLog.code == competition.code,
            RecordRow.event == Event.EXCUSE_AGREED.value,
            RecordRow.subject == subject,
        )
    )
    return {(read_payload(payload)["member"], actor.partition("/")[2]) for actor, payload in rows if payload}


def find_own_sheet(session: Session, defence_id: int, assignment_id: int | None) -> Mark | None:
    """A member's own sheet of a defence, draft or locked."""
    return session.scalars(
        select(Mark).where(
            Mark.defence_id == defence_id,
            Mark.assignment_id == assignment_id,
            Mark.round == ROUND,
            Mark.state != MarkState.WITHDRAWN,
        )
    ).one_or_none()


def find_changed_sheet(session: Session, defence_id: int, assignment_id: int | None) -> Mark | None:
    """What a member changed after the discussion, or None."""
    return session.scalars(
        select(Mark).where(
            Mark.defence_id == defence_id,
            Mark.assignment_id == assignment_id,
            Mark.round == CHANGED_ROUND,
            Mark.state != MarkState.WITHDRAWN,
        )
    ).one_or_none()


def list_own_states(session: Session, competition_id: int, assignment_id: int | None) -> dict[int, MarkState]:
    """How far a member's own sheets are, by defence."""
    rows = session.execute(
        select(Mark.defence_id, Mark.state)
        .join(Defence, Defence.id == Mark.defence_id)
        .where(
            Defence.competition_id == competition_id,
            Mark.assignment_id == assignment_id,
            Mark.round == ROUND,
            Mark.state != MarkState.WITHDRAWN,
        )
    )
    return {defence_id: state for defence_id, state in rows if defence_id is not None}


def list_members_at(session: Session, defence_id: int, state: MarkState) -> set[str]:
    """Pseudonyms of those whose first sheet is in this state; no points."""
    return {
        name or ""
        for name in session.scalars(
            select(RoleAssignment.pseudonym)
            .join(Mark, Mark.assignment_id == RoleAssignment.id)
            .where(Mark.defence_id == defence_id, Mark.round == ROUND, Mark.state == state)
        )
    }


def list_locked_marks(session: Session, defence_ids: Iterable[int]) -> list[Mark]:
    """Every locked mark of these defences with its member, by pseudonym."""
    return list(
        session.scalars(
            select(Mark)
            .options(joinedload(Mark.assignment))
            .join(RoleAssignment, RoleAssignment.id == Mark.assignment_id)
            .where(Mark.defence_id.in_(list(defence_ids)), Mark.state == MarkState.LOCKED)
            .order_by(Mark.defence_id, Mark.round, RoleAssignment.pseudonym)
        )
    )


def list_shown_marks(session: Session, defence: Defence) -> list[Mark]:
    """The members' marks side by side, once the head has revealed them; nothing before. Who may see them: the page."""
    return list_locked_marks(session, [defence.id]) if defence.state in SCORES_SHOWN else []


def list_first_totals(session: Session, competition_id: int, *, hidden: Collection[int] = ()) -> list[dict[str, Score]]:
    """The members' first totals by pseudonym, one set for each defence whose scores were shown. For the head.

    `hidden` are the candidacies from which the head is kept away.
    """
    shown = [
        row.id
        for row in list_defences(session, competition_id)
        if row.state in SCORES_SHOWN and row.candidacy_id not in hidden
    ]
    found: dict[int | None, dict[str, Score]] = {}
    for mark in list_locked_marks(session, shown):
        if mark.round == ROUND and mark.assignment is not None and mark.total is not None:
            found.setdefault(mark.defence_id, {})[mark.assignment.pseudonym or ""] = mark.total
    return list(found.values())


def find_settlement(session: Session, defence_id: int) -> Settlement | None:
    """The head's decision on a defence, or None."""
    return session.scalars(select(Settlement).where(Settlement.defence_id == defence_id)).one_or_none()


def find_attendance_at(session: Session, competition: Competition, *, after_seq: int = 0) -> datetime | None:
    """When the attendance at the defence was last put on record, or None; only after this record, if one is named."""
    text = session.scalars(
        select(RecordRow.at)
        .join(RecordLog, RecordLog.id == RecordRow.log_id)
        .where(
            RecordLog.code == competition.code,
            RecordRow.event == Event.ATTENDANCE_RECORDED.value,
            RecordRow.subject == SESSION_SUBJECT,
            RecordRow.seq > after_seq,
        )
        .order_by(RecordRow.seq.desc())
        .limit(1)
    ).one_or_none()
    return None if text is None else parse_instant(text)


def defence_results(
    session: Session, competition: Competition, *, defending: Collection[int] | None = None
) -> list[DefenceResult]:
    """For everyone who stands in the defence: marks, decision, score, or absence; by post and public code.

    A candidate without a locked proposal is absent, as is one whose absence the invigilator recorded. Marks appear
    only once they were revealed. `defending` is `list_defending_ids`, where that is known already.
    """
    defences = {row.candidacy_id: row for row in list_defences(session, competition.id)}
    shown = [row.id for row in defences.values() if row.state in SCORES_SHOWN]
    marks = list_locked_marks(session, shown)
    decisions = {
        row.defence_id: DecisionEntry(row.record_seq, row.score)
        for row in session.scalars(select(Settlement).where(Settlement.defence_id.in_(shown)))
    }
    results = []
    for standing in list_standings(session, competition, defending=defending):
        candidacy = standing.candidacy
        defence = defences.get(candidacy.id)
        has_proposal = standing.last is not None and standing.last.locked_at is not None
        absent = not has_proposal or (defence is not None and defence.state is DefenceState.ABSENT)
        own = tuple(_mark_entry(mark) for mark in marks if defence is not None and mark.defence_id == defence.id)
        results.append(
            DefenceResult(
                candidacy_id=candidacy.id,
                code=candidacy.public_code or "",
                post=candidacy.post.code,
                entry=PartEntry(
                    part=PART,
                    absent=absent,
                    marks=own,
                    decision=decisions.get(defence.id) if defence is not None else None,
                ),
                step="" if defence is None else defence.step,
                score=None if defence is None else defence.score,
            )
        )
    return sorted(results, key=lambda item: (item.post, item.code))


def list_missing_defence(session: Session, competition: Competition, _now: datetime) -> list[Missing]:
    """Before the ranking: an order was drawn, every defence came to its end, and who was absent is on record.

    Source: TT 22/2025/TT-BNV art. 19-22 (each defence has at least two marks and one score).
    """
    # Who passed is computed from every script: only where nobody was called to a defence.
    is_drawn = bool(list_defences(session, competition.id)) or not any(
        row.last is not None for row in list_standings(session, competition)
    )
    return missing_in_defences(session, competition, is_drawn=is_drawn)


def missing_in_defences(
    session: Session, competition: Competition, *, is_drawn: bool, after_seq: int = 0
) -> list[Missing]:
    """What is left of a round of defences, its attendance put on record after `after_seq`."""
    states = dict(
        session.execute(
            select(Defence.state, func.count()).where(Defence.competition_id == competition.id).group_by(Defence.state)
        ).all()
    )
    missing = [] if is_drawn else [Missing("order_not_drawn", Role.CHAIR)]
    open_ones = sum(
        count
        for state, count in states.items()
        if state not in (DefenceState.SETTLED, DefenceState.ABSENT, DefenceState.REVEALED)
    )
    if open_ones:
        missing.append(Missing("defences_not_over", Role.PANEL_HEAD, {"count": open_ones}))
    if states.get(DefenceState.REVEALED):
        missing.append(Missing("panel_gaps_undecided", Role.PANEL_HEAD, {"count": states[DefenceState.REVEALED]}))
    if find_attendance_at(session, competition, after_seq=after_seq) is None:
        missing.append(Missing("defence_attendance_missing", Role.INVIGILATOR))
    return missing


def _mark_entry(mark: Mark) -> MarkEntry:
    return MarkEntry(
        seq=mark.record_seq or 0,
        marker=(mark.assignment.pseudonym or "") if mark.assignment is not None else "",
        round=mark.round,
        points=points_from_data(mark.points),
    )
