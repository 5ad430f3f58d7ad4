"""Appeals against the written result, and the days that the Government swaps.

Decision: an appeal names the candidacy and no marker; the marks it led to are rows of `marks` like all others, in
rounds of their own. A day is swapped for the whole installation.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from examsite.domain.appeals import AppealState
from examsite.domain.marking import AppealStep
from examsite.domain.working_days import DayKind
from examsite.storage.column_types import ScoreColumn, UtcDateTime, enum_column
from examsite.storage.database import Base
from examsite.storage.models.dossiers import Candidacy
from examsite.storage.row_seals import Sealed


class Appeal(Sealed, Base):
    """One candidate's wish to have one part marked anew, and what came of it."""

    __tablename__ = "appeals"
    __table_args__ = (
        UniqueConstraint("competition_id", "number"),
        CheckConstraint("(state = 'settled') = (score IS NOT NULL)", name="settled_with_score"),
        CheckConstraint("(state = 'withdrawn') = (withdrawn_at IS NOT NULL)", name="withdrawn_when_withdrawn"),
        CheckConstraint("(step IS NULL) = (score IS NULL)", name="score_with_step"),
        Index(
            "uq_appeals_standing",
            "candidacy_id",
            "part",
            unique=True,
            sqlite_where=text("state <> 'withdrawn'"),
            postgresql_where=text("state <> 'withdrawn'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    competition_id: Mapped[int] = mapped_column(ForeignKey("competitions.id"), index=True)
    candidacy_id: Mapped[int] = mapped_column(ForeignKey("candidacies.id"), index=True)
    #: From 1 within the competition, by the order in which they came.
    number: Mapped[int]
    part: Mapped[str] = mapped_column(String(30))
    #: The code of the script that is marked anew: codes are open by then.
    script: Mapped[str] = mapped_column(String(12))
    state: Mapped[AppealState] = mapped_column(enum_column(AppealState), default=AppealState.SUBMITTED)
    reason: Mapped[str] = mapped_column(Text)
    submitted_at: Mapped[datetime] = mapped_column(UtcDateTime())
    #: Number of the `appeal:submitted` record: the receipt.
    record_seq: Mapped[int]
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    #: The talk of the two heads, where the re-mark lies far from the settled score.
    dialogue: Mapped[str] = mapped_column(Text, default="")
    dialogue_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    step: Mapped[AppealStep | None] = mapped_column(enum_column(AppealStep))
    #: What replaces the settled score, before any deduction.
    score: Mapped[Decimal | None] = mapped_column(ScoreColumn())
    decision_reason: Mapped[str] = mapped_column(Text, default="")
    #: Number of the `appeal:decided` record, where the chair decided.
    decided_seq: Mapped[int | None]
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime())

    candidacy: Mapped[Candidacy] = relationship(lazy="raise")


class SwappedDay(Base):
    """One day that is worked although the week or the holidays say otherwise, or the other way round."""

    __tablename__ = "swapped_days"

    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(Date, unique=True)
    kind: Mapped[DayKind] = mapped_column(enum_column(DayKind))
    #: By which decision, as an official letter names it.
    reason: Mapped[str] = mapped_column(String(300))
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime())
