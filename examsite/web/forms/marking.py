"""Forms about marking: the scoring sheet, the lock, the head's decision, draws, sealing and opening of codes.

A scoring sheet has, for each criterion, the levels as radio buttons and the points as text. Both are there without
script: whichever of the two differs from what is stored is what the marker meant, the text first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from examsite.domain.errors import InvalidError
from examsite.domain.reasons import LONGEST_TEXT
from examsite.domain.rubrics import RubricCriterion
from examsite.domain.scores import ZERO, Score, is_multiple, parse_score, score, score_text
from examsite.domain.scripts import plain_text
from examsite.web.i18n import _, _l, current_locale

_MOST_DIGITS = 9
_TOO_LONG = _l("Dài quá %(max)d ký tự.")


def _plain(value: str | None) -> str | None:
    """What was typed, as any page can show it again."""
    return None if value is None else plain_text(value)


class ActForm(FlaskForm):
    """Nothing but the token against foreign requests: an act that the page has spelled out."""


class DrawAllocationForm(FlaskForm):
    """Why scripts are given out with fewer seeds than the rule set asks for; asked only then."""

    reason = TextAreaField(
        _l("Lý do rút thăm khi chưa đủ bài mẫu"),
        filters=[_plain],
        description=_l("Vào sổ ghi. Với ít bài mẫu hơn, việc mức chấm chuyển dần khó thấy hơn."),
        validators=[Optional(), Length(max=2000, message=_TOO_LONG)],
    )


class LockMarkForm(FlaskForm):
    """The lock of a mark, over the revision of the draft whose total the page shows and the version of its rubric."""

    revision = HiddenField()
    rubric = HiddenField()

    def rubric_number(self) -> int:
        """The version of the rubric; a page that names none is older than any change."""
        return max(whole_number(self.rubric.data), 0)

    def revision_number(self) -> int:
        """The revision, or one that no draft has."""
        return whole_number(self.revision.data)


class DecideGapForm(FlaskForm):
    """The head's score and reason, over the version of the script that the page shows."""

    version = HiddenField()

    score = StringField(
        _l("Điểm chính thức của bài"), filters=[_plain], validators=[InputRequired(_l("Chưa điền điểm."))]
    )
    reason = TextAreaField(
        _l("Lý do"),
        filters=[_plain],
        description=_l("Ghi vào biên bản và mở cùng kết quả. Không ghi tên người."),
        validators=[InputRequired(_l("Hãy ghi lý do.")), Length(max=LONGEST_TEXT, message=_TOO_LONG)],
    )

    def decided(self) -> Score | None:
        """The score, or None with an error on the field."""
        try:
            return parse_score(self.score.data or "")
        except InvalidError:
            self.score.errors = [*self.score.errors, _("Hãy ghi điểm dạng 52,5 hoặc 52.5.")]
            return None


class TakeOverForm(FlaskForm):
    """Why work goes to somebody else, over the number of open scripts that the page has spelled out."""

    expected = HiddenField()
    reason = TextAreaField(
        _l("Lý do"),
        filters=[_plain],
        description=_l("Vào sổ ghi. Không ghi tên người."),
        validators=[InputRequired(_l("Hãy ghi lý do.")), Length(max=LONGEST_TEXT, message=_TOO_LONG)],
    )

    def expected_number(self) -> int:
        """The number, or one that nobody was shown."""
        return whole_number(self.expected.data)


class JudgeHintForm(FlaskForm):
    """The council's judgement about one person of a board and one candidate; nothing is preselected."""

    ruling = RadioField(
        _l("Kết luận"),
        choices=[
            SelectChoice("barred", _l("Có xung đột: không chấm và không quyết định về thí sinh này")),
            SelectChoice("free", _l("Không có xung đột: tham gia như mọi người khác")),
        ],
        validators=[InputRequired(_l("Hãy chọn một kết luận."))],
    )
    reason = TextAreaField(
        _l("Lý do"),
        filters=[_plain],
        description=_l("Đã hỏi ai, căn cứ vào đâu. Vào sổ ghi."),
        validators=[InputRequired(_l("Hãy ghi lý do.")), Length(max=LONGEST_TEXT, message=_TOO_LONG)],
    )


