"""Signing the result of the demonstration: each signer reads the report, then agrees over the hash."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from examsite.domain.permissions import Role
from examsite.domain.publication import Decision
from examsite.services import anomalies, findings, publication
from examsite.storage.queries.results import find_newest_version

if TYPE_CHECKING:
    from examsite.cli.demonstration.play import Play


def sign_result(play: Play, logins: Sequence[tuple[str, Role]], at: datetime) -> None:
    """These people agree to the newest version, an hour apart."""
    version = find_newest_version(play.session, play.competition.id)
    if version is None:
        raise LookupError(play.code)
    report = anomalies.report_anomalies(play.session, play.competition, kept={}).sha256
    for number, (login, role) in enumerate(logins):
        ctx = play.by(login, role, at + number * timedelta(hours=1))
        findings.note_findings_seen(ctx, play.competition, findings_sha256=report, shown_sha256=report)
        publication.sign_result(
            ctx, play.competition, version.number, decision=Decision.AGREED, sha_tail=version.sha256[-4:]
        )
