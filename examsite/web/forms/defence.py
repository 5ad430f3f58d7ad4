"""Forms about the defence: a member's sheet, the lock, the reveal, the head's decision, the attendance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from examsite.domain.errors import InvalidError
from examsite.domain.reasons import LONGEST_TEXT
from examsite.domain.rubrics import RubricCriterion
from examsite.domain.scores import ZERO, Score, parse_score, score_text
from examsite.web.formatting import format_points
from examsite.web.forms.marking import example_points
from examsite.web.i18n import _, _l, localised

_MOST_DIGITS = 9
_TOO_LONG = _l("Dài quá %(max)d ký tự.")


def whole_number(text: str | None) -> int:
    """A revision as a page sent it back; -1, which no row has, for anything else."""
    typed = (text or "").strip()
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= _MOST_DIGITS else -1


class PanelActForm(FlaskForm):
    """Nothing but the token against foreign requests: an act that the page has spelled out."""


class FillSheetForm(FlaskForm):
    """One member's sheet for one defence; the fields of the criteria are added by `fill_sheet_form`."""

    criteria: tuple[RubricCriterion, ...] = ()

    revision = HiddenField()

    def points_field(self, criterion: str) -> Field:
        """The points of a criterion."""
        return self[f"points_{criterion}"]

    def comment_field(self, criterion: str) -> Field:
        """The comment on a criterion."""
        return self[f"comment_{criterion}"]

    def press(self, pressed: str, step: Score) -> None:
        """Do what a level or a step button says (`D1:15.00`, `D1:+`, `D1:-`) where no script did it before."""
        name, _colon, what = pressed.partition(":")
        criterion = next((item for item in self.criteria if item.criterion == name), None)
        if criterion is None:
            return
        field = self.points_field(name)
        try:
            now = parse_score(field.data or "0")
            wanted = {"+": now + step, "-": now - step}.get(what) if what in ("+", "-") else parse_score(what)
        except InvalidError:
            return
        if wanted is not None:
            field.data = score_text(max(ZERO, min(criterion.maximum, wanted)))

    def points(self) -> dict[str, Score] | None:
        """The points given so far, or None with an error on each field that cannot be read."""
        found = {}
        good = True
        for criterion in self.criteria:
            field = self.points_field(criterion.criterion)
            if not (field.data or "").strip():
                continue
            try:
                found[criterion.criterion] = parse_score(field.data)
            except InvalidError:
                field.errors = [
                    *field.errors,
                    _("Hãy ghi một số, ví dụ %(example)s.", example=example_points(criterion)),
                ]
                good = False
        return found if good else None

    def comments(self) -> dict[str, str]:
        """The comments by criterion."""
        return {item.criterion: self.comment_field(item.criterion).data or "" for item in self.criteria}


def fill_sheet_form(
    criteria: Sequence[RubricCriterion], *, points: Mapping[str, Score], comments: Mapping[str, str], revision: int
) -> FillSheetForm:
    """The sheet for these criteria, filled with what was saved; nothing is preselected."""
    fields: dict[str, object] = {"criteria": tuple(criteria)}
    data: dict[str, object] = {"revision": str(revision)}
    for item in criteria:
        words = localised(item.text, "")
        fields[f"points_{item.criterion}"] = StringField(_("Điểm: %(criterion)s", criterion=words))
        fields[f"comment_{item.criterion}"] = TextAreaField(
            _("Nhận xét của tôi"), validators=[Length(max=LONGEST_TEXT, message=_TOO_LONG)]
        )
        if item.criterion in points:
            data[f"points_{item.criterion}"] = format_points(points[item.criterion])
        data[f"comment_{item.criterion}"] = comments.get(item.criterion, "")
    form: FillSheetForm = type("FillSheetOfCriteriaForm", (FillSheetForm,), fields)(data=data)
    return form


class LockSheetForm(FlaskForm):
    """The lock of a sheet, over the revision whose total the page shows."""

    revision = HiddenField()

    def revision_number(self) -> int:
        """The revision, or one that no sheet has."""
        return whole_number(self.revision.data)


