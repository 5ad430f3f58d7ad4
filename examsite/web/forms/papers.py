"""Forms about plans of papers, their drawing, sealing and opening."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired, MultipleFileField
from wtforms import HiddenField, IntegerField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError

from examsite.domain.blueprints import Blueprint, TopicCount
from examsite.domain.errors import InvalidError
from examsite.domain.reasons import LONGEST_TEXT
from examsite.domain.scores import Score, parse_score, score
from examsite.web.i18n import _l

_NEEDED = _l("Chưa điền.")
_MOST_QUESTIONS = 99
_RANGE = _l("Hãy điền số từ %(min)s đến %(max)s.")
#: Hashes of all versions together, with spaces.
_MOST_HASHES = 65 * 24


class WholeNumberField(IntegerField):
    """A whole number whose refusal is said in the reader's language."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the number, or say that it is none."""
        typed = valuelist[0].strip() if valuelist else ""
        self.data = None
        if not typed:
            return
        if not (typed.isascii() and typed.isdigit() and len(typed) <= 9):
            raise ValueError(str(_l("Hãy điền một số nguyên, ví dụ 3.")))
        self.data = int(typed)


class ScoreField(StringField):
    """Points with at most two decimals; `data` is a score."""

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else f"{self.data:f}".replace(".", ",")

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the points, or say that they are none."""
        typed = valuelist[0].strip() if valuelist else ""
        self.data: Any = None
        if not typed:
            return
        try:
            self.data = parse_score(typed)
        except InvalidError as error:
            raise ValueError(str(_l("Hãy điền số điểm, ví dụ 2 hoặc 2,5."))) from error


class MultiCheckboxField(SelectMultipleField):
    """Some of the choices offered, as boxes; the refusal is said in the reader's language."""

    def pre_validate(self, _form: Any) -> None:
        """Refuse what was not offered."""
        offered = {value for value, _words in self.choices or ()}
        if not set(self.data or ()) <= offered:
            raise ValidationError(str(_l("Có chủ đề không có trong ngân hàng. Hãy chọn lại.")))


def count_field_name(topic: str) -> str:
    """The name of the field that counts the questions of a topic."""
    return f"count-{topic}"


class PlanBlueprintForm(FlaskForm):
    """The plan of one post's paper; the counts per topic are added by `plan_blueprint_form`."""

    topics: tuple[str, ...] = ()

    objective_points = ScoreField(_l("Điểm mỗi câu trắc nghiệm"), validators=[InputRequired(_NEEDED)])
    essay_count = WholeNumberField(
        _l("Số câu tự luận"), validators=[InputRequired(_NEEDED), NumberRange(0, 20, message=_RANGE)]
    )
    essay_topics = MultiCheckboxField(_l("Chủ đề của câu tự luận"))

    def blueprint(self) -> Blueprint:
        """The plan as filled in; topics without a count are left out."""
        counts = {topic: self[count_field_name(topic)].data or 0 for topic in self.topics}
        points: Score = self.objective_points.data or score(0)
        essays = self.essay_count.data or 0
        return Blueprint(
            objective_points=points,
            objective=tuple(TopicCount(topic, count) for topic, count in counts.items() if count),
            essay_topics=tuple(self.essay_topics.data or ()) if essays else (),
            essay_count=essays,
        )


def plan_blueprint_form(
    *, topics: Sequence[tuple[str, str]], essay_topics: Sequence[tuple[str, str]], blueprint: Blueprint | None
) -> PlanBlueprintForm:
    """The form with one count per topic; topics are (name, words). A plan given fills it in."""
    fields: dict[str, Any] = {
        count_field_name(topic): WholeNumberField(
            words, validators=[Optional(), NumberRange(0, _MOST_QUESTIONS, message=_RANGE)]
        )
        for topic, words in topics
    }
    names = tuple(topic for topic, _words in topics)
    form_class = type("PlanBlueprintForm", (PlanBlueprintForm,), {**fields, "topics": names})
    data: dict[str, Any] = {}
    if blueprint is not None:
        data = {
            "objective_points": blueprint.objective_points,
            "essay_count": blueprint.essay_count,
            "essay_topics": list(blueprint.essay_topics),
            **{count_field_name(item.topic): item.count for item in blueprint.objective},
        }
    form: PlanBlueprintForm = form_class(data=data)
    form.essay_topics.choices = list(essay_topics)
    return form


class DrawPapersForm(FlaskForm):
    """Nothing but the token against foreign requests: the seed is made by the server."""


class SealPapersForm(FlaskForm):
    """The hashes that the person saw, so that nothing else is sealed."""

    seen = HiddenField(validators=[InputRequired(_NEEDED), Length(max=_MOST_HASHES)])

    def hashes(self) -> list[str]:
        """The hashes one by one."""
        return str(self.seen.data).split()


class SealFilesForm(FlaskForm):
    """The manifest and the sealed versions that the setters' own machine wrote."""

    manifest = FileField(_l("Bản kê (manifest.json)"), validators=[FileRequired(_l("Hãy chọn tệp."))])
    files = MultipleFileField(_l("Các phiên bản niêm phong (.age)"), validators=[FileRequired(_l("Hãy chọn tệp."))])


class OpenPaperForm(FlaskForm):
    """Nothing but the token against foreign requests: the draw is made by the server."""


class SetAsidePaperForm(FlaskForm):
    """Why the version that was drawn cannot be used."""

    reason = TextAreaField(
        _l("Vì sao không dùng được"),
        description=_l("Không chép nội dung đề vào đây. Ghi vào sổ cùng tên và giờ."),
        validators=[InputRequired(_NEEDED), Length(max=LONGEST_TEXT)],
    )


class FilterQuestionsForm(FlaskForm):
    """Which questions of the bank are listed; read from the address, so without a token."""

    class Meta(FlaskForm.Meta):
        """Nothing is changed by it."""

        csrf = False

    topic = SelectField(_l("Chủ đề"), validate_choice=False)
    kind = SelectField(_l("Loại câu hỏi"), validate_choice=False)
