"""The report before a result is approved: what in this competition is hard to explain by chance, and how hard.

Reads only, and only once the codes are opened. A finding says where to look and how often chance alone shows as much;
it changes no score and is no proof against anybody. Somebody asks, somebody answers, both on the record.
"""

from __future__ import annotations

import json
from collections.abc import MutableMapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from examsite.domain.canonical import parse_instant, sha256_hex
from examsite.domain.marking import BLIND_ROUND, ScriptKind
from examsite.domain.papers import PaperItem, paper_from_data
from examsite.domain.questions import QuestionKind
from examsite.domain.ruleset_model import BlindPairPart
from examsite.domain.working_days import ZONE, WorkCalendar
from examsite.services.rulesets import ruleset_of
from examsite.services.working_days import work_calendar
from examsite.statistics.findings import AnomalyReport, Finding, FindingKind, Strength, strength_of_text
from examsite.storage.queries.anomalies import (
    list_acts_of_people,
    list_changed_marks,
    list_decided_scores,
    list_essays,
    list_log_ins,
    list_objective_answers,
    list_panel_marks,
    list_settled_scores,
    list_sitting_spans,
    list_withdrawn_marks,
)
from examsite.storage.queries.corrections import list_work_spans
from examsite.storage.queries.marking_statistics import (
    LockedMark,
    checks_of,
    count_queues,
    list_locked_marks,
    list_new_beginnings,
)
from examsite.storage.queries.papers import list_opened_papers
from examsite.storage.queries.records import get_log

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from examsite.statistics.anomalies import Question
    from examsite.statistics.similarity import SharedPassage, SimilarityReport
    from examsite.storage.models.competitions import Competition

#: Hours in which official work is done, in Vietnam. Source: our choice, because offices open at 7:30 and close at
#: 17:00, and an hour and a half on either side is no oddity.
FIRST_HOUR, LAST_HOUR = 6, 19
#: Before and after a sitting in which people are at work whatever the hour. Source: our choice, because rooms are
#: prepared and scripts collected then.
AROUND_SITTING = timedelta(hours=3)
#: People up to whom everybody's mistakes are compared with everybody's; of more, within a room only. Source: our
#: choice, because pairs grow with the square and a page is waited for.
MOST_COMPARED = 250
#: Scripts of one person named in a finding.
MOST_NAMED = 8
#: Pairs of texts named for one question, the most alike first.
MOST_PASSAGES = 3
#: Weakest listed finding of a kind beside the strongest ones; more would hide them.
MOST_LISTED = 10


def report_anomalies(
    session: Session, competition: Competition, *, kept: MutableMapping[int, AnomalyReport]
) -> AnomalyReport:
    """The report of a competition whose codes are opened.

    `kept` holds it until the log grows or a mark in the tables is no longer what was recorded.
    """
    log = get_log(session, competition.code)
    known = kept.get(competition.id)
    differing = _of_records(session, competition.id)
    if known is not None and known.log_size == log.size and _differing(known) == differing:
        return known
    marks = list_locked_marks(session, competition.id)
    findings = [
        *differing,
        *_of_marks(session, competition, marks),
        *_of_panel(session, competition.id),
        *_of_scores(session, competition),
        *_of_answers(session, competition.id),
        *_of_texts(session, competition.id),
        *_of_hours(session, competition, log.id),
    ]
    order = list(Strength)
    findings.sort(key=lambda row: (order.index(row.strength), list(FindingKind).index(row.kind), row.chance or 0.0))
    said = [[row.kind, row.strength, row.about, row.values, row.seqs] for row in findings]
    found = AnomalyReport(
        log_size=log.size,
        findings=tuple(findings),
        scripts=len({mark.script_id for mark in marks if mark.kind is ScriptKind.LIVE}),
        answers=len(list_objective_answers(session, competition.id)),
        sha256=sha256_hex(json.dumps(said, sort_keys=True, default=str, ensure_ascii=False).encode("utf-8")),
        asked=tuple(FindingKind),
    )
    kept[competition.id] = found
    return found


