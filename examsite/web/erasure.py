"""What pages about erasure share: counts by kind of data, the certificate, the register."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import render_template

from examsite.domain.erasure import ERASURE, ErasureEvent, ErasureState, backups_until
from examsite.domain.errors import NotFoundError
from examsite.domain.personal_data import REGISTER, DataKind, Holding, kind_of_table
from examsite.services.erasure_plans import ErasurePlan
from examsite.storage.database import db
from examsite.storage.queries.erasures import display_name_of, find_finish_seq, list_erasures
from examsite.web.gates import actor_text
from examsite.web.labels.erasure import PURPOSES, STEPS, Purpose

if TYPE_CHECKING:
    from examsite.storage.models.competitions import Competition
    from examsite.storage.models.erasures import Erasure


@dataclass(frozen=True)
class RegisterRow:
    """One kind of data in the register."""

    holding: Holding
    purpose: Purpose


def register_rows() -> list[RegisterRow]:
    """The register in its order."""
    return [RegisterRow(holding, PURPOSES[holding.kind]) for holding in REGISTER]


def by_kind(rows: dict[str, int]) -> list[tuple[DataKind, int]]:
    """Rows by kind of data, in the order of the register."""
    counted: dict[DataKind, int] = {}
    for table, number in rows.items():
        kind = kind_of_table(table)
        if kind is not None:
            counted[kind] = counted.get(kind, 0) + number
    return [(holding.kind, counted[holding.kind]) for holding in REGISTER if holding.kind in counted]


def planned(plan: ErasurePlan) -> list[tuple[DataKind, int]]:
    """What an erasure would destroy, by kind of data."""
    return counted(plan.rows, plan.emptied, plan.records)


def counted(rows: dict[str, int], emptied: dict[str, int], records: int) -> list[tuple[DataKind, int]]:
    """Rows that go, rows that stay without their words and contents of the log, by kind of data."""
    both = {**rows, "records": records} if records else dict(rows)
    for table, number in emptied.items():
        both[table] = both.get(table, 0) + number
    return by_kind(both)


def certificate(competition: Competition, number: int, *, back: str) -> str:
    """The certificate of one erasure as a document, by the number of its record.

    Raises:
        NotFoundError: `erasure_not_found`.
    """
    session = db.session()
    found = [row for row in list_erasures(session, competition.id) if row.record_seq == number]
    erased_at = found[0].erased_at if found else None
    if erased_at is None:
        raise NotFoundError("erasure_not_found", number=number)
    erasure = found[0]
    return render_template(
        "erasure/certificate.html",
        erasure=erasure,
        shown=competition,
        kinds=counted(erasure.counts["rows"], erasure.counts["emptied"], erasure.counts["records"]),
        asked_by=display_name_of(session, erasure.asked_by_id),
        asker=actor_text(erasure.asked_by),
        eraser=actor_text(erasure.erased_by or ""),
        finish_seq=find_finish_seq(session, competition.code, number),
        is_finished=erasure.state is ErasureState.FINISHED,
        steps=[STEPS[code] for code in erasure.steps],
        left=sorted(erasure.counts.get("left", {}).items()),
        until=backups_until(erased_at),
        back=back,
    )


def waits(erasure: Erasure | None) -> bool:
    """Whether an erasure was asked for and nobody has done it yet."""
    return erasure is not None and ERASURE.is_open(erasure.state, ErasureEvent.AGREED)


#: Look of the tag of each state.
TAGS = {
    ErasureState.ASKED: "open",
    ErasureState.WITHDRAWN: "todo",
    ErasureState.DESTROYED: "work",
    ErasureState.FINISHED: "done",
}


def told_erasures(competition: Competition) -> list[Erasure]:
    """Erasures that were done, newest first."""
    return [row for row in list_erasures(db.session(), competition.id) if row.record_seq is not None]
