"""Found by Python before anything else: the driver says that it is a SQLite with the WAL-reset race."""

from __future__ import annotations

from pysqlite3 import dbapi2

dbapi2.sqlite_version_info = (3, 40, 1)
dbapi2.sqlite_version = "3.40.1"
