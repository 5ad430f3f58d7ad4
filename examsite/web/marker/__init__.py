"""Pages of the marker audience."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("marker", __name__, url_prefix="/marker")
