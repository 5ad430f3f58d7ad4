"""The log of acts over the installation."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from examsite.domain.permissions import Role
from examsite.storage.database import db
from examsite.storage.queries.records import list_last_records
from examsite.web.access import requires
from examsite.web.administrator import bp
from examsite.web.gates import record_entry

#: How many of the last records one page shows.
_SHOWN = 200


@bp.get("/records")
@requires(Role.ADMINISTRATOR)
def list_records() -> ResponseReturnValue:
    """The last acts, newest first."""
    rows = list_last_records(db.session(), "system", limit=_SHOWN)
    return render_template("administrator/list_records.html", records=[record_entry(row) for row in rows])
