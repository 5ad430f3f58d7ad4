"""What the council does about codes: draws them, draws who marks what, opens the map when every score stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.competitions import CompetitionState, GateEvent
from examsite.domain.errors import InvalidError
from examsite.domain.permissions import Role
from examsite.domain.split_keys import KeyPurpose
from examsite.services import allocations, codes
from examsite.services.draws import draws_together
from examsite.services.split_keys import SHEET_WORDS
from examsite.storage.database import db
from examsite.storage.queries.barred import count_found_near_late
from examsite.storage.queries.code_checklists import list_missing_before_code_draw
from examsite.storage.queries.code_maps import get_closed_map
from examsite.storage.queries.codes import (
    ALLOCATION,
    SCRIPT_CODES,
    is_draw_held,
    list_sealable_attempts,
)
from examsite.storage.queries.gates import list_missing
from examsite.storage.queries.marking import count_scripts, list_markers
from examsite.storage.queries.split_keys import get_split_key
from examsite.storage.queries.standardisation import missing_before_allocation
from examsite.web.access import fresh_factor, requires
from examsite.web.council import bp
from examsite.web.council.missing import council_missing
from examsite.web.errors import show_refusal, status_of
from examsite.web.forms.marking import ActForm, DrawAllocationForm
from examsite.web.forms.split_keys import join_key_form
from examsite.web.gates import MissingRow
from examsite.web.i18n import _, ngettext
from examsite.web.split_keys import joined
from examsite.web.transactions import act, read_web_clock, write_now, writes, writes_in_steps


@dataclass(frozen=True)
class ClosedFacts:
    """The closed map and its key, as plain values that outlive a refused opening."""

    scripts: int
    age_sha256: str
    closed_at: datetime
    needed: int
    holders: list[tuple[str, str]]
    missing: list[MissingRow]


@bp.get("/<code>/codes")
@requires(Role.CHAIR, Role.COUNCIL_MEMBER)
def show_codes(code: str) -> ResponseReturnValue:
    """The four steps: codes drawn, sealed, marking allocated, map opened. No code stands on the page."""
    return _render_codes(code, DrawAllocationForm())


def _render_codes(code: str, form: DrawAllocationForm) -> str:
    competition = g.competition
    session = db.session()
    now = read_web_clock()
    state = competition.state
    before_draw = list_missing_before_code_draw(session, competition, now) if state is CompetitionState.WRITTEN else []
    before_opening = []
    if state is CompetitionState.MARKING:
        before_opening = list_missing(session, competition, GateEvent.CODES_OPENED, now=now)
    allocation_drawn = is_draw_held(session, competition.id, ALLOCATION)
    before_allocation = []
    if state is CompetitionState.MARKING and not allocation_drawn:
        before_allocation = missing_before_allocation(session, competition, now)
    return render_template(
        "council/codes_show.html",
        form=form,
        before_allocation=council_missing(competition, before_allocation),
        may_waive=[item.code for item in before_allocation] == ["seeds_too_few"],
        is_written=state is CompetitionState.WRITTEN,
        is_marking=state is CompetitionState.MARKING,
        is_merged=state is CompetitionState.MERGED,
        is_chair=g.actor.role is Role.CHAIR,
        codes_drawn=is_draw_held(session, competition.id, SCRIPT_CODES),
        found_near_late=count_found_near_late(session, competition.id),
        allocation_drawn=allocation_drawn,
        attempts=len(list_sealable_attempts(session, competition.id)) if state is CompetitionState.WRITTEN else 0,
        scripts=count_scripts(session, competition.id),
        markers=len(list_markers(session, competition.id)),
        before_draw=council_missing(competition, before_draw),
        before_opening=council_missing(competition, before_opening),
        passed={item.event.value: item for item in competition.passages},
        together=draws_together(competition),
        code=code,
    )


@bp.post("/<code>/codes/draw")
@requires(Role.CHAIR, Role.COUNCIL_MEMBER)
@fresh_factor
@writes
def draw_script_codes(code: str) -> ResponseReturnValue:
    """Draw the codes; the outcome stays sealed."""
    if ActForm().validate_on_submit():
        codes.draw_script_codes(act(), g.competition)
        flash(_("Đã rút thăm số phách. Kết quả được giữ kín đến khi mở bảng phách."), "success")
    return redirect(url_for("council.show_codes", code=code))


@bp.post("/<code>/codes/allocate")
@requires(Role.CHAIR, Role.COUNCIL_MEMBER)
@fresh_factor
@writes
def draw_allocation(code: str) -> ResponseReturnValue:
    """Draw who marks what."""
    form = DrawAllocationForm()
    if form.is_submitted():
        if not form.validate():
            return _render_codes(code, form), 422
        try:
            drawn = allocations.draw_allocation(act(), g.competition, without_seeds=form.reason.data)
        except InvalidError as error:
            show_refusal(form, error, beside="reason")
            return _render_codes(code, form), status_of(error)
        text = ngettext("Đã phân công %(num)d bài cho cán bộ chấm.", "Đã phân công %(num)d bài cho cán bộ chấm.", drawn)
        flash(text, "success")
    return redirect(url_for("council.show_codes", code=code))


@bp.route("/<code>/codes/open", methods=["GET", "POST"])
@requires(Role.CHAIR)
@fresh_factor
@writes_in_steps
def open_codes(code: str) -> ResponseReturnValue:
    """Enough holders type their words on one page, and scripts and candidates are joined again.

    Everything is opened and proved before the transaction.
    """
    session = db.session()
    closed = get_closed_map(session, g.competition.id)
    key = get_split_key(session, g.competition.id, KeyPurpose.CODES)
    missing = list_missing(session, g.competition, GateEvent.CODES_OPENED, now=read_web_clock())
    facts = ClosedFacts(
        scripts=count_scripts(session, g.competition.id),
        age_sha256=closed.age_sha256,
        closed_at=closed.closed_at,
        needed=key.needed,
        holders=[(share.assignment.pseudonym or "", share.assignment.account.display_name) for share in key.shares],
        missing=council_missing(g.competition, missing),
    )
    form = join_key_form(key.needed)
    opened, status = joined(form, _open)
    if opened is not None:
        flash(
            _("Đã mở bảng phách bằng tờ khóa của %(holders)s và ghép điểm với thí sinh.", holders=", ".join(opened)),
            "success",
        )
        return redirect(url_for("council.show_codes", code=code))
    page = render_template("council/codes_open.html", form=form, facts=facts, sheet_words=SHEET_WORDS, code=code)
    return page, status


def _open(words: list[str]) -> list[str]:
    opened = codes.prepare_opening(act(), g.competition, words=words)
    with write_now() as ctx:
        return codes.open_codes(ctx, g.competition, opened=opened)
