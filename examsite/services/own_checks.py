"""A candidate's own result against the record log: what stands on the page is what was recorded, and the log holds it.

Each line asks one thing and says what it found; nothing is repaired. What the server says of itself proves little to
someone who doubts the server: the same records, opened, leave as a file that any machine can check.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.domain.canonical import canonical_bytes, sha256_hex
from examsite.domain.checkpoints import open_checkpoint
from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import DomainError
from examsite.domain.marking import NeededAct
from examsite.domain.merkle import verify_inclusion
from examsite.domain.papers import paper_from_data
from examsite.domain.recomputation import recompute
from examsite.domain.records import VERSION, Record, leaf_hash
from examsite.domain.result_entries import SYSTEM_ROUND, MarkEntry
from examsite.domain.rubrics import points_data
from examsite.domain.scores import score_text
from examsite.domain.scripts import script_content
from examsite.services.checkpoints import is_signature_good, origin_of
from examsite.services.context import LogSigner
from examsite.services.log_proofs import prove_inclusion, root_at
from examsite.services.redactions import shown_content
from examsite.storage.models.competitions import Competition
from examsite.storage.models.marking import CodeEntry, Script
from examsite.storage.models.records import CheckpointRow, RecordLog, RecordRow
from examsite.storage.queries.appeals import list_own_appeals
from examsite.storage.queries.codes import WrittenResult
from examsite.storage.queries.corrections import is_correcting
from examsite.storage.queries.marking import scripts_with_marks
from examsite.storage.queries.records import find_last_checkpoint, get_log, list_records_of_events
from examsite.storage.queries.redactions import list_checks
from examsite.storage.queries.results import get_published_version, result_document


@dataclass(frozen=True)
class OwnCheck:
    """One line: what was asked, whether it holds (None: not yet to be asked), of which record."""

    code: str
    holds: bool | None
    seq: int | None = None
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class _Reading:
    """What the lines are read from, and the lines so far."""

    session: Session
    competition: Competition
    result: WrittenResult
    log: RecordLog
    checkpoint: CheckpointRow | None
    lines: list[OwnCheck] = field(default_factory=list)
    opened: list[RecordRow] = field(default_factory=list)


Says = Callable[[Mapping[str, Any]], bool]


def check_own_result(
    session: Session, competition: Competition, result: WrittenResult, signer: LogSigner
) -> list[OwnCheck]:
    """Every line about one candidate's result, in the order in which things happened."""
    return _read(session, competition, result, signer).lines


def own_records(session: Session, competition: Competition, result: WrittenResult, signer: LogSigner) -> dict[str, Any]:
    """The records behind a candidate's own result, opened, with their way to the newest checkpoint: a file to keep.

    Source: record format: disclosing a record is giving out its number, salt and content; checked by anybody offline.
    """
    read = _read(session, competition, result, signer)
    size = 0 if read.checkpoint is None else read.checkpoint.size
    known = {row.seq: row for row in read.opened}
    return {
        "v": 1,
        "checkpoint": None if read.checkpoint is None else read.checkpoint.note,
        "records": [
            {
                "record": _record(row).as_object(),
                "salt": row.salt,
                "payload": None if row.payload is None else row.content,
                "proof": [part.hex() for part in prove_inclusion(session, read.log.id, seq, size=size)]
                if seq < size
                else None,
            }
            for seq, row in sorted(known.items())
        ],
    }


def _read(session: Session, competition: Competition, result: WrittenResult, signer: LogSigner) -> _Reading:
    log = get_log(session, competition.code)
    read = _Reading(session, competition, result, log, find_last_checkpoint(session, log.code))
    _check_state(read, signer)
    _check_why_no_score(read)
    script = _own_script(read)
    if script is not None:
        _check_work(read, script)
        _check_marks(read, script)
    _check_appeals(read, script)
    _check_after_appeal(read)
    for deduction in result.entry.deductions:
        percent = score_text(deduction.percent)
        _check_record(
            read,
            "deduction",
            deduction.seq,
            lambda said, percent=percent: said["percent"] == percent,  # type: ignore[misc]
            subject=f"candidate/{result.public_code}",
        )
    _check_published(read)
    return read


