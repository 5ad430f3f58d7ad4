"""Which backups lie in the folder, and which of them still hold what was erased since: until when they may be kept.

The list of erasures lies beside the database, not in it: an old backup that is put back brings its old rows, and
whoever did so must be told what has to be erased again. Copies that somebody carried elsewhere are not seen from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from examsite.config import Settings
from examsite.domain.canonical import parse_instant
from examsite.domain.errors import DomainError
from examsite.storage.erasing import read_ledger

_NAME = "examsite-%Y%m%d-%H%M%S-%f"
_SUFFIX = ".tar.gz"


@dataclass(frozen=True)
class Held:
    """One competition whose erased data a backup still holds."""

    code: str
    erased_at: datetime
    #: By when the backup must be destroyed.
    until: datetime


@dataclass(frozen=True)
class CataloguedBackup:
    """One archive of the folder."""

    path: Path
    made_at: datetime
    size_bytes: int
    held: tuple[Held, ...]

    @property
    def until(self) -> datetime | None:
        """By when it must be destroyed; None: it holds nothing that was erased."""
        return min((one.until for one in self.held), default=None)

    def is_overdue(self, now: datetime) -> bool:
        """Whether it should be gone by now."""
        return self.until is not None and now > self.until


def list_backups(settings: Settings) -> list[CataloguedBackup]:
    """Every archive of the folder, newest first."""
    erased = _erased(settings)
    found = []
    for path in (settings.instance_path / "backups").glob(f"examsite-*{_SUFFIX}"):
        made_at = made_when(path)
        held = tuple(one for one in erased if one.erased_at >= made_at)
        found.append(CataloguedBackup(path, made_at, path.stat().st_size, held))
    return sorted(found, key=lambda one: (one.made_at, one.path.name), reverse=True)


def held_in(settings: Settings, made_at: datetime) -> tuple[Held, ...]:
    """What an archive that was made then brings back that was erased here since."""
    return tuple(one for one in _erased(settings) if one.erased_at >= made_at)


def destroy_overdue(settings: Settings, *, now: datetime) -> list[Path]:
    """Remove the archives that should be gone; which ones."""
    overdue = [one.path for one in list_backups(settings) if one.is_overdue(now)]
    for path in overdue:
        path.unlink()
    return overdue


def made_when(path: Path) -> datetime:
    """When an archive was made: its name says it, and where it was renamed, the file."""
    try:
        return datetime.strptime(path.name.removesuffix(_SUFFIX), _NAME).replace(tzinfo=UTC)
    except ValueError:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _erased(settings: Settings) -> list[Held]:
    found = []
    for line in read_ledger(settings.instance_path):
        try:
            found.append(
                Held(
                    str(line["competition"]),
                    parse_instant(str(line["erased_at"])),
                    parse_instant(str(line["backups_until"])),
                )
            )
        except (DomainError, KeyError):
            continue
    return found
