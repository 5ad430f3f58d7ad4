"""Appeals made ready for reading: until when they are taken, where each stands, in words that every audience shares."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from examsite.domain.appeals import AppealState, remarks_due_at
from examsite.services.rulesets import ruleset_of
from examsite.storage.database import db
from examsite.storage.queries.appeals import AppealStanding, list_appeal_standings, list_appeals
from examsite.web.formatting import format_date
from examsite.web.i18n import _


@dataclass(frozen=True)
class AppealWindow:
    """When appeals are taken and when the re-marking is due."""

    closes_at: datetime
    due_at: datetime
    is_open: bool

    @property
    def last_words(self) -> str:
        """24:00 of the last day, as people say it."""
        return last_words(self.closes_at)

    @property
    def due_words(self) -> str:
        """24:00 of the last day of the re-marking."""
        return last_words(self.due_at)


def last_words(closes_at: datetime) -> str:
    """The end of a window of whole days by the last day that belongs to it."""
    return _("24 giờ ngày %(date)s", date=format_date(closes_at - timedelta(seconds=1)))


def window_of(competition: Any, now: datetime) -> AppealWindow | None:
    """The window of a competition; None before the written results are published."""
    closes_at = competition.appeals_close_at
    if closes_at is None:
        return None
    due = remarks_due_at(closes_at, ruleset_of(competition).remark_days)
    return AppealWindow(closes_at, due, is_open=now < closes_at)


@dataclass(frozen=True)
class AppealRow:
    """One appeal as lists show it; who asked is known by the public code alone."""

    appeal: Any
    code: str
    post: Any
    standing: AppealStanding | None

    @property
    def needs_council(self) -> bool:
        """Whether the council's next act is due."""
        if self.standing is None:
            return False
        waits = self.appeal.state in (AppealState.SUBMITTED, AppealState.DECIDING)
        return waits or (self.appeal.state is AppealState.REMARKING and self.standing.needs_third)


def appeal_rows(competition: Any) -> list[AppealRow]:
    """Every appeal by number."""
    standings = {row.appeal.id: row for row in list_appeal_standings(db.session(), competition)}
    return [
        AppealRow(row, str(row.candidacy.public_code), row.candidacy.post, standings.get(row.id))
        for row in list_appeals(db.session(), competition.id)
    ]


def number_words(number: int) -> str:
    """PK-07: how people call an appeal."""
    return f"PK-{number:02d}"
