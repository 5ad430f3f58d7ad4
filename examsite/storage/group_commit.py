"""Writes that wait at the same time share one commit: the cost of reaching the disk is paid once for all of them.

Decision: one thread of each process writes. Whatever has been handed in while it was busy becomes the next group: one
transaction, one commit, and only then is everyone told. On SQLite the transaction stands in the queue of writers like
every other; on PostgreSQL it is an ordinary transaction on a connection of the pool.

Decision: a job that spoils its group does not spoil its neighbours. When a group fails, nothing of it is kept, and
every job is tried again alone; what fails alone fails for itself.

Decision: when several wrote at once, the writer rests for a moment before it takes the next group. Who else is about to
write comes along then, and the machine does once what it would have done for each.

Nothing is told before its commit is on the disk, and nobody waits for ever: whoever is not served in time is told so,
and must ask again. A job may therefore be stored although its caller gave up; jobs must be safe to repeat.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from examsite.storage.database import writing_plainly

#: Most jobs in one group. Source: our choice, because a group of this size takes a few hundredths of a second.
LARGEST_GROUP = 128

#: How long the writer rests for others to come along. Source: our choice, because nobody feels it, and a group grows to
#: all threads of a process meanwhile. Unit: seconds.
REST_SECONDS = 0.002

#: How long a caller waits for its commit. Source: our choice, because a page has waited long enough then and asks
#: again, and the thread it occupies is needed. Unit: seconds.
PATIENCE_SECONDS = 10.0

#: How long the end of the process waits for jobs that are still being written. Unit: seconds.
DRAIN_SECONDS = 5.0

_log = logging.getLogger("examsite.group_commit")

JobT = TypeVar("JobT")


class NotStoredError(Exception):
    """The write was not confirmed in time, or the database refused it; nothing may be told as done."""


class _Ticket(Generic[JobT]):
    """A job that waits, and what became of it."""

    __slots__ = ("done", "error", "job", "outcome")

    def __init__(self, job: JobT) -> None:
        self.job = job
        self.outcome: Any = None
        self.error: BaseException | None = None
        self.done = threading.Lock()
        self.done.acquire()


class GroupCommit(Generic[JobT]):
    """The one writer of a process for jobs of one kind of work.

    `run` is given a connection inside a writing transaction, a session over it for whoever needs objects, and the jobs
    of a group; it gives back one outcome for each. An outcome that is an exception is raised to the caller of that job
    alone, and does not undo the others.
    """

    def __init__(
        self,
        engine: Engine,
        run: Callable[[Connection, Session, Sequence[JobT]], Sequence[Any]],
        *,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        """Nothing is started yet: a process may still be forked."""
        self._engine = engine
        self._run = run
        self._patience_seconds = patience_seconds
        self._waiting: list[_Ticket[JobT]] = []
        self._changed = threading.Condition(threading.Lock())
        self._writer: threading.Thread | None = None
        self._is_ending = False

    def write(self, job: JobT) -> Any:
        """Hand in a job and wait until its commit is on the disk; gives back its outcome.

        Raises:
            NotStoredError: not confirmed in time, the database failed, or the process is ending.
        """
        ticket = _Ticket(job)
        with self._changed:
            if self._is_ending:
                raise NotStoredError("the server is stopping")
            if self._writer is None:
                self._start()
            self._waiting.append(ticket)
            if len(self._waiting) == 1:
                self._changed.notify()
        if not ticket.done.acquire(timeout=self._patience_seconds):
            with self._changed:
                if ticket in self._waiting:
                    self._waiting.remove(ticket)
            raise NotStoredError("not confirmed in time")
        if ticket.error is not None:
            if isinstance(ticket.error, DBAPIError):
                raise NotStoredError("the database refused the write") from ticket.error
            raise ticket.error
        return ticket.outcome

    def close(self) -> None:
        """Take no more jobs, and write those that wait."""
        with self._changed:
            self._is_ending = True
            self._changed.notify()
            writer = self._writer
        if writer is not None:
            writer.join(timeout=DRAIN_SECONDS)

    def _start(self) -> None:
        writer = threading.Thread(target=self._write_for_ever, name="group-commit", daemon=True)
        writer.start()
        self._writer = writer

    def _write_for_ever(self) -> None:
        rests = False
        while group := self._next_group(rests=rests):
            rests = len(group) > 1
            try:
                self._write_group(group)
            except BaseException as error:  # the writer must live: whoever waits depends on it
                _log.exception("a group was not written")
                self._tell(group, error)

    def _next_group(self, *, rests: bool) -> list[_Ticket[JobT]]:
        """Whoever waits, in the order of arrival; nobody only when the process ends."""
        while True:
            with self._changed:
                while not self._waiting and not self._is_ending:
                    self._changed.wait()
            if rests and not self._is_ending:
                time.sleep(REST_SECONDS)
            with self._changed:
                group = self._waiting[:LARGEST_GROUP]
                del self._waiting[:LARGEST_GROUP]
                # Everybody may have given up during the rest; an empty group is told only at the end.
                if group or self._is_ending:
                    return group

    def _write_group(self, group: list[_Ticket[JobT]]) -> None:
        try:
            outcomes = self._write_at_once([ticket.job for ticket in group])
        except Exception as error:
            if len(group) == 1:
                self._tell(group, error)
                return
            _log.warning("a group of %d failed, its jobs are written one by one: %r", len(group), error)
            for ticket in group:
                self._write_group([ticket])
            return
        for ticket, outcome in zip(group, outcomes, strict=True):
            if isinstance(outcome, BaseException):
                ticket.error = outcome
            else:
                ticket.outcome = outcome
            ticket.done.release()

    def _write_at_once(self, jobs: list[JobT]) -> Sequence[Any]:
        with writing_plainly(self._engine) as connection, Session(connection, expire_on_commit=False) as session:
            outcomes = self._run(connection, session, jobs)
            if len(outcomes) != len(jobs):
                raise RuntimeError("a group must give back one outcome for each job")
            session.flush()
        return outcomes

    @staticmethod
    def _tell(group: list[_Ticket[JobT]], error: BaseException) -> None:
        """The same error to everyone who has not been told yet."""
        for ticket in group:
            if ticket.error is None and ticket.outcome is None and ticket.done.locked():
                ticket.error = error
                ticket.done.release()