def _differing(report: AnomalyReport) -> list[Finding]:
    return [row for row in report.findings if row.kind is FindingKind.RECORD_DIFFERS]


def _of_records(session: Session, competition_id: int) -> list[Finding]:
    found = [
        Finding(
            FindingKind.RECORD_DIFFERS,
            Strength.CERTAIN,
            (row.subject.partition("/")[2], row.marker),
            {"recorded": row.recorded, "stands": row.stands},
            seqs=(row.seq,),
        )
        for row in list_changed_marks(session, competition_id)
    ]
    found += [
        Finding(
            FindingKind.MARK_WITHDRAWN,
            Strength.FACT,
            (row.script, row.marker),
            {"before": row.before, "after": row.after, "reason": row.reason},
            seqs=(row.seq,),
        )
        for row in list_withdrawn_marks(session, competition_id)
    ]
    return found


def _of_marks(session: Session, competition: Competition, marks: list[LockedMark]) -> list[Finding]:
    from examsite.statistics.anomalies import Question, drift_chance  # noqa: PLC0415 - numbers when needed
    from examsite.statistics.drift import watch_drift  # noqa: PLC0415 - numbers when needed
    from examsite.statistics.figures import ScriptMark  # noqa: PLC0415 - numbers when needed
    from examsite.statistics.inflation import find_inflation  # noqa: PLC0415 - numbers when needed

    blind = [mark for mark in marks if mark.kind is ScriptKind.LIVE and mark.round == BLIND_ROUND]
    seqs = {(mark.script, mark.marker): mark.seq for mark in blind}
    report = find_inflation(ScriptMark(mark.script, mark.marker, mark.total) for mark in blind)
    found = [
        Finding(
            FindingKind.SINGLE_GAP,
            _strength(Question.SINGLE_GAP, row.chance),
            (row.script, row.marker),
            {"gap": row.gap, "strength": row.strength, "error": report.error},
            row.chance,
            (seqs[row.script, row.marker],),
        )
        for row in report.singles[:MOST_LISTED]
        if _is_listed(row.chance)
    ]
    found += [
        Finding(
            FindingKind.LIFTED_MARKER,
            _strength(Question.LIFTED_MARKER, row.chance),
            (row.marker,),
            {"scripts": row.scripts, "suspects": row.suspects[:MOST_NAMED]},
            row.chance,
            tuple(seqs[script, row.marker] for script in row.suspects[:MOST_NAMED]),
        )
        for row in report.markers
        if _is_listed(row.chance)
    ]
    watches = watch_drift(
        checks_of(marks, list_new_beginnings(session, competition.id)), queues=count_queues(session, competition.id)
    )
    for watch in watches.values():
        chance = drift_chance(watch.strain, watch.checks, len(watches))
        if watch.alarm is not None and _is_listed(chance):
            values = {"points": watch.alarm.points, "since": watch.alarm.since, "rivals": watch.alarm.rivals}
            found.append(Finding(FindingKind.DRIFT, _strength(Question.DRIFT, chance), (watch.marker,), values, chance))
    return found


def _of_panel(session: Session, competition_id: int) -> list[Finding]:
    from examsite.statistics.anomalies import Question  # noqa: PLC0415 - numbers when needed
    from examsite.statistics.figures import ScriptMark  # noqa: PLC0415 - numbers when needed
    from examsite.statistics.inflation import find_inflation  # noqa: PLC0415 - numbers when needed

    given = list_panel_marks(session, competition_id)
    report = find_inflation(ScriptMark(code, member, total) for code, member, total in given)
    return [
        Finding(
            FindingKind.PANEL_GAP,
            _strength(Question.PANEL_GAP, row.chance),
            (row.script, row.marker),
            {"gap": row.gap, "strength": row.strength, "error": report.error},
            row.chance,
        )
        for row in report.singles[:MOST_LISTED]
        if _is_listed(row.chance)
    ]


