"""Entry for gunicorn: `gunicorn wsgi:app`."""

from __future__ import annotations

from examsite.app import create_app

app = create_app()