class AcknowledgeStraddleForm(FlaskForm):
    """The head saw two close marks on the two sides of the pass mark, on a page made from `version`."""

    version = HiddenField()


class DiscussionNoteForm(FlaskForm):
    """What was said when the head talked with the markers of a script."""

    text = TextAreaField(
        _l("Biên bản trao đổi"),
        filters=[_plain],
        description=_l("Ai nêu điều gì, về tiêu chí nào. Ghi số hiệu người chấm, không ghi tên."),
        validators=[InputRequired(_l("Chưa có nội dung trao đổi.")), Length(max=LONGEST_TEXT, message=_TOO_LONG)],
    )


class RequestWithdrawalForm(FlaskForm):
    """Whose locked mark of a script, and why; the markers are given by the page."""

    marker = RadioField(_l("Điểm đã khóa của ai"), validators=[InputRequired(_l("Hãy chọn một người chấm."))])
    reason = TextAreaField(
        _l("Lý do"),
        filters=[_plain],
        description=_l("Hội đồng đọc trước khi xác nhận, rồi vào sổ ghi. Không ghi tên người."),
        validators=[InputRequired(_l("Hãy ghi lý do.")), Length(max=LONGEST_TEXT, message=_TOO_LONG)],
    )


class AnswerWithdrawalForm(FlaskForm):
    """The council's answer to the wishes that the page has listed; nothing is preselected."""

    wishes = HiddenField()

    answer = RadioField(
        _l("Quyết định"),
        choices=[
            SelectChoice("agree", _l("Đồng ý rút: điểm này không còn tính, người chấm chấm lại từ đầu")),
            SelectChoice("refuse", _l("Không đồng ý: điểm giữ nguyên như đã khóa")),
        ],
        validators=[InputRequired(_l("Hãy chọn một quyết định."))],
    )

    def named(self) -> list[int]:
        """The keys of the wishes as listed."""
        return [whole_number(text) for text in (self.wishes.data or "").split()]


@dataclass(frozen=True)
class CriterionFields:
    """The three fields of one criterion."""

    criterion: RubricCriterion
    level: Field
    points: Field
    comment: Field


class ScoringForm(FlaskForm):
    """One marker's sheet for one script; the fields of the criteria are added by `scoring_form`."""

    criteria: tuple[RubricCriterion, ...] = ()

    revision = HiddenField()
    rubric = HiddenField()
    whole = TextAreaField(
        _l("Nhận xét toàn bài"), filters=[_plain], validators=[Length(max=LONGEST_TEXT, message=_TOO_LONG)]
    )

    def revision_number(self) -> int:
        """The revision of the draft that the page was made from, or one that no draft has."""
        return whole_number(self.revision.data)

    def rubric_number(self) -> int:
        """The version of the rubric that the page shows; a page that names none is older than any change."""
        return max(whole_number(self.rubric.data), 0)

    def choose_anew(self, criteria: Collection[str]) -> None:
        """Empty the points of these criteria; everything else stays as it was typed."""
        for row in self.rows():
            if row.criterion.criterion in criteria:
                row.level.data = row.points.data = ""

    def rows(self) -> Iterator[CriterionFields]:
        """The fields criterion by criterion."""
        for number, criterion in enumerate(self.criteria):
            yield CriterionFields(
                criterion, self[f"level_{number}"], self[f"points_{number}"], self[f"comment_{number}"]
            )

    def show(self, points: Mapping[str, str], comments: Mapping[str, str], *, revision: int, comma: bool) -> None:
        """Fill the sheet with a stored draft."""
        self.revision.data = str(revision)
        self.whole.data = comments.get("", "")
        for row in self.rows():
            stored = points.get(row.criterion.criterion, "")
            row.level.data = stored
            row.points.data = points_text(stored, comma=comma)
            row.comment.data = comments.get(row.criterion.criterion, "")

    def read_points(self, stored: Mapping[str, str]) -> dict[str, Score]:
        """The points as the marker means them; what cannot stand leaves an error on its field and what was stored.

        Level and points say the same afterwards: a page that comes back with this form shows, and sends once more, what
        was meant and not the level or the points that it overruled.
        """
        found: dict[str, Score] = {}
        for row in self.rows():
            before = stored.get(row.criterion.criterion, "")
            meant = self._meant(row, before)
            points, refusal = _readable(meant, row.criterion) if meant else (None, "")
            if refusal:
                row.points.errors = [*row.points.errors, refusal]
                points = score(before) if before else None
            elif points is not None and meant != (row.points.data or "").strip():
                row.points.data = points_text(score_text(points), comma=current_locale() == "vi")
            row.level.data = "" if points is None else score_text(points)
            if points is not None:
                found[row.criterion.criterion] = points
        return found

    def read_comments(self, stored: Mapping[str, str]) -> dict[str, str]:
        """The comments by criterion, the one on the whole under the empty name; one with an error stays as stored."""
        fields = {"": self.whole, **{row.criterion.criterion: row.comment for row in self.rows()}}
        return {name: stored.get(name, "") if field.errors else field.data or "" for name, field in fields.items()}

    def unsaved(self) -> list[str]:
        """The criteria with an error; the whole under the empty name."""
        found = [row.criterion.criterion for row in self.rows() if row.points.errors or row.comment.errors]
        return [*found, ""] if self.whole.errors else found

    def is_foreign(self) -> bool:
        """Whether the form itself is refused, and not one of the fields that stand for themselves."""
        own = {field.name for row in self.rows() for field in (row.points, row.comment)} | {self.whole.name}
        return bool(set(self.errors) - own)

    @staticmethod
    def _meant(row: CriterionFields, stored: str) -> str:
        typed = (row.points.data or "").strip()
        chosen = row.level.data if isinstance(row.level.data, str) else ""
        before = (points_text(stored, comma=True), points_text(stored, comma=False), stored)
        if typed not in before:
            return typed
        return chosen if chosen and chosen != stored else stored


