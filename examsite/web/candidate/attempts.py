"""The candidate's own test: the waiting page, the test page, the hand-in, the receipt. One address, by state."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import g, jsonify, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.attempts import (
    ATTEMPT,
    AttemptEvent,
    AttemptState,
    clock_at,
    count_words,
    deadline_of,
    is_answer,
    remaining,
    unanswered,
)
from examsite.domain.canonical import instant_text
from examsite.domain.papers import Paper, PaperItem
from examsite.domain.permissions import Role
from examsite.domain.questions import QuestionKind
from examsite.domain.receipts import short_code
from examsite.domain.sittings import seat_codes
from examsite.domain.windows import time_left
from examsite.services.attempts import hand_in_own, open_attempt
from examsite.storage.database import db
from examsite.storage.queries.attempts import (
    find_candidate_attempt,
    find_seat_state,
    find_submission,
    list_answers,
)
from examsite.storage.queries.papers import get_frozen_paper
from examsite.web.access import requires
from examsite.web.candidate import bp
from examsite.web.i18n import _, current_locale, localised
from examsite.web.transactions import act, read_web_clock, writes

_PART = re.compile(r"^([a-h])\)\s*(.*?)(?:\s*\(([\d.,]+ (?:điểm|points?))\))?[.;]?$")

#: How long after the planned start a page still waits calmly before it asks to call somebody. Unit: seconds.
_CALM_AFTER_START_SECONDS = 15


@dataclass
class Block:
    """One piece of a question as it is laid out: a paragraph, dashes, or parts with points."""

    kind: str
    text: str = ""
    rows: list[dict[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class ShownItem:
    """A question as the page shows it: no key, no rubric, options in this candidate's order."""

    item: str
    number: int
    kind: str
    is_essay: bool
    points: Any
    blocks: list[Block]
    options: list[tuple[str, str]]
    unit: str


@bp.get("/test")
@requires(Role.CANDIDATE)
def show_test() -> ResponseReturnValue:
    """The waiting page, the test or the way to the receipt, whichever it is time for."""
    attempt = _own_attempt()
    if attempt is None:
        return render_template("candidate/show_no_seat.html", nav=[])
    now = read_web_clock()
    deadline_at = _deadline(attempt)
    if attempt.state in (AttemptState.HANDED_IN, AttemptState.CLOSED, AttemptState.ABSENT):
        return redirect(url_for("candidate.show_receipt"))
    if attempt.state is AttemptState.SEATED or deadline_at is None:
        return _waiting(attempt, now)
    if clock_at(now, attempt.paused_at) >= deadline_at:
        return render_template("candidate/show_closing.html", deadline_at=deadline_at, **_room(attempt))
    paper = _paper(attempt)
    items = _shown_items(paper, attempt.option_orders)
    return render_template(
        "candidate/take_test.html",
        objective=[item for item in items if not item.is_essay],
        essays=[item for item in items if item.is_essay],
        objective_points=sum(item.points for item in paper.objective),
        essay_points=sum(item.points for item in paper.essays),
        deadline_at=deadline_at,
        left=remaining(now, deadline_at, attempt.paused_at),
        given_back_seconds=attempt.added_seconds,
        words=_words(),
        **_room(attempt),
    )


@bp.get("/test/status")
@requires(Role.CANDIDATE)
def show_status() -> ResponseReturnValue:
    """Where the attempt stands, for the waiting page: it holds nothing of the paper."""
    # Asked by a whole room every few seconds: nothing is read that it does not say.
    seat = find_seat_state(db.session(), g.actor.candidacy_id)
    now = read_web_clock()
    if seat is None:
        return jsonify(state=None, server_time=instant_text(now), starts_in_seconds=None)
    left = (seat.starts_at - now).total_seconds()
    return jsonify(
        state=seat.state.value,
        server_time=instant_text(now),
        starts_in_seconds=round(left, 3),
        checked_in=seat.checked_in,
        seat=seat.seat,
    )


@bp.post("/test/open")
@requires(Role.CANDIDATE)
@writes
def start_page() -> ResponseReturnValue:
    """Give this page the token and the epoch, and all that the server holds; older pages are fenced."""
    opened = open_attempt(act())
    view = opened.clock
    return jsonify(
        token=opened.token,
        epoch=opened.epoch,
        answers=opened.answers,
        saved_at=None if opened.saved_at is None else instant_text(opened.saved_at),
        held={item: {"epoch": epoch, "number": number} for item, (epoch, number) in opened.held.items()},
        state=view.state.value,
        server_time=instant_text(view.server_time),
        deadline=None if view.deadline_at is None else instant_text(view.deadline_at),
        remaining_seconds=view.remaining_seconds,
        given_back_seconds=view.given_back_seconds,
        paused=view.paused,
        message=view.message,
    )


