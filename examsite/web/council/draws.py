"""Draws of the council as ceremonies: set up, numbers given and shown from own machines, held; screen and minutes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, g, jsonify, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.draw_ceremonies import LEAST_CONTRIBUTORS, DrawKind, DrawState, draw_kind, read_nonce
from examsite.domain.errors import ConflictError, DomainError, InvalidError, NotFoundError
from examsite.domain.permissions import Role
from examsite.domain.split_keys import KeyPurpose
from examsite.services import draws
from examsite.services.draw_acts import (
    STEPS,
    hold_draw_named,
    is_now,
    is_passed_over,
    list_draw_names,
    prepare_draw_named,
)
from examsite.services.rulesets import ruleset_of
from examsite.services.split_keys import SHEET_WORDS
from examsite.storage.database import db
from examsite.storage.queries.accounts import list_holders
from examsite.storage.queries.split_keys import find_split_key, get_split_key
from examsite.storage.queries.standardisation import missing_before_allocation
from examsite.web.access import fresh_factor, requires
from examsite.web.council import bp
from examsite.web.council.desk import Card, desk_card
from examsite.web.draws import DrawView, view_draw
from examsite.web.errors import message_of, show_refusal, status_of
from examsite.web.forms.draws import DrawActForm, GiveNumberForm, PrepareDrawForm, ShowNumberForm
from examsite.web.forms.split_keys import join_key_form
from examsite.web.i18n import _
from examsite.web.split_keys import joined
from examsite.web.transactions import act, forget_changes, read_web_clock, writes

_COUNCIL = (Role.CHAIR, Role.COUNCIL_MEMBER)

#: Draws that a member may set up and hold in the chair's stead, as the acts that need them allow.
_BY_MEMBERS = (DrawKind.SCRIPT_CODES, DrawKind.ALLOCATION)


#: Draws that have no page of their own besides these, also where one person draws in one step.
_HERE = (DrawKind.SEATS,)

#: Where the council goes on once a draw was held; with seats the organiser does.
_LEADS_TO = {
    DrawKind.PAPER_VERSION: "council.list_papers",
    DrawKind.SCRIPT_CODES: "council.show_codes",
    DrawKind.ALLOCATION: "council.show_codes",
    DrawKind.PRESENTATION_ORDER: "council.show_presentation_order",
}


@desk_card
def draw_card(competition: Any) -> Card | None:
    """The first draw that waits for this person's number, to be given or to be shown."""
    if not draws.draws_together(competition):
        return None
    now = read_web_clock()
    for name in list_draw_names(db.session(), competition):
        if not is_now(db.session(), competition, name):
            continue
        view = view_draw(db.session(), competition, name)
        own = view.line_of(g.actor.record_name)
        if view.state is DrawState.GATHERING and own is None:
            text = _("Hội đồng đang nhận cam kết. Hãy tạo số ngẫu nhiên từ máy của anh/chị.")
        elif view.may_show(now) and own is not None and own.shown_at is None:
            text = _("Đã đến lúc nêu số. Hãy nêu số mà máy của anh/chị đang giữ.")
        else:
            continue
        url = url_for("council.show_draw", code=competition.code, name=name)
        return Card(title=view.title, text=text, action=_("Vào lượt bốc thăm"), url=url, urgent=True)
    return None


@bp.get("/<code>/draws")
@requires(*_COUNCIL)
def list_draws(code: str) -> ResponseReturnValue:
    """Every draw of the competition in the order in which they come, and where each stands."""
    session, competition = db.session(), g.competition
    views = [view_draw(session, competition, name) for name in list_draw_names(session, competition)]
    return render_template(
        "council/list_draws.html",
        views=[view for view in views if view.state is not None or not is_passed_over(session, competition, view.name)],
        here=_HERE,
        together=draws.draws_together(competition),
        has_key=find_split_key(session, competition.id, KeyPurpose.DRAWS) is not None,
        current={view.name for view in views if is_now(session, competition, view.name)},
        states=DrawState,
        ruleset=ruleset_of(competition),
        is_chair=g.actor.role is Role.CHAIR,
        code=code,
    )


