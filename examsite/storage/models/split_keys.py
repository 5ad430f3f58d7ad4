"""Keys whose private half exists only as words on the sheets of their holders."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from examsite.domain.split_keys import KeyPurpose
from examsite.storage.column_types import UtcDateTime, enum_column
from examsite.storage.database import Base
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.row_seals import SEALED_KEY, Sealed


class SplitKey(Sealed, Base):
    """One age recipient of a competition. Its private half is not stored, its shares only until they are taken."""

    __tablename__ = "split_keys"
    __table_args__ = (
        CheckConstraint("needed >= 2", name="never_alone"),
        Index(
            "uq_split_keys_standing",
            "competition_id",
            "purpose",
            "subject",
            unique=True,
            sqlite_where=text("discarded_at IS NULL"),
            postgresql_where=text("discarded_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True, info=SEALED_KEY)
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
    #: When the chair gave it up before every sheet was taken; it was never in force then.
    discarded_at: Mapped[datetime | None] = mapped_column(UtcDateTime())

    shares: Mapped[list[KeyShare]] = relationship(lazy="raise", order_by="KeyShare.number")


class KeyShare(Sealed, Base):
    """Who holds which share; once it was taken, the words are on that person's sheet and nowhere else."""

    __tablename__ = "key_shares"
    __table_args__ = (UniqueConstraint("split_key_id", "number"), UniqueConstraint("split_key_id", "assignment_id"))

    id: Mapped[int] = mapped_column(primary_key=True, info=SEALED_KEY)
    split_key_id: Mapped[int] = mapped_column(ForeignKey("split_keys.id"), index=True)
    #: Number of the share, from 1.
    number: Mapped[int]
    assignment_id: Mapped[int] = mapped_column(ForeignKey("role_assignments.id"))
    #: When the holder last typed the words and they were the right ones (rehearsal).
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime())

    #: The words, encrypted under a key of the installation, until the holder has them on paper.
    waiting: Mapped[bytes | None] = mapped_column(LargeBinary)
    #: When the holder first saw the words, and when they were on paper.
    shown_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    taken_at: Mapped[datetime | None] = mapped_column(UtcDateTime())

    assignment: Mapped[RoleAssignment] = relationship(lazy="raise")
