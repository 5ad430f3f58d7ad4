"""Bodies, competitions, posts and the gates passed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from examsite.domain.competitions import CompetitionState, DelegationLevel, GateEvent
from examsite.storage.column_types import UtcDateTime, enum_column
from examsite.storage.database import Base
from examsite.storage.row_seals import SEALED_KEY, Sealed


class Body(Sealed, Base):
    """A competent body in the tree of bodies, with its delegation level."""

    __tablename__ = "bodies"

    id: Mapped[int] = mapped_column(primary_key=True, info=SEALED_KEY)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200))
    level: Mapped[DelegationLevel] = mapped_column(enum_column(DelegationLevel))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("bodies.id", deferrable=True, initially="DEFERRED"))

    parent: Mapped[Body | None] = relationship(lazy="raise", remote_side=[id])  # noqa: A003 - the column


class Competition(Sealed, Base):
    """One competition of one body under one rule set."""

    __tablename__ = "competitions"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(30), unique=True)
    title: Mapped[str] = mapped_column(String(300))
    title_en: Mapped[str] = mapped_column(String(300))
    body_id: Mapped[int] = mapped_column(ForeignKey("bodies.id"), index=True)
    state: Mapped[CompetitionState] = mapped_column(enum_column(CompetitionState), default=CompetitionState.DRAFT)
    #: Letters before the candidate numbers; unique so that a number alone finds its candidate.
    number_prefix: Mapped[str] = mapped_column(String(6), unique=True)
    #: The whole rule set as TOML; frozen with its hash at announcement.
    ruleset_toml: Mapped[str] = mapped_column(Text)
    ruleset_sha256: Mapped[str | None] = mapped_column(String(64))
    announcement: Mapped[str] = mapped_column(Text, default="")
    announcement_en: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime())
    announced_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    notice_changed_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    # The schedule: planned instants, shown to the public from the announcement on.
    applications_close_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    written_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    written_results_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    #: Set when the written results are published: end of the appeal window.
    appeals_close_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    proposals_close_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    defence_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    results_at: Mapped[datetime | None] = mapped_column(UtcDateTime())

    body: Mapped[Body] = relationship(lazy="raise")
    posts: Mapped[list[Post]] = relationship(back_populates="competition", lazy="raise", order_by="Post.code")
    passages: Mapped[list[GatePassage]] = relationship(lazy="raise", order_by="GatePassage.id")


class Post(Sealed, Base):
    """A post (chức danh) that the competition fills."""

    __tablename__ = "posts"
    __table_args__ = (UniqueConstraint("competition_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    competition_id: Mapped[int] = mapped_column(ForeignKey("competitions.id"), index=True)
    code: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(200))
    title_en: Mapped[str] = mapped_column(String(200))
    unit: Mapped[str] = mapped_column(String(200))
    unit_en: Mapped[str] = mapped_column(String(200), default="")
    #: The level that manages the post; must equal the level of the competition's body.
    managed_by: Mapped[DelegationLevel] = mapped_column(enum_column(DelegationLevel))
    vacancies: Mapped[int] = mapped_column(default=1)
    #: Standards and conditions for the post, for the announcement.
    requirements: Mapped[str] = mapped_column(Text, default="")
    requirements_en: Mapped[str] = mapped_column(Text, default="")
    #: examsite.domain.blueprints.Blueprint as JSON; empty until the setter's plan is entered.
    blueprint: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    #: examsite.domain.rubrics.Rubric of the defence as JSON.
    defence_rubric: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)

    competition: Mapped[Competition] = relationship(back_populates="posts", lazy="raise")


class GatePassage(Sealed, Base):
    """A gate that was passed: what happened, when, and the record that says so."""

    __tablename__ = "gate_passages"
    __table_args__ = (UniqueConstraint("competition_id", "event"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    competition_id: Mapped[int] = mapped_column(ForeignKey("competitions.id"), index=True)
    event: Mapped[GateEvent] = mapped_column(enum_column(GateEvent))
    at: Mapped[datetime] = mapped_column(UtcDateTime())
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    record_seq: Mapped[int]
