"""Forms of the room: what an invigilator does at one seat, for the whole room, and what is signed after the close."""

from __future__ import annotations

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, HiddenField, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from examsite.domain.names import normalise_name
from examsite.domain.reasons import LONGEST_TEXT
from examsite.domain.rooms import LONGEST_MESSAGE
from examsite.domain.sittings import MAX_EXTENSION_MINUTES
from examsite.web.i18n import _l

_NEEDED = _l("Chưa điền.")
_TOO_LONG = _l("Dài quá %(max)d ký tự.")
_REASON = _l("Lý do, ghi vào biên bản")
_WHOLE_MINUTES = _l("Ghi số phút, chỉ dùng chữ số.")


def _one_line(value: str | None) -> str:
    return normalise_name(value or "")


def _reason(text: str = _REASON, *, needed: bool = True) -> StringField:
    first = InputRequired(_NEEDED) if needed else Optional()
    return StringField(text, filters=[_one_line], validators=[first, Length(max=300, message=_TOO_LONG)])


def _minutes(text: str) -> IntegerField:
    return IntegerField(
        text,
        validators=[
            InputRequired(_WHOLE_MINUTES),
            NumberRange(1, MAX_EXTENSION_MINUTES, message=_l("Số phút bù từ %(min)s đến %(max)s.")),
        ],
    )


class CheckInForm(FlaskForm):
    """The statement on the page is what is confirmed; a photo may come with it, and that somebody came late."""

    photo = FileField(
        _l("Ảnh chụp tại chỗ"),
        description=_l("JPEG hoặc PNG. Chỉ cán bộ coi phòng này xem được; ảnh được vẽ lại, không giữ gì ngoài hình."),
        validators=[Optional()],
    )
    came_late = BooleanField(
        _l("Thí sinh đến sau giờ bắt đầu"),
        description=_l("Để trống nếu thí sinh có mặt từ đầu và chỉ được đối chiếu muộn. Biên bản ghi theo mục này."),
    )


class WithdrawLatenessForm(FlaskForm):
    """Why somebody was not late after all."""

    reason = _reason()


class ExtendTimeForm(FlaskForm):
    """Time for one candidate, with its reason; `confirmed` once the exact sentence was read."""

    minutes = _minutes(_l("Số phút bù"))
    reason = _reason()
    confirmed = HiddenField()


class FreeAttemptForm(FlaskForm):
    """Why the machine is left."""

    reason = _reason()


class PauseForm(FlaskForm):
    """Why a clock stands still, or goes on."""

    reason = _reason()


class ForceHandInForm(FlaskForm):
    """Why somebody's test ends now; `confirmed` once the exact sentence was read."""

    reason = _reason()
    confirmed = HiddenField()


class MoveSeatForm(FlaskForm):
    """A free seat and why."""

    to = RadioField(_l("Chỗ mới"), validators=[InputRequired(_l("Chọn một chỗ trống."))])
    reason = _reason()

    def __init__(self, *args: object, seats: list[str], **kwargs: object) -> None:
        """Take the free seats from the caller."""
        super().__init__(*args, **kwargs)
        self.to.choices = [(seat, seat) for seat in seats]


class SendMessageForm(FlaskForm):
    """A message to one candidate or to the room."""

    text = TextAreaField(
        _l("Lời nhắn"),
        description=_l("Hiện ngay trên trang thi, không che bài. Không gợi ý về đề."),
        validators=[InputRequired(_NEEDED), Length(max=LONGEST_MESSAGE, message=_TOO_LONG)],
    )


class AnswerCallForm(FlaskForm):
    """What the candidate is told; without words the call is only closed."""

    text = StringField(
        _l("Trả lời thí sinh"),
        filters=[_one_line],
        description=_l("Hiện trên trang thi và ghi vào biên bản. Để trống nếu đã nói trực tiếp."),
        validators=[Optional(), Length(max=LONGEST_MESSAGE, message=_TOO_LONG)],
    )


