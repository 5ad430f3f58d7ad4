"""Places in essays that may tell their author: the list of scripts, the decision, and its confirmation.

The code board sees codes and single sentences, never the candidate. A whole text stands on one page only: where a
person marks by hand what the search missed, before the codes are sealed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import ConflictError, InvalidError, NotFoundError
from examsite.domain.identity_hints import covered, sentence_around
from examsite.domain.permissions import Role
from examsite.services import redactions
from examsite.storage.database import db
from examsite.storage.queries.code_maps import find_closed_map
from examsite.storage.queries.codes import list_sealable_attempts
from examsite.storage.queries.redactions import get_check, is_decided, is_outdated, list_checks, read_texts
from examsite.storage.queries.sittings import missing_before_codes
from examsite.web.access import requires
from examsite.web.errors import show_refusal
from examsite.web.forms.marking import ActForm
from examsite.web.forms.redactions import COVER, LEAVE, HintRow, MarkPlaceForm, decide_hints_form
from examsite.web.gates import missing_rows
from examsite.web.i18n import _, ngettext
from examsite.web.keeper import bp
from examsite.web.labels import label, shown_number
from examsite.web.transactions import act, read_web_clock, write_now, writes, writes_in_steps


@dataclass(frozen=True)
class Place:
    """One place as the page shows it: its sentence in three pieces, and what it reads like afterwards."""

    hint_id: int
    item: str
    kind: str
    is_sure: bool
    before: str
    words: str
    behind: str
    is_covered: bool | None
    after: str
    #: Why a person marked it; empty where the search found it.
    reason: str


#: From this confidence on a place is called probable. Unit: percent.
# Source: our choice, because below it the search met mostly ordinary words.
_PROBABLE = 80


@bp.get("/<code>/scripts")
@requires(Role.KEEPER)
def list_scripts(code: str) -> ResponseReturnValue:
    """The scripts in which something was found, those that wait first."""
    checks = list_checks(db.session(), g.competition.id)
    found = [check for check in checks if check.hints]
    is_due = g.competition.state is CompetitionState.WRITTEN
    owed = missing_before_codes(db.session(), g.competition, read_web_clock()) if is_due else []
    attempts = len(list_sealable_attempts(db.session(), g.competition.id)) if is_due else 0
    return render_template(
        "keeper/list_scripts.html",
        waiting=[check for check in found if not is_decided(check) and not is_outdated(check)],
        decided=[check for check in found if is_decided(check) and not is_outdated(check)],
        clean=[check for check in checks if not check.hints and not is_outdated(check)],
        looked_through=len(checks),
        unlooked=max(0, attempts - sum(1 for check in checks if not is_outdated(check))),
        is_closed=_is_closed(),
        owed=missing_rows(g.competition, owed, {}),
        is_due=is_due,
        form=ActForm(),
        code=code,
    )


@bp.post("/<code>/scripts/look-through")
@requires(Role.KEEPER)
@writes_in_steps
def look_through(code: str) -> ResponseReturnValue:
    """Look through the scripts that nobody looked through as they stand now; the search is before the transaction."""
    form = ActForm()
    if form.validate_on_submit():
        searched = redactions.search_scripts(act(), g.competition)
        with write_now() as ctx:
            looked = redactions.look_through(ctx, g.competition, searched=searched)
        flash(ngettext("Đã rà %(num)d bài.", "Đã rà %(num)d bài.", looked), "success")
    return redirect(url_for("keeper.list_scripts", code=code))


@bp.route("/<code>/scripts/<working>", methods=["GET", "POST"])
@requires(Role.KEEPER)
@writes
def decide_hints(code: str, working: str) -> ResponseReturnValue:
    """Decide each place of a script; nothing counts before the next page."""
    _refuse_if_closed()
    check = get_check(db.session(), g.competition.id, working)
    places = _places(check)
    rows = [
        HintRow(item.hint_id, words, None if item.is_covered is None else COVER if item.is_covered else LEAVE)
        for item, words in zip(places, _chosen_words(check), strict=True)
    ]
    form = decide_hints_form(rows)
    if form.is_submitted() and form.validate():
        choices = [
            redactions.Choice(
                row.hint_id, form[f"choice_{row.hint_id}"].data == COVER, form[f"words_{row.hint_id}"].data or ""
            )
            for row in rows
        ]
        try:
            redactions.decide_hints(act(), g.competition, working, choices)
        except InvalidError as error:
            show_refusal(form, error, beside=f"words_{error.params['hint']}")
            check = get_check(db.session(), g.competition.id, working)
            places = _places(check)
        else:
            return redirect(url_for("keeper.confirm_script", code=code, working=working))
    page = render_template(
        "keeper/decide_hints.html",
        form=form,
        places=places,
        check=check,
        is_open=g.competition.state is CompetitionState.WRITTEN,
        code=code,
    )
    return page, 422 if form.is_submitted() else 200


@bp.route("/<code>/scripts/<working>/mark", methods=["GET", "POST"])
@requires(Role.KEEPER)
@writes
def mark_place(code: str, working: str) -> ResponseReturnValue:
    """Read a script and mark a place that the search missed; before the sealing only."""
    _refuse_if_closed()
    check = get_check(db.session(), g.competition.id, working)
    if g.competition.state is not CompetitionState.WRITTEN:
        return redirect(url_for("keeper.decide_hints", code=code, working=working))
    texts = read_texts(db.session(), check.attempt)
    form = MarkPlaceForm(items=[(item, _("Câu hỏi %(item)s", item=shown_number(item))) for item in texts])
    status = 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        try:
            redactions.mark_place(
                act(),
                g.competition,
                working,
                item=form.item.data,
                words=form.words.data,
                reason=form.reason.data,
                start=form.start.data,
            )
        except (ConflictError, InvalidError) as error:
            status = show_refusal(form, error)
            check = get_check(db.session(), g.competition.id, working)
        else:
            if all(hint.is_covered is not None for hint in check.hints):
                return redirect(url_for("keeper.confirm_script", code=code, working=working))
            return redirect(url_for("keeper.decide_hints", code=code, working=working))
    page = render_template(
        "keeper/mark_place.html",
        form=form,
        texts=[(item, shown_number(item), text) for item, text in texts.items()],
        check=check,
        code=code,
    )
    return page, status


@bp.route("/<code>/scripts/<working>/confirm", methods=["GET", "POST"])
@requires(Role.KEEPER)
@writes
def confirm_script(code: str, working: str) -> ResponseReturnValue:
    """Show each sentence before and after, then record; the next script that waits follows."""
    session = db.session()
    form = ActForm()
    if form.validate_on_submit():
        redactions.confirm_script(act(), g.competition, working)
        flash(_("Đã ghi quyết định về bài %(script)s.", script=working), "success")
        waiting = [
            check.code
            for check in list_checks(session, g.competition.id)
            if not is_decided(check) and not is_outdated(check)
        ]
        if waiting:
            return redirect(url_for("keeper.decide_hints", code=code, working=waiting[0]))
        return redirect(url_for("keeper.list_scripts", code=code))
    _refuse_if_closed()
    check = get_check(session, g.competition.id, working)
    if not check.hints or any(hint.is_covered is None for hint in check.hints):
        return redirect(url_for("keeper.decide_hints", code=code, working=working))
    return render_template("keeper/confirm_script.html", form=form, places=_places(check), check=check, code=code)


def _is_closed() -> bool:
    """Whether what was found lies in the closed code map, where nobody reads it."""
    return find_closed_map(db.session(), g.competition.id) is not None


def _refuse_if_closed() -> None:
    """Between the cut and the opening there is nothing to look at.

    Raises:
        NotFoundError: `hints_closed`.
    """
    if _is_closed():
        raise NotFoundError("hints_closed")


def _places(check: Any) -> list[Place]:
    texts = read_texts(db.session(), check.attempt)
    return [_place(texts.get(hint.item, ""), hint, check.hints) for hint in check.hints]


def _place(text: str, hint: Any, hints: list[Any]) -> Place:
    first, last = sentence_around(text, hint.start_at, hint.end_at)
    spans = [(max(start, first), min(end, last)) for start, end in redactions.covered_spans(hint.item, hints)]
    return Place(
        hint_id=hint.id,
        item=hint.item,
        kind=label(hint.kind),
        is_sure=hint.confidence >= _PROBABLE,
        before=text[first : hint.start_at],
        words=text[hint.start_at : hint.end_at],
        behind=text[hint.end_at : last],
        is_covered=hint.is_covered,
        reason=hint.reason,
        after=covered(text[first:last], [(start - first, end - first) for start, end in spans if start < end]),
    )


def _chosen_words(check: Any) -> list[str]:
    texts = read_texts(db.session(), check.attempt)
    return [
        hint.quote if hint.covered_from is None else texts.get(hint.item, "")[hint.covered_from : hint.covered_to]
        for hint in check.hints
    ]
