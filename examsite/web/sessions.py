"""The signed cookie of a page's session. Calls that bring a token of their own have none and pay nothing for it."""

from __future__ import annotations

from flask import Flask, Request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface

#: Addresses whose views neither read nor write a session.
_WITHOUT_SESSION = "/api/"


class PageSessionInterface(SecureCookieSessionInterface):
    """Flask's own sessions, opened only for pages."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """The session of the cookie; for the other addresses Flask's null session, which refuses to be written."""
        return None if request.path.startswith(_WITHOUT_SESSION) else super().open_session(app, request)
