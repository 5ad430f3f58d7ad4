"""Deductions, tie decisions, versions of the result and the signatures under them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from examsite.domain.publication import Decision, ResultState
from examsite.storage.column_types import ScoreColumn, UtcDateTime, enum_column
from examsite.storage.database import Base
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.row_seals import Sealed


class Deduction(Sealed, Base):
    """A percentage taken off a part's score at merging, from a decided incident."""

    __tablename__ = "deductions"
    __table_args__ = (UniqueConstraint("candidacy_id", "part", "incident_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    candidacy_id: Mapped[int] = mapped_column(ForeignKey("candidacies.id"), index=True)
    part: Mapped[str] = mapped_column(String(20))
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"))
    percent: Mapped[Decimal] = mapped_column(ScoreColumn())
    applied_at: Mapped[datetime] = mapped_column(UtcDateTime())
    record_seq: Mapped[int]


class TieDecision(Sealed, Base):
    """The authority's choice among people tied across the last vacancy; of a post the last one counts."""

    __tablename__ = "tie_decisions"
    __table_args__ = (UniqueConstraint("post_id", "record_seq"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"))
    #: Public codes of those chosen for the remaining places.
    selected: Mapped[list[Any]] = mapped_column(JSON)
    reason: Mapped[str] = mapped_column(Text)
    assignment_id: Mapped[int] = mapped_column(ForeignKey("role_assignments.id"))
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime())
    record_seq: Mapped[int]


class ResultVersion(Sealed, Base):
    """One computed result: the canonical `result.json` and its hash, which is what people sign."""

    __tablename__ = "result_versions"
    __table_args__ = (UniqueConstraint("competition_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    competition_id: Mapped[int] = mapped_column(ForeignKey("competitions.id"), index=True)
    number: Mapped[int]
    state: Mapped[ResultState] = mapped_column(enum_column(ResultState), default=ResultState.PROPOSED)
    document: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    computed_at: Mapped[datetime] = mapped_column(UtcDateTime())
    computed_by_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime())

    signatures: Mapped[list[Signature]] = relationship(lazy="raise", order_by="Signature.id")


class Signature(Sealed, Base):
    """One person's word on one version: agreed or refused, over its hash."""

    __tablename__ = "signatures"
    __table_args__ = (
        UniqueConstraint("result_version_id", "assignment_id"),
        CheckConstraint("(decision = 'refused') = (reason <> '')", name="refused_with_reason"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    result_version_id: Mapped[int] = mapped_column(ForeignKey("result_versions.id"), index=True)
    assignment_id: Mapped[int] = mapped_column(ForeignKey("role_assignments.id"))
    decision: Mapped[Decision] = mapped_column(enum_column(Decision))
    reason: Mapped[str] = mapped_column(Text, default="")
    sha256: Mapped[str] = mapped_column(String(64))
    signed_at: Mapped[datetime] = mapped_column(UtcDateTime())
    record_seq: Mapped[int]

    assignment: Mapped[RoleAssignment] = relationship(lazy="raise")