def _check_state(read: _Reading, signer: LogSigner) -> None:
    """The newest signed state is signed by the log's key and is the root of the rows."""
    if read.checkpoint is None:
        read.lines.append(OwnCheck("checkpoint", None))
        return
    origin = origin_of(signer.host_name, read.log.code)
    try:
        known = open_checkpoint(read.checkpoint.note, origin, public_key=signer.public_key, verify=is_signature_good)
        holds = root_at(read.session, read.log.id, known.size) == known.root
    except DomainError:
        holds = False
    read.lines.append(OwnCheck("checkpoint", holds, params={"size": read.checkpoint.size}))


def _own_script(read: _Reading) -> Script | None:
    code = read.result.entry.script
    if code is None:
        return None
    found = scripts_with_marks(read.session, Script.competition_id == read.competition.id, Script.code == code)
    return found[0] if found else None


def _check_work(read: _Reading, script: Script) -> None:
    """What was handed in is what was sealed under the code, and what was sealed is what was marked."""
    entry = read.session.scalars(select(CodeEntry).where(CodeEntry.script_id == script.id)).one_or_none()
    if entry is None:
        read.lines.append(OwnCheck("answers", holds=False))
        return
    paper = paper_from_data(script.paper.data)
    looked = list_checks(read.session, read.competition.id)
    hints = next((row.hints for row in looked if row.attempt.candidacy_id == read.result.candidacy_id), [])

    def is_marked_work(said: Mapping[str, Any]) -> bool:
        given = {row["item"]: row["content"] for row in said["answers"]}
        own = said["candidate"] == read.result.public_code
        return own and shown_content(script_content(paper, given), hints) == script.content

    _check_record(read, "answers", entry.answers_seq, is_marked_work)
    content = sha256_hex(bytes.fromhex(entry.content_salt) + canonical_bytes(script.content))
    line = {
        "candidate": read.result.public_code,
        "script": script.code,
        "answers_seq": entry.answers_seq,
        "content": content,
    }
    sealed = [
        row
        for row in list_records_of_events(read.session, read.log.code, ("codes:sealed",))
        if line in row.content.get("map", [])
    ]
    holds = bool(sealed) and script.content_sha256 == content and _is_kept(read, sealed[0])
    read.lines.append(OwnCheck("sealed", holds, sealed[0].seq if sealed else None, {"script": script.code}))


def _check_marks(read: _Reading, script: Script) -> None:
    entry = read.result.entry
    appealed = () if entry.appeal is None else entry.appeal.marks
    system = [mark for mark in entry.marks if mark.round == SYSTEM_ROUND]
    people = [mark for mark in entry.marks if mark.round != SYSTEM_ROUND]
    for marks in (system, people, appealed):
        for place, mark in enumerate(marks, start=1):
            _check_mark(read, mark, script, place=place)
    if entry.decision is not None:
        wanted = score_text(entry.decision.score)
        _check_record(
            read,
            "settlement",
            entry.decision.seq,
            lambda said: said["score"] == wanted,
            subject=f"script/{script.code}",
        )
    settled = read.result.settlement
    holds = settled is not None and settled.act is NeededAct.SETTLED and settled.score == script.score
    read.lines.append(OwnCheck("computed", holds, params={"score": script.score}))


def _check_mark(read: _Reading, mark: MarkEntry, script: Script, *, place: int) -> None:
    stated = {"part": read.result.entry.part, "round": mark.round, "points": points_data(mark.points)}
    content = script.content_sha256

    def is_shown(said: Mapping[str, Any]) -> bool:
        same = {name: said[name] for name in stated} == stated and said["total"] == score_text(mark.total)
        return same and said["content"] in (content, None)

    code = "system_mark" if mark.round == 0 else "appeal_mark" if isinstance(mark.round, str) else "mark"
    _check_record(read, code, mark.seq, is_shown, subject=f"script/{script.code}", place=place)


