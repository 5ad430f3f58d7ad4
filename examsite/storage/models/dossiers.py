"""Candidacies (one person standing for one post), their dossiers and the files people uploaded."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from examsite.domain.dossiers import CandidacyState, UploadKind
from examsite.domain.rooms import RequestState
from examsite.storage.column_types import UtcDateTime, enum_column
from examsite.storage.database import Base
from examsite.storage.models.accounts import Account
from examsite.storage.models.competitions import Competition, Post
from examsite.storage.row_seals import SEALED_KEY, Sealed


class Upload(Base):
    """One stored file; its bytes lie under their SHA-256 in the uploads folder."""

    __tablename__ = "uploads"

    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    size_bytes: Mapped[int]
    kind: Mapped[UploadKind] = mapped_column(enum_column(UploadKind))
    original_name: Mapped[str] = mapped_column(String(255))
    uploaded_at: Mapped[datetime] = mapped_column(UtcDateTime())
    uploaded_by_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))


class Candidacy(Sealed, Base):
    """One person's standing for one post of one competition."""

    __tablename__ = "candidacies"
    __table_args__ = (
        UniqueConstraint("competition_id", "identity_number"),
        UniqueConstraint("competition_id", "public_code"),
        CheckConstraint("(state = 'refused') = (refusal_reason <> '')", name="refused_with_reason"),
        CheckConstraint("candidate_number IS NULL OR public_code IS NOT NULL", name="number_with_code"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    competition_id: Mapped[int] = mapped_column(ForeignKey("competitions.id"), index=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), unique=True)
    state: Mapped[CandidacyState] = mapped_column(enum_column(CandidacyState), default=CandidacyState.DRAFT)
    application_code: Mapped[str] = mapped_column(String(20), unique=True)
    #: Number that rooms and lists show, e.g. A001; unique in the installation because of its prefix.
    candidate_number: Mapped[str | None] = mapped_column(String(20), unique=True)
    #: Drawn code under which the public sees scores; told to the candidate alone.
    public_code: Mapped[str | None] = mapped_column(String(12))
    full_name: Mapped[str] = mapped_column(String(200))
    born_on: Mapped[date]
    identity_number: Mapped[str] = mapped_column(String(20))
    unit: Mapped[str] = mapped_column(String(200))
    position_title: Mapped[str] = mapped_column(String(200))
    phone: Mapped[str] = mapped_column(String(30), default="")
    email: Mapped[str] = mapped_column(String(200), default="")
    #: Commune and province that the person comes from, if told; only for finding conflicts of interest.
    hometown: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime())
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    refusal_reason: Mapped[str] = mapped_column(Text, default="")
    #: Adjustments approved before the test, e.g. {"extra_percent": 25, "size": 22, "spacing": true, "note": "…"}.
    adjustments: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)

    competition: Mapped[Competition] = relationship(lazy="raise")
    post: Mapped[Post] = relationship(lazy="raise")
    account: Mapped[Account] = relationship(lazy="raise", foreign_keys=[account_id])
    items: Mapped[list[DossierItem]] = relationship(lazy="raise", order_by="DossierItem.id")


class DossierItem(Sealed, Base):
    """One document of a dossier; a newer one of the same item replaces the older on the page, both stay."""

    __tablename__ = "dossier_items"

    id: Mapped[int] = mapped_column(primary_key=True)
    candidacy_id: Mapped[int] = mapped_column(ForeignKey("candidacies.id"), index=True)
    #: Key of the checklist of the rule set.
    item: Mapped[str] = mapped_column(String(60))
    upload_id: Mapped[int] = mapped_column(ForeignKey("uploads.id"))
    added_at: Mapped[datetime] = mapped_column(UtcDateTime())

    upload: Mapped[Upload] = relationship(lazy="raise")


class AdjustmentRequest(Base):
    """What is asked for a candidate who needs it in the room; the council decides, one request at a time waits."""

    __tablename__ = "adjustment_requests"
    __table_args__ = (
        CheckConstraint("(state = 'asked') = (decided_at IS NULL)", name="decided_when_decided"),
        CheckConstraint("decided_by_id IS NULL OR decided_by_id <> asked_by_id", name="two_people"),
        Index(
            "uq_adjustment_requests_waiting",
            "candidacy_id",
            unique=True,
            sqlite_where=text("state = 'asked'"),
            postgresql_where=text("state = 'asked'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    candidacy_id: Mapped[int] = mapped_column(ForeignKey("candidacies.id"), index=True)
    #: What `domain.adjustments.adjustments_data` wrote; nothing: everything is to be taken back.
    wanted: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    reason: Mapped[str] = mapped_column(String(500))
    state: Mapped[RequestState] = mapped_column(enum_column(RequestState), default=RequestState.ASKED)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime())
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    decision_reason: Mapped[str] = mapped_column(String(500), default="")

    candidacy: Mapped[Candidacy] = relationship(lazy="raise")


class ConflictDeclaration(Sealed, Base):
    """A role holder's word against the final list: no barred relation, or one with whom and which."""

    __tablename__ = "conflict_declarations"

    id: Mapped[int] = mapped_column(primary_key=True, info=SEALED_KEY)
    assignment_id: Mapped[int] = mapped_column(ForeignKey("role_assignments.id"), index=True)
    #: None: declares that there is no conflict with anyone on the list.
    candidacy_id: Mapped[int | None] = mapped_column(ForeignKey("candidacies.id"))
    relation: Mapped[str] = mapped_column(String(300), default="")
    #: Where the person works and comes from, if told; read by the council alone, to find what needs a judgement.
    unit: Mapped[str] = mapped_column(String(200), default="")
    hometown: Mapped[str] = mapped_column(String(200), default="")
    declared_at: Mapped[datetime] = mapped_column(UtcDateTime())
    #: The person wants this relation taken back after work began that rests on it; it stands until the council agrees.
    asked_back_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    asked_back_reason: Mapped[str] = mapped_column(Text, default="")


class ConflictRuling(Sealed, Base):
    """What the council judged about one person of a board and one candidate; the latest one counts, all stay."""

    __tablename__ = "conflict_rulings"
    __table_args__ = (
        CheckConstraint("account_id <> decided_by_id", name="never_about_oneself"),
        CheckConstraint("seconded_by_id <> decided_by_id AND seconded_by_id <> account_id", name="two_other_people"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    competition_id: Mapped[int] = mapped_column(ForeignKey("competitions.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    candidacy_id: Mapped[int] = mapped_column(ForeignKey("candidacies.id"))
    is_barred: Mapped[bool]
    reason: Mapped[str] = mapped_column(Text)
    #: The hints on which it was judged; a further one later is asked again.
    hints: Mapped[list[Any]] = mapped_column(JSON, default=list)
    decided_by_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime())
    record_seq: Mapped[int]
    #: Judged after work began that rests on it: counts only once a second person of the council says the same, which is
    #: a row of its own.
    is_pending: Mapped[bool] = mapped_column(default=False)
    #: Who had said it before, where two were needed.
    seconded_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
