"""Pages of the administrator audience."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("administrator", __name__, url_prefix="/administrator")
