"""Keys that several people hold, the same for every audience: the list, taking and trying sheets, typing words.

A page on which enough holders type their words makes its form with `join_key_form`, shows it with
`components/share_words.html` and opens with `joined`, which puts each refusal beside the sheet that it is about.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import ConflictError, InvalidError
from examsite.domain.permissions import Role
from examsite.domain.split_keys import TAKING_HOURS, KeyPurpose, takes_too_long
from examsite.services.key_sheets import get_triable_share, own_share, rehearse_share, show_sheet, take_sheet
from examsite.services.split_keys import SHEET_WORDS
from examsite.storage.database import db
from examsite.storage.queries.split_keys import count_untaken, get_split_key_number, list_split_keys
from examsite.web.errors import show_refusal
from examsite.web.forms.split_keys import JoinKeyForm, ShowSheetForm, TakeSheetForm, join_key_form
from examsite.web.i18n import _
from examsite.web.transactions import act, read_web_clock

if TYPE_CHECKING:
    from examsite.storage.models.split_keys import SplitKey

OpenedT = TypeVar("OpenedT")

#: Keys that the chair splits on the page; those of papers come with the sealed files.
SPLIT_HERE = (KeyPurpose.DRAWS, KeyPurpose.CODES)


def joined(form: JoinKeyForm, opening: Callable[[list[str]], OpenedT]) -> tuple[OpenedT | None, int]:
    """What `opening` gives for the words typed, or None and the status of a form whose faults are marked.

    Nothing of a refused opening is kept.
    """
    if not form.validate_on_submit():
        return None, 422 if request.method == "POST" else 200
    try:
        return opening(form.words()), 200
    except InvalidError as error:
        return None, show_refusal(form, error, beside=form.field_at_fault(error))


def serve_keys() -> ResponseReturnValue:
    """Which keys there are, who holds their sheets, when each was last tried; the chair splits what is missing."""
    # What waits for somebody stands first.
    keys = sorted(list_split_keys(db.session(), g.competition.id), key=lambda key: not count_untaken(key))
    now = read_web_clock()
    made = {key.purpose for key in keys}
    return render_template(
        "split_keys/list_keys.html",
        keys=keys,
        unmade=[purpose for purpose in SPLIT_HERE if purpose not in made],
        is_chair=g.actor.role is Role.CHAIR,
        is_early=g.competition.state is CompetitionState.DRAFT,
        own=g.actor.assignment_id,
        late={key.id for key in keys if count_untaken(key) and takes_too_long(key.made_at, now=now)},
        hours=TAKING_HOURS,
        to_take=sum(
            share.assignment_id == g.actor.assignment_id and share.waiting is not None
            for key in keys
            for share in key.shares
        ),
        to_check=sum(
            share.assignment_id == g.actor.assignment_id and share.taken_at is not None and share.checked_at is None
            for key in keys
            if key.opened_at is None
            for share in key.shares
        ),
        audience=request.blueprint,
    )


def serve_sheet(number: int) -> ResponseReturnValue:
    """The page before the own sheet, and the sheet itself, for nobody but its holder."""
    key = _key(number)
    own_share(act(), g.competition, key)
    form, sheet = ShowSheetForm(), None
    if form.validate_on_submit():
        sheet = show_sheet(act(), g.competition, key)
    share = own_share(act(), g.competition, key)
    if share.waiting is None:
        raise ConflictError("sheet_taken")
    return render_template(
        "split_keys/show_sheet.html" if sheet is None else "split_keys/print_sheet.html",
        form=form if sheet is None else TakeSheetForm(formdata=None),
        key=key,
        share=share,
        sheet=sheet,
        audience=request.blueprint,
    ), 422 if form.errors else 200


def serve_taking(number: int) -> ResponseReturnValue:
    """The holder says that the own sheet is on paper; its words are destroyed."""
    if not TakeSheetForm().validate_on_submit():
        raise InvalidError("sheet_not_printed")
    in_force = take_sheet(act(), g.competition, _key(number))
    flash(
        _("Mọi tờ đã có người giữ, khóa có hiệu lực. Hãy thử tờ của anh/chị rồi cất đi.")
        if in_force
        else _("Tờ của anh/chị đã ở trên giấy, máy chủ không còn giữ từ nào của tờ này."),
        "success",
    )
    return redirect(url_for(f"{request.blueprint}.list_keys", code=g.competition.code))


def serve_rehearsal(number: int, *, back: str) -> ResponseReturnValue:
    """A holder types the words of the own sheet, to see that it is the right one and can be read."""
    key = _key(number)
    own = get_triable_share(act(), g.competition, key).number
    purpose, needed = key.purpose, key.needed
    form = join_key_form(1)
    found, status = joined(form, lambda words: rehearse_share(act(), g.competition, _key(number), words[0]))
    if found is not None:
        flash(_("Đúng tờ khóa của anh/chị, đọc rõ cả 33 từ. Hãy cất lại như cũ."), "success")
        return redirect(url_for(back, code=g.competition.code))
    return (
        render_template(
            "split_keys/rehearse_share.html",
            form=form,
            purpose=purpose,
            subject=key.subject,
            sheet=own,
            needed=needed,
            sheet_words=SHEET_WORDS,
            back=url_for(back, code=g.competition.code),
        ),
        status,
    )


def _key(number: int) -> SplitKey:
    """The key of the address; asked for again after a refusal, which forgets what was read."""
    return get_split_key_number(db.session(), g.competition.id, number)
