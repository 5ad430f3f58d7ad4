"""The calls of an open scoring page beside the draft: notes in the text, and which page holds the script."""

from __future__ import annotations

from typing import Any

from flask import g, jsonify
from flask.typing import ResponseReturnValue

from examsite.domain.errors import ConflictError, DomainError
from examsite.domain.permissions import Role
from examsite.services import marking_notes, script_claims
from examsite.storage.database import db
from examsite.storage.queries.marking_notes import list_notes
from examsite.storage.queries.queues import BlindScript, get_blind_script
from examsite.web.access import requires
from examsite.web.errors import message_of, status_of
from examsite.web.formatting import format_time
from examsite.web.forms.marking import ActForm
from examsite.web.forms.marking_notes import HoldScriptForm, WriteNoteForm
from examsite.web.i18n import _
from examsite.web.marker import bp
from examsite.web.marker.sheets import note_data
from examsite.web.transactions import act, beside_others, forget_changes, writes


@bp.post("/<code>/scripts/<script>/notes")
@requires(Role.MARKER)
@writes
@beside_others
def write_note(code: str, script: str) -> ResponseReturnValue:  # noqa: ARG001 -- part of the address
    """Keep a new note, or new words of a known one; what another page wrote meanwhile comes back with the refusal."""
    form = WriteNoteForm()
    if not form.validate():
        return jsonify(error="fields", message=" ".join(map(str, form.text.errors))), 422
    known = form.note_id()
    try:
        if known is None:
            note = marking_notes.add_note(
                act(),
                g.competition,
                script,
                span=form.span(),
                text=form.text.data or "",
                criterion=form.criterion.data or "",
            )
        else:
            note = marking_notes.change_note(
                act(), g.competition, script, note_id=known, text=form.text.data or "", seen_at=form.seen_at()
            )
    except DomainError as error:
        return _refused(error, script, known)
    return jsonify(note_data(note, _blind(script)))


@bp.post("/<code>/scripts/<script>/notes/<int(max=2147483647):note>/delete")
@requires(Role.MARKER)
@writes
@beside_others
def delete_note(code: str, script: str, note: int) -> ResponseReturnValue:  # noqa: ARG001 -- part of the address
    """Take a note away; the page that did so can write it anew."""
    form = ActForm()
    if not form.validate():
        return jsonify(error="fields"), 422
    try:
        marking_notes.delete_note(act(), g.competition, script, note_id=note)
    except DomainError as error:
        return _refused(error, script, None)
    return jsonify(deleted=note)


@bp.post("/<code>/scripts/<script>/hold")
@requires(Role.MARKER)
@writes
@beside_others
def hold_script(code: str, script: str) -> ResponseReturnValue:  # noqa: ARG001 -- part of the address
    """Hold the script for this page, take it from another page of the same person, or let it go."""
    form = HoldScriptForm()
    if not form.validate():
        return jsonify(error="fields"), 422
    page, wish = form.page.data or "", form.wish.data
    try:
        if wish == "leave":
            script_claims.leave_script(act(), g.competition, script, page=page)
            return jsonify(left=True)
        ctx = act()
        hold = script_claims.hold_script(ctx, g.competition, script, page=page, take=wish == "take")
    except DomainError as error:
        return _refused(error, script, None)
    return jsonify(
        here=hold.is_here,
        seconds=int((hold.until - ctx.now).total_seconds()),
        text=_("Anh/chị giữ bài này đến %(time)s", time=format_time(hold.until)),
        elsewhere=_("Bài này đang mở ở một trang khác của anh/chị, từ %(time)s.", time=format_time(hold.since)),
    )


def _refused(error: DomainError, script: str, known: int | None) -> ResponseReturnValue:
    forget_changes()
    answer: dict[str, Any] = {"error": error.code, "message": message_of(error)}
    if isinstance(error, ConflictError) and error.code == "note_changed_elsewhere":
        notes = list_notes(db.session(), g.competition.id, g.actor.assignment_id, script)
        blind = _blind(script)
        answer["note"] = next((note_data(note, blind) for note in notes if note.id == known), None)
    return jsonify(answer), status_of(error)


def _blind(script: str) -> BlindScript:
    return get_blind_script(db.session(), g.competition.id, g.actor.assignment_id, script)
