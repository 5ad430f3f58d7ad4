"""Scripts, the code map, allocations, marks and settlements.

Decision: a script carries no key to its candidate. The only join is `CodeEntry`, read by the code board when it seals
the map and by the council's opening; no query for markers touches that table.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from examsite.domain.marking import MarkState, ScriptKind, ScriptState
from examsite.storage.column_types import ScoreColumn, UtcDateTime, enum_column
from examsite.storage.database import Base
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.papers import Paper
from examsite.storage.row_seals import Sealed

_chance = secrets.SystemRandom()


def any_number() -> int:
    """A key that tells its owner nothing of how many rows others have; of two alike the second one is drawn anew."""
    return _chance.randrange(1, 2**31 - 1)


class Script(Sealed, Base):
    """One anonymous piece of work: what the markers see, under a drawn code."""

    __tablename__ = "scripts"
    __table_args__ = (
        UniqueConstraint("competition_id", "code"),
        CheckConstraint("(state IN ('settled', 'opened')) = (score IS NOT NULL)", name="settled_with_score"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    competition_id: Mapped[int] = mapped_column(ForeignKey("competitions.id"), index=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"), index=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id"))
    code: Mapped[str] = mapped_column(String(12))
    #: Only live scripts have a line in the code map and count in anything that is published.
    kind: Mapped[ScriptKind] = mapped_column(enum_column(ScriptKind), default=ScriptKind.LIVE)
    state: Mapped[ScriptState] = mapped_column(enum_column(ScriptState), default=ScriptState.SEALED)
    #: The answers as shown to markers: [{"item": "E1", "text": …}]; no name, number, seat or time.
    content: Mapped[list[Any]] = mapped_column(JSON)
    #: Hex of SHA-256(salt || canonical(content)); the salt stays with the code map.
    content_sha256: Mapped[str] = mapped_column(String(64))
    #: The settled score before deductions and how it came about.
    score: Mapped[Decimal | None] = mapped_column(ScoreColumn())
    step: Mapped[str] = mapped_column(String(30), default="")
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    #: When the head said to have seen that the two marks stand on the two sides of the pass mark.
    straddle_seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime())

    paper: Mapped[Paper] = relationship(lazy="raise")
    allocations: Mapped[list[Allocation]] = relationship(back_populates="script", lazy="raise")
    marks: Mapped[list[Mark]] = relationship(back_populates="script", lazy="raise", order_by="Mark.id")


class CodeEntry(Sealed, Base):
    """One line of the code map: which candidacy stands behind which script."""

    __tablename__ = "code_entries"

    id: Mapped[int] = mapped_column(primary_key=True)
    competition_id: Mapped[int] = mapped_column(ForeignKey("competitions.id"), index=True)
    script_id: Mapped[int] = mapped_column(ForeignKey("scripts.id"), unique=True)
    candidacy_id: Mapped[int] = mapped_column(ForeignKey("candidacies.id"), unique=True)
    answers_seq: Mapped[int]
    content_salt: Mapped[str] = mapped_column(String(64))


class Allocation(Sealed, Base):
    """A script in a marker's queue: in which round and at which place of this marker's own order."""

    __tablename__ = "allocations"
    __table_args__ = (UniqueConstraint("script_id", "assignment_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    script_id: Mapped[int] = mapped_column(ForeignKey("scripts.id"), index=True)
    assignment_id: Mapped[int] = mapped_column(ForeignKey("role_assignments.id"), index=True)
    #: 1: one of the two blind markers; 2: the third marker; from `domain.appeals.FIRST_REMARK` on: marked anew.
    round: Mapped[int]
    #: Place in this marker's drawn order, from 1.
    position: Mapped[int]
    allocated_at: Mapped[datetime] = mapped_column(UtcDateTime())
    #: When the marker opened the script for the first time.
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    #: When the script was taken from this marker, and why; from then on it is not in the queue.
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    reason: Mapped[str] = mapped_column(Text, default="")

    script: Mapped[Script] = relationship(back_populates="allocations", lazy="raise")
    assignment: Mapped[RoleAssignment] = relationship(lazy="raise")


class Mark(Sealed, Base):
    """Points per criterion by one person (or the system) for one script or one defence."""

    __tablename__ = "marks"
    __table_args__ = (
        CheckConstraint("(script_id IS NULL) <> (defence_id IS NULL)", name="one_subject"),
        CheckConstraint("(state = 'draft') = (locked_at IS NULL)", name="locked_when_locked"),
        CheckConstraint("state = 'draft' OR total IS NOT NULL", name="total_when_locked"),
        Index(
            "uq_marks_script",
            "script_id",
            "assignment_id",
            "round",
            unique=True,
            sqlite_where=text("state <> 'withdrawn' AND script_id IS NOT NULL AND assignment_id IS NOT NULL"),
            postgresql_where=text("state <> 'withdrawn' AND script_id IS NOT NULL AND assignment_id IS NOT NULL"),
        ),
        Index(
            "uq_marks_defence",
            "defence_id",
            "assignment_id",
            "round",
            unique=True,
            sqlite_where=text("state <> 'withdrawn' AND defence_id IS NOT NULL"),
            postgresql_where=text("state <> 'withdrawn' AND defence_id IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    script_id: Mapped[int | None] = mapped_column(ForeignKey("scripts.id"), index=True)
    defence_id: Mapped[int | None] = mapped_column(ForeignKey("defences.id"), index=True)
    #: None: the system's own mark of the objective questions (round 0).
    assignment_id: Mapped[int | None] = mapped_column(ForeignKey("role_assignments.id"), index=True)
    round: Mapped[int]
    state: Mapped[MarkState] = mapped_column(enum_column(MarkState), default=MarkState.DRAFT)
    #: {criterion: points as text with two decimals}; a criterion not yet marked is absent.
    points: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    #: {criterion: comment}; the key "" holds the comment on the whole.
    comments: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    #: {criterion: points before its words or levels were changed}; shown beside, never counted.
    earlier_points: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    #: Why a panel member changed the own mark after the discussion; empty for every other mark.
    reason: Mapped[str] = mapped_column(Text, default="")
    total: Mapped[Decimal | None] = mapped_column(ScoreColumn())
    #: Counts the saves of a draft, so that two open pages never overwrite each other silently.
    revision: Mapped[int] = mapped_column(default=0)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime())
    locked_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    record_seq: Mapped[int | None]

    script: Mapped[Script | None] = relationship(back_populates="marks", lazy="raise")
    assignment: Mapped[RoleAssignment | None] = relationship(lazy="raise")


class Settlement(Sealed, Base):
    """A gap decided by a person: which rung, which score, why, by whom. Stays, set aside, when a mark is withdrawn."""

    __tablename__ = "settlements"
    __table_args__ = (
        CheckConstraint("(script_id IS NULL) <> (defence_id IS NULL)", name="one_subject"),
        Index(
            "uq_settlements_script",
            "script_id",
            unique=True,
            sqlite_where=text("withdrawn_at IS NULL AND script_id IS NOT NULL"),
            postgresql_where=text("withdrawn_at IS NULL AND script_id IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    script_id: Mapped[int | None] = mapped_column(ForeignKey("scripts.id"), index=True)
    defence_id: Mapped[int | None] = mapped_column(ForeignKey("defences.id"), unique=True)
    step: Mapped[str] = mapped_column(String(30))
    score: Mapped[Decimal] = mapped_column(ScoreColumn())
    reason: Mapped[str] = mapped_column(Text)
    assignment_id: Mapped[int] = mapped_column(ForeignKey("role_assignments.id"))
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime())
    record_seq: Mapped[int]
    #: When a mark that it rested on was withdrawn; from then on it counts no more.
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime())


class MarkWithdrawal(Sealed, Base):
    """A head's wish to withdraw a locked mark, and the council's answer; at most one wish per mark is open."""

    __tablename__ = "mark_withdrawals"
    __table_args__ = (
        CheckConstraint("(decided_at IS NULL) = (is_agreed IS NULL)", name="decided_with_answer"),
        CheckConstraint("requested_by_id <> decided_by_id", name="two_people"),
        Index(
            "uq_mark_withdrawals_open",
            "mark_id",
            unique=True,
            sqlite_where=text("decided_at IS NULL"),
            postgresql_where=text("decided_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    mark_id: Mapped[int] = mapped_column(ForeignKey("marks.id"), index=True)
    reason: Mapped[str] = mapped_column(Text)
    requested_by_id: Mapped[int] = mapped_column(ForeignKey("role_assignments.id"))
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime())
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("role_assignments.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    is_agreed: Mapped[bool | None]
    #: Number of the `mark:withdrawn` or `withdrawal:refused` record, once answered.
    record_seq: Mapped[int | None]

    mark: Mapped[Mark] = relationship(lazy="raise")
    requested_by: Mapped[RoleAssignment] = relationship(lazy="raise", foreign_keys=[requested_by_id])


class MarkNote(Base):
    """A highlight or margin note of one marker, anchored in the text of one answer. Nobody else's page shows it."""

    __tablename__ = "mark_notes"
    __table_args__ = (CheckConstraint("start_at >= 0 AND end_at > start_at", name="span_not_empty"),)

    id: Mapped[int] = mapped_column(primary_key=True, default=any_number)
    script_id: Mapped[int] = mapped_column(ForeignKey("scripts.id"), index=True)
    assignment_id: Mapped[int] = mapped_column(ForeignKey("role_assignments.id"), index=True)
    item: Mapped[str] = mapped_column(String(20))
    #: Span in the text of the answer. Unit: code points.
    start_at: Mapped[int]
    end_at: Mapped[int]
    #: The words under the span, so that a note is never shown beside other words.
    quote: Mapped[str] = mapped_column(Text)
    #: Empty: a mere highlight.
    text: Mapped[str] = mapped_column(Text, default="")
    criterion: Mapped[str] = mapped_column(String(40), default="")
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime())


