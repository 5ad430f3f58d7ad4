"""Who acts, when: the director of the demonstration puts people and instants to acts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from examsite.cli.demonstration import cast
from examsite.cli.demonstration.handing_in import Letterbox
from examsite.config import Settings
from examsite.domain.permissions import Role
from examsite.domain.questions import QuestionKind
from examsite.domain.second_factors import public_secret
from examsite.services import accounts, bodies, second_factors
from examsite.services.context import Actor, LogSigner, ServiceContext
from examsite.storage.queries.accounts import find_account_by_login, list_holders
from examsite.storage.queries.competitions import get_competition
from examsite.storage.queries.papers import list_bank

if TYPE_CHECKING:
    from examsite.storage.models.accounts import Account


@dataclass(frozen=True)
class PostPlan:
    """A post of a competition."""

    code: str
    title: str
    title_en: str
    unit: str
    unit_en: str


@dataclass(frozen=True)
class RoomPlan:
    """A room of the written test: its sitting's code, its name, how much later it starts, its size."""

    code: str
    name: str
    later: timedelta = timedelta()
    rows: int = 3
    columns: int = 4


@dataclass(frozen=True)
class Plan:
    """One competition of the demonstration, with the instant at which its written test starts."""

    code: str
    prefix: str
    body: str
    title: str
    title_en: str
    posts: tuple[PostPlan, ...]
    applicants: tuple[cast.Applicant, ...]
    written_at: datetime
    rooms: tuple[RoomPlan, ...] = (RoomPlan("S1", "Phòng thi 01"),)
    #: Figures of the rule set that this competition decides for itself.
    figures: Mapping[str, str] = field(default_factory=dict)
    #: How many of the first applicants send their papers through the site; the others bring them.
    online: int = 1
    #: Of ten candidates how many give themselves away in an essay.
    telling: int = 4
    #: Whether there are scripts enough for figures about them, and the marking is played hour by hour.
    is_large: bool = False
    #: Whether the council draws the seats.
    draws_seats: bool = False
    #: By how much holidays in the window of the appeals put off everything behind it.
    holidays: timedelta = timedelta()

    @property
    def later_at(self) -> datetime:
        """What every instant behind the appeals is counted from."""
        return self.written_at + self.holidays


class Director:
    """Puts people and instants to acts. Accounts are shared by all competitions."""

    def __init__(
        self,
        session: Session,
        settings: Settings,
        signer: LogSigner,
        password_hash: str,
        *,
        letterbox: Letterbox | None = None,
    ) -> None:
        """Play in this session; every account gets the same password. A letterbox may know files from before."""
        self.session = session
        self.settings = settings
        self.signer = signer
        self.password_hash = password_hash
        self.letterbox = letterbox or Letterbox(settings)
        self._actors: dict[tuple[str, Role, str | None], Actor] = {}

    @cached_property
    def essay_topics(self) -> tuple[str, ...]:
        """Every topic of which the bank has an essay."""
        return tuple(sorted({item.topic for item in list_bank(self.session) if item.kind is QuestionKind.ESSAY}))

    def context(self, now: datetime, actor: Actor | None = None) -> ServiceContext:
        """The context of an act at an instant, a second factor just shown; without an actor the system acts."""
        return ServiceContext(
            session=self.session,
            now=now,
            actor=actor or Actor(),
            settings=self.settings,
            signer=self.signer,
            factor_at=now,
        )

    def acting(self, login: str, role: Role, now: datetime, code: str | None = None) -> ServiceContext:
        """The context of an official in a role, in a competition or (without one) over the installation."""
        actor = self._actors.get((login, role, code))
        if actor is None:
            actor = self._actors[login, role, code] = self._find_actor(login, role, code)
        return self.context(now, actor)

    def _find_actor(self, login: str, role: Role, code: str | None) -> Actor:
        if code is None:
            account = find_account_by_login(self.session, login)
            if account is None:
                raise LookupError(login)
            return Actor(account_id=account.id, role=role, pseudonym="Q01")
        competition = get_competition(self.session, code)
        for held in list_holders(self.session, competition.id):
            known = Actor(held.account_id, held.role, held.id, held.pseudonym, competition.id)
            self._actors[held.account.login, held.role, code] = known
        if (login, role, code) not in self._actors:
            raise LookupError(f"{login} is not {role} in {code}")
        return self._actors[login, role, code]

    def _give_app(self, account: Account, now: datetime) -> None:
        """An app whose secret everybody can compute, so that whoever looks around can do everything."""
        second_factors.give_app(
            self.context(now), account, secret=public_secret(account.login), name="Ứng dụng tạo mã (trình diễn)"
        )

    def make_people(self, now: datetime) -> None:
        """Bodies, accounts, and who may organise and approve at each body."""
        administrator = accounts.create_administrator(
            self.context(now),
            login=cast.ADMINISTRATOR.login,
            display_name=cast.ADMINISTRATOR.name,
            password_hash=self.password_hash,
        )
        self._give_app(administrator, now)
        admin = self.acting(cast.ADMINISTRATOR.login, Role.ADMINISTRATOR, now)
        made: dict[str, Any] = {}
        for part in cast.BODIES:
            parent = made.get(part.parent or "")
            made[part.code] = bodies.create_body(
                admin,
                code=part.code,
                name=part.name,
                name_en=part.name_en,
                level=part.level,
                parent_id=parent.id if parent else None,
            )
        for official in (*cast.OFFICIALS, *cast.REMARKERS):
            account = accounts.create_account(
                admin,
                login=official.login,
                display_name=official.name,
                position_title=official.position,
                password_hash=self.password_hash,
            )
            self._give_app(account, now)
            if official.role in {Role.ORGANISER, Role.AUTHORITY}:
                for body in made.values():
                    accounts.grant_role(admin, account, official.role, body=body)
