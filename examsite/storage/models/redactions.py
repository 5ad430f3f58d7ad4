"""What was found in answers that may tell who wrote them, and what a person decided, before any marker reads.

Decision: nothing is changed in an answer. A decision stands beside it, and the script is made of both when the codes
are sealed; the answer as handed in stays where it is.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from examsite.domain.identity_hints import HintKind
from examsite.storage.column_types import UtcDateTime, enum_column
from examsite.storage.database import Base
from examsite.storage.models.sittings import Attempt
from examsite.storage.row_seals import Sealed


class ScriptCheck(Sealed, Base):
    """One attempt's essays were looked through under a working number, before it gets a code."""

    __tablename__ = "script_checks"
    __table_args__ = (UniqueConstraint("competition_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    competition_id: Mapped[int] = mapped_column(ForeignKey("competitions.id"), index=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempts.id"), unique=True)
    #: The working number; the code of the script is drawn later and is another one.
    code: Mapped[str] = mapped_column(String(12))
    #: Place of the attempt in the list at the draw of the codes, from 0; None before the draw.
    place: Mapped[int | None]
    #: Number of the record of the answers that were looked through; other answers want another look.
    answers_seq: Mapped[int]
    looked_at: Mapped[datetime] = mapped_column(UtcDateTime())
    #: When a person confirmed what is left and what is covered, and the record of it; None as long as nobody did.
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    record_seq: Mapped[int | None]

    attempt: Mapped[Attempt] = relationship(lazy="raise")
    hints: Mapped[list[IdentityHint]] = relationship(
        back_populates="check", lazy="raise", order_by="IdentityHint.id", cascade="all, delete-orphan"
    )


class IdentityHint(Sealed, Base):
    """One place in an answer that may tell who wrote it, and what is done about it."""

    __tablename__ = "identity_hints"
    __table_args__ = (
        UniqueConstraint("check_id", "item", "start_at", "end_at"),
        CheckConstraint("start_at >= 0 AND end_at > start_at", name="span_not_empty"),
        CheckConstraint("(is_covered IS NULL) = (decided_by_id IS NULL)", name="decided_by_someone"),
        CheckConstraint("(is_covered IS TRUE) = (covered_from IS NOT NULL)", name="covered_with_span"),
        CheckConstraint("(covered_from IS NULL) = (covered_to IS NULL)", name="whole_span"),
        CheckConstraint("(kind = 'by-hand') = (reason <> '')", name="by_hand_with_reason"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    check_id: Mapped[int] = mapped_column(ForeignKey("script_checks.id"), index=True)
    item: Mapped[str] = mapped_column(String(20))
    #: Place in the text of the answer as it would be shown. Unit: code points.
    start_at: Mapped[int]
    end_at: Mapped[int]
    quote: Mapped[str] = mapped_column(Text)
    kind: Mapped[HintKind] = mapped_column(enum_column(HintKind))
    #: How sure the search is. Unit: percent.
    confidence: Mapped[int]
    #: Why a person marked it; empty where the search found it.
    reason: Mapped[str] = mapped_column(String(300), default="")
    #: True: covered by "[…]"; False: left as it is; None: not yet decided.
    is_covered: Mapped[bool | None]
    covered_from: Mapped[int | None]
    covered_to: Mapped[int | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("role_assignments.id"))

    check: Mapped[ScriptCheck] = relationship(back_populates="hints", lazy="raise")