class SavedComment(Base):
    """A sentence that a marker keeps to use again; one's own."""

    __tablename__ = "saved_comments"
    __table_args__ = (UniqueConstraint("assignment_id", "text"),)

    id: Mapped[int] = mapped_column(primary_key=True, default=any_number)
    assignment_id: Mapped[int] = mapped_column(ForeignKey("role_assignments.id"), index=True)
    text: Mapped[str] = mapped_column(String(500))
    uses: Mapped[int] = mapped_column(default=0)
    used_at: Mapped[datetime] = mapped_column(UtcDateTime())


class ScriptFlag(Base):
    """A marker's question to the head about one script, and the answer; the other marker never learns of it."""

    __tablename__ = "script_flags"
    __table_args__ = (CheckConstraint("(answered_at IS NULL) = (answered_by_id IS NULL)", name="answered_by_someone"),)

    id: Mapped[int] = mapped_column(primary_key=True, default=any_number)
    script_id: Mapped[int] = mapped_column(ForeignKey("scripts.id"), index=True)
    assignment_id: Mapped[int] = mapped_column(ForeignKey("role_assignments.id"), index=True)
    text: Mapped[str] = mapped_column(Text)
    raised_at: Mapped[datetime] = mapped_column(UtcDateTime())
    answer: Mapped[str] = mapped_column(Text, default="")
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("role_assignments.id"))

    script: Mapped[Script] = relationship(lazy="raise")
    assignment: Mapped[RoleAssignment] = relationship(lazy="raise", foreign_keys=[assignment_id])


