"""Reads of the board of a room: what an invigilator may know of every seat. Never what somebody wrote."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload

from examsite.domain.accounts import login_key
from examsite.domain.attempts import count_words
from examsite.domain.events import Event
from examsite.domain.rooms import RequestState
from examsite.domain.saves import FLAGS, content_of
from examsite.storage.models.accounts import Account, LoginThrottle, RoleAssignment
from examsite.storage.models.dossiers import Candidacy, Upload
from examsite.storage.models.papers import Paper
from examsite.storage.models.records import RecordLog, RecordRow
from examsite.storage.models.rooms import (
    HandoverNote,
    HelpCall,
    RoomMessage,
    RoomRequest,
)
from examsite.storage.models.sittings import AnswerVersion, Attempt, Incident, Sitting

#: What an answer looks like when nothing stands in it.
_EMPTY_CONTENTS = ("null", '""', "[]", "{}", "false")


@dataclass(frozen=True)
class Progress:
    """What the board may know of an attempt: how many questions have an answer and when something was last stored."""

    answered: int
    saved_at: datetime | None


@dataclass(frozen=True)
class KeptBeside:
    """One piece of text that came from a fenced page or too late, told by its instants alone while marks are blind."""

    item: str
    epoch: int
    #: Words of the newest version; None while a length would find its script among others.
    words: int | None
    first_at: datetime
    last_at: datetime


def list_board_attempts(session: Session, sitting_id: int) -> list[Attempt]:
    """The attempts of a sitting with candidacies and posts, without papers, in the order in which they were seated."""
    return list(
        session.scalars(
            select(Attempt)
            .options(joinedload(Attempt.candidacy).joinedload(Candidacy.post))
            .where(Attempt.sitting_id == sitting_id)
            .order_by(Attempt.id)
        )
    )


def list_attempts_of(session: Session, attempt_ids: Sequence[int]) -> list[Attempt]:
    """The attempts with these keys, plain."""
    return list(session.scalars(select(Attempt).where(Attempt.id.in_(attempt_ids)).order_by(Attempt.id)))


def count_items(session: Session, sitting_id: int) -> dict[int, int]:
    """How many questions each paper in front of the candidates has, by the paper's key."""
    papers = session.scalars(
        select(Paper).where(Paper.id.in_(select(Attempt.paper_id).where(Attempt.sitting_id == sitting_id)))
    )
    return {paper.id: len(paper.data["items"]) for paper in papers}


def count_kept_beside(session: Session, sitting_id: int) -> dict[int, int]:
    """How many questions of each attempt have text kept beside, by the attempt's key."""
    rows = session.execute(
        select(AnswerVersion.attempt_id, func.count(AnswerVersion.item.distinct()))
        .join(Attempt, Attempt.id == AnswerVersion.attempt_id)
        .where(Attempt.sitting_id == sitting_id, AnswerVersion.set_aside, AnswerVersion.item != FLAGS)
        .group_by(AnswerVersion.attempt_id)
    )
    return {attempt_id: count for attempt_id, count in rows}  # noqa: C416 -- rows are not pairs to the type checker


def list_kept_beside(session: Session, attempt_id: int, *, shows_lengths: bool) -> list[KeptBeside]:
    """What is kept beside of one attempt, question by question and page by page: instants, never the text.

    Lengths only where the rule of lengths (`domain.timelines.shows_letters`) lets them be shown.
    """
    rows = session.execute(
        select(AnswerVersion.item, AnswerVersion.epoch, AnswerVersion.content, AnswerVersion.received_at)
        .where(AnswerVersion.attempt_id == attempt_id, AnswerVersion.set_aside, AnswerVersion.item != FLAGS)
        .order_by(AnswerVersion.item, AnswerVersion.epoch, AnswerVersion.number)
    ).all()
    found: dict[tuple[str, int], list[tuple[str, datetime]]] = {}
    for item, epoch, content, received_at in rows:
        found.setdefault((item, epoch), []).append((content, received_at))
    return [
        KeptBeside(
            item=item,
            epoch=epoch,
            words=_words(versions[-1][0]) if shows_lengths else None,
            first_at=min(at for _content, at in versions),
            last_at=max(at for _content, at in versions),
        )
        for (item, epoch), versions in found.items()
    ]


