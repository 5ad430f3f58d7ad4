"""The report before a result is signed: how firmly the ranking stands, what is hard to explain, what is still asked.

The same page for supervisors, council and authority: a view of an audience is one call of `serve_findings`. Plots are
drawn on the server; a table says the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import current_app, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.competitions import CompetitionState
from examsite.domain.permissions import Role
from examsite.services.anomalies import report_anomalies
from examsite.services.findings import SIGNING, list_readers, note_findings_seen
from examsite.services.rank_stability import stability_of
from examsite.services.rulesets import ruleset_of
from examsite.statistics.findings import AnomalyReport, FindingKind, Strength
from examsite.storage.database import db
from examsite.storage.queries.explanations import list_explanations
from examsite.storage.queries.results import find_newest_version, result_document
from examsite.web.finding_words import finding_row
from examsite.web.forms.explanations import SeeFindingsForm
from examsite.web.i18n import _, localised, ngettext
from examsite.web.labels import label
from examsite.web.marking_statistics import plain
from examsite.web.transactions import act

if TYPE_CHECKING:
    from examsite.domain.ruleset_model import RuleSet
    from examsite.statistics.rank_stability import RankStability
    from examsite.storage.models.ranking import ResultVersion

#: Scripts marked twice below which the differences of marks are not asked about (see statistics.inflation).
LEAST_ASKED = 12
#: Where the plot of ranks begins and ends, and the height of a line. Unit: pixels of the drawing.
RANK_LEFT, RANK_RIGHT, RANK_LINE = 64.0, 424.0, 22.0
#: Lines of the plot; the table has everybody.
MOST_DRAWN = 30


@dataclass(frozen=True)
class StabilityView:
    """One post's ranking: conclusion, plot and table."""

    code: str
    title: str
    stability: RankStability
    sentences: tuple[str, ...]
    plot: dict[str, Any]
    percent: dict[str, str]


def current_report() -> AnomalyReport:
    """The report of the competition of the page."""
    kept = current_app.extensions.setdefault("anomaly_reports", {})
    return report_anomalies(db.session(), g.competition, kept=kept)


def serve_findings(audience: str) -> ResponseReturnValue:
    """The page; a signer says on it to have read it."""
    session, competition = db.session(), g.competition
    if not competition.state.has_reached(CompetitionState.MERGED):
        return render_template("findings/show_findings.html", report=None, audience=audience)
    report = current_report()
    form = SeeFindingsForm()
    if form.validate_on_submit():
        note_findings_seen(
            act(), competition, findings_sha256=report.sha256, shown_sha256=form.findings_sha256.data or ""
        )
        flash(_("Đã ghi vào sổ: anh/chị đã đọc báo cáo này."), "success")
        return redirect(url_for(f"{audience}.sign_result", code=competition.code))
    form.findings_sha256.data = report.sha256
    version = find_newest_version(session, competition.id)
    views = [] if version is None else stability_views(version)
    questions = list_explanations(session, competition.id)
    has_read = version is not None and g.actor.pseudonym in list_readers(session, competition, version)
    page = render_template(
        "findings/show_findings.html",
        report=report,
        rows=[finding_row(row) for row in report.findings if row.kind is not FindingKind.OUT_OF_HOURS],
        hours=[finding_row(row) for row in report.findings if row.kind is FindingKind.OUT_OF_HOURS],
        conclusion=conclusion_of(report),
        views=views,
        version=version,
        questions=questions,
        open_questions=sum(row.answered_at is None for row in questions),
        form=form,
        may_confirm=version is not None and g.actor.role in SIGNING and not has_read,
        has_read=has_read,
        is_supervisor=g.actor.role is Role.SUPERVISOR,
        audience=audience,
        has_few=report.scripts < LEAST_ASKED,
        asked=[label(kind) for kind in report.asked],
    )
    return page, 422 if request.method == "POST" else 200


def conclusion_of(report: AnomalyReport) -> str:
    """The title of the report: what it says, in one sentence."""
    pressing = len(report.pressing)
    if pressing:
        return ngettext("%(num)d điều cần làm rõ trước khi ký", "%(num)d điều cần làm rõ trước khi ký", pressing)
    if any(row.strength is Strength.WEAK for row in report.findings):
        return _("Không có gì khó giải thích; vài điều nên biết")
    return _("Không thấy gì bất thường")


