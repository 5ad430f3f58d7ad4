"""Signing in the demonstration: the result, after its report was read, and a plan before it is announced."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from examsite.domain.competitions import GateEvent
from examsite.domain.permissions import Role
from examsite.domain.publication import Decision
from examsite.services import anomalies, findings, publication, rulesets
from examsite.services.gate_signing import sign_gate
from examsite.storage.queries.gate_signatures import read_gate_signing
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


def sign_plan(play: Play) -> None:
    """The rule set asks for three of five before the announcement; two have signed the plan, the third has not."""
    at = play.begins_at
    figures = dict.fromkeys(("approvals_announced", "approvals_roster", "approvals_written"), "3")
    rulesets.change_ruleset(play.by("thuky", Role.ORGANISER, at), play.competition, figures)
    for number, (login, role) in enumerate((("chutich", Role.CHAIR), ("uyvien2", Role.COUNCIL_MEMBER)), start=1):
        signing = read_gate_signing(play.session, play.competition, GateEvent.ANNOUNCED)
        if signing is None:
            raise LookupError(play.code)
        ctx = play.by(login, role, at + number * timedelta(hours=1))
        tail = signing.sha256[-publication.TAIL_LENGTH :]
        sign_gate(ctx, play.competition, GateEvent.ANNOUNCED, decision=Decision.AGREED, sha_tail=tail)