def _words(content: str) -> int:
    value = content_of(content)
    return count_words(value if isinstance(value, str) else json.dumps(value))


def list_open_calls(session: Session, sitting_id: int) -> list[HelpCall]:
    """Calls for help that nobody has answered, with seat and candidate, oldest first: who waits longest is first."""
    return list(
        session.scalars(
            select(HelpCall)
            .join(Attempt, Attempt.id == HelpCall.attempt_id)
            .options(joinedload(HelpCall.attempt).joinedload(Attempt.candidacy))
            .where(Attempt.sitting_id == sitting_id, HelpCall.answered_at.is_(None))
            .order_by(HelpCall.called_at, HelpCall.id)
        )
    )


def list_waiting_requests(session: Session, sitting_id: int) -> list[RoomRequest]:
    """What waits for a second person in a sitting, with the seat it is about, oldest first."""
    return list(
        session.scalars(
            select(RoomRequest)
            .options(joinedload(RoomRequest.attempt).joinedload(Attempt.candidacy))
            .where(RoomRequest.sitting_id == sitting_id, RoomRequest.state == RequestState.ASKED)
            .order_by(RoomRequest.asked_at, RoomRequest.id)
        )
    )


def list_competition_requests(session: Session, competition_id: int) -> list[RoomRequest]:
    """Every request of all rooms of a competition with sitting and seat, those that wait first, then the newest."""
    rows = session.scalars(
        select(RoomRequest)
        .join(Sitting, Sitting.id == RoomRequest.sitting_id)
        .options(
            joinedload(RoomRequest.sitting),
            joinedload(RoomRequest.attempt).joinedload(Attempt.candidacy),
        )
        .where(Sitting.competition_id == competition_id)
        .order_by(RoomRequest.asked_at.desc(), RoomRequest.id.desc())
    ).all()
    return sorted(rows, key=lambda row: row.state is not RequestState.ASKED)


def list_messages_to(session: Session, sitting_id: int, attempt_id: int | None) -> list[RoomMessage]:
    """Messages to one seat and to the whole room, newest first; without a seat those to the room alone."""
    return list(
        session.scalars(
            select(RoomMessage)
            .where(
                RoomMessage.sitting_id == sitting_id,
                RoomMessage.attempt_id.is_(None) | (RoomMessage.attempt_id == attempt_id),
            )
            .order_by(RoomMessage.id.desc())
        )
    )


def list_handovers(session: Session, sitting_id: int) -> list[HandoverNote]:
    """The handovers of a room, as they were written."""
    return list(
        session.scalars(select(HandoverNote).where(HandoverNote.sitting_id == sitting_id).order_by(HandoverNote.id))
    )


def list_seat_incidents(session: Session, sitting_id: int, candidacy_id: int) -> list[Incident]:
    """The incidents of one candidate in a sitting, oldest first."""
    return list(
        session.scalars(
            select(Incident)
            .where(Incident.sitting_id == sitting_id, Incident.candidacy_id == candidacy_id)
            .order_by(Incident.recorded_at, Incident.id)
        )
    )


def find_photo(session: Session, sitting_id: int, seat: str) -> Upload | None:
    """The photo taken at check-in of whoever sits at a seat."""
    return session.scalars(
        select(Upload)
        .join(Attempt, Attempt.photo_id == Upload.id)
        .where(Attempt.sitting_id == sitting_id, Attempt.seat == seat)
    ).one_or_none()


def names_of(session: Session, account_ids: Sequence[int | None]) -> dict[int, str]:
    """Names of the officials behind these keys."""
    wanted = {key for key in account_ids if key is not None}
    rows = session.execute(select(Account.id, Account.display_name).where(Account.id.in_(wanted)))
    return {key: name for key, name in rows}  # noqa: C416 -- rows are not pairs to the type checker


def list_slowed_logins(session: Session, logins: Sequence[str], now: datetime) -> dict[str, LoginThrottle]:
    """Log-in names of these that must wait after wrong passwords, by the name as it is compared."""
    keys = [login_key(login) for login in logins]
    rows = session.scalars(select(LoginThrottle).where(LoginThrottle.login.in_(keys), LoginThrottle.open_at > now))
    return {row.login: row for row in rows}


