"""Pages of the council audience."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("council", __name__, url_prefix="/council")
