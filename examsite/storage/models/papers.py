"""Questions as loaded from the bank and papers as frozen from a blueprint."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from examsite.domain.papers import PaperState
from examsite.storage.column_types import UtcDateTime, enum_column
from examsite.storage.database import Base
from examsite.storage.models.competitions import Post
from examsite.storage.row_seals import Sealed


class BankQuestion(Base):
    """One version of a question of the bank; a changed file makes a new row, papers keep their own copy."""

    __tablename__ = "bank_questions"
    __table_args__ = (UniqueConstraint("code", "sha256"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40), index=True)
    sha256: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(20))
    subject: Mapped[str] = mapped_column(String(40))
    topic: Mapped[str] = mapped_column(String(40))
    difficulty: Mapped[int]
    #: examsite.domain.questions.question_to_data.
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    loaded_at: Mapped[datetime] = mapped_column(UtcDateTime())
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime())


class Paper(Sealed, Base):
    """One version of a post's paper: a frozen copy of its questions, keys and rubric."""

    __tablename__ = "papers"
    __table_args__ = (
        UniqueConstraint("post_id", "version"),
        UniqueConstraint("competition_id", "code"),
        CheckConstraint(
            "data IS NOT NULL OR (age_sha256 IS NOT NULL AND state <> 'opened')", name="closed_only_as_file"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    competition_id: Mapped[int] = mapped_column(ForeignKey("competitions.id"), index=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"), index=True)
    #: Number of the version within the post, from 1.
    version: Mapped[int]
    #: How records and results name it, e.g. P1-A.
    code: Mapped[str] = mapped_column(String(30))
    state: Mapped[PaperState] = mapped_column(enum_column(PaperState), default=PaperState.DRAWN)
    #: examsite.domain.papers.paper_to_data: everything that the candidate, the marker and the system need. Null while
    #: a version that came as a sealed file is closed; whoever reads it reads versions that are open.
    data: Mapped[dict[str, Any]] = mapped_column(JSON(none_as_null=True), nullable=True)
    paper_sha256: Mapped[str] = mapped_column(String(64))
    #: Hash of the sealed file; null for versions drawn here from the open bank.
    age_sha256: Mapped[str | None] = mapped_column(String(64))
    drawn_at: Mapped[datetime] = mapped_column(UtcDateTime())
    sealed_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    #: When the chair said that this version, drawn and perhaps opened, cannot be used: sittings that begin later take
    #: the next one of the draw. Who began with it keeps it, so its state says as before whether it can be read.
    set_aside_at: Mapped[datetime | None] = mapped_column(UtcDateTime())

    post: Mapped[Post] = relationship(lazy="raise")


class PaperFile(Base):
    """The bytes of a sealed version, an age file that nobody here can read; its hash stands in the sealed row."""

    __tablename__ = "paper_files"

    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id"), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class OpeningConsent(Sealed, Base):
    """A member of the council agrees that the chair opens a paper now; without one the chair is alone."""

    __tablename__ = "opening_consents"
    __table_args__ = (UniqueConstraint("post_id", "place", "account_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"), index=True)
    #: Which opening of this post: 0 the version drawn, 1 the first reserve, and so on.
    place: Mapped[int] = mapped_column(default=0)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    given_at: Mapped[datetime] = mapped_column(UtcDateTime())


class ItemDecision(Sealed, Base):
    """What two people decided about an objective question after the test: it stands, everyone gets it, more keys."""

    __tablename__ = "item_decisions"
    __table_args__ = (
        CheckConstraint("(decided_at IS NULL) = (is_agreed IS NULL)", name="decided_with_answer"),
        CheckConstraint("proposed_by_id <> decided_by_id", name="two_people"),
        Index(
            "uq_item_decisions_open",
            "paper_id",
            "item",
            unique=True,
            sqlite_where=text("decided_at IS NULL"),
            postgresql_where=text("decided_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id"), index=True)
    item: Mapped[str] = mapped_column(String(20))
    #: examsite.domain.items.Ruling.
    ruling: Mapped[str] = mapped_column(String(20))
    #: Further answers that count as right, as the key of the question is written.
    keys: Mapped[list[Any]] = mapped_column(JSON, default=list)
    reason: Mapped[str] = mapped_column(Text)
    proposed_by_id: Mapped[int] = mapped_column(ForeignKey("role_assignments.id"))
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime())
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("role_assignments.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    is_agreed: Mapped[bool | None]
    record_seq: Mapped[int | None]

    paper: Mapped[Paper] = relationship(lazy="raise")


class RubricChange(Sealed, Base):
    """New words or level points of one criterion after the paper was opened, by two people; never its maximum or step.

    Marks that the change touches are opened again and named. Answered by nobody, it was taken back by its proposer.
    """

    __tablename__ = "rubric_changes"
    __table_args__ = (
        CheckConstraint("(decided_at IS NULL) = (is_agreed IS NULL)", name="decided_with_answer"),
        CheckConstraint("proposed_by_id <> decided_by_id", name="two_people"),
        Index(
            "uq_rubric_changes_open",
            "paper_id",
            "criterion",
            unique=True,
            sqlite_where=text("decided_at IS NULL"),
            postgresql_where=text("decided_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id"), index=True)
    criterion: Mapped[str] = mapped_column(String(40))
    #: The criterion as `rubric_to_snapshot` writes it.
    before: Mapped[dict[str, Any]] = mapped_column(JSON)
    after: Mapped[dict[str, Any]] = mapped_column(JSON)
    reason: Mapped[str] = mapped_column(Text)
    proposed_by_id: Mapped[int] = mapped_column(ForeignKey("role_assignments.id"))
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime())
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("role_assignments.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    is_agreed: Mapped[bool | None]
    record_seq: Mapped[int | None]

    paper: Mapped[Paper] = relationship(lazy="raise")
