"""The desk of the approving authority: where each competition stands and what waits for its head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import g, render_template
from flask.typing import ResponseReturnValue

from examsite.domain.permissions import Role
from examsite.domain.publication import ResultState
from examsite.domain.ties import CrossingTie, open_ties
from examsite.storage.database import db
from examsite.storage.queries.competitions import list_competitions_of
from examsite.storage.queries.records import list_last_records
from examsite.storage.queries.results import find_newest_version, result_document
from examsite.web.access import requires
from examsite.web.authority import bp
from examsite.web.gates import record_entry, track
from examsite.web.i18n import _
from examsite.web.labels import label
from examsite.web.labels.competitions import SITUATIONS
from examsite.web.labels.ranking import TAGS
from examsite.web.result_signing import approvals_text, signature_lines
from examsite.web.transactions import read_web_clock

if TYPE_CHECKING:
    from examsite.storage.models.competitions import Competition

#: Records that the desk shows.
LAST_RECORDS = 6


@dataclass(frozen=True)
class WaitingAct:
    """What the authority does next in a competition; `kind` is the shape of its tag."""

    kind: str
    text: str
    is_mine: bool
    ties: tuple[CrossingTie, ...] = ()


@bp.get("/")
@requires(Role.AUTHORITY)
def list_competitions() -> ResponseReturnValue:
    """Every competition that this person approves, with what waits there."""
    rows = [
        (competition, _waiting_act(competition), label(competition.state))
        for competition in list_competitions_of(db.session(), g.actor.account_id, Role.AUTHORITY)
    ]
    return render_template("authority/list_competitions.html", rows=rows)


@bp.get("/<code>/")
@requires(Role.AUTHORITY)
def show_desk(code: str) -> ResponseReturnValue:
    """Where the competition stands, the one act that is due, who has signed."""
    session, competition = db.session(), g.competition
    version = find_newest_version(session, competition.id)
    return render_template(
        "authority/show_desk.html",
        situation=SITUATIONS[competition.state],
        track=track(competition),
        waiting=_waiting_act(competition),
        version=version,
        version_kind="" if version is None else TAGS[version.state],
        version_state="" if version is None else label(version.state),
        lines=[] if version is None else signature_lines(competition, version),
        approvals="" if version is None else approvals_text(competition, version),
        records=[
            record_entry(row, today=read_web_clock()) for row in list_last_records(session, code, limit=LAST_RECORDS)
        ],
    )


def _waiting_act(competition: Competition) -> WaitingAct:
    version = find_newest_version(db.session(), competition.id)
    if version is None:
        return WaitingAct("todo", _("Chưa có kết quả để phê duyệt"), is_mine=False)
    ties = open_ties(result_document(version))
    if ties and version.state is ResultState.PROPOSED:
        return WaitingAct("open", _("Cần quyết định trường hợp đồng hạng"), is_mine=True, ties=ties)
    if version.state is ResultState.COUNCIL_SIGNED:
        return WaitingAct("open", _("Hội đồng đã ký đủ, chờ phê duyệt"), is_mine=True)
    return WaitingAct(TAGS[version.state], label(version.state), is_mine=False)
