"""The head of marking: scripts whose two marks are locked, where each stands on the ladder, and the next act."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import DomainError, NotAllowedError
from examsite.domain.marking import NeededAct
from examsite.domain.permissions import Role
from examsite.domain.ruleset_model import BlindPairPart
from examsite.domain.scores import ZERO, Score
from examsite.services import allocations, settling
from examsite.services.marking_heads import standing_of_head
from examsite.storage.database import db
from examsite.storage.queries.allocations import Outlook, find_outlook
from examsite.storage.queries.claims import find_claim
from examsite.storage.queries.marking import (
    ScriptStanding,
    count_scripts,
    find_standing,
    list_standings,
    written_part,
)
from examsite.storage.queries.rubric_changes import list_agreed_changes
from examsite.storage.queries.settling import list_discussion_notes, settling_subject, settling_version
from examsite.web.access import requires
from examsite.web.errors import message_of, show_refusal, status_of
from examsite.web.formatting import format_points
from examsite.web.forms.marking import AcknowledgeStraddleForm, ActForm, DecideGapForm, DiscussionNoteForm
from examsite.web.i18n import _
from examsite.web.marker import bp
from examsite.web.marker.gap_words import GapNotFoundError, criteria_of, gap_of, next_act, state_words, why_here
from examsite.web.script_paths import path_diagram
from examsite.web.transactions import act, forget_changes, read_web_clock, writes

#: Dots in one line of the plot.
DOTS_A_LINE = 26


@dataclass(frozen=True)
class Zone:
    """One rung of the ladder in the plot: its gaps, widest first, each with its scripts."""

    key: str
    tone: str
    title: str
    text: str
    lines: tuple[tuple[Score, tuple[ScriptStanding, ...]], ...]

    @property
    def scripts(self) -> int:
        """How many scripts stand here."""
        return sum(len(found) for _gap, found in self.lines)

    @property
    def waiting(self) -> int:
        """How many of them have no score yet, or wait for the head's word."""
        return sum(1 for _gap, found in self.lines for row in found if not row.is_settled or row.straddle_unseen)


@bp.get("/<code>/head/gaps")
@requires(Role.MARKING_HEAD)
def show_gaps(code: str) -> ResponseReturnValue:
    """The gap view; `view=settled` lists what needs nobody, `zone` one rung."""
    return _gap_view(code)


@bp.get("/<code>/head/scripts/<script>")
@requires(Role.MARKING_HEAD)
def show_gap(code: str, script: str) -> ResponseReturnValue:
    """The gap view with one script open, and who is at it."""
    return _gap_view(code, opened=script)


@bp.post("/<code>/head/scripts/<script>/hold")
@requires(Role.MARKING_HEAD)
@writes
def hold_gap(code: str, script: str) -> ResponseReturnValue:
    """Let others see who is at this script."""
    if ActForm().validate_on_submit():
        settling.hold_settling(act(), g.competition, script)
    return redirect(url_for("marker.show_gap", code=code, script=script))


@bp.get("/<code>/head/scripts/<script>/read")
@requires(Role.MARKING_HEAD)
def read_script(code: str, script: str) -> ResponseReturnValue:
    """The script with the comments of those who marked it."""
    row = get_gap(script)
    texts = {part["item"]: part["text"] for part in row.script.content}
    return render_template(
        "marker/read_script.html",
        row=row,
        answers=[(item, texts.get(item.item, "")) for item in row.paper.essays],
        marks=[mark for mark in (*row.marks, row.third) if mark is not None],
        diagram=path_diagram(written_part(g.competition), row),
        notes=list_discussion_notes(db.session(), row.script.id),
        gaps=criteria_of(row),
        is_open=g.competition.state is CompetitionState.MARKING,
        code=code,
    )


@bp.post("/<code>/head/scripts/<script>/decide")
@requires(Role.MARKING_HEAD)
@writes
def decide_gap(code: str, script: str) -> ResponseReturnValue:
    """The head's score with a reason, after talking with both or by collective marking."""
    form = DecideGapForm()
    valid = form.validate()
    decided = form.decided()
    if not valid or decided is None:
        return _gap_view(code, opened=script, form=form), 422
    try:
        settling.decide_settlement(
            act(),
            g.competition,
            script,
            decided=decided,
            reason=form.reason.data or "",
            version=form.version.data or "",
        )
    except DomainError as error:
        show_refusal(form, error, beside="score")
        if error.code == "settling_changed":
            # The page that comes back shows the new state; whoever sends it again has seen it.
            form.version.data = None
        return _again(code, script, error, form=form)
    flash(_("Đã ghi điểm chính thức của bài %(code)s.", code=script), "success")
    return redirect(url_for("marker.show_gap", code=code, script=script))


