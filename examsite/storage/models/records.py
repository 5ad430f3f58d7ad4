"""The record log: its head, its records with their private payloads, its signed checkpoints."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from examsite.storage.column_types import UtcDateTime
from examsite.storage.database import Base


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