@bp.get("/<code>/draws/<name>")
@requires(*_COUNCIL)
def show_draw(code: str, name: str) -> ResponseReturnValue:  # noqa: ARG001 -- part of the address
    """One draw, step by step: the list, who gave a number, who showed it, the outcome."""
    return _page(_known(name), GiveNumberForm(formdata=None), ShowNumberForm(formdata=None))


@bp.get("/<code>/draws/<name>/state")
@requires(*_COUNCIL)
def read_draw_state(code: str, name: str) -> ResponseReturnValue:  # noqa: ARG001 -- part of the address
    """Changes whenever the page must be built anew."""
    return jsonify(state=_key(view_draw(db.session(), g.competition, _known(name))))


@bp.get("/<code>/draws/<name>/screen")
@requires(*_COUNCIL)
def show_draw_screen(code: str, name: str) -> ResponseReturnValue:
    """The same for the whole room, read from the back row."""
    view = view_draw(db.session(), g.competition, _known(name))
    return render_template(
        "council/show_draw_screen.html",
        view=view,
        key=_key(view),
        states=DrawState,
        left_seconds=_left_seconds(view),
        code=code,
    )


@bp.get("/<code>/draws/<name>/minutes")
@requires(*_COUNCIL)
def print_draw_minutes(code: str, name: str) -> ResponseReturnValue:
    """The minutes of a draw to print and sign, from its commitments on."""
    view = view_draw(db.session(), g.competition, _known(name))
    if view.committed_at is None:
        raise NotFoundError("draw_not_held")
    return render_template(
        "council/print_draw_minutes.html",
        view=view,
        states=DrawState,
        printed_at=read_web_clock(),
        code=code,
    )


@bp.post("/<code>/draws/<name>/prepare")
@requires(*_COUNCIL)
@writes
def prepare_draw(code: str, name: str) -> ResponseReturnValue:
    """Fix the list of a draw and let the members give their numbers."""
    _known(name)
    form = PrepareDrawForm()
    if form.validate_on_submit():
        # The field is there only where the act asks for a reason.
        reason = form.reason.data if form.reason.raw_data else None
        return _done(code, name, lambda: prepare_draw_named(act(), g.competition, name, terms=reason))
    return _page(name, GiveNumberForm(formdata=None), ShowNumberForm(formdata=None), status=422)


@bp.route("/<code>/draws/<name>/drop", methods=["GET", "POST"])
@requires(Role.CHAIR)
@writes
def drop_draw(code: str, name: str) -> ResponseReturnValue:
    """Take a draw back whose list is not closed, after a look at whose commitments go with it."""
    _known(name)
    form = DrawActForm()
    if form.validate_on_submit():
        return _done(
            code,
            name,
            lambda: draws.drop_draw(act(), g.competition, name),
            _("Đã bỏ lượt này. Lập lại danh sách, rồi báo những người đã góp số tạo số mới."),
        )
    view = view_draw(db.session(), g.competition, name)
    _refuse_unless_gathering(view)
    given, _rest = _who_gave(view)
    page = render_template("council/drop_draw.html", form=form, view=view, given=given, code=code)
    return page, 422 if form.is_submitted() else 200


@bp.post("/<code>/draws/<name>/numbers")
@requires(*_COUNCIL)
@writes
def contribute_number(code: str, name: str) -> ResponseReturnValue:
    """Take the hash and the encrypted number that the member's browser made."""
    _known(name)
    form = GiveNumberForm()
    if not form.validate_on_submit():
        return _page(name, form, ShowNumberForm(formdata=None), status=422)
    commitment, deposit = form.commitment.data or "", form.deposit.data or ""
    return _done(
        code,
        name,
        lambda: draws.contribute_number(act(), g.competition, name, commitment=commitment, deposit=deposit),
        _("Đã ghi cam kết của anh/chị. Số vẫn ở máy này và trong tệp vừa tải về; giữ lại để nêu sau."),
    )


