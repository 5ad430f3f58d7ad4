"""Keys whose private half exists only as words on the sheets of their holders."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from examsite.domain.split_keys import KeyPurpose
from examsite.storage.column_types import UtcDateTime, enum_column
from examsite.storage.database import Base
from examsite.storage.models.accounts import RoleAssignment


class SplitKey(Base):
    """One age recipient of a competition. Neither its private half nor any share of it is stored."""

    __tablename__ = "split_keys"
    __table_args__ = (
        UniqueConstraint("competition_id", "purpose", "subject"),
        CheckConstraint("needed >= 2", name="never_alone"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    competition_id: Mapped[int] = mapped_column(ForeignKey("competitions.id"), index=True)
    purpose: Mapped[KeyPurpose] = mapped_column(enum_column(KeyPurpose))
    #: Code of the paper version that it seals; empty for the other purposes.
    subject: Mapped[str] = mapped_column(String(40), default="")
    #: age1…
    recipient: Mapped[str] = mapped_column(String(80))
    #: SLIP-39 identifier, which stands in every share.
    identifier: Mapped[int]
    #: How many holders must come together.
    needed: Mapped[int]
    made_at: Mapped[datetime] = mapped_column(UtcDateTime())
    #: When the shares were first put together; None: never.
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    record_seq: Mapped[int | None]

    shares: Mapped[list[KeyShare]] = relationship(lazy="raise", order_by="KeyShare.number")


class KeyShare(Base):
    """Who holds which share; the words are on that person's sheet and nowhere else."""

    __tablename__ = "key_shares"
    __table_args__ = (UniqueConstraint("split_key_id", "number"), UniqueConstraint("split_key_id", "assignment_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    split_key_id: Mapped[int] = mapped_column(ForeignKey("split_keys.id"), index=True)
    #: Number of the share, from 1.
    number: Mapped[int]
    assignment_id: Mapped[int] = mapped_column(ForeignKey("role_assignments.id"))
    #: When the holder last typed the words and they were the right ones (rehearsal).
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime())

    assignment: Mapped[RoleAssignment] = relationship(lazy="raise")
