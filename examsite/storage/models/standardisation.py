"""Scripts with a mark agreed beforehand, and markers whom a drift has stopped."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from examsite.domain.standardisation import NamingOutcome, StopCause, StopOutcome
from examsite.storage.column_types import ScoreColumn, UtcDateTime, enum_column
from examsite.storage.database import Base
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.marking import Script
from examsite.storage.row_seals import Sealed


class AgreedMark(Sealed, Base):
    """The mark that two people agreed on for a practice, qualification or seed script, before anyone else marks it."""

    __tablename__ = "agreed_marks"
    __table_args__ = (
        CheckConstraint("(agreed_at IS NULL) = (agreed_by_id IS NULL)", name="agreed_by_someone"),
        CheckConstraint("proposed_by_id <> agreed_by_id", name="two_people"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    script_id: Mapped[int] = mapped_column(ForeignKey("scripts.id"), unique=True)
    #: {criterion: points as text with two decimals}.
    points: Mapped[dict[str, Any]] = mapped_column(JSON)
    comments: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    total: Mapped[Decimal] = mapped_column(ScoreColumn())
    proposed_by_id: Mapped[int] = mapped_column(ForeignKey("role_assignments.id"))
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime())
    agreed_by_id: Mapped[int | None] = mapped_column(ForeignKey("role_assignments.id"))
    agreed_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    #: Why the second person sent it back; empty again once it was proposed anew.
    returned_reason: Mapped[str] = mapped_column(Text, default="")
    record_seq: Mapped[int | None]

    script: Mapped[Script] = relationship(lazy="raise")
    proposed_by: Mapped[RoleAssignment] = relationship(lazy="raise", foreign_keys=[proposed_by_id])


class Qualification(Sealed, Base):
    """The head's word on a marker's qualification scripts: may mark, or practises further. The newest one counts."""

    __tablename__ = "qualifications"

    id: Mapped[int] = mapped_column(primary_key=True)
    assignment_id: Mapped[int] = mapped_column(ForeignKey("role_assignments.id"), index=True)
    is_qualified: Mapped[bool]
    #: How far each script lay from its agreed mark, as it stood when the head decided.
    figures: Mapped[list[Any]] = mapped_column(JSON, default=list)
    reason: Mapped[str] = mapped_column(Text, default="")
    decided_by_id: Mapped[int] = mapped_column(ForeignKey("role_assignments.id"))
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime())
    record_seq: Mapped[int]


class MarkerStop(Sealed, Base):
    """A marker paused by an alarm or by the head; open until the head decides what follows."""

    __tablename__ = "marker_stops"
    __table_args__ = (
        CheckConstraint("(decided_at IS NULL) = (decided_by_id IS NULL)", name="decided_by_someone"),
        CheckConstraint("(decided_at IS NULL) = (outcome IS NULL)", name="decided_with_outcome"),
        Index(
            "uq_marker_stops_open",
            "assignment_id",
            unique=True,
            sqlite_where=text("decided_at IS NULL"),
            postgresql_where=text("decided_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    assignment_id: Mapped[int] = mapped_column(ForeignKey("role_assignments.id"), index=True)
    cause: Mapped[StopCause] = mapped_column(enum_column(StopCause))
    #: The figures that raised the alarm, as text.
    figures: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    stopped_at: Mapped[datetime] = mapped_column(UtcDateTime())
    #: Number of the record of the pause; `record_seq` is that of the decision.
    stopped_seq: Mapped[int]
    #: None: stopped by the alarm.
    stopped_by_id: Mapped[int | None] = mapped_column(ForeignKey("role_assignments.id"))
    #: None while it waits for the head; replaced: open work and, where the head says so, locked work goes to others.
    outcome: Mapped[StopOutcome | None] = mapped_column(enum_column(StopOutcome))
    reason: Mapped[str] = mapped_column(Text, default="")
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("role_assignments.id"))
    record_seq: Mapped[int | None]

    assignment: Mapped[RoleAssignment] = relationship(lazy="raise", foreign_keys=[assignment_id])


class MarkerAlarm(Sealed, Base):
    """A move that nobody is paused for: it may be one of several markers, or somebody who is through with the queue."""

    __tablename__ = "marker_alarms"
    __table_args__ = (
        CheckConstraint("(decided_at IS NULL) = (decided_by_id IS NULL)", name="decided_by_someone"),
        CheckConstraint("(decided_at IS NULL) = (outcome IS NULL)", name="decided_with_outcome"),
        Index(
            "uq_marker_alarms_open",
            "competition_id",
            "named",
            unique=True,
            sqlite_where=text("decided_at IS NULL"),
            postgresql_where=text("decided_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    competition_id: Mapped[int] = mapped_column(ForeignKey("competitions.id"), index=True)
    #: Pseudonyms in order, with a space between.
    named: Mapped[str] = mapped_column(String(200))
    #: {pseudonym: {direction, since, points}}, figures as text.
    figures: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    raised_at: Mapped[datetime] = mapped_column(UtcDateTime())
    #: Number of the record that named them; `record_seq` is that of the answer.
    named_seq: Mapped[int]
    #: None while it waits; stopped: one of them was paused; left: nobody was, and they are watched anew.
    outcome: Mapped[NamingOutcome | None] = mapped_column(enum_column(NamingOutcome))
    reason: Mapped[str] = mapped_column(Text, default="")
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("role_assignments.id"))
    record_seq: Mapped[int | None]

    @property
    def markers(self) -> list[str]:
        """The pseudonyms of those it names."""
        return self.named.split(" ")
