"""For the control run only: found by Python before anything else, it turns every `synchronous` down to NORMAL.

The product has no such switch. With it, acknowledged saves must be lost in a power cut; otherwise the cut proves
nothing.
"""

from __future__ import annotations

import re
from typing import Any

from pysqlite3 import dbapi2

DURABILITY = re.compile(r"\s*PRAGMA\s+synchronous\b", re.IGNORECASE)


class WeakCursor(dbapi2.Cursor):
    """Never waits for the disk at a commit."""

    def execute(self, statement: str, *rest: Any) -> Any:
        return super().execute("PRAGMA synchronous = NORMAL" if DURABILITY.match(statement) else statement, *rest)


class WeakConnection(dbapi2.Connection):
    """Gives weak cursors."""

    def cursor(self, *_rest: Any, **_named: Any) -> Any:
        return super().cursor(factory=WeakCursor)


def connect(*rest: Any, **named: Any) -> Any:
    """A weak connection."""
    return strong(*rest, factory=WeakConnection, **named)


strong, dbapi2.connect = dbapi2.connect, connect