@bp.route("/<code>/draws/<name>/commit", methods=["GET", "POST"])
@requires(Role.CHAIR)
@writes
def commit_draw(code: str, name: str) -> ResponseReturnValue:
    """Close the list of commitments and put it on record, after a look at who is on it."""
    _known(name)
    form = DrawActForm()
    if form.validate_on_submit():
        return _done(
            code,
            name,
            lambda: draws.commit_draw(act(), g.competition, name),
            _("Đã khóa danh sách. Mọi cam kết đã vào sổ; từ đây không ai rút ra và không bốc thăm lại được."),
        )
    view = view_draw(db.session(), g.competition, name)
    _refuse_unless_gathering(view)
    if len(view.lines) < LEAST_CONTRIBUTORS:
        raise ConflictError("contributors_too_few", given=len(view.lines), least=LEAST_CONTRIBUTORS)
    given, waiting = _who_gave(view)
    page = render_template("council/commit_draw.html", form=form, view=view, given=given, waiting=waiting, code=code)
    return page, 422 if form.is_submitted() else 200


@bp.post("/<code>/draws/<name>/reveal")
@requires(*_COUNCIL)
@writes
def reveal_number(code: str, name: str) -> ResponseReturnValue:
    """Show the own number."""
    _known(name)
    form = ShowNumberForm()
    status = 422
    if form.validate_on_submit():
        try:
            draws.reveal_number(act(), g.competition, name, read_nonce(form.number.data or ""))
        except DomainError as error:
            status = show_refusal(form, error, beside="number")
        else:
            flash(_("Số của anh/chị khớp với cam kết và đã được nêu."), "success")
            return redirect(url_for("council.show_draw", code=code, name=name))
    return _page(name, GiveNumberForm(formdata=None), form, status=status)


@bp.route("/<code>/draws/<name>/open", methods=["GET", "POST"])
@requires(*_COUNCIL)
@writes
def open_numbers(code: str, name: str) -> ResponseReturnValue:
    """Enough holders type their words; every number still kept back is opened."""
    view = view_draw(db.session(), g.competition, _known(name))
    key = get_split_key(db.session(), g.competition.id, KeyPurpose.DRAWS)
    _refuse_unless_kept_back(view)
    missing, needed = view.missing, key.needed
    form = join_key_form(needed)
    opened, status = joined(form, lambda words: draws.open_numbers(act(), g.competition, name, words))
    if opened is not None:
        broken = [row.by for row in opened if row.nonce and row.way == "substitute"]
        if broken:
            flash(_("Đã mở. Bản gửi kín của %(by)s hỏng nên số thay thế được dùng.", by=", ".join(broken)), "error")
        else:
            flash(_("Đã mở mọi số bị giữ lại; từng số khớp với cam kết."), "success")
        return redirect(url_for("council.show_draw", code=code, name=name))
    return (
        render_template(
            "council/open_numbers.html",
            form=form,
            view=view,
            missing=missing,
            needed=needed,
            sheet_words=SHEET_WORDS,
            code=code,
        ),
        status,
    )


@bp.post("/<code>/draws/<name>/hold")
@requires(*_COUNCIL)
@fresh_factor
@writes
def hold_draw(code: str, name: str) -> ResponseReturnValue:
    """Compute the outcome, put it on record and do what follows from it."""
    return _act(
        code,
        name,
        lambda: hold_draw_named(act(), g.competition, name),
        _("Đã bốc thăm. Văn bản và kết quả đã vào sổ."),
    )


def _act(code: str, name: str, doing: Callable[[], object], told: str = "") -> ResponseReturnValue:
    _known(name)
    if not DrawActForm().validate_on_submit():
        return _page(name, GiveNumberForm(formdata=None), ShowNumberForm(formdata=None), status=422)
    return _done(code, name, doing, told)


def _done(code: str, name: str, doing: Callable[[], object], told: str = "") -> ResponseReturnValue:
    """Do it and come back to the page, or show the page with why it was refused."""
    try:
        doing()
    except (ConflictError, InvalidError) as error:
        forget_changes()
        forms = GiveNumberForm(formdata=None), ShowNumberForm(formdata=None)
        return _page(name, *forms, refused=message_of(error), status=status_of(error))
    if told:
        flash(told, "success")
    return redirect(url_for("council.show_draw", code=code, name=name))


