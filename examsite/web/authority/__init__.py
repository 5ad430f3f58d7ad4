"""Pages of the authority audience."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("authority", __name__, url_prefix="/authority")
