"""Pages of the candidate audience."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("candidate", __name__, url_prefix="/candidate")
