"""Forms about proposals and declared relations."""

from __future__ import annotations

from collections.abc import Iterable

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from examsite.domain.names import normalise_name, strip_accents
from examsite.domain.proposals import MOST_TITLE_LENGTH
from examsite.web.i18n import _, _l


class UploadProposalForm(FlaskForm):
    """One version of the own proposal."""

    title = StringField(
        _l("Tên đề án"),
        filters=[lambda value: normalise_name(value or "")],
        validators=[
            InputRequired(_l("Hãy ghi tên đề án.")),
            Length(max=MOST_TITLE_LENGTH, message=_l("Dài quá %(max)d ký tự.")),
        ],
    )
    file = FileField(_l("Tệp đề án"), validators=[FileRequired(_l("Chưa chọn tệp."))])


class DrawOrderForm(FlaskForm):
    """Nothing but the token against foreign requests."""


class DeclareConflictsForm(FlaskForm):
    """Whether there is any relation, and with whom; the lines of the list are added by `declare_conflicts_form`."""

    lines: tuple[tuple[int, str], ...] = ()
    #: Whether a relation may only be taken back by the council, so that the page asks why.
    asks_reason = False

    any_relation = RadioField(
        _l("Lời khai của tôi"),
        choices=[
            SelectChoice("none", _l("Tôi không có quan hệ thuộc diện phải khai với ai trong danh sách")),
            SelectChoice("some", _l("Tôi có quan hệ với những người tôi chọn dưới đây")),
        ],
        validators=[InputRequired(_l("Hãy chọn một lời khai."))],
    )

    find = StringField(
        _l("Tìm trong danh sách"),
        description=_l("Tên, số báo danh, đơn vị hoặc chức danh; có dấu hay không dấu đều được."),
        validators=[Optional(), Length(max=200, message=_l("Dài quá %(max)d ký tự."))],
    )
    unit = StringField(
        _l("Nơi tôi công tác"),
        description=_l("Phòng, ban hoặc đơn vị. Chỉ hội đồng đọc, để xét trường hợp cùng đơn vị."),
        validators=[Optional(), Length(max=200, message=_l("Dài quá %(max)d ký tự."))],
    )
    hometown = StringField(
        _l("Quê quán"),
        description=_l("Xã, phường và tỉnh. Chỉ hội đồng đọc, để xét trường hợp cùng họ, cùng quê."),
        validators=[Optional(), Length(max=200, message=_l("Dài quá %(max)d ký tự."))],
    )

    reason = TextAreaField(
        _l("Vì sao rút lời khai quan hệ"),
        description=_l("Chỉ ghi khi bỏ một quan hệ đã khai sau khi việc chấm đã bắt đầu. Hội đồng xét, hai người ghi."),
        validators=[Optional(), Length(max=4000, message=_l("Dài quá %(max)d ký tự."))],
    )

    def found(self) -> frozenset[str]:
        """The fields of the lines that hold every word looked for; all of them when nothing is looked for."""
        wanted = strip_accents(self.find.data or "").casefold().split()
        return frozenset(
            name
            for _key, name in self.lines
            if all(word in strip_accents(str(self[name].label.text)).casefold() for word in wanted)
        )

    def conflicts(self) -> dict[int, str] | None:
        """Candidacy and relation of every line chosen, or None with an error on the form."""
        chosen = {key: str(self[name].data) for key, name in self.lines if self[name].data}
        if self.any_relation.data == "none" and chosen:
            self.any_relation.errors = [_("Lời khai nói là không có ai, nhưng danh sách lại có người được chọn.")]
            return None
        if self.any_relation.data == "some" and not chosen:
            self.any_relation.errors = [_("Hãy chọn mối quan hệ ở dòng của từng người liên quan.")]
            return None
        return chosen


def declare_conflicts_form(
    people: Iterable[tuple[int, str]],
    relations: Iterable[tuple[str, str]],
    *,
    declared: dict[int, str] | None,
    unit: str = "",
    hometown: str = "",
) -> DeclareConflictsForm:
    """The form for a list of (candidacy, words) with the relations of the rule set; shows what was declared before."""
    lines = []
    fields: dict[str, object] = {}
    choices = [SelectChoice("", _("Không có")), *(SelectChoice(code, text) for code, text in relations)]
    for key, words in people:
        name = f"relation_{key}"
        fields[name] = SelectField(words, choices=choices, default=(declared or {}).get(key, ""))
        lines.append((key, name))
    kind = type("DeclareConflictsListForm", (DeclareConflictsForm,), {**fields, "lines": tuple(lines)})
    before = None if declared is None else ("some" if declared else "none")
    told = {"unit": unit, "hometown": hometown}
    form: DeclareConflictsForm = kind(data={"any_relation": before, **told} if before else None)
    return form
