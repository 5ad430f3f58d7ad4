"""The one place that commits: a writing request commits once when its answer is good, otherwise nothing stays."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial, wraps
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, current_app, g, make_response, request

from examsite.services.attempts import Job, write_jobs
from examsite.services.context import ServiceContext, read_clock
from examsite.storage.database import begin_write, db
from examsite.storage.group_commit import GroupCommit
from examsite.storage.queries.competitions import get_competition, get_competition_for_update

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from examsite.storage.models.competitions import Competition

#: Methods that may change something.
WRITING = frozenset({"POST", "PUT", "PATCH", "DELETE"})

_making = threading.Lock()


def writes(view: Callable[..., Any]) -> Callable[..., Response]:
    """Run the view in one writing transaction: commit on an answer below 400, otherwise roll back.

    On GET (a page that shows the form) no transaction for writing is opened and nothing can be committed.
    """

    @wraps(view)
    def in_transaction(*args: Any, **kwargs: Any) -> Response:
        session = db.session()
        if request.method not in WRITING:
            return make_response(view(*args, **kwargs))
        _begin()
        try:
            response = make_response(view(*args, **kwargs))
        except BaseException:
            session.rollback()
            raise
        if response.status_code < 400:
            session.commit()
        else:
            session.rollback()
        return response

    in_transaction.writes = True  # type: ignore[attr-defined]
    return in_transaction


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
    """One short writing transaction inside a `@writes_in_steps` view: commits at its end, rolls back on an error."""
    session = db.session()
    _begin()
    try:
        yield act()
        session.commit()
        _read_competition_again()
    except BaseException:
        session.rollback()
        raise


def stop_reading() -> None:
    """End the reading transaction before slow work, so that no lock and no old snapshot is held meanwhile."""
    db.session().rollback()


def forget_changes() -> None:
    """Undo what is not committed and read the competition of the address anew, so that pages can still show it."""
    session = db.session()
    session.rollback()
    _read_competition_again()


def _begin() -> None:
    # Everybody who acts on a competition takes its row first, then what is below it, then its log: two tabs at one
    # gate, or a decision and a gate, never cross. Hand-ins and saves of a test have no competition in their address.
    begin_write(db.session())
    _read_competition_again(get_competition_for_update)


def _read_competition_again(read: Callable[[Session, str], Competition] = get_competition) -> None:
    """What the guard had read was forgotten with its transaction; relationships would raise."""
    known = g.get("competition")
    if known is not None:
        g.competition = read(db.session(), g.get("competition_code") or known.code)


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
    )
