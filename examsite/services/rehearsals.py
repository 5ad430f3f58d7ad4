"""Rehearsals: begun, told as they go on, finished with a certificate; and what makes two installations the same one."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Mapping
from dataclasses import fields
from functools import lru_cache
from pathlib import Path
from typing import Any

from examsite.config import Settings
from examsite.domain.errors import ConflictError, InvalidError
from examsite.domain.events import Event
from examsite.domain.permissions import Role
from examsite.domain.rehearsals import MOST_CANDIDATES, Identity
from examsite.services.context import ServiceContext
from examsite.services.records import record
from examsite.storage.models.competitions import Competition
from examsite.storage.models.rooms import Rehearsal
from examsite.storage.queries.rehearsals import find_running_rehearsal, get_rehearsal
from examsite.storage.queries.sittings import list_running

ROOT = Path(__file__).resolve().parents[2]
#: Folders and files of the tree that are the program.
PROGRAM = ("examsite", "question_bank", "wsgi.py", "requirements.lock")
#: Kinds of files in them that are made anew without changing what the program does.
NOT_PROGRAM = frozenset({".pyc", ".mo", ".pot"})
#: Settings that say where an installation stands and who it is, not how it works.
NOT_SETTINGS = frozenset(
    {
        *("instance_path", "secret_key", "database_url", "host_name", "bind", "plain_bind", "trusted_proxies"),
        "testing",
    }
)


@lru_cache(maxsize=1)
def code_sha256() -> str:
    """SHA-256 over names and contents of the program's files, as this process found them first."""
    digest = hashlib.sha256()
    for path in sorted(_program_files(), key=lambda item: item.relative_to(ROOT).as_posix()):
        name = path.relative_to(ROOT).as_posix().encode("utf-8")
        digest.update(name + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def settings_sha256(settings: Settings) -> str:
    """SHA-256 over what changes how the server bears a room: the settings that matter, and the machine it runs on.

    A certificate that came with a backup to another machine says nothing of that machine.
    """
    chosen = {item.name: getattr(settings, item.name) for item in fields(settings) if item.name not in NOT_SETTINGS}
    chosen["database"] = "sqlite" if settings.is_sqlite else "postgresql"
    chosen["https"] = settings.has_tls
    chosen["machine"] = [platform.node(), platform.machine(), os.cpu_count()]
    return hashlib.sha256(json.dumps(chosen, sort_keys=True).encode("utf-8")).hexdigest()


def identity_of(settings: Settings | None) -> Identity:
    """What runs here."""
    if settings is None:
        raise RuntimeError("this act needs the settings of the installation")
    return Identity(code_sha256(), settings_sha256(settings))


def begin_rehearsal(ctx: ServiceContext, competition: Competition, *, head_count: int) -> Rehearsal:
    """Write down that a rehearsal begins; one at a time on an installation, and none while a room writes on it.

    Raises:
        ConflictError: `rehearsal_running`, `rehearsal_in_sitting`.
        InvalidError: `rehearsal_size_out_of_range`.
        NotAllowedError: `role_needed`; the system itself (a command on the server) may always.
    """
    if list_running(ctx.session):
        raise ConflictError("rehearsal_in_sitting")
    return _begin(ctx, competition, head_count=head_count)


def _begin(ctx: ServiceContext, competition: Competition, *, head_count: int) -> Rehearsal:
    if ctx.actor.role is not None:
        ctx.require(Role.ORGANISER, competition_id=competition.id)
    if not 1 <= head_count <= MOST_CANDIDATES:
        raise InvalidError("rehearsal_size_out_of_range", field="candidates", most=MOST_CANDIDATES)
    if find_running_rehearsal(ctx.session, ctx.now) is not None:
        raise ConflictError("rehearsal_running")
    identity = identity_of(ctx.settings)
    rehearsal = Rehearsal(
        competition_id=competition.id,
        began_at=ctx.now,
        code_sha256=identity.code_sha256,
        settings_sha256=identity.settings_sha256,
        head_count=head_count,
        figures={},
        ordered_by_id=ctx.actor.account_id,
    )
    ctx.session.add(rehearsal)
    ctx.session.flush()
    return rehearsal


def tell_progress(ctx: ServiceContext, rehearsal_id: int, figures: Mapping[str, Any]) -> None:
    """Put what is known so far beside a rehearsal under way, for the page that waits for it.

    Raises:
        ConflictError: `rehearsal_finished_already`.
        NotFoundError: `rehearsal_not_found`.
    """
    rehearsal = get_rehearsal(ctx.session, rehearsal_id)
    if rehearsal.finished_at is not None:
        raise ConflictError("rehearsal_finished_already")
    rehearsal.figures = {**rehearsal.figures, **figures}


def finish_rehearsal(
    ctx: ServiceContext, competition: Competition, rehearsal_id: int, *, passed: bool, figures: Mapping[str, Any]
) -> Rehearsal:
    """Close a rehearsal; one that passed is the certificate, for the program and the settings of its beginning.

    Raises:
        ConflictError: `rehearsal_finished_already`.
        NotFoundError: `rehearsal_not_found`.
    """
    rehearsal = get_rehearsal(ctx.session, rehearsal_id)
    if rehearsal.finished_at is not None:
        raise ConflictError("rehearsal_finished_already")
    rehearsal.finished_at = ctx.now
    rehearsal.passed = passed
    rehearsal.figures = {**rehearsal.figures, **figures}
    payload = {
        "passed": passed,
        "candidates": rehearsal.head_count,
        "code_sha256": rehearsal.code_sha256,
        "settings_sha256": rehearsal.settings_sha256,
        "figures": _whole_numbers(rehearsal.figures),
    }
    record(ctx, competition, Event.REHEARSAL_FINISHED, f"competition/{competition.code}", payload)
    return rehearsal


def record_rehearsal(
    ctx: ServiceContext, competition: Competition, *, head_count: int, source: str, figures: Mapping[str, Any]
) -> Rehearsal:
    """Write down a rehearsal that was carried out elsewhere in the same act, with where its figures come from.

    The demonstration and the rehearsal's own installation get their certificate here: their start is simulated, and
    the certificate says so.

    Raises:
        ConflictError, InvalidError, NotAllowedError: as `begin_rehearsal`, but a room may write meanwhile.
    """
    rehearsal = _begin(ctx, competition, head_count=head_count)
    return finish_rehearsal(ctx, competition, rehearsal.id, passed=True, figures={"source": source, **figures})


def _program_files() -> list[Path]:
    found: list[Path] = []
    for name in PROGRAM:
        path = ROOT / name
        inside = [path] if path.is_file() else path.rglob("*")
        found.extend(
            item
            for item in inside
            if item.is_file() and item.suffix not in NOT_PROGRAM and "__pycache__" not in item.parts
        )
    return found


def _whole_numbers(figures: Mapping[str, Any]) -> dict[str, Any]:
    """The figures as the log takes them: whole numbers, texts and truths; a log knows no fractions."""
    return {name: value for name, value in figures.items() if isinstance(value, str | int | bool)}
