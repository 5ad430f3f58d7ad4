"""Accounts, log-ins on the server, failed log-ins and roles."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from examsite.domain.accounts import AccountState
from examsite.domain.permissions import Role
from examsite.domain.second_factors import FactorKind
from examsite.storage.column_types import UtcDateTime, enum_column
from examsite.storage.database import Base
from examsite.storage.models.competitions import Body, Competition
from examsite.storage.row_seals import SEALED_KEY, Sealed


class Account(Sealed, Base):
    """One person who may log in. A candidate's login is the application code, later also the candidate number."""

    __tablename__ = "accounts"

    id: Mapped[int] = mapped_column(primary_key=True, info=SEALED_KEY)
    login: Mapped[str] = mapped_column(String(80), unique=True)
    display_name: Mapped[str] = mapped_column(String(200))
    position_title: Mapped[str] = mapped_column(String(200), default="")
    password_hash: Mapped[str] = mapped_column(String(255))
    #: Whether an administrator gave the password out, so that an official has to choose another one before anything.
    is_password_temporary: Mapped[bool] = mapped_column(default=False)
    state: Mapped[AccountState] = mapped_column(enum_column(AccountState), default=AccountState.ACTIVE)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime())

    assignments: Mapped[list[RoleAssignment]] = relationship(
        back_populates="account", lazy="raise", foreign_keys="RoleAssignment.account_id"
    )


class LoginSession(Base):
    """One log-in. The cookie holds a random token, the row its HMAC; an ended row ends the log-in at once."""

    __tablename__ = "login_sessions"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_mac: Mapped[str] = mapped_column(String(64), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime())
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime())
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    address: Mapped[str] = mapped_column(String(64), default="")
    user_agent: Mapped[str] = mapped_column(String(300), default="")
    #: When a second factor was last shown in this log-in.
    factor_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    #: Under the key of the installation: nobody who only writes into this table has shown one. Empty: none was shown.
    factor_mac: Mapped[str] = mapped_column(String(64), default="")

    account: Mapped[Account] = relationship(lazy="raise")


class SecondFactor(Sealed, Base):
    """What one person proves beside the password. A removed one stays, so that its secret is never given out again."""

    __tablename__ = "second_factors"

    id: Mapped[int] = mapped_column(primary_key=True, info=SEALED_KEY)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    kind: Mapped[FactorKind] = mapped_column(enum_column(FactorKind))
    name: Mapped[str] = mapped_column(String(60))
    #: Secret of the app, or public key of the passkey: encrypted and bound to the account with a key that the database
    #: does not hold, so that nobody who writes into this table makes a factor that counts.
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    #: Step of the last code taken: no code counts twice.
    last_step: Mapped[int] = mapped_column(default=0)
    added_at: Mapped[datetime] = mapped_column(UtcDateTime())
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime())


class LoginThrottle(Base):
    """Failed log-ins of one login name: the next try is answered only after `open_at`. Never keyed by address."""

    __tablename__ = "login_throttles"

    login: Mapped[str] = mapped_column(String(80), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    last_failed_at: Mapped[datetime] = mapped_column(UtcDateTime())
    open_at: Mapped[datetime] = mapped_column(UtcDateTime())


class RoleAssignment(Sealed, Base):
    """A role held in a competition (with a pseudonym there), at a body, or over the installation."""

    __tablename__ = "role_assignments"
    __table_args__ = (
        CheckConstraint("competition_id IS NULL OR pseudonym IS NOT NULL", name="pseudonym_in_competition"),
        CheckConstraint("competition_id IS NULL OR body_id IS NULL", name="one_scope"),
        Index(
            "uq_role_assignments_pseudonym",
            "competition_id",
            "pseudonym",
            unique=True,
        ),
        Index(
            "uq_role_assignments_held",
            "account_id",
            "role",
            "competition_id",
            unique=True,
            sqlite_where=text("revoked_at IS NULL AND competition_id IS NOT NULL"),
            postgresql_where=text("revoked_at IS NULL AND competition_id IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True, info=SEALED_KEY)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    role: Mapped[Role] = mapped_column(enum_column(Role))
    competition_id: Mapped[int | None] = mapped_column(ForeignKey("competitions.id"), index=True)
    body_id: Mapped[int | None] = mapped_column(ForeignKey("bodies.id"), index=True)
    pseudonym: Mapped[str | None] = mapped_column(String(12))
    granted_at: Mapped[datetime] = mapped_column(UtcDateTime())
    granted_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime())

    account: Mapped[Account] = relationship(back_populates="assignments", lazy="raise", foreign_keys=[account_id])
    competition: Mapped[Competition | None] = relationship(lazy="raise")
    body: Mapped[Body | None] = relationship(lazy="raise")
