"""The candidate's own test: one page from the waiting room to the hand-in, then the receipt. One address, by state.

The page holds no question: it is small, made from one read, and carries the token with which its script asks for the
paper once the server has opened it.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from flask import Response, abort, current_app, g, redirect, render_template, send_from_directory, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from examsite.domain.adjustments import planned_seconds, shown_preferences
from examsite.domain.attempts import (
    ATTEMPT,
    AttemptEvent,
    AttemptState,
    count_words,
    deadline_of,
    is_answer,
    remaining,
    unanswered,
    was_closed_by_person,
)
from examsite.domain.competitions import CompetitionState
from examsite.domain.papers import Paper
from examsite.domain.permissions import Role
from examsite.domain.rooms import HelpKind
from examsite.domain.scores import Score, sum_scores
from examsite.domain.sittings import seat_codes
from examsite.services.attempt_tokens import token_of_attempt
from examsite.services.attempts import hand_in_own
from examsite.services.receipts import OwnReceipt, read_receipt
from examsite.services.rulesets import ruleset_of
from examsite.storage.database import db
from examsite.storage.queries.attempts import find_candidate_attempt, list_answers
from examsite.storage.queries.code_maps import find_closed_map
from examsite.storage.queries.papers import get_frozen_paper
from examsite.storage.queries.rooms import find_pause_that_ended_at
from examsite.web.access import public, requires
from examsite.web.candidate import bp
from examsite.web.candidate.words import room_words
from examsite.web.downloads import send_receipt
from examsite.web.i18n import _, localised
from examsite.web.labels import label
from examsite.web.pictures import qr_picture
from examsite.web.transactions import act, read_web_clock, writes

#: How long after the planned start a page still waits calmly before it asks to call somebody. Unit: seconds.
_CALM_AFTER_START_SECONDS = 15

#: Scripts of the page in the order in which they need each other; the last one puts the page together.
SCRIPTS = (
    "countdown",
    "room/journal",
    "room/history",
    "room/writer",
    "room/outbox",
    "room/autosave",
    "room/room",
    "room/paper",
    "room/answers",
    "room/navigator",
    "room/saved-state",
    "room/messages",
    "room/help",
    "room/reading",
    "room/hand-in",
    "room/views",
    "room/sheet",
    "room/waiting",
    "vendor/age",
    "answer-file",
    "evidence",
    "room/opening",
    "room/ending",
    "room/page",
)


@bp.get("/test")
@requires(Role.CANDIDATE)
def show_test() -> ResponseReturnValue:
    """The room, or the way to the receipt once the attempt is over."""
    attempt = _own_attempt()
    if attempt is None:
        return render_template("candidate/show_no_seat.html", nav=[])
    if attempt.state in (AttemptState.HANDED_IN, AttemptState.CLOSED, AttemptState.ABSENT):
        return redirect(url_for("candidate.show_receipt"))
    now = read_web_clock()
    sitting = attempt.sitting
    begins_at = sitting.started_at or sitting.starts_at
    planned = planned_seconds(attempt.candidacy.adjustments, sitting.duration_minutes)
    added = attempt.added_seconds if sitting.started_at else attempt.added_seconds + planned
    deadline_at = deadline_of(begins_at, sitting.duration_minutes, added)
    return render_template(
        "candidate/show_test.html",
        token=token_of_attempt(current_app.extensions["settings"], attempt.id),
        scripts=SCRIPTS,
        words=room_words(),
        help_kinds=[(kind.value, label(kind)) for kind in HelpKind],
        preferences_shown=shown_preferences(attempt.candidacy.adjustments, attempt.preferences),
        left=remaining(now, deadline_at, attempt.paused_at),
        starts_in=max(timedelta(0), sitting.starts_at - now),
        ends_at=deadline_at,
        minutes=round((deadline_at - begins_at) / timedelta(minutes=1)),
        seat_rows=_seat_rows(attempt),
        waits_too_long=(now - sitting.starts_at).total_seconds() > _CALM_AFTER_START_SECONDS,
        **_room(attempt),
    )


@bp.get("/test-worker.js")
@public
def send_worker() -> Response:
    """The worker that keeps the page itself on the machine, so that a reload without a network still finds it."""
    folder = str(current_app.static_folder)
    response = send_from_directory(folder, "js/room/worker.js", mimetype="text/javascript", max_age=0)
    response.headers["Cache-Control"] = "no-cache"
    return response


@bp.get("/test/hand-in")
@requires(Role.CANDIDATE)
def confirm_hand_in() -> ResponseReturnValue:
    """What will be handed in, and what is still empty, before the one act that cannot be taken back."""
    attempt = _own_attempt()
    if attempt is None or not ATTEMPT.is_open(attempt.state, AttemptEvent.HANDED_IN):
        return redirect(url_for("candidate.show_test"))
    now = read_web_clock()
    paper = _paper(attempt)
    missing = unanswered(paper, list_answers(db.session(), attempt.id))
    return render_template(
        "candidate/confirm_hand_in.html",
        missing=[name_of(item) for item in missing],
        left=remaining(now, _deadline(attempt) or now, attempt.paused_at),
        **_room(attempt),
    )


@bp.post("/test/hand-in")
@requires(Role.CANDIDATE)
@writes
def submit_test() -> ResponseReturnValue:
    """Hand in from the page without script."""
    hand_in_own(act())
    return redirect(url_for("candidate.show_receipt"))


@bp.get("/test/receipt")
@requires(Role.CANDIDATE)
def show_receipt() -> ResponseReturnValue:
    """The receipt: a short code of the record, the public code, what both prove and what they do not."""
    attempt = _own_attempt()
    if attempt is None or attempt.state in (AttemptState.SEATED, AttemptState.OPEN):
        return redirect(url_for("candidate.show_test"))
    if attempt.state is AttemptState.ABSENT:
        return render_template("candidate/show_absent.html", **_room(attempt))
    receipt = _receipt(attempt)
    answers = list_answers(db.session(), attempt.id)
    paper = _paper(attempt)
    written = [str(answers.get(item.item) or "") for item in paper.essays]
    return render_template(
        "candidate/show_receipt.html",
        ended_by=_ended_by(attempt),
        submitted_at=attempt.handed_in_at or attempt.closed_at,
        receipt=receipt,
        qr=_receipt_qr(g.competition.code, receipt),
        is_late=receipt.text is None and read_web_clock() > receipt.due_at,
        public_code=attempt.candidacy.public_code,
        is_closed=find_closed_map(db.session(), g.competition.id) is not None,
        objective_done=sum(1 for item in paper.objective if is_answer(answers.get(item.item))),
        objective_count=len(paper.objective),
        objective_points=_points_shown_at_once(attempt),
        objective_most=sum_scores(item.points for item in paper.objective),
        essays_done=sum(1 for text in written if text.strip()),
        essay_count=len(written),
        word_count=sum(count_words(text) for text in written),
        schedule=g.competition,
        is_in_room=g.competition.state is CompetitionState.WRITTEN,
        is_published=g.competition.state.has_reached(CompetitionState.APPEALS),
        **_room(attempt),
    )


@bp.get("/test/receipt.txt")
@requires(Role.CANDIDATE)
def download_receipt() -> ResponseReturnValue:
    """The receipt in full as a file; not there before a checkpoint covers its record."""
    attempt = _own_attempt()
    receipt = _receipt(attempt) if attempt is not None and attempt.record_seq is not None else None
    if receipt is None or receipt.text is None:
        abort(404)
    return send_receipt(receipt.text, name=f"bien-nhan-{g.competition.code}-{receipt.seq}.txt")


def name_of(item: str) -> str:
    """How people call an item: "Trắc nghiệm 7", "Tự luận 1"."""
    number = int(re.sub(r"\D", "", item) or 0)
    return (
        _("Tự luận %(number)s", number=number) if item.startswith("E") else _("Trắc nghiệm %(number)s", number=number)
    )


def _own_attempt() -> Any:
    attempt = find_candidate_attempt(db.session(), g.actor.candidacy_id)
    if attempt is not None:
        g.competition = attempt.sitting.competition
    return attempt


def _points_shown_at_once(attempt: Any) -> Score | None:
    """The points of the objective part, where the rule set shows them at once; None otherwise.

    Only until marking begins. Then the scripts are cut, and nothing here joins them to a candidate; what comes back
    when the codes are opened waits for the publication like every other point.
    """
    at_once = ruleset_of(g.competition).show_objective_score_at_once
    total: Score | None = attempt.objective_total
    return total if at_once and g.competition.state is CompetitionState.WRITTEN else None


def _ended_by(attempt: Any) -> str:
    """Who ended the attempt: candidate, person (of the room) or time."""
    if attempt.state is not AttemptState.CLOSED:
        return "candidate"
    pause = find_pause_that_ended_at(db.session(), attempt.id, attempt.closed_at)
    paused_at = None if pause is None else pause.began_at
    deadline_at = _deadline(attempt) or attempt.closed_at
    return "person" if was_closed_by_person(attempt.closed_at, deadline_at, paused_at=paused_at) else "time"


def _paper(attempt: Any) -> Paper:
    return get_frozen_paper(db.session(), attempt.paper_id, attempt.paper.paper_sha256)


def _deadline(attempt: Any) -> datetime | None:
    sitting = attempt.sitting
    if sitting.started_at is None:
        return None
    return deadline_of(sitting.started_at, sitting.duration_minutes, attempt.added_seconds)


def _room(attempt: Any) -> dict[str, Any]:
    """What every page of the room shows of the person and the place."""
    body = localised(g.competition.body, "name")
    return {
        "attempt": attempt,
        "sitting": attempt.sitting,
        "candidacy": attempt.candidacy,
        "monogram": "".join(word[0] for word in g.competition.body.name.split()[-2:]).upper(),
        "body_name": body,
        "competition_title": localised(g.competition, "title"),
        "journal_name": _journal_name(attempt),
        "nav": [],
    }


def _journal_name(attempt: Any) -> str:
    """What a machine calls all that it keeps of the attempt.

    The number alone will not do: a rehearsal and the next competition's server, reached at the same address by the same
    machines, count their attempts from one as well, and words left over would become another candidate's answer.
    """
    return f"{g.competition.code}/{attempt.sitting.code}/{attempt.candidacy.candidate_number}/{attempt.id}"


def _seat_rows(attempt: Any) -> list[dict[str, Any]]:
    """The plan of the room with the own seat, for the waiting page."""
    sitting = attempt.sitting
    seats = seat_codes(sitting.seat_rows, sitting.seat_columns)
    return [
        {
            "label": chr(ord("A") + row),
            "seats": [
                {"code": seat, "state": "mine" if seat == attempt.seat else "empty"}
                for seat in seats[row * sitting.seat_columns : (row + 1) * sitting.seat_columns]
            ],
        }
        for row in range(sitting.seat_rows)
    ]


def _receipt(attempt: Any) -> OwnReceipt:
    """The receipt of what the attempt put into the log."""
    return read_receipt(db.session(), g.competition.code, attempt.record_seq)


def _receipt_qr(competition: str, receipt: OwnReceipt) -> Markup:
    """The receipt as one QR code: in full once a checkpoint covers it; before, which record of which log it is.

    Source: public formats of this product, section on receipts: neither salt nor any hash of the answers.
    """
    text = receipt.text or f"{competition}\n{receipt.seq}\n{receipt.leaf}\n{receipt.code}"
    return qr_picture(text, label=_("Mã QR của biên nhận"))
