"""Proposals held against the log: every version that was handed in is there, with the very file that was handed in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from examsite.domain.events import Event
from examsite.domain.table_problems import TableProblem
from examsite.storage.models.competitions import Competition
from examsite.storage.models.dossiers import Candidacy, Upload
from examsite.storage.models.proposals import ProposalVersion
from examsite.storage.models.records import RecordRow
from examsite.storage.queries.erasures import erased_candidacies


@dataclass(frozen=True)
class _Recorded:
    """What the log says of proposals, by the subject of the record and the number of the version."""

    uploaded: dict[tuple[str, int], RecordRow]
    #: Places that some locking names; None before the first.
    locked: frozenset[tuple[str, int]] | None


def check_proposals(
    session: Session, competition: Competition, records: Mapping[int, RecordRow]
) -> Iterator[TableProblem]:
    """Every version that says something else than its record, is gone, or was never handed in."""
    said = _recorded(records)
    left = dict(said.uploaded)
    cleaned = aliased(Upload)
    found = session.execute(
        select(ProposalVersion, Candidacy.public_code, Upload, cleaned)
        .join(Candidacy, Candidacy.id == ProposalVersion.candidacy_id)
        .join(Upload, Upload.id == ProposalVersion.upload_id)
        .outerjoin(cleaned, cleaned.id == ProposalVersion.cleaned_id)
        .where(Candidacy.competition_id == competition.id)
        .order_by(ProposalVersion.id)
    )
    erased = erased_candidacies(session, competition.code)
    for version, public_code, upload, copy in found:
        place = f"proposal/{public_code}", version.number
        row = left.pop(place, None)
        if version.candidacy_id in erased:
            continue
        if row is not None:
            is_locked = None if said.locked is None else place in said.locked
            for table, key, column in _differing(row.content, version, upload, copy, is_locked=is_locked):
                yield TableProblem(table, key, "value_differs", column, row.seq, row.event)
        elif said.uploaded or (said.locked is not None and version.locked_at is not None and place not in said.locked):
            yield TableProblem("proposal_versions", version.id, "record_missing", "number")
    for row in left.values():
        yield TableProblem("proposal_versions", None, "row_missing", "", row.seq, row.event)


def _recorded(records: Mapping[int, RecordRow]) -> _Recorded:
    uploaded: dict[tuple[str, int], RecordRow] = {}
    locked: frozenset[tuple[str, int]] | None = None
    for row in records.values():
        if row.event == Event.PROPOSAL_UPLOADED and row.payload is not None:
            uploaded[row.subject, row.content["version"]] = row
        elif row.event == Event.PROPOSALS_LOCKED and row.payload is not None:
            named = frozenset((f"proposal/{one['candidate']}", one["version"]) for one in row.content["locked"])
            locked = named | (locked or frozenset())
    return _Recorded(uploaded, locked)


def _differing(
    said: Mapping[str, object], version: ProposalVersion, upload: Upload, copy: Upload | None, *, is_locked: bool | None
) -> Iterator[tuple[str, int, str]]:
    """Table, row and column of what differs from the record of a version."""
    if said["title"] != version.title:
        yield "proposal_versions", version.id, "title"
    if is_locked is not None and bool(version.locked_at) != is_locked:
        yield "proposal_versions", version.id, "locked_at"
    if said["sha256"] != upload.sha256:
        yield "uploads", upload.id, "sha256"
    if said["size"] != upload.size_bytes:
        yield "uploads", upload.id, "size_bytes"
    if said["kind"] != upload.kind.value:
        yield "uploads", upload.id, "kind"
    if copy is None or said["cleaned_sha256"] != copy.sha256:
        yield "proposal_versions", version.id, "cleaned_id"
