"""Coming in and going out: log-in for officials and candidates, log-out, the doors of a person, the language."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("auth", __name__)

from examsite.web.auth import applications, doors, log_ins, passwords, second_factors, views  # noqa: E402 - views register on the blueprint

__all__ = ["applications", "bp", "doors", "log_ins", "passwords", "second_factors", "views"]
