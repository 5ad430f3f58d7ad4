"""The record log: its head, its records with their private payloads, its signed checkpoints."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from examsite.domain.errors import InvalidError
from examsite.domain.payloads import read_payload
from examsite.domain.records import commitment
from examsite.storage.column_types import UtcDateTime
from examsite.storage.database import Base
from examsite.storage.row_seals import Sealed


class RecordLog(Base):
    """Head of one log. Appending locks this row, so that records get their numbers one after the other."""

    __tablename__ = "record_logs"

    id: Mapped[int] = mapped_column(primary_key=True)
    #: Code of the competition, `CODE.plan` for its drafting, or `system` for acts over the installation.
    code: Mapped[str] = mapped_column(String(40), unique=True)
    competition_id: Mapped[int | None] = mapped_column(ForeignKey("competitions.id"), unique=True)
    size: Mapped[int] = mapped_column(default=0)
    last_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    #: examsite.domain.records.TreeState as JSON text.
    tree: Mapped[str] = mapped_column(Text, default="")


class RecordRow(Base):
    """One record. `payload` and `salt` are private and may be destroyed; the rest stays."""

    __tablename__ = "records"
    __table_args__ = (UniqueConstraint("log_id", "seq"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    log_id: Mapped[int] = mapped_column(ForeignKey("record_logs.id"))
    seq: Mapped[int]
    #: The instant as the record writes it (milliseconds, UTC).
    at: Mapped[str] = mapped_column(String(24))
    event: Mapped[str] = mapped_column(String(40), index=True)
    actor: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(80), index=True)
    commit: Mapped[str] = mapped_column(String(64))
    leaf: Mapped[str] = mapped_column(String(64))
    salt: Mapped[str | None] = mapped_column(String(64))
    #: Canonical JSON text.
    payload: Mapped[str | None] = mapped_column(Text)

    @property
    def content(self) -> dict[str, Any]:
        """What the record says; nothing where it was destroyed or is damaged (see `read_payload`)."""
        return read_payload(self.payload)

    @property
    def is_as_committed(self) -> bool:
        """Whether its content is there, and is the one that the record committed to when it was written."""
        if self.payload is None or self.salt is None:
            return False
        try:
            return commitment(bytes.fromhex(self.salt), self.content) == self.commit
        except (InvalidError, ValueError):
            return False


class CheckpointRow(Base):
    """A signed statement of size and root of a log."""

    __tablename__ = "checkpoints"
    __table_args__ = (UniqueConstraint("log_id", "size"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    log_id: Mapped[int] = mapped_column(ForeignKey("record_logs.id"))
    size: Mapped[int]
    root: Mapped[str] = mapped_column(String(64))
    #: C2SP signed note.
    note: Mapped[str] = mapped_column(Text)
    signed_at: Mapped[datetime] = mapped_column(UtcDateTime())


class RecordBlock(Base):
    """The root over one whole run of records, so that a proof need not read the leaves of the whole log."""

    __tablename__ = "record_blocks"
    __table_args__ = (UniqueConstraint("log_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    log_id: Mapped[int] = mapped_column(ForeignKey("record_logs.id"))
    #: Which run, from 0; each is as long as `examsite.domain.merkle.BLOCK_LEAVES`.
    number: Mapped[int]
    root: Mapped[str] = mapped_column(String(64))


class Witness(Sealed, Base):
    """Somebody outside the server who cosigns checkpoints of one competition; only the public key is here."""

    __tablename__ = "witnesses"
    __table_args__ = (UniqueConstraint("competition_id", "name"), UniqueConstraint("competition_id", "public_key"))

    id: Mapped[int] = mapped_column(primary_key=True)
    competition_id: Mapped[int] = mapped_column(ForeignKey("competitions.id"))
    #: Name of the key, as in its verification line.
    name: Mapped[str] = mapped_column(String(120))
    public_key: Mapped[str] = mapped_column(String(64))
    #: Whose key it is, in words that everyone may read: a body or a board, never a person.
    holder: Mapped[str] = mapped_column(String(200))
    named_at: Mapped[datetime] = mapped_column(UtcDateTime())
    #: When the key was given up (lost, replaced); None: it counts.
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime())


class Cosignature(Sealed, Base):
    """A witness's signature under a checkpoint."""

    __tablename__ = "cosignatures"
    __table_args__ = (UniqueConstraint("checkpoint_id", "witness_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    checkpoint_id: Mapped[int] = mapped_column(ForeignKey("checkpoints.id"))
    witness_id: Mapped[int] = mapped_column(ForeignKey("witnesses.id"))
    #: The instant that the witness signed with the checkpoint, by the witness's own clock.
    signed_at: Mapped[datetime] = mapped_column(UtcDateTime())
    #: One signature line of a C2SP signed note.
    line: Mapped[str] = mapped_column(Text)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime())

    witness: Mapped[Witness] = relationship(lazy="raise")
