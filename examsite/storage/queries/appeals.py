"""Reads of appeals and of the re-marks they led to.

Only pages and acts of the council and the candidate's own come here; no query for markers does. Like a pair of first
marks, re-marks are told to nobody before all that are due are locked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from examsite.domain.appeals import FIRST_REMARK, LEAST_REMARKERS, AppealState, remarks_due_at, round_word
from examsite.domain.competitions import Missing
from examsite.domain.errors import NotFoundError
from examsite.domain.marking import AppealPlace, MarkState, NeededAct, ScriptKind, settle_appeal
from examsite.domain.permissions import Role
from examsite.domain.result_entries import SYSTEM_ROUND, AppealEntry, DecisionEntry, MarkEntry
from examsite.domain.rubrics import points_from_data
from examsite.domain.rulesets import ruleset_from_toml
from examsite.domain.scores import ZERO, Score, sum_scores
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.appeals import Appeal
from examsite.storage.models.competitions import Competition
from examsite.storage.models.dossiers import Candidacy
from examsite.storage.models.marking import Allocation, Mark, Script
from examsite.storage.queries.marking import locked_marks, scripts_with_marks, written_part


@dataclass(frozen=True)
class AppealStanding:
    """One appeal as the council sees it."""

    appeal: Appeal
    #: The settled score before any deduction, that the appeal is against.
    before: Score
    #: Who marks anew: allocations that were not withdrawn, in the order in which they locked or were named.
    remarkers: tuple[Allocation, ...]
    #: Re-marks, once as many are locked as were due; none before.
    remarks: tuple[Mark, ...]
    system_total: Score
    settlement: AppealPlace

    @property
    def totals(self) -> tuple[Score, ...]:
        """Script totals of the re-marks that may be seen."""
        return tuple((mark.total or ZERO) + self.system_total for mark in self.remarks)

    @property
    def needs_third(self) -> bool:
        """Whether a third re-marker is due and nobody could be given the script."""
        return self.settlement.act is NeededAct.THIRD_MARKER and len(self.remarkers) <= LEAST_REMARKERS


def list_appeals(session: Session, competition_id: int) -> list[Appeal]:
    """Every appeal of a competition with its candidacy, by number."""
    return list(
        session.scalars(
            select(Appeal)
            .options(joinedload(Appeal.candidacy).joinedload(Candidacy.post))
            .where(Appeal.competition_id == competition_id)
            .order_by(Appeal.number)
        )
    )


def list_own_appeals(session: Session, candidacy_id: int) -> list[Appeal]:
    """A candidate's own appeals, the latest first."""
    return list(session.scalars(select(Appeal).where(Appeal.candidacy_id == candidacy_id).order_by(Appeal.id.desc())))


def find_standing_appeal(session: Session, candidacy_id: int, part: str, *, anew: bool = False) -> Appeal | None:
    """The candidate's appeal against this part that was not withdrawn; read anew where an act follows."""
    return session.scalars(
        select(Appeal)
        .where(Appeal.candidacy_id == candidacy_id, Appeal.part == part, Appeal.state != AppealState.WITHDRAWN)
        .execution_options(populate_existing=anew)
    ).one_or_none()


def get_appeal(session: Session, competition_id: int, number: int, *, for_update: bool = False) -> Appeal:
    """One appeal by its number, with its candidacy; with its row locked where an act follows.

    Raises:
        NotFoundError: `appeal_not_found`.
    """
    statement = (
        select(Appeal)
        .options(joinedload(Appeal.candidacy).joinedload(Candidacy.post))
        .where(Appeal.competition_id == competition_id, Appeal.number == number)
        .execution_options(populate_existing=True)
    )
    found = session.scalars(statement.with_for_update(of=Appeal) if for_update else statement).one_or_none()
    if found is None:
        raise NotFoundError("appeal_not_found")
    return found


