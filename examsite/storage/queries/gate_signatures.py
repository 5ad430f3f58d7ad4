"""What the council signs before a gate: the exact document as the rows give it now, and who has signed exactly that.

A signature stands in the record log alone and names the hash of a document. Whatever changes in the document makes
another hash, so that older signatures count no more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from examsite.domain.canonical import canonical_bytes, instant_text, parse_instant, sha256_hex
from examsite.domain.competitions import SCHEDULE, CompetitionState, GateEvent, Missing
from examsite.domain.events import Event
from examsite.domain.permissions import Role
from examsite.domain.publication import Decision, council_outcome
from examsite.domain.records import plan_log_code
from examsite.domain.ruleset_model import RuleSet
from examsite.domain.rulesets import ruleset_from_toml, ruleset_sha256
from examsite.domain.scores import score_text
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.competitions import Competition, Post
from examsite.storage.models.dossiers import Candidacy
from examsite.storage.queries.codes import written_results
from examsite.storage.queries.conflicts import list_recused_accounts
from examsite.storage.queries.records import list_records_of_events
from examsite.storage.queries.results import COUNCIL, list_signers

_APPROVALS: dict[GateEvent, Callable[[RuleSet], int]] = {
    GateEvent.ANNOUNCED: lambda rules: rules.approvals_announced,
    GateEvent.ROSTER_FIXED: lambda rules: rules.approvals_roster,
    GateEvent.WRITTEN_PUBLISHED: lambda rules: rules.approvals_written,
}


@dataclass(frozen=True)
class GateSignature:
    """One person's word about the document of a gate; `holder` is who holds that pseudonym."""

    holder: RoleAssignment
    decision: Decision
    reason: str
    signed_at: datetime
    record_seq: int
    #: A stranger can check it: what a passkey signed stands in the record.
    has_assertion: bool


@dataclass(frozen=True)
class GateSigning:
    """Where the signing of one gate stands."""

    event: GateEvent
    document: dict[str, Any]
    text: str
    sha256: str
    needed: int
    holders: tuple[RoleAssignment, ...]
    #: By account; only those over exactly this document.
    said: dict[int, GateSignature]
    recused: frozenset[int]
    outcome: Decision | None

    @property
    def agreed(self) -> int:
        """How many have agreed."""
        return sum(row.decision is Decision.AGREED for row in self.said.values())


def approvals_needed(competition: Competition, event: GateEvent) -> int:
    """How many of the council sign before this gate, by the rule set; none where it names no number."""
    known = _APPROVALS.get(event)
    return 0 if known is None else known(ruleset_from_toml(competition.ruleset_toml))


def read_gate_signing(session: Session, competition: Competition, event: GateEvent) -> GateSigning | None:
    """The document of a gate and who has signed it; None where nobody signs, or there is no document yet."""
    needed = approvals_needed(competition, event)
    document = _DOCUMENTS[event](session, competition) if needed else None
    if document is None:
        return None
    text = canonical_bytes(document)
    sha256 = sha256_hex(text)
    holders = tuple(list_signers(session, competition.id, *COUNCIL))
    said = _said(session, competition, event, sha256, holders)
    recused = frozenset(list_recused_accounts(session, competition.id))
    agreed = sum(row.decision is Decision.AGREED for row in said.values())
    chair = next((row.decision for row in said.values() if row.holder.role is Role.CHAIR), None)
    outcome = council_outcome(
        agreed=agreed,
        refused=len(said) - agreed,
        waiting=len({row.account_id for row in holders} - said.keys() - recused),
        needed=needed,
        chair=chair,
    )
    return GateSigning(event, document, text.decode("utf-8"), sha256, needed, holders, said, recused, outcome)


def list_missing_signatures(session: Session, competition: Competition, event: GateEvent) -> list[Missing]:
    """Signatures that the rule set asks for before this gate and that are not there, or a refusal that stands."""
    signing = read_gate_signing(session, competition, event)
    if signing is None or signing.outcome is Decision.AGREED:
        return []
    if signing.outcome is Decision.REFUSED:
        return [Missing("gate_refused", Role.ORGANISER)]
    return [Missing("gate_unsigned", Role.CHAIR, {"have": signing.agreed, "need": signing.needed})]


