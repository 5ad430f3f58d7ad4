"""Proposals held against the log: every version that was handed in is there, with the very file that was handed in."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from examsite.domain.events import Event
from examsite.domain.table_problems import TableProblem
from examsite.storage.models.competitions import Competition
from examsite.storage.models.dossiers import Candidacy, Upload
from examsite.storage.models.proposals import ProposalVersion
from examsite.storage.models.records import RecordRow
from examsite.storage.queries.erasures import erased_candidacies


def check_proposals(
    session: Session, competition: Competition, records: Mapping[int, RecordRow]
) -> Iterator[TableProblem]:
    """Every version that says something else than its record, is gone, or was never handed in."""
    said: dict[tuple[str, int], tuple[RecordRow, dict[str, object]]] = {}
    locked: set[tuple[object, object]] = set()
    were_locked = False
    for row in records.values():
        if row.event == Event.PROPOSAL_UPLOADED and row.payload is not None:
            payload = json.loads(row.payload)
            said[row.subject, payload["version"]] = (row, payload)
        elif row.event == Event.PROPOSALS_LOCKED and row.payload is not None:
            were_locked = True
            locked = {(f"proposal/{one['candidate']}", one["version"]) for one in json.loads(row.payload)["locked"]}
    was_anything_recorded = bool(said)
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
        told = said.pop(place, None)
        if version.candidacy_id in erased:
            continue
        if told is None:
            if was_anything_recorded or (were_locked and version.locked_at is not None and place not in locked):
                yield TableProblem("proposal_versions", version.id, "record_missing", "number")
            continue
        row, payload = told
        compared = (
            ("proposal_versions", version.id, "title", payload["title"] == version.title),
            (
                "proposal_versions",
                version.id,
                "locked_at",
                not were_locked or bool(version.locked_at) == (place in locked),
            ),
            ("uploads", upload.id, "sha256", payload["sha256"] == upload.sha256),
            ("uploads", upload.id, "size_bytes", payload["size"] == upload.size_bytes),
            ("uploads", upload.id, "kind", payload["kind"] == upload.kind.value),
            (
                "proposal_versions",
                version.id,
                "cleaned_id",
                copy is not None and payload["cleaned_sha256"] == copy.sha256,
            ),
        )
        for table, key, column, holds in compared:
            if not holds:
                yield TableProblem(table, key, "value_differs", column, row.seq, row.event)
    for row, _payload in said.values():
        yield TableProblem("proposal_versions", None, "row_missing", "", row.seq, row.event)
