"""The open question bank: a list to filter, and each question in both languages."""

from __future__ import annotations

from flask import g, render_template, request, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.permissions import Role
from examsite.domain.questions import QuestionKind, question_from_data
from examsite.storage.database import db
from examsite.storage.queries.papers import get_bank_row, list_bank_rows
from examsite.web.access import requires
from examsite.web.forms.papers import FilterQuestionsForm
from examsite.web.i18n import _
from examsite.web.labels import label
from examsite.web.labels.topics import topic_label
from examsite.web.setter import bp

PAGE_SIZE = 25


@bp.get("/<code>/bank")
@requires(Role.SETTER)
def list_questions(code: str) -> ResponseReturnValue:
    """The questions in force, by topic and kind."""
    rows = list_bank_rows(db.session())
    form = FilterQuestionsForm(request.args)
    topics = sorted({row.topic for row in rows}, key=topic_label)
    form.topic.choices = [("", _("Mọi chủ đề")), *((topic, topic_label(topic)) for topic in topics)]
    form.kind.choices = [("", _("Mọi loại")), *((kind.value, label(kind)) for kind in QuestionKind)]
    topic = form.topic.data if form.topic.data in topics else ""
    kind = form.kind.data if form.kind.data in set(QuestionKind) else ""
    found = [row for row in rows if topic in ("", row.topic) and kind in ("", row.kind)]
    pages = max(1, -(-len(found) // PAGE_SIZE))
    page = min(max(request.args.get("page", 1, type=int), 1), pages)

    def page_url(number: int) -> str:
        return url_for("setter.list_questions", code=code, topic=topic or None, kind=kind or None, page=number)

    return render_template(
        "setter/list_questions.html",
        form=form,
        questions=[(row, question_from_data(row.data)) for row in found[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]],
        count=len(found),
        total=len(rows),
        page=page,
        pages=pages,
        page_url=page_url,
        topic_label=topic_label,
        competition=g.competition,
    )


@bp.get("/<code>/bank/<question>")
@requires(Role.SETTER)
def show_question(code: str, question: str) -> ResponseReturnValue:  # noqa: ARG001 -- part of the address
    """One question with its key or rubric, Vietnamese and English side by side."""
    row = get_bank_row(db.session(), question)
    return render_template(
        "setter/show_question.html", row=row, question=question_from_data(row.data), topic_label=topic_label
    )
