"""The signing page of the council and of the approving authority: read the document, say yes or no, over its hash.

A passkey signs the hash on the page itself; who has none is asked for a code on the way (`@fresh_factor`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.errors import DomainError
from examsite.domain.events import Event
from examsite.domain.permissions import Role
from examsite.domain.publication import Decision
from examsite.domain.recomputation import recompute
from examsite.domain.scores import ZERO
from examsite.domain.ties import CrossingTie, open_ties
from examsite.services.passkeys import ask_for_signature
from examsite.services.publication import SIGNABLE, TAIL_LENGTH, sign_result, signing_right
from examsite.services.rulesets import ruleset_of
from examsite.storage.database import db
from examsite.storage.queries.conflicts import list_recused_accounts
from examsite.storage.queries.explanations import count_open_explanations
from examsite.storage.queries.records import find_last_checkpoint, list_records_of_events
from examsite.storage.queries.results import (
    COUNCIL,
    council_approvals,
    find_newest_version,
    get_result_version,
    list_result_versions,
    list_signers,
    result_document,
)
from examsite.web.corrections import changes_since_published
from examsite.web.errors import show_on_field
from examsite.web.findings import conclusion_of, current_report, stability_views
from examsite.web.formatting import format_score
from examsite.web.forms.ranking import SignResultForm
from examsite.web.fresh_factors import passkey_host, was_shown
from examsite.web.i18n import _, ngettext
from examsite.web.labels import error_text, label
from examsite.web.labels.ranking import NEXT_STEPS, TAGS
from examsite.web.results import ResultView, view_result
from examsite.web.transactions import act, write_now

if TYPE_CHECKING:
    from examsite.storage.models.competitions import Competition
    from examsite.storage.models.ranking import ResultVersion


#: A refusal of what a passkey signed stands where the hash is typed: that field is on the page.
HIDDEN_FIELDS = {"assertion": "sha_tail"}


@dataclass(frozen=True)
class SignatureLine:
    """Who signed, refused, waits or stays aside."""

    name: str
    role: str
    state: str
    signed_at: datetime | None = None
    mine: bool = False
    note: str = ""
    #: How it was signed, in words; empty for a refusal, which a passkey never signs.
    way: str = ""
    of_council: bool = True


@dataclass(frozen=True)
class VersionLine:
    """One version in the list of versions."""

    number: int
    sha256: str
    kind: str
    state_text: str
    computed_at: datetime
    refusals: tuple[str, ...]
    is_published: bool = False


def serve_signing(audience: str) -> ResponseReturnValue:
    """Show the newest version with the form of this person, or take the signature; `audience` is the blueprint."""
    form = SignResultForm()
    if form.is_submitted():
        if form.validate() and _is_signed(form):
            flash(_("Đã ghi ý kiến vào sổ ghi. Ký rồi không rút lại được."), "success")
            return redirect(url_for(f"{audience}.sign_result", code=g.competition.code))
        return _newest_page(form, audience), 422
    return _newest_page(form, audience)


def serve_version(number: int, audience: str) -> ResponseReturnValue:
    """One version to read, without a form."""
    version = get_result_version(db.session(), g.competition.id, number)
    return _page(SignResultForm(formdata=None), version, audience)


def signature_lines(competition: Competition, version: ResultVersion) -> list[SignatureLine]:
    """Everyone who may sign, in order, with what they said; those who left since stand last."""
    session = db.session()
    said = {signature.assignment.account_id: signature for signature in version.signatures}
    conflicted = list_recused_accounts(session, competition.id)
    holders = list_signers(session, competition.id)
    known = {row.account_id for row in holders}
    holders += [item.assignment for item in version.signatures if item.assignment.account_id not in known]
    ways = _ways_of_signing(competition)
    lines = []
    for row in holders:
        signature = said.get(row.account_id)
        state, note = "todo", ""
        if signature is not None:
            state = "signed" if signature.decision is Decision.AGREED else "refused"
            note = _("Lý do: %(reason)s", reason=signature.reason) if signature.reason else ""
        elif row.account_id in conflicted:
            note = _("Đã khai xung đột lợi ích: chỉ đọc")
        mine = row.account_id == g.actor.account_id
        if mine and signature is None and row.account_id not in conflicted and version.state in SIGNABLE[row.role]:
            state = "waiting"
        lines.append(
            SignatureLine(
                name=row.account.display_name,
                role=row.account.position_title or label(row.role),
                state=state,
                signed_at=None if signature is None else signature.signed_at,
                mine=mine,
                note=note,
                way=ways.get(signature.record_seq, "") if signature is not None else "",
                of_council=row.role in COUNCIL,
            )
        )
    return lines


def way_of_signing(*, has_assertion: bool) -> str:
    """Whether a stranger can check the signature, in words."""
    return _("ký bằng khóa truy cập, kèm chữ ký số") if has_assertion else _("ký bằng mã, không kèm chữ ký số")


def _ways_of_signing(competition: Competition) -> dict[int, str]:
    """By the number of its record, whether an approval carries a signature that a stranger can check."""
    rows = list_records_of_events(db.session(), competition.code, {Event.RESULT_APPROVED.value})
    return {row.seq: way_of_signing(has_assertion=bool(row.content.get("assertion"))) for row in rows if row.content}


def version_lines(competition: Competition) -> list[VersionLine]:
    """Every version, newest first, with the reasons of those who refused."""
    return [
        VersionLine(
            number=version.number,
            sha256=version.sha256,
            kind=TAGS[version.state],
            state_text=label(version.state),
            computed_at=version.computed_at,
            is_published=version.published_at is not None,
            refusals=tuple(
                _("%(name)s: %(reason)s", name=item.assignment.account.display_name, reason=item.reason)
                for item in version.signatures
                if item.decision is Decision.REFUSED
            ),
        )
        for version in list_result_versions(db.session(), competition.id)
    ]


def approvals_text(competition: Competition, version: ResultVersion) -> str:
    """How many of the council agreed, and how many are needed."""
    ruleset = ruleset_of(competition)
    return _(
        "%(have)s đồng ý, cần ít nhất %(need)s trên %(size)s",
        have=len(council_approvals(version)),
        need=ruleset.approvals_council,
        size=len(list_signers(db.session(), competition.id, *COUNCIL)),
    )


def checks_of(view: ResultView, ties: tuple[CrossingTie, ...]) -> list[dict[str, Any]]:
    """What to know before signing, computed now from the very document on the page."""
    problems = recompute(view.document)
    if problems:
        text = ngettext("Tính lại độc lập: lệch %(num)d chỗ", "Tính lại độc lập: lệch %(num)d chỗ", len(problems))
        checks = [{"state": "bad", "text": text, "note": problems[0].where}]
    else:
        text = _("Tính lại độc lập từ điểm tiêu chí: trùng mọi số")
        checks = [{"state": "good", "text": text, "note": _("Máy chủ vừa tính lại bằng chương trình thứ hai.")}]
    for tie in ties:
        codes = ", ".join(tie.codes)
        note = _("%(codes)s cùng hạng %(rank)s, còn %(places)s chỗ", codes=codes, rank=tie.rank, places=tie.places)
        checks.append({"state": "attention", "text": _("Đồng hạng ở chỗ cuối cùng, chưa ai quyết định"), "note": note})
    rows = [row for post in view.posts for row in post.rows]
    decided = [row.code for row in rows if any((part.stated["settlement"] or {}).get("seq") for part in row.listed)]
    if decided:
        text = ngettext(
            "%(num)d người có điểm do trưởng ban quyết định",
            "%(num)d người có điểm do trưởng ban quyết định",
            len(decided),
        )
        checks.append({"state": "attention", "text": text, "note": ", ".join(decided)})
    deducted = [row.code for row in rows if any(part.percent for part in row.listed)]
    if deducted:
        text = ngettext("%(num)d người bị trừ điểm", "%(num)d người bị trừ điểm", len(deducted))
        checks.append({"state": "attention", "text": text, "note": ", ".join(deducted)})
    for post in view.posts:
        ranked = [row for row in post.rows if row.total is not None]
        if len(post.selected) == post.vacancies < len(ranked) and post.tie is None:
            lead = (post.selected[-1].total or ZERO) - (ranked[post.vacancies].total or ZERO)
            checks.append(
                {
                    "state": "fact" if lead else "attention",
                    "text": _("Cách biệt giữa người được chọn cuối cùng và người kế tiếp, %(post)s", post=post.code),
                    "aside": format_score(lead),
                }
            )
    return checks


def _newest_page(form: SignResultForm, audience: str) -> str:
    version = find_newest_version(db.session(), g.competition.id)
    if version is None:
        return render_template(f"{audience}/sign_result.html", version=None)
    form.version.data = version.number
    return _page(form, version, audience)


def _page(form: SignResultForm, version: ResultVersion, audience: str) -> str:
    session, competition = db.session(), g.competition
    view = view_result(session, competition, version, ruleset_of(competition))
    ties = open_ties(result_document(version))
    versions = version_lines(competition)
    right, host = signing_right(act(), competition, version), passkey_host()
    form.assertion.data = ""  # a signature is made anew for each sending
    lines = signature_lines(competition, version)
    return render_template(
        f"{audience}/sign_result.html",
        form=form,
        version=version,
        version_kind=TAGS[version.state],
        version_state=label(version.state),
        view=view,
        counts=view.counts(),
        lines=lines,
        versions=versions,
        approvals=approvals_text(competition, version),
        checks=[*checks_of(view, ties), *_findings_checks()],
        ties=ties,
        firmness=stability_views(version),
        is_newest=versions[0].number == version.number,
        newest=versions[0].number,
        may_sign=right.may_sign,
        passkey=ask_for_signature(act(), version.sha256, host=host) if right.may_sign and host else None,
        asks_factor=not was_shown(),
        must_read=right.code == "findings_not_read",
        why_not="" if right.code is None else error_text(right.code, {"post": ""}),
        next_step=NEXT_STEPS.get(version.state),
        tail_length=TAIL_LENGTH,
        tail=version.sha256[-TAIL_LENGTH:],
        my_name=next((line.name for line in lines if line.mine), ""),
        my_role=label(g.actor.role),
        is_authority=g.actor.role is Role.AUTHORITY,
        audience=audience,
        change=changes_since_published(competition, version),
        checkpoint=find_last_checkpoint(session, competition.code),
    )


def _findings_checks() -> list[dict[str, Any]]:
    """What the report before signing says, in one line each."""
    report = current_report()
    checks: list[dict[str, Any]] = [
        {"state": "attention" if report.pressing else "good", "text": conclusion_of(report)}
    ]
    waiting = count_open_explanations(db.session(), g.competition.id)
    if waiting:
        text = ngettext(
            "%(num)d đề nghị giải trình chưa được trả lời", "%(num)d đề nghị giải trình chưa được trả lời", waiting
        )
        checks.append({"state": "attention", "text": text})
    return checks


def _is_signed(form: SignResultForm) -> bool:
    """Sign; says on the form what is wrong."""
    try:
        with write_now() as ctx:
            sign_result(
                ctx,
                g.competition,
                form.version.data or 0,
                decision=Decision(form.decision.data),
                sha_tail=form.sha_tail.data,
                reason=form.reason.data or "",
                signed=form.assertion.data or None,
            )
    except DomainError as error:
        show_on_field(form, error, instead=HIDDEN_FIELDS)
        return False
    return True
