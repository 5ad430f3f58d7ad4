"""gunicorn's settings for a story that lasts months: the server's clock stands where the story puts it.

The product has no such switch. This module is handed to gunicorn in place of `examsite.server`; it replaces the one
function that reads the clock before any other module of the product is imported, and everything else is as it is in
an installation. The offset stands in a file that the story rewrites; both engines of a story read the same one.
"""

# ruff: noqa: E402, F403 - the order of these imports is what the module is for

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from examsite.services import context
from tests.browser.browser import OFFSET_FILE

_path = Path(os.environ["EXAMSITE_INSTANCE"]) / OFFSET_FILE


def read_moved_clock() -> datetime:
    """The instant at which the story is."""
    return datetime.now(UTC) + timedelta(seconds=int(_path.read_text() or "0") if _path.exists() else 0)


context.read_clock = read_moved_clock

from examsite.server import *
