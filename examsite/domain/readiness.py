"""Go or no-go: what is asked of a room before its sitting and while it runs, and how each answer counts.

Each question gives one finding: good, to be watched, or a stop; with who puts it right. The words stand at the door.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from examsite.domain.permissions import Role

DISK_ALARM_PERCENT: Final = 20
"""Free space that raises an alarm. Source: our choice, because a room fills no fifth of a disk in a day."""

DISK_STOP_PERCENT: Final = 5
"""Free space under which no sitting should begin. Source: our choice, because other programs write too."""

CLOCK_ATTENTION_MILLISECONDS: Final = 2_000
"""Difference to the clock of the machine that is told. Source: our choice, because people compare whole seconds."""

CLOCK_STOP_MILLISECONDS: Final = 60_000
"""Difference that stops. Source: our choice, because the wall clock of the room would contradict the page."""

WRITE_ATTENTION_MILLISECONDS: Final = 50
"""Durable write that is slow. Source: our choice, because a start storm waits for hundreds of them."""

WRITE_STOP_MILLISECONDS: Final = 1_000
"""Durable write that is hopeless. Source: our choice, because each save of a room waits for one."""

BACKUP_HOURS: Final = 24
"""Age of a backup that is told. Source: our choice, because what changed since is the work of a day."""

CERTIFICATE_ATTENTION_DAYS: Final = 30
"""Days before its end at which a certificate of the server is told. Source: our choice: time for a new sheet."""

LEAST_INVIGILATORS: Final = 2
"""People who watch a room. Source: TT 22/2025/TT-BNV art. 10 and 12 (at least two invigilators in each room)."""


class Level(StrEnum):
    """How a finding counts."""

    GOOD = "good"
    ATTENTION = "attention"
    STOP = "stop"


class Topic(StrEnum):
    """What is asked, in the order of the page."""

    CLOCK = "clock"
    DISK = "disk"
    WRITES = "writes"
    DATABASE = "database"
    BACKUP = "backup"
    PROGRAM = "program"
    PAPERS = "papers"
    SEATS = "seats"
    INVIGILATORS = "invigilators"
    REHEARSAL = "rehearsal"
    HTTPS = "https"
    BROWSER = "browser"
    ADDRESSES = "addresses"
    ADJUSTMENTS = "adjustments"
    CLOSER = "closer"
    PAUSES = "pauses"


@dataclass(frozen=True)
class Check:
    """One finding: the question, how it counts, its code with what fills the words, who puts it right."""

    topic: Topic
    level: Level
    code: str
    owner: Role
    params: dict[str, Any] = field(default_factory=dict)


def worst_level(checks: Iterable[Check]) -> Level:
    """How all findings together count; nothing found is good."""
    levels = {item.level for item in checks}
    if Level.STOP in levels:
        return Level.STOP
    return Level.ATTENTION if Level.ATTENTION in levels else Level.GOOD


def check_needs(*, waiting: int, approved: int) -> Check:
    """Whether everything asked for candidates of the room who need more is decided; the room applies it by itself."""
    params = {"waiting": waiting, "approved": approved}
    if waiting:
        return Check(Topic.ADJUSTMENTS, Level.ATTENTION, "adjustments_waiting", Role.CHAIR, params)
    if approved:
        return Check(Topic.ADJUSTMENTS, Level.GOOD, "adjustments_approved", Role.CHAIR, params)
    return Check(Topic.ADJUSTMENTS, Level.GOOD, "adjustments_none", Role.CHAIR, params)


def check_closer(*, cannot_start: str, cannot_close: str, seats: str, since: datetime | None) -> Check:
    """Whether the server manages to start the sitting and to close who is over; the kinds of faults where it fails.

    `seats` are those where it fails; empty: the sitting as a whole.
    """
    params: dict[str, Any] = {"error": cannot_start or cannot_close, "seats": seats, "since": since}
    if cannot_start and seats:
        return Check(Topic.CLOSER, Level.STOP, "closer_cannot_start_seats", Role.ADMINISTRATOR, params)
    if cannot_start:
        return Check(Topic.CLOSER, Level.STOP, "closer_cannot_start", Role.ADMINISTRATOR, params)
    if cannot_close and seats:
        return Check(Topic.CLOSER, Level.STOP, "closer_cannot_close_seats", Role.ADMINISTRATOR, params)
    if cannot_close:
        return Check(Topic.CLOSER, Level.STOP, "closer_cannot_close", Role.ADMINISTRATOR, params)
    return Check(Topic.CLOSER, Level.GOOD, "closer_works", Role.ADMINISTRATOR, params)


def check_pauses(*, count: int, standing: int) -> Check:
    """How often one person stopped the clocks of the whole room so far, and at how many seats they still stand."""
    params = {"count": count, "standing": standing}
    if standing:
        return Check(Topic.PAUSES, Level.ATTENTION, "pauses_running", Role.INVIGILATOR, params)
    if count:
        return Check(Topic.PAUSES, Level.GOOD, "pauses_ended", Role.INVIGILATOR, params)
    return Check(Topic.PAUSES, Level.GOOD, "pauses_none", Role.INVIGILATOR, params)


def check_clock(difference_milliseconds: int, *, is_synchronised: bool | None) -> Check:
    """The server's clock beside the clock of its machine, and whether that one follows a source of time."""
    params: dict[str, Any] = {"milliseconds": difference_milliseconds}
    apart = abs(difference_milliseconds)
    if apart >= CLOCK_STOP_MILLISECONDS:
        return Check(Topic.CLOCK, Level.STOP, "clock_far_off", Role.ADMINISTRATOR, params)
    if apart >= CLOCK_ATTENTION_MILLISECONDS:
        return Check(Topic.CLOCK, Level.ATTENTION, "clock_stepped", Role.ADMINISTRATOR, params)
    if not is_synchronised:
        return Check(Topic.CLOCK, Level.ATTENTION, "clock_without_source", Role.ADMINISTRATOR, params)
    return Check(Topic.CLOCK, Level.GOOD, "clock_synchronised", Role.ADMINISTRATOR, params)


