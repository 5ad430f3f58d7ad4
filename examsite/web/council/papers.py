"""The chair draws one sealed version per post and opens it, or a reserve; the council reads how the draw came about."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.competitions import CompetitionState
from examsite.domain.draws import commitment_of, draw_seed
from examsite.domain.errors import ConflictError, InvalidError, NotFoundError
from examsite.domain.events import Event
from examsite.domain.papers import PaperState
from examsite.domain.permissions import Role
from examsite.domain.split_keys import KeyPurpose
from examsite.services import papers, reserves, sealed_papers
from examsite.services.draws import draws_together
from examsite.services.split_keys import SHEET_WORDS
from examsite.storage.database import db
from examsite.storage.queries.competitions import get_post
from examsite.storage.queries.draws import find_draw_record
from examsite.storage.queries.papers import (
    find_drawn_paper,
    find_opened_paper,
    list_consents,
    list_papers_of_post,
    list_set_aside,
)
from examsite.storage.queries.papers import list_papers as list_versions
from examsite.storage.queries.sittings import list_sittings, list_waiting_sittings
from examsite.storage.queries.split_keys import get_split_key
from examsite.web.access import fresh_factor, requires
from examsite.web.council import bp
from examsite.web.council.desk import Card, desk_card
from examsite.web.errors import show_refusal
from examsite.web.forms.papers import OpenPaperForm, SetAsidePaperForm
from examsite.web.forms.split_keys import join_key_form
from examsite.web.gates import actor_text
from examsite.web.i18n import _, ngettext
from examsite.web.split_keys import joined
from examsite.web.transactions import act, read_web_clock, writes

if TYPE_CHECKING:
    from examsite.storage.models.competitions import Competition, Post
    from examsite.storage.models.papers import Paper


@dataclass(frozen=True)
class PostPapers:
    """One post with its sealed versions and, once drawn, the one that was opened."""

    post: Post
    versions: list[Paper]
    opened: Paper | None
    #: Whether the chair may draw now.
    is_openable: bool
    #: The version that was drawn and waits for the holders of its key.
    waiting: Paper | None = None
    #: Whether a member of the council has to agree before the chair may draw.
    lacks_consent: bool = False
    #: Whether the reader has agreed.
    is_agreed: bool = False
    #: The versions that were found unusable, by code.
    set_aside: list[str] = field(default_factory=list)
    #: Whether the chair may set the version in turn aside: a sitting waits and a reserve is left.
    is_replaceable: bool = False

    @property
    def came_as_file(self) -> bool:
        """Whether the versions are sealed files."""
        return any(row.age_sha256 for row in self.versions)


@dataclass(frozen=True)
class PaperKey:
    """The drawn version and its key, as plain values that outlive a refused opening."""

    code: str
    paper_sha256: str
    age_sha256: str
    needed: int
    holders: list[tuple[str, str]]


@desk_card
def opening_card(competition: Competition) -> Card | None:
    """While the written test is on: how many posts still have no opened paper."""
    if competition.state is not CompetitionState.WRITTEN:
        return None
    opened = {
        row.post_id
        for row in list_versions(db.session(), competition.id)
        if row.state is PaperState.OPENED and row.set_aside_at is None
    }
    count = sum(post.id not in opened for post in competition.posts)
    if not count:
        return None
    return Card(
        title=ngettext("Còn %(num)d chức danh chưa mở đề", "Còn %(num)d chức danh chưa mở đề", count),
        text=_("Ca thi chỉ bắt đầu khi chủ tịch hội đồng đã bốc thăm và mở đề."),
        action=_("Xem đề thi"),
        url=url_for("council.list_papers", code=competition.code),
        urgent=True,
    )


@bp.get("/<code>/papers")
@requires(Role.CHAIR, Role.COUNCIL_MEMBER)
def list_papers(code: str) -> ResponseReturnValue:
    """The sealed versions of every post by hash, the opened one, and when the sittings start."""
    session = db.session()
    competition = g.competition
    rows = [row for row in list_versions(session, competition.id) if row.state is not PaperState.DRAWN]
    posts = [_papers_of(post, [row for row in rows if row.post_id == post.id]) for post in competition.posts]
    return render_template(
        "council/list_papers.html",
        posts=posts,
        to_open=sum(item.is_openable or item.waiting is not None for item in posts),
        sittings=list_sittings(session, competition.id),
        is_chair=g.actor.role is Role.CHAIR,
        together=draws_together(competition),
        is_time=competition.state is CompetitionState.WRITTEN,
        is_over=competition.state.number > CompetitionState.WRITTEN.number,
        code=code,
    )


@bp.route("/<code>/posts/<post>/open-paper", methods=["GET", "POST"])
@requires(Role.CHAIR)
@fresh_factor
@writes
def open_paper(code: str, post: str) -> ResponseReturnValue:
    """Draw one version of the post and open it for the sittings; this cannot be undone."""
    row = get_post(db.session(), g.competition.id, post)
    form = OpenPaperForm()
    if form.validate_on_submit():
        opened = papers.open_paper(act(), g.competition, row)
        if opened.state is not PaperState.OPENED:
            flash(
                _("Đã bốc thăm đề %(paper)s. Mời những người giữ tờ khóa nhập từ để mở.", paper=opened.code), "success"
            )
            return redirect(url_for("council.open_sealed_paper", code=code, post=post))
        flash(_("Đã bốc thăm và mở đề %(paper)s của chức danh %(post)s.", paper=opened.code, post=post), "success")
        return redirect(url_for("council.list_papers", code=code))
    versions = list_papers_of_post(db.session(), row.id)
    entry = _papers_of(row, [item for item in versions if item.state is not PaperState.DRAWN])
    papers.drawable_versions(act(), g.competition, row)
    starts = [item.starts_at for item in list_sittings(db.session(), g.competition.id) if item.started_at is None]
    page = render_template(
        "council/open_paper.html",
        form=form,
        entry=entry,
        starts_at=min(starts, default=None),
        minutes_left=_minutes_until(min(starts, default=None)),
    )
    return page, 422 if request.method == "POST" else 200


@bp.post("/<code>/posts/<post>/agree-to-opening")
@requires(Role.COUNCIL_MEMBER)
@fresh_factor
@writes
def agree_to_opening(code: str, post: str) -> ResponseReturnValue:
    """A member agrees that the chair opens the paper of this post now."""
    if OpenPaperForm().validate_on_submit():
        papers.agree_to_opening(act(), g.competition, get_post(db.session(), g.competition.id, post))
        flash(_("Đã ghi đồng ý mở đề của chức danh %(post)s. Chủ tịch bốc thăm và mở được.", post=post), "success")
    return redirect(url_for("council.list_papers", code=code))


@bp.route("/<code>/posts/<post>/set-aside-paper/<paper>", methods=["GET", "POST"])
@requires(Role.CHAIR)
@fresh_factor
@writes
def set_aside_paper(code: str, post: str, paper: str) -> ResponseReturnValue:
    """Say that the version in turn cannot be used; the next one of the draw takes its place, still sealed."""
    row = get_post(db.session(), g.competition.id, post)
    form = SetAsidePaperForm()
    status = 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        try:
            reserve = reserves.set_aside_paper(act(), g.competition, row, code=paper, reason=form.reason.data or "")
        except InvalidError as error:
            show_refusal(form, error, beside="reason")
            row = get_post(db.session(), g.competition.id, post)
        else:
            flash(
                _(
                    "Đã bỏ dùng đề %(paper)s. Đến lượt đề dự phòng %(reserve)s; ca thi chưa bắt đầu chờ đề này mở.",
                    paper=paper,
                    reserve=reserve.code,
                ),
                "success",
            )
            return redirect(url_for("council.list_papers", code=code))
    reserves.check_set_aside(act(), g.competition, row, code=paper)
    waiting = list_waiting_sittings(db.session(), row.id)
    begun = [item.code for item in list_sittings(db.session(), g.competition.id) if item.started_at is not None]
    page = render_template(
        "council/set_aside_paper.html",
        form=form,
        post=row,
        paper=paper,
        waiting=[item.code for item in waiting],
        begun=begun,
        starts_at=min(item.starts_at for item in waiting),
        code=code,
    )
    return page, status


@bp.route("/<code>/posts/<post>/open-reserve", methods=["GET", "POST"])
@requires(Role.CHAIR)
@fresh_factor
@writes
def open_reserve(code: str, post: str) -> ResponseReturnValue:
    """Open the reserve in turn where it was made here; one that came as a file takes its holders' words."""
    row = get_post(db.session(), g.competition.id, post)
    form = OpenPaperForm()
    if form.validate_on_submit():
        opened = reserves.open_reserve(act(), g.competition, row)
        flash(_("Đã mở đề dự phòng %(paper)s của chức danh %(post)s.", paper=opened.code, post=post), "success")
        return redirect(url_for("council.list_papers", code=code))
    reserve = reserves.get_openable_reserve(act(), g.competition, row)
    gone = [item.code for item in list_set_aside(db.session(), row.id)]
    page = render_template("council/open_reserve.html", form=form, post=row, reserve=reserve, gone=gone, code=code)
    return page, 422 if form.is_submitted() else 200


