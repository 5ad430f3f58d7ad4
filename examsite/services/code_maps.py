"""What joins scripts and candidates is put away when the scripts are cut: made ready first, then written at once.

Decision: the server encrypts to the public half of a key that nobody has whole, and forgets; nothing that is left in
the database says whose a script is. Reading, packing and encrypting happen before anything is locked, in memory alone;
under the lock it is compared that what was read still stands, and the rows are changed in one transaction.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

import pyrage
from sqlalchemy import Table, delete, select, update
from sqlalchemy.orm import Session

from examsite.domain.canonical import canonical_bytes, sha256_hex
from examsite.domain.code_maps import WITHHELD, ClosedMap, MapLine, map_bytes, pack
from examsite.domain.errors import ConflictError
from examsite.domain.events import Event
from examsite.domain.papers import Paper, paper_from_data
from examsite.domain.payloads import read_payload
from examsite.domain.saves import content_of
from examsite.domain.scores import score_text
from examsite.domain.scripts import script_content
from examsite.domain.split_keys import KeyPurpose
from examsite.services.context import ServiceContext
from examsite.services.redactions import shown_content
from examsite.services.split_keys import recipient_as_recorded
from examsite.storage.models.code_maps import ClosedAnswers, CodeMap
from examsite.storage.models.competitions import Competition
from examsite.storage.models.records import RecordRow
from examsite.storage.models.redactions import IdentityHint, ScriptCheck
from examsite.storage.models.sittings import AnswerVersion, Attempt
from examsite.storage.queries.code_maps import (
    iterate_versions,
    list_content_numbers,
    list_contents,
    list_contributions,
    list_papers_of,
    list_records_of,
    list_version_stamps,
)
from examsite.storage.queries.codes import SCRIPT_CODES, list_sealable_attempts
from examsite.storage.queries.conflicts import list_recusals
from examsite.storage.queries.draws import find_draw_record
from examsite.storage.queries.records import get_log
from examsite.storage.queries.redactions import list_checks
from examsite.storage.queries.split_keys import get_split_key
from examsite.storage.row_sets import among
from examsite.storage.traces import leave_no_trace, overwrite_what_is_deleted

_versions = cast(Table, AnswerVersion.__table__)

#: Tables from which rows are deleted, or in which they are blanked.
_CLEANED = ("answer_versions", "attempts", "draw_contributions", "identity_hints", "records", "script_checks")

OF_HINT = ("item", "start_at", "end_at", "quote", "kind", "confidence", "reason")
OF_DECISION = ("is_covered", "covered_from", "covered_to", "decided_by_id")

#: Bytes of the salt of a script's content, as of a record's.
SALT_BYTES = 32


@dataclass(frozen=True)
class CutAttempt:
    """An attempt as it is cut: whose it is, what counts of it, and the code that was drawn for it."""

    code: str
    attempt_id: int
    candidacy_id: int
    candidate: str
    paper_id: int
    answers_seq: int
    #: Points of the objective questions, as the column has them, and their total as text.
    points: dict[str, Any] | None
    total: str | None


@dataclass(frozen=True)
class Standing:
    """What a sealing rests on; nothing of it may have changed when it is written."""

    recipient: str
    #: In the order of the codes.
    attempts: tuple[CutAttempt, ...]
    #: What was found and decided when an attempt was looked through, by attempt.
    looks: Mapping[int, dict[str, Any]]
    versions: list[tuple[int, ...]]
    #: Numbers of the records whose contents are put away.
    contents: list[int]


@dataclass(frozen=True)
class Cut:
    """A script made ready: what markers will read of an attempt, and the age file that holds everything else."""

    attempt: CutAttempt
    paper: Paper
    post_id: int
    content: list[Any]
    salt: str
    #: Hex of SHA-256 of the salt and the content.
    content_sha256: str
    responses: dict[str, object]
    #: Everything that the attempt left, encrypted; the only trace of it that outlives the sealing.
    file: bytes = field(repr=False)


@dataclass(frozen=True)
class Sealing:
    """Everything that a sealing writes, as far as it can be made before the lock is taken."""

    standing: Standing
    #: In the order of the codes.
    cuts: tuple[Cut, ...]
    #: Contents of records that are not about one attempt, by number: salt and content.
    contents: Mapping[int, tuple[str, str]] = field(repr=False)


def read_standing(ctx: ServiceContext, competition: Competition) -> Standing:
    """What the codes would be sealed over at this instant.

    Raises:
        ConflictError: `code_draw_outdated`: attempts changed after the draw; `split_key_changed`.
        NotFoundError: `split_key_not_found`: nobody holds a key that anything could be closed to.
    """
    session = ctx.session
    held = find_draw_record(session, competition.id, SCRIPT_CODES, Event.DRAW_HELD)
    attempts = list_sealable_attempts(session, competition.id)
    if held is None or len(held["outcome"]) != len(attempts):
        raise ConflictError("code_draw_outdated")
    checks = {check.attempt_id: check for check in list_checks(session, competition.id)}
    # As many attempts as at the draw need not be the same ones.
    if any(attempt.id not in checks or checks[attempt.id].place != place for place, attempt in enumerate(attempts)):
        raise ConflictError("code_draw_outdated")
    cut = [_cut_attempt(code, attempt) for code, attempt in zip(held["outcome"], attempts, strict=True)]
    key = get_split_key(session, competition.id, KeyPurpose.CODES)
    log = get_log(session, competition.code)
    return Standing(
        recipient=recipient_as_recorded(ctx, competition, key),
        attempts=tuple(sorted(cut, key=lambda one: one.code)),
        looks={attempt_id: _look_data(check) for attempt_id, check in checks.items()},
        versions=list_version_stamps(session, [attempt.id for attempt in attempts]),
        contents=list_content_numbers(session, log.id, events=WITHHELD, draw=SCRIPT_CODES),
    )


def make_sealing(ctx: ServiceContext, competition: Competition, standing: Standing) -> Sealing:
    """Cut every attempt and encrypt what it left; nothing is written down."""
    session = ctx.session
    wanted = set(standing.contents)
    log = get_log(session, competition.code)
    by_candidate: defaultdict[str, dict[int, tuple[str, str]]] = defaultdict(dict)
    of_all: dict[int, tuple[str, str]] = {}
    for seq, event, salt, payload in list_contents(session, log.id, events=WITHHELD, draw=SCRIPT_CODES):
        if seq not in wanted:
            continue
        if event in (Event.ANSWERS_SUBMITTED, Event.ANSWERS_AMENDED):
            by_candidate[str(read_payload(payload)["candidate"])][seq] = (salt, payload)
        else:
            of_all[seq] = (salt, payload)
    recipient = pyrage.x25519.Recipient.from_str(standing.recipient)
    papers = {
        row.id: (paper_from_data(row.data), row.post_id)
        for row in list_papers_of(session, sorted({attempt.paper_id for attempt in standing.attempts}))
    }
    versions = iterate_versions(session, [attempt.attempt_id for attempt in standing.attempts])
    by_attempt = {attempt.attempt_id: attempt for attempt in standing.attempts}
    cuts: dict[str, Cut] = {}

    def cut(attempt: CutAttempt, rows: Sequence[tuple[Any, ...]]) -> None:
        paper, post_id = papers[attempt.paper_id]
        look = standing.looks[attempt.attempt_id]
        answers = _answers_of(rows)
        content, salt = shown_content(script_content(paper, answers), _hints_of(look)), secrets.token_bytes(SALT_BYTES)
        cuts[attempt.code] = Cut(
            attempt=attempt,
            paper=paper,
            post_id=post_id,
            content=content,
            salt=salt.hex(),
            content_sha256=sha256_hex(salt + canonical_bytes(content)),
            responses={item.item: answers[item.item] for item in paper.objective if item.item in answers},
            file=_file_of(attempt, rows, by_candidate.pop(attempt.candidate, {}), look, recipient=recipient),
        )

    for attempt_id, rows in versions:
        cut(by_attempt.pop(attempt_id), rows)
    for attempt in by_attempt.values():
        cut(attempt, ())
    for pairs in by_candidate.values():
        of_all |= pairs
    return Sealing(standing, tuple(cuts[code] for code in sorted(cuts)), of_all)


def put_away(ctx: ServiceContext, competition: Competition, sealing: Sealing, *, record_seq: int) -> CodeMap:
    """Close everything that joins these scripts and their candidates, and blank it where it stood.

    `record_seq` is the record of the sealing, which is written already. The caller has asked who may, and has compared
    that what the sealing rests on still stands.
    """
    session = ctx.session
    overwrite_what_is_deleted(session)
    leave_no_trace(session, *_CLEANED)
    log = get_log(session, competition.code)
    contents = dict(sealing.contents)
    for row in list_records_of(session, log.id, [record_seq]):
        contents[row.seq] = (row.salt or "", row.payload or "")
    withheld = sorted({*sealing.standing.contents, record_seq})
    # By attempt and never by script: keys, and the places of rows on the disk, would repeat the order of the codes.
    cuts = sorted(sealing.cuts, key=lambda cut: cut.attempt.attempt_id)
    numbers = _take_numbers(ctx, competition)
    lines = tuple(_line_of(cut) for cut in cuts)
    recipient = pyrage.x25519.Recipient.from_str(sealing.standing.recipient)
    closed = pyrage.encrypt(map_bytes(ClosedMap(lines, contents, numbers)), [recipient], armored=True)
    _close_answers(session, cuts)
    _forget_looks(session, competition)
    session.execute(
        update(RecordRow)
        .where(RecordRow.log_id == log.id, among(RecordRow.seq, "withheld"))
        .values(salt=None, payload=None)
        .execution_options(synchronize_session="fetch"),
        {"withheld": withheld},
    )
    made = CodeMap(
        competition_id=competition.id,
        content=closed.decode("ascii"),
        age_sha256=sha256_hex(closed),
        withheld=withheld,
        recusals=sorted([account, candidacy] for account, candidacy in list_recusals(session, competition.id)),
        closed_at=ctx.now,
        opened_at=None,
    )
    session.add(made)
    session.flush()
    return made


def _close_answers(session: Session, cuts: Sequence[Cut]) -> None:
    """The closed files of the attempts come in the place of their answers and of what was computed from them."""
    attempts = [cut.attempt.attempt_id for cut in cuts]
    session.execute(delete(_versions).where(among(_versions.c.attempt_id, "attempts")), {"attempts": attempts})
    session.add_all(ClosedAnswers(attempt_id=cut.attempt.attempt_id, content=cut.file) for cut in cuts)
    session.flush()
    for attempt in session.scalars(select(Attempt).where(among(Attempt.id, "attempts")), {"attempts": attempts}):
        attempt.objective_points, attempt.objective_total = None, None
    session.flush()


def _forget_looks(session: Session, competition: Competition) -> None:
    """What the look through the answers found names candidates beside scripts."""
    looked = select(ScriptCheck.id).where(ScriptCheck.competition_id == competition.id)
    for statement in (
        delete(IdentityHint).where(IdentityHint.check_id.in_(looked)),
        delete(ScriptCheck).where(ScriptCheck.competition_id == competition.id),
    ):
        session.execute(statement.execution_options(synchronize_session="fetch"))


def _cut_attempt(code: str, attempt: Attempt) -> CutAttempt:
    if attempt.paper_id is None or attempt.record_seq is None:
        raise ConflictError("code_draw_outdated")
    return CutAttempt(
        code=code,
        attempt_id=attempt.id,
        candidacy_id=attempt.candidacy_id,
        candidate=str(attempt.candidacy.public_code),
        paper_id=attempt.paper_id,
        answers_seq=attempt.record_seq,
        points=attempt.objective_points,
        total=None if attempt.objective_total is None else score_text(attempt.objective_total),
    )


def _line_of(cut: Cut) -> MapLine:
    return MapLine(
        candidacy_id=cut.attempt.candidacy_id,
        attempt_id=cut.attempt.attempt_id,
        candidate=cut.attempt.candidate,
        script=cut.attempt.code,
        answers_seq=cut.attempt.answers_seq,
        content=cut.content_sha256,
        salt=cut.salt,
        file_sha256=sha256_hex(cut.file),
    )


def _answers_of(versions: Sequence[tuple[Any, ...]]) -> dict[str, object]:
    """What counts of each item: the highest (epoch, number) that was not set aside."""
    newest: dict[str, tuple[int, int, str]] = {}
    for version in versions:
        item, epoch, number, content, _received_at, set_aside, *_rest = version
        if not set_aside and (item not in newest or (epoch, number) > newest[item][:2]):
            newest[item] = (epoch, number, content)
    return {item: content_of(content) for item, (_epoch, _number, content) in newest.items()}


def _file_of(
    attempt: CutAttempt,
    versions: Sequence[tuple[Any, ...]],
    records: Mapping[int, tuple[str, str]],
    look: Mapping[str, Any],
    *,
    recipient: pyrage.x25519.Recipient,
) -> bytes:
    """The age file that holds everything that an attempt left."""
    data = {
        "v": 1,
        "attempt": attempt.attempt_id,
        "versions": [[_plain(value) for value in version] for version in versions],
        "points": attempt.points,
        "total": attempt.total,
        "records": {str(seq): list(pair) for seq, pair in records.items()},
        "look": look,
    }
    return bytes(pyrage.encrypt(pack(data), [recipient]))


def _take_numbers(ctx: ServiceContext, competition: Competition) -> dict[str, tuple[str, str]]:
    """The numbers of the draw, from which anybody could compute it; they stand nowhere from now on."""
    found = {}
    for row in list_contributions(ctx.session, competition.id, SCRIPT_CODES):
        found[row.by] = (row.nonce, row.substitute)
        row.nonce = row.substitute = ""
    ctx.session.flush()
    return found


def _look_data(check: ScriptCheck) -> dict[str, Any]:
    return {
        "code": check.code,
        "place": check.place,
        "answers_seq": check.answers_seq,
        "looked_at": _plain(check.looked_at),
        "confirmed_at": _plain(check.confirmed_at),
        "record_seq": check.record_seq,
        "hints": [[_plain(getattr(hint, name)) for name in (*OF_HINT, *OF_DECISION)] for hint in check.hints],
    }


def _hints_of(look: Mapping[str, Any]) -> list[IdentityHint]:
    """The places that were found, as far as a script is cut by them."""
    return [IdentityHint(**dict(zip((*OF_HINT, *OF_DECISION), hint, strict=True))) for hint in look["hints"]]


def _plain(value: Any) -> Any:
    """A column as JSON."""
    return value.isoformat() if isinstance(value, datetime) else value
