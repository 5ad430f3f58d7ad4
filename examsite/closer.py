"""The closer: the server's sign of life, attempts whose time is over, sittings that are due, checkpoints of the logs.

Every worker runs one, from what the database holds; rows are locked and states asked before each act, so that it
happens once however many run, and a worker that is killed in the middle leaves nothing half done.

Decision: closing comes before starting, and every sitting is a step of its own. What fails at one of them, or at one
seat, is written into the log and told on the page of readiness and on the board of that room; all others go on, and
the next round tries again. The sign of life comes first: after an outage nobody is closed before the lost time is on
the table.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError, OperationalError

from examsite.config import Settings
from examsite.domain.errors import ConflictError
from examsite.domain.lost_times import OUTAGE_AFTER_SECONDS
from examsite.domain.rooms import ServerAct
from examsite.services import outages, server_faults, sittings
from examsite.services.checkpoints import list_due_logs, load_signer, sign_checkpoint
from examsite.services.context import LogSigner, ServiceContext, read_clock
from examsite.services.erasure import finish_erasures
from examsite.storage.database import is_taken, open_engine, reading, writing
from examsite.storage.queries.sittings import list_due_starts, list_left_behind, list_overdue

_log = logging.getLogger("examsite.closer")

#: How often the closer looks while a start is near: everybody waits for it. Unit: seconds.
_NEAR_PERIOD_SECONDS = 0.1

#: How often it asks whether a log is to be signed. Source: our choice, because who waits for a receipt waits that much
#: longer, and asking reads one row for each log. Unit: seconds.
_SIGNS_EVERY_SECONDS = 1.5

#: How often a fault that goes on stands in the log. Unit: seconds.
_LOGGED_EVERY_SECONDS = 60

FoundT = TypeVar("FoundT")


def start_closer(settings: Settings) -> threading.Thread:
    """Run the closer in a thread that ends with the process; it gets database connections of its own."""
    thread = threading.Thread(target=_run, args=(settings,), name="closer", daemon=True)
    thread.start()
    return thread


def _run(settings: Settings) -> None:
    closer = Closer(open_engine(settings), settings, load_signer(settings))
    pause = threading.Event()
    while True:
        try:
            is_near = closer.go_round()
        except Exception:  # whatever happens, the next round must come
            _log.exception("the closer failed; it tries again")
            is_near = False
        pause.wait(_NEAR_PERIOD_SECONDS if is_near else settings.closer_period_seconds)


class Closer:
    """What one worker does round by round."""

    def __init__(
        self, engine: Engine, settings: Settings, signer: LogSigner, *, clock: Callable[[], datetime] = read_clock
    ) -> None:
        """Nothing is read or written yet."""
        self._engine = engine
        self._settings = settings
        self._signer = signer
        self._clock = clock
        #: When this process was last known to be alive, counted by the machine, which no one can set. Unit: ns.
        self._alive_ns: int | None = None
        #: When it was last asked, by the same count, which logs are to be signed.
        self._asked_ns: int | None = None
        #: When a fault was last written into the log, by the same count.
        self._logged_ns: dict[tuple[str, int], int] = {}

    def go_round(self) -> bool:
        """One round; whether a start comes before the next one would."""
        if not self._gives_sign_of_life():
            return False
        self.close_what_is_over()
        is_near = self.start_what_is_due()
        self.sign_what_is_due()
        return is_near

    def close_what_is_over(self) -> None:
        """Close everywhere what is over. Asks first without a write lock, for most rounds do nothing."""
        with reading(self._engine) as session:
            overdue = list_overdue(session, self._clock())
        for sitting_id, attempt_ids in overdue.items():
            try:
                while self._write(lambda ctx, key=sitting_id: sittings.close_overdue_in(ctx, key)):  # type: ignore[misc]
                    pass
            except OperationalError:
                self._log_fault(("busy", sitting_id), "sitting %s: the database does not take its closing", sitting_id)
            except Exception:  # whatever it is: the others of the room, and the other rooms, must not wait for it
                self._log_fault(("all", sitting_id), "sitting %s: everyone is now closed alone", sitting_id)
                self._close_one_by_one(sitting_id, attempt_ids)

    def _close_one_by_one(self, sitting_id: int, attempt_ids: list[int]) -> None:
        """So that only whoever it is that fails stays open."""
        is_whole = True
        for attempt_id in attempt_ids:
            try:
                self._write(
                    lambda ctx, key=attempt_id: sittings.close_overdue_in(ctx, sitting_id, attempt_id=key)  # type: ignore[misc]
                )
            except Exception as error:  # reported, and the next one follows
                is_whole = False
                self._log_fault(("one", attempt_id), "attempt %s cannot be closed", attempt_id)
                self._report(sitting_id, ServerAct.CLOSE, error, attempt_id=attempt_id)
        if is_whole:
            try:
                self._write(lambda ctx: sittings.close_overdue_in(ctx, sitting_id))
            except Exception as error:  # the sitting itself
                self._log_fault(("close", sitting_id), "sitting %s cannot be closed", sitting_id)
                self._report(sitting_id, ServerAct.CLOSE, error)

    def start_what_is_due(self) -> bool:
        """Start every sitting whose hour has come and that nothing holds; whether another start is near."""
        with reading(self._engine) as session:
            due = list_due_starts(session, self._clock())
            next_round_at = self._clock() + timedelta(seconds=self._settings.closer_period_seconds)
            is_near = len(list_due_starts(session, next_round_at)) > len(due)
        for sitting_id in due:
            try:
                self._write(lambda ctx, key=sitting_id: sittings.start_sitting(ctx, key))  # type: ignore[misc]
            except ConflictError as refusal:
                _log.info("sitting %s waits: %s", sitting_id, refusal)
            except OperationalError as error:
                self._log_fault(("late", sitting_id), "sitting %s: the database does not take its start", sitting_id)
                self._report(sitting_id, ServerAct.START, error)
            except Exception:  # whatever it is: the others of the room, and the other rooms, must not wait for it
                self._log_fault(("start", sitting_id), "sitting %s: everyone is now opened alone", sitting_id)
                self._start_without_attempts(sitting_id)
        self._open_left_behind()
        return is_near

    def _start_without_attempts(self, sitting_id: int) -> None:
        """Start the sitting alone; where that is what fails, nobody can be let in."""
        try:
            self._write(lambda ctx: sittings.start_sitting(ctx, sitting_id, opens=False))
        except Exception as error:  # reported, and the other rooms begin
            self._log_fault(("none", sitting_id), "sitting %s cannot be started", sitting_id)
            self._report(sitting_id, ServerAct.START, error)

    def _open_left_behind(self) -> None:
        """Open, one by one, what a start could not open; only whoever it is that fails waits, and is told."""
        with reading(self._engine) as session:
            left = [(row.sitting_id, row.id) for row in list_left_behind(session)]
        for sitting_id, attempt_id in left:
            try:
                self._write(
                    lambda ctx, key=sitting_id, one=attempt_id: sittings.open_left_behind(ctx, key, one)  # type: ignore[misc]
                )
            except Exception as error:  # reported, and the next one follows
                self._log_fault(("open", attempt_id), "attempt %s cannot be opened", attempt_id)
                self._report(sitting_id, ServerAct.START, error, attempt_id=attempt_id)

    def sign_what_is_due(self) -> None:
        """Sign every log that has grown or waited enough, each in a transaction of its own."""
        counted = _counted_ns()
        if self._asked_ns is not None and counted - self._asked_ns < _SIGNS_EVERY_SECONDS * 1_000_000_000:
            return
        self._asked_ns = counted
        try:
            with reading(self._engine) as session:
                due = list_due_logs(ServiceContext(session=session, now=self._clock(), settings=self._settings))
            for code in due:
                self._sign(code)
        except Exception:  # the rooms must not wait for it, and the next round tries again
            self._log_fault(("sign", 0), "a log cannot be signed (%s)", 0)
        self.clean_what_was_erased()

    def clean_what_was_erased(self) -> None:
        """Clean files and free pages after an erasure, in the rhythm of signing; never while a room writes."""
        try:
            finish_erasures(self._engine, self._settings, now=self._clock())
        except Exception:  # the rooms must not wait for it, and the next round goes on
            self._log_fault(("erase", 0), "what was erased is not yet cleaned (%s)", 0)

    def _sign(self, code: str) -> None:
        try:
            self._write(lambda ctx: sign_checkpoint(ctx, code))
        except IntegrityError as error:  # another worker was quicker
            if not is_taken(error):
                raise

    def _gives_sign_of_life(self) -> bool:
        """Write one when it is time; False: lost time may not be on the table, so nobody is to be closed yet."""
        was_alive = (
            self._alive_ns is not None and _counted_ns() - self._alive_ns <= OUTAGE_AFTER_SECONDS * 1_000_000_000
        )
        try:
            with reading(self._engine) as session:
                ctx = ServiceContext(session=session, now=self._clock(), settings=self._settings)
                is_due = outages.is_pulse_due(ctx)
            if is_due:
                found = self._write(lambda ctx: outages.beat(ctx, was_alive=was_alive))
                if found is not None:
                    _log.warning("the server was down from %s to %s", found.began_at, found.ended_at)
        except Exception:  # without an outage there is no lost time to wait for
            _log.exception("the sign of life failed")
            return was_alive
        self._alive_ns = _counted_ns()
        return True

    def _write(self, act: Callable[[ServiceContext], FoundT]) -> FoundT:
        """One act in one transaction."""
        with writing(self._engine) as session:
            ctx = ServiceContext(session=session, now=self._clock(), settings=self._settings, signer=self._signer)
            return act(ctx)

    def _report(self, sitting_id: int, act: ServerAct, error: Exception, *, attempt_id: int | None = None) -> None:
        """Tell people; never the text of the error, which may hold what somebody wrote."""
        name = type(error).__name__
        try:
            self._write(
                lambda ctx: server_faults.note_fault(ctx, sitting_id, act=act, error=name, attempt_id=attempt_id)
            )
        except Exception:  # the log has it already
            _log.exception("the fault at sitting %s could not be told", sitting_id)

    def _log_fault(self, fault: tuple[str, int], text: str, place: int) -> None:
        """The log with its trace, once a minute for the same fault: a round comes every few seconds."""
        known = self._logged_ns.get(fault)
        if known is None or _counted_ns() - known >= _LOGGED_EVERY_SECONDS * 1_000_000_000:
            self._logged_ns[fault] = _counted_ns()
            _log.exception(text, place)


def _counted_ns() -> int:
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)
