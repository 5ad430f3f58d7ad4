"""Appends to a record log, in the transaction of the act that is recorded.

Numbers are given while the head row of the log is locked, so appends to one log are serial. Saves of answers never
come here: their versions are hashed together and enter the log once, at hand-in.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Table, insert, select
from sqlalchemy.orm import Session

from examsite.domain import records
from examsite.domain.canonical import canonical_bytes
from examsite.domain.competitions import CompetitionState
from examsite.domain.events import Event
from examsite.domain.merkle import BLOCK_LEAVES, TreeState
from examsite.domain.payloads import check_payload
from examsite.domain.records import plan_log_code
from examsite.services.context import ServiceContext
from examsite.storage.models.competitions import Competition
from examsite.storage.models.records import RecordBlock, RecordLog, RecordRow

#: Records are never changed here: they go in as rows, and no object of each is kept.
_new_rows = insert(cast(Table, RecordRow.__table__))
_new_blocks = insert(cast(Table, RecordBlock.__table__))

#: Name of the log of acts over the installation (accounts, bodies, settings).
SYSTEM_LOG = "system"


#: What is written while the competition is still a draft, at the instant of its announcement.
OPENING = frozenset({Event.LOG_OPENED, Event.RULESET_FROZEN, Event.COMPETITION_ANNOUNCED})


def open_log(session: Session, code: str, *, competition_id: int | None) -> RecordLog:
    """Start an empty log under a code."""
    log = RecordLog(code=code, competition_id=competition_id, size=0, tree=TreeState().to_json())
    session.add(log)
    session.flush()
    return log


def record(
    ctx: ServiceContext,
    competition: Competition | None,
    event: Event,
    subject: str,
    payload: dict[str, Any],
    *,
    actor: str | None = None,
) -> int:
    """Append one fact to the log of the competition (None: of the installation) and give back its number.

    `payload` must be canonical JSON material: no floats, scores as text. The actor is that of the context unless the
    fact is stated by the system.

    Raises:
        DomainError: the event does not exist, or not for this actor or subject, or not with this content.
    """
    (seq,) = record_all(ctx, competition, event, [(subject, payload)], actor=actor)
    return seq


def record_all(
    ctx: ServiceContext,
    competition: Competition | None,
    event: Event,
    facts: Sequence[tuple[str, dict[str, Any]]],
    *,
    actor: str | None = None,
) -> list[int]:
    """As `record`, for several facts of one kind, each a subject and a payload: the log is locked once for all."""
    for _subject, payload in facts:
        check_payload(event, payload)
    name = actor or ctx.actor.record_name
    log = _locked_log(ctx.session, competition, event)
    at = ctx.now if log.last_at is None else max(ctx.now, log.last_at)
    tree = TreeState.from_json(log.tree)
    rows = []
    blocks = []
    for seq, (subject, payload) in enumerate(facts, start=log.size):
        salt = secrets.token_bytes(records.SALT_BYTES)
        entry = records.make_record(seq, at, event=event, actor=name, subject=subject, salt=salt, payload=payload)
        leaf = records.leaf_hash(entry)
        filled = tree.block_filled_by(leaf)
        if filled is not None:
            blocks.append({"log_id": log.id, "number": seq // BLOCK_LEAVES, "root": filled.hex()})
        tree = tree.append(leaf)
        rows.append(
            {
                "log_id": log.id,
                "seq": entry.seq,
                "at": entry.at,
                "event": event.value,
                "actor": name,
                "subject": subject,
                "commit": entry.commit,
                "leaf": leaf.hex(),
                "salt": salt.hex(),
                "payload": canonical_bytes(payload).decode("utf-8"),
            }
        )
    log.size += len(rows)
    log.last_at = at
    log.tree = tree.to_json()
    ctx.session.flush()
    ctx.session.execute(_new_rows, rows)
    if blocks:
        ctx.session.execute(_new_blocks, blocks)
    return list(range(log.size - len(rows), log.size))


def record_by_competition(
    ctx: ServiceContext, event: Event, facts: Mapping[int, Sequence[tuple[str, dict[str, object]]]]
) -> dict[int, list[int]]:
    """Append facts to the logs of their competitions, in the order of these, as acts of the candidates themselves."""
    return {
        number: record_all(ctx, ctx.session.get_one(Competition, number), event, facts[number], actor="candidate")
        for number in sorted(facts)
    }


def _locked_log(session: Session, competition: Competition | None, event: Event) -> RecordLog:
    is_plan = competition is not None and competition.state is CompetitionState.DRAFT and event not in OPENING
    code = SYSTEM_LOG if competition is None else competition.code
    code = plan_log_code(code) if is_plan else code
    # Read anew behind the lock: the head may have been read before in this session, and have moved on since.
    log = session.scalars(
        select(RecordLog).where(RecordLog.code == code).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if log is None:
        log = open_log(session, code, competition_id=None if competition is None or is_plan else competition.id)
    return log
