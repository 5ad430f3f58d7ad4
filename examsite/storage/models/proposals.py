"""Proposals (đề án) with all their versions, and their defences."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from examsite.domain.panels import DefenceState
from examsite.storage.column_types import ScoreColumn, UtcDateTime, enum_column
from examsite.storage.database import Base
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.dossiers import Candidacy, Upload
from examsite.storage.row_seals import Sealed


class ProposalVersion(Base):
    """One uploaded version of a proposal; the highest number at the deadline is the one defended."""

    __tablename__ = "proposal_versions"
    __table_args__ = (UniqueConstraint("candidacy_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    candidacy_id: Mapped[int] = mapped_column(ForeignKey("candidacies.id"), index=True)
    number: Mapped[int]
    title: Mapped[str] = mapped_column(String(300))
    upload_id: Mapped[int] = mapped_column(ForeignKey("uploads.id"))
    uploaded_at: Mapped[datetime] = mapped_column(UtcDateTime())
    #: Set on the last version when proposals are locked.
    locked_at: Mapped[datetime | None] = mapped_column(UtcDateTime())

    #: The copy without its author; the panel reads this one only, the upload itself goes to nobody but its candidate.
    cleaned_id: Mapped[int | None] = mapped_column(ForeignKey("uploads.id"))

    upload: Mapped[Upload] = relationship(lazy="raise", foreign_keys=[upload_id])
    cleaned: Mapped[Upload | None] = relationship(lazy="raise", foreign_keys=[cleaned_id])
    candidacy: Mapped[Candidacy] = relationship(lazy="raise")


class Defence(Sealed, Base):
    """One candidate's defence before the panel."""

    __tablename__ = "defences"
    __table_args__ = (
        UniqueConstraint("competition_id", "position"),
        CheckConstraint("(state = 'settled') = (score IS NOT NULL)", name="settled_with_score"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    competition_id: Mapped[int] = mapped_column(ForeignKey("competitions.id"), index=True)
    candidacy_id: Mapped[int] = mapped_column(ForeignKey("candidacies.id"), unique=True)
    #: Place in the drawn order, from 1.
    position: Mapped[int]
    state: Mapped[DefenceState] = mapped_column(enum_column(DefenceState), default=DefenceState.SCHEDULED)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    questions_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    scoring_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    revealed_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    score: Mapped[Decimal | None] = mapped_column(ScoreColumn())
    step: Mapped[str] = mapped_column(String(30), default="")
    #: Where the recording of the defence is kept, as the panel writes it down.
    recording_reference: Mapped[str] = mapped_column(String(200), default="")

    candidacy: Mapped[Candidacy] = relationship(lazy="raise")


class ProposalAssessment(Sealed, Base):
    """What one panel member wrote about a proposal before its defence; locked when the defence begins at the latest."""

    __tablename__ = "proposal_assessments"
    __table_args__ = (UniqueConstraint("candidacy_id", "assignment_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    candidacy_id: Mapped[int] = mapped_column(ForeignKey("candidacies.id"), index=True)
    assignment_id: Mapped[int] = mapped_column(ForeignKey("role_assignments.id"), index=True)
    text: Mapped[str] = mapped_column(Text)
    #: Counts the saves, so that two open pages never overwrite each other silently.
    revision: Mapped[int] = mapped_column(default=0)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime())
    locked_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    record_seq: Mapped[int | None]

    assignment: Mapped[RoleAssignment] = relationship(lazy="raise")


class PanelQuestion(Sealed, Base):
    """A question put to a candidate in the defence, for the minutes."""

    __tablename__ = "panel_questions"
    __table_args__ = (UniqueConstraint("defence_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    defence_id: Mapped[int] = mapped_column(ForeignKey("defences.id"), index=True)
    number: Mapped[int]
    #: Who asked.
    assignment_id: Mapped[int] = mapped_column(ForeignKey("role_assignments.id"))
    text: Mapped[str] = mapped_column(Text)
    #: The gist of the answer, where somebody wrote it down.
    answer: Mapped[str] = mapped_column(Text, default="")
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime())

    assignment: Mapped[RoleAssignment] = relationship(lazy="raise")
