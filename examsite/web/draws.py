"""One draw as a page shows it, to the council and to everyone: what is on record, and nothing that must stay secret."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from examsite.domain.bundles import is_document_public
from examsite.domain.competitions import CompetitionState
from examsite.domain.draw_ceremonies import SYSTEM, DrawState, NumberWay, is_secret, numbers_open_at
from examsite.domain.draws import draw_seed
from examsite.domain.events import Event
from examsite.services.rulesets import ruleset_of
from examsite.storage.queries.draws import find_ceremony, find_draw_record
from examsite.web.gates import actor_text
from examsite.web.i18n import _
from examsite.web.labels.draws import draw_title

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from examsite.storage.models.competitions import Competition


@dataclass(frozen=True)
class NumberLine:
    """One contributor: what was committed, and how the number came out; `nonce` is empty while nobody may see it."""

    by: str
    name: str
    commitment: str
    deposit: str
    given_at: datetime
    shown_at: datetime | None
    way: NumberWay | None
    holders: tuple[str, ...]
    nonce: str

    @property
    def is_person(self) -> bool:
        """Whether a person gave it."""
        return self.by != SYSTEM


@dataclass(frozen=True)
class DrawView:
    """One draw. `state` is None before it was set up; `outcome`, `seed` and `document` are empty while secret."""

    name: str
    title: str
    #: Only commitments may be seen for now.
    is_hidden: bool
    state: DrawState | None = None
    count: int = 0
    items: tuple[str, ...] = ()
    terms: str = ""
    lines: tuple[NumberLine, ...] = ()
    opened_at: datetime | None = None
    opened_by: str = ""
    committed_at: datetime | None = None
    committed_seq: int | None = None
    #: From when on numbers may come out.
    shows_at: datetime | None = None
    held_at: datetime | None = None
    held_seq: int | None = None
    committed: dict[str, Any] | None = None
    document: dict[str, Any] | None = None
    outcome: tuple[str, ...] = ()
    seed: str = ""

    @property
    def missing(self) -> tuple[NumberLine, ...]:
        """Whose number has not come out."""
        return tuple(line for line in self.lines if line.shown_at is None)

    @property
    def broken(self) -> tuple[NumberLine, ...]:
        """Whose deposit proved broken."""
        return tuple(line for line in self.lines if line.way is NumberWay.SUBSTITUTE)

    @property
    def is_ceremony(self) -> bool:
        """Whether people gave their numbers from machines of their own."""
        return any(line.deposit for line in self.lines)

    def line_of(self, by: str) -> NumberLine | None:
        """What this contributor gave."""
        return next((line for line in self.lines if line.by == by), None)

    def may_show(self, now: datetime) -> bool:
        """Whether numbers may come out now."""
        return self.state is DrawState.COMMITTED and self.shows_at is not None and now >= self.shows_at


def view_draw(session: Session, competition: Competition, name: str, *, for_everyone: bool = False) -> DrawView:
    """The draw as it stands now.

    For everyone a draw that joins scripts and candidates stays closed where the rule set closes the scores.
    """
    is_open = competition.state.has_reached(CompetitionState.MERGED)
    if for_everyone:
        is_open = is_open and is_document_public(ruleset_of(competition))
    is_hidden = is_secret(name) and not is_open
    row = find_ceremony(session, competition.id, name)
    if row is None:
        return DrawView(name, draw_title(name), is_hidden)
    is_held = row.state is DrawState.HELD
    lines = tuple(
        NumberLine(
            by=item.by,
            name=contributor_text(item.by),
            commitment=item.commitment,
            deposit=item.deposit,
            given_at=item.given_at,
            shown_at=item.shown_at,
            way=item.way,
            holders=tuple(item.holders),
            # The system's number is the last to come out: before, it would tell what a kept-back one decides.
            nonce=item.nonce if not is_hidden and (is_held or item.by != SYSTEM) else "",
        )
        for item in sorted(row.contributions, key=lambda item: item.by)
    )
    held = None if is_hidden or not is_held else find_draw_record(session, competition.id, name, Event.DRAW_HELD)
    committed = (
        None if row.committed_at is None else find_draw_record(session, competition.id, name, Event.DRAW_COMMITTED)
    )
    return DrawView(
        name=name,
        title=draw_title(name),
        is_hidden=is_hidden,
        state=row.state,
        count=len(row.items),
        items=() if is_hidden else tuple(row.items),
        terms=row.terms,
        lines=lines,
        opened_at=row.opened_at,
        opened_by=contributor_text(row.opened_by),
        committed_at=row.committed_at,
        committed_seq=row.committed_seq,
        shows_at=None
        if row.committed_at is None
        else numbers_open_at(row.committed_at, ruleset_of(competition).draw_notice_minutes),
        held_at=row.held_at,
        held_seq=row.held_seq,
        committed=committed,
        document=None if held is None else held["document"],
        outcome=() if held is None else tuple(held["outcome"]),
        seed="" if held is None else draw_seed(held["document"]).hex(),
    )


def contributor_text(by: str) -> str:
    """A contributor in words."""
    return _("Máy chủ") if by == SYSTEM else actor_text(by)


def draw_file(competition: Competition, view: DrawView) -> dict[str, Any] | None:
    """What everyone may have of a draw, as one value to compute with; None before its commitments are on record."""
    if view.committed is None:
        return None
    committed = view.committed
    if view.is_hidden:
        committed = {"commitments": committed["commitments"], "public": committed["public"]}
    file: dict[str, Any] = {"v": 1, "competition": competition.code, "draw": view.name, "committed": committed}
    if view.document is not None:
        file |= {"document": view.document, "outcome": list(view.outcome)}
    return file
