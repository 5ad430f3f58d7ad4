"""Who acts, when, and in which transaction: what every act is given. The clock is read here and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.orm import Session

from examsite.config import Settings
from examsite.domain.errors import FactorNeededError, NotAllowedError
from examsite.domain.permissions import Role, actor_name
from examsite.domain.second_factors import is_fresh
from examsite.storage.clock import InstallationClock

_clock: InstallationClock | None = None


def use_clock(clock: InstallationClock | None) -> None:
    """Let this process read the time from the clock of an installation (None: from the wall clock)."""
    global _clock  # noqa: PLW0603 -- a process serves one installation
    _clock = clock


def installation_clock() -> InstallationClock | None:
    """The clock of the installation that this process serves, when it has one."""
    return _clock


def read_clock() -> datetime:
    """The server's present instant, aware, UTC; no step of the wall clock moves it."""
    return datetime.now(UTC) if _clock is None else _clock.read()


@dataclass(frozen=True)
class Actor:
    """The person (or the system) behind an act, in the role in which it is done."""

    account_id: int | None = None
    role: Role | None = None
    assignment_id: int | None = None
    pseudonym: str | None = None
    competition_id: int | None = None
    candidacy_id: int | None = None

    @property
    def record_name(self) -> str:
        """How the record log names this actor: never a person's name, and never a code for a candidate."""
        if self.role is None:
            return "system"
        if self.role is Role.CANDIDATE:
            return "candidate"
        return actor_name(self.role, self.pseudonym or "Q00")


SYSTEM = Actor()


@dataclass(frozen=True)
class LogSigner:
    """Signs checkpoints: the host name of the log's origin and an Ed25519 signing function with its public key."""

    host_name: str
    public_key: bytes
    sign: Callable[[bytes], bytes]


@dataclass(frozen=True)
class ServiceContext:
    """What an act needs: the session it writes in, the actor, the instant, and the installation's means."""

    session: Session
    now: datetime
    actor: Actor = SYSTEM
    settings: Settings | None = None
    signer: LogSigner | None = None
    request_id: str = field(default="")
    #: When the actor last showed a second factor in this log-in.
    factor_at: datetime | None = None

    @property
    def uploads_path(self) -> Path:
        """Folder of uploaded files."""
        if self.settings is None:
            raise RuntimeError("this act needs the settings of the installation")
        return self.settings.uploads_path

    def require(self, *roles: Role, competition_id: int | None = None) -> Actor:
        """The actor, if it holds one of the roles (in that competition).

        Raises:
            NotAllowedError: `role_needed`.
        """
        actor = self.actor
        allowed = actor.role in roles and (competition_id is None or actor.competition_id == competition_id)
        if not allowed:
            raise NotAllowedError("role_needed", roles=", ".join(roles))
        return actor

    def require_fresh_factor(self) -> None:
        """Refuse a critical act unless its actor showed a second factor within the last minutes, in this log-in.

        Raises:
            FactorNeededError: `fresh_factor_needed`.
        """
        if not is_fresh(self.factor_at, now=self.now):
            raise FactorNeededError("fresh_factor_needed")
