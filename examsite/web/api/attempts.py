"""Opening, the paper, saving, asking where an attempt stands, handing in. An answer goes out after its commit only."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import wraps
from typing import Any

from flask import Response, current_app, g, request
from flask.typing import ResponseReturnValue

from examsite.domain.canonical import instant_text
from examsite.domain.errors import DomainError, InvalidError, NotAllowedError
from examsite.domain.saves import Save, read_body, read_epoch, read_saves
from examsite.domain.sheets import LANGUAGES, sheet_of
from examsite.services.attempt_views import AttemptView, view_of
from examsite.services.attempts import HandInJob, OpenJob, SavedBatch, SaveJob, read_clock_of, read_paper
from examsite.storage.database import db, reading, reading_plainly
from examsite.storage.group_commit import NotStoredError
from examsite.storage.queries.papers import get_frozen_paper
from examsite.web.access import attempt_token
from examsite.web.api import bp
from examsite.web.api.pace import TooFastError, check_pace
from examsite.web.errors import message_of
from examsite.web.transactions import read_web_clock, write_job, writes_together

PATH_OF_SAVES = "/api/attempts/saves"

#: Largest body of one call in bytes; a page that has more to send sends it in several calls.
MAX_BODY_BYTES = 4 * 1024 * 1024

#: After how long a page that was not served asks again at the earliest. Unit: seconds.
RETRY_SECONDS = 2

#: How many sheets a process keeps ready. Source: our choice, because a day has fewer papers in two languages.
_SHEETS_KEPT = 64

_TOO_LARGE = frozenset({"batch_too_long", "save_too_large"})
_sheets: dict[tuple[str, str], bytes] = {}


def answers_pages(view: Callable[[], dict[str, Any] | Response]) -> Callable[[], ResponseReturnValue]:
    """Turn what a view gives back into JSON, and a refusal into its code, its sentence and its status."""

    @wraps(view)
    def answer() -> ResponseReturnValue:
        try:
            data = view()
        except DomainError as error:
            return _json({"error": error.code, "message": message_of(error)}, _status(error))
        except TooFastError as error:
            return too_fast(error)
        except NotStoredError as error:
            return not_stored(error)
        return data if isinstance(data, Response) else _json(data)

    return answer


@bp.post("/attempts/open")
@attempt_token
@writes_together
@answers_pages
def open_attempt() -> dict[str, Any]:
    """Make this page the one that writes, and give it all that the server holds; older pages are fenced."""
    opened = write_job(OpenJob(g.attempt_id, read_web_clock()))
    return {
        "answers": opened.answers,
        "held": held_data(opened.held),
        "saved_at": None if opened.saved_at is None else instant_text(opened.saved_at),
        "orders": opened.orders,
        "paper": opened.paper,
        **view_data(view_of(opened.read, read_web_clock())),
    }


@bp.get("/attempts/paper")
@attempt_token
@answers_pages
def show_paper() -> Response:
    """The questions in one language, without keys and rubrics; put together once for everyone who writes the paper."""
    language = request.args.get("lang", LANGUAGES[0])
    language = language if language in LANGUAGES else LANGUAGES[0]
    with reading_plainly(db.engine) as connection:
        paper_id, digest = read_paper(connection, g.attempt_id, now=read_web_clock())
    packed = _sheets.get((digest, language))
    if packed is None:
        packed = _sheets[digest, language] = _pack(paper_id, digest, language)
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        response = Response(packed, mimetype="application/json", headers={"Content-Encoding": "gzip"})
    else:
        response = Response(gzip.decompress(packed), mimetype="application/json")
    response.headers["Vary"] = "Accept-Encoding"
    return response


@bp.post("/attempts/saves")
@attempt_token
@writes_together
@answers_pages
def save_answers() -> dict[str, Any]:
    """Store a batch; an empty one is a sign of life.

    What counts as the time of a save is when it came in, not when its line or the database was done with it.
    """
    received_at = read_web_clock()
    body = _body()
    job = SaveJob(g.attempt_id, tuple(read_saves(body)), read_epoch(body), received_at)
    check_pace(job.attempt_id, job.saves, received_at)
    done = write_job(job)
    return saved_data(done, read_web_clock())


@bp.get("/attempts/state")
@attempt_token
@answers_pages
def show_state() -> dict[str, Any]:
    """Where the attempt stands and which version of each item the server holds; the waiting page asks for it too."""
    with reading_plainly(db.engine) as connection:
        clock, held = read_clock_of(connection, g.attempt_id)
    now = read_web_clock()
    return {
        "held": held_data(held),
        "starts_in_seconds": round((clock.starts_at - now).total_seconds(), 3),
        "checked_in": clock.checked_in,
        **view_data(view_of(clock, now)),
    }


@bp.post("/attempts/hand-in")
@attempt_token
@writes_together
@answers_pages
def submit_attempt() -> dict[str, Any]:
    """Hand in what the server holds; the page sends the rest of its saves before."""
    received_at = read_web_clock()
    done = write_job(HandInJob(g.attempt_id, read_epoch(_body()), received_at))
    return view_data(view_of(done.read, read_web_clock()))


def saved_data(done: SavedBatch, now: datetime) -> dict[str, Any]:
    """What the page is told of a batch at the instant at which the answer goes out."""
    return {
        "saved": _names(done.saved),
        "set_aside": _names(done.set_aside),
        "conflicts": _names(done.conflicts),
        "refused": _names(done.refused),
        "fenced": done.fenced,
        "hash": done.hash,
        **view_data(view_of(done.read, now)),
    }


def not_stored(error: NotStoredError) -> Response:
    """The page keeps what it has and asks again."""
    current_app.logger.warning("not stored: %s", error)
    refusal = DomainError("not_stored")
    response = _json({"error": refusal.code, "message": message_of(refusal)}, 503)
    response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


def too_fast(error: TooFastError) -> Response:
    """The page keeps what it has and sends the newest text again, as it does when the server is busy."""
    refusal = DomainError("saves_too_fast", seconds=error.seconds)
    response = _json({"error": refusal.code, "message": message_of(refusal)}, 429)
    response.headers["Retry-After"] = str(error.seconds)
    return response


def view_data(view: AttemptView) -> dict[str, Any]:
    """What every answer says of the time and the state."""
    return {
        "state": view.state.value,
        "epoch": view.epoch,
        "server_time": instant_text(view.server_time),
        "deadline": None if view.deadline_at is None else instant_text(view.deadline_at),
        "remaining_seconds": view.remaining_seconds,
        "given_back_seconds": view.given_back_seconds,
        "paused": view.paused,
        "message": view.message,
    }


def held_data(held: Mapping[str, tuple[int, int]]) -> dict[str, dict[str, int]]:
    """Which version of each item the server holds."""
    return {item: {"epoch": epoch, "number": number} for item, (epoch, number) in held.items()}


def _names(saves: Iterable[Save]) -> list[dict[str, Any]]:
    return [{"item": item.item, "epoch": item.epoch, "number": item.number} for item in saves]


def _body() -> object:
    request.max_content_length = MAX_BODY_BYTES
    return read_body(request.get_data(cache=False))


def _pack(paper_id: int, digest: str, language: str) -> bytes:
    """The sheet as it goes over the line."""
    with reading(db.engine) as session:
        sheet = sheet_of(get_frozen_paper(session, paper_id, digest), language)
    if len(_sheets) >= _SHEETS_KEPT:
        _sheets.clear()
    text = json.dumps({"digest": digest, **sheet}, ensure_ascii=False, separators=(",", ":"))
    return gzip.compress(text.encode("utf-8"), mtime=0)


def _json(data: dict[str, Any], status: int = 200) -> Response:
    # Plain ASCII: halves of character pairs, which a page may have sent, come out as they came in.
    return Response(json.dumps(data, separators=(",", ":")), status=status, mimetype="application/json")


def _status(error: DomainError) -> int:
    if error.code in _TOO_LARGE:
        return 413
    if error.code == "body_not_json":
        return 400
    if isinstance(error, NotAllowedError):
        return 401
    return 422 if isinstance(error, InvalidError) else 409
