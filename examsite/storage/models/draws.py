"""Draws and the numbers that people put into them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from examsite.domain.draw_ceremonies import DrawState, NumberWay
from examsite.storage.column_types import UtcDateTime, enum_column
from examsite.storage.database import Base
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.row_seals import Sealed


class DrawCeremony(Sealed, Base):
    """One draw of a competition, from its list to its outcome. There is never a second one of the same name."""

    __tablename__ = "draw_ceremonies"
    __table_args__ = (
        UniqueConstraint("competition_id", "name"),
        CheckConstraint("(state = 'gathering') = (committed_at IS NULL)", name="committed_when_committed"),
        CheckConstraint("(state = 'held') = (held_at IS NOT NULL)", name="held_when_held"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    competition_id: Mapped[int] = mapped_column(ForeignKey("competitions.id"), index=True)
    #: As in the log, `draw/NAME`.
    name: Mapped[str] = mapped_column(String(64))
    state: Mapped[DrawState] = mapped_column(enum_column(DrawState), default=DrawState.GATHERING)
    #: The list, in the order in which it was set up.
    items: Mapped[list[Any]] = mapped_column(JSON)
    #: What the act that waits for the outcome was given when the draw was prepared, e.g. a reason.
    terms: Mapped[str] = mapped_column(Text, default="")
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime())
    opened_by: Mapped[str] = mapped_column(String(80))
    committed_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    committed_seq: Mapped[int | None]
    held_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    held_seq: Mapped[int | None]

    contributions: Mapped[list[DrawContribution]] = relationship(lazy="raise", order_by="DrawContribution.by")


class DrawContribution(Sealed, Base):
    """What one contributor put in: first the commitment and the deposit, the number when it came out."""

    __tablename__ = "draw_contributions"
    __table_args__ = (
        UniqueConstraint("ceremony_id", "by"),
        UniqueConstraint("ceremony_id", "commitment"),
        CheckConstraint("(way IS NULL) = (shown_at IS NULL)", name="way_when_shown"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ceremony_id: Mapped[int] = mapped_column(ForeignKey("draw_ceremonies.id"), index=True)
    #: As the log names the contributor, e.g. `council/C02`, or `system`.
    by: Mapped[str] = mapped_column(String(80))
    assignment_id: Mapped[int | None] = mapped_column(ForeignKey("role_assignments.id"))
    #: Hex of SHA-256 of the number.
    commitment: Mapped[str] = mapped_column(String(64))
    #: The number encrypted to the key of the draws, armoured age; empty for numbers that the system made.
    deposit: Mapped[str] = mapped_column(Text, default="")
    #: Hex of the number that the system made at the closing in case the deposit is broken; empty without a deposit.
    substitute: Mapped[str] = mapped_column(String(64), default="")
    #: Hex of the number; empty until it came out. The system's own is known here from the closing on.
    nonce: Mapped[str] = mapped_column(String(64), default="")
    given_at: Mapped[datetime] = mapped_column(UtcDateTime())
    shown_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    way: Mapped[NumberWay | None] = mapped_column(enum_column(NumberWay))
    #: Pseudonyms of the holders who opened the deposit.
    holders: Mapped[list[Any]] = mapped_column(JSON, default=list)

    assignment: Mapped[RoleAssignment | None] = relationship(lazy="raise")