class DecideLostTimeForm(FlaskForm):
    """Give back what was lost (the figure may be changed) or give nothing, with a reason."""

    minutes = IntegerField(
        _l("Phút"),
        default=0,
        validators=[
            InputRequired(_WHOLE_MINUTES),
            NumberRange(0, MAX_EXTENSION_MINUTES, message=_l("Từ %(min)s đến %(max)s.")),
        ],
    )
    seconds = IntegerField(
        _l("Giây"),
        default=0,
        validators=[
            InputRequired(_l("Ghi số giây, chỉ dùng chữ số.")),
            NumberRange(0, 59, message=_l("Từ %(min)s đến %(max)s.")),
        ],
    )
    reason = _reason(_l("Lý do, cần khi sửa số hoặc từ chối"), needed=False)

    @property
    def total_seconds(self) -> int:
        """What is given back. Unit: seconds."""
        return int(self.minutes.data or 0) * 60 + int(self.seconds.data or 0)


class GiveLostTimeForm(FlaskForm):
    """Nothing to fill in: the figure on the card is what is given back."""


class GiveAllLostTimesForm(FlaskForm):
    """Why everything that was measured in the room is given back at once."""

    reason = _reason()


class NoteAbsenceForm(FlaskForm):
    """Nothing to fill in: the statement on the page is what is confirmed."""


class NameLostTimeForm(FlaskForm):
    """Lost time that no machine could see, named by the invigilator."""

    minutes = _minutes(_l("Mất khoảng mấy phút, tính đến bây giờ"))
    cause = _reason(_l("Vì sao mất giờ, ghi vào biên bản"))


class RecordIncidentForm(FlaskForm):
    """Minutes of what happened; the measure is a proposal to the council."""

    minutes = TextAreaField(
        _l("Diễn biến"),
        description=_l("Ghi giờ, việc đã thấy, việc đã làm. Chỉ ghi nhận; hội đồng quyết định sau."),
        validators=[InputRequired(_NEEDED), Length(max=LONGEST_TEXT, message=_TOO_LONG)],
    )
    measure = SelectField(
        _l("Đề nghị xử lý"),
        description=_l("Chỉ là đề nghị. Hội đồng quyết định; mức trừ áp dụng khi ghép phách, không sớm hơn."),
        validators=[Optional()],
    )
    witnesses = StringField(
        _l("Người làm chứng"), filters=[_one_line], validators=[Optional(), Length(max=300, message=_TOO_LONG)]
    )

    def __init__(self, *args: object, measures: list[tuple[str, str]], **kwargs: object) -> None:
        """Take the measures of the rule set from the caller."""
        super().__init__(*args, **kwargs)
        self.measure.choices = [("", _l("Không đề nghị, chỉ ghi nhận")), *measures]


class AskRoomTimeForm(FlaskForm):
    """Time for everybody in the room; a second person decides."""

    minutes = _minutes(_l("Số phút bù cho cả phòng"))
    reason = _reason()


class AskLateAnswersForm(FlaskForm):
    """Why text that came too late should count; the council decides."""

    reason = _reason(_l("Vì sao phần này đến muộn, ghi vào biên bản"))


class DecideRequestForm(FlaskForm):
    """The second person: agree or refuse, with a reason for a refusal."""

    reason = _reason(_l("Lý do, cần khi không đồng ý"), needed=False)


class WithdrawRequestForm(FlaskForm):
    """Nothing to fill in: the statement on the page is what is confirmed."""


class HandOverForm(FlaskForm):
    """Minutes of a handover."""

    text = TextAreaField(
        _l("Nội dung bàn giao"),
        description=_l("Số thí sinh, chỗ cần chú ý, việc đang dở, vật dụng và tài liệu bàn giao."),
        validators=[InputRequired(_NEEDED), Length(max=LONGEST_TEXT, message=_TOO_LONG)],
    )
    handed_to = StringField(
        _l("Người nhận"), filters=[_one_line], validators=[InputRequired(_NEEDED), Length(max=200, message=_TOO_LONG)]
    )


class SignAttendanceForm(FlaskForm):
    """Nothing to fill in: the list on the page is what is signed."""


class SignResultsForm(FlaskForm):
    """Nothing to fill in: the list on the page is what is signed."""
