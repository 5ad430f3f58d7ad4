"""Where the competition stands, for those who watch it: steps, what is missing and who owes it, counts, people."""

from __future__ import annotations

from flask import g, render_template
from flask.typing import ResponseReturnValue

from examsite.domain.competitions import GATE_ROLES, CompetitionState
from examsite.domain.papers import PaperState
from examsite.domain.permissions import COMPETITION_ROLES, Role
from examsite.domain.rulesets import ruleset_from_toml
from examsite.storage.database import db
from examsite.storage.queries.accounts import list_holders
from examsite.storage.queries.competitions import PostCounts, count_by_post, list_competitions_of
from examsite.storage.queries.gates import list_missing
from examsite.storage.queries.papers import list_papers
from examsite.storage.queries.records import find_last_checkpoint, get_log, list_last_records
from examsite.storage.queries.sittings import list_sittings
from examsite.web.access import requires
from examsite.web.gates import event_after, missing_rows, planned_dates, record_entry, track
from examsite.web.i18n import _
from examsite.web.labels import label
from examsite.web.labels.competitions import SITUATIONS, WHO_MAY
from examsite.web.supervisor import bp
from examsite.web.transactions import read_web_clock

#: Records that the desk shows.
LAST_RECORDS = 8

_NOBODY = PostCounts(0, 0, 0, 0)


@bp.get("/")
@requires(Role.SUPERVISOR)
def list_competitions() -> ResponseReturnValue:
    """The competitions that this person supervises."""
    competitions = list_competitions_of(db.session(), g.actor.account_id, Role.SUPERVISOR)
    return render_template("supervisor/list_competitions.html", competitions=competitions)


@bp.get("/<code>/")
@requires(Role.SUPERVISOR)
def show_desk(code: str) -> ResponseReturnValue:
    """The whole situation on one page: counts, hashes and pseudonyms, never texts, answers or marks."""
    session = db.session()
    competition = g.competition
    event = event_after(competition)
    missing = [] if event is None else list_missing(session, competition, event, now=read_web_clock())
    counts = count_by_post(session, competition.id)
    posts = [(post, counts.get(post.id, _NOBODY)) for post in competition.posts]
    log = get_log(session, code)
    return render_template(
        "supervisor/show_desk.html",
        title=str(SITUATIONS[competition.state]),
        ruleset=ruleset_from_toml(competition.ruleset_toml),
        track=track(competition),
        has_next=event is not None,
        next_label="" if event is None else label(event),
        next_owner="" if event is None else label(GATE_ROLES[event]),
        missing=missing_rows(competition, missing, {}),
        posts=posts,
        tiles=_tiles(competition.state, [count for _post, count in posts], log.size),
        papers=[paper for paper in list_papers(session, competition.id) if paper.state is not PaperState.DRAWN],
        sittings=list_sittings(session, competition.id),
        dates=planned_dates(competition),
        records=[
            record_entry(row, today=read_web_clock()) for row in list_last_records(session, code, limit=LAST_RECORDS)
        ],
        checkpoint=find_last_checkpoint(session, code),
        who_may=WHO_MAY[competition.state],
        has_bundle=competition.state.has_reached(CompetitionState.PUBLISHED),
    )


@bp.get("/<code>/people")
@requires(Role.SUPERVISOR)
def list_people(code: str) -> ResponseReturnValue:
    """Who holds which role under which pseudonym: only the supervision board and the organiser may know both."""
    order = {role: number for number, role in enumerate(COMPETITION_ROLES)}
    holders = sorted(
        list_holders(db.session(), g.competition.id), key=lambda item: (order.get(item.role, 99), item.pseudonym)
    )
    return render_template("supervisor/list_people.html", holders=holders, code=code)


def _tiles(state: CompetitionState, counts: list[PostCounts], log_size: int) -> list[dict[str, object]]:
    standing, eligible = sum(item.standing for item in counts), sum(item.eligible for item in counts)
    sat, marked = sum(item.sat for item in counts), sum(item.marked for item in counts)
    tiles: list[dict[str, object]] = [
        {"value": log_size, "unit": _("mục"), "label": _("trong sổ ghi")},
        {"value": standing, "unit": _("hồ sơ"), "label": _("đã nộp cho mọi chức danh")},
    ]
    if state.has_reached(CompetitionState.VETTING):
        tiles.append({"value": eligible, "of": standing, "label": _("đủ điều kiện dự thi")})
    if state.has_reached(CompetitionState.WRITTEN):
        tiles.append({"value": sat, "of": eligible, "label": _("đã dự thi viết")})
    if state.has_reached(CompetitionState.MARKING):
        tiles.append({"value": marked, "of": sat, "label": _("bài đã có điểm cuối")})
    return tiles
