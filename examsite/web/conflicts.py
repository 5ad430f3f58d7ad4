"""The declaration of relations to candidates, the same page for every board, and the word on a desk that it is owed.

A view of an audience is one call of `serve_declaration`; a desk calls `declaration_word` and shows
`components/conflict_notice.html`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.competitions import CompetitionState
from examsite.domain.conflicts import DECLARING, OTHER_RELATION
from examsite.domain.errors import DomainError
from examsite.domain.names import normalise_name
from examsite.services import conflicts
from examsite.services.rulesets import ruleset_of
from examsite.storage.database import db
from examsite.storage.queries.conflicts import Declaration, find_declaration, has_work_begun, list_final_candidacies
from examsite.storage.queries.corrections import marking_state
from examsite.web.errors import show_refusal
from examsite.web.forms.proposals import DeclareConflictsForm, declare_conflicts_form
from examsite.web.i18n import _, localised
from examsite.web.transactions import act


@dataclass(frozen=True)
class DeclarationWord:
    """What a desk says about the person's own declaration: where it is made, and when it was."""

    url: str
    declared_at: datetime | None


def declaration_word() -> DeclarationWord | None:
    """What the desk of this person says, or None while there is no final list or nothing left to keep apart."""
    competition, actor = g.competition, g.actor
    if competition is None or actor.role not in DECLARING or not _is_asked(marking_state(db.session(), competition)):
        return None
    declaration = find_declaration(db.session(), competition.id, actor.account_id)
    return DeclarationWord(
        url=url_for(f"{request.blueprint}.declare_conflicts", code=competition.code),
        declared_at=None if declaration is None else declaration.declared_at,
    )


def serve_declaration(*, back: str) -> ResponseReturnValue:
    """The page with the final list; a valid answer is put down and leads to the endpoint `back`."""
    code = g.competition.code
    declaration = find_declaration(db.session(), g.competition.id, g.actor.account_id)
    form = _form(declaration)
    form.asks_reason = bool(declaration and declaration.conflicts) and has_work_begun(
        db.session(), g.competition.id, g.actor.account_id
    )
    status = 200
    # Looking for somebody sends the whole form, so that what was chosen before is not lost; it declares nothing.
    if form.is_submitted() and "seek" not in request.form:
        status = 422
        chosen = form.conflicts() if form.validate() else None
        if chosen is not None:
            try:
                conflicts.declare_conflicts(
                    act(),
                    g.competition,
                    chosen,
                    unit=normalise_name(form.unit.data or ""),
                    hometown=normalise_name(form.hometown.data or ""),
                    reason=form.reason.data or "",
                )
            except DomainError as error:
                status = show_refusal(form, error)
            else:
                flash(_("Đã ghi lời khai. Có thay đổi thì khai lại; sổ ghi giữ cả hai lần."), "success")
                return redirect(url_for(back, code=code))
    page = render_template(
        "conflicts/declare_conflicts.html",
        form=form,
        declaration=declaration,
        is_final=g.competition.state.has_reached(CompetitionState.ROSTERED),
        own_url=url_for(f"{request.blueprint}.declare_conflicts", code=code),
        back_url=url_for(back, code=code),
    )
    return page, status


def _form(declaration: Declaration | None) -> DeclareConflictsForm:
    listed = []
    if g.competition.state.has_reached(CompetitionState.ROSTERED):
        listed = list_final_candidacies(db.session(), g.competition.id)
    return declare_conflicts_form(
        [
            (row.id, f"{row.candidate_number} · {row.full_name} · {row.unit} · {localised(row.post, 'title')}")
            for row in listed
        ],
        [
            *((item.code, localised(item.text, "")) for item in ruleset_of(g.competition).kinship),
            (OTHER_RELATION, _("Quan hệ khác có thể ảnh hưởng đến sự khách quan")),
        ],
        declared=declaration.conflicts if declaration is not None else None,
        unit="" if declaration is None else declaration.unit,
        hometown="" if declaration is None else declaration.hometown,
    )


def _is_asked(state: CompetitionState) -> bool:
    return state.has_reached(CompetitionState.ROSTERED) and not state.has_reached(CompetitionState.RANKED)
