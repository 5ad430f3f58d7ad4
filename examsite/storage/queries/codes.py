"""What is read around the code map: before the cut, for conflicts while it is closed, and, once open, for results."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from examsite.domain.attempts import AttemptState
from examsite.domain.competitions import CompetitionState, GateEvent
from examsite.domain.errors import ConflictError, NotFoundError
from examsite.domain.events import Event
from examsite.domain.marking import AppealPlace, LadderPlace
from examsite.domain.papers import Paper, paper_from_data
from examsite.domain.ranking import PartOutcome, compute_part
from examsite.domain.result_entries import AppealEntry, DeductionEntry, PartEntry
from examsite.domain.results import settle_appeal_of, settle_part
from examsite.domain.rubrics import Rubric
from examsite.domain.ruleset_model import BlindPairPart
from examsite.domain.sittings import IncidentState
from examsite.storage.models.competitions import Competition, GatePassage
from examsite.storage.models.dossiers import Candidacy
from examsite.storage.models.marking import CodeEntry, Script
from examsite.storage.models.marking import Settlement as DecidedGap
from examsite.storage.models.ranking import Deduction
from examsite.storage.models.records import RecordLog, RecordRow
from examsite.storage.models.sittings import Attempt, Incident, Sitting
from examsite.storage.queries.appeals import appeal_entries
from examsite.storage.queries.marking import (
    WRITTEN,
    ScriptStanding,
    find_decision,
    list_decisions,
    list_scripts_with_marks,
    script_entry,
    scripts_with_marks,
    standing_of,
    written_part,
)
from examsite.storage.queries.records import get_log, get_record

SCRIPT_CODES = "script-codes"
ALLOCATION = "allocation"

#: Of somebody who was there.
SEALABLE = (AttemptState.HANDED_IN, AttemptState.CLOSED)


@dataclass(frozen=True)
class WrittenResult:
    """One rostered candidate's written part after the codes were opened.

    `entry` is what the result document is made of; `settlement` is None where the candidate was absent or the part
    is void; `outcome.score` is the score after deductions, `outcome.passed` the pass mark's verdict.
    """

    candidacy_id: int
    candidate_number: str
    public_code: str
    full_name: str
    post_code: str
    rubric: Rubric | None
    entry: PartEntry
    settlement: LadderPlace | None
    #: What replaced the settled score, once an appeal is settled.
    appeal: AppealPlace | None
    outcome: PartOutcome

    @property
    def absent(self) -> bool:
        """Whether the candidate did not sit the test."""
        return self.outcome.absent

    @property
    def void(self) -> bool:
        """Whether the part was annulled."""
        return self.outcome.void

    @property
    def passed(self) -> bool:
        """Whether the score after deductions reaches the pass mark."""
        return self.outcome.passed


def written_results(session: Session, competition: Competition) -> list[WrittenResult]:
    """The written part of every rostered candidate, by post and public code: the one place that computes it.

    Raises:
        ConflictError: `codes_not_opened` before the code map was opened.
    """
    return _results(session, competition, None)


def find_written_result(session: Session, competition: Competition, candidacy_id: int) -> WrittenResult | None:
    """One candidate's own written part, once the written results are published; None before."""
    if not competition.state.has_reached(CompetitionState.APPEALS):
        return None
    return next(iter(_results(session, competition, candidacy_id)), None)


def _results(session: Session, competition: Competition, candidacy_id: int | None) -> list[WrittenResult]:
    if not competition.state.has_reached(CompetitionState.MERGED):
        raise ConflictError("codes_not_opened")
    part = written_part(competition)
    statement = (
        select(Candidacy)
        .options(joinedload(Candidacy.post))
        .where(Candidacy.competition_id == competition.id, Candidacy.candidate_number.is_not(None))
    )
    if candidacy_id is not None:
        statement = statement.where(Candidacy.id == candidacy_id)
    entries = _script_entries(session, competition, candidacy_id)
    appeals = appeal_entries(session, competition, candidacy_id)
    deductions = _deductions(session, competition.id)
    void = _void_candidacies(session, competition.id)
    found = [
        _written_result(part, row, entries.get(row.id), deductions[row.id], appeals=appeals, void=row.id in void)
        for row in session.scalars(statement)
    ]
    return sorted(found, key=lambda result: (result.post_code, result.public_code))


