"""The bundle of a published result: everything a stranger needs to recompute it, out of the rows as they stand.

Nothing is repaired on the way: rows that somebody changed give a bundle that the verifier refuses.
"""

from __future__ import annotations

import json
import tempfile
from contextlib import closing
from pathlib import Path

from sqlalchemy.orm import Session

from examsite.domain.bundles import (
    UNSIGNED,
    Audience,
    BundleEntry,
    Opening,
    bundle_bytes,
    data_entries,
    is_document_public,
    opened_events,
    unsigned_entries,
)
from examsite.domain.canonical import parse_instant, sha256_hex
from examsite.domain.errors import ConflictError, NotFoundError
from examsite.domain.events import Event
from examsite.domain.records import VERSION, Record
from examsite.services.result_reports import print_report
from examsite.services.rulesets import ruleset_of
from examsite.services.witnesses import cosigned_note
from examsite.storage.models.competitions import Competition
from examsite.storage.models.ranking import ResultVersion
from examsite.storage.models.records import CheckpointRow
from examsite.storage.queries.records import (
    find_covering_checkpoint,
    get_log,
    iterate_records,
    list_records_of_events,
)
from examsite.storage.queries.results import list_published_versions, result_document

#: The verifier that every bundle carries.
VERIFIER_PATH = Path(__file__).parent.parent / "bundle" / "verify.py"


def build_bundle(
    session: Session, competition: Competition, audience: Audience, *, version: ResultVersion | None = None
) -> bytes:
    """The bundle of the newest published version, or of this one, with the first checkpoint that covers it.

    Raises:
        ConflictError: `bundle_not_covered`, as long as no checkpoint covers the publication; `opening_erased`.
        InvalidError: `draw_twice`, `not_canonical` and the like, for contents that nobody could have recorded.
        NotFoundError: `result_not_found` before the publication; `bundle_not_public` where the rule set closes it.

    Source: result format, sections on the bundle and the opened payloads.
    """
    return bundle_bytes(bundle_entries(session, competition, audience, version=version))


def bundle_entries(
    session: Session, competition: Competition, audience: Audience, *, version: ResultVersion | None = None
) -> list[BundleEntry]:
    """The files of the bundle in their order; refusals as `build_bundle`."""
    version = _checked(session, competition, audience, version)
    checkpoint = _checkpoint_of(session, competition, version)
    note = _cosigned(session, competition, version, checkpoint)
    opened = opened_events(audience)
    records: list[Record] = []
    openings: list[Opening] = []
    with closing(iterate_records(session, checkpoint.log_id, below=checkpoint.size)) as rows:
        for row in rows:
            records.append(Record(VERSION, row.seq, row.at, row.event, row.actor, row.subject, row.commit))
            if row.event in opened:
                if row.payload is None or row.salt is None:
                    raise ConflictError("opening_erased", number=row.seq)
                openings.append(Opening(row.seq, row.event, row.salt, json.loads(row.payload)))
    report = print_report(
        result_document(version),
        sha256=version.sha256,
        openings=openings,
        instants={opening.seq: records[opening.seq].at for opening in openings},
    )
    return [
        *data_entries(
            result=version.document.encode("utf-8"),
            records=records,
            checkpoint=note,
            openings=openings,
            previous=_previous_sha256(session, competition, audience, version),
        ),
        *unsigned_entries(
            report=report,
            verifier=_verifier(),
            result_sha256=version.sha256,
            origin=note.partition("\n")[0],
        ),
    ]


def keep_bundle(
    session: Session,
    competition: Competition,
    audience: Audience,
    folder: Path,
    *,
    version: ResultVersion | None = None,
) -> Path:
    """The bundle of a published version (the newest) as a file below the folder, built when it is first asked for.

    Raises:
        ConflictError, InvalidError, NotFoundError: as `build_bundle`.
    """
    version = _checked(session, competition, audience, version)
    checkpoint = _checkpoint_of(session, competition, version)
    note = _cosigned(session, competition, version, checkpoint)
    made_of = (version.sha256, note, audience, sha256_hex(_verifier()), *UNSIGNED)
    path = folder / f"{competition.code}-{version.number}-{audience}-{sha256_hex(repr(made_of).encode())[:16]}.zip"
    if not path.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        data = build_bundle(session, competition, audience, version=version)
        # Under its name at once or not at all: another request may be reading.
        with tempfile.NamedTemporaryFile(dir=folder, suffix=".part", delete=False) as waiting:
            waiting.write(data)
        Path(waiting.name).replace(path)
    return path


def bundle_hashes(session: Session, competition: Competition, folder: Path) -> dict[str, str]:
    """SHA-256 of every bundle that is given out of the newest published version, by audience."""
    public = is_document_public(ruleset_of(competition))
    return {
        audience.value: sha256_hex(keep_bundle(session, competition, audience, folder).read_bytes())
        for audience in Audience
        if public or audience is not Audience.PUBLIC
    }


def _checked(
    session: Session, competition: Competition, audience: Audience, version: ResultVersion | None
) -> ResultVersion:
    """The version whose bundle is meant, when this audience may have it."""
    published = list_published_versions(session, competition.id)
    if not published or (version is not None and version.number not in {one.number for one in published}):
        raise NotFoundError("result_not_found")
    if audience is Audience.PUBLIC and not is_document_public(ruleset_of(competition)):
        raise NotFoundError("bundle_not_public")
    return published[-1] if version is None else version


def _checkpoint_of(session: Session, competition: Competition, version: ResultVersion) -> CheckpointRow:
    """The first checkpoint behind the publication: what comes later in the log leaves the bundle as it is."""
    log = get_log(session, competition.code)
    numbers = [one.number for one in list_published_versions(session, competition.id)]
    records = list_records_of_events(session, competition.code, (Event.RESULT_PUBLISHED,))
    place = numbers.index(version.number)
    checkpoint = find_covering_checkpoint(session, log.id, records[place].seq) if place < len(records) else None
    if checkpoint is None:
        raise ConflictError("bundle_not_covered")
    return checkpoint


def _cosigned(session: Session, competition: Competition, version: ResultVersion, checkpoint: CheckpointRow) -> str:
    """The checkpoint with what witnesses signed under it.

    Decision: of a version that was replaced only what had come by then counts, so that its bundle keeps the hash that
    the newer one names.
    """
    replaced_at = None
    for row in list_records_of_events(session, competition.code, (Event.BUNDLE_REPLACED,)):
        if row.content.get("version") == version.number:
            replaced_at = parse_instant(row.at)
    return cosigned_note(session, checkpoint, until=replaced_at)


def _previous_sha256(
    session: Session, competition: Competition, audience: Audience, version: ResultVersion
) -> str | None:
    """Hex of SHA-256 of the bundle that this one replaces, as the log kept it: programs beside the data change."""
    earlier = [one for one in list_published_versions(session, competition.id) if one.number < version.number]
    if not earlier:
        return None
    for row in list_records_of_events(session, competition.code, (Event.BUNDLE_REPLACED,)):
        said = row.content
        if said.get("version") == earlier[-1].number and audience.value in said["bundles"]:
            return str(said["bundles"][audience.value])
    return sha256_hex(build_bundle(session, competition, audience, version=earlier[-1]))


def _verifier() -> bytes:
    return VERIFIER_PATH.read_bytes()
