"""The record log in public: its signed checkpoints, proofs between any two, its witnesses, and checking a receipt.

Records themselves are not here: before the code map is opened only checkpoints are public, and afterwards the records
come with the bundle of the result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Response, abort, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.canonical import parse_instant
from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import DomainError, NotFoundError
from examsite.domain.receipts import MAX_RECEIPT
from examsite.domain.witnessing import request_text
from examsite.services.checkpoints import log_key
from examsite.services.log_proofs import prove_consistency
from examsite.services.receipts import Finding, ReceiptCheck, check_receipt, check_short_code
from examsite.services.witnesses import cosigned_note, key_of
from examsite.storage.database import db
from examsite.storage.queries.checkpoints import (
    count_checkpoints,
    count_cosignatures,
    list_checkpoint_page,
    list_cosignatures,
    list_witnesses,
    map_last_cosigned,
)
from examsite.storage.queries.competitions import get_public_competition
from examsite.storage.queries.records import find_last_checkpoint, get_checkpoint, get_log
from examsite.web.access import public
from examsite.web.errors import message_of, say_beside, show_refusal
from examsite.web.forms.log import CheckReceiptForm, CompareCheckpointsForm
from examsite.web.i18n import _, _l
from examsite.web.pictures import qr_picture
from examsite.web.public import bp
from examsite.web.transactions import writes_in_steps

if TYPE_CHECKING:
    from examsite.storage.models.competitions import Competition
    from examsite.storage.models.records import CheckpointRow, RecordLog

#: Checkpoints on one page.
PAGE_SIZE = 50

#: What is said of each thing that was asked of a receipt.
_FOUND = {
    ("signed", True): _l("Mốc %(size)s mục trên biên nhận có chữ ký đúng của sổ %(origin)s."),
    ("included", True): _l("Mục %(number)s dẫn đúng tới gốc của mốc ấy."),
    ("included", False): _l("Chứng minh không dẫn từ mục %(number)s tới gốc của mốc: biên nhận đã bị sửa."),
    ("continued", True): _l("Sổ ở mốc mới nhất, %(newest)s mục, nối tiếp đúng mốc trên biên nhận."),
    ("continued", False): _l(
        "Sổ hiện nay không nối tiếp mốc trên biên nhận: bị sửa hoặc bị đưa lùi. Hãy giữ biên nhận, báo ban giám sát."
    ),
    ("kept", True): _l("Mục %(number)s trong sổ hôm nay đúng từng chữ như trên biên nhận."),
    ("kept", False): _l("Mục %(number)s trong sổ hôm nay khác biên nhận. Hãy giữ biên nhận và báo ban giám sát."),
    ("found", True): _l("Sổ có mục mang mã %(code)s: mục %(number)s."),
    ("covered", True): _l("Mốc ký %(size)s mục đã bao gồm mục ấy."),
    ("covered", None): _l("Chưa có mốc ký nào bao gồm mục ấy; mốc sau được ký trong một phút."),
}


@bp.app_context_processor
def _hand_log_key() -> dict[str, Any]:
    """The key of a log for every page that is printed, and those of its witnesses for minutes, signed by hand."""

    def witnesses(competition_id: int) -> list[tuple[str, str]]:
        standing = list_witnesses(db.session(), competition_id, standing=True)
        return [(one.holder, one.public_key) for one in standing]

    return {
        "log_key_of": lambda code: log_key(current_app.extensions["signer"], code),
        "witness_keys_of": witnesses,
    }


@bp.get("/competitions/<code>/log")
@public
def show_log(code: str) -> ResponseReturnValue:
    """The newest checkpoint, all others, the witnesses, and the form that compares two."""
    session = db.session()
    competition, log = _log_of(code)
    form = CompareCheckpointsForm(request.args)
    compared = _compare(log, form) if form.is_asked() else None
    newest = find_last_checkpoint(session, log.code)
    last_signed = map_last_cosigned(session, log.id)
    count = count_checkpoints(session, log.id)
    pages = max(1, -(-count // PAGE_SIZE))
    page = min(max(request.args.get("page", 1, type=int), 1), pages)
    return render_template(
        "public/show_log.html",
        shown=competition,
        form=form,
        compared=compared,
        newest=newest,
        note="" if newest is None else cosigned_note(session, newest),
        picture="" if newest is None else qr_picture(newest.note, label=_("Mốc ký mới nhất")),
        key=log_key(current_app.extensions["signer"], log.code),
        witnesses=[
            (one, key_of(one).as_text(), last_signed.get(one.id)) for one in list_witnesses(session, competition.id)
        ],
        count=count,
        checkpoints=list_checkpoint_page(session, log.id, page=page, size=PAGE_SIZE),
        cosigned=count_cosignatures(session, log.id),
        page=page,
        pages=pages,
        page_url=lambda number: url_for("public.show_log", code=code, page=number),
    )


@bp.get("/competitions/<code>/log/checkpoint")
@public
def show_checkpoint(code: str) -> ResponseReturnValue:
    """The newest checkpoint as text, with the signatures of its witnesses."""
    _competition, log = _log_of(code)
    checkpoint = find_last_checkpoint(db.session(), log.code)
    if checkpoint is None:
        abort(404)
    return _text(cosigned_note(db.session(), checkpoint))


@bp.get("/competitions/<code>/log/<int(max=2147483647):size>")
@public
def show_log_checkpoint(code: str, size: int) -> ResponseReturnValue:
    """One checkpoint: its text, who cosigned it, and the request for a witness that signed an earlier one."""
    session = db.session()
    competition, log = _log_of(code)
    checkpoint = get_checkpoint(session, log.id, size)
    last_signed = map_last_cosigned(session, log.id)
    earlier = sorted({0, *(found for found in last_signed.values() if found < size)})
    asked = request.args.get("from", max(earlier), type=int)
    try:
        ask = _request(log, asked, checkpoint)
    except DomainError:
        asked, ask = 0, _request(log, 0, checkpoint)
    return render_template(
        "public/show_log_checkpoint.html",
        shown=competition,
        checkpoint=checkpoint,
        note=cosigned_note(session, checkpoint),
        cosignatures=list_cosignatures(session, checkpoint.id),
        asked=asked,
        earlier=earlier,
        picture=qr_picture(ask, label=_("Đề nghị đồng ký")),
        key=log_key(current_app.extensions["signer"], log.code),
    )


@bp.get("/competitions/<code>/log/<int(max=2147483647):size>/checkpoint.txt")
@public
def download_checkpoint(code: str, size: int) -> ResponseReturnValue:
    """One checkpoint as a file, with the signatures of its witnesses."""
    _competition, log = _log_of(code)
    checkpoint = get_checkpoint(db.session(), log.id, size)
    return _text(cosigned_note(db.session(), checkpoint), name=f"{code}-{size}.txt")


@bp.get("/competitions/<code>/log/<int(max=2147483647):size>/from/<int(max=2147483647):first>.txt")
@public
def download_proof(code: str, size: int, first: int) -> ResponseReturnValue:
    """That the log at this size continues the log at the first size, with the checkpoint: what a witness asks for."""
    _competition, log = _log_of(code)
    checkpoint = get_checkpoint(db.session(), log.id, size)
    return _text(_request(log, first, checkpoint), name=f"{code}-{first}-{size}.txt")


@bp.route("/competitions/<code>/receipt", methods=["GET", "POST"])
@public
@writes_in_steps
def check_shown_receipt(code: str) -> ResponseReturnValue:
    """Check a receipt that somebody pastes, uploads or reads aloud; nothing of it is kept."""
    competition, log = _log_of(code)
    form = CheckReceiptForm()
    found: ReceiptCheck | None = None
    status = 200
    if form.validate_on_submit():
        try:
            found = _check(log, form)
        except DomainError as error:
            show_refusal(form, error, beside="text")
            status = 422  # what was typed is not known; the page is
            competition, log = _log_of(code)
    elif form.is_submitted():
        status = 422
    page = render_template(
        "public/check_shown_receipt.html",
        recorded_at=parse_instant(found.receipt.record.at) if found and found.holds and found.receipt else None,
        shown=competition,
        form=form,
        found=found,
        lines=[] if found is None else [_line(finding) for finding in found.findings],
        key=log_key(current_app.extensions["signer"], log.code),
        has_bundle=competition.state.has_reached(CompetitionState.PUBLISHED),
    )
    return page, status


def _check(log: RecordLog, form: CheckReceiptForm) -> ReceiptCheck:
    text = form.text.data or ""
    if form.file.data:
        # What is no text is no receipt either, and is told so.
        text = form.file.data.stream.read(MAX_RECEIPT + 1).decode("utf-8", errors="replace")
    if "\n" in text.strip() or "{" in text:
        return check_receipt(db.session(), log.code, text, current_app.extensions["signer"])
    return check_short_code(db.session(), log.code, text)


def _line(finding: Finding) -> dict[str, Any]:
    """One sentence of what was found."""
    states = {True: "good", False: "bad", None: "none"}
    if finding.code == "signed" and not finding.holds:
        return {"state": "bad", "text": message_of(finding.params["why"])}
    return {"state": states[finding.holds], "text": str(_FOUND[(finding.code, finding.holds)]) % finding.params}


def _compare(log: RecordLog, form: CompareCheckpointsForm) -> dict[str, Any] | None:
    """Two checkpoints and the proof between them; None and an error at the field where there is no such one."""
    if not form.validate():
        return None
    first, second = sorted((form.first.data or 0, form.second.data or 0))
    found = []
    for size in (first, second):
        try:
            found.append(get_checkpoint(db.session(), log.id, size))
        except NotFoundError as error:
            say_beside(form.first if form.first.data == size else form.second, message_of(error))
            return None
    proof = prove_consistency(db.session(), log.id, first_size=first, second_size=second) if first != second else []
    return {"first": found[0], "second": found[1], "hashes": len(proof)}


def _request(log: RecordLog, first: int, checkpoint: CheckpointRow) -> str:
    if first == checkpoint.size:
        return request_text(first, (), checkpoint.note)
    proof = prove_consistency(db.session(), log.id, first_size=first, second_size=checkpoint.size)
    return request_text(first, proof, checkpoint.note)


def _log_of(code: str) -> tuple[Competition, RecordLog]:
    """The announced competition and its log; a draft does not exist here."""
    competition = get_public_competition(db.session(), code)
    return competition, get_log(db.session(), competition.code)


def _text(text: str, *, name: str | None = None) -> Response:
    response = Response(text, mimetype="text/plain")
    if name is not None:
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
