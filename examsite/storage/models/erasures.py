"""Erasures of the data of those not selected: who asked, who did it, what went."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from examsite.domain.erasure import ErasureState
from examsite.storage.column_types import UtcDateTime, enum_column
from examsite.storage.database import Base
from examsite.storage.row_seals import Sealed


class Erasure(Sealed, Base):
    """One erasure, from the wish to the certificate. No name of anyone who was erased stands here."""

    __tablename__ = "erasures"
    __table_args__ = (
        CheckConstraint("(state IN ('destroyed', 'finished')) = (record_seq IS NOT NULL)", name="destroyed_on_record"),
        CheckConstraint("(state = 'finished') = (finished_at IS NOT NULL)", name="finished_when_finished"),
        Index(
            "uq_erasures_open",
            "competition_id",
            unique=True,
            sqlite_where=text("state IN ('asked', 'destroyed')"),
            postgresql_where=text("state IN ('asked', 'destroyed')"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    competition_id: Mapped[int] = mapped_column(ForeignKey("competitions.id"), index=True)
    state: Mapped[ErasureState] = mapped_column(enum_column(ErasureState), default=ErasureState.ASKED)
    #: As records name them; who did it is `system` where it was a command on the server.
    asked_by: Mapped[str] = mapped_column(String(40))
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime())
    erased_by: Mapped[str] = mapped_column(String(40), default="")
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    #: Number of the `data:erased` record.
    record_seq: Mapped[int | None]
    #: {people, records, files, rows: {table: rows}}.
    counts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    #: SHA-256 of the files that are still to be removed.
    files: Mapped[list[Any]] = mapped_column(JSON, default=list)
    #: What was done to files, free pages and logs of the database, in words of the certificate.
    steps: Mapped[list[Any]] = mapped_column(JSON, default=list)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