def find_own_work(session: Session, competition: Competition, result: WrittenResult) -> tuple[Paper, dict[str, str]]:
    """The paper and the essays behind a published result, for the candidate whose result it is.

    Raises:
        NotFoundError: `script_not_found`, when there is no script (absent).
    """
    script = session.scalars(
        select(Script)
        .options(joinedload(Script.paper))
        .where(Script.competition_id == competition.id, Script.code == result.entry.script)
    ).one_or_none()
    if script is None:
        raise NotFoundError("script_not_found", script="–")
    return paper_from_data(script.paper.data), {part["item"]: part["text"] for part in script.content}


def find_own_choices(session: Session, competition: Competition, result: WrittenResult) -> dict[str, Any]:
    """What was answered to each objective question, by item, as it was handed in; for the candidate whose result it is.

    Empty where there is no script, or where the record was erased.
    """
    statement = (
        select(CodeEntry.answers_seq)
        .join(Script, Script.id == CodeEntry.script_id)
        .where(Script.competition_id == competition.id, Script.code == result.entry.script)
    )
    seq = session.scalars(statement).one_or_none()
    if seq is None:
        return {}
    row = get_record(session, get_log(session, competition.code).id, seq)
    return {one["item"]: one["content"] for one in row.content.get("answers", [])}


def get_own_standing(
    session: Session, competition: Competition, result: WrittenResult
) -> tuple[ScriptStanding, Script]:
    """Where the ladder stood for the script behind a published result, and the script with all its marks.

    For the candidate whose result it is.

    Raises:
        NotFoundError: `script_not_found`, when there is no script (absent).
    """
    own = (Script.competition_id == competition.id, Script.code == result.entry.script)
    for script in scripts_with_marks(session, *own):
        paper = paper_from_data(script.paper.data)
        decision = find_decision(session, script.id)
        standing = standing_of(written_part(competition), script, paper, decision)
        if standing is not None:
            return standing, script
    raise NotFoundError("script_not_found", script="–")


def find_own_reason(session: Session, competition: Competition, result: WrittenResult) -> str:
    """Why a person decided the gap behind a published result, for the candidate whose result it is; empty without."""
    if result.settlement is None or result.entry.decision is None:
        return ""
    statement = (
        select(DecidedGap.reason)
        .join(Script, Script.id == DecidedGap.script_id)
        .where(
            Script.competition_id == competition.id,
            Script.code == result.entry.script,
            DecidedGap.withdrawn_at.is_(None),
        )
    )
    return session.scalars(statement).one_or_none() or ""


def _written_result(
    part: BlindPairPart,
    candidacy: Candidacy,
    known: tuple[PartEntry, Paper] | None,
    deductions: list[DeductionEntry],
    *,
    appeals: Mapping[str, AppealEntry],
    void: bool,
) -> WrittenResult:
    absent = known is None
    entry = PartEntry(part=WRITTEN) if known is None else known[0]
    entry = PartEntry(
        part=WRITTEN,
        paper=entry.paper,
        script=entry.script,
        absent=absent,
        void=void,
        marks=entry.marks,
        decision=entry.decision,
        appeal=None if entry.script is None else appeals.get(entry.script),
        deductions=tuple(deductions),
    )
    rubric = None if known is None else known[1].rubric
    settlement = None if rubric is None or void else settle_part(part, rubric, entry)
    appeal = None
    if rubric is not None and settlement is not None and settlement.score is not None:
        appeal = settle_appeal_of(part, rubric, entry, settlement.score)
    return WrittenResult(
        candidacy_id=candidacy.id,
        candidate_number=str(candidacy.candidate_number),
        public_code=str(candidacy.public_code),
        full_name=candidacy.full_name,
        post_code=candidacy.post.code,
        rubric=rubric,
        entry=entry,
        settlement=settlement,
        appeal=appeal,
        outcome=compute_part(
            part,
            settlement.score if settlement else None,
            appealed=appeal.score if appeal else None,
            percents=[deduction.percent for deduction in deductions],
            absent=absent,
            void=void,
        ),
    )


