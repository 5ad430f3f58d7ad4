"""Members and head of the panel declare their relations to candidates, against the final list."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.conflicts import OTHER_RELATION
from examsite.domain.errors import DomainError
from examsite.domain.permissions import Role
from examsite.services import conflicts
from examsite.services.rulesets import ruleset_of
from examsite.storage.database import db
from examsite.storage.queries.conflicts import find_declaration, list_final_candidacies
from examsite.web.access import requires
from examsite.web.errors import message_of, status_of
from examsite.web.forms.proposals import declare_conflicts_form
from examsite.web.i18n import _, localised
from examsite.web.panel import bp
from examsite.web.transactions import act, forget_changes, writes


@bp.route("/<code>/conflicts", methods=["GET", "POST"])
@requires(Role.PANELLIST, Role.PANEL_HEAD)
@writes
def declare_conflicts(code: str) -> ResponseReturnValue:
    """Say with whom on the list there is a relation, or that there is none."""
    session = db.session()
    listed = list_final_candidacies(session, g.competition.id)
    declaration = find_declaration(session, g.competition.id, g.actor.account_id)
    form = declare_conflicts_form(
        [
            (row.id, f"{row.candidate_number} · {row.full_name} · {row.unit} · {localised(row.post, 'title')}")
            for row in listed
        ],
        [
            *((item.code, localised(item.text, "")) for item in ruleset_of(g.competition).kinship),
            (OTHER_RELATION, _("Quan hệ khác có thể ảnh hưởng đến sự khách quan")),
        ],
        declared=declaration.conflicts if declaration is not None else None,
    )
    status = 200
    if form.is_submitted():
        status = 422
        chosen = form.conflicts() if form.validate() else None
        if chosen is not None:
            try:
                conflicts.declare_conflicts(act(), g.competition, chosen)
            except DomainError as error:
                forget_changes()
                status = status_of(error)
                form.form_errors.append(message_of(error))
            else:
                flash(_("Đã ghi lời khai. Có thay đổi thì khai lại; sổ ghi giữ cả hai lần."), "success")
                return redirect(url_for("panel.list_defences", code=code))
    page = render_template("panel/declare_conflicts.html", form=form, declaration=declaration, count=len(form.lines))
    return page, status
