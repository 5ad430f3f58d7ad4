"""What rows of the boards say that the record log says too: who may mark, who was stopped, what was asked and written.

Nothing is compared here. No result is computed from these rows, but who marked it and what people read rests on them.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from examsite.domain.events import Event
from examsite.domain.permissions import actor_name
from examsite.domain.row_statements import RowStatement
from examsite.domain.scores import score_text
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.competitions import Competition
from examsite.storage.models.dossiers import Candidacy
from examsite.storage.models.explanations import Explanation
from examsite.storage.models.marking import DiscussionNote, Script
from examsite.storage.models.proposals import ProposalAssessment
from examsite.storage.models.standardisation import AgreedMark, MarkerAlarm, MarkerStop, Qualification


def list_agreed_mark_statements(session: Session, competition: Competition) -> Iterator[RowStatement]:
    """Of every mark that two people agree on at present; one that is proposed anew says nothing yet."""
    proposer = aliased(RoleAssignment)
    rows = session.execute(
        select(AgreedMark, Script.code, proposer, RoleAssignment)
        .join(Script, Script.id == AgreedMark.script_id)
        .join(proposer, proposer.id == AgreedMark.proposed_by_id)
        .join(RoleAssignment, RoleAssignment.id == AgreedMark.agreed_by_id)
        .where(Script.competition_id == competition.id)
        .order_by(AgreedMark.id)
    )
    for row, code, proposed_by, agreed_by in rows:
        yield RowStatement(
            "agreed_marks",
            row.id,
            row.record_seq,
            (Event.STANDARD_AGREED,),
            {
                "script_id": ("script", code),
                "points": ("points", dict(row.points)),
                "total": ("total", score_text(row.total)),
                "proposed_by_id": ("proposed_by", proposed_by.pseudonym),
            },
            actor=("agreed_by_id", _actor(agreed_by)),
        )


def list_qualification_statements(session: Session, competition: Competition) -> Iterator[RowStatement]:
    """Of every word of the head on whether somebody may mark."""
    head = aliased(RoleAssignment)
    rows = session.execute(
        select(Qualification, RoleAssignment.pseudonym, head)
        .join(RoleAssignment, RoleAssignment.id == Qualification.assignment_id)
        .join(head, head.id == Qualification.decided_by_id)
        .where(RoleAssignment.competition_id == competition.id)
        .order_by(Qualification.id)
    )
    for row, marker, decided_by in rows:
        yield RowStatement(
            "qualifications",
            row.id,
            row.record_seq,
            (Event.MARKER_QUALIFIED,),
            {
                "assignment_id": ("marker", marker),
                "is_qualified": ("qualified", row.is_qualified),
                "figures": ("scripts", list(row.figures)),
                "reason": ("reason", row.reason),
            },
            actor=("decided_by_id", _actor(decided_by)),
        )


def list_stop_statements(session: Session, competition: Competition) -> Iterator[RowStatement]:
    """Of every pause of a marker, and of what the head decided then."""
    stopper, head = aliased(RoleAssignment), aliased(RoleAssignment)
    rows = session.execute(
        select(MarkerStop, RoleAssignment.pseudonym, stopper, head)
        .join(RoleAssignment, RoleAssignment.id == MarkerStop.assignment_id)
        .outerjoin(stopper, stopper.id == MarkerStop.stopped_by_id)
        .outerjoin(head, head.id == MarkerStop.decided_by_id)
        .where(RoleAssignment.competition_id == competition.id)
        .order_by(MarkerStop.id)
    )
    for row, marker, stopped_by, decided_by in rows:
        yield RowStatement(
            "marker_stops",
            row.id,
            row.stopped_seq,
            (Event.MARKER_STOPPED,),
            {
                "assignment_id": ("marker", marker),
                "cause": ("cause", row.cause.value),
                "figures": ("figures", dict(row.figures)),
            },
            actor=("stopped_by_id", "system" if stopped_by is None else _actor(stopped_by)),
        )
        if decided_by is not None:
            yield RowStatement(
                "marker_stops",
                row.id,
                row.record_seq,
                (Event.MARKER_DECIDED,),
                {
                    "assignment_id": ("marker", marker),
                    "outcome": ("outcome", None if row.outcome is None else row.outcome.value),
                    "reason": ("reason", row.reason),
                },
                actor=("decided_by_id", _actor(decided_by)),
            )


def list_alarm_statements(session: Session, competition: Competition) -> Iterator[RowStatement]:
    """Of every alarm that pauses nobody, and of the head's answer."""
    rows = session.execute(
        select(MarkerAlarm, RoleAssignment)
        .outerjoin(RoleAssignment, RoleAssignment.id == MarkerAlarm.decided_by_id)
        .where(MarkerAlarm.competition_id == competition.id)
        .order_by(MarkerAlarm.id)
    )
    for row, decided_by in rows:
        named = ("markers", row.markers)
        yield RowStatement(
            "marker_alarms",
            row.id,
            row.named_seq,
            (Event.MARKERS_NAMED,),
            {"named": named, "figures": ("figures", dict(row.figures))},
        )
        if decided_by is not None:
            yield RowStatement(
                "marker_alarms",
                row.id,
                row.record_seq,
                (Event.NAMING_DECIDED,),
                {
                    "named": named,
                    "outcome": ("outcome", None if row.outcome is None else row.outcome.value),
                    "reason": ("reason", row.reason),
                },
                actor=("decided_by_id", _actor(decided_by)),
            )