def list_sitting_records(session: Session, competition_id: int, sitting: str) -> list[RecordRow]:
    """The records about one sitting in the log of its competition, in their order."""
    return list(
        session.scalars(
            select(RecordRow)
            .join(RecordLog, RecordLog.id == RecordRow.log_id)
            .where(RecordLog.competition_id == competition_id, RecordRow.subject == f"sitting/{sitting}")
            .order_by(RecordRow.seq)
        )
    )


@dataclass(frozen=True)
class ForcedEnd:
    """Who ended somebody's test in the room, and why; without words where the record no longer holds them."""

    by: str
    reason: str


def list_forced_ends(session: Session, competition_id: int, sitting: str) -> dict[str, ForcedEnd]:
    """Tests that a person of the room ended, by the candidate's number, as the records tell it."""
    ended = [
        row
        for row in list_sitting_records(session, competition_id, sitting)
        if row.event == Event.ATTEMPT_ENDED and row.payload
    ]
    if not ended:
        return {}
    names = names_by_pseudonym(session, competition_id)
    found = {}
    for row in ended:
        payload = row.content
        by = names.get(row.actor.partition("/")[2], "")
        found[str(payload["number"])] = ForcedEnd(by=by, reason=str(payload["reason"]))
    return found


def names_by_pseudonym(session: Session, competition_id: int) -> dict[str, str]:
    """Names of the officials of a competition by the pseudonym that its records write."""
    rows = session.execute(
        select(RoleAssignment.pseudonym, Account.display_name)
        .join(Account, Account.id == RoleAssignment.account_id)
        .where(RoleAssignment.competition_id == competition_id, RoleAssignment.pseudonym.is_not(None))
    )
    return {str(pseudonym): name for pseudonym, name in rows}


@dataclass(frozen=True)
class NewestVersion:
    """The version of one item that counts, told without its words."""

    id: int
    attempt_id: int
    item: str
    epoch: int
    number: int
    filled: bool
    received_at: datetime


def list_newest_versions(session: Session, sitting_id: int) -> list[NewestVersion]:
    """The version that counts of every item of every attempt in a sitting; reads all versions."""
    newest = (
        _versions(sitting_id)
        .add_columns(
            func.row_number()
            .over(
                partition_by=(AnswerVersion.attempt_id, AnswerVersion.item),
                order_by=(AnswerVersion.epoch.desc(), AnswerVersion.number.desc()),
            )
            .label("age")
        )
        .subquery()
    )
    columns = [column for column in newest.c if column.key != "age"]
    return [NewestVersion(*row) for row in session.execute(select(*columns).where(newest.c.age == 1))]


def list_versions_after(session: Session, sitting_id: int, version_id: int) -> list[NewestVersion]:
    """The versions of a sitting that count and were stored after one, oldest first; reads nothing else."""
    statement = _versions(sitting_id).where(AnswerVersion.id > version_id).order_by(AnswerVersion.id)
    return [NewestVersion(*row) for row in session.execute(statement)]


def _versions(sitting_id: int) -> Select[int, int, str, int, int, bool, datetime]:
    return (
        select(
            AnswerVersion.id,
            AnswerVersion.attempt_id,
            AnswerVersion.item,
            AnswerVersion.epoch,
            AnswerVersion.number,
            AnswerVersion.content.not_in(_EMPTY_CONTENTS).label("filled"),
            AnswerVersion.received_at,
        )
        .join(Attempt, Attempt.id == AnswerVersion.attempt_id)
        .where(Attempt.sitting_id == sitting_id, AnswerVersion.set_aside.is_(False))
    )


def count_progress(versions: Iterable[NewestVersion]) -> dict[int, Progress]:
    """How many items of each attempt have an answer and when one was last stored, by the attempt's key."""
    answered: Counter[int] = Counter()
    saved_at: dict[int, datetime] = {}
    for version in versions:
        answered[version.attempt_id] += version.filled and version.item != FLAGS
        saved_at[version.attempt_id] = max(version.received_at, saved_at.get(version.attempt_id, version.received_at))
    return {key: Progress(answered=answered[key], saved_at=at) for key, at in saved_at.items()}