@bp.get("/test/hand-in")
@requires(Role.CANDIDATE)
def confirm_hand_in() -> ResponseReturnValue:
    """What will be handed in, and what is still empty, before the one act that cannot be taken back."""
    attempt = _own_attempt()
    if attempt is None or not ATTEMPT.is_open(attempt.state, AttemptEvent.HANDED_IN):
        return redirect(url_for("candidate.show_test"))
    paper = _paper(attempt)
    missing = unanswered(paper, list_answers(db.session(), attempt.id))
    return render_template(
        "candidate/confirm_hand_in.html",
        missing=[name_of(item) for item in missing],
        left=remaining(read_web_clock(), _deadline(attempt) or read_web_clock(), attempt.paused_at),
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
    found = find_submission(db.session(), attempt.sitting.competition_id, attempt)
    answers = list_answers(db.session(), attempt.id)
    paper = _paper(attempt)
    written = [str(answers.get(item.item) or "") for item in paper.essays]
    return render_template(
        "candidate/show_receipt.html",
        by_system=attempt.state is AttemptState.CLOSED,
        submitted_at=attempt.handed_in_at or attempt.closed_at,
        code=short_code(bytes.fromhex(found.leaf)) if found is not None else "",
        leaf=found.leaf if found is not None else "",
        seq=attempt.record_seq,
        public_code=attempt.candidacy.public_code,
        objective_done=sum(1 for item in paper.objective if is_answer(answers.get(item.item))),
        objective_count=len(paper.objective),
        essays_done=sum(1 for text in written if text.strip()),
        essay_count=len(written),
        word_count=sum(count_words(text) for text in written),
        schedule=g.competition,
        **_room(attempt),
    )


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
        "nav": [],
    }


def _waiting(attempt: Any, now: datetime) -> ResponseReturnValue:
    sitting = attempt.sitting
    seats = seat_codes(sitting.seat_rows, sitting.seat_columns)
    rows = [
        {
            "label": chr(ord("A") + row),
            "seats": [
                {"code": seat, "state": "mine" if seat == attempt.seat else "empty"}
                for seat in seats[row * sitting.seat_columns : (row + 1) * sitting.seat_columns]
            ],
        }
        for row in range(sitting.seat_rows)
    ]
    return render_template(
        "candidate/show_waiting.html",
        seat_rows=rows,
        ends_at=deadline_of(sitting.starts_at, sitting.duration_minutes, attempt.added_seconds),
        left=time_left(now, sitting.starts_at),
        words=_waiting_words(),
        waits_too_long=(now - sitting.starts_at).total_seconds() > _CALM_AFTER_START_SECONDS,
        **_room(attempt),
    )


def _shown_items(paper: Paper, orders: dict[str, list[str]]) -> list[ShownItem]:
    numbers = {True: 0, False: 0}
    shown: list[ShownItem] = []
    for item in paper.items:
        numbers[item.is_essay] += 1
        shown.append(_shown(item, numbers[item.is_essay], orders.get(item.item, [])))
    return shown


def _shown(item: PaperItem, number: int, order: list[str]) -> ShownItem:
    question = item.question
    texts = {option.key: localised(option.text, "") for option in question.options}
    unit = getattr(question.answer_key, "unit", None) if question.kind is QuestionKind.NUMERIC else None
    return ShownItem(
        item=item.item,
        number=number,
        kind=question.kind.value,
        is_essay=item.is_essay,
        points=item.points,
        blocks=stem_blocks(localised(question.stem, "")),
        options=[(key, texts[key]) for key in order or texts],
        unit=localised(unit, "") if unit is not None else "",
    )


def stem_blocks(text: str) -> list[Block]:
    """The text of a question in paragraphs, dashes and lettered parts, as its author wrote it line by line."""
    blocks: list[Block] = []
    for line in (raw.strip() for raw in text.split("\n")):
        part = _PART.match(line)
        if not line:
            continue
        if part:
            _into(blocks, "parts", {"key": part[1] + ")", "text": part[2], "points": part[3] or ""})
        elif line.startswith("- "):
            _into(blocks, "dashes", {"text": line[2:]})
        else:
            blocks.append(Block("paragraph", text=line))
    return blocks


def _into(blocks: list[Block], kind: str, row: dict[str, str]) -> None:
    if not blocks or blocks[-1].kind != kind:
        blocks.append(Block(kind))
    blocks[-1].rows.append(row)


