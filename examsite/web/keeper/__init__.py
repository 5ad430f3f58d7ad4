"""Pages of the keeper audience."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("keeper", __name__, url_prefix="/keeper")