class DiscussionNote(Sealed, Base):
    """What the head wrote down from talking with the markers of a script, before deciding."""

    __tablename__ = "discussion_notes"

    id: Mapped[int] = mapped_column(primary_key=True)
    script_id: Mapped[int] = mapped_column(ForeignKey("scripts.id"), index=True)
    assignment_id: Mapped[int] = mapped_column(ForeignKey("role_assignments.id"))
    text: Mapped[str] = mapped_column(Text)
    written_at: Mapped[datetime] = mapped_column(UtcDateTime())
    record_seq: Mapped[int]


class Claim(Base):
    """Somebody works on a thing that others may work on too: shown to them until it expires."""

    __tablename__ = "claims"
    __table_args__ = (UniqueConstraint("competition_id", "subject"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    competition_id: Mapped[int] = mapped_column(ForeignKey("competitions.id"), index=True)
    #: As records name it, with the act in front, e.g. settle:script/K7M2.
    subject: Mapped[str] = mapped_column(String(80))
    assignment_id: Mapped[int] = mapped_column(ForeignKey("role_assignments.id"))
    #: Which of the person's open pages holds it; empty where it does not matter.
    page: Mapped[str] = mapped_column(String(40), default="")
    claimed_at: Mapped[datetime] = mapped_column(UtcDateTime())
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime())

    assignment: Mapped[RoleAssignment] = relationship(lazy="raise")