def find_appeal_of_script(session: Session, competition_id: int, code: str) -> Appeal | None:
    """The appeal for which a script is marked anew, its row locked."""
    return session.scalars(
        select(Appeal)
        .where(Appeal.competition_id == competition_id, Appeal.script == code, Appeal.state != AppealState.WITHDRAWN)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def find_last_number(session: Session, competition_id: int) -> int:
    """The number of the newest appeal, 0 before the first."""
    return session.scalar(select(func.max(Appeal.number)).where(Appeal.competition_id == competition_id)) or 0


def get_appealed_script(session: Session, competition_id: int, code: str) -> Script:
    """The script of an appeal with everything that was marked on it, read anew.

    Raises:
        NotFoundError: `script_not_found`.
    """
    found = _scripts(session, competition_id, [code])
    if not found:
        raise NotFoundError("script_not_found", script=code)
    return found[0]


def list_appeal_standings(session: Session, competition: Competition) -> list[AppealStanding]:
    """Every appeal that was not withdrawn with where its re-marking stands, by number."""
    appeals = [row for row in list_appeals(session, competition.id) if row.state is not AppealState.WITHDRAWN]
    scripts = {row.code: row for row in _scripts(session, competition.id, [row.script for row in appeals])}
    return [_standing(competition, row, scripts[row.script]) for row in appeals if row.script in scripts]


def get_appeal_standing(session: Session, competition: Competition, number: int) -> AppealStanding:
    """One appeal with where its re-marking stands.

    Raises:
        NotFoundError: `appeal_not_found`.
    """
    appeal = get_appeal(session, competition.id, number)
    return _standing(competition, appeal, get_appealed_script(session, competition.id, appeal.script))


def remarks_of(script: Script) -> list[Mark]:
    """The locked re-marks of a script by round."""
    known = [mark for mark in script.marks if mark.round >= FIRST_REMARK and mark.state is MarkState.LOCKED]
    return sorted(known, key=lambda mark: mark.round)


def system_total_of(script: Script) -> Score:
    """What the system's mark of a script comes to."""
    return sum_scores(mark.total or ZERO for mark in locked_marks(script.marks) if mark.round == SYSTEM_ROUND)


def appeal_entries(
    session: Session, competition: Competition, candidacy_id: int | None = None
) -> dict[str, AppealEntry]:
    """The appeals that are settled, by script, as the rules of the result take them; of one candidate where given."""
    statement = select(Appeal).where(Appeal.competition_id == competition.id, Appeal.state == AppealState.SETTLED)
    if candidacy_id is not None:
        statement = statement.where(Appeal.candidacy_id == candidacy_id)
    appeals = {row.script: row for row in session.scalars(statement)}
    return {script.code: _entry(appeals[script.code], script) for script in _scripts(session, competition.id, appeals)}


def list_first_markers(session: Session, competition_id: int) -> set[str]:
    """The pseudonyms of everybody who was given a candidate's script in the first rounds."""
    rows = session.scalars(
        select(RoleAssignment.pseudonym)
        .join(Allocation, Allocation.assignment_id == RoleAssignment.id)
        .join(Script, Script.id == Allocation.script_id)
        .where(
            Script.competition_id == competition_id,
            Script.kind == ScriptKind.LIVE,
            Allocation.round < FIRST_REMARK,
        )
        .distinct()
    )
    return {str(pseudonym) for pseudonym in rows}


def count_remarks_given(session: Session, competition_id: int) -> Counter[str]:
    """How many re-marks each marker was given, by pseudonym."""
    rows = session.scalars(
        select(RoleAssignment.pseudonym)
        .join(Allocation, Allocation.assignment_id == RoleAssignment.id)
        .join(Script, Script.id == Allocation.script_id)
        .where(
            Script.competition_id == competition_id,
            Allocation.round >= FIRST_REMARK,
            Allocation.withdrawn_at.is_(None),
        )
    )
    return Counter(str(pseudonym) for pseudonym in rows)


def count_locked_remarks(session: Session, script_id: int) -> int:
    """How many re-marks of a script are locked."""
    statement = select(func.count(Mark.id)).where(
        Mark.script_id == script_id, Mark.round >= FIRST_REMARK, Mark.state == MarkState.LOCKED
    )
    return session.scalar(statement) or 0


def missing_before_appeals_close(session: Session, competition: Competition, now: datetime) -> list[Missing]:
    """What keeps the appeals open: the window that candidates were promised, then every appeal without an end."""
    closes_at = competition.appeals_close_at
    if closes_at is None or closes_at > now:
        return [Missing("appeal_window_open", Role.ORGANISER, {"until": closes_at})]
    counted = Counter(row.state for row in list_appeals(session, competition.id))
    due = remarks_due_at(closes_at, ruleset_from_toml(competition.ruleset_toml).remark_days)
    owed = (
        (AppealState.SUBMITTED, "appeals_without_markers", Role.CHAIR),
        (AppealState.REMARKING, "appeals_being_marked", Role.MARKER),
        (AppealState.DECIDING, "appeals_undecided", Role.CHAIR),
    )
    return [
        Missing(code, owner, {"count": counted[state], "until": due}) for state, code, owner in owed if counted[state]
    ]


def _standing(competition: Competition, appeal: Appeal, script: Script) -> AppealStanding:
    remarkers = sorted(
        (row for row in script.allocations if row.round >= FIRST_REMARK and row.withdrawn_at is None),
        key=lambda row: (row.round, row.id),
    )
    remarks = remarks_of(script)
    before, system = script.score or ZERO, system_total_of(script)
    decided = appeal.score if appeal.decided_seq is not None else None
    totals = [(mark.total or ZERO) + system for mark in remarks]
    settlement = settle_appeal(written_part(competition), before, totals, decided=decided)
    return AppealStanding(
        appeal=appeal,
        before=before,
        remarkers=tuple(remarkers),
        remarks=tuple(remarks) if len(remarks) >= LEAST_REMARKERS else (),
        system_total=system,
        settlement=settlement,
    )


def _entry(appeal: Appeal, script: Script) -> AppealEntry:
    decision = None
    if appeal.decided_seq is not None and appeal.score is not None:
        decision = DecisionEntry(seq=appeal.decided_seq, score=appeal.score)
    return AppealEntry(
        marks=tuple(
            MarkEntry(
                seq=mark.record_seq or 0,
                marker="" if mark.assignment is None else str(mark.assignment.pseudonym),
                round=round_word(mark.round),
                points=points_from_data(mark.points),
            )
            for mark in remarks_of(script)
        ),
        decision=decision,
    )


def _scripts(session: Session, competition_id: int, codes: Iterable[str]) -> Sequence[Script]:
    return scripts_with_marks(session, Script.competition_id == competition_id, Script.code.in_(list(codes)))
