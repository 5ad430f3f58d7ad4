"""The photo of a check-in: for the invigilators of the room, beside the identity facts, and nowhere else."""

from __future__ import annotations

from flask import current_app, send_file
from flask.typing import ResponseReturnValue

from examsite.domain.errors import NotFoundError
from examsite.domain.permissions import Role
from examsite.services.uploads import open_upload
from examsite.storage.database import db
from examsite.storage.queries.boards import find_photo
from examsite.web.access import requires
from examsite.web.invigilator import bp
from examsite.web.invigilator.rooms import own_sitting


@bp.get("/<code>/sittings/<sitting>/seats/<seat>/photo")
@requires(Role.INVIGILATOR)
def show_photo(code: str, sitting: str, seat: str) -> ResponseReturnValue:
    """The photo of whoever sits there; it was drawn anew when it came in, so nothing but a picture is sent."""
    del code
    photo = find_photo(db.session(), own_sitting(sitting).id, seat)
    if photo is None:
        raise NotFoundError("file_not_found")
    stream = open_upload(current_app.extensions["settings"].uploads_path, photo)
    response = send_file(stream, mimetype="image/jpeg")
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "no-store"
    return response
