"""How an act of the board runs: its form, the exact sentence where it cannot be undone, the act, back to the board.

An act is a function under `@seat_act` or `@room_act`: it is given the sitting, its form and, at a seat, whose, asks the
service, and gives back the words of what was done. Address, role, transaction, form and refusals are the same for all.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import flash, g, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from examsite.domain.errors import DomainError, FactorNeededError, InvalidError
from examsite.domain.permissions import Role
from examsite.web.access import fresh_factor, requires
from examsite.web.errors import message_of, show_refusal, status_of
from examsite.web.invigilator import bp
from examsite.web.invigilator.boards import make_form, render_board
from examsite.web.invigilator.rooms import Room, own_sitting, read_room
from examsite.web.transactions import forget_changes, read_web_clock, writes

#: What an act does: from the sitting, the form and what the address names (the seat, a call) to the words of what was
#: done.
Step = Callable[..., str]

#: Gives the sentence that must be confirmed, from the room, the attempt at the seat and the form.
Sentence = Callable[[Room, Any, Any], str]


def seat_act(
    path: str,
    name: str,
    *,
    form: type[FlaskForm] | None = None,
    confirm: Sentence | None = None,
    lands_on: Callable[[Any], str | None] | None = None,
) -> Callable[[Step], Step]:
    """Make a function an act of an invigilator at a seat, sent to this path below that of the seat.

    Args:
        path: Where the form is sent.
        name: The act on the board.
        form: Where the act has several forms: this one.
        confirm: For what cannot be undone: the sentence that must be read first.
        lands_on: The seat that is open afterwards, from the form; the same seat without it.
    """

    def add(step: Step) -> Step:
        @wraps(step)
        def view(code: str, sitting: str, seat: str, **named: Any) -> ResponseReturnValue:
            del code
            own = None if form is None else form()
            return do_act(sitting, seat, name, step, form=own, confirm=confirm, lands_on=lands_on, seat=seat, **named)

        return _at(f"/<code>/sittings/<sitting>/seats/<seat>{path}", view, step)

    return add


def room_act(path: str, name: str, *, needs_factor: bool = False) -> Callable[[Step], Step]:
    """Make a function an act of an invigilator for the whole room, sent to this path below that of the sitting.

    `needs_factor`: whoever sends it shows a second factor.
    """

    def add(step: Step) -> Step:
        @wraps(step)
        def view(code: str, sitting: str, **named: Any) -> ResponseReturnValue:
            del code
            return do_act(sitting, None, name, step, **named)

        return _at(f"/<code>/sittings/<sitting>{path}", view, step, needs_factor=needs_factor)

    return add


def _at(address: str, view: Callable[..., ResponseReturnValue], step: Step, *, needs_factor: bool = False) -> Step:
    written = fresh_factor(writes(view)) if needs_factor else writes(view)
    bp.add_url_rule(address, view_func=requires(Role.INVIGILATOR)(written), methods=["POST"])
    return step


def do_act(
    sitting: str,
    at_seat: str | None,
    name: str,
    step: Step,
    *,
    form: Any = None,
    confirm: Sentence | None = None,
    lands_on: Callable[[Any], str | None] | None = None,
    **named: Any,
) -> ResponseReturnValue:
    """Do one act of a seat, or of the room without one; what is refused comes back with what was typed."""
    found = own_sitting(sitting)
    room = read_room(found, g.competition, read_web_clock())
    form = form if form is not None else make_form(name, room, of_seat=at_seat is not None)
    if not form.validate_on_submit():
        return render_board(sitting, seat=at_seat, act=name, form=form, status=422)
    attempt = room.by_seat.get(at_seat or "")
    if confirm is not None and not form.confirmed.data and attempt is not None:
        return render_board(sitting, seat=at_seat, act=name, form=form, confirm=confirm(room, attempt, form))
    try:
        done = step(found, form, **named)
    except DomainError as error:
        return refuse(error, form, sitting, at_seat, name)
    return leave(sitting, lands_on(form) if lands_on is not None else at_seat, done)


def refuse(error: DomainError, form: Any, sitting: str, seat: str | None, name: str) -> ResponseReturnValue:
    """The board again: what belongs to a field stands at the field, everything else is told above."""
    if isinstance(error, FactorNeededError):
        raise error
    if isinstance(error, InvalidError):
        show_refusal(form, error)
        return render_board(sitting, seat=seat, act=name, form=form, status=422)
    forget_changes()
    flash(message_of(error), "error")
    return render_board(sitting, seat=seat, act=name, status=status_of(error))


def leave(sitting: str, seat: str | None, done: str) -> ResponseReturnValue:
    """Back to the board, with the words of what was done."""
    flash(done, "success")
    return redirect(url_for("invigilator.show_board", code=g.competition.code, sitting=sitting, seat=seat))
