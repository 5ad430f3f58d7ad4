"""The last resort, taken in: an encrypted answer file that an invigilator carried to the server.

Decision: the age identity of a sitting is not stored but derived from the secret key of the installation and the
code of the sitting. Every process of every host has it, no file can be forgotten in a backup, and it is there before
the sitting is. Nobody sees a text here, nor how long it is: a preview says which items are newer than what is held.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import pyrage
from sqlalchemy import select

from examsite.config import Settings
from examsite.domain.answer_files import (
    MAX_FILE_BYTES,
    AnswerFile,
    check_envelope,
    check_mac,
    identity_text,
    read_answer_file,
    standing_of,
)
from examsite.domain.attempts import AttemptState, deadline_of, is_overdue
from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import ConflictError, DomainError, InvalidError, NotAllowedError, NotFoundError
from examsite.domain.events import Event
from examsite.domain.permissions import Role
from examsite.domain.rooms import AnswerFileState, CarriedStanding
from examsite.domain.saves import FLAGS, Save
from examsite.services.attempt_tokens import token_of_attempt
from examsite.services.context import ServiceContext
from examsite.services.records import record
from examsite.services.rooms import items_of_paper
from examsite.services.saves import SaveJob, write_saves
from examsite.storage.candidate_lists import keep
from examsite.storage.models.competitions import Competition
from examsite.storage.models.rooms import AnswerFile as AnswerFileRow
from examsite.storage.models.sittings import AnswerVersion, Attempt, Sitting
from examsite.storage.queries.attempts import get_attempt, list_held_numbers, lock_attempt_clocks
from examsite.storage.queries.sittings import is_invigilator_of

_HEX: Final = frozenset("0123456789abcdef")

#: Epoch of what is carried by hand: no page spoke, so nothing shows that the machine is alive.
_NO_PAGE: Final = -1


@dataclass(frozen=True)
class PreviewLine:
    """What a file holds of one item: whether it is newer than what the server holds, never a word, never a length."""

    item: str
    standing: CarriedStanding


@dataclass(frozen=True)
class Preview:
    """What a file holds and what taking it in would do."""

    token: str
    attempt: Attempt
    saved_at: str
    remaining_seconds: int | None
    lines: tuple[PreviewLine, ...]
    versions: int
    new_versions: int
    #: Whether new versions would count now; otherwise they are kept beside for a decision of two people.
    counts: bool
    #: Whether some of them come from a machine that was left since: those are kept beside in any case.
    has_fenced: bool


def recipient_of(settings: Settings, competition_code: str, sitting_code: str) -> str:
    """The age recipient to which the pages of a sitting encrypt."""
    return str(_identity(settings, competition_code, sitting_code).to_public())


def set_recipient(ctx: ServiceContext, competition: Competition, sitting: Sitting) -> None:
    """Write down the recipient of a sitting, so that its pages are given it; saying it twice changes nothing."""
    if ctx.settings is not None:
        sitting.answer_file_recipient = recipient_of(ctx.settings, competition.code, sitting.code)


def keep_answer_file(ctx: ServiceContext, competition: Competition, sitting: Sitting, stream: BinaryIO) -> str:
    """Keep a file that came in until it is confirmed, a day at most; gives back the name it is kept under.

    It stays encrypted. Nothing of it is read here but its first line and its length.

    Raises:
        InvalidError: `file_empty`, `answer_file_too_large`, `answer_file_not_age`.
        NotAllowedError: `role_needed`, `not_in_this_room`.
    """
    _require_watcher(ctx, competition, sitting)
    data = stream.read(MAX_FILE_BYTES + 1)
    if not data:
        raise InvalidError("file_empty", field="file")
    check_envelope(data)
    token = hashlib.sha256(data).hexdigest()
    keep(_kept_file(ctx, sitting, token), data, now=ctx.now)
    return token


def preview_answer_file(ctx: ServiceContext, competition: Competition, sitting: Sitting, token: str) -> Preview:
    """What the file holds and what would become of it; changes nothing.

    Raises:
        ConflictError: `answer_file_known`; `late_answers_too_late` once codes are sealed.
        InvalidError: `answer_file_unreadable`, `answer_file_malformed`, `answer_file_forged`,
            `answer_file_other_sitting`, `answer_file_other_candidate`.
        NotAllowedError: `role_needed`, `not_in_this_room`.
        NotFoundError: `answer_file_not_found`.
    """
    _require_watcher(ctx, competition, sitting)
    content, attempt = _checked(ctx, competition, sitting, token)
    stored = _stored_contents(ctx, attempt.id)
    held = list_held_numbers(ctx.session.connection(), attempt.id)
    of_paper = {FLAGS, *items_of_paper(ctx, attempt)}
    newest: dict[str, Save] = {}
    for save in content.saves:
        known = newest.get(save.item)
        if known is None or (known.epoch, known.number) < (save.epoch, save.number):
            newest[save.item] = save
    lines = (
        PreviewLine(
            item,
            standing_of(
                save,
                held=held.get(item),
                stored_content=stored.get((item, save.epoch, save.number)),
                is_of_paper=item in of_paper,
            ),
        )
        for item, save in sorted(newest.items())
    )
    return Preview(
        token=token,
        attempt=attempt,
        saved_at=content.saved_at,
        remaining_seconds=content.remaining_seconds,
        lines=tuple(lines),
        versions=len(content.saves),
        new_versions=sum((save.item, save.epoch, save.number) not in stored for save in content.saves),
        counts=_counts_now(ctx, sitting, attempt),
        has_fenced=any(
            save.epoch != attempt.epoch and (save.item, save.epoch, save.number) not in stored for save in content.saves
        ),
    )


def import_answer_file(ctx: ServiceContext, competition: Competition, sitting: Sitting, token: str) -> AnswerFileRow:
    """Take in a file that was looked at, checked once more: its versions are saves like any others, marked as carried.

    While the attempt takes saves they count; afterwards they are kept beside, and two people may accept them.

    Raises:
        ConflictError: as in the preview.
        InvalidError: as in the preview.
        NotAllowedError: `role_needed`, `not_in_this_room`.
        NotFoundError: `answer_file_not_found`.
    """
    _require_watcher(ctx, competition, sitting)
    content, attempt = _checked(ctx, competition, sitting, token)
    clocks = lock_attempt_clocks(ctx.session.connection(), [attempt.id])
    stored = _stored_contents(ctx, attempt.id)
    job = SaveJob(attempt_id=attempt.id, saves=content.saves, page_epoch=_NO_PAGE, received_at=ctx.now, by_file=True)
    (done,) = write_saves(ctx.session.connection(), ctx.session, clocks, [job])
    if isinstance(done, DomainError):
        raise done
    fresh = sum((save.item, save.epoch, save.number) not in stored for save in (*done.saved, *done.set_aside))
    row = AnswerFileRow(
        attempt_id=attempt.id,
        sha256=token,
        state=AnswerFileState.KEPT_BESIDE if done.set_aside and not done.saved else AnswerFileState.COUNTED,
        versions=len(content.saves),
        new_versions=fresh,
        imported_at=ctx.now,
        imported_by_id=ctx.actor.account_id,
    )
    ctx.session.add(row)
    ctx.session.flush()
    payload = {
        "number": attempt.candidacy.candidate_number,
        "file_sha256": token,
        "versions": row.versions,
        "new_versions": fresh,
        "state": row.state.value,
    }
    record(ctx, competition, Event.ANSWERS_CARRIED, f"sitting/{sitting.code}", payload)
    return row


def _checked(ctx: ServiceContext, competition: Competition, sitting: Sitting, token: str) -> tuple[AnswerFile, Attempt]:
    """The content of a kept file once everything about it is in order, and the attempt that it belongs to."""
    if competition.state is not CompetitionState.WRITTEN:
        raise ConflictError("late_answers_too_late")
    path = _kept_file(ctx, sitting, token)
    if not path.exists():
        raise NotFoundError("answer_file_not_found")
    if ctx.session.scalar(select(AnswerFileRow.id).where(AnswerFileRow.sha256 == token)) is not None:
        raise ConflictError("answer_file_known")
    data = path.read_bytes()
    check_envelope(data)
    try:
        plain = pyrage.decrypt(data, [_identity(_settings(ctx), competition.code, sitting.code)])
    except (pyrage.DecryptError, ValueError):
        raise InvalidError("answer_file_unreadable", field="file") from None
    content, mac, body = read_answer_file(plain)
    if (content.competition, content.sitting) != (competition.code, sitting.code):
        raise InvalidError("answer_file_other_sitting", field="file")
    seat = ctx.session.scalar(
        select(Attempt.seat).where(Attempt.id == content.attempt_id, Attempt.sitting_id == sitting.id)
    )
    if seat is None:
        raise InvalidError("answer_file_other_sitting", field="file")
    check_mac(_page_token(ctx, content.attempt_id), body, mac)
    attempt = get_attempt(ctx.session, sitting.id, seat)
    if attempt.candidacy.candidate_number != content.candidate_number:
        raise InvalidError("answer_file_other_candidate", field="file")
    return content, attempt


def _counts_now(ctx: ServiceContext, sitting: Sitting, attempt: Attempt) -> bool:
    if attempt.state is not AttemptState.OPEN or sitting.started_at is None:
        return False
    deadline_at = deadline_of(sitting.started_at, sitting.duration_minutes, attempt.added_seconds)
    return not is_overdue(ctx.now, deadline_at, sitting.grace_seconds, paused_at=attempt.paused_at)


def _stored_contents(ctx: ServiceContext, attempt_id: int) -> dict[tuple[str, int, int], str]:
    rows = ctx.session.execute(
        select(AnswerVersion.item, AnswerVersion.epoch, AnswerVersion.number, AnswerVersion.content).where(
            AnswerVersion.attempt_id == attempt_id
        )
    )
    return {(item, epoch, number): content for item, epoch, number, content in rows}


def _kept_file(ctx: ServiceContext, sitting: Sitting, token: str) -> Path:
    if len(token) != 64 or not set(token) <= _HEX:
        raise NotFoundError("answer_file_not_found")
    return ctx.uploads_path / "answer-files" / f"{sitting.id}-{token}"


def _identity(settings: Settings, competition_code: str, sitting_code: str) -> pyrage.x25519.Identity:
    purpose = f"answer-file/{competition_code}/{sitting_code}"
    seed = hmac.digest(settings.secret_key.encode(), purpose.encode(), hashlib.sha256)
    return pyrage.x25519.Identity.from_str(identity_text(seed))


def _page_token(ctx: ServiceContext, attempt_id: int) -> str:
    return token_of_attempt(_settings(ctx), attempt_id)


def _settings(ctx: ServiceContext) -> Settings:
    if ctx.settings is None:
        raise RuntimeError("this act needs the settings of the installation")
    return ctx.settings


def _require_watcher(ctx: ServiceContext, competition: Competition, sitting: Sitting) -> None:
    actor = ctx.require(Role.INVIGILATOR, competition_id=competition.id)
    if not is_invigilator_of(ctx.session, sitting.id, actor.assignment_id):
        raise NotAllowedError("not_in_this_room")