def _check_appeals(read: _Reading, script: Script | None) -> None:
    for appeal in reversed(list_own_appeals(read.session, read.result.candidacy_id)):
        stated = {"candidate": read.result.public_code, "part": appeal.part, "reason": appeal.reason}
        _check_record(read, "appeal", appeal.record_seq, lambda said, stated=stated: said == stated)  # type: ignore[misc]
        if appeal.decided_seq is not None and appeal.score is not None and script is not None:
            wanted = {"part": appeal.part, "score": score_text(appeal.score), "reason": appeal.decision_reason}
            _check_record(
                read,
                "appeal_decision",
                appeal.decided_seq,
                lambda said, wanted=wanted: said == wanted,  # type: ignore[misc]
                subject=f"script/{script.code}",
            )


def _check_after_appeal(read: _Reading) -> None:
    """The score after an appeal follows from the fresh marks, or is the decision that they called for."""
    found = read.result.appeal
    if found is None or found.act is not NeededAct.SETTLED:
        return
    kept = {appeal.score for appeal in list_own_appeals(read.session, read.result.candidacy_id)}
    read.lines.append(OwnCheck("appeal_computed", found.score in kept, params={"score": found.score}))


def _check_published(read: _Reading) -> None:
    """The published document is the one whose hash was recorded, and it says of this candidate what the page says."""
    if not read.competition.state.has_reached(CompetitionState.PUBLISHED):
        return
    version = get_published_version(read.session, read.competition.id)
    digest = sha256_hex(version.document.encode("utf-8"))
    rows = [
        row
        for row in list_records_of_events(read.session, read.log.code, ("result:published",))
        if row.content.get("result_sha256") == digest
    ]
    holds = bool(rows) and digest == version.sha256 and _is_kept(read, rows[0])
    read.lines.append(OwnCheck("published", holds, rows[0].seq if rows else None, {"version": version.number}))
    document = result_document(version)
    own = next((one for one in document["candidates"] if one["code"] == read.result.public_code), None)
    _check_own_line(read, own)
    for part in [] if own is None else own["parts"]:
        if part["part"] != read.result.entry.part:
            _check_defence(read, part)
    _check_place(read, document, own)
    _check_approvals(read, document, digest)


def _check_own_line(read: _Reading, own: Mapping[str, Any] | None) -> None:
    """The document gives the written part the score that stands on the page; a correction under way may be ahead."""
    parts = {part["part"]: part for part in own["parts"]} if own else {}
    written, shown = parts.get(read.result.entry.part), read.result.outcome.score
    same = written is not None and written["score"] == (None if shown is None else score_text(shown))
    waits = not same and written is not None and is_correcting(read.session, read.competition)
    read.lines.append(OwnCheck("own_line", None if waits else same))


def _check_defence(read: _Reading, part: Mapping[str, Any]) -> None:
    """Every sheet of the panel, and what its head decided where the members lay too far apart."""
    subject = f"defence/{read.result.public_code}"
    for place, mark in enumerate(part["marks"], start=1):
        stated = {name: mark[name] for name in ("round", "points", "total")} | {"part": part["part"]}
        _check_record(
            read,
            "defence_mark",
            mark["seq"],
            lambda said, stated=stated: {name: said[name] for name in stated} == stated,  # type: ignore[misc]
            subject=subject,
            place=place,
        )
    settled = part["settlement"]
    if settled is not None and settled["seq"] is not None:
        wanted = {"part": part["part"], "step": settled["step"], "score": settled["score"]}
        _check_record(
            read,
            "defence_settlement",
            settled["seq"],
            lambda said: {name: said[name] for name in wanted} == wanted,
            subject=subject,
        )


