"""Pages of the invigilator audience."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("invigilator", __name__, url_prefix="/invigilator")
