"""Pages of the setter audience."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("setter", __name__, url_prefix="/setter")
