"""The one place that commits: a writing request commits once when its answer is good, otherwise nothing stays."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, TypeVar

from flask import Flask, Response, current_app, g, make_response, request
from flask import session as browser_session
from sqlalchemy.exc import IntegrityError

from examsite.domain.errors import ConflictError, NotAllowedError
from examsite.services.attempts import Job, write_jobs
from examsite.services.context import ServiceContext, read_clock
from examsite.storage.database import begin_write, broken_rule, db, is_taken
from examsite.storage.group_commit import GroupCommit
from examsite.storage.queries.accounts import is_role_in_force
from examsite.storage.queries.competitions import (
    get_competition,
    get_competition_for_update,
    get_competition_shared,
)

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from examsite.storage.models.competitions import Competition

#: Methods that may change something.
WRITING = frozenset({"POST", "PUT", "PATCH", "DELETE"})

ViewT = TypeVar("ViewT", bound=Callable[..., Any])

#: Where Flask keeps the messages for the next page.
_MESSAGES = "_flashes"

_making = threading.Lock()


def writes(view: Callable[..., Any]) -> Callable[..., Response]:
    """Run the view in one writing transaction: commit on an answer below 400, otherwise roll back.

    Two people may put the same thing in at one instant, and the tables let only one of them. Nothing of the other's act
    is kept; the view runs once more, meets what is there now and says so in its own words.

    On GET (a page that shows the form) no transaction for writing is opened and nothing can be committed.
    """
    lock = get_competition_shared if getattr(view, "beside_others", False) else get_competition_for_update

    @wraps(view)
    def in_transaction(*args: Any, **kwargs: Any) -> Response:
        if request.method not in WRITING:
            return make_response(view(*args, **kwargs))
        before = _what_a_run_leaves()
        try:
            return _run(view, *args, **kwargs)
        except IntegrityError as error:
            if not is_taken(error):
                raise
        _forget_run(before)
        with _told_as_conflict():
            return _run(view, *args, **kwargs)

    def _run(view: Callable[..., Any], *args: Any, **kwargs: Any) -> Response:
        session = db.session()
        _begin(lock)
        try:
            response = make_response(view(*args, **kwargs))
            if response.status_code < 400:
                session.commit()
            else:
                session.rollback()
        except BaseException:
            session.rollback()
            raise
        return response

    in_transaction.writes = True  # type: ignore[attr-defined]
    in_transaction.reads_behind_lock = True  # type: ignore[attr-defined]
    return in_transaction


def beside_others(view: ViewT) -> ViewT:
    """For what many do at once in one competition, every few seconds, and what changes nothing of the competition.

    It is read without its posts and gates; acts take its row in share, so that they wait for gates but not for each
    other. What two of them must not do at once, their services keep apart by the rows below and by the log. The role is
    not asked again behind the lock; where such a view does more than keep a draft, it asks with `ask_role_again()`.
    Stands directly above the view.
    """
    view.beside_others = True  # type: ignore[attr-defined]
    return view


def writes_in_steps(view: Callable[..., Any]) -> Callable[..., Response]:
    """For the few views that must not hold the write lock all the time, above all while a password is hashed.

    The view opens a short transaction for each of its steps with `write_now()`; nothing else of it is kept.
    """

    @wraps(view)
    def in_steps(*args: Any, **kwargs: Any) -> Response:
        try:
            return make_response(view(*args, **kwargs))
        finally:
            db.session().rollback()

    in_steps.writes = True  # type: ignore[attr-defined]
    return in_steps


def writes_together(view: Callable[..., Any]) -> Callable[..., Response]:
    """For the calls of test pages: what they write shares a commit with everyone's who waits, through `write_job()`.

    The view opens no transaction of its own, so that nothing waits for the database while a body is read.
    """

    @wraps(view)
    def together(*args: Any, **kwargs: Any) -> Response:
        return make_response(view(*args, **kwargs))

    together.writes = True  # type: ignore[attr-defined]
    return together


def write_job(job: Job) -> Any:
    """Do what a test page asks for and give back what became of it, once that is on the disk.

    Raises:
        DomainError: the job was refused.
        NotStoredError: it could not be written, or not in time; the page must ask again.
    """
    return writer_of(current_app).write(job)


def writer_of(app: Flask) -> GroupCommit[Job]:
    """The writer of this process; made on first use, since a process may be forked before."""
    extensions = app.extensions
    writer: GroupCommit[Job] | None = extensions.get("writer")
    if writer is None:
        with _making, app.app_context():
            writer = extensions.get("writer")
            if writer is None:
                run = partial(write_jobs, settings=extensions["settings"], signer=extensions.get("signer"))
                writer = extensions["writer"] = GroupCommit(db.engine, run)
                atexit.register(writer.close)
    return writer


@contextmanager
def write_now() -> Iterator[ServiceContext]:
    """One short writing transaction inside a `@writes_in_steps` view: commits at its end, rolls back on an error.

    Raises:
        ConflictError: `changed_meanwhile`: somebody else put the same thing in at the same instant.
    """
    session = db.session()
    _begin()
    try:
        with _told_as_conflict():
            yield act()
            session.commit()
        _read_competition_again()
    except BaseException:
        session.rollback()
        raise


@contextmanager
def _told_as_conflict() -> Iterator[None]:
    """A row that somebody else has just put there is a conflict between people, not a fault of the program."""
    try:
        yield
    except IntegrityError as error:
        if not is_taken(error):
            raise
        current_app.logger.warning("two put the same thing in: %s", broken_rule(error))
        raise ConflictError("changed_meanwhile") from error


def _what_a_run_leaves() -> list[Any]:
    """What a view may leave outside the database: the messages for the next page."""
    return list(browser_session.get(_MESSAGES, []))


def _forget_run(messages: list[Any]) -> None:
    """Put everything outside the database back as it was before a run of which nothing is kept."""
    if messages:
        browser_session[_MESSAGES] = messages
    else:
        browser_session.pop(_MESSAGES, None)
    for file in request.files.values():
        file.seek(0)


def stop_reading() -> None:
    """End the reading transaction before slow work, so that no lock and no old snapshot is held meanwhile."""
    db.session().rollback()


def forget_changes() -> None:
    """Undo what is not committed and read the competition of the address anew, so that pages can still show it."""
    session = db.session()
    session.rollback()
    _read_competition_again()


def _begin(lock: Callable[[Session, str], Competition] = get_competition_for_update) -> None:
    # Everybody who acts on a competition takes its row first, then what is below it, then its log: two tabs at one
    # gate, or a decision and a gate, never cross. Hand-ins and saves of a test have no competition in their address.
    begin_write(db.session())
    if g.get("competition") is not None or g.get("competition_code") is not None:
        g.competition = lock(db.session(), _competition_code())
    if lock is get_competition_for_update:
        ask_role_again()


def ask_role_again() -> None:
    """Refuse, behind the lock, whoever lost the role since the guard read it; nobody takes it away before the commit.

    Raises:
        NotAllowedError: `role_needed`.
    """
    assignment = g.actor.assignment_id if "actor" in g else None
    if assignment is not None and not is_role_in_force(db.session(), assignment):
        db.session().rollback()
        raise NotAllowedError("role_needed", roles="")


def _read_competition_again() -> None:
    """What was read before was forgotten with its transaction; relationships would raise."""
    if g.get("competition") is not None:
        g.competition = get_competition(db.session(), _competition_code())


def _competition_code() -> str:
    """That of the address, else that of the candidacy which a page is about."""
    return str(g.get("competition_code") or g.competition.code)


def read_web_clock() -> datetime:
    """The present instant for a request; tests and the demonstration may set it."""
    present: datetime = current_app.extensions.get("clock", read_clock)()
    return present


def act() -> ServiceContext:
    """The context of an act in this request: its transaction, its actor, its instant."""
    return ServiceContext(
        session=db.session(),
        now=read_web_clock(),
        actor=g.actor,
        settings=current_app.extensions["settings"],
        signer=current_app.extensions.get("signer"),
        request_id=g.get("request_id", ""),
        factor_at=g.get("factor_at"),
    )
