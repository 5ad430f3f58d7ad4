"""Questions of the supervision board about records: asked by it, answered by whoever acted or by the chair."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

bp = Blueprint("explanations", __name__, url_prefix="/explanations")


def navigation(competition: Any) -> list[Any]:
    """None of its own: people come from their desk and go back to it."""
    del competition
    return []


bp.navigation = navigation  # type: ignore[attr-defined]

from examsite.web.explanations import answering, asking  # noqa: E402 - views register themselves on the blueprint

__all__ = ["answering", "asking", "bp", "navigation"]