@bp.route("/<code>/posts/<post>/open-sealed-paper", methods=["GET", "POST"])
@requires(Role.CHAIR)
@fresh_factor
@writes
def open_sealed_paper(code: str, post: str) -> ResponseReturnValue:
    """Enough holders type their words on one page, and the drawn version opens; its reserves stay closed."""
    row = get_post(db.session(), g.competition.id, post)
    if find_opened_paper(db.session(), row.id) is not None:
        raise ConflictError("paper_already_opened", post=post)
    drawn = find_drawn_paper(db.session(), row)
    if drawn is None or drawn.age_sha256 is None:
        raise ConflictError("paper_not_drawn", post=post)
    key = get_split_key(db.session(), g.competition.id, KeyPurpose.PAPER, subject=drawn.code)
    facts = PaperKey(
        code=drawn.code,
        paper_sha256=drawn.paper_sha256,
        age_sha256=drawn.age_sha256,
        needed=key.needed,
        holders=[(share.assignment.pseudonym or "", share.assignment.account.display_name) for share in key.shares],
    )
    form = join_key_form(key.needed)
    opened, status = joined(form, lambda words: _open_sealed(post, words))
    if opened is not None:
        flash(_("Đã mở đề %(paper)s của chức danh %(post)s.", paper=opened.code, post=post), "success")
        return redirect(url_for("council.list_papers", code=code))
    page = render_template(
        "council/open_sealed_paper.html", form=form, paper=facts, post=post, sheet_words=SHEET_WORDS, code=code
    )
    return page, status


