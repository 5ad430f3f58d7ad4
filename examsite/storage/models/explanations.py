"""Questions of the supervision board about records of the log, and the written answers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from examsite.storage.column_types import UtcDateTime
from examsite.storage.database import Base
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.row_seals import Sealed


class Explanation(Sealed, Base):
    """One question about one record, and its answer. Both are records themselves; neither is ever changed."""

    __tablename__ = "explanations"
    __table_args__ = (
        UniqueConstraint("competition_id", "number"),
        CheckConstraint("(answered_at IS NULL) = (answered_by_id IS NULL)", name="answered_by_someone"),
        CheckConstraint("(answered_at IS NULL) = (answer = '')", name="answered_with_words"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    competition_id: Mapped[int] = mapped_column(ForeignKey("competitions.id"), index=True)
    #: Counts the questions of a competition, from 1.
    number: Mapped[int]
    #: Number of the record that is asked about.
    about_seq: Mapped[int]
    question: Mapped[str] = mapped_column(Text)
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("role_assignments.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime())
    #: Number of the record of the question.
    asked_seq: Mapped[int]
    #: Who did what is asked about; None: nobody who still holds that duty, so the chair answers.
    asked_of_id: Mapped[int | None] = mapped_column(ForeignKey("role_assignments.id"), index=True)
    answer: Mapped[str] = mapped_column(Text, default="")
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("role_assignments.id"))
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    #: Number of the record of the answer.
    answered_seq: Mapped[int | None]

    asked_by: Mapped[RoleAssignment] = relationship(lazy="raise", foreign_keys=[asked_by_id])
    asked_of: Mapped[RoleAssignment | None] = relationship(lazy="raise", foreign_keys=[asked_of_id])
    answered_by: Mapped[RoleAssignment | None] = relationship(lazy="raise", foreign_keys=[answered_by_id])