def list_explanation_statements(session: Session, competition: Competition) -> Iterator[RowStatement]:
    """Of every question of the supervision board, and of its answer."""
    asker, answerer = aliased(RoleAssignment), aliased(RoleAssignment)
    rows = session.execute(
        select(Explanation, asker, answerer)
        .join(asker, asker.id == Explanation.asked_by_id)
        .outerjoin(answerer, answerer.id == Explanation.answered_by_id)
        .where(Explanation.competition_id == competition.id)
        .order_by(Explanation.id)
    )
    for row, asked_by, answered_by in rows:
        yield RowStatement(
            "explanations",
            row.id,
            row.asked_seq,
            (Event.EXPLANATION_ASKED,),
            {
                "number": ("number", row.number),
                "about_seq": ("seq", row.about_seq),
                "question": ("question", row.question),
            },
            actor=("asked_by_id", _actor(asked_by)),
        )
        if answered_by is not None:
            yield RowStatement(
                "explanations",
                row.id,
                row.answered_seq,
                (Event.EXPLANATION_GIVEN,),
                {
                    "number": ("number", row.number),
                    "asked_seq": ("asked_seq", row.asked_seq),
                    "answer": ("answer", row.answer),
                },
                actor=("answered_by_id", _actor(answered_by)),
            )


def list_discussion_statements(session: Session, competition: Competition) -> Iterator[RowStatement]:
    """Of every talk of the head with the markers of a script."""
    rows = session.execute(
        select(DiscussionNote, Script.code, RoleAssignment)
        .join(Script, Script.id == DiscussionNote.script_id)
        .join(RoleAssignment, RoleAssignment.id == DiscussionNote.assignment_id)
        .where(Script.competition_id == competition.id)
        .order_by(DiscussionNote.id)
    )
    for row, code, head in rows:
        yield RowStatement(
            "discussion_notes",
            row.id,
            row.record_seq,
            (Event.DISCUSSION_NOTED,),
            {"text": ("text", row.text)},
            subject=("script_id", f"script/{code}"),
            actor=("assignment_id", _actor(head)),
        )


def list_assessment_statements(session: Session, competition: Competition) -> Iterator[RowStatement]:
    """Of what each member of a panel locked about a proposal; a draft names no record."""
    rows = session.execute(
        select(ProposalAssessment, Candidacy.public_code, RoleAssignment.pseudonym)
        .join(Candidacy, Candidacy.id == ProposalAssessment.candidacy_id)
        .join(RoleAssignment, RoleAssignment.id == ProposalAssessment.assignment_id)
        .where(Candidacy.competition_id == competition.id)
        .order_by(ProposalAssessment.id)
    )
    for row, public_code, member in rows:
        if row.locked_at is None:
            if row.record_seq is not None:
                yield RowStatement("proposal_assessments", row.id, row.record_seq, (), {}, faults=("record_seq",))
            continue
        yield RowStatement(
            "proposal_assessments",
            row.id,
            row.record_seq,
            (Event.ASSESSMENT_LOCKED,),
            {"assignment_id": ("member", member), "text": ("text", row.text)},
            subject=("candidacy_id", f"proposal/{public_code}"),
        )


def _actor(assignment: RoleAssignment) -> str:
    return actor_name(assignment.role, assignment.pseudonym or "")
