"""What rows of marking say that the record log says too. Nothing is compared here."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from examsite.domain.appeals import round_word
from examsite.domain.events import Event
from examsite.domain.items import ruling_text
from examsite.domain.marking import ScriptKind
from examsite.domain.permissions import actor_name
from examsite.domain.row_statements import RowStatement
from examsite.domain.scores import score_text
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.competitions import Competition
from examsite.storage.models.dossiers import Candidacy
from examsite.storage.models.marking import Mark, MarkWithdrawal, Script, Settlement
from examsite.storage.models.papers import ItemDecision, Paper, RubricChange
from examsite.storage.models.proposals import Defence
from examsite.storage.queries.items import decision_of


def list_mark_statements(session: Session, competition: Competition) -> Iterator[RowStatement]:
    """Of every locked mark, of marking and of defences; a draft names no record."""
    rows = session.execute(
        select(Mark, Script, Candidacy.public_code, RoleAssignment)
        .outerjoin(Script, Script.id == Mark.script_id)
        .outerjoin(Defence, Defence.id == Mark.defence_id)
        .outerjoin(Candidacy, Candidacy.id == Defence.candidacy_id)
        .outerjoin(RoleAssignment, RoleAssignment.id == Mark.assignment_id)
        .where((Script.competition_id == competition.id) | (Defence.competition_id == competition.id))
        .order_by(Mark.id)
    )
    for mark, script, public_code, assignment in rows:
        if mark.locked_at is None:
            faults = ("record_seq",) if mark.record_seq is not None else ()
            if faults:
                yield RowStatement("marks", mark.id, None, (), {}, faults=faults)
            continue
        members: dict[str, tuple[str, object]] = {
            "points": ("points", dict(mark.points)),
            "total": ("total", None if mark.total is None else score_text(mark.total)),
            "round": ("round", round_word(mark.round)),
        }
        is_live = script is None or script.kind is ScriptKind.LIVE
        subject = f"defence/{public_code}" if script is None else f"script/{script.code}"
        if script is not None:
            members["script_id"] = ("content", script.content_sha256) if is_live else ("script", script.code)
        if not is_live:
            subject = f"competition/{competition.code}"
        yield RowStatement(
            "marks",
            mark.id,
            mark.record_seq,
            (Event.MARK_LOCKED,) if is_live else (Event.STANDARD_MARKED,),
            members,
            subject=("defence_id" if script is None else "script_id", subject),
            actor=("assignment_id", "system" if assignment is None else _actor(assignment)),
        )


def list_settlement_statements(session: Session, competition: Competition) -> Iterator[RowStatement]:
    """Of every settlement of a gap."""
    rows = session.execute(
        select(Settlement, Script.code, Candidacy.public_code)
        .outerjoin(Script, Script.id == Settlement.script_id)
        .outerjoin(Defence, Defence.id == Settlement.defence_id)
        .outerjoin(Candidacy, Candidacy.id == Defence.candidacy_id)
        .where((Script.competition_id == competition.id) | (Defence.competition_id == competition.id))
        .order_by(Settlement.id)
    )
    for row, script, public_code in rows:
        yield RowStatement(
            "settlements",
            row.id,
            row.record_seq,
            (Event.SETTLEMENT_DECIDED,),
            {"step": ("step", row.step), "score": ("score", score_text(row.score)), "reason": ("reason", row.reason)},
            subject=("script_id", f"script/{script}") if script else ("defence_id", f"defence/{public_code}"),
        )


def list_ruling_statements(session: Session, competition: Competition) -> Iterator[RowStatement]:
    """Of every ruling about a question that was agreed to or refused."""
    decider = aliased(RoleAssignment)
    rows = session.execute(
        select(ItemDecision, Paper.code, RoleAssignment, decider)
        .join(Paper, Paper.id == ItemDecision.paper_id)
        .join(RoleAssignment, RoleAssignment.id == ItemDecision.proposed_by_id)
        .outerjoin(decider, decider.id == ItemDecision.decided_by_id)
        .where(Paper.competition_id == competition.id, ItemDecision.record_seq.is_not(None))
        .order_by(ItemDecision.id)
    )
    for row, paper, proposer, second in rows:
        members: dict[str, tuple[str, object]] = {
            "item": ("criterion", row.item),
            "ruling": ("ruling", ruling_text(decision_of(row))),
        }
        if row.is_agreed:
            members["decided_by_id"] = ("second", None if second is None else second.pseudonym)
        else:
            members |= {"reason": ("reason", row.reason), "proposed_by_id": ("proposed_by", proposer.pseudonym)}
        yield RowStatement(
            "item_decisions",
            row.id,
            row.record_seq,
            (Event.ITEM_DECIDED if row.is_agreed else Event.RULING_REFUSED,),
            members,
            subject=("paper_id", f"paper/{paper}"),
            actor=("proposed_by_id", _actor(proposer))
            if row.is_agreed or second is None
            else ("decided_by_id", _actor(second)),
        )


def list_rubric_change_statements(session: Session, competition: Competition) -> Iterator[RowStatement]:
    """A change that waits has no record yet; one that nobody answered was taken back, by its proposer in any role."""
    decider = aliased(RoleAssignment)
    rows = session.execute(
        select(RubricChange, Paper.code, RoleAssignment, decider)
        .join(Paper, Paper.id == RubricChange.paper_id)
        .join(RoleAssignment, RoleAssignment.id == RubricChange.proposed_by_id)
        .outerjoin(decider, decider.id == RubricChange.decided_by_id)
        .where(Paper.competition_id == competition.id)
        .order_by(RubricChange.id)
    )
    for row, paper, proposer, second in rows:
        if row.decided_at is None:
            if row.record_seq is not None:
                yield RowStatement("rubric_changes", row.id, row.record_seq, (), {}, faults=("record_seq",))
            continue
        members: dict[str, tuple[str, object]] = {
            "criterion": ("criterion", row.criterion),
            "reason": ("reason", row.reason),
        }
        event, actor = Event.RUBRIC_TAKEN_BACK, None
        if row.is_agreed:
            event, actor = Event.RUBRIC_CHANGED, ("proposed_by_id", _actor(proposer))
            members |= {
                "before": ("before", row.before),
                "after": ("after", row.after),
                "decided_by_id": ("second", None if second is None else second.pseudonym),
            }
        elif second is not None:
            event, actor = Event.RUBRIC_REFUSED, ("decided_by_id", _actor(second))
            members["proposed_by_id"] = ("proposed_by", proposer.pseudonym)
        yield RowStatement(
            "rubric_changes",
            row.id,
            row.record_seq,
            (event,),
            members,
            subject=("paper_id", f"paper/{paper}"),
            actor=actor,
        )


def list_withdrawal_statements(session: Session, competition: Competition) -> Iterator[RowStatement]:
    """A wish that waits has no record yet. One that a changed rubric answered is recorded with the change's reason."""
    decider = aliased(RoleAssignment)
    changes = select(RubricChange.paper_id, RubricChange.decided_at, RubricChange.reason, RubricChange.proposed_by_id)
    changed = {
        (paper_id, decided_at): (reason, proposer)
        for paper_id, decided_at, reason, proposer in session.execute(
            changes.join(Paper, Paper.id == RubricChange.paper_id).where(
                Paper.competition_id == competition.id, RubricChange.is_agreed.is_(True)
            )
        )
    }
    rows = session.execute(
        select(MarkWithdrawal, Mark.record_seq, Script, RoleAssignment, decider)
        .join(Mark, Mark.id == MarkWithdrawal.mark_id)
        .join(Script, Script.id == Mark.script_id)
        .join(RoleAssignment, RoleAssignment.id == MarkWithdrawal.requested_by_id)
        .outerjoin(decider, decider.id == MarkWithdrawal.decided_by_id)
        .where(Script.competition_id == competition.id)
        .order_by(MarkWithdrawal.id)
    )
    for row, mark_seq, script, asker, second in rows:
        if row.decided_at is None or second is None:
            faults = tuple(name for name in ("record_seq", "decided_at") if getattr(row, name) is not None)
            if faults:
                yield RowStatement("mark_withdrawals", row.id, row.record_seq, (), {}, faults=faults)
            continue
        members: dict[str, tuple[str, object]] = {"mark_id": ("seq", mark_seq)}
        of_change = changed.get((script.paper_id, row.decided_at)) if row.is_agreed else None
        is_own = of_change is None or of_change == (row.reason, row.requested_by_id)
        if is_own:
            members["reason"] = ("reason", row.reason)
        if row.is_agreed:
            members["decided_by_id"] = ("second", second.pseudonym)
            actor = ("requested_by_id", _actor(asker)) if is_own else None
        else:
            members["requested_by_id"] = ("asked_by", asker.pseudonym)
            actor = ("decided_by_id", _actor(second))
        yield RowStatement(
            "mark_withdrawals",
            row.id,
            row.record_seq,
            (Event.MARK_WITHDRAWN if row.is_agreed else Event.WITHDRAWAL_REFUSED,),
            members,
            subject=("mark_id", f"script/{script.code}"),
            actor=actor,
        )


def _actor(assignment: RoleAssignment) -> str:
    return actor_name(assignment.role, assignment.pseudonym or "")
