"""Saving: what pages send is stored, for everyone who waits at once.

The hottest path of the product: three statements for a whole group, no objects. It never looks into an answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import Connection, Table, bindparam, func, select, tuple_
from sqlalchemy.orm import Session

from examsite.domain.attempts import SaveVerdict, verdict_on_save
from examsite.domain.errors import DomainError, NotAllowedError
from examsite.domain.saves import FLAGS, Save, saves_hash
from examsite.services.attempt_views import AttemptView, deadline_of_clock, view_of
from examsite.services.lost_times import note_silence
from examsite.storage.models.sittings import AnswerVersion, Attempt
from examsite.storage.queries.attempts import AttemptClock
from examsite.storage.queries.papers import get_frozen_paper
from examsite.storage.row_seals import with_seals
from examsite.storage.row_sets import ChangedRows, NewRows, in_portions

MOST_STRAY_VERSIONS: Final = 200
"""Most versions kept of an attempt for items that its paper does not have.

Source: our choice, because no page of ours sends any, and whoever invents items must not fill the disk."""

_SEEN_STEP: Final = timedelta(seconds=2)
"""How much newer a sign of life must be to be written down.

Source: our choice, because silences are counted from half a minute on, and rows written in vain cost everyone."""

_VERSIONS = cast(Table, AnswerVersion.__table__)
_KEY = ("attempt_id", "item", "epoch", "number")

_Key = tuple[int, str, int, int]

#: How many saves one question names. Source: our choice, because SQLite takes 32,766 values in one, four for each.
_KEYS_AT_ONCE: Final = 2000

#: How many papers a process keeps the items of. Source: our choice, because a day has fewer.
_PAPERS_KEPT: Final = 64
_items_of_papers: dict[str, frozenset[str]] = {}

# Statements of the hot path are put together once, not for every group.
_seen = ChangedRows(cast(Table, Attempt.__table__), ("last_seen_at",))
_new = NewRows(_VERSIONS, (*_KEY, "content", "received_at", "set_aside", "by_file", "row_seal"), key=_KEY)
_stored = select(*(_VERSIONS.c[name] for name in _KEY), _VERSIONS.c.content, _VERSIONS.c.set_aside).where(
    tuple_(*(_VERSIONS.c[name] for name in _KEY)).in_(bindparam("keys", expanding=True))
)
_strays = select(func.count()).where(
    _VERSIONS.c.attempt_id == bindparam("attempt_id"), _VERSIONS.c.item.not_in(bindparam("items", expanding=True))
)


@dataclass(frozen=True, slots=True)
class SaveJob:
    """What one page sends at one time; without saves it is a sign of life."""

    attempt_id: int
    saves: tuple[Save, ...]
    page_epoch: int
    received_at: datetime
    #: Whether somebody carried them in a file instead of the page sending them.
    by_file: bool = False


@dataclass(frozen=True, slots=True)
class SavedBatch:
    """What became of a batch: each save is in exactly one of the four lists."""

    saved: tuple[Save, ...]
    set_aside: tuple[Save, ...]
    #: Another content is stored under the same number: the page must send its own under a new one.
    conflicts: tuple[Save, ...]
    #: Items that the paper does not have, after so many that no more are kept.
    refused: tuple[Save, ...]
    fenced: bool
    hash: str
    received_at: datetime
    #: What was read of the attempt, so that the answer can say the time at which it goes out.
    read: AttemptClock

    @property
    def clock(self) -> AttemptView:
        """Where the attempt stood when the batch came in."""
        return view_of(self.read, self.received_at)


def write_saves(
    connection: Connection, session: Session, clocks: dict[int, AttemptClock], jobs: Sequence[SaveJob]
) -> list[SavedBatch | DomainError]:
    """Store the batches of a group whose attempts are locked; one outcome for each, in their order.

    Their clocks are brought up to date: an opening in the same group must not tell the same silence again.

    A save that was stored before under the same numbers is acknowledged again and makes no new row. One of an older
    epoch, one that comes too late, and one for an item that the paper does not have are kept beside.
    """
    rows: dict[_Key, dict[str, Any]] = {}
    refused: set[tuple[int, int]] = set()
    strays: dict[int, int] = {}
    for place, job in enumerate(jobs):
        clock = clocks.get(job.attempt_id)
        if clock is None:
            continue
        deadline_at = deadline_of_clock(clock)
        items = _items(connection, clock)
        for order, save in enumerate(job.saves):
            is_stray = save.item not in items
            if is_stray and _is_one_too_many(connection, strays, job.attempt_id, items):
                refused.add((place, order))
                continue
            verdict = verdict_on_save(
                clock.state,
                save_epoch=save.epoch,
                attempt_epoch=clock.epoch,
                received_at=job.received_at,
                deadline_at=deadline_at,
                grace_seconds=clock.grace_seconds,
                paused_at=clock.paused_at,
            )
            rows.setdefault(
                (job.attempt_id, save.item, save.epoch, save.number),
                {
                    "attempt_id": job.attempt_id,
                    "item": save.item,
                    "epoch": save.epoch,
                    "number": save.number,
                    "content": save.content,
                    "received_at": job.received_at,
                    "set_aside": is_stray or verdict is not SaveVerdict.COUNTED,
                    "by_file": job.by_file,
                },
            )
    stored = _insert(connection, rows)
    signs = [(job.attempt_id, job.page_epoch, job.received_at) for job in jobs]
    seen = note_signs_of_life(session, clocks, signs)
    if seen:
        _seen.update(connection, [{"id": number, "last_seen_at": at} for number, at in sorted(seen.items())])
        clocks |= {number: replace(clocks[number], last_seen_at=at) for number, at in seen.items()}
    return [
        _outcome(clocks.get(job.attempt_id), job, stored, {order for at, order in refused if at == place})
        for place, job in enumerate(jobs)
    ]


def _outcome(
    clock: AttemptClock | None,
    job: SaveJob,
    stored: Mapping[_Key, tuple[str, bool]],
    refused: set[int],
) -> SavedBatch | DomainError:
    if clock is None:
        return NotAllowedError("token_unknown")
    saved: list[Save] = []
    beside: list[Save] = []
    conflicts: list[Save] = []
    for order, save in enumerate(job.saves):
        if order in refused:
            continue
        content, set_aside = stored[job.attempt_id, save.item, save.epoch, save.number]
        if content != save.content:
            conflicts.append(save)
        else:
            (beside if set_aside else saved).append(save)
    return SavedBatch(
        saved=tuple(saved),
        set_aside=tuple(beside),
        conflicts=tuple(conflicts),
        refused=tuple(save for order, save in enumerate(job.saves) if order in refused),
        fenced=job.page_epoch != clock.epoch,
        hash=saves_hash(saved),
        received_at=job.received_at,
        read=clock,
    )


def note_signs_of_life(
    session: Session,
    clocks: Mapping[int, AttemptClock],
    signs: Sequence[tuple[int, int, datetime]],
    *,
    reopened: bool = False,
) -> dict[int, datetime]:
    """Write down how long each page had been silent before it spoke; gives back what is to become `last_seen_at`.

    A sign is the attempt, the epoch of the page and the instant. A fenced page proves nothing about the machine in
    front of the candidate, so it does not count. A word that follows the last one closely need not be written down.
    """
    seen: dict[int, datetime] = {}
    for attempt_id, page_epoch, at in signs:
        clock = clocks.get(attempt_id)
        if clock is None or (page_epoch != clock.epoch and not reopened):
            continue
        if attempt_id not in seen:
            note_silence(session, clock, now=at, reopened=reopened)
        if clock.last_seen_at is None or at - clock.last_seen_at >= _SEEN_STEP:
            seen[attempt_id] = max(at, seen.get(attempt_id, at))
    return seen


def _insert(connection: Connection, rows: Mapping[_Key, dict[str, Any]]) -> dict[_Key, tuple[str, bool]]:
    """Store what is new; gives back content and place of everything as it is stored now."""
    stored = {key: (row["content"], row["set_aside"]) for key, row in rows.items()}
    if not rows:
        return stored
    if _new.insert(connection, with_seals(connection, _VERSIONS, rows.values())) != len(rows):
        # Some came a second time: what counts is what was stored under their numbers then.
        for keys in in_portions(list(rows), _KEYS_AT_ONCE):
            for *key, content, set_aside in connection.execute(_stored, {"keys": keys}):
                stored[cast(_Key, tuple(key))] = (content, set_aside)
    return stored


def _items(connection: Connection, clock: AttemptClock) -> frozenset[str]:
    """The items that may be saved: those of the paper, and the review flags."""
    if clock.paper_id is None or clock.paper_sha256 is None:
        return frozenset()
    known = _items_of_papers.get(clock.paper_sha256)
    if known is None:
        paper = get_frozen_paper(connection, clock.paper_id, clock.paper_sha256)
        known = frozenset({FLAGS, *(item.item for item in paper.items)})
        if len(_items_of_papers) >= _PAPERS_KEPT:
            _items_of_papers.clear()
        _items_of_papers[clock.paper_sha256] = known
    return known


def _is_one_too_many(connection: Connection, strays: dict[int, int], attempt_id: int, items: frozenset[str]) -> bool:
    if attempt_id not in strays:
        known = list(items) or [""]
        strays[attempt_id] = connection.execute(_strays, {"attempt_id": attempt_id, "items": known}).scalar_one()
    strays[attempt_id] += 1
    return strays[attempt_id] > MOST_STRAY_VERSIONS
