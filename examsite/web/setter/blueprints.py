"""The plan of a post's paper: how many questions of which topic, how many essays, and whether the points add up."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import Field

from examsite.domain.blueprints import Blueprint, blueprint_from_data, essay_supply, objective_supply, suggest_blueprint
from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import DomainError
from examsite.domain.permissions import Role
from examsite.domain.questions import Question, QuestionKind
from examsite.domain.rulesets import RuleSet, ruleset_from_toml
from examsite.domain.scores import score
from examsite.services import papers
from examsite.storage.database import db
from examsite.storage.queries.competitions import get_post
from examsite.storage.queries.papers import list_bank
from examsite.web.access import requires
from examsite.web.errors import message_of, show_refusal
from examsite.web.forms.papers import PlanBlueprintForm, count_field_name, plan_blueprint_form
from examsite.web.i18n import _
from examsite.web.labels.topics import topic_label
from examsite.web.setter import bp
from examsite.web.transactions import act, writes


@dataclass(frozen=True)
class TopicRow:
    """One line of the plan: the topic, what the bank holds, the most a version may have, and what is planned."""

    topic: str
    label: str
    found: int
    most: int
    planned: int
    field: Field | None


@bp.route("/<code>/posts/<post>/blueprint", methods=["GET", "POST"])
@requires(Role.SETTER)
@writes
def plan_blueprint(code: str, post: str) -> ResponseReturnValue:
    """Set the plan of a draft's post; after the announcement the plan is only shown."""
    row = get_post(db.session(), g.competition.id, post)
    ruleset = ruleset_from_toml(g.competition.ruleset_toml)
    bank = list_bank(db.session())
    planned = _planned(row.blueprint)
    is_draft = g.competition.state is CompetitionState.DRAFT
    suggestion_refused = ""
    if request.method == "GET" and is_draft and request.args.get("suggest"):
        try:
            planned = _suggest(bank, ruleset)
        except DomainError as error:
            suggestion_refused = message_of(error)
    form = _form(bank, ruleset, planned)
    status = 200
    if request.method == "POST":
        status = 422
        if form.validate():
            try:
                papers.plan_blueprint(act(), g.competition, row, form.blueprint())
            except DomainError as error:
                status = _refuse(form, error)
                row = get_post(db.session(), g.competition.id, post)
                is_draft = g.competition.state is CompetitionState.DRAFT
            else:
                flash(_("Đã lưu ma trận đề của chức danh %(post)s.", post=post), "success")
                return redirect(url_for("setter.plan_blueprint", code=code, post=post))
    page = render_template(
        "setter/plan_blueprint.html",
        form=form,
        post=row,
        is_draft=is_draft,
        is_suggested=bool(request.args.get("suggest")) and request.method == "GET" and not suggestion_refused,
        suggestion_refused=suggestion_refused,
        planned=planned,
        rows=_rows(form, bank, ruleset, planned),
        essays=essay_supply(bank, versions=ruleset.paper_versions, bank_multiple=ruleset.bank_multiple),
        essay_points=_essay_points(bank),
        maximum=ruleset.blind_pair().maximum,
        total=_total(form.blueprint() if form.is_submitted() else planned, _essay_points(bank)),
        ruleset=ruleset,
        topic_label=topic_label,
    )
    return page, status


def _planned(data: dict[str, Any]) -> Blueprint | None:
    try:
        return blueprint_from_data(data) if data else None
    except DomainError:
        return None  # an unreadable plan is planned anew


def _suggest(bank: list[Question], ruleset: RuleSet) -> Blueprint:
    return suggest_blueprint(
        bank,
        maximum=ruleset.blind_pair().maximum,
        versions=ruleset.paper_versions,
        bank_multiple=ruleset.bank_multiple,
    )


def _form(bank: list[Question], ruleset: RuleSet, planned: Blueprint | None) -> PlanBlueprintForm:
    supply = objective_supply(bank, versions=ruleset.paper_versions, bank_multiple=ruleset.bank_multiple)
    essays = essay_supply(bank, versions=ruleset.paper_versions, bank_multiple=ruleset.bank_multiple)
    form = plan_blueprint_form(
        topics=[(item.topic, topic_label(item.topic)) for item in supply],
        essay_topics=[
            (item.topic, _("%(topic)s, có %(found)s câu", topic=topic_label(item.topic), found=item.found))
            for item in essays
        ],
        blueprint=planned,
    )
    if planned is None and request.method == "GET":
        form.essay_topics.data = [item.topic for item in essays]
    return form


def _refuse(form: PlanBlueprintForm, error: DomainError) -> int:
    """Say the refusal where it belongs: at the count of the topic, at the essays, at the points, or over the form."""
    beside = "objective_points" if error.code == "blueprint_points_wrong" else ""
    if error.code == "blueprint_bank_too_small":
        topic = str(error.params["topic"])
        beside = "essay_count" if topic == "essay" else count_field_name(topic)
        error.params["topic"] = _("Tự luận") if topic == "essay" else topic_label(topic)
    return show_refusal(form, error, beside=beside)


def _rows(form: PlanBlueprintForm, bank: list[Question], ruleset: RuleSet, planned: Blueprint | None) -> list[TopicRow]:
    counts = {item.topic: item.count for item in planned.objective} if planned else {}
    return [
        TopicRow(
            topic=item.topic,
            label=topic_label(item.topic),
            found=item.found,
            most=item.most,
            planned=counts.get(item.topic, 0),
            field=form[count_field_name(item.topic)],
        )
        for item in objective_supply(bank, versions=ruleset.paper_versions, bank_multiple=ruleset.bank_multiple)
    ]


def _essay_points(bank: list[Question]) -> Decimal:
    points = {item.points for item in bank if item.kind is QuestionKind.ESSAY and item.points is not None}
    return max(points, default=score(0))


def _total(blueprint: Blueprint | None, essay_points: Decimal) -> Decimal:
    if blueprint is None:
        return score(0)
    return blueprint.objective_points * blueprint.objective_count + essay_points * blueprint.essay_count