@bp.post("/<code>/head/scripts/<script>/notes")
@requires(Role.MARKING_HEAD)
@writes
def note_discussion(code: str, script: str) -> ResponseReturnValue:
    """Write down what was said about a script."""
    form = DiscussionNoteForm()
    if not form.validate():
        return _gap_view(code, opened=script, note_form=form), 422
    try:
        settling.note_discussion(act(), g.competition, script, text=form.text.data or "")
    except DomainError as error:
        show_refusal(form, error, beside="text")
        return _again(code, script, error, note_form=form)
    flash(_("Đã ghi biên bản trao đổi về bài %(code)s.", code=script), "success")
    return redirect(url_for("marker.show_gap", code=code, script=script))


@bp.post("/<code>/head/scripts/<script>/third")
@requires(Role.MARKING_HEAD)
@writes
def allocate_third(code: str, script: str) -> ResponseReturnValue:
    """Give the script to the third marker whom the draw names."""
    if ActForm().validate_on_submit():
        try:
            allocations.allocate_third(act(), g.competition, script)
        except DomainError as error:
            forget_changes()
            flash(message_of(error), "attention")
            return _again(code, script, error)
        flash(_("Đã giao bài %(code)s cho người chấm thứ ba theo kết quả bốc thăm.", code=script), "success")
    return redirect(url_for("marker.show_gap", code=code, script=script))


@bp.post("/<code>/head/scripts/<script>/seen")
@requires(Role.MARKING_HEAD)
@writes
def acknowledge_straddle(code: str, script: str) -> ResponseReturnValue:
    """Say that two close marks on the two sides of the pass mark were seen."""
    form = AcknowledgeStraddleForm()
    if form.validate_on_submit():
        try:
            settling.acknowledge_straddle(act(), g.competition, script, version=form.version.data or "")
        except DomainError as error:
            forget_changes()
            flash(message_of(error), "attention")
            return _again(code, script, error)
        flash(_("Đã ghi nhận bài %(code)s có hai lượt chấm ở hai phía điểm đạt.", code=script), "success")
    return redirect(url_for("marker.show_gaps", code=code))


@bp.errorhandler(GapNotFoundError)
def _no_gap(error: GapNotFoundError) -> ResponseReturnValue:
    """The head's own sentence and the way back to the list."""
    forget_changes()
    page = render_template("marker/no_gap.html", text=message_of(error), typed="", code=g.competition.code)
    return page, status_of(error)


def get_gap(script: str) -> ScriptStanding:
    """One script whose two marks are locked, without reading the others.

    Raises:
        GapNotFoundError: `gap_not_found`.
    """
    row = find_standing(db.session(), g.competition, script)
    if row is None:
        raise GapNotFoundError("gap_not_found", script=script)
    return row


# --- what the pages are made of --------------------------------------------------------------------------------------


def _again(
    code: str,
    script: str,
    error: DomainError,
    *,
    form: DecideGapForm | None = None,
    note_form: DiscussionNoteForm | None = None,
) -> ResponseReturnValue:
    """The page as it stands now with what was typed, also where the script has left the list meanwhile."""
    try:
        return _gap_view(code, opened=script, form=form, note_form=note_form), status_of(error)
    except GapNotFoundError as gone:
        typed = (form.reason.data if form is not None else None) or (note_form.text.data if note_form else None) or ""
        page = render_template("marker/no_gap.html", text=message_of(gone), typed=typed, code=code)
        return page, status_of(gone)


