"""Builds the application: the only place that knows every part."""

from __future__ import annotations

import secrets
from functools import partial
from pathlib import Path

from flask import Flask, g
from flask_wtf.csrf import CSRFProtect

from examsite.config import Settings, load_settings
from examsite.services.checkpoints import load_signer
from examsite.services.clock import open_clock
from examsite.services.context import read_clock
from examsite.services.passwords import Passwords
from examsite.storage import models
from examsite.storage.database import db, engine_options, normalise_url, prepare_engine
from examsite.storage.row_seals import ROW_KEY
from examsite.web import (
    administrator,
    api,
    auth,
    authority,
    candidate,
    council,
    explanations,
    invigilator,
    keeper,
    marker,
    organiser,
    panel,
    public,
    setter,
    supervisor,
)
from examsite.web.access import init_access
from examsite.web.errors import init_errors
from examsite.web.formatting import init_formatting
from examsite.web.i18n import init_i18n
from examsite.web.machines import init_machines
from examsite.web.pages import init_pages
from examsite.web.proxies import TrustedProxies
from examsite.web.public.folder import public_files
from examsite.web.security_headers import init_security_headers
from examsite.web.sessions import PageSessionInterface

AUDIENCES = (
    public,
    auth,
    candidate,
    invigilator,
    setter,
    keeper,
    marker,
    panel,
    organiser,
    council,
    authority,
    supervisor,
    explanations,
    administrator,
    api,
)

_MEGABYTE = 1024 * 1024


def create_app(settings: Settings | None = None) -> Flask:
    """The application under these settings (default: those of the installation).

    Raises:
        SettingsError: a setting is missing or wrong.
        UnsafeDatabaseError: the SQLite at hand may lose acknowledged commits.
    """
    settings = settings or load_settings()
    app = Flask(
        "examsite.web",
        root_path=str(settings.instance_path),
        static_folder=str(_web_folder("static")),
        template_folder=str(_web_folder("templates")),
    )
    url = normalise_url(settings.database_url)
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(url),
        SESSION_COOKIE_NAME="__Host-examsite" if settings.is_secure else "examsite",
        SESSION_COOKIE_SECURE=settings.is_secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=(settings.upload_limit_megabytes + 1) * _MEGABYTE,
        MAX_FORM_MEMORY_SIZE=2 * _MEGABYTE,
        WTF_CSRF_TIME_LIMIT=None,
        TESTING=settings.testing,
    )
    app.session_interface = PageSessionInterface()
    if not settings.testing:
        open_clock(settings)
    app.extensions["settings"] = settings
    app.extensions["clock"] = read_clock
    app.extensions["passwords"] = Passwords(settings)
    app.extensions["signer"] = load_signer(settings)
    db.init_app(app)
    with app.app_context():
        prepare_engine(db.engine)
        db.engine.update_execution_options(**{ROW_KEY: settings.row_key})
    init_i18n(app)
    init_formatting(app)
    init_security_headers(app)
    init_errors(app)
    csrf = CSRFProtect(app)
    csrf.exempt(api.bp)
    app.before_request(_name_request)
    init_access(app)
    init_machines(app)
    init_pages(app)
    for audience in AUDIENCES:
        app.register_blueprint(audience.bp)
    app.extensions["public_folder"] = partial(public_files, app)
    if settings.trusted_proxies:
        app.wsgi_app = TrustedProxies(app.wsgi_app, settings.trusted_proxies)  # type: ignore[method-assign]
    return app


def _web_folder(name: str) -> Path:
    return Path(__file__).parent / "web" / name


def _name_request() -> None:
    g.request_id = secrets.token_hex(8)


__all__ = ["create_app", "models"]
