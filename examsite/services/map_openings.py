"""The closed code map comes back when enough holders open it: read and proved first, then put back at once.

Decision: nothing is put back unless all of it is what was closed: files fit the map, contents fit the log, scripts fit
the map. The same rows come back that were there before the cut, so that whoever checks afterwards finds them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

import pyrage
from sqlalchemy import Table, delete, insert, select, update
from sqlalchemy.orm import Session

from examsite.domain.canonical import sha256_hex
from examsite.domain.code_maps import MapLine, holds_content, read_map, unpack
from examsite.domain.errors import ConflictError
from examsite.domain.events import Event
from examsite.domain.identity_hints import HintKind
from examsite.domain.payloads import read_payload
from examsite.domain.records import commitment
from examsite.domain.scores import score
from examsite.domain.split_keys import KeyPurpose
from examsite.services.code_maps import OF_DECISION, OF_HINT
from examsite.services.context import ServiceContext
from examsite.services.split_keys import read_split_key
from examsite.storage.models.code_maps import ClosedAnswers
from examsite.storage.models.competitions import Competition
from examsite.storage.models.marking import CodeEntry, Script
from examsite.storage.models.records import RecordRow
from examsite.storage.models.redactions import IdentityHint, ScriptCheck
from examsite.storage.models.sittings import AnswerVersion, Attempt
from examsite.storage.queries.code_maps import (
    VERSION_COLUMNS,
    get_closed_map,
    list_closed_files,
    list_contributions,
    list_live_scripts,
    list_record_heads,
)
from examsite.storage.queries.codes import SCRIPT_CODES
from examsite.storage.queries.records import get_log
from examsite.storage.queries.split_keys import get_split_key
from examsite.storage.row_sets import among, in_portions

_versions = cast(Table, AnswerVersion.__table__)

#: How many rows of versions go in at once. Source: our choice, because each statement names nine values of each.
_VERSIONS_AT_ONCE = 20_000


@dataclass(frozen=True)
class OpenedMap:
    """The map and everything that was closed with it, in the clear, in memory alone."""

    #: Hash of the closed map that was opened.
    age_sha256: str
    #: Pseudonyms of the holders whose sheets opened it.
    holders: list[str]
    #: In the order of the codes.
    lines: tuple[MapLine, ...] = field(repr=False)
    versions: list[dict[str, Any]] = field(repr=False)
    #: Points and total by attempt, and what was found when it was looked through.
    points: list[dict[str, Any]] = field(repr=False)
    looks: Mapping[int, dict[str, Any]] = field(repr=False)
    #: Salt and content of records by number, and what the log is committed to for each.
    contents: Mapping[int, tuple[str, str]] = field(repr=False)
    commits: Mapping[int, str] = field(repr=False)
    numbers: Mapping[str, tuple[str, str]] = field(repr=False)


def open_map(ctx: ServiceContext, competition: Competition, words: Sequence[str]) -> OpenedMap:
    """Open the map and every file with the words of enough holders, and prove each; nothing is changed.

    Raises:
        ConflictError: `code_map_not_closed`; `code_map_damaged`, `code_map_not_as_sealed`: somebody changed it.
        InvalidError: those of `read_split_key`.
    """
    session = ctx.session
    row = get_closed_map(session, competition.id)
    key = get_split_key(session, competition.id, KeyPurpose.CODES)
    identity, holders = read_split_key(key, words)
    armoured = row.content.encode("ascii")
    if sha256_hex(armoured) != row.age_sha256:
        raise ConflictError("code_map_damaged")
    closed = read_map(_decrypted(identity, armoured))
    lines = tuple(sorted(closed.lines, key=lambda line: line.script))
    _check_scripts(list_live_scripts(session, competition.id), lines)
    contents = dict(closed.records)
    versions: list[dict[str, Any]] = []
    points: list[dict[str, Any]] = []
    looks: dict[int, dict[str, Any]] = {}
    for portion in in_portions(lines):
        files = list_closed_files(session, [line.attempt_id for line in portion])
        for line in portion:
            file = files.get(line.attempt_id)
            if file is None or sha256_hex(file) != line.file_sha256:
                raise ConflictError("code_map_not_as_sealed")
            data = unpack(_decrypted(identity, file))
            versions += [{"attempt_id": line.attempt_id} | _version_values(values) for values in data["versions"]]
            points.append(
                {
                    "id": line.attempt_id,
                    "objective_points": data["points"],
                    "objective_total": None if data["total"] is None else score(data["total"]),
                }
            )
            if data["look"] is not None:
                looks[line.attempt_id] = data["look"]
            contents |= {int(seq): (str(salt), str(payload)) for seq, (salt, payload) in data["records"].items()}
    commits = _check_contents(ctx, competition, contents, lines)
    return OpenedMap(
        age_sha256=row.age_sha256,
        holders=holders,
        lines=lines,
        versions=versions,
        points=points,
        looks=looks,
        contents=contents,
        commits=commits,
        numbers=closed.numbers,
    )


def take_back(ctx: ServiceContext, competition: Competition, opened: OpenedMap) -> list[Script]:
    """Put everything back as it was before the cut, and join scripts and candidates again; the scripts by code.

    Raises:
        ConflictError: `code_map_not_closed`; `code_map_not_as_sealed`: the map, a script or the log was changed since
            it was opened.
    """
    session = ctx.session
    row = get_closed_map(session, competition.id)
    if row.age_sha256 != opened.age_sha256:
        raise ConflictError("code_map_not_as_sealed")
    key = get_split_key(session, competition.id, KeyPurpose.CODES)
    if key.opened_at is None:
        key.opened_at = ctx.now
    scripts = list_live_scripts(session, competition.id)
    _check_scripts(scripts, opened.lines)
    heads = list_record_heads(session, get_log(session, competition.code).id, opened.contents)
    if {head.seq: head.commit for head in heads} != opened.commits:
        raise ConflictError("code_map_not_as_sealed")
    for portion in in_portions(opened.versions, _VERSIONS_AT_ONCE):
        session.execute(insert(_versions), portion)
    _put_points_back(session, opened.points)
    session.add_all(_look_of(competition, attempt_id, look) for attempt_id, look in opened.looks.items())
    session.add_all(
        CodeEntry(
            competition_id=competition.id,
            script_id=script.id,
            candidacy_id=line.candidacy_id,
            answers_seq=line.answers_seq,
            content_salt=line.salt,
        )
        for script, line in zip(scripts, opened.lines, strict=True)
    )
    session.flush()
    session.execute(
        update(RecordRow),
        [
            {"id": head.id, "salt": opened.contents[head.seq][0], "payload": opened.contents[head.seq][1]}
            for head in heads
        ],
    )
    session.execute(
        delete(ClosedAnswers).where(among(ClosedAnswers.attempt_id, "attempts")),
        {"attempts": [line.attempt_id for line in opened.lines]},
    )
    for contribution in list_contributions(session, competition.id, SCRIPT_CODES):
        if contribution.by in opened.numbers:
            contribution.nonce, contribution.substitute = opened.numbers[contribution.by]
    row.content = ""
    row.opened_at = ctx.now
    session.flush()
    return scripts


def _put_points_back(session: Session, points: Sequence[dict[str, Any]]) -> None:
    said = {row["id"]: row for row in points}
    for attempt in session.scalars(select(Attempt).where(among(Attempt.id, "attempts")), {"attempts": list(said)}):
        attempt.objective_points = said[attempt.id]["objective_points"]
        attempt.objective_total = said[attempt.id]["objective_total"]
    session.flush()


def _check_scripts(scripts: Sequence[Script], lines: Sequence[MapLine]) -> None:
    """Refuse unless the scripts are those of the map, word for word; both are in the order of the codes."""
    if [line.script for line in lines] != [script.code for script in scripts]:
        raise ConflictError("code_map_not_as_sealed")
    for script, line in zip(scripts, lines, strict=True):
        if script.content_sha256 != line.content or not holds_content(line, script.content):
            raise ConflictError("code_map_not_as_sealed")


def _check_contents(
    ctx: ServiceContext, competition: Competition, contents: Mapping[int, tuple[str, str]], lines: Sequence[MapLine]
) -> dict[int, str]:
    """What the log is committed to, if each content is that and the map is among them."""
    heads = list_record_heads(ctx.session, get_log(ctx.session, competition.code).id, contents)
    recorded = [line.as_recorded() for line in lines]
    if len(heads) != len(contents):
        raise ConflictError("code_map_not_as_sealed")
    is_sealed_so = False
    for head in heads:
        salt, payload = contents[head.seq]
        value = read_payload(payload)
        if commitment(bytes.fromhex(salt), value) != head.commit:
            raise ConflictError("code_map_not_as_sealed")
        is_sealed_so = is_sealed_so or (head.event == Event.CODES_SEALED and value["map"] == recorded)
    if not is_sealed_so:
        raise ConflictError("code_map_not_as_sealed")
    return {head.seq: head.commit for head in heads}


def _look_of(competition: Competition, attempt_id: int, data: dict[str, Any]) -> ScriptCheck:
    hints = []
    for values in data["hints"]:
        said = dict(zip((*OF_HINT, *OF_DECISION), values, strict=True))
        hints.append(IdentityHint(**{**said, "kind": HintKind(said["kind"])}))
    return ScriptCheck(
        competition_id=competition.id,
        attempt_id=attempt_id,
        code=data["code"],
        place=data["place"],
        answers_seq=data["answers_seq"],
        looked_at=datetime.fromisoformat(data["looked_at"]),
        confirmed_at=None if data["confirmed_at"] is None else datetime.fromisoformat(data["confirmed_at"]),
        record_seq=data["record_seq"],
        hints=hints,
    )


def _version_values(values: Sequence[Any]) -> dict[str, Any]:
    said = dict(zip(VERSION_COLUMNS, values, strict=True))
    return {**said, "received_at": datetime.fromisoformat(said["received_at"])}


def _decrypted(identity: pyrage.x25519.Identity, content: bytes) -> bytes:
    try:
        return bytes(pyrage.decrypt(content, [identity]))
    except (pyrage.DecryptError, ValueError):
        raise ConflictError("code_map_damaged") from None
