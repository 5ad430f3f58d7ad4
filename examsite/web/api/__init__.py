"""What the test page talks to: JSON in, JSON out, nothing but the token of an attempt opens it.

Decision: no cookie is read here, so a save outlives the log-in, and no foreign page can make a browser send one.
"""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("api", __name__, url_prefix="/api")

from examsite.web.api import attempts, evidence, machines, room  # noqa: E402 -- views register themselves on the blueprint

__all__ = ["attempts", "bp", "evidence", "machines", "room"]
