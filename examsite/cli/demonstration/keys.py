"""Keys of the demonstration: split to three holders, tried by two, their words in a file: nothing here is secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from examsite.domain.permissions import Role
from examsite.domain.sealed_papers import manifest_bytes, read_plan
from examsite.domain.split_keys import KeyPurpose
from examsite.services import key_sheets, sealed_papers
from examsite.services.split_keys import Sheet
from examsite.storage.queries.accounts import list_holders
from examsite.storage.queries.split_keys import find_standing_key, get_split_key
from question_bank.loader import load_bank

if TYPE_CHECKING:
    from datetime import datetime

    from examsite.cli.demonstration.play import Play

#: File in `instance/` with the words of every sheet.
SHEETS = "demonstration-keys.txt"

#: Who holds a sheet, in the order of the sheets; the last one has not tried it yet.
HOLDERS = (("chutich", Role.CHAIR), ("uyvien1", Role.COUNCIL_MEMBER), ("giamsat", Role.SUPERVISOR))

_NEEDED = 2


def split_keys(play: Play, at: datetime) -> None:
    """The chair splits both keys of the council, each holder takes the own sheet, two try theirs."""
    holders = [_held(play, login, role) for login, role in HOLDERS]
    for purpose in (KeyPurpose.DRAWS, KeyPurpose.CODES):
        chair = play.by("chutich", Role.CHAIR, at)
        key_sheets.hand_out_key(chair, play.competition, purpose, holders=holders, needed=_NEEDED)
        key = find_standing_key(play.session, play.competition.id, purpose)
        if key is None:
            raise LookupError(purpose)
        sheets = []
        for login, role in HOLDERS:
            holder = play.by(login, role, at)
            sheets.append(key_sheets.show_sheet(holder, play.competition, key))
            key_sheets.take_sheet(holder, play.competition, key)
        play.sheets.append((purpose.value, tuple(sheets)))
        _try(play, at, purpose, sheets)


def seal_by_file(play: Play, at: datetime, *, post: str) -> None:
    """The setters bring in the versions of a post as sealed files that were made on a machine of their own."""
    setter = play.by("rade", Role.SETTER, at)
    row = next(item for item in play.competition.posts if item.code == post)
    plan = read_plan(sealed_papers.plan_of_post(setter, play.competition, row))
    names = [_held(play, login, role).pseudonym or "" for login, role in HOLDERS]
    manifest, made = sealed_papers.make_sealed_papers(plan, load_bank(), holders=names, needed=_NEEDED)
    files = [(f"{item.entry.version}.age", item.age) for item in made]
    sealed_papers.seal_files(setter, play.competition, row, manifest=manifest_bytes(manifest), files=files)
    for item in made:
        play.sheets.append((item.entry.version, item.sheets))


def words_of(play: Play, purpose: KeyPurpose) -> list[str]:
    """What enough holders of a key of the council type."""
    sheets = next(found for subject, found in play.sheets if subject == purpose.value)
    return [sheet.words for sheet in sheets[:_NEEDED]]


def listing(plays: list[Play]) -> str:
    """The words of every sheet, as the file gives them."""
    lines = ["Tờ khóa của bản trình diễn: mỗi khóa cần 2 trong 3 tờ (key sheets: two of three open)", ""]
    for play in plays:
        for subject, sheets in play.sheets:
            lines += [f"{play.code}  {subject}", *(f"  {sheet.pseudonym}: {sheet.words}" for sheet in sheets), ""]
    return "\n".join(lines)


def _held(play: Play, login: str, role: Role) -> Any:
    """The assignment of an official: a row, which commands know only through queries."""
    return next(row for row in list_holders(play.session, play.competition.id, role) if row.account.login == login)


def _try(play: Play, at: datetime, purpose: KeyPurpose, sheets: list[Sheet]) -> None:
    key = get_split_key(play.session, play.competition.id, purpose)
    for (login, role), sheet in zip(HOLDERS[:-1], sheets, strict=False):
        key_sheets.rehearse_share(play.by(login, role, at), play.competition, key, sheet.words)
