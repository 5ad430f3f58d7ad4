"""How an act of the board runs: its form, the exact sentence where it cannot be undone, the act, back to the board."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, g, redirect, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.errors import DomainError, InvalidError
from examsite.web.errors import message_of, status_of
from examsite.web.invigilator.boards import make_form, render_board
from examsite.web.invigilator.rooms import Room, own_sitting, read_room
from examsite.web.transactions import forget_changes, read_web_clock

#: Gives the sentence that must be confirmed, from the room, the attempt at the seat and the form.
Sentence = Callable[[Room, Any, Any], str]


def do_act(
    sitting: str,
    seat: str | None,
    name: str,
    step: Callable[[Any, Any], object],
    done: str,
    *,
    form: Any = None,
    confirm: Sentence | None = None,
    lands_on: Callable[[Any], str | None] | None = None,
) -> ResponseReturnValue:
    """Do one act of a seat, or of the room without one; what is refused comes back with what was typed."""
    found = own_sitting(sitting)
    room = read_room(found, g.competition, read_web_clock())
    form = form if form is not None else make_form(name, room, of_seat=seat is not None)
    if not form.validate_on_submit():
        return render_board(sitting, seat=seat, act=name, form=form, status=422)
    attempt = room.by_seat.get(seat or "")
    if confirm is not None and not form.confirmed.data and attempt is not None:
        return render_board(sitting, seat=seat, act=name, form=form, confirm=confirm(room, attempt, form))
    try:
        step(found, form)
    except DomainError as error:
        return refuse(error, form, sitting, seat, name)
    return leave(sitting, lands_on(form) if lands_on is not None else seat, done)


def refuse(error: DomainError, form: Any, sitting: str, seat: str | None, name: str) -> ResponseReturnValue:
    """The board again: what belongs to a field stands at the field, everything else is told above."""
    forget_changes()
    if isinstance(error, InvalidError):
        field = getattr(form, str(error.params.get("field", "")), None)
        errors = field.errors if field is not None else form.form_errors
        text = message_of(error)
        if field is not None:
            field.errors = [*errors, text]
        else:
            form.form_errors.append(text)
        return render_board(sitting, seat=seat, act=name, form=form, status=422)
    flash(message_of(error), "error")
    return render_board(sitting, seat=seat, act=name, status=status_of(error))


def leave(sitting: str, seat: str | None, done: str) -> ResponseReturnValue:
    """Back to the board, with the words of what was done."""
    flash(done, "success")
    return redirect(url_for("invigilator.show_board", code=g.competition.code, sitting=sitting, seat=seat))
