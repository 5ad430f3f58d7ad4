"""The express lane of saves: the one call that a whole room makes all the time does not pass through the framework.

Decision: routing, contexts, hooks and response objects cost more than reading, storing and answering a save. So a save
that is plainly in order is answered here, by the same rules and the same writer. Whatever is out of the ordinary (a
token that is not ours, a body that is not clear, a foreign page, a room that admits certain machines only) goes on to
the view of the address, which decides and says why; nothing is decided twice.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

from flask import Flask, Response

from examsite.domain.saves import read_body, read_epoch, read_saves
from examsite.services.attempt_tokens import attempt_of_token
from examsite.services.attempts import SaveJob
from examsite.storage.group_commit import NotStoredError
from examsite.web.api.attempts import MAX_BODY_BYTES, PATH_OF_SAVES, not_stored, saved_data, too_fast
from examsite.web.api.pace import TooFastError, pace_of
from examsite.web.machines import is_without_rule
from examsite.web.transactions import writer_of

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class ExpressLane:
    """Answers plain saves; everything else goes to the application behind it."""

    def __init__(self, app: Flask, behind: WsgiApp) -> None:
        """Stand before `behind`, the WSGI side of `app`."""
        self._app = app
        self._behind = behind
        self._headers: list[tuple[str, str]] = []

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a plain save at once, pass on anything else."""
        if environ.get("PATH_INFO") != PATH_OF_SAVES or not self._is_plain(environ):
            return self._behind(environ, start_response)
        received_at = self._app.extensions["clock"]()
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        try:
            attempt_id = attempt_of_token(self._app.extensions["settings"], environ["HTTP_AUTHORIZATION"][7:])
            if not is_without_rule(self._app, attempt_id):
                return self._pass_on(environ, start_response, body)
            value = read_body(body)
            job = SaveJob(attempt_id, tuple(read_saves(value)), read_epoch(value), received_at)
            pace_of(self._app).check(attempt_id, job.saves, received_at)
            done = writer_of(self._app).write(job)
        except TooFastError as error:
            with self._app.request_context(environ):
                return self._app.process_response(too_fast(error))(environ, start_response)
        except NotStoredError as error:
            with self._app.request_context(environ):
                return self._app.process_response(not_stored(error))(environ, start_response)
        except Exception:  # a refusal or a fault: the view meets it again and has the words for it
            return self._pass_on(environ, start_response, body)
        data = json.dumps(saved_data(done, self._app.extensions["clock"]()), separators=(",", ":")).encode("ascii")
        start_response("200 OK", [("Content-Length", str(len(data))), *(self._headers or self._make_headers())])
        return (data,)

    @staticmethod
    def _is_plain(environ: dict[str, Any]) -> bool:
        """Whether the call is that of a page of ours, and the length of its body known and allowed."""
        length = environ.get("CONTENT_LENGTH") or ""
        return (
            environ["REQUEST_METHOD"] == "POST"
            and not environ.get("QUERY_STRING")
            and "HTTP_TRANSFER_ENCODING" not in environ
            and environ.get("HTTP_SEC_FETCH_SITE", "same-origin") == "same-origin"
            and environ.get("HTTP_ORIGIN", "").rpartition("://")[2] in {"", environ.get("HTTP_HOST")}
            and environ.get("HTTP_AUTHORIZATION", "")[:7] == "Bearer "
            and length.isascii()
            and length.isdecimal()
            and len(length) <= len(str(MAX_BODY_BYTES))
            and int(length) <= MAX_BODY_BYTES
        )

    def _pass_on(self, environ: dict[str, Any], start_response: Callable[..., Any], body: bytes) -> Iterable[bytes]:
        """To the view of the address, with the body that was read."""
        environ["wsgi.input"] = BytesIO(body)
        return self._behind(environ, start_response)

    def _make_headers(self) -> list[tuple[str, str]]:
        """What the application puts on every answer, asked once: none of it depends on the save."""
        with self._app.test_request_context(PATH_OF_SAVES, method="POST"):
            made = self._app.process_response(Response(mimetype="application/json"))
        self._headers = [(name, value) for name, value in made.headers if name != "Content-Length"]
        return self._headers
