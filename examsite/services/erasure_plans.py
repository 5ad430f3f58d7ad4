"""What an erasure would destroy: whose data, which rows, which contents of the log. Read, never changed.

Decision: the log and every table are looked through before anything is locked, because that takes long; under the lock
only what was written since is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from examsite.domain.erasure import Traces, due_at, is_content_destroyed
from examsite.domain.publication import ResultState
from examsite.services.rulesets import ruleset_of
from examsite.storage import erasing
from examsite.storage.models.competitions import Competition
from examsite.storage.models.dossiers import Candidacy
from examsite.storage.queries.erasures import (
    Belongings,
    find_belongings,
    iterate_payloads,
    list_candidacy_ids,
    list_content_keys,
    list_identities,
    list_recorded_erasures,
    map_log_sizes,
    traces_of,
)
from examsite.storage.queries.results import list_result_versions


@dataclass(frozen=True)
class ErasurePlan:
    """What an erasure would destroy, counted before anything is touched."""

    #: From when on it may be done; None: nothing was published yet.
    due_at: datetime | None
    people: int
    kept: int
    #: Rows by table, and rows that stay without their words.
    rows: dict[str, int]
    emptied: dict[str, int]
    records: int
    files: int

    def is_due(self, now: datetime) -> bool:
        """Whether it may be done by now."""
        return self.due_at is not None and now >= self.due_at


@dataclass(frozen=True)
class Doomed:
    """Whose data go, what hangs on them, and by what the log may speak of them and of those who stay."""

    candidacies: list[Candidacy]
    belongings: Belongings
    erased: Traces
    kept: Traces


@dataclass(frozen=True)
class ErasureReading:
    """What the log and the tables say of those who are erased, read through before anything is locked."""

    erased: Traces
    kept: Traces
    #: How long each log was when it was read: what came later is read under the lock.
    sizes: Mapping[str, int]
    #: Numbers of the records whose contents go, by log.
    contents: Mapping[str, set[int]]
    #: In how many rows of which column a name will still stand.
    left: Mapping[str, int]


def plan_erasure(session: Session, competition: Competition) -> ErasurePlan:
    """Count what an erasure would destroy; nothing is changed."""
    doomed = doomed_of(session, competition)
    kept, _others = list_candidacy_ids(session, competition.id)
    files = doomed.belongings.files
    return ErasurePlan(
        due_at=due_of(session, competition),
        people=len(doomed.candidacies),
        kept=len(kept),
        rows={table: len(keys) for table, keys in doomed.belongings.rows.items() if keys},
        emptied={table: len(keys) for table, keys in doomed.belongings.emptied.items() if keys},
        records=sum(len(numbers) for numbers in contents_of(session, competition, doomed, start={}).values()),
        files=len(files),
    )


def read_erasure(session: Session, competition: Competition) -> ErasureReading:
    """Look through the log and every table for `erase_people`; nothing is changed, and nothing need be locked."""
    sizes = map_log_sizes(session)
    doomed = doomed_of(session, competition)
    contents = contents_of(session, competition, doomed, start={})
    left = erasing.find_words(
        session,
        doomed.erased.words,
        gone={**doomed.belongings.rows, "login_throttles": doomed.belongings.logins},
        emptied=doomed.belongings.emptied,
        contents=list_content_keys(session, contents),
    )
    return ErasureReading(doomed.erased, doomed.kept, sizes, contents, left)


def due_of(session: Session, competition: Competition) -> datetime | None:
    """From when on the data may be destroyed; None before a result was published.

    Counted from the newest publication, so that a corrected result gives everyone the whole time again.
    """
    published = [
        version.published_at
        for version in list_result_versions(session, competition.id)
        if version.state is ResultState.PUBLISHED and version.published_at is not None
    ]
    return due_at(max(published), ruleset_of(competition).erase_after_days) if published else None


def list_people(session: Session, competition: Competition) -> list[Candidacy]:
    """Those not selected whose data still stand."""
    _kept, others = list_candidacy_ids(session, competition.id)
    gone = {key for one in list_recorded_erasures(session) if one.code == competition.code for key in one.candidacies}
    return list_identities(session, [key for key in others if key not in gone])


def doomed_of(session: Session, competition: Competition) -> Doomed:
    """Whose data an erasure would destroy at this instant."""
    people = list_people(session, competition)
    kept_ids, _others = list_candidacy_ids(session, competition.id)
    kept = list_identities(session, kept_ids)
    belongings = find_belongings(session, people)
    return Doomed(
        people,
        belongings,
        erased=traces_of(session, people, belongings),
        kept=traces_of(session, kept, find_belongings(session, kept)),
    )


def contents_of(
    session: Session, competition: Competition, doomed: Doomed, *, start: Mapping[str, int]
) -> dict[str, set[int]]:
    """Numbers of the records whose contents go, by log; `start` is from where each log is read."""
    found: dict[str, set[int]] = {}
    if not doomed.candidacies:
        return found
    for code, seq, event, subject, payload in iterate_payloads(session, start):
        is_own = code == competition.code
        if is_content_destroyed(event, subject, payload, erased=doomed.erased, kept=doomed.kept, whole=is_own):
            found.setdefault(code, set()).add(seq)
    return found