def _gap_view(
    code: str,
    *,
    opened: str | None = None,
    form: DecideGapForm | None = None,
    note_form: DiscussionNoteForm | None = None,
) -> str:
    part = written_part(g.competition)
    standings = list_standings(db.session(), g.competition)
    chosen = None if opened is None else _find(standings, opened)
    zones = _zones(part, standings)
    waiting = sorted((row for row in standings if _waits(row)), key=lambda row: (-gap_of(row), row.script.code))
    settled = sorted((row for row in standings if not _waits(row)), key=lambda row: (-gap_of(row), row.script.code))
    view = request.args.get("view", "")
    if chosen is not None and not _waits(chosen):
        view = "settled"
    listed = settled if view == "settled" else waiting
    zone = next((item for item in zones if item.key == request.args.get("zone")), None)
    if zone is not None:
        listed = [row for _line, found in zone.lines for row in found]
        view = "zone"
    kept_away = _kept_away()
    return render_template(
        "marker/show_gaps.html",
        kept_away=kept_away,
        part=part,
        total=count_scripts(db.session(), g.competition.id),
        standings=standings,
        zones=zones,
        zone=zone,
        view=view,
        waiting=waiting,
        settled=settled,
        rows=[(row, state_words(row)) for row in listed],
        opened=chosen,
        gaps=[] if chosen is None else criteria_of(chosen, list_agreed_changes(db.session(), chosen.script.paper_id)),
        why=why_here(part, chosen) if chosen is not None else "",
        next_act=next_act(part, chosen, _outlook(chosen)) if chosen is not None else None,
        form=_decide_form(chosen, form),
        version="" if chosen is None else settling_version(db.session(), chosen),
        note_form=note_form or DiscussionNoteForm(formdata=None),
        notes=[] if chosen is None else list_discussion_notes(db.session(), chosen.script.id),
        ruled=None if chosen is None else settling.score_by_ladder(g.competition, chosen),
        other=None if chosen is None else _somebody_else(chosen.script.code),
        dots_a_line=DOTS_A_LINE,
        is_open=g.competition.state is CompetitionState.MARKING and not kept_away,
        code=code,
    )


def _outlook(row: ScriptStanding) -> Outlook | None:
    """Who could be the third marker, asked only where one is due."""
    if row.standing.act is not NeededAct.THIRD_MARKER or row.third_allocation is not None:
        return None
    return find_outlook(db.session(), g.competition.id, row.script.id, row.script.code)


def _decide_form(chosen: ScriptStanding | None, sent: DecideGapForm | None) -> DecideGapForm:
    """The form over the version that this page shows; what was sent keeps the version that it was made from."""
    form = sent or DecideGapForm(formdata=None)
    if chosen is not None and not form.version.data:
        form.version.data = settling_version(db.session(), chosen)
        ruled = settling.score_by_ladder(g.competition, chosen)
        if ruled is not None and sent is None:
            form.score.data = format_points(ruled)
    return form


def _somebody_else(code: str) -> Any:
    claim = find_claim(db.session(), g.competition.id, settling_subject(code))
    if claim is None or claim.assignment_id == g.actor.assignment_id or claim.expires_at <= read_web_clock():
        return None
    return claim


def _kept_away() -> str:
    """Why this head leaves the scripts to another one, in words; empty: nothing is in the way."""
    if g.competition.state is not CompetitionState.MARKING:
        return ""
    code = standing_of_head(act(), g.competition)
    return message_of(NotAllowedError(code)) if code else ""


def _find(standings: list[ScriptStanding], code: str) -> ScriptStanding:
    for row in standings:
        if row.script.code == code:
            return row
    raise GapNotFoundError("gap_not_found", script=code)


def _waits(row: ScriptStanding) -> bool:
    return not row.is_settled or row.straddle_unseen


def _zones(part: BlindPairPart, standings: list[ScriptStanding]) -> list[Zone]:
    def lines(least: Score, most: Score | None, *, open_below: bool) -> tuple[Any, ...]:
        found: dict[Score, list[ScriptStanding]] = {}
        for row in standings:
            gap = gap_of(row)
            above = gap > least if open_below else gap >= least
            if above and (most is None or gap < most):
                found.setdefault(gap, []).append(row)
        order = sorted(found.items(), reverse=True)
        return tuple(
            (gap, tuple(sorted(rows, key=lambda row: (row.straddle_unseen, _waits(row))))) for gap, rows in order
        )

    mean, third = part.mean_at_most, part.third_from
    close = tuple((gap, rows) for gap, rows in lines(ZERO, third, open_below=False) if gap <= mean)
    return [
        Zone(
            "third",
            "ink",
            _("Lệch từ %(points)s điểm", points=format_points(third)),
            _("Người chấm thứ ba theo bốc thăm"),
            lines(third, None, open_below=False),
        ),
        Zone(
            "discuss",
            "amber",
            _("Lệch trên %(least)s, dưới %(most)s", least=format_points(mean), most=format_points(third)),
            _("Trao đổi hai bên, trưởng ban quyết định"),
            lines(mean, third, open_below=True),
        ),
        Zone(
            "mean",
            "green",
            _("Lệch đến %(points)s điểm", points=format_points(mean)),
            _("Lấy trung bình, hai chữ số thập phân"),
            close,
        ),
    ]
