"""What rows say that the record log says too: one claim for each row that an act left behind.

A claim names the row, the record that it appeals to, and each value as that record must hold it. Nothing is compared
here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased, selectinload

from examsite.domain.appeals import round_word
from examsite.domain.events import Event
from examsite.domain.items import ruling_text
from examsite.domain.marking import ScriptKind
from examsite.domain.permissions import actor_name
from examsite.domain.publication import Decision
from examsite.domain.scores import score_text
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.appeals import Appeal
from examsite.storage.models.competitions import Competition, Post
from examsite.storage.models.dossiers import Candidacy
from examsite.storage.models.marking import Mark, MarkWithdrawal, Script, Settlement
from examsite.storage.models.papers import ItemDecision, Paper, RubricChange
from examsite.storage.models.proposals import Defence
from examsite.storage.models.ranking import Deduction, ResultVersion, Signature, TieDecision
from examsite.storage.models.sittings import Attempt, Incident, Sitting
from examsite.storage.models.split_keys import KeyShare, SplitKey
from examsite.storage.queries.items import decision_of

_Values = Mapping[str, tuple[str, object]]


@dataclass(frozen=True)
class RowClaim:
    """What one row says about the record it names."""

    table: str
    row: int
    seq: int | None
    events: tuple[Event, ...]
    #: {column: (member of the content, value that it must have)}.
    members: _Values
    #: The subject and the actor that the record must have, with the column that says so; None: not told by the row.
    subject: tuple[str, str] | None = None
    actor: tuple[str, str] | None = None
    #: Problems that the row shows by itself, by column.
    faults: tuple[str, ...] = ()


def list_claims(session: Session, competition: Competition) -> Iterator[RowClaim]:
    """Every claim of every row of a competition, table by table."""
    for claims in CLAIMS:
        yield from claims(session, competition)


def _marks(session: Session, competition: Competition) -> Iterator[RowClaim]:
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
                yield RowClaim("marks", mark.id, None, (), {}, faults=faults)
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
        yield RowClaim(
            "marks",
            mark.id,
            mark.record_seq,
            (Event.MARK_LOCKED,) if is_live else (Event.STANDARD_MARKED,),
            members,
            subject=("defence_id" if script is None else "script_id", subject),
            actor=("assignment_id", "system" if assignment is None else _actor(assignment)),
        )


def _settlements(session: Session, competition: Competition) -> Iterator[RowClaim]:
    rows = session.execute(
        select(Settlement, Script.code, Candidacy.public_code)
        .outerjoin(Script, Script.id == Settlement.script_id)
        .outerjoin(Defence, Defence.id == Settlement.defence_id)
        .outerjoin(Candidacy, Candidacy.id == Defence.candidacy_id)
        .where((Script.competition_id == competition.id) | (Defence.competition_id == competition.id))
        .order_by(Settlement.id)
    )
    for row, script, public_code in rows:
        yield RowClaim(
            "settlements",
            row.id,
            row.record_seq,
            (Event.SETTLEMENT_DECIDED,),
            {"step": ("step", row.step), "score": ("score", score_text(row.score)), "reason": ("reason", row.reason)},
            subject=("script_id", f"script/{script}") if script else ("defence_id", f"defence/{public_code}"),
        )


def _incidents(session: Session, competition: Competition) -> Iterator[RowClaim]:
    rows = session.execute(
        select(Incident, Sitting.code, Candidacy.public_code)
        .join(Sitting, Sitting.id == Incident.sitting_id)
        .outerjoin(Candidacy, Candidacy.id == Incident.candidacy_id)
        .where(Sitting.competition_id == competition.id, Incident.decided_at.is_not(None), Incident.measure != "")
        .order_by(Incident.id)
    )
    for row, sitting, public_code in rows:
        yield RowClaim(
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


def _deductions(session: Session, competition: Competition) -> Iterator[RowClaim]:
    rows = session.execute(
        select(Deduction, Candidacy.public_code, Incident.record_seq)
        .join(Candidacy, Candidacy.id == Deduction.candidacy_id)
        .outerjoin(Incident, Incident.id == Deduction.incident_id)
        .where(Candidacy.competition_id == competition.id)
        .order_by(Deduction.id)
    )
    for row, public_code, incident in rows:
        yield RowClaim(
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


def _ties(session: Session, competition: Competition) -> Iterator[RowClaim]:
    rows = session.execute(
        select(TieDecision, Post.code, RoleAssignment)
        .join(Post, Post.id == TieDecision.post_id)
        .join(RoleAssignment, RoleAssignment.id == TieDecision.assignment_id)
        .where(Post.competition_id == competition.id)
        .order_by(TieDecision.id)
    )
    for row, post, assignment in rows:
        yield RowClaim(
            "tie_decisions",
            row.id,
            row.record_seq,
            (Event.TIE_DECIDED,),
            {"selected": ("selected", list(row.selected)), "reason": ("reason", row.reason)},
            subject=("post_id", f"post/{post}"),
            actor=("assignment_id", _actor(assignment)),
        )


def _signatures(session: Session, competition: Competition) -> Iterator[RowClaim]:
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
        yield RowClaim(
            "signatures",
            row.id,
            row.record_seq,
            (Event.RESULT_APPROVED if agreed else Event.RESULT_REFUSED,),
            members,
            actor=("assignment_id", _actor(assignment)),
            faults=() if version == row.sha256 else ("result_version_id",),
        )


def _rulings(session: Session, competition: Competition) -> Iterator[RowClaim]:
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
        yield RowClaim(
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


def _attempts(session: Session, competition: Competition) -> Iterator[RowClaim]:
    rows = session.execute(
        select(Attempt, Sitting.code, Candidacy.public_code)
        .join(Sitting, Sitting.id == Attempt.sitting_id)
        .join(Candidacy, Candidacy.id == Attempt.candidacy_id)
        .where(Sitting.competition_id == competition.id, Attempt.record_seq.is_not(None))
        .order_by(Attempt.id)
    )
    for row, sitting, public_code in rows:
        yield RowClaim(
            "attempts",
            row.id,
            row.record_seq,
            (Event.ANSWERS_SUBMITTED, Event.ANSWERS_AMENDED),
            {"candidacy_id": ("candidate", public_code)},
            subject=("sitting_id", f"sitting/{sitting}"),
        )


def _appeals(session: Session, competition: Competition) -> Iterator[RowClaim]:
    rows = session.scalars(select(Appeal).where(Appeal.competition_id == competition.id).order_by(Appeal.id))
    for row in rows:
        if row.decided_seq is not None:
            yield RowClaim(
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


def _rubric_changes(session: Session, competition: Competition) -> Iterator[RowClaim]:
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
                yield RowClaim("rubric_changes", row.id, row.record_seq, (), {}, faults=("record_seq",))
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
        yield RowClaim(
            "rubric_changes",
            row.id,
            row.record_seq,
            (event,),
            members,
            subject=("paper_id", f"paper/{paper}"),
            actor=actor,
        )


def _withdrawals(session: Session, competition: Competition) -> Iterator[RowClaim]:
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
                yield RowClaim("mark_withdrawals", row.id, row.record_seq, (), {}, faults=faults)
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
        yield RowClaim(
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


def _split_keys(session: Session, competition: Competition) -> Iterator[RowClaim]:
    """Whoever puts another public half in the place of a key reads what its holders alone should open."""
    keys = select(SplitKey).where(SplitKey.competition_id == competition.id).order_by(SplitKey.id)
    for key in session.scalars(keys.options(selectinload(SplitKey.shares).joinedload(KeyShare.assignment))):
        yield RowClaim(
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


CLAIMS: Final[tuple[Callable[[Session, Competition], Iterator[RowClaim]], ...]] = (
    _marks,
    _settlements,
    _incidents,
    _deductions,
    _ties,
    _signatures,
    _rulings,
    _attempts,
    _appeals,
    _rubric_changes,
    _withdrawals,
    _split_keys,
)
"""One function for each table that the published result is computed from, and one for the keys that close it. Source:
our choice, because a change there changes who is selected or who knows it too early; rows of wishes, notes and stops
name records as well and are sealed or stand beside.
"""