def scoring_form(criteria: Sequence[RubricCriterion]) -> type[ScoringForm]:
    """The sheet of one rubric: a level, points and a comment for each criterion that people mark."""
    return _scoring_form(tuple(criteria))


@lru_cache(maxsize=32)
def _scoring_form(criteria: tuple[RubricCriterion, ...]) -> type[ScoringForm]:
    """Making the class costs as much as filling it, and every save of a draft needs it."""
    fields: dict[str, Any] = {"criteria": criteria}
    for number in range(len(criteria)):
        fields[f"level_{number}"] = StringField(_l("Mức"))
        fields[f"points_{number}"] = StringField(_l("Điểm"), filters=[_plain])
        fields[f"comment_{number}"] = TextAreaField(
            _l("Nhận xét"), filters=[_plain], validators=[Length(max=LONGEST_TEXT, message=_TOO_LONG)]
        )
    return type("MarkScriptForm", (ScoringForm,), fields)


def points_text(stored: str, *, comma: bool) -> str:
    """Points as a person would type them: 12.50 is 12,5 (or 12.5), 10.00 is 10."""
    if not stored:
        return ""
    text = stored.rstrip("0").rstrip(".")
    return text.replace(".", ",") if comma else text


def whole_number(text: str | None) -> int:
    """A small whole number from a hidden field; -1 for anything else."""
    typed = (text or "").strip()
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= _MOST_DIGITS else -1


def example_points(criterion: RubricCriterion) -> str:
    """Points that the criterion takes, for a sentence that asks for some."""
    below = criterion.maximum - criterion.step
    return points_text(score_text(below if below > ZERO else criterion.maximum), comma=current_locale() == "vi")


def _readable(text: str, criterion: RubricCriterion) -> tuple[Score | None, str]:
    try:
        points = parse_score(text)
    except InvalidError:
        return None, _("Hãy ghi một số, ví dụ %(example)s.", example=example_points(criterion))
    maximum = points_text(score_text(criterion.maximum), comma=True)
    if points > criterion.maximum:
        return None, _("Nhiều nhất %(maximum)s điểm cho tiêu chí này.", maximum=maximum)
    if not is_multiple(points, criterion.step):
        step = points_text(score_text(criterion.step), comma=True)
        return None, _("Điểm đi theo bước %(step)s.", step=step)
    return points, ""
