"""The record log as a story: who did what when, to filter and to read; contents only where they are no secret."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from flask import current_app, g, render_template, request, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.competitions import CompetitionState
from examsite.domain.events import Event
from examsite.domain.oversight import is_readable_by_supervisors
from examsite.domain.permissions import Role
from examsite.storage.database import db
from examsite.storage.queries.records import (
    count_records,
    get_checkpoint,
    get_log,
    get_record,
    list_checkpoints,
    list_record_page,
    list_record_words,
)
from examsite.web.access import requires
from examsite.web.forms.records import FilterRecordsForm
from examsite.web.gates import record_entry
from examsite.web.i18n import _
from examsite.web.labels import label
from examsite.web.labels.competitions import ACTORS
from examsite.web.supervisor import bp

if TYPE_CHECKING:
    from examsite.storage.models.competitions import Competition

#: Records on one page.
PAGE_SIZE = 50


@bp.get("/<code>/records")
@requires(Role.SUPERVISOR)
def list_records(code: str) -> ResponseReturnValue:
    """One page of the log, the newest first, by event, actor and step."""
    session = db.session()
    log = get_log(session, code)
    events, actors = list_record_words(session, log.id)
    form = FilterRecordsForm(request.args)
    form.event.choices = [("", _("Mọi việc")), *sorted(((item, label(Event(item))) for item in events), key=_by_words)]
    form.actor.choices = [("", _("Mọi người")), *((item, _actor_words(item)) for item in actors)]
    form.step.choices = [
        ("", _("Mọi bước")),
        *((state.value, f"{state.number}. {label(state)}") for state in _steps_reached(g.competition)),
    ]
    chosen = form.chosen()
    first, last = _range_of(g.competition, chosen["step"])
    wanted: dict[str, Any] = {"event": chosen["event"], "actor": chosen["actor"], "first": first, "last": last}
    count = count_records(session, log.id, **wanted)
    pages = max(1, -(-count // PAGE_SIZE))
    page = min(max(request.args.get("page", 1, type=int), 1), pages)
    rows = list_record_page(session, log.id, page=page, size=PAGE_SIZE, **wanted)

    def page_url(number: int) -> str:
        kept: dict[str, Any] = {name: value for name, value in chosen.items() if value}
        return url_for("supervisor.list_records", code=code, page=number, **kept)

    return render_template(
        "supervisor/list_records.html",
        form=form,
        records=[record_entry(row) for row in rows],
        count=count,
        size=log.size,
        page=page,
        pages=pages,
        page_url=page_url,
        is_filtered=any(chosen.values()),
    )


@bp.get("/<code>/records/<int(max=2147483647):seq>")
@requires(Role.SUPERVISOR)
def show_record(code: str, seq: int) -> ResponseReturnValue:
    """One record with its proof; its content only where it is no secret at this step."""
    session = db.session()
    log = get_log(session, code)
    row = get_record(session, log.id, seq)
    is_readable = is_readable_by_supervisors(Event(row.event), row.subject, g.competition.state)
    content = json.loads(row.payload) if is_readable and row.payload is not None else None
    return render_template(
        "supervisor/show_record.html",
        row=row,
        entry=record_entry(row),
        content=None if content is None else json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True),
        salt=row.salt if content is not None else None,
        is_erased=row.payload is None,
        size=log.size,
    )


@bp.get("/<code>/checkpoints")
@requires(Role.SUPERVISOR)
def list_all_checkpoints(code: str) -> ResponseReturnValue:
    """The signed statements of the log, newest first, and the key that signs them."""
    log = get_log(db.session(), code)
    return render_template(
        "supervisor/list_all_checkpoints.html",
        checkpoints=list(reversed(list_checkpoints(db.session(), log.id))),
        size=log.size,
        public_key=_public_key(),
    )


@bp.get("/<code>/checkpoints/<int(max=2147483647):size>")
@requires(Role.SUPERVISOR)
def show_checkpoint(code: str, size: int) -> ResponseReturnValue:
    """The text of one checkpoint, exactly as signed."""
    log = get_log(db.session(), code)
    checkpoint = get_checkpoint(db.session(), log.id, size)
    return render_template("supervisor/show_checkpoint.html", checkpoint=checkpoint, public_key=_public_key())


def _public_key() -> str:
    signer = current_app.extensions.get("signer")
    return "" if signer is None else signer.public_key.hex()


def _by_words(choice: tuple[str, str]) -> str:
    return choice[1]


def _actor_words(actor: str) -> str:
    kind, _stroke, pseudonym = actor.partition("/")
    return " ".join(part for part in (str(ACTORS.get(kind, kind)), pseudonym) if part)


def _steps_reached(competition: Competition) -> list[CompetitionState]:
    return [state for state in CompetitionState if competition.state.has_reached(state)]


def _range_of(competition: Competition, step: str) -> tuple[int, int | None]:
    """First and last number of the records of a step: from behind the gate that led in, up to the one that led out."""
    if not step:
        return 0, None
    number = CompetitionState(step).number
    ends = [passage.record_seq for passage in competition.passages]
    first = ends[number - 2] + 1 if 2 <= number <= len(ends) + 1 else 0
    last = ends[number - 1] if number <= len(ends) else None
    return first, last