def _of_scores(session: Session, competition: Competition) -> list[Finding]:
    from examsite.statistics.anomalies import (  # noqa: PLC0415 - numbers when needed
        Question,
        find_pass_mark_jump,
        judge_decided,
    )

    found: list[Finding] = []
    part = next((part for part in ruleset_of(competition).parts if isinstance(part, BlindPairPart)), None)
    jump = None if part is None else find_pass_mark_jump(list_settled_scores(session, competition.id), part.pass_mark)
    if part is not None and jump is not None and _is_listed(jump.chance):
        values = {"above": jump.above, "below": jump.below, "expected": jump.expected, "pass_mark": part.pass_mark}
        found.append(Finding(FindingKind.JUMP, _strength(Question.JUMP, jump.chance), (), values, jump.chance))
    decided = list_decided_scores(session, competition.id)
    found += [
        Finding(
            FindingKind.DECIDED_OUTSIDE,
            Strength.FACT,
            (row.script,),
            {"score": row.score, "low": min(row.marks), "high": max(row.marks)},
            seqs=(row.seq,),
        )
        for row in decided
        if row.marks and not min(row.marks) <= row.score <= max(row.marks)
    ]
    whole = judge_decided((row.score, row.marks) for row in decided)
    if whole is not None and _is_listed(whole.chance):
        values = {"above": whole.above, "below": whole.below}
        strength = _strength(Question.DECIDED_UPWARDS, whole.chance)
        found.append(
            Finding(FindingKind.DECIDED_UPWARDS, strength, (), values, whole.chance, tuple(row.seq for row in decided))
        )
    return found


def _of_answers(session: Session, competition_id: int) -> list[Finding]:
    from examsite.statistics.anomalies import Question, find_same_mistakes  # noqa: PLC0415 - numbers when needed

    handed_in = list_objective_answers(session, competition_id)
    room = {row.code: row.room for row in handed_in}
    found = []
    for paper in list_opened_papers(session, competition_id):
        keys = {
            item.item: _key(item)
            for item in paper_from_data(paper.data).objective
            if item.question.kind in (QuestionKind.SINGLE, QuestionKind.TRUE_FALSE, QuestionKind.MULTIPLE)
        }
        own = [row for row in handed_in if row.paper_id == paper.id]
        groups = (
            [own]
            if len(own) <= MOST_COMPARED
            else [[row for row in own if row.room == name] for name in sorted(set(room.values()))]
        )
        for group in groups:
            pairs = find_same_mistakes({row.code: row.answers for row in group}, keys)
            for pair in pairs[:MOST_LISTED]:
                chance = min(1.0, pair.chance * len(groups))
                if _is_listed(chance):
                    values = {
                        "same": pair.same,
                        "both_wrong": pair.both_wrong,
                        "expected": pair.expected,
                        "is_same_room": room[pair.first] == room[pair.second],
                    }
                    strength = _strength(Question.SAME_MISTAKES, chance)
                    about = (pair.first, pair.second)
                    found.append(Finding(FindingKind.SAME_MISTAKES, strength, about, values, chance))
    return found


def _of_texts(session: Session, competition_id: int) -> list[Finding]:
    from examsite.statistics.similarity import compare_answers, compare_with_key  # noqa: PLC0415 - when needed

    items = {
        (paper.id, item.item): item
        for paper in list_opened_papers(session, competition_id)
        for item in paper_from_data(paper.data).essays
    }
    found = []
    for place, texts in list_essays(session, competition_id).items():
        item = items.get(place)
        if item is None:
            continue
        question = item.question
        known = [question.stem.vi, question.stem.en, *(row.text.vi for row in question.criteria)]
        key = " ".join(level.text.vi for row in question.criteria for level in row.levels)
        alike = compare_answers(texts, known=[*known, key])
        found += [
            Finding(
                FindingKind.SAME_PASSAGE,
                strength_of_text(row.share, row.words),
                (row.first, row.second),
                _passage(item.item, row.share, row.words, row.passage) | {"pairs": len(alike.found)},
            )
            for row in _worth_naming(alike)
        ]
        found += [
            Finding(
                FindingKind.KEY_PASSAGE,
                strength_of_text(row.share, row.words),
                (row.first,),
                _passage(item.item, row.share, row.words, row.passage),
            )
            for row in _worth_naming(compare_with_key(texts, key, known=known))
        ]
    return found


