"""The one place that commits: a writing request commits once when its answer is good, otherwise nothing stays."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Response, current_app, g, make_response, request

from examsite.services.context import ServiceContext, read_clock
from examsite.storage.database import begin_write, db

#: Methods that may change something.
WRITING = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def writes(view: Callable[..., Any]) -> Callable[..., Response]:
    """Run the view in one writing transaction: commit on an answer below 400, otherwise roll back.

    On GET (a page that shows the form) no transaction for writing is opened and nothing can be committed.
    """

    @wraps(view)
    def in_transaction(*args: Any, **kwargs: Any) -> Response:
        session = db.session()
        if request.method not in WRITING:
            return make_response(view(*args, **kwargs))
        begin_write(session)
        try:
            response = make_response(view(*args, **kwargs))
        except BaseException:
            session.rollback()
            raise
        if response.status_code < 400:  # noqa: PLR2004 - the border of HTTP errors
            session.commit()
        else:
            session.rollback()
        return response

    in_transaction.writes = True  # type: ignore[attr-defined]
    return in_transaction


def act() -> ServiceContext:
    """The context of an act in this request: its transaction, its actor, its instant."""
    return ServiceContext(
        session=db.session(),
        now=current_app.extensions.get("clock", read_clock)(),
        actor=g.actor,
        settings=current_app.extensions["settings"],
        signer=current_app.extensions.get("signer"),
        request_id=g.get("request_id", ""),
    )
