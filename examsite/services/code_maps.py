"""What joins scripts and candidates is put away when the scripts are cut, and comes back when enough holders open it.

Decision: the server encrypts to the public half of a key that nobody has whole, and forgets; nothing that is left in
the database says whose a script is. The same rows come back at the opening, so that whoever checks afterwards finds
what was there before the cut.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import pyrage
from sqlalchemy import Table, delete, insert, select

from examsite.domain.canonical import sha256_hex
from examsite.domain.code_maps import WITHHELD, ClosedMap, MapLine, holds_content, map_bytes, pack, read_map, unpack
from examsite.domain.errors import ConflictError
from examsite.domain.events import Event
from examsite.domain.identity_hints import HintKind
from examsite.domain.records import commitment
from examsite.domain.scores import score, score_text
from examsite.domain.split_keys import KeyPurpose
from examsite.services.context import ServiceContext
from examsite.services.split_keys import join_split_key, recipient_as_recorded
from examsite.storage.models.code_maps import ClosedAnswers, CodeMap
from examsite.storage.models.competitions import Competition
from examsite.storage.models.draws import DrawCeremony, DrawContribution
from examsite.storage.models.marking import CodeEntry, Script
from examsite.storage.models.redactions import IdentityHint, ScriptCheck
from examsite.storage.models.sittings import AnswerVersion, Attempt
from examsite.storage.queries.code_maps import get_closed_map, list_contents, list_records_of
from examsite.storage.queries.conflicts import list_recusals
from examsite.storage.queries.marking import list_scripts
from examsite.storage.queries.records import get_log
from examsite.storage.queries.redactions import list_checks
from examsite.storage.queries.split_keys import get_split_key
from examsite.storage.traces import leave_no_trace, overwrite_what_is_deleted

_versions = cast(Table, AnswerVersion.__table__)

#: Columns of a version that are put away; the others say whose it is and are known again at the opening.
_OF_VERSION = ("item", "epoch", "number", "content", "received_at", "set_aside", "by_file")

#: Tables from which rows are deleted, or in which they are blanked.
_CLEANED = ("answer_versions", "attempts", "draw_contributions", "identity_hints", "records", "script_checks")

_OF_HINT = ("item", "start_at", "end_at", "quote", "kind", "confidence", "reason")
_OF_DECISION = ("is_covered", "covered_from", "covered_to", "decided_by_id")


@dataclass(frozen=True)
class Cut:
    """A script as it was just cut from an attempt, with the salt of its content."""

    script: Script
    attempt: Attempt
    salt: str


def put_away(ctx: ServiceContext, competition: Competition, cuts: Sequence[Cut], *, draw: str) -> CodeMap:
    """Close everything that joins these scripts and their candidates, and blank it where it stood.

    The record of the sealing is written already; `draw` names the draw of the codes. The caller has asked who may.

    Raises:
        ConflictError: `split_key_changed`: the key is not the one that was split.
        NotFoundError: `split_key_not_found`: nobody holds a key that it could be closed to.
    """
    key = get_split_key(ctx.session, competition.id, KeyPurpose.CODES)
    recipient = pyrage.x25519.Recipient.from_str(recipient_as_recorded(ctx, competition, key))
    overwrite_what_is_deleted(ctx.session)
    leave_no_trace(ctx.session, *_CLEANED)
    log = get_log(ctx.session, competition.code)
    contents = list_contents(ctx.session, log.id, events=WITHHELD, draw=draw)
    by_candidate: defaultdict[str, dict[int, tuple[str, str]]] = defaultdict(dict)
    of_all: dict[int, tuple[str, str]] = {}
    for row in contents:
        pair = (row.salt or "", row.payload or "")
        if row.event in (Event.ANSWERS_SUBMITTED, Event.ANSWERS_AMENDED):
            by_candidate[str(json.loads(pair[1])["candidate"])][row.seq] = pair
        else:
            of_all[row.seq] = pair
    looks = {check.attempt_id: check for check in list_checks(ctx.session, competition.id)}
    lines = []
    # By attempt and never by script: keys, and the places of rows on the disk, would repeat the order of the codes.
    for cut in sorted(cuts, key=lambda cut: cut.attempt.id):
        candidate = str(cut.attempt.candidacy.public_code)
        content = _close_attempt(
            ctx, cut.attempt, by_candidate.pop(candidate, {}), looks.get(cut.attempt.id), recipient=recipient
        )
        lines.append(
            MapLine(
                candidacy_id=cut.attempt.candidacy_id,
                attempt_id=cut.attempt.id,
                candidate=candidate,
                script=cut.script.code,
                answers_seq=cut.attempt.record_seq or 0,
                content=cut.script.content_sha256,
                salt=cut.salt,
                file_sha256=sha256_hex(content),
            )
        )
    for pairs in by_candidate.values():
        of_all |= pairs
    numbers = _take_numbers(ctx, competition, draw)
    for row in contents:
        row.salt = row.payload = None
    closed = pyrage.encrypt(map_bytes(ClosedMap(tuple(lines), of_all, numbers)), [recipient], armored=True)
    made = CodeMap(
        competition_id=competition.id,
        content=closed.decode("ascii"),
        age_sha256=sha256_hex(closed),
        withheld=[content.seq for content in contents],
        recusals=sorted([account, candidacy] for account, candidacy in list_recusals(ctx.session, competition.id)),
        closed_at=ctx.now,
        opened_at=None,
    )
    ctx.session.add(made)
    ctx.session.flush()
    return made


def take_back(ctx: ServiceContext, competition: Competition, words: Sequence[str], *, draw: str) -> list[str]:
    """Open the map with the words of enough holders and put everything back; their pseudonyms.

    `draw` names the draw of the codes, as at the cut. Nothing is put back unless all of it is what was closed: contents
    fit the log, scripts fit the map.

    Raises:
        ConflictError: `code_map_not_closed`; `code_map_damaged`, `code_map_not_as_sealed`: somebody changed it.
        InvalidError: those of `join_split_key`.
    """
    row = get_closed_map(ctx.session, competition.id)
    key = get_split_key(ctx.session, competition.id, KeyPurpose.CODES)
    identity, holders = join_split_key(ctx, key, words)
    armoured = row.content.encode("ascii")
    if sha256_hex(armoured) != row.age_sha256:
        raise ConflictError("code_map_damaged")
    closed = read_map(_decrypted(identity, armoured))
    log = get_log(ctx.session, competition.code)
    scripts = {script.code: script for script in list_scripts(ctx.session, competition.id)}
    if {line.script for line in closed.lines} != set(scripts):
        raise ConflictError("code_map_not_as_sealed")
    contents = dict(closed.records)
    for line in sorted(closed.lines, key=lambda line: line.script):
        script = scripts[line.script]
        if script.content_sha256 != line.content or not holds_content(line, script.content):
            raise ConflictError("code_map_not_as_sealed")
        contents |= _open_attempt(ctx, competition, line, identity)
        ctx.session.add(
            CodeEntry(
                competition_id=competition.id,
                script_id=script.id,
                candidacy_id=line.candidacy_id,
                answers_seq=line.answers_seq,
                content_salt=line.salt,
            )
        )
        ctx.session.flush()
    _put_contents_back(ctx, log.id, contents, closed)
    _put_numbers_back(ctx, competition, closed, draw)
    row.content = ""
    row.opened_at = ctx.now
    ctx.session.flush()
    return holders


def _close_attempt(
    ctx: ServiceContext,
    attempt: Attempt,
    records: dict[int, tuple[str, str]],
    check: ScriptCheck | None,
    *,
    recipient: pyrage.x25519.Recipient,
) -> bytes:
    """Put away what an attempt left; the age file that holds it."""
    # Rows, not objects: an attempt has hundreds of versions.
    columns = [_versions.c[name] for name in _OF_VERSION]
    versions = ctx.session.execute(
        select(*columns).where(_versions.c.attempt_id == attempt.id).order_by(_versions.c.id)
    ).all()
    content = pyrage.encrypt(
        pack(
            {
                "v": 1,
                "attempt": attempt.id,
                "versions": [[_plain(value) for value in version] for version in versions],
                "points": attempt.objective_points,
                "total": None if attempt.objective_total is None else score_text(attempt.objective_total),
                "records": {str(seq): list(pair) for seq, pair in records.items()},
                "look": None if check is None else _look_data(check),
            }
        ),
        [recipient],
    )
    ctx.session.execute(delete(_versions).where(_versions.c.attempt_id == attempt.id))
    ctx.session.add(ClosedAnswers(attempt_id=attempt.id, content=content))
    attempt.objective_points = None
    attempt.objective_total = None
    if check is not None:
        ctx.session.delete(check)
    ctx.session.flush()
    return content


def _open_attempt(
    ctx: ServiceContext, competition: Competition, line: MapLine, identity: pyrage.x25519.Identity
) -> dict[int, tuple[str, str]]:
    """Put back what an attempt left; the contents of its records, which are not put back yet."""
    row = ctx.session.scalars(select(ClosedAnswers).where(ClosedAnswers.attempt_id == line.attempt_id)).one_or_none()
    if row is None or sha256_hex(row.content) != line.file_sha256:
        raise ConflictError("code_map_not_as_sealed")
    data = unpack(_decrypted(identity, row.content))
    attempt = ctx.session.get_one(Attempt, line.attempt_id)
    if data["versions"]:
        ctx.session.execute(
            insert(_versions),
            [{"attempt_id": attempt.id} | _version_values(version) for version in data["versions"]],
        )
    attempt.objective_points = data["points"]
    attempt.objective_total = None if data["total"] is None else score(data["total"])
    if data["look"] is not None:
        ctx.session.add(_look_of(competition, attempt, data["look"]))
    ctx.session.delete(row)
    ctx.session.flush()
    return {int(seq): (str(salt), str(payload)) for seq, (salt, payload) in data["records"].items()}


def _put_contents_back(
    ctx: ServiceContext, log_id: int, contents: dict[int, tuple[str, str]], closed: ClosedMap
) -> None:
    """Give the records their contents again, if each is what the log is committed to and the map is among them."""
    rows = list_records_of(ctx.session, log_id, contents)
    recorded = [line.as_recorded() for line in sorted(closed.lines, key=lambda line: line.script)]
    if len(rows) != len(contents):
        raise ConflictError("code_map_not_as_sealed")
    is_sealed_so = False
    for row in rows:
        salt, payload = contents[row.seq]
        value = json.loads(payload)
        if commitment(bytes.fromhex(salt), value) != row.commit:
            raise ConflictError("code_map_not_as_sealed")
        is_sealed_so = is_sealed_so or (row.event == Event.CODES_SEALED and value["map"] == recorded)
        row.salt, row.payload = salt, payload
    if not is_sealed_so:
        raise ConflictError("code_map_not_as_sealed")
    ctx.session.flush()


def _take_numbers(ctx: ServiceContext, competition: Competition, draw: str) -> dict[str, tuple[str, str]]:
    """The numbers of the draw, from which anybody could compute it; they stand nowhere from now on."""
    found = {}
    for row in _contributions(ctx, competition, draw):
        found[row.by] = (row.nonce, row.substitute)
        row.nonce = row.substitute = ""
    ctx.session.flush()
    return found


def _put_numbers_back(ctx: ServiceContext, competition: Competition, closed: ClosedMap, draw: str) -> None:
    for row in _contributions(ctx, competition, draw):
        if row.by in closed.numbers:
            row.nonce, row.substitute = closed.numbers[row.by]
    ctx.session.flush()


def _contributions(ctx: ServiceContext, competition: Competition, draw: str) -> list[DrawContribution]:
    statement = (
        select(DrawContribution)
        .join(DrawCeremony, DrawCeremony.id == DrawContribution.ceremony_id)
        .where(DrawCeremony.competition_id == competition.id, DrawCeremony.name == draw)
        .order_by(DrawContribution.by)
    )
    return list(ctx.session.scalars(statement))


def _look_data(check: ScriptCheck) -> dict[str, Any]:
    return {
        "code": check.code,
        "place": check.place,
        "answers_seq": check.answers_seq,
        "looked_at": _plain(check.looked_at),
        "confirmed_at": _plain(check.confirmed_at),
        "record_seq": check.record_seq,
        "hints": [[_plain(getattr(hint, name)) for name in (*_OF_HINT, *_OF_DECISION)] for hint in check.hints],
    }


def _look_of(competition: Competition, attempt: Attempt, data: dict[str, Any]) -> ScriptCheck:
    hints = []
    for values in data["hints"]:
        said = dict(zip((*_OF_HINT, *_OF_DECISION), values, strict=True))
        hints.append(IdentityHint(**{**said, "kind": HintKind(said["kind"])}))
    return ScriptCheck(
        competition_id=competition.id,
        attempt_id=attempt.id,
        code=data["code"],
        place=data["place"],
        answers_seq=data["answers_seq"],
        looked_at=datetime.fromisoformat(data["looked_at"]),
        confirmed_at=None if data["confirmed_at"] is None else datetime.fromisoformat(data["confirmed_at"]),
        record_seq=data["record_seq"],
        hints=hints,
    )


def _version_values(values: Sequence[Any]) -> dict[str, Any]:
    said = dict(zip(_OF_VERSION, values, strict=True))
    return {**said, "received_at": datetime.fromisoformat(said["received_at"])}


def _plain(value: Any) -> Any:
    """A column as JSON."""
    return value.isoformat() if isinstance(value, datetime) else value


def _decrypted(identity: pyrage.x25519.Identity, content: bytes) -> bytes:
    try:
        return bytes(pyrage.decrypt(content, [identity]))
    except (pyrage.DecryptError, ValueError):
        raise ConflictError("code_map_damaged") from None