def _open_sealed(post: str, words: list[str]) -> Paper:
    row = get_post(db.session(), g.competition.id, post)
    return sealed_papers.open_sealed_paper(act(), g.competition, row, words=words)


@bp.get("/<code>/posts/<post>/paper-draw")
@requires(Role.CHAIR, Role.COUNCIL_MEMBER)
def show_paper_draw(code: str, post: str) -> ResponseReturnValue:
    """The document of the draw: list, contributions, seed and outcome, so that anyone may draw again."""
    row = get_post(db.session(), g.competition.id, post)
    versions = list_papers_of_post(db.session(), row.id)
    entry = _papers_of(row, [item for item in versions if item.state is not PaperState.DRAWN])
    held = find_draw_record(db.session(), g.competition.id, f"paper-version-{row.code}", Event.DRAW_HELD)
    drawn = entry.opened or entry.waiting
    if held is None or drawn is None:
        raise NotFoundError("draw_not_held")
    document: dict[str, Any] = held["document"]
    contributions = [
        (actor_text(item["by"]), commitment_of(bytes.fromhex(item["nonce"])), item["nonce"])
        for item in document["contributions"]
    ]
    return render_template(
        "council/show_paper_draw.html",
        entry=entry,
        drawn=drawn,
        items=document["items"],
        outcome=held["outcome"],
        contributions=contributions,
        seed=draw_seed(document).hex(),
        gone=entry.set_aside,
        code=code,
    )


def _papers_of(post: Post, versions: list[Paper]) -> PostPapers:
    session = db.session()
    set_aside = list_set_aside(session, post.id)
    drawn = find_drawn_paper(session, post)
    opened = find_opened_paper(session, post.id)
    is_time = g.competition.state is CompetitionState.WRITTEN and bool(versions)
    waiting = drawn if opened is None else None
    is_openable = is_time and drawn is None
    # What has to be agreed to: the draw, or a reserve that was made here.
    by_consent = versions if is_openable else [row for row in (waiting,) if row is not None and row.age_sha256 is None]
    return PostPapers(
        post=post,
        versions=versions,
        opened=opened,
        is_openable=is_openable,
        waiting=waiting,
        lacks_consent=is_time
        and bool(by_consent)
        and papers.needs_second_person(act(), g.competition, post, by_consent),
        is_agreed=g.actor.account_id in list_consents(session, post.id, place=len(set_aside)),
        set_aside=[row.code for row in set_aside],
        is_replaceable=is_time and drawn is not None and _may_be_replaced(post, drawn),
    )


def _may_be_replaced(post: Post, drawn: Paper) -> bool:
    try:
        reserves.check_set_aside(act(), g.competition, post, code=drawn.code)
    except ConflictError:
        return False
    return True


def _minutes_until(instant: datetime | None) -> int | None:
    return None if instant is None else int((instant - read_web_clock()).total_seconds() // 60)
