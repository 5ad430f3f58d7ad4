"""The council judges what hints at a relation between a person of a board and a candidate.

Decision: names of people and roles, no pseudonyms and no scripts: who judges here learns nothing of the marking.
"""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import DomainError, NotFoundError
from examsite.domain.permissions import Role
from examsite.services import conflicts
from examsite.storage.database import db
from examsite.storage.queries.conflicts import HintedPair, count_undeclared, list_hinted_pairs
from examsite.storage.queries.corrections import marking_state
from examsite.web.access import requires
from examsite.web.council import bp
from examsite.web.council.desk import Card, desk_card
from examsite.web.errors import show_refusal
from examsite.web.forms.marking import JudgeHintForm
from examsite.web.i18n import _, ngettext
from examsite.web.labels import label
from examsite.web.transactions import act, writes


@desk_card
def waiting_hints(competition: Any) -> Card | None:
    """Pairs that nobody judged yet, from the final list until the ranking."""
    state = marking_state(db.session(), competition)
    if not state.has_reached(CompetitionState.ROSTERED) or state.has_reached(CompetitionState.RANKED):
        return None
    waiting = sum(1 for pair in list_hinted_pairs(db.session(), competition.id) if pair.is_waiting)
    if not waiting:
        return None
    return Card(
        title=_("Dấu hiệu xung đột lợi ích chờ xét"),
        text=ngettext(
            "%(num)d cặp người trong hội đồng, ban và thí sinh có điểm chung. Xét xong mới rút thăm phân công chấm.",
            "%(num)d cặp người trong hội đồng, ban và thí sinh có điểm chung. Xét xong mới rút thăm phân công chấm.",
            waiting,
        ),
        action=_("Xét từng cặp"),
        url=url_for("council.list_conflict_hints", code=competition.code),
        urgent=True,
    )


@bp.get("/<code>/conflicts/hints")
@requires(Role.CHAIR, Role.COUNCIL_MEMBER)
def list_conflict_hints(code: str) -> ResponseReturnValue:
    """Every pair with something in common: those to judge first, then what was judged."""
    pairs = list_hinted_pairs(db.session(), g.competition.id)
    undeclared = count_undeclared(db.session(), g.competition.id)
    return render_template(
        "council/list_conflict_hints.html",
        waiting=[pair for pair in pairs if pair.is_waiting],
        settled=[pair for pair in pairs if not pair.is_waiting],
        undeclared=[(label(role), count) for role, count in undeclared.items()],
        is_final=g.competition.state.has_reached(CompetitionState.ROSTERED),
        own_account=g.actor.account_id,
        code=code,
    )


@bp.route(
    "/<code>/conflicts/hints/<int(max=2147483647):account>/<int(max=2147483647):candidacy>", methods=["GET", "POST"]
)
@requires(Role.CHAIR, Role.COUNCIL_MEMBER)
@writes
def judge_hint(code: str, account: int, candidacy: int) -> ResponseReturnValue:
    """Judge one pair with a reason."""
    pair = _find(account, candidacy)
    form = JudgeHintForm()
    status = 200
    if form.is_submitted():
        status = 422
        if form.validate():
            try:
                ruling = conflicts.judge_hint(
                    act(),
                    g.competition,
                    account_id=account,
                    candidacy_id=candidacy,
                    is_barred=form.ruling.data == "barred",
                    reason=form.reason.data or "",
                )
            except DomainError as error:
                status = show_refusal(form, error)
                pair = _find(account, candidacy)
            else:
                if ruling.is_pending:
                    flash(_("Đã ghi. Có hiệu lực khi một thành viên khác của hội đồng ghi như vậy."), "success")
                else:
                    flash(_("Đã ghi kết luận. Có thêm dấu hiệu thì hệ thống hỏi lại."), "success")
                return redirect(url_for("council.list_conflict_hints", code=code))
    shared = ", ".join(label(hint) for hint in pair.hints)
    page = render_template("council/judge_hint.html", form=form, pair=pair, hint_words=shared, code=code)
    return page, status


def _find(account: int, candidacy: int) -> HintedPair:
    for pair in list_hinted_pairs(db.session(), g.competition.id):
        if (pair.holder.account_id, pair.candidacy.id) == (account, candidacy):
            return pair
    raise NotFoundError("hint_not_found")