def _waiting_words() -> dict[str, str]:
    """Every word that the waiting room's script says."""
    return {
        "good": _("ổn định"),
        "bad": _("chưa nối được, tự thử lại"),
        "skew": _("lệch %s giây"),
        "stored": _("ghi thử, đọc lại đủ"),
        "not_stored": _("không ghi được, báo cán bộ coi thi"),
        "typed": _("đã gõ thử: %s"),
        "untyped": _("gõ thử chữ có dấu"),
        "browser": _("đủ chức năng"),
        "old_browser": _("thiếu chức năng, báo cán bộ coi thi"),
        "passed": _("%s mục đạt"),
        "late": _("Đã đến giờ, máy chủ chưa mở đề. Trang tự chuyển ngay khi đề mở; không ai mất giờ vì phần chờ này."),
    }


def _words() -> dict[str, Any]:
    """Every word that the page's script says, in the reader's language."""
    return {
        "locale": current_locale(),
        "objective": _("Trắc nghiệm"),
        "essay": _("Tự luận"),
        "question": _("Câu"),
        "answered": _("đã trả lời"),
        "unanswered": _("chưa trả lời"),
        "flagged": _("đánh dấu xem lại"),
        "current": _("đang làm"),
        "now": _("Đang làm"),
        "unwritten": _("Chưa viết"),
        "written": _("Đã viết"),
        "words": _("từ"),
        "questions": _("câu"),
        "none": _("không có"),
        "previous": _("Câu trước"),
        "next": _("Câu sau"),
        "flag": _("Đánh dấu xem lại"),
        "unflag": _("Bỏ đánh dấu"),
        "saved_at": _("Đã lưu lúc %s"),
        "on_server": _("trên máy chủ phòng thi"),
        "nothing_yet": _("Chưa có gì cần lưu"),
        "saving": _("Đang lưu…"),
        "sending": _("đang gửi tới máy chủ"),
        "kept": _("Chỉ giữ trên máy này"),
        "kept_since": _("từ %s, chưa tới máy chủ"),
        "kept_never": _("chưa phần nào tới máy chủ"),
        "lost": _("Không giữ được bài"),
        "lost_detail": _("giơ tay gọi cán bộ coi thi ngay"),
        "offline_title": _("Mất kết nối. Bài làm vẫn được giữ trên máy này. Cứ viết tiếp."),
        "offline_text": _(
            "Khi có mạng, bài tự gửi lên máy chủ; không phải làm gì. Đừng tắt máy. Đồng hồ vẫn chạy đúng."
        ),
        "server_has": _("Máy chủ đã có bài đến %s"),
        "retry_in": _("Tự nối lại sau %s giây"),
        "retrying": _("Đang nối lại…"),
        "back": _("Đã kết nối lại. Máy chủ đã có đủ bài."),
        "until": _("đến %s"),
        "until_given": _("đến %s (bù %s phút)"),
        "left_minutes": _("Còn %s phút."),
        "left_minutes_word": _("còn %s phút"),
        "time_over": _("Hết giờ. Máy chủ đang nhận phần còn lại của bài."),
        "fenced": _(
            "Bài thi đã mở ở trang hoặc máy khác. Trang này chỉ còn để đọc; phần đã viết ở đây được giữ riêng."
        ),
        "fenced_title": _("Trang này chỉ để đọc"),
        "fenced_detail": _("bài đang mở ở nơi khác"),
        "fenced_action": _("Làm tiếp ở trang này"),
        "rest_objective": _("Còn %s câu trắc nghiệm"),
        "rest_essays": _("%s câu tự luận"),
        "rest_and": _("và"),
        "rest_tail": _("chưa trả lời."),
        "all_done": _("Đã trả lời mọi câu."),
        "hand_in_waits": _("Chờ máy chủ nhận. Vẫn viết tiếp được cho đến khi máy chủ nhận."),
        "hand_in_offline": _("Vẫn bấm nộp được; có hiệu lực khi máy chủ nhận."),
        "handing_in": _("Đang nộp…"),
        "up": _("Lên"),
        "down": _("Xuống"),
        "moved": _("%s, vị trí %s trên %s"),
        "too_large": _("Phần này dài hơn mức máy chủ nhận. Bài vẫn giữ trên máy này; gọi cán bộ coi thi."),
        "load_failed": _("Chưa nối được máy chủ. Trang tự thử lại."),
        "log_in_again": _("Phiên đăng nhập đã hết. Đăng nhập lại để làm tiếp; phần đã lưu vẫn còn."),
    }
