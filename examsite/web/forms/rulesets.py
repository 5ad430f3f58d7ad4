"""The form of a draft's rule set: one field for each figure that may be changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_wtf import FlaskForm
from wtforms import RadioField, SelectField, StringField
from wtforms.validators import InputRequired, Length

from examsite.domain.ruleset_drafts import changeable_figures
from examsite.domain.ruleset_figures import FigureKind
from examsite.domain.rulesets import RuleSet
from examsite.domain.scores import score_text
from examsite.web.i18n import _l


class EditRulesetForm(FlaskForm):
    """Base of the form that `ruleset_form` makes for one rule set."""

    #: Name of the field by key of the figure (a dot cannot stand in a name).
    names: Mapping[str, str] = {}

    def changes(self) -> dict[str, str]:
        """Every figure as typed, by its key."""
        return {key: str(self[name].data) for key, name in self.names.items()}


class ChooseLadderForm(FlaskForm):
    """One of the ladders that come with the product; the page gives the choices."""

    ladder = RadioField(_l("Thang"), validators=[InputRequired(_l("Hãy chọn một thang có sẵn."))])


def ruleset_form(ruleset: RuleSet, *, labels: Mapping[str, str], words: Mapping[str, list[tuple[str, str]]]) -> Any:
    """A form with the present value of every figure that a draft may change.

    `labels` names each figure, `words` gives the choices of those that are a word.
    """
    names = {figure.key: figure.key.replace(".", "__") for figure in changeable_figures(ruleset)}
    fields: dict[str, Any] = {"names": names}
    for figure in changeable_figures(ruleset):
        needed = [InputRequired(_l("Hãy điền mục này."))]
        if figure.spec.kind is FigureKind.WORD:
            field = SelectField(labels[figure.key], default=str(figure.value), validators=needed)
        else:
            value: Any = figure.value
            text = score_text(value).replace(".", ",") if figure.spec.kind is FigureKind.SCORE else str(value)
            field = StringField(labels[figure.key], default=text, validators=[*needed, Length(max=20)])
        fields[names[figure.key]] = field
    form = type("EditRulesetForm", (EditRulesetForm,), fields)()
    for key, choices in words.items():
        form[names[key]].choices = choices
    return form
