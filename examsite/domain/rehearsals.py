"""The certificate of a rehearsal: for how long, for how many, and for which program and settings it speaks.

A sitting starts on what was tried on this very installation, or because two people decided otherwise with a reason.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from examsite.domain.competitions import Missing
from examsite.domain.permissions import Role

CERTIFICATE_DAYS: Final = 7
"""How long a certificate speaks. Source: our choice, because a machine that stood unused for a week is another one."""

MOST_CANDIDATES: Final = 2000
"""Largest rehearsal. Source: our choice, because the load generator stands beside the server and would slow it."""

LONGEST_MINUTES: Final = 60
"""After so long a rehearsal that says nothing has been broken off. Source: our choice: the longest takes minutes."""


@dataclass(frozen=True)
class Identity:
    """What runs: the program and the settings that matter, each as a SHA-256 in hex."""

    code_sha256: str
    settings_sha256: str


@dataclass(frozen=True)
class Certificate:
    """What a rehearsal that passed speaks for."""

    identity: Identity
    head_count: int
    finished_at: datetime


def faults_of(
    certificate: Certificate | None, *, identity: Identity, head_count: int, now: datetime
) -> tuple[Missing, ...]:
    """Why this certificate does not let so many candidates start now; empty: it does."""
    if certificate is None:
        return (_missing("rehearsal_missing"),)
    faults: list[Missing] = []
    if now - certificate.finished_at >= timedelta(days=CERTIFICATE_DAYS):
        faults.append(_missing("rehearsal_too_old", finished_at=certificate.finished_at, days=CERTIFICATE_DAYS))
    if certificate.identity.code_sha256 != identity.code_sha256:
        faults.append(_missing("rehearsal_other_program"))
    if certificate.identity.settings_sha256 != identity.settings_sha256:
        faults.append(_missing("rehearsal_other_settings"))
    if certificate.head_count < head_count:
        faults.append(_missing("rehearsal_too_small", have=certificate.head_count, need=head_count))
    return tuple(faults)


def best_faults(
    certificates: Iterable[Certificate], *, identity: Identity, head_count: int, now: datetime
) -> tuple[Missing, ...]:
    """The faults of the certificate that comes nearest; one without a fault is enough. Newest first."""
    found = [faults_of(item, identity=identity, head_count=head_count, now=now) for item in certificates]
    if not found:
        return faults_of(None, identity=identity, head_count=head_count, now=now)
    return min(found, key=len)


def _missing(code: str, **params: Any) -> Missing:
    return Missing(code, Role.ORGANISER, params)