def _check_place(read: _Reading, document: Mapping[str, Any], own: Mapping[str, Any] | None) -> None:
    """Total, rank and outcome follow from everybody's marks under the rule set; a decided tie is the one on record."""
    if own is None:
        return
    place = {"total": own["total"], "rank": own["rank"]}
    read.lines.append(OwnCheck("place", not recompute(document), params=place))
    tie = next(post["tie"] for post in document["posts"] if post["code"] == own["post"])
    if tie is not None:
        wanted = tie["selected"]
        _check_record(read, "tie", tie["seq"], lambda said: said["selected"] == wanted, subject=f"post/{own['post']}")


def _check_approvals(read: _Reading, document: Mapping[str, Any], digest: str) -> None:
    """As many different people as the rule set wants have agreed to exactly this document, on record."""
    rows = [
        row
        for row in list_records_of_events(read.session, read.log.code, ("result:approved",))
        if row.content.get("result_sha256") == digest and _is_kept(read, row)
    ]
    known = Counter(kind for kind, _stroke, _name in {tuple(row.actor.partition("/")) for row in rows})
    wanted = document["ruleset"]["approvals"]
    holds = all(known[role] >= count for role, count in wanted.items())
    read.lines.append(OwnCheck("approved", holds, params={"count": known.total()}))


def _check_why_no_score(read: _Reading) -> None:
    """Who was absent or lost the part stands so in the minutes; they name others, too, so that nobody gets them."""
    code, part = read.result.public_code, read.result.entry.part
    events = {"absent": "attendance:recorded", "void": "incident:decided"}
    for word, is_so in (("absent", read.result.absent), ("void", read.result.void)):
        if not is_so:
            continue
        rows = [
            row
            for row in list_records_of_events(read.session, read.log.code, (events[word],))
            if row.content.get("part") == part
            and (
                code in row.content.get("absent", ())
                if word == "absent"
                else row.content.get("void") is True and row.content.get("candidate") == code
            )
        ]
        kept = [row for row in rows if _is_kept(read, row)]
        read.lines.append(OwnCheck(word, bool(kept), kept[0].seq if kept else None))


def _check_record(
    read: _Reading, code: str, seq: int, says: Says, *, subject: str | None = None, **params: Any
) -> None:
    """One line: the record is about this, opens to its commitment, says this, and the signed log holds it."""
    row = read.session.scalars(
        select(RecordRow).where(RecordRow.log_id == read.log.id, RecordRow.seq == seq)
    ).one_or_none()
    if row is None or (subject is not None and row.subject != subject):
        read.lines.append(OwnCheck(code, holds=False, seq=seq, params=params))
        return
    read.opened.append(row)
    try:
        holds = row.payload is not None and says(row.content) and _is_kept(read, row)
    except (KeyError, TypeError, ValueError):
        holds = False
    # A record that no signed state covers yet is right as far as it goes: the line says until when to wait.
    waits = holds and (read.checkpoint is None or read.checkpoint.size <= row.seq)
    read.lines.append(OwnCheck(code, None if waits else holds, seq, params))


def _is_kept(read: _Reading, row: RecordRow) -> bool:
    """Whether a record opens to its commitment, hashes to its leaf, and stands in the signed log."""
    entry = _record(row)
    leaf = leaf_hash(entry)
    if not row.is_as_committed or leaf.hex() != row.leaf:
        return False
    if read.checkpoint is None or read.checkpoint.size <= row.seq:
        return True
    size = read.checkpoint.size
    return verify_inclusion(
        leaf,
        row.seq,
        size=size,
        proof=prove_inclusion(read.session, read.log.id, row.seq, size=size),
        root=bytes.fromhex(read.checkpoint.root),
    )


def _record(row: RecordRow) -> Record:
    return Record(VERSION, row.seq, row.at, row.event, row.actor, row.subject, row.commit)
