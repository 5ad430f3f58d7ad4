"""Whoever signs a result says to have read the report about it: which one, with how many questions still open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from examsite.domain.errors import ConflictError, NotFoundError
from examsite.domain.events import Event
from examsite.domain.permissions import Role
from examsite.services.context import ServiceContext
from examsite.services.records import record
from examsite.storage.queries.explanations import count_open_explanations
from examsite.storage.queries.records import list_records_of_events
from examsite.storage.queries.results import find_newest_version

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from examsite.storage.models.competitions import Competition
    from examsite.storage.models.ranking import ResultVersion

#: Who signs results.
SIGNING = (Role.CHAIR, Role.COUNCIL_MEMBER, Role.AUTHORITY)


def note_findings_seen(
    ctx: ServiceContext, competition: Competition, *, findings_sha256: str, shown_sha256: str
) -> int:
    """Put down that this signer has read the report as it is now, and the stability of the newest version's ranking.

    Args:
        ctx: of the signer.
        competition: whose result it is.
        findings_sha256: of the findings as they are now.
        shown_sha256: of those that the person had on the page.

    Raises:
        ConflictError: `findings_changed` when others were shown.
        NotAllowedError: `role_needed`.
        NotFoundError: `result_not_found` before there is a result.
    """
    ctx.require(*SIGNING, competition_id=competition.id)
    version = find_newest_version(ctx.session, competition.id)
    if version is None:
        raise NotFoundError("result_not_found")
    if findings_sha256 != shown_sha256:
        raise ConflictError("findings_changed")
    payload = {
        "version": version.number,
        "result_sha256": version.sha256,
        "findings_sha256": findings_sha256,
        "open_questions": count_open_explanations(ctx.session, competition.id),
    }
    return record(ctx, competition, Event.FINDINGS_SEEN, f"competition/{competition.code}", payload)


def list_readers(session: Session, competition: Competition, version: ResultVersion) -> frozenset[str]:
    """Pseudonyms of the signers who said to have read the report about this version."""
    rows = list_records_of_events(session, competition.code, (Event.FINDINGS_SEEN,))
    return frozenset(row.actor.partition("/")[2] for row in rows if row.content.get("result_sha256") == version.sha256)
