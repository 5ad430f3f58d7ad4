"""The record log as a story: who did what when, to filter and to read; contents only where they are no secret."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from flask import Response, current_app, g, render_template, request, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.canonical import instant_text
from examsite.domain.competitions import CompetitionState
from examsite.domain.events import Event
from examsite.domain.names import strip_accents
from examsite.domain.permissions import Role
from examsite.domain.working_days import ZONE
from examsite.storage.database import db
from examsite.storage.printing import printed_pages
from examsite.storage.queries.code_maps import list_withheld
from examsite.storage.queries.corrections import find_record_steps
from examsite.storage.queries.explanations import list_explanations, list_explanations_about
from examsite.storage.queries.records import (
    RecordFilter,
    count_records,
    find_record_before,
    get_checkpoint,
    get_log,
    get_record,
    list_checkpoints,
    list_record_page,
    list_record_words,
)
from examsite.web.access import requires
from examsite.web.forms.records import FilterRecordsForm
from examsite.web.gates import actor_text, record_entry
from examsite.web.i18n import _
from examsite.web.labels import label
from examsite.web.labels.records import SUBJECTS
from examsite.web.story import content_of, differences, link_of, sentence_of, story_csv, story_lines
from examsite.web.supervisor import bp

if TYPE_CHECKING:
    from examsite.storage.models.competitions import Competition

#: Records on one page.
PAGE_SIZE = 50
#: Records on the pages of one printed story. Source: our choice, because a longer one is a table's work.
MOST_PRINTED = 1000
#: Facts that put something in the place of what the same person said before about the same thing.
REPLACING = frozenset({Event.MARK_LOCKED, Event.SETTLEMENT_DECIDED, Event.ITEM_DECIDED, Event.ROLE_GRANTED})


@bp.get("/<code>/records")
@requires(Role.SUPERVISOR)
def list_records(code: str) -> ResponseReturnValue:
    """One page of the log, the newest first, by act, actor, step, thing and day; each record in one sentence."""
    session = db.session()
    log = get_log(session, code)
    form = _filter_form(log.id)
    chosen = form.chosen()
    wanted = _wanted(chosen)
    count = count_records(session, log.id, wanted)
    pages = max(1, -(-count // PAGE_SIZE))
    page = min(max(request.args.get("page", 1, type=int), 1), pages)
    rows = list_record_page(session, log.id, wanted, page=page, size=PAGE_SIZE)
    steps = find_record_steps(session, g.competition)
    kept: dict[str, Any] = {name: value for name, value in chosen.items() if value}

    def page_url(number: int) -> str:
        return url_for("supervisor.list_records", code=code, page=number, **kept)

    asked = {row.about_seq for row in list_explanations(session, g.competition.id) if row.answered_at is None}
    return render_template(
        "supervisor/list_records.html",
        form=form,
        records=[
            record_entry(row) | {"sentence": sentence_of(row, steps), "is_asked": row.seq in asked} for row in rows
        ],
        count=count,
        size=log.size,
        page=page,
        pages=pages,
        page_url=page_url,
        is_filtered=any(chosen.values()),
        csv_url=url_for("supervisor.export_records", code=code, form="csv", **kept),
        pdf_url=url_for("supervisor.export_records", code=code, form="pdf", **kept),
        most_printed=MOST_PRINTED,
    )


@bp.get("/<code>/records.<any(csv, pdf):form>")
@requires(Role.SUPERVISOR)
def export_records(code: str, form: str) -> ResponseReturnValue:
    """The filtered story, oldest first: as a table for other programs, or as pages to file (the newest of many)."""
    session = db.session()
    log = get_log(session, code)
    wanted = _wanted(_filter_form(log.id).chosen())
    most = MOST_PRINTED if form == "pdf" else max(log.size, 1)
    rows = list_record_page(session, log.id, wanted, page=1, size=most)[::-1]
    steps = find_record_steps(session, g.competition)
    if form == "csv":
        body, kind = story_csv(rows, steps), "text/csv; charset=utf-8"
    else:
        title = _("Sổ ghi kỳ thi %(code)s, theo bộ lọc", code=code)
        body, kind = printed_pages(title, story_lines(rows, steps)), "application/pdf"
    answer = Response(body, content_type=kind)
    answer.headers["Content-Disposition"] = f'attachment; filename="{code}-so-ghi.{form}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


@bp.get("/<code>/records/<int(max=2147483647):seq>")
@requires(Role.SUPERVISOR)
def show_record(code: str, seq: int) -> ResponseReturnValue:
    """One record with its proof; its content only where it is no secret at this step."""
    session = db.session()
    log = get_log(session, code)
    row = get_record(session, log.id, seq)
    steps = find_record_steps(session, g.competition)
    content = content_of(row, steps)
    is_replacing = content is not None and Event(row.event) in REPLACING
    earlier = find_record_before(session, log.id, row) if is_replacing else None
    return render_template(
        "supervisor/show_record.html",
        row=row,
        entry=record_entry(row),
        sentence=sentence_of(row, steps),
        link=link_of(row, g.competition),
        differences=differences(content, None if earlier is None else content_of(earlier, steps)),
        earlier=earlier,
        questions=list_explanations_about(session, g.competition.id, seq),
        content=None if content is None else json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True),
        salt=row.salt if content is not None else None,
        is_erased=row.payload is None and seq not in list_withheld(session, g.competition.id),
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


def _filter_form(log_id: int) -> FilterRecordsForm:
    """The filter with what occurs in this log, filled from the address."""
    events, actors = list_record_words(db.session(), log_id)
    form = FilterRecordsForm(request.args)
    form.event.choices = [("", _("Mọi việc")), *sorted(((item, label(Event(item))) for item in events), key=_by_words)]
    form.actor.choices = [("", _("Mọi người")), *((item, actor_text(item)) for item in actors)]
    form.kind.choices = [
        ("", _("Mọi loại")),
        *sorted(((kind, str(text)) for kind, text in SUBJECTS.items()), key=_by_words),
    ]
    form.step.choices = [
        ("", _("Mọi bước")),
        *((state.value, f"{state.number}. {label(state)}") for state in _steps_reached(g.competition)),
    ]
    return form


def _wanted(chosen: dict[str, str]) -> RecordFilter:
    first, last = _range_of(g.competition, chosen["step"])
    until = None if not chosen["until"] else date.fromisoformat(chosen["until"]) + timedelta(days=1)
    return RecordFilter(
        event=chosen["event"],
        actor=chosen["actor"],
        kind=chosen["kind"],
        about=chosen["about"],
        first=first,
        last=last,
        since=_midnight(date.fromisoformat(chosen["since"])) if chosen["since"] else "",
        until="" if until is None else _midnight(until),
    )


def _midnight(day: date) -> str:
    """The first instant of a day in Vietnam, as records write it."""
    return instant_text(datetime.combine(day, time(), tzinfo=ZONE).astimezone(UTC))


def _public_key() -> str:
    signer = current_app.extensions.get("signer")
    return "" if signer is None else signer.public_key.hex()


def _by_words(choice: tuple[str, str]) -> tuple[str, str]:
    return strip_accents(choice[1]).casefold(), choice[1]  # Đ stands beside D, not behind Z


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