def _said(
    session: Session, competition: Competition, event: GateEvent, sha256: str, holders: tuple[RoleAssignment, ...]
) -> dict[int, GateSignature]:
    known = {f"council/{row.pseudonym}": row for row in holders}
    is_plan = competition.state is CompetitionState.DRAFT
    code = plan_log_code(competition.code) if is_plan else competition.code
    found: dict[int, GateSignature] = {}
    for row in list_records_of_events(session, code, {Event.GATE_SIGNED}):
        said, holder = row.content, known.get(row.actor)
        if holder is None or not row.is_as_committed:
            continue
        if (said.get("gate"), said.get("document_sha256")) != (event.value, sha256):
            continue
        # Nobody agrees twice, and an agreement stays; who refused may have agreed later.
        before = found.get(holder.account_id)
        if before is not None and before.decision is Decision.AGREED:
            continue
        found[holder.account_id] = GateSignature(
            holder=holder,
            decision=Decision.AGREED if said.get("agreed") is True else Decision.REFUSED,
            reason=str(said.get("reason", "")),
            signed_at=parse_instant(row.at),
            record_seq=row.seq,
            has_assertion=bool(said.get("assertion")),
        )
    return found


def _head(competition: Competition, event: GateEvent) -> dict[str, Any]:
    rules = ruleset_from_toml(competition.ruleset_toml)
    return {"v": 1, "gate": event.value, "competition": competition.code, "ruleset_sha256": ruleset_sha256(rules)}


def _plan(session: Session, competition: Competition) -> dict[str, Any]:
    """What everybody will read, and what freezes with it."""
    posts = session.scalars(select(Post).where(Post.competition_id == competition.id).order_by(Post.code))
    instants = {name: getattr(competition, name) for name in SCHEDULE}
    return {
        **_head(competition, GateEvent.ANNOUNCED),
        "title": competition.title,
        "announcement": competition.announcement,
        "schedule": {name: None if at is None else instant_text(at) for name, at in instants.items()},
        "posts": [
            {
                "code": post.code,
                "title": post.title,
                "unit": post.unit,
                "vacancies": post.vacancies,
                "requirements": post.requirements,
                "blueprint": post.blueprint,
                "defence_rubric": post.defence_rubric,
            }
            for post in posts
        ],
    }


def _list(session: Session, competition: Competition) -> dict[str, Any]:
    """Every application with what was decided about it and why, by its code."""
    rows = session.scalars(
        select(Candidacy)
        .options(joinedload(Candidacy.post))
        .where(Candidacy.competition_id == competition.id, Candidacy.submitted_at.is_not(None))
        .order_by(Candidacy.application_code)
    )
    return {
        **_head(competition, GateEvent.ROSTER_FIXED),
        "applications": [
            {
                "application": row.application_code,
                "post": row.post.code,
                "decision": row.state.value,
                "reason": row.refusal_reason,
            }
            for row in rows
        ],
    }


def _written(session: Session, competition: Competition) -> dict[str, Any] | None:
    """The written score of everybody by public code, as it will be told."""
    if not competition.state.has_reached(CompetitionState.MERGED):
        return None
    return {
        **_head(competition, GateEvent.WRITTEN_PUBLISHED),
        "candidates": [
            {
                "code": row.public_code,
                "post": row.post_code,
                "absent": row.absent,
                "void": row.void,
                "score": None if row.outcome.score is None else score_text(row.outcome.score),
                "passed": row.passed,
            }
            for row in written_results(session, competition)
        ],
    }


_DOCUMENTS: dict[GateEvent, Callable[[Session, Competition], dict[str, Any] | None]] = {
    GateEvent.ANNOUNCED: _plan,
    GateEvent.ROSTER_FIXED: _list,
    GateEvent.WRITTEN_PUBLISHED: _written,
}
