"""The demonstration: competitions at several gates, made through the services as people would have made them."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Engine

from examsite.config import Settings

#: File in `instance/` that lists one account per role, for whoever starts the server.
LISTING = "demonstration.txt"


def make(engine: Engine, settings: Settings, *, say: Callable[[str], None]) -> None:
    """Fill an empty installation."""