def _script_entries(
    session: Session, competition: Competition, candidacy_id: int | None
) -> dict[int, tuple[PartEntry, Paper]]:
    decisions = list_decisions(session, competition.id)
    owners = {
        row.script_id: row.candidacy_id
        for row in list_code_entries(session, competition.id)
        if candidacy_id in (None, row.candidacy_id)
    }
    papers: dict[int, Paper] = {}
    found = {}
    for script in list_scripts_with_marks(session, competition.id, owners):
        if script.paper_id not in papers:
            papers[script.paper_id] = paper_from_data(script.paper.data)
        paper = papers[script.paper_id]
        found[owners[script.id]] = (script_entry(script, paper, decisions.get(script.id)), paper)
    return found


def _deductions(session: Session, competition_id: int) -> dict[int, list[DeductionEntry]]:
    rows = session.scalars(
        select(Deduction)
        .join(Candidacy, Candidacy.id == Deduction.candidacy_id)
        .where(Candidacy.competition_id == competition_id, Deduction.part == WRITTEN)
        .order_by(Deduction.record_seq)
    )
    found: dict[int, list[DeductionEntry]] = defaultdict(list)
    for row in rows:
        found[row.candidacy_id].append(DeductionEntry(seq=row.record_seq, percent=row.percent))
    return found


def _void_candidacies(session: Session, competition_id: int) -> set[int]:
    return {
        incident.candidacy_id
        for incident in list_decided_incidents(session, competition_id)
        if incident.void and incident.candidacy_id is not None
    }


def list_decided_incidents(session: Session, competition_id: int) -> list[Incident]:
    """The incidents of a competition on which a measure was decided, with their candidates, by their records."""
    return list(
        session.scalars(
            select(Incident)
            .join(Sitting, Sitting.id == Incident.sitting_id)
            .options(joinedload(Incident.candidacy))
            .where(
                Sitting.competition_id == competition_id,
                Incident.state == IncidentState.DECIDED,
                Incident.candidacy_id.is_not(None),
            )
            .order_by(Incident.record_seq, Incident.id)
        )
    )


def list_sealable_attempts(session: Session, competition_id: int) -> list[Attempt]:
    """Every attempt of somebody who was there, with candidate and paper, by public code."""
    return list(
        session.scalars(
            select(Attempt)
            .join(Sitting, Sitting.id == Attempt.sitting_id)
            .join(Candidacy, Candidacy.id == Attempt.candidacy_id)
            # A paper is large and the same for many.
            .options(joinedload(Attempt.candidacy), selectinload(Attempt.paper))
            .where(
                Sitting.competition_id == competition_id,
                Attempt.state.in_(SEALABLE),
            )
            .order_by(Candidacy.public_code, Attempt.id)
        )
    )


def is_draw_held(session: Session, competition_id: int, name: str) -> bool:
    """Whether a draw of the competition was held, even where its outcome is closed for now."""
    return (
        session.scalars(
            select(RecordRow.seq)
            .join(RecordLog, RecordLog.id == RecordRow.log_id)
            .where(
                RecordLog.competition_id == competition_id,
                RecordRow.event == Event.DRAW_HELD.value,
                RecordRow.subject == f"draw/{name}",
            )
        ).first()
        is not None
    )


def get_passage(session: Session, competition_id: int, event: GateEvent) -> GatePassage:
    """The passage of a gate that lies behind the competition."""
    return session.scalars(
        select(GatePassage).where(GatePassage.competition_id == competition_id, GatePassage.event == event)
    ).one()


def list_code_entries(session: Session, competition_id: int) -> list[CodeEntry]:
    """The code map by script."""
    return list(
        session.scalars(select(CodeEntry).where(CodeEntry.competition_id == competition_id).order_by(CodeEntry.id))
    )
