"""Pages for everyone, without a log-in: announcements, criteria, schedule, ranking."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("public", __name__)

from examsite.web.public import views  # noqa: E402 - views register themselves on the blueprint

__all__ = ["bp", "views"]
