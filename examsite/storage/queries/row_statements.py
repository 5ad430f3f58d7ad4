"""What rows say that the record log says too, of every table whose rows name their records.

Nothing is compared here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from examsite.domain.events import Event
from examsite.domain.permissions import actor_name
from examsite.domain.publication import Decision
from examsite.domain.row_statements import RowStatement
from examsite.domain.scores import score_text
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.appeals import Appeal
from examsite.storage.models.competitions import Competition, Post
from examsite.storage.models.dossiers import Candidacy
from examsite.storage.models.ranking import Deduction, ResultVersion, Signature, TieDecision
from examsite.storage.models.sittings import Attempt, Incident, Sitting
from examsite.storage.models.split_keys import KeyShare, SplitKey
from examsite.storage.queries.board_statements import (
    list_agreed_mark_statements,
    list_alarm_statements,
    list_assessment_statements,
    list_discussion_statements,
    list_explanation_statements,
    list_qualification_statements,
    list_stop_statements,
)
from examsite.storage.queries.marking_statements import (
    list_mark_statements,
    list_rubric_change_statements,
    list_ruling_statements,
    list_settlement_statements,
    list_withdrawal_statements,
)


def list_row_statements(session: Session, competition: Competition) -> Iterator[RowStatement]:
    """What every row of a competition says, table by table."""
    for statements in STATEMENTS:
        yield from statements(session, competition)


def _incidents(session: Session, competition: Competition) -> Iterator[RowStatement]:
    rows = session.execute(
        select(Incident, Sitting.code, Candidacy.public_code)
        .join(Sitting, Sitting.id == Incident.sitting_id)
        .outerjoin(Candidacy, Candidacy.id == Incident.candidacy_id)
        .where(Sitting.competition_id == competition.id, Incident.decided_at.is_not(None), Incident.measure != "")
        .order_by(Incident.id)
    )
    for row, sitting, public_code in rows:
        yield RowStatement(
            "incidents",
            row.id,
            row.record_seq,
            (Event.INCIDENT_DECIDED,),
            {
                "candidacy_id": ("candidate", public_code),
                "measure": ("measure", row.measure),
                "percent": ("percent", None if row.percent is None else score_text(row.percent)),
                "void": ("void", row.void),
            },
            subject=("sitting_id", f"sitting/{sitting}"),
        )


def _deductions(session: Session, competition: Competition) -> Iterator[RowStatement]:
    rows = session.execute(
        select(Deduction, Candidacy.public_code, Incident.record_seq)
        .join(Candidacy, Candidacy.id == Deduction.candidacy_id)
        .outerjoin(Incident, Incident.id == Deduction.incident_id)
        .where(Candidacy.competition_id == competition.id)
        .order_by(Deduction.id)
    )
    for row, public_code, incident in rows:
        yield RowStatement(
            "deductions",
            row.id,
            row.record_seq,
            (Event.DEDUCTION_APPLIED,),
            {
                "part": ("part", row.part),
                "percent": ("percent", score_text(row.percent)),
                "incident_id": ("incident_seq", incident),
            },
            subject=("candidacy_id", f"candidate/{public_code}"),
        )


def _ties(session: Session, competition: Competition) -> Iterator[RowStatement]:
    rows = session.execute(
        select(TieDecision, Post.code, RoleAssignment)
        .join(Post, Post.id == TieDecision.post_id)
        .join(RoleAssignment, RoleAssignment.id == TieDecision.assignment_id)
        .where(Post.competition_id == competition.id)
        .order_by(TieDecision.id)
    )
    for row, post, assignment in rows:
        yield RowStatement(
            "tie_decisions",
            row.id,
            row.record_seq,
            (Event.TIE_DECIDED,),
            {"selected": ("selected", list(row.selected)), "reason": ("reason", row.reason)},
            subject=("post_id", f"post/{post}"),
            actor=("assignment_id", _actor(assignment)),
        )


def _signatures(session: Session, competition: Competition) -> Iterator[RowStatement]:
    rows = session.execute(
        select(Signature, ResultVersion.sha256, RoleAssignment)
        .join(ResultVersion, ResultVersion.id == Signature.result_version_id)
        .join(RoleAssignment, RoleAssignment.id == Signature.assignment_id)
        .where(ResultVersion.competition_id == competition.id)
        .order_by(Signature.id)
    )
    for row, version, assignment in rows:
        agreed = row.decision is Decision.AGREED
        members: dict[str, tuple[str, object]] = {"sha256": ("result_sha256", row.sha256)}
        if not agreed:
            members["reason"] = ("reason", row.reason)
        yield RowStatement(
            "signatures",
            row.id,
            row.record_seq,
            (Event.RESULT_APPROVED if agreed else Event.RESULT_REFUSED,),
            members,
            actor=("assignment_id", _actor(assignment)),
            faults=() if version == row.sha256 else ("result_version_id",),
        )


def _attempts(session: Session, competition: Competition) -> Iterator[RowStatement]:
    rows = session.execute(
        select(Attempt, Sitting.code, Candidacy.public_code)
        .join(Sitting, Sitting.id == Attempt.sitting_id)
        .join(Candidacy, Candidacy.id == Attempt.candidacy_id)
        .where(Sitting.competition_id == competition.id, Attempt.record_seq.is_not(None))
        .order_by(Attempt.id)
    )
    for row, sitting, public_code in rows:
        yield RowStatement(
            "attempts",
            row.id,
            row.record_seq,
            (Event.ANSWERS_SUBMITTED, Event.ANSWERS_AMENDED),
            {"candidacy_id": ("candidate", public_code)},
            subject=("sitting_id", f"sitting/{sitting}"),
        )


def _appeals(session: Session, competition: Competition) -> Iterator[RowStatement]:
    rows = session.scalars(select(Appeal).where(Appeal.competition_id == competition.id).order_by(Appeal.id))
    for row in rows:
        if row.decided_seq is not None:
            yield RowStatement(
                "appeals",
                row.id,
                row.decided_seq,
                (Event.APPEAL_DECIDED,),
                {
                    "part": ("part", row.part),
                    "score": ("score", None if row.score is None else score_text(row.score)),
                    "decision_reason": ("reason", row.decision_reason),
                },
                subject=("script", f"script/{row.script}"),
            )


def _split_keys(session: Session, competition: Competition) -> Iterator[RowStatement]:
    """Whoever puts another public half in the place of a key reads what its holders alone should open."""
    keys = select(SplitKey).where(SplitKey.competition_id == competition.id).order_by(SplitKey.id)
    for key in session.scalars(keys.options(selectinload(SplitKey.shares).joinedload(KeyShare.assignment))):
        yield RowStatement(
            "split_keys",
            key.id,
            key.record_seq,
            (Event.KEY_SPLIT,),
            {
                "purpose": ("purpose", key.purpose.value),
                "subject": ("subject", key.subject),
                "recipient": ("recipient", key.recipient),
                "needed": ("needed", key.needed),
                "shares": ("holders", [share.assignment.pseudonym for share in key.shares]),
            },
        )


def _actor(assignment: RoleAssignment) -> str:
    return actor_name(assignment.role, assignment.pseudonym or "")


STATEMENTS: Final[tuple[Callable[[Session, Competition], Iterator[RowStatement]], ...]] = (
    list_mark_statements,
    list_settlement_statements,
    _incidents,
    _deductions,
    _ties,
    _signatures,
    list_ruling_statements,
    _attempts,
    _appeals,
    list_rubric_change_statements,
    list_withdrawal_statements,
    _split_keys,
    list_agreed_mark_statements,
    list_qualification_statements,
    list_stop_statements,
    list_alarm_statements,
    list_explanation_statements,
    list_discussion_statements,
    list_assessment_statements,
)
"""One function for each table whose rows name the records that they come from. Source: our choice, because a change
there changes who is selected, who marked it, who knows it too early, or what people were told about it.
"""
