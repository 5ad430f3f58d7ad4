"""The own appeal: ask within the window, take it back, follow it, keep its receipt."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import abort, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.appeals import AppealState
from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import DomainError, InvalidError
from examsite.domain.permissions import Role
from examsite.services.appeals import submit_appeal, withdraw_appeal
from examsite.services.receipts import OwnReceipt, read_receipt
from examsite.services.rulesets import ruleset_of
from examsite.storage.database import db
from examsite.storage.queries.appeals import find_standing_appeal, list_own_appeals
from examsite.storage.queries.candidacies import get_candidacy
from examsite.storage.queries.codes import find_written_result
from examsite.web.access import requires
from examsite.web.appeals import number_words, window_of
from examsite.web.candidate import add_home_topic, bp
from examsite.web.candidate.receipts import receipt_page
from examsite.web.downloads import send_receipt
from examsite.web.errors import message_of, show_refusal
from examsite.web.formatting import format_datetime_seconds
from examsite.web.forms.appeals import AppealActForm, SubmitAppealForm
from examsite.web.i18n import _, localised
from examsite.web.labels import label
from examsite.web.labels.appeals import TAGS
from examsite.web.transactions import act, forget_changes, read_web_clock, writes


@bp.route("/appeal", methods=["GET", "POST"])
@requires(Role.CANDIDATE)
@writes
def submit_own_appeal() -> ResponseReturnValue:
    """The form while the window is open; the own appeals with their receipts and what came of them."""
    candidacy = _own()
    form = SubmitAppealForm()
    form.part.choices = _parts(candidacy)
    if not form.is_submitted() and len(form.part.choices) == 1:
        form.part.data = form.part.choices[0][0]
    status = 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        try:
            submit_appeal(act(), candidacy, part=form.part.data, reason=form.reason.data or "")
        except DomainError as error:
            status = show_refusal(form, error, beside="reason" if isinstance(error, InvalidError) else "")
        else:
            flash(_("Hội đồng đã nhận đề nghị phúc khảo. Biên nhận ở dưới đây."), "success")
            return redirect(url_for("candidate.submit_own_appeal"))
        candidacy = _own()
    return render_template(
        "candidate/submit_own_appeal.html", form=form, **_values(candidacy, read_web_clock())
    ), status


@bp.route("/appeal/withdrawal", methods=["GET", "POST"])
@requires(Role.CANDIDATE)
@writes
def withdraw_own_appeal() -> ResponseReturnValue:
    """Take the wish back, after a look at what that means; until the window closes it may be asked anew."""
    here = redirect(url_for("candidate.submit_own_appeal"))
    candidacy = _own()
    form = AppealActForm()
    if not form.validate_on_submit():
        values = _values(candidacy, read_web_clock())
        standing = next((row for row in values["own"] if row["is_standing"]), None)
        if standing is None or not values["may_withdraw"]:
            flash(_("Không có đề nghị phúc khảo nào rút được lúc này."), "attention")
            return here
        page = render_template(
            "candidate/withdraw_own_appeal.html", form=form, standing=standing, window=values["window"]
        )
        return page, 422 if form.is_submitted() else 200
    try:
        for part in ruleset_of(candidacy.competition).appeal_parts:
            if find_standing_appeal(db.session(), candidacy.id, part) is not None:
                withdraw_appeal(act(), candidacy, part=part)
    except DomainError as error:
        forget_changes()
        flash(message_of(error), "error")
        return here
    flash(_("Đã rút đề nghị phúc khảo. Còn thời hạn thì gửi lại được."), "success")
    return here


@bp.get("/appeal/<int(max=99999):number>/receipt")
@requires(Role.CANDIDATE)
def show_appeal_receipt(number: int) -> ResponseReturnValue:
    """The receipt of an own appeal: to print, one QR code."""
    appeal, receipt = _receipt(number)
    return receipt_page(
        receipt,
        title=_("Biên nhận đề nghị phúc khảo"),
        facts=[(_("Đề nghị"), number_words(number)), (_("Nhận lúc"), format_datetime_seconds(appeal.submitted_at))],
        file_url=url_for("candidate.download_appeal_receipt", number=number),
        back=(_("Về trang phúc khảo"), url_for("candidate.submit_own_appeal")),
    )


@bp.get("/appeal/<int(max=99999):number>/receipt.txt")
@requires(Role.CANDIDATE)
def download_appeal_receipt(number: int) -> ResponseReturnValue:
    """The receipt in full as a file; not there before a checkpoint covers its record."""
    _appeal, receipt = _receipt(number)
    if receipt.text is None:
        abort(404)
    return send_receipt(receipt.text, name=f"bien-nhan-phuc-khao-{g.competition.code}-{receipt.seq}.txt")


def _receipt(number: int) -> tuple[Any, OwnReceipt]:
    """An own appeal with the receipt of its record; those of others are not there."""
    candidacy = _own()
    appeal = next((row for row in list_own_appeals(db.session(), candidacy.id) if row.number == number), None)
    if appeal is None:
        abort(404)
    return appeal, read_receipt(db.session(), g.competition.code, appeal.record_seq)


def _own() -> Any:
    candidacy = get_candidacy(db.session(), g.actor.candidacy_id)
    g.competition = candidacy.competition
    return candidacy


def _parts(candidacy: Any) -> list[tuple[str, str]]:
    rules = ruleset_of(candidacy.competition)
    return [(name, localised(rules.part_named(name).title, "")) for name in rules.appeal_parts]


def _values(candidacy: Any, now: datetime) -> dict[str, Any]:
    competition = candidacy.competition
    session = db.session()
    window = window_of(competition, now)
    in_time = competition.state is CompetitionState.APPEALS and window is not None and window.is_open
    result = find_written_result(session, competition, candidacy.id)
    own = [_shown(competition, row) for row in list_own_appeals(session, candidacy.id)]
    standing = any(row["is_standing"] for row in own)
    has_work = result is not None and result.settlement is not None
    return {
        "candidacy": candidacy,
        "window": window,
        "own": own,
        "has_work": has_work,
        "may_ask": in_time and has_work and not standing,
        "may_withdraw": in_time and standing,
        "part": ruleset_of(competition).blind_pair(),
        "days": ruleset_of(competition).appeal_window_working_days,
        "tags": TAGS,
    }


def _shown(competition: Any, appeal: Any) -> dict[str, Any]:
    """One appeal with its receipt: the record of it, and the code to read aloud."""
    receipt = read_receipt(db.session(), competition.code, appeal.record_seq)
    return {
        "appeal": appeal,
        "name": number_words(appeal.number),
        "is_standing": appeal.state is not AppealState.WITHDRAWN,
        "is_waiting": appeal.state is AppealState.SUBMITTED,
        "leaf": receipt.leaf,
        "code": receipt.code,
        "part": localised(ruleset_of(competition).part_named(appeal.part).title, ""),
    }


def _read_appeal(candidacy: Any, now: datetime) -> dict[str, Any] | None:
    """The card at home: while the window is open, and as long as something was asked."""
    competition = candidacy.competition
    if not competition.state.has_reached(CompetitionState.APPEALS):
        return None
    values = _values(candidacy, now)
    newest = next((row for row in values["own"] if row["is_standing"]), None)
    if newest is None and not values["may_ask"]:
        return None
    state = None if newest is None else newest["appeal"].state
    return {
        "newest": newest,
        "state": "" if state is None else label(state),
        "tag": "todo" if state is None else TAGS[state],
        "window": values["window"],
        "may_ask": values["may_ask"],
    }


add_home_topic("appeal", order=21, read=_read_appeal)
