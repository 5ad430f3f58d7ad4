"""Giving a stored file back: always as a download, never run or shown by the browser as a page of this site."""

from __future__ import annotations

from pathlib import Path

from flask import Response, current_app, send_file

from examsite.services.uploads import StoredFile, open_upload

_TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "png": "image/png",
    "jpeg": "image/jpeg",
}


def send_upload(upload: StoredFile) -> Response:
    """The file as a download; the view before it has made sure that this person may have it.

    Raises:
        NotFoundError: `file_not_found`.
    """
    response = send_file(
        open_upload(current_app.extensions["settings"].uploads_path, upload),
        mimetype=_TYPES[upload.kind],
        as_attachment=True,
        download_name=upload.original_name,
    )
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "no-store"
    return response


def send_bundle(path: Path, *, name: str, is_public: bool) -> Response:
    """A result bundle as a download; a full one is never kept on the way."""
    response = send_file(path, mimetype="application/zip", as_attachment=True, download_name=name)
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    if not is_public:
        response.headers["Cache-Control"] = "no-store"
    return response


def send_receipt(text: str, *, name: str) -> Response:
    """The receipt of a record as a download; it belongs to one person and is kept nowhere on the way."""
    response = Response(text, mimetype="text/plain")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response