class RevealScoresForm(FlaskForm):
    """The reveal; for each member who has not locked, a reason why the member does not score this defence."""

    members: tuple[str, ...] = ()

    def excused(self) -> dict[str, str]:
        """The reasons that were given, by member."""
        return {name: reason for name in self.members if (reason := (self[f"reason_{name}"].data or "").strip())}


def reveal_scores_form(members: Iterable[tuple[str, str]]) -> RevealScoresForm:
    """The form for the members (pseudonym, words) who have not locked."""
    fields: dict[str, object] = {}
    names = []
    for name, words in members:
        names.append(name)
        fields[f"reason_{name}"] = StringField(words, validators=[Length(max=500, message=_TOO_LONG)])
    form: RevealScoresForm = type("RevealScoresOfPanelForm", (RevealScoresForm,), {**fields, "members": tuple(names)})()
    return form


class DecideScoreForm(FlaskForm):
    """The head's score and reason over the newest mark `seen`; `confirmed` is set by the page that repeats them."""

    score = StringField(_l("Điểm chính thức"), validators=[InputRequired(_l("Chưa điền điểm."))])
    reason = TextAreaField(
        _l("Lý do"),
        description=_l("Ghi vào biên bản và mở cùng kết quả. Không ghi tên người."),
        validators=[InputRequired(_l("Hãy ghi lý do.")), Length(max=LONGEST_TEXT, message=_TOO_LONG)],
    )
    confirmed = HiddenField()
    seen = HiddenField()

    def seen_number(self) -> int:
        """The record of the newest mark that the page showed; one that no mark has from a page that names none."""
        return whole_number(self.seen.data)

    def decided(self) -> Score | None:
        """The score, or None with an error on the field."""
        try:
            return parse_score(self.score.data or "")
        except InvalidError:
            self.score.errors = [*self.score.errors, _("Hãy ghi điểm dạng 65 hoặc 65,5.")]
            return None

    def field_at_fault(self, error: InvalidError) -> Field:
        """What a refusal speaks of: the reason if it says so, else the score."""
        return self.reason if error.params.get("field") == "reason" else self.score


class AgreeExcuseForm(FlaskForm):
    """The council agrees that a member does not score one defence; nobody is preselected."""

    member = SelectField(_l("Thành viên không chấm lượt này"), validators=[InputRequired(_l("Hãy chọn thành viên."))])
    reason = TextAreaField(
        _l("Lý do"),
        description=_l("Đã hỏi ai, vì sao người này không chấm được. Vào sổ ghi."),
        validators=[InputRequired(_l("Hãy ghi lý do.")), Length(max=LONGEST_TEXT, message=_TOO_LONG)],
    )


def agree_excuse_form(members: Iterable[str]) -> AgreeExcuseForm:
    """The form for the members of the panel, by pseudonym."""
    form = AgreeExcuseForm()
    form.member.choices = [("", _("Chọn một thành viên")), *((name, name) for name in members)]
    return form


class NoteIncidentForm(FlaskForm):
    """What came to light about a member; nobody is preselected."""

    member = SelectField(_l("Thành viên"), validators=[InputRequired(_l("Hãy chọn thành viên."))])
    what = TextAreaField(
        _l("Sự việc"),
        description=_l("Điều đã biết, từ đâu, lúc nào."),
        validators=[InputRequired(_l("Hãy ghi sự việc.")), Length(max=LONGEST_TEXT, message=_TOO_LONG)],
    )
    reason = TextAreaField(
        _l("Lý do ghi"),
        description=_l("Vì sao việc này đáng để hội đồng xem xét."),
        validators=[InputRequired(_l("Hãy ghi lý do.")), Length(max=LONGEST_TEXT, message=_TOO_LONG)],
    )


def note_incident_form(members: Iterable[str]) -> NoteIncidentForm:
    """The form for the members of the panel, by pseudonym."""
    form = NoteIncidentForm()
    form.member.choices = [("", _("Chọn một thành viên")), *((name, name) for name in members)]
    return form