def stability_views(version: ResultVersion) -> list[StabilityView]:
    """Every post's ranking, made ready for reading."""
    document = result_document(version)
    found = _stability_of(version, ruleset_of(g.competition))
    titles = {post.code: localised(post, "title") for post in g.competition.posts}
    vacancies = {post["code"]: post["vacancies"] for post in document["posts"]}
    return [
        StabilityView(
            code=code,
            title=titles.get(code, code),
            stability=stability,
            sentences=tuple(_sentences(stability, vacancies[code])),
            plot=_rank_plot(stability),
            percent={row.code: percent(row.first) for row in stability.rows},
        )
        for code, stability in found.items()
    ]


def public_sentences(version: ResultVersion, ruleset: RuleSet, post: str) -> list[str]:
    """What everybody may read of how firmly a post's ranking stands: no code, and nothing of a small group."""
    stability = _stability_of(version, ruleset)[post]
    first = stability.first_chance
    if first is None or len(stability.rows) < ruleset.small_group_least:
        return []
    said = [
        _(
            "Nếu hai người khác, giỏi như vậy, chấm lại tất cả thì người đứng đầu vẫn đứng đầu, khả năng %(chance)s.",
            chance=percent(first),
        )
    ]
    others = len(stability.tied) - 1
    if others >= 1:
        said.append(
            ngettext(
                "Sai số chấm không đủ nhỏ để tách chắc %(num)d người khác khỏi người đứng đầu.",
                "Sai số chấm không đủ nhỏ để tách chắc %(num)d người khác khỏi người đứng đầu.",
                others,
            )
        )
    return said


def percent(share: float) -> str:
    """A chance in whole percent, never quite all or nothing."""
    if share < 0.005:
        return _("dưới %(number)s %%", number=1)
    if share > 0.995:
        return _("trên %(number)s %%", number=99)
    return f"{round(share * 100)} %"


def _stability_of(version: ResultVersion, ruleset: RuleSet) -> dict[str, RankStability]:
    """The stability of a version's rankings; a version never changes, so it is computed once in a process."""
    kept: dict[str, dict[str, RankStability]] = current_app.extensions.setdefault("rank_stability", {})
    if version.sha256 not in kept:
        kept[version.sha256] = stability_of(result_document(version), ruleset)
    return kept[version.sha256]


def _sentences(stability: RankStability, vacancies: int) -> list[str]:
    first = stability.first_chance
    if stability.reason is not None or first is None or stability.error is None:
        return [_("Chưa đủ lượt chấm để ước lượng sai số, nên không nói được thứ hạng vững đến đâu.")]
    leader = next(row.code for row in stability.rows if row.rank == 1)
    said = [
        _(
            "Nếu hai người khác, giỏi như vậy, chấm lại tất cả thì mã %(code)s vẫn đứng đầu với khả năng %(chance)s.",
            code=leader,
            chance=percent(first),
        ),
        _("Sai số của một tổng điểm khoảng ±%(error)s điểm.", error=plain(stability.error, 2)),
    ]
    if len(stability.tied) > 1:
        codes = ", ".join(f"{row.code} ({percent(row.first)})" for row in stability.rows if row.code in stability.tied)
        said.append(
            _(
                "Điểm chấm không phân biệt chắc ai đứng đầu. Ai có từ %(number)s %% khả năng đứng đầu đều tính: "
                "%(codes)s.",
                number=5,
                codes=codes,
            )
        )
    else:
        said.append(_("Không ai khác có quá %(number)s %% khả năng đứng đầu.", number=5))
    if stability.unsure:
        codes = ", ".join(stability.unsure)
        said.append(
            _(
                "Ranh giới %(places)s chỗ trúng tuyển chưa vững với: %(codes)s. Đọc kỹ các bài này trước khi ký.",
                places=vacancies,
                codes=codes,
            )
        )
    return said


def _rank_plot(stability: RankStability) -> dict[str, Any]:
    rows = stability.rows[:MOST_DRAWN]
    worst = max((row.high for row in rows), default=1)
    unit = (RANK_RIGHT - RANK_LEFT) / max(worst - 1, 1)

    def place(rank: int) -> float:
        return round(RANK_LEFT + (rank - 1) * unit, 1)

    step = max(1, -(-worst // 10))
    return {
        "height": round(len(rows) * RANK_LINE + 4, 1),
        "ticks": [(place(rank), rank) for rank in range(1, worst + 1) if rank == 1 or rank % step == 0],
        "lines": [
            {
                "code": row.code,
                "y": round(12 + number * RANK_LINE, 1),
                "x": place(min(row.rank, worst)),
                "low": place(row.low),
                "high": place(row.high),
                "is_unsure": row.code in stability.unsure,
            }
            for number, row in enumerate(rows)
        ],
        "left_out": len(stability.rows) - len(rows),
    }
