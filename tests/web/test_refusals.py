"""Where a refusal is said on a form: beside the field that it names, beside one that stands for it, or above."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask_wtf import FlaskForm
from wtforms import StringField

from examsite.domain.errors import ConflictError, DomainError, FactorNeededError, InvalidError
from examsite.web.errors import message_of, show_on_field, show_refusal

NAMED = InvalidError("reason_missing", field="reason")
UNNAMED = ConflictError("day_already_swapped", day="01/01/2026")


class ReasonForm(FlaskForm):
    reason = StringField("Lý do")
    sha256 = StringField("Mã băm")


@pytest.fixture
def form(app: Flask) -> Iterator[ReasonForm]:
    with app.test_request_context(method="POST", data={"reason": "như đã gõ", "sha256": "0"}):
        typed = ReasonForm(meta={"csrf": False})
        assert typed.validate()
        yield typed


@pytest.mark.parametrize(
    ("error", "beside", "place", "status"),
    [
        (NAMED, "", "reason", 422),
        (NAMED, "sha256", "reason", 422),
        (UNNAMED, "sha256", "sha256", 409),
        (UNNAMED, "", "", 409),
        (InvalidError("reason_missing", field="elsewhere"), "", "", 422),
    ],
)
def test_a_refusal_stands_in_one_place_and_what_was_typed_stays(
    form: ReasonForm, error: DomainError, beside: str, place: str, status: int
) -> None:
    assert show_refusal(form, error, beside=beside) == status
    assert form.errors == {place: [message_of(error)]}
    assert form.reason.data == "như đã gõ"


def test_a_field_that_the_page_does_not_show_is_stood_in_for(form: ReasonForm) -> None:
    hidden = InvalidError("reason_missing", field="sha256")
    show_on_field(form, hidden, instead={"sha256": "reason"})
    assert form.errors == {"reason": [message_of(hidden)]}


def test_a_refusal_that_names_no_field_of_the_page_goes_on(form: ReasonForm) -> None:
    with pytest.raises(ConflictError):
        show_on_field(form, UNNAMED)
    assert form.errors == {}


def test_what_only_a_factor_answers_goes_on_to_the_page_that_asks(form: ReasonForm) -> None:
    with pytest.raises(FactorNeededError):
        show_refusal(form, FactorNeededError("fresh_factor_needed"), beside="reason")
    assert form.errors == {}
