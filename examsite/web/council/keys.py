"""Keys that the council and those who watch it hold together: split, printed, tried."""

from __future__ import annotations

from typing import Any

from flask import current_app, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from itsdangerous import BadSignature, URLSafeTimedSerializer

from examsite.domain.errors import ConflictError, InvalidError, NotFoundError
from examsite.domain.permissions import Role
from examsite.domain.split_keys import KeyPurpose
from examsite.services.rulesets import ruleset_of
from examsite.services.split_keys import HOLDERS, SplitSecret, keep_split_key, prepare_split_key
from examsite.storage.database import db
from examsite.storage.queries.accounts import list_holders
from examsite.storage.queries.split_keys import find_split_key
from examsite.web.access import fresh_factor, requires
from examsite.web.council import bp
from examsite.web.errors import message_of, status_of
from examsite.web.forms.split_keys import KeepKeyForm, split_key_form
from examsite.web.i18n import _
from examsite.web.labels import label
from examsite.web.split_keys import SPLIT_HERE, serve_check, serve_keys
from examsite.web.transactions import act, forget_changes, writes

#: How long a page with sheets may stay open before it is confirmed. Source: our choice, because printing a dozen
#: sheets and folding them takes less. Unit: seconds.
_PRINTING_SECONDS = 7200


@bp.get("/<code>/keys")
@requires(Role.CHAIR, Role.COUNCIL_MEMBER)
def list_keys(code: str) -> ResponseReturnValue:  # noqa: ARG001 -- part of the address
    """The keys of the competition, their holders and their state."""
    return serve_keys()


@bp.route("/<code>/keys/<purpose>/split", methods=["GET", "POST"])
@requires(Role.CHAIR)
@fresh_factor
@writes
def split_key(code: str, purpose: str) -> ResponseReturnValue:
    """Pick the holders; then the sheets, once. Nothing is written down before they are printed."""
    aim = _purpose(purpose)
    if find_split_key(db.session(), g.competition.id, aim) is not None:
        raise ConflictError("split_key_made")
    people = list_holders(db.session(), g.competition.id, *HOLDERS)
    ruleset = ruleset_of(g.competition)
    form = split_key_form(
        holders=[(row.id, f"{row.pseudonym} · {row.account.display_name} · {label(row.role)}") for row in people],
        chosen=[row.id for row in people[: ruleset.paper_holders]],
        needed=ruleset.paper_holders_needed,
    )
    status = 422 if request.method == "POST" else 200
    if form.validate_on_submit():
        chosen = [row for row in people if row.id in (form.holders.data or ())]
        try:
            made, sheets = prepare_split_key(
                act(), g.competition, aim, holders=chosen, needed=int(form.needed.data or 0)
            )
        except InvalidError as error:
            forget_changes()
            form.holders.errors = [message_of(error)]
            status = status_of(error)
        else:
            keep = KeepKeyForm(formdata=None)
            keep.sealed.data = _serializer().dumps(
                {
                    "purpose": aim.value,
                    "competition": g.competition.id,
                    "account": g.actor.account_id,
                    "recipient": made.recipient,
                    "identifier": made.identifier,
                    "needed": made.needed,
                    "holders": [row.id for row in chosen],
                }
            )
            return render_template(
                "split_keys/print_sheets.html",
                form=keep,
                purpose=aim,
                needed=made.needed,
                sheets=[
                    (sheet, row.account.display_name, label(row.role))
                    for sheet, row in zip(sheets, chosen, strict=True)
                ],
                code=code,
            )
    return render_template("split_keys/split_key.html", form=form, purpose=aim, code=code), status


@bp.post("/<code>/keys/<purpose>/keep")
@requires(Role.CHAIR)
@fresh_factor
@writes
def keep_key(code: str, purpose: str) -> ResponseReturnValue:
    """Put the key in force whose sheets were just printed."""
    form = KeepKeyForm()
    aim = _purpose(purpose)
    if not form.validate_on_submit():
        raise InvalidError("split_key_not_printed")
    said = _read(form.sealed.data or "")
    if (said.get("purpose"), said.get("competition"), said.get("account")) != (
        aim.value,
        g.competition.id,
        g.actor.account_id,
    ):
        raise InvalidError("split_key_page_old")
    people = {row.id: row for row in list_holders(db.session(), g.competition.id, *HOLDERS)}
    if not set(said["holders"]) <= set(people):
        raise InvalidError("split_key_page_old")
    made = SplitSecret(said["recipient"], said["identifier"], said["needed"], ())
    keep_split_key(act(), g.competition, aim, made=made, holders=[people[number] for number in said["holders"]])
    flash(_("Khóa đã có hiệu lực. Giao từng tờ tận tay, rồi mỗi người thử tờ của mình ở trang này."), "success")
    return redirect(url_for("council.list_keys", code=code))


@bp.route("/<code>/keys/<int(max=2147483647):key>/check", methods=["GET", "POST"])
@requires(Role.CHAIR, Role.COUNCIL_MEMBER)
@writes
def check_sheet(code: str, key: int) -> ResponseReturnValue:  # noqa: ARG001 -- part of the address
    """A member tries the own sheet."""
    return serve_check(key, back="council.list_keys")


def _purpose(text: str) -> KeyPurpose:
    if text not in {purpose.value for purpose in SPLIT_HERE}:
        raise NotFoundError("split_key_not_found")
    return KeyPurpose(text)


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.extensions["settings"].secret_key, salt="split-key")


def _read(sealed: str) -> dict[str, Any]:
    try:
        said: dict[str, Any] = _serializer().loads(sealed, max_age=_PRINTING_SECONDS)
    except BadSignature:
        raise InvalidError("split_key_page_old") from None
    return said
