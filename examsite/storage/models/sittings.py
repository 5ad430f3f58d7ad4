"""Sittings, seats, attempts, saved answers, extensions and incidents."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from examsite.domain.attempts import AttemptState
from examsite.domain.sittings import IncidentState, SittingState
from examsite.storage.column_types import ScoreColumn, UtcDateTime, enum_column
from examsite.storage.database import Base
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.competitions import Competition
from examsite.storage.models.dossiers import Candidacy
from examsite.storage.models.papers import Paper
from examsite.storage.row_seals import UNSEALED, Sealed


class Sitting(Sealed, Base):
    """One group of candidates in one room at one time."""

    __tablename__ = "sittings"
    __table_args__ = (
        UniqueConstraint("competition_id", "code"),
        CheckConstraint("(state = 'scheduled') = (started_at IS NULL)", name="started_when_started"),
        CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed_when_closed"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    competition_id: Mapped[int] = mapped_column(ForeignKey("competitions.id"), index=True)
    code: Mapped[str] = mapped_column(String(20))
    room: Mapped[str] = mapped_column(String(100))
    #: Seats stand in this many columns; codes run A1, A2 … by row letter and column number.
    seat_rows: Mapped[int]
    seat_columns: Mapped[int]
    state: Mapped[SittingState] = mapped_column(enum_column(SittingState), default=SittingState.SCHEDULED)
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime())
    duration_minutes: Mapped[int]
    #: Seconds after the deadline in which words on their way still count; copied from the rule set.
    grace_seconds: Mapped[int] = mapped_column(default=60)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    #: When the invigilator signed the attendance list after the close.
    attendance_signed_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    #: When the list of results of the objective part was signed.
    results_signed_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    #: Config Key of Safe Exam Browser that every request of the room must prove, 64 hex digits; empty: none needed.
    seb_config_key: Mapped[str] = mapped_column(String(64), default="")
    #: Address ranges of the room's machines, one CIDR a line; empty: any.
    address_ranges: Mapped[str] = mapped_column(Text, default="")
    #: To whom last-resort answer files are encrypted: an age X25519 recipient; its identity is derived, never stored.
    answer_file_recipient: Mapped[str] = mapped_column(String(100), default="")

    competition: Mapped[Competition] = relationship(lazy="raise")
    invigilators: Mapped[list[SittingInvigilator]] = relationship(lazy="raise")
    attempts: Mapped[list[Attempt]] = relationship(back_populates="sitting", lazy="raise", order_by="Attempt.id")


class SittingInvigilator(Sealed, Base):
    """Who watches which sitting."""

    __tablename__ = "sitting_invigilators"
    __table_args__ = (UniqueConstraint("sitting_id", "assignment_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    sitting_id: Mapped[int] = mapped_column(ForeignKey("sittings.id"), index=True)
    assignment_id: Mapped[int] = mapped_column(ForeignKey("role_assignments.id"), index=True)

    assignment: Mapped[RoleAssignment] = relationship(lazy="raise")


class Attempt(Sealed, Base):
    """One candidate's seat in a sitting and the work done there."""

    __tablename__ = "attempts"
    __table_args__ = (
        UniqueConstraint("sitting_id", "seat"),
        CheckConstraint("(state = 'handed_in') = (handed_in_at IS NOT NULL AND closed_at IS NULL)", name="handed_in"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    sitting_id: Mapped[int] = mapped_column(ForeignKey("sittings.id"), index=True)
    candidacy_id: Mapped[int] = mapped_column(ForeignKey("candidacies.id"), unique=True)
    seat: Mapped[str] = mapped_column(String(10))
    state: Mapped[AttemptState] = mapped_column(enum_column(AttemptState), default=AttemptState.SEATED)
    #: The version in front of the candidate; set when the sitting starts.
    paper_id: Mapped[int | None] = mapped_column(ForeignKey("papers.id"))
    #: Order of options per question as shown to this candidate: {item: [option keys]}.
    option_orders: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    #: What the orders were drawn from, so that anyone may draw them again.
    shuffle_seed: Mapped[str | None] = mapped_column(String(64))
    checked_in_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    checked_in_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    #: When somebody came after the start, as the invigilator recorded it; empty for who was there in time, even if the
    #: papers were looked at later.
    arrived_late_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    #: Rises whenever another page or machine takes over; older ones are fenced by it.
    epoch: Mapped[int] = mapped_column(default=0)
    #: All time added to the attempt so far: extensions and ended pauses. The rows of both say why. Unit: seconds.
    added_seconds: Mapped[int] = mapped_column(default=0)
    #: Since when the clock of the attempt stands still; empty while it runs.
    paused_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    #: Number of the newest message for this seat, so that the page learns of it with its next save.
    newest_message_id: Mapped[int | None] = mapped_column(info=UNSEALED)
    #: Number of the newest message that the page has shown and the candidate has closed.
    read_message_id: Mapped[int | None] = mapped_column(info=UNSEALED)
    #: Photo taken at check-in.
    photo_id: Mapped[int | None] = mapped_column(ForeignKey("uploads.id"))
    #: What the candidate chose on the test page: text size, contrast, spacing, layout.
    preferences: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, info=UNSEALED)
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    last_seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime(), info=UNSEALED)
    handed_in_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    #: Number of the `answers:submitted` record that counts.
    record_seq: Mapped[int | None]
    #: Points of the objective questions by criterion, as text with two decimals; set when the attempt is scored.
    objective_points: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    objective_total: Mapped[Any | None] = mapped_column(ScoreColumn())

    sitting: Mapped[Sitting] = relationship(back_populates="attempts", lazy="raise")
    candidacy: Mapped[Candidacy] = relationship(lazy="raise")
    paper: Mapped[Paper | None] = relationship(lazy="raise")
    extensions: Mapped[list[Extension]] = relationship(lazy="raise", order_by="Extension.id")