class WriteAssessmentForm(FlaskForm):
    """What a member writes about a proposal before its defence."""

    text = TextAreaField(
        _l("Nhận xét của tôi về đề án"),
        validators=[Length(max=12000, message=_TOO_LONG)],
    )
    revision = HiddenField()


class ChangeSheetForm(FillSheetForm):
    """The own points after the discussion, with a reason; `confirmed` is set by the page that repeats both."""

    reason = TextAreaField(
        _l("Lý do đổi"),
        description=_l("Có trong biên bản. Không ghi tên người."),
        validators=[InputRequired(_l("Hãy ghi lý do.")), Length(max=LONGEST_TEXT, message=_TOO_LONG)],
    )
    confirmed = HiddenField()

    def field_at_fault(self, error: InvalidError) -> Field | None:
        """What a refusal speaks of: the points of a criterion, the reason, or the whole sheet."""
        name = str(error.params.get("criterion", ""))
        if any(item.criterion == name for item in self.criteria):
            return self.points_field(name)
        return self.reason if error.params.get("field") == "reason" else None


def change_sheet_form(criteria: Sequence[RubricCriterion], *, points: Mapping[str, Score]) -> ChangeSheetForm:
    """The form with the member's own locked points, which are what is changed."""
    fields: dict[str, object] = {"criteria": tuple(criteria)}
    data = {}
    for item in criteria:
        fields[f"points_{item.criterion}"] = StringField(localised(item.text, ""))
        data[f"points_{item.criterion}"] = format_points(points[item.criterion])
    form: ChangeSheetForm = type("ChangeSheetOfCriteriaForm", (ChangeSheetForm,), fields)(data=data)
    return form


class NoteQuestionForm(FlaskForm):
    """A question put to the candidate; the head says who asked."""

    asked_by = SelectField(_l("Người hỏi"), validate_choice=False)
    text = TextAreaField(
        _l("Câu hỏi"), validators=[InputRequired(_l("Hãy ghi câu hỏi.")), Length(max=LONGEST_TEXT, message=_TOO_LONG)]
    )
    answer = TextAreaField(_l("Ý chính trả lời"), validators=[Length(max=LONGEST_TEXT, message=_TOO_LONG)])


class NoteAnswerForm(FlaskForm):
    """The gist of an answer, in the place of what the page showed."""

    answer = TextAreaField(_l("Ý chính trả lời"), validators=[Length(max=LONGEST_TEXT, message=_TOO_LONG)])
    seen = HiddenField()


class NoteRecordingForm(FlaskForm):
    """Where the recording is kept, in the place of what the page showed."""

    reference = StringField(
        _l("Nơi giữ bản ghi âm, ghi hình"),
        description=_l("Tên tệp, mã thẻ nhớ hay số hồ sơ lưu; vào biên bản."),
        validators=[Length(max=200, message=_TOO_LONG)],
    )
    seen = HiddenField()


class RecordAttendanceForm(FlaskForm):
    """Who did not come; the lines are added by `record_attendance_form`."""

    positions: tuple[int, ...] = ()

    def absent(self) -> list[int]:
        """The places of the drawn order that are ticked."""
        return [position for position in self.positions if self[f"absent_{position}"].data]


class WithdrawAbsenceForm(FlaskForm):
    """Why somebody who was put down as absent was not."""

    reason = TextAreaField(
        _l("Lý do"),
        description=_l("Nhầm người, hay người ấy đến trước lượt của mình. Vào sổ ghi."),
        validators=[InputRequired(_l("Hãy ghi lý do.")), Length(max=LONGEST_TEXT, message=_TOO_LONG)],
    )


def record_attendance_form(lines: Iterable[tuple[int, str]]) -> RecordAttendanceForm:
    """The form for those whose turn has not begun, as (place, words)."""
    fields: dict[str, object] = {}
    positions = []
    for position, words in lines:
        positions.append(position)
        fields[f"absent_{position}"] = BooleanField(words)
    form: RecordAttendanceForm = type(
        "RecordAttendanceOfSessionForm", (RecordAttendanceForm,), {**fields, "positions": tuple(positions)}
    )()
    return form
