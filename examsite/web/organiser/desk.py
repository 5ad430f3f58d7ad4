"""The organiser's desk: where the competition stands, the one next act, what is missing, the record as it grows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import g, render_template
from flask.typing import ResponseReturnValue

from examsite.domain.competitions import GATE_ROLES, CompetitionState
from examsite.domain.permissions import Role
from examsite.services.rulesets import ruleset_of
from examsite.storage.database import db
from examsite.storage.queries.competitions import PostCounts, count_by_post
from examsite.storage.queries.gates import list_missing
from examsite.storage.queries.records import find_last_checkpoint, list_last_records
from examsite.web.access import requires
from examsite.web.formatting import format_day, local
from examsite.web.gates import MISSING_PAGES, event_after, missing_rows, planned_dates, record_entry, track
from examsite.web.i18n import _, ngettext
from examsite.web.labels import label
from examsite.web.labels.competitions import SITUATIONS, STATEMENTS, WHO_MAY
from examsite.web.organiser import bp
from examsite.web.organiser.gates import gate_url
from examsite.web.transactions import read_web_clock

#: Records that the desk shows.
LAST_RECORDS = 8

_NOBODY = PostCounts(0, 0, 0, 0)
_S = CompetitionState


@dataclass(frozen=True)
class NextAct:
    """The act that opens the next gate: whose it is, what it does, where it is done."""

    title: str
    statement: str
    owner: str
    is_own: bool
    url: str | None


@bp.get("/<code>/")
@requires(Role.ORGANISER)
def show_desk(code: str) -> ResponseReturnValue:
    """The whole situation on one page; counts and pseudonyms, never marks."""
    session = db.session()
    competition = g.competition
    now = read_web_clock()
    event = event_after(competition)
    missing = [] if event is None else list_missing(session, competition, event, now=now)
    counts = count_by_post(session, competition.id)
    posts = [(post, counts.get(post.id, _NOBODY)) for post in competition.posts]
    return render_template(
        "organiser/show_desk.html",
        title=_title(competition, len(missing)),
        ruleset=ruleset_of(competition),
        track=track(competition),
        missing=missing_rows(competition, missing, MISSING_PAGES),
        has_next=event is not None,
        next_act=None
        if event is None
        else NextAct(
            label(event),
            str(STATEMENTS[event]),
            label(GATE_ROLES[event]),
            GATE_ROLES[event] is Role.ORGANISER,
            gate_url(competition, event) if GATE_ROLES[event] is Role.ORGANISER else None,
        ),
        posts=posts,
        tiles=_tiles(competition, [count for _post, count in posts], now),
        records=[
            record_entry(row, today=read_web_clock()) for row in list_last_records(session, code, limit=LAST_RECORDS)
        ],
        checkpoint=find_last_checkpoint(session, code),
        who_may=WHO_MAY[competition.state],
        is_published=competition.state is _S.PUBLISHED,
    )


def _title(competition: Any, missing: int) -> str:
    situation = str(SITUATIONS[competition.state])
    if not missing:
        return situation
    return ngettext(
        "%(situation)s; còn thiếu %(num)d việc", "%(situation)s; còn thiếu %(num)d việc", missing, situation=situation
    )


def _tiles(competition: Any, counts: list[PostCounts], now: datetime) -> list[dict[str, Any]]:
    standing, eligible = sum(item.standing for item in counts), sum(item.eligible for item in counts)
    sat, marked = sum(item.sat for item in counts), sum(item.marked for item in counts)
    tiles: list[dict[str, Any]] = [{"value": standing, "unit": _("hồ sơ"), "label": _("đã nộp cho mọi chức danh")}]
    if competition.state.has_reached(_S.VETTING):
        tiles.append({"value": eligible, "of": standing, "label": _("đủ điều kiện dự thi")})
    if competition.state.has_reached(_S.WRITTEN):
        tiles.append({"value": sat, "of": eligible, "label": _("đã dự thi viết")})
    if competition.state.has_reached(_S.MARKING):
        tiles.append({"value": marked, "of": sat, "label": _("bài đã có điểm cuối")})
    coming = next((item for item in planned_dates(competition) if item.at > now), None)
    if coming is not None:
        days = (local(coming.at).date() - local(now).date()).days
        text = _("đến mốc “%(what)s”, %(when)s", what=coming.label, when=format_day(coming.at))
        tiles.append({"value": days, "unit": ngettext("ngày", "ngày", days), "label": text})
    return tiles[-4:]