def _of_hours(session: Session, competition: Competition, log_id: int) -> list[Finding]:
    """Acts and log-ins at night, on days of rest: one finding for each person and day.

    What is done once a result stands (reading, asking, signing) is not what it rests on.
    """
    spans = [
        (start - AROUND_SITTING, (closed or start + timedelta(hours=4)) + AROUND_SITTING)
        for start, closed in list_sitting_spans(session, competition.id)
    ]
    known = [(actor, parse_instant(at), seq) for actor, at, seq in list_acts_of_people(session, log_id)]
    work = [
        [act for act in known if first < act[2] and (last is None or act[2] <= last)]
        for first, last in list_work_spans(session, competition)
    ]
    acts = [act for span in work for act in span]
    if not acts:
        return []
    worked = [(min(at for _who, at, _seq in span), max(at for _who, at, _seq in span)) for span in work if span]
    calendar = work_calendar(session, worked[-1][1])
    grouped: dict[tuple[str, date], list[tuple[datetime, int | None]]] = {}
    log_ins = [
        (name, at, None)
        for name, at in list_log_ins(session, competition.id, since=worked[0][0])
        if any(first <= at <= last for first, last in worked)
    ]
    for actor, at, seq in [*acts, *log_ins]:
        if is_out_of_hours(at, calendar) and not any(first <= at <= end for first, end in spans):
            who = actor.partition("/")[2] or actor
            grouped.setdefault((who, at.astimezone(ZONE).date()), []).append((at, seq))
    return [
        Finding(
            FindingKind.OUT_OF_HOURS,
            Strength.FACT,
            (who,),
            {
                "acts": sum(seq is not None for _at, seq in rows),
                "log_ins": sum(seq is None for _at, seq in rows),
                "first": min(at for at, _seq in rows),
                "last": max(at for at, _seq in rows),
            },
            seqs=tuple(seq for _at, seq in rows if seq is not None)[:MOST_NAMED],
        )
        for (who, _day), rows in sorted(grouped.items())
    ]


def is_out_of_hours(at: datetime, calendar: WorkCalendar) -> bool:
    """Whether offices are shut at this instant."""
    local = at.astimezone(ZONE)
    return not (FIRST_HOUR <= local.hour < LAST_HOUR and calendar.is_working(local.date()))


def _worth_naming(report: SimilarityReport) -> Sequence[SharedPassage]:
    """What may be a copy; where nothing may, the closest alone, so that a reader knows how alike honest texts are."""
    copied = [row for row in report.found if strength_of_text(row.share, row.words) is Strength.STRONG]
    return copied[:MOST_PASSAGES] or report.found[:1]


def _passage(item: str, share: float, words: int, passage: str) -> dict[str, Any]:
    return {"item": item, "share": share, "words": words, "passage": " ".join(passage.split()[:40])}


def _key(item: PaperItem) -> str:
    key = item.question.answer_key
    return "+".join(sorted(key)) if isinstance(key, tuple) else ""


def _is_listed(chance: float) -> bool:
    from examsite.statistics.anomalies import WORTH_A_LOOK  # noqa: PLC0415 - numbers when needed

    return chance < WORTH_A_LOOK


def _strength(question: Question, chance: float) -> Strength:
    from examsite.statistics.anomalies import is_strong  # noqa: PLC0415 - numbers when needed

    return Strength.STRONG if is_strong(question, chance) else Strength.WEAK