class AnswerVersion(Sealed, Base):
    """One accepted save of one question. Append only; the current answer is the highest (epoch, number)."""

    __tablename__ = "answer_versions"
    __table_args__ = (UniqueConstraint("attempt_id", "item", "epoch", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempts.id"))
    #: Item of the paper, e.g. Q07 or E1; `flags` keeps the review flags.
    item: Mapped[str] = mapped_column(String(20))
    epoch: Mapped[int]
    number: Mapped[int]
    #: The answer as JSON text, exactly as sent (NFC for text).
    content: Mapped[str] = mapped_column(Text)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime())
    #: Late evidence or a fenced page: kept beside, never current.
    set_aside: Mapped[bool] = mapped_column(default=False)
    #: Whether it came in an answer file carried by hand instead of from the page.
    by_file: Mapped[bool] = mapped_column(default=False)


class Extension(Sealed, Base):
    """Time added to one attempt; append only."""

    __tablename__ = "extensions"

    id: Mapped[int] = mapped_column(primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempts.id"), index=True)
    seconds: Mapped[int]
    reason: Mapped[str] = mapped_column(String(500))
    granted_by_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    granted_at: Mapped[datetime] = mapped_column(UtcDateTime())


class Incident(Sealed, Base):
    """Something in the room, with minutes; a measure is decided by the council and applied only at merging."""

    __tablename__ = "incidents"
    __table_args__ = (
        Index("ix_incidents_sitting_candidacy", "sitting_id", "candidacy_id"),
        UniqueConstraint("sitting_id", "recorded_seq"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    sitting_id: Mapped[int] = mapped_column(ForeignKey("sittings.id"))
    candidacy_id: Mapped[int | None] = mapped_column(ForeignKey("candidacies.id"))
    state: Mapped[IncidentState] = mapped_column(enum_column(IncidentState), default=IncidentState.RECORDED)
    #: Word of the rule set, e.g. `reprimand`; empty for an event without a measure.
    measure: Mapped[str] = mapped_column(String(40), default="")
    minutes: Mapped[str] = mapped_column(Text)
    witnesses: Mapped[str] = mapped_column(String(300), default="")
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime())
    recorded_by_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    percent: Mapped[Any | None] = mapped_column(ScoreColumn())
    void: Mapped[bool] = mapped_column(default=False)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    record_seq: Mapped[int | None]
    #: Number of the record with which it was written down; it waits for the council from then on.
    recorded_seq: Mapped[int | None]

    sitting: Mapped[Sitting] = relationship(lazy="raise")
    candidacy: Mapped[Candidacy | None] = relationship(lazy="raise")