def check_disk(free_bytes: int, total_bytes: int) -> Check:
    """Free space where database and uploads lie."""
    percent = free_bytes * 100 // total_bytes if total_bytes else 0
    params: dict[str, Any] = {"percent": percent, "gigabytes": free_bytes // 10**9}
    if percent < DISK_STOP_PERCENT:
        return Check(Topic.DISK, Level.STOP, "disk_nearly_full", Role.ADMINISTRATOR, params)
    if percent < DISK_ALARM_PERCENT:
        return Check(Topic.DISK, Level.ATTENTION, "disk_filling", Role.ADMINISTRATOR, params)
    return Check(Topic.DISK, Level.GOOD, "disk_enough", Role.ADMINISTRATOR, params)


def check_writes(milliseconds: int | None) -> Check:
    """How long one durable write takes; None: it failed."""
    if milliseconds is None:
        return Check(Topic.WRITES, Level.STOP, "writes_failing", Role.ADMINISTRATOR)
    params: dict[str, Any] = {"milliseconds": milliseconds}
    if milliseconds >= WRITE_STOP_MILLISECONDS:
        return Check(Topic.WRITES, Level.STOP, "writes_hopeless", Role.ADMINISTRATOR, params)
    if milliseconds >= WRITE_ATTENTION_MILLISECONDS:
        return Check(Topic.WRITES, Level.ATTENTION, "writes_slow", Role.ADMINISTRATOR, params)
    return Check(Topic.WRITES, Level.GOOD, "writes_quick", Role.ADMINISTRATOR, params)


def check_database(name: str, *, is_safe: bool, is_sound: bool, is_migrated: bool) -> Check:
    """The database: a version that keeps what it acknowledged, whole, with the tables of this program."""
    params: dict[str, Any] = {"database": name}
    for holds, code in ((is_safe, "database_unsafe"), (is_sound, "database_damaged"), (is_migrated, "database_behind")):
        if not holds:
            return Check(Topic.DATABASE, Level.STOP, code, Role.ADMINISTRATOR, params)
    return Check(Topic.DATABASE, Level.GOOD, "database_sound", Role.ADMINISTRATOR, params)


def check_backup(made_at: datetime | None, now: datetime) -> Check:
    """The newest backup of the installation."""
    if made_at is None:
        return Check(Topic.BACKUP, Level.ATTENTION, "backup_missing", Role.ADMINISTRATOR)
    params: dict[str, Any] = {"made_at": made_at}
    if now - made_at >= timedelta(hours=BACKUP_HOURS):
        return Check(Topic.BACKUP, Level.ATTENTION, "backup_old", Role.ADMINISTRATOR, params)
    return Check(Topic.BACKUP, Level.GOOD, "backup_fresh", Role.ADMINISTRATOR, params)


def check_program(version: str, *, running_sha256: str, lying_sha256: str) -> Check:
    """The program that runs, beside the one that lies on the disk."""
    params: dict[str, Any] = {"version": version, "sha256": running_sha256[:16]}
    if running_sha256 != lying_sha256:
        return Check(Topic.PROGRAM, Level.STOP, "program_not_restarted", Role.ADMINISTRATOR, params)
    return Check(Topic.PROGRAM, Level.GOOD, "program_as_it_lies", Role.ADMINISTRATOR, params)


def check_papers(*, unsealed: list[str], unopened: list[str], is_frozen: bool) -> Check:
    """The papers of the posts that sit here: sealed until the test begins, opened before the start."""
    if unsealed:
        return Check(Topic.PAPERS, Level.STOP, "papers_not_sealed", Role.SETTER, {"posts": ", ".join(unsealed)})
    if unopened and is_frozen:
        return Check(Topic.PAPERS, Level.STOP, "papers_not_opened", Role.CHAIR, {"posts": ", ".join(unopened)})
    if unopened:
        return Check(Topic.PAPERS, Level.GOOD, "papers_sealed", Role.CHAIR)
    return Check(Topic.PAPERS, Level.GOOD, "papers_opened", Role.CHAIR)


def check_seats(*, seated: int, seats: int, unseated: int) -> Check:
    """Whether everyone who may sit has a seat, and how many seats are spare in this room."""
    params: dict[str, Any] = {"seated": seated, "seats": seats, "spare": seats - seated, "unseated": unseated}
    if unseated or not seated:
        return Check(Topic.SEATS, Level.STOP, "seats_missing", Role.ORGANISER, params)
    if seats == seated:
        return Check(Topic.SEATS, Level.ATTENTION, "seats_none_spare", Role.ORGANISER, params)
    return Check(Topic.SEATS, Level.GOOD, "seats_given", Role.ORGANISER, params)


def check_invigilators(count: int) -> Check:
    """Who watches the room."""
    params: dict[str, Any] = {"count": count, "least": LEAST_INVIGILATORS}
    if count == 0:
        return Check(Topic.INVIGILATORS, Level.STOP, "invigilators_none", Role.ORGANISER, params)
    if count < LEAST_INVIGILATORS:
        return Check(Topic.INVIGILATORS, Level.ATTENTION, "invigilators_few", Role.ORGANISER, params)
    return Check(Topic.INVIGILATORS, Level.GOOD, "invigilators_named", Role.ORGANISER, params)


def check_https(
    *,
    is_secure: bool,
    host: str,
    names: tuple[str, ...] | None,
    ends_at: datetime | None,
    needed_until: datetime,
) -> Check:
    """Whether pages come over HTTPS, and whether the server's own certificate names this address and lasts.

    `names` is None when a proxy in front holds the certificate.
    """
    params: dict[str, Any] = {"host": host, "names": ", ".join(names or ()), "ends_at": ends_at}
    if not is_secure:
        return Check(Topic.HTTPS, Level.ATTENTION, "https_missing", Role.ADMINISTRATOR, params)
    if names is None or ends_at is None:
        return Check(Topic.HTTPS, Level.GOOD, "https_by_proxy", Role.ADMINISTRATOR, params)
    if ends_at <= needed_until:
        return Check(Topic.HTTPS, Level.STOP, "https_ends_before", Role.ADMINISTRATOR, params)
    if host not in names:
        return Check(Topic.HTTPS, Level.ATTENTION, "https_other_name", Role.ADMINISTRATOR, params)
    if ends_at - needed_until < timedelta(days=CERTIFICATE_ATTENTION_DAYS):
        return Check(Topic.HTTPS, Level.ATTENTION, "https_ends_soon", Role.ADMINISTRATOR, params)
    return Check(Topic.HTTPS, Level.GOOD, "https_ready", Role.ADMINISTRATOR, params)


def check_browser(config_key: str) -> Check:
    """Whether the sitting asks for Safe Exam Browser."""
    if not config_key:
        return Check(Topic.BROWSER, Level.GOOD, "browser_any", Role.ORGANISER)
    return Check(Topic.BROWSER, Level.GOOD, "browser_with_key", Role.ORGANISER, {"key": config_key[:8]})


def check_addresses(ranges: tuple[str, ...], *, refused: int) -> Check:
    """Which machines may open the room's pages, and how many were kept out."""
    params: dict[str, Any] = {"ranges": ", ".join(ranges), "refused": refused}
    if refused:
        return Check(Topic.ADDRESSES, Level.ATTENTION, "addresses_refused", Role.INVIGILATOR, params)
    return Check(Topic.ADDRESSES, Level.GOOD, "addresses_set" if ranges else "addresses_any", Role.ORGANISER, params)
