"""Where the papers of each post stand, and what the setters do next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from flask import g, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.competitions import CompetitionState
from examsite.domain.papers import PaperState
from examsite.domain.permissions import Role
from examsite.domain.rulesets import ruleset_from_toml
from examsite.storage.database import db
from examsite.storage.queries.competitions import list_competitions_of
from examsite.storage.queries.papers import list_papers
from examsite.web.access import requires
from examsite.web.i18n import _, localised
from examsite.web.setter import bp

if TYPE_CHECKING:
    from examsite.storage.models.competitions import Competition, Post
    from examsite.storage.models.papers import Paper


@dataclass(frozen=True)
class PostLine:
    """One post on the desk: its versions and the one next step."""

    code: str
    title: str
    tag_kind: str
    tag_text: str
    detail: str
    at: datetime | None
    action_label: str
    action_url: str
    is_mine_to_do: bool


@bp.get("/")
@requires(Role.SETTER)
def list_competitions() -> ResponseReturnValue:
    """The competitions whose papers this person sets."""
    competitions = list_competitions_of(db.session(), g.actor.account_id, Role.SETTER)
    return render_template("setter/list_competitions.html", competitions=competitions)


@bp.get("/<code>/")
@requires(Role.SETTER)
def show_desk(code: str) -> ResponseReturnValue:
    """The posts, each with the state of its paper and the next step."""
    ruleset = ruleset_from_toml(g.competition.ruleset_toml)
    papers = list_papers(db.session(), g.competition.id)
    lines = [
        _line(post, [item for item in papers if item.post_id == post.id], g.competition) for post in g.competition.posts
    ]
    to_do = sum(line.is_mine_to_do for line in lines)
    return render_template("setter/show_desk.html", lines=lines, to_do=to_do, ruleset=ruleset, code=code)


def _line(post: Post, papers: list[Paper], competition: Competition) -> PostLine:
    """Where the papers of a post stand and what the setter does next."""
    words = {"code": post.code, "title": localised(post, "title")}
    if competition.state is CompetitionState.DRAFT:
        url = url_for("setter.plan_blueprint", code=competition.code, post=post.code)
        return _line_of_plan(words, url, has_blueprint=bool(post.blueprint))
    url = url_for("setter.show_papers", code=competition.code, post=post.code)
    before_test = not competition.state.has_reached(CompetitionState.WRITTEN)
    return _line_of_papers(words, url, papers, before_test=before_test)


def _line_of_plan(words: Mapping[str, str], url: str, *, has_blueprint: bool) -> PostLine:
    """Before the announcement: the blueprint is drawn up, then it may still be changed."""
    if not has_blueprint:
        return PostLine(
            **words,
            tag_kind="work",
            tag_text=_("Chưa có ma trận"),
            detail=_("Ma trận đề phải xong trước khi thông báo"),
            at=None,
            action_label=_("Lập ma trận"),
            action_url=url,
            is_mine_to_do=True,
        )
    return PostLine(
        **words,
        tag_kind="done",
        tag_text=_("Đã có ma trận"),
        detail=_("Đề được lập sau khi thông báo thi tuyển"),
        at=None,
        action_label=_("Xem, sửa ma trận"),
        action_url=url,
        is_mine_to_do=False,
    )


def _line_of_papers(words: Mapping[str, str], url: str, papers: Sequence[Paper], *, before_test: bool) -> PostLine:
    """From the announcement on: versions are drawn, sealed, and one of them is opened."""
    states = {item.state for item in papers}
    opened = next((item for item in papers if item.state is PaperState.OPENED and item.set_aside_at is None), None)
    if opened is not None:
        return PostLine(
            **words,
            tag_kind="done",
            tag_text=_("Đã mở đề %(paper)s", paper=opened.code),
            detail=_("Các phiên bản khác vẫn niêm phong, làm đề dự phòng"),
            at=opened.opened_at,
            action_label=_("Xem mã và giờ"),
            action_url=url,
            is_mine_to_do=False,
        )
    if PaperState.SEALED in states:
        return PostLine(
            **words,
            tag_kind="done",
            tag_text=_("Đã niêm phong %(count)s phiên bản", count=len(papers)),
            detail=_("Không ai xem được nội dung cho đến khi chủ tịch hội đồng mở đề"),
            at=papers[0].sealed_at,
            action_label=_("Xem mã và giờ"),
            action_url=url,
            is_mine_to_do=False,
        )
    if PaperState.DRAWN in states:
        return PostLine(
            **words,
            tag_kind="work",
            tag_text=_("%(count)s phiên bản chờ niêm phong", count=len(papers)),
            detail=_("Đọc lại từng phiên bản rồi niêm phong trước buổi thi"),
            at=papers[0].drawn_at,
            action_label=_("Xem và niêm phong"),
            action_url=url,
            is_mine_to_do=before_test,
        )
    return PostLine(
        **words,
        tag_kind="todo",
        tag_text=_("Chưa lập đề"),
        detail=_("Lập các phiên bản từ ngân hàng theo ma trận đã thông báo"),
        at=None,
        action_label=_("Lập đề"),
        action_url=url,
        is_mine_to_do=before_test,
    )
