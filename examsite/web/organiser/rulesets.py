"""The rule set of a draft: every figure that may be changed, with what is surely not meant said beside it."""

from __future__ import annotations

from enum import StrEnum

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms.fields.choices import SelectChoice

from examsite.domain.errors import InvalidError
from examsite.domain.ladders import LADDERS, chosen_ladder, ladder_warnings
from examsite.domain.permissions import Role
from examsite.domain.ruleset_drafts import changeable_figures, warnings
from examsite.domain.rulesets import Figure, RuleSet
from examsite.services import rulesets
from examsite.services.rulesets import change_ruleset, ruleset_of
from examsite.web.access import requires
from examsite.web.errors import show_refusal
from examsite.web.figures import figure_groups, value_word, warnings_in_words
from examsite.web.forms.rulesets import ChooseLadderForm, EditRulesetForm, ruleset_form
from examsite.web.i18n import _, localised
from examsite.web.ladders import ladder_view
from examsite.web.organiser import bp
from examsite.web.organiser.plan import is_draft
from examsite.web.transactions import act, writes


@bp.route("/<code>/plan/ruleset", methods=["GET", "POST"])
@requires(Role.ORGANISER)
@writes
def edit_ruleset(code: str) -> ResponseReturnValue:
    """Change figures of a draft; frozen ones are only shown."""
    competition = g.competition
    ruleset = ruleset_of(competition)
    form = _form(ruleset) if is_draft(competition) else None
    if form is not None and form.validate_on_submit():
        try:
            changed = change_ruleset(act(), competition, form.changes())
        except InvalidError as error:
            show_refusal(form, error, beside=form.names.get(str(error.params.get("field", "")), ""))
        else:
            flash(_("Đã lưu bộ quy tắc."), "success")
            if warnings(changed):
                flash(_("Có điều cần xem lại, ghi ở đầu trang."), "attention")
            return redirect(url_for("organiser.edit_ruleset", code=code))
    page = render_template(
        "organiser/edit_ruleset.html",
        form=form,
        ruleset=ruleset,
        groups=figure_groups(ruleset),
        warnings=warnings_in_words((*warnings(ruleset), *ladder_warnings(ruleset))),
        ladders=ladder_view(ruleset),
        ladder_form=None if form is None else _ladder_form(ruleset),
    )
    return page, 422 if form is not None and form.is_submitted() else 200


@bp.post("/<code>/plan/ruleset/ladder")
@requires(Role.ORGANISER)
@writes
def choose_ladder(code: str) -> ResponseReturnValue:
    """Fill the draft with the figures of one ladder; what must be known of it is said at the head of the page."""
    form = _ladder_form(ruleset_of(g.competition))
    if form.validate_on_submit():
        changed = rulesets.choose_ladder(act(), g.competition, form.ladder.data)
        flash(_("Đã điền các số liệu của thang vào bộ quy tắc."), "success")
        if ladder_warnings(changed):
            flash(_("Có điều cần xem lại, ghi ở đầu trang."), "attention")
    return redirect(url_for("organiser.edit_ruleset", code=code))


def _ladder_form(ruleset: RuleSet) -> ChooseLadderForm:
    chosen = chosen_ladder(ruleset, ruleset.blind_pair())
    form = ChooseLadderForm(data={"ladder": chosen.key} if chosen else None)
    form.ladder.choices = [SelectChoice(ladder.key, localised(ladder.title, "")) for ladder in LADDERS]
    return form


def _form(ruleset: RuleSet) -> EditRulesetForm:
    figures = changeable_figures(ruleset)
    made: EditRulesetForm = ruleset_form(
        ruleset,
        labels={figure.key: localised(figure.label, "") for figure in figures},
        words={
            figure.key: [(choice, _choice(figure, choice)) for choice in figure.spec.choices]
            for figure in figures
            if figure.spec.choices
        },
    )
    return made


def _choice(figure: Figure, choice: str) -> str:
    kind = type(figure.value)
    # A word of a closed list is read as its member, so that it has a label.
    return value_word(figure.spec.key, kind(choice) if issubclass(kind, StrEnum) else choice)
