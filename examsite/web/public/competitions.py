"""The front page and the page of a competition: what was announced, where it stands, by which criteria it decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import current_app, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.blueprints import Blueprint, blueprint_from_data
from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import InvalidError
from examsite.domain.rubrics import Rubric, rubric_from_snapshot
from examsite.services.checkpoints import log_key
from examsite.services.context import read_clock
from examsite.services.rulesets import ruleset_of
from examsite.services.witnesses import key_of
from examsite.storage.database import db
from examsite.storage.queries.checkpoints import list_witnesses
from examsite.storage.queries.competitions import (
    get_public_competition,
    list_candidate_numbers,
    list_public_competitions,
)
from examsite.web.access import public
from examsite.web.appeals import last_words
from examsite.web.gates import planned_dates, track, when
from examsite.web.i18n import _, localised
from examsite.web.labels.competitions import PUBLIC_STATES
from examsite.web.labels.topics import topic_label
from examsite.web.public import bp

#: How many of the coming dates the front page names.
NEXT_DATES = 3

_S = CompetitionState

#: Tag of a state: open to people, at work, or done.
_TAGS = {_S.ANNOUNCED: "open", _S.RECEIVING: "open", _S.ROSTERED: "open", _S.PROPOSALS: "open"} | dict.fromkeys(
    (_S.PUBLISHED, _S.CLOSED), "done"
)


@dataclass(frozen=True)
class NextThing:
    """The one thing a reader does next with a competition, and the date that matters."""

    action: str
    url: str
    note: str


@dataclass(frozen=True)
class PublicRow:
    """A competition in the list of the front page."""

    competition: Any
    tag: str
    state_text: str
    finished: bool
    next_thing: NextThing
    applies_url: str | None


@dataclass(frozen=True)
class PublicPost:
    """A post with its criteria as the public reads them."""

    post: Any
    blueprint: Blueprint | None
    rubric: Rubric | None
    numbers: list[str]


@dataclass(frozen=True)
class SharedCriteria:
    """Posts that are examined by the same criteria."""

    titles: list[str]
    blueprint: Blueprint | None
    rubric: Rubric | None


@bp.get("/")
@public
def show_front() -> ResponseReturnValue:
    """All announced competitions, running ones first, with the next dates."""
    competitions = list_public_competitions(db.session())
    now = current_app.extensions.get("clock", read_clock)()
    dates = sorted(
        ((item, competition) for competition in competitions for item in planned_dates(competition) if item.at > now),
        key=lambda pair: (pair[0].at, pair[1].code),
    )
    rows = [_row(competition) for competition in competitions]
    return render_template(
        "public/show_front.html",
        dates=dates[:NEXT_DATES],
        running=[row for row in rows if row.competition.state is not _S.CLOSED],
        closed=[row for row in rows if row.competition.state is _S.CLOSED],
    )


@bp.get("/competitions/<code>")
@public
def show_competition(code: str) -> ResponseReturnValue:
    """One announced competition; a draft does not exist here."""
    session = db.session()
    competition = get_public_competition(session, code)
    numbers = list_candidate_numbers(session, competition.id)
    posts = [
        PublicPost(
            post,
            _blueprint(post),
            rubric_from_snapshot(post.defence_rubric) if post.defence_rubric else None,
            numbers.get(post.id, []),
        )
        for post in competition.posts
    ]
    return render_template(
        "public/show_competition.html",
        shown=competition,
        row=_row(competition),
        posts=posts,
        criteria=_shared(posts),
        track=track(competition),
        dates=planned_dates(competition),
        ruleset=ruleset_of(competition),
        rostered=competition.state.has_reached(_S.ROSTERED),
        links=_links(competition),
        topic_label=topic_label,
        log_key=log_key(current_app.extensions["signer"], competition.code),
        witnesses=[(one.holder, key_of(one)) for one in list_witnesses(session, competition.id, standing=True)],
    )


def _shared(posts: list[PublicPost]) -> list[SharedCriteria]:
    groups: list[SharedCriteria] = []
    for item in posts:
        title = localised(item.post, "title")
        criteria = item.rubric.criteria if item.rubric else None
        for group in groups:
            if group.blueprint == item.blueprint and (group.rubric.criteria if group.rubric else None) == criteria:
                group.titles.append(title)
                break
        else:
            groups.append(SharedCriteria([title], item.blueprint, item.rubric))
    return groups


def _row(competition: Any) -> PublicRow:
    state = competition.state
    return PublicRow(
        competition,
        _TAGS.get(state, "work"),
        str(PUBLIC_STATES[state]),
        state.has_reached(_S.PUBLISHED),
        _next_thing(competition),
        _applies_url(competition),
    )


def _applies_url(competition: Any) -> str | None:
    """Where a person applies, while applications are open; the form itself refuses after the closing time."""
    if competition.state is _S.RECEIVING:
        return url_for("auth.apply_for_post", code=competition.code)
    return None


def _next_thing(competition: Any) -> NextThing:
    page = url_for("public.show_competition", code=competition.code)
    state = competition.state
    url = _applies_url(competition)
    if url is not None:
        return NextThing(_("Đăng ký dự tuyển"), url, _until(_("Nhận hồ sơ đến"), competition.applications_close_at))
    if state in (_S.ANNOUNCED, _S.RECEIVING):
        return NextThing(_("Xem thông báo"), page, _until(_("Nhận hồ sơ đến"), competition.applications_close_at))
    if state in (_S.VETTING, _S.ROSTERED):
        return NextThing(_("Xem lịch thi"), f"{page}#schedule", _until(_("Thi viết"), competition.written_at))
    if state in (_S.WRITTEN, _S.MARKING, _S.MERGED):
        note = _until(_("Công bố điểm viết"), competition.written_results_at)
        return NextThing(_("Xem tiêu chí chấm"), f"{page}#criteria", note)
    if state is _S.APPEALS:
        closes_at = competition.appeals_close_at
        until = "" if closes_at is None else _("Phúc khảo đến hết %(until)s", until=last_words(closes_at))
        return NextThing(_("Xem thông báo"), page, until)
    if state in (_S.PROPOSALS, _S.DEFENCE):
        note = _until(_("Bảo vệ đề án"), competition.defence_at)
        return NextThing(_("Xem tiêu chí đề án"), f"{page}#criteria", note)
    published = _until(_("Công bố kết quả"), competition.results_at)
    if state.has_reached(_S.PUBLISHED):
        at = next((item.at for item in competition.passages if item.event == "result_published"), None)
        url = url_for("public.show_ranking", code=competition.code)
        return NextThing(_("Xem bảng xếp hạng"), url, _until(_("Đã công bố"), at))
    return NextThing(_("Xem quy tắc xếp hạng"), url_for("public.show_ruleset", code=competition.code), published)


def _until(words: str, at: Any) -> str:
    return f"{words} {when(at)}" if at is not None else ""


def _links(competition: Any) -> list[tuple[str, str]]:
    """Pages of results, as far as there are results."""
    pages = []
    if competition.state.has_reached(_S.WRITTEN):
        pages.append((_("Bốc thăm"), url_for("public.list_draws", code=competition.code)))
    if competition.state.has_reached(_S.PROPOSALS):
        pages.append((_("Kết quả phúc khảo"), url_for("public.list_settled_appeals", code=competition.code)))
    if competition.state.has_reached(_S.PUBLISHED):
        pages.append((_("Bảng xếp hạng"), url_for("public.show_ranking", code=competition.code)))
    return pages


def _blueprint(post: Any) -> Blueprint | None:
    try:
        return blueprint_from_data(post.blueprint)
    except InvalidError:
        return None
