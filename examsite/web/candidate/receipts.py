"""Receipts of what a candidate hands in beside the test: a page to print, one QR code, a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import abort, g, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.events import Event
from examsite.domain.permissions import Role
from examsite.services.receipts import OwnReceipt, read_receipt
from examsite.storage.database import db
from examsite.storage.queries.candidacies import get_candidacy
from examsite.storage.queries.checkpoints import list_records_about
from examsite.storage.queries.proposals import get_version
from examsite.storage.queries.records import list_records_of_events
from examsite.web.access import requires
from examsite.web.candidate import bp
from examsite.web.downloads import send_receipt
from examsite.web.i18n import _
from examsite.web.pictures import qr_picture
from examsite.web.transactions import read_web_clock


@bp.get("/proposal/<int(max=9999):number>/receipt")
@requires(Role.CANDIDATE)
def show_proposal_receipt(number: int) -> ResponseReturnValue:
    """The receipt of one version of the own proposal, and the record that locked the last ones."""
    version, receipt = _proposal_receipt(number)
    facts = [
        (_("Bản"), f"{version.number} · {version.title}"),
        (_("Tệp"), version.upload.original_name),
    ]
    if version.locked_at is not None:
        # A supplementary defence has a locking of its own: theirs is the first one after the version.
        locks = list_records_of_events(db.session(), g.competition.code, (Event.PROPOSALS_LOCKED,))
        for row in [row for row in locks if row.seq > receipt.seq][:1]:
            lock = read_receipt(db.session(), g.competition.code, row.seq)
            facts.append((_("Khóa để bảo vệ"), _("bản ghi số %(seq)s, mã %(code)s", seq=lock.seq, code=lock.code)))
    return receipt_page(
        receipt,
        title=_("Biên nhận nộp đề án"),
        facts=facts,
        file_url=url_for("candidate.download_proposal_receipt", number=number),
        back=(_("Về trang đề án"), url_for("candidate.upload_version")),
    )


@bp.get("/proposal/<int(max=9999):number>/receipt.txt")
@requires(Role.CANDIDATE)
def download_proposal_receipt(number: int) -> ResponseReturnValue:
    """The receipt in full as a file; not there before a checkpoint covers its record."""
    _version, receipt = _proposal_receipt(number)
    if receipt.text is None:
        abort(404)
    return send_receipt(receipt.text, name=f"bien-nhan-de-an-{g.competition.code}-{receipt.seq}.txt")


def receipt_page(
    receipt: OwnReceipt,
    *,
    title: str,
    facts: Sequence[tuple[str, str]],
    file_url: str,
    back: tuple[str, str],
) -> str:
    """The page of any receipt of the candidate whose competition is in `g`."""
    short = f"{g.competition.code}\n{receipt.seq}\n{receipt.leaf}\n{receipt.code}"
    return render_template(
        "candidate/show_record_receipt.html",
        title=title,
        receipt=receipt,
        facts=facts,
        file_url=file_url,
        back=back,
        picture=qr_picture(receipt.text or short, label=_("Mã QR của biên nhận")),
        is_late=receipt.text is None and read_web_clock() > receipt.due_at,
        code=g.competition.code,
    )


def _proposal_receipt(number: int) -> tuple[Any, OwnReceipt]:
    """The version and the receipt of its record: every version made one, in the order of their numbers."""
    candidacy = get_candidacy(db.session(), g.actor.candidacy_id)
    g.competition = candidacy.competition
    version = get_version(db.session(), candidacy.id, number)
    subject = f"proposal/{candidacy.public_code}"
    made = list_records_about(db.session(), g.competition.code, "proposal:uploaded", subject)
    if len(made) < number:
        abort(404)
    return version, read_receipt(db.session(), g.competition.code, made[number - 1])
