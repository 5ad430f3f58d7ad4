"""An invigilator who acts on the server itself, for stories about the candidate's page: no second browser is needed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from examsite.config import load_settings
from examsite.domain.permissions import Role
from examsite.services import invigilation, room_messages, room_time
from examsite.services.context import Actor, ServiceContext
from examsite.storage.database import open_engine, writing
from examsite.storage.models.accounts import Account, RoleAssignment
from examsite.storage.models.competitions import Competition
from examsite.storage.models.rooms import HelpCall
from examsite.storage.models.sittings import Attempt, Sitting
from examsite.storage.queries.attempts import list_answers
from tests.browser.browser import Site

Act = Callable[[ServiceContext, Competition, Sitting], Any]


class Watcher:
    """The invigilator of the room in which a candidate sits."""

    def __init__(self, site: Site, attempt: int, login: str = "coithi") -> None:
        self.site = site
        self.attempt = attempt
        self.login = login
        self.engine = open_engine(load_settings(site.instance, environ={}))

    def pauses(self) -> None:
        """The clock of the candidate stands still."""
        self._act(
            lambda ctx, where, room, seat: room_time.pause_attempt(ctx, where, room, seat=seat, reason="Mất điện")
        )

    def resumes(self) -> None:
        """It runs again."""
        self._act(lambda ctx, where, room, seat: room_time.resume_attempt(ctx, where, room, seat=seat, reason=""))

    def gives_minutes(self, minutes: int) -> None:
        """Extra time for the candidate."""
        self._act(
            lambda ctx, where, room, seat: invigilation.extend_time(
                ctx, where, room, seat=seat, minutes=minutes, reason="Máy treo"
            )
        )

    def says(self, text: str) -> None:
        """A message to the candidate alone."""
        self._act(lambda ctx, where, room, seat: room_messages.send_message(ctx, where, room, seat=seat, text=text))

    def answers_call(self) -> str:
        """See the open call of the candidate; gives back what it is about."""

        def answer(ctx: ServiceContext, where: Competition, room: Sitting, _seat: str) -> str:
            statement = select(HelpCall).where(HelpCall.attempt_id == self.attempt, HelpCall.answered_at.is_(None))
            call = ctx.session.scalars(statement).one()
            room_messages.answer_call(ctx, where, room, call_id=call.id)
            return f"{call.kind.value} {call.item}"

        return str(self._act(answer))

    def read_message_id(self) -> int | None:
        """The message that the candidate has closed, as the server knows it."""
        return self._act(lambda ctx, _where, _room, _seat: ctx.session.get_one(Attempt, self.attempt).read_message_id)

    def reads_stored(self, item: str) -> str:
        """What the server holds of an answer; no invigilator sees this, only a story does."""
        answers = self._act(lambda ctx, _where, _room, _seat: list_answers(ctx.session, self.attempt))
        return str(answers.get(item) or "")

    def leaves_seconds(self, seconds: int) -> None:
        """Shift the start of the whole sitting, so that this much is left to the candidate."""

        def shift(ctx: ServiceContext, _where: Competition, room: Sitting, _seat: str) -> None:
            added = ctx.session.get_one(Attempt, self.attempt).added_seconds
            length = timedelta(minutes=room.duration_minutes, seconds=added)
            room.started_at = ctx.now + timedelta(seconds=seconds) - length

        self._act(shift)

    def _act(self, step: Callable[[ServiceContext, Competition, Sitting, str], Any]) -> Any:
        with writing(self.engine) as session:
            attempt = session.get_one(Attempt, self.attempt)
            room = session.get_one(Sitting, attempt.sitting_id)
            where = session.get_one(Competition, room.competition_id)
            held = session.scalars(
                select(RoleAssignment)
                .join(Account, Account.id == RoleAssignment.account_id)
                .where(
                    Account.login == self.login,
                    RoleAssignment.competition_id == where.id,
                    RoleAssignment.role == Role.INVIGILATOR,
                )
            ).one()
            actor = Actor(
                account_id=held.account_id,
                role=Role.INVIGILATOR,
                assignment_id=held.id,
                pseudonym=held.pseudonym,
                competition_id=where.id,
            )
            ctx = ServiceContext(session=session, now=self.site.now(), actor=actor)
            return step(ctx, where, room, attempt.seat)