def _page(
    name: str, give: GiveNumberForm, show: ShowNumberForm, *, refused: str = "", status: int = 200
) -> ResponseReturnValue:
    competition, session = g.competition, db.session()
    view = view_draw(session, competition, name)
    kind = draw_kind(name)
    key = find_split_key(session, competition.id, KeyPurpose.DRAWS)
    now = read_web_clock()
    asks_reason = kind is DrawKind.ALLOCATION and view.state is None
    missing = missing_before_allocation(session, competition, now) if asks_reason else []
    page = render_template(
        "council/show_draw.html",
        view=view,
        kind=kind,
        is_here=kind in _HERE,
        leads_to=_LEADS_TO.get(kind, ""),
        key=_key(view),
        states=DrawState,
        people=list_holders(session, competition.id, *_COUNCIL),
        own=view.line_of(g.actor.record_name),
        recipient="" if key is None else key.recipient,
        needed=0 if key is None else key.needed,
        together=draws.draws_together(competition),
        is_time=is_now(db.session(), competition, view.name),
        opens_at=STEPS[kind],
        may_lead=g.actor.role is Role.CHAIR or kind in _BY_MEMBERS,
        is_chair=g.actor.role is Role.CHAIR,
        may_show=view.may_show(now),
        left_seconds=_left_seconds(view),
        least=LEAST_CONTRIBUTORS,
        notice_minutes=ruleset_of(competition).draw_notice_minutes,
        asks_reason=[item.code for item in missing] == ["seeds_too_few"],
        prepare=PrepareDrawForm(formdata=None),
        give=give,
        show=show,
        refused=refused,
        me=g.actor.record_name,
        code=competition.code,
    )
    return page, status


def _left_seconds(view: DrawView) -> int:
    """How long the notice of the commitments still runs."""
    if view.state is not DrawState.COMMITTED or view.shows_at is None:
        return 0
    return max(0, int((view.shows_at - read_web_clock()).total_seconds()))


def _key(view: DrawView) -> str:
    """Says the same as long as nothing on the page changed."""
    shown = len(view.lines) - len(view.missing)
    changed = max((line.given_at for line in view.lines), default=view.opened_at)
    parts = (view.state or "none", len(view.lines), shown, view.may_show(read_web_clock()), changed)
    return ":".join(str(part) for part in parts)


def _refuse_unless_gathering(view: DrawView) -> None:
    """The same refusals as the acts themselves, before anybody confirms."""
    if view.state is not DrawState.GATHERING:
        raise ConflictError("draw_list_closed" if view.state is not None else "draw_not_prepared", draw=view.name)


def _who_gave(view: DrawView) -> tuple[list[str], list[str]]:
    """The people of the council who sent a commitment and those who did not, as the page of the draw names them."""
    given: list[str] = []
    waiting: list[str] = []
    for row in list_holders(db.session(), g.competition.id, *_COUNCIL):
        named = f"{row.pseudonym} · {row.account.display_name}"
        (given if view.line_of(f"council/{row.pseudonym}") else waiting).append(named)
    return given, waiting


def _refuse_unless_kept_back(view: DrawView) -> None:
    """The same refusals as the act itself, before anybody brings out a sheet."""
    if view.state is DrawState.HELD:
        raise ConflictError("draw_already_held", draw=view.name)
    if view.state is not DrawState.COMMITTED:
        raise ConflictError("draw_not_committed", draw=view.name)
    if not view.may_show(read_web_clock()):
        raise ConflictError("draw_notice_runs", until=view.shows_at)
    if not view.missing:
        raise ConflictError("no_number_missing")


def _known(name: str) -> str:
    """The name of a draw of this competition.

    Raises:
        NotFoundError: `draw_not_found`.
    """
    if name not in list_draw_names(db.session(), g.competition):
        raise NotFoundError("draw_not_found", draw=name)
    return name
