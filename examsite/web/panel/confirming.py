"""What cannot be taken back is repeated on a page of its own first; the second sending, which says so, does it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from flask.typing import ResponseReturnValue
from wtforms import Field

from examsite.domain.errors import DomainError, InvalidError
from examsite.web.errors import show_refusal


class ConfirmedForm(Protocol):
    """A form whose page repeats what it says before anything is done."""

    confirmed: Field
    form_errors: list[str]

    def field_at_fault(self, error: InvalidError) -> Field | None:
        """The field that a refusal speaks of; None when it speaks of the whole."""


def confirm_then_act(
    form: ConfirmedForm,
    *,
    check: Callable[[], object],
    repeat: Callable[[], ResponseReturnValue],
    do: Callable[[], ResponseReturnValue],
    show_again: Callable[[int], ResponseReturnValue],
) -> ResponseReturnValue:
    """`check` what was typed and `repeat` it; once that page was read and sent, `do` it.

    What is refused, at either step, stands at its field or above the form, and the form is shown again as it was typed
    (`show_again` is given the status) over what the database holds now.
    """
    try:
        if form.confirmed.data == "yes":
            return do()
        check()
    except DomainError as error:
        field = form.field_at_fault(error) if isinstance(error, InvalidError) else None
        return show_again(show_refusal(form, error, beside=field))
    form.confirmed.data = "yes"
    return repeat()
