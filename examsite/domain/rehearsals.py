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
    """What a finished rehearsal speaks for, or against where it did not pass."""

    identity: Identity
    head_count: int
    finished_at: datetime
    passed: bool = True


@dataclass(frozen=True)
class Override:
    """What two people decided: to start without a certificate, for what ran here when they decided."""

    identity: Identity
    decided_at: datetime


def faults_of(
    certificate: Certificate | None, *, identity: Identity, head_count: int, now: datetime
) -> tuple[Missing, ...]:
    """Why this certificate does not let so many candidates start now; empty: it does."""
    if certificate is None:
        return (_missing("rehearsal_missing"),)
    if not certificate.passed:
        return (_missing("rehearsal_failed", finished_at=certificate.finished_at),)
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
    """The faults of the certificate that comes nearest; one without a fault is enough.

    Of the rehearsals of one program with one set of settings only the one that finished last counts.

    Source: our choice, because what failed today says more of a machine than what passed yesterday, and a rehearsal
    takes minutes.
    """
    newest: dict[Identity, Certificate] = {}
    for item in sorted(certificates, key=lambda one: one.finished_at):
        newest[item.identity] = item
    # What another program failed at says nothing of this one.
    telling = [item for item in newest.values() if item.passed or item.identity == identity]
    if not telling:
        return faults_of(None, identity=identity, head_count=head_count, now=now)
    own = newest.get(identity)
    if own is not None and not own.passed:
        return faults_of(own, identity=identity, head_count=head_count, now=now)
    return min((faults_of(item, identity=identity, head_count=head_count, now=now) for item in telling), key=len)


def lapse_of(override: Override, *, identity: Identity, now: datetime) -> Missing | None:
    """Why a decision to start without a certificate does not hold now; None: it holds.

    Source: our choice, because nobody agreed to start a program that came later; it ages like a certificate.
    """
    is_too_old = now - override.decided_at >= timedelta(days=CERTIFICATE_DAYS)
    if not is_too_old and override.identity == identity:
        return None
    return _missing("rehearsal_override_lapsed", decided_at=override.decided_at, days=CERTIFICATE_DAYS)


def _missing(code: str, **params: Any) -> Missing:
    return Missing(code, Role.ORGANISER, params)
