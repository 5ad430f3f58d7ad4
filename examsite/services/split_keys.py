"""Split keys: made once, handed out as words on paper, put together again by enough of their holders.

The private half lives in the memory of one request: while it is split, and while something is opened. How each holder
takes the own sheet is the matter of `services.key_sheets`; sheets of papers are made on the setters' own machine.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import pyrage
import shamir_mnemonic
from shamir_mnemonic.share import Share
from shamir_mnemonic.wordlist import WORDLIST

from examsite.domain.answer_files import identity_text
from examsite.domain.errors import ConflictError, InvalidError
from examsite.domain.events import Event
from examsite.domain.permissions import Role
from examsite.domain.split_keys import SECRET_BYTES, SHARE_WORDS, KeyPurpose, check_quorum, plain_words
from examsite.services.context import ServiceContext
from examsite.services.records import record
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.competitions import Competition
from examsite.storage.models.split_keys import KeyShare, SplitKey
from examsite.storage.queries.code_maps import list_records_of
from examsite.storage.queries.records import get_log

#: Whose sheets a key may lie on. Source: our choice, because whoever marks must never open codes or numbers of draws.
HOLDERS = (Role.CHAIR, Role.COUNCIL_MEMBER, Role.SUPERVISOR)

#: Every word that can stand on a sheet. Source: SLIP-39 word list; four letters tell each from all others.
SHEET_WORDS: tuple[str, ...] = tuple(WORDLIST)

_WORD_OF_START = {word[:4]: word for word in SHEET_WORDS}

#: PBKDF2 rounds as a power of two above 10,000 (SLIP-39 `e`). Source: our choice, because no passphrase is used.
ITERATION_EXPONENT = 0


@dataclass(frozen=True)
class Sheet:
    """What is printed for one holder: shown once, stored never."""

    number: int
    pseudonym: str
    words: str


@dataclass(frozen=True)
class SplitSecret:
    """A fresh key before anything of it is written down: its public half and the words of its shares."""

    recipient: str
    identifier: int
    needed: int
    shares: tuple[str, ...]


def split_secret(*, needed: int, holders: int) -> SplitSecret:
    """Make a fresh X25519 key of age and split it; the private half is gone when this returns.

    Raises:
        InvalidError: `quorum_not_valid`.

    Source: result formats §5; age v1 (C2SP); SLIP-39.
    """
    check_quorum(needed, holders)
    secret = secrets.token_bytes(SECRET_BYTES)
    (shares,) = shamir_mnemonic.generate_mnemonics(
        1, [(needed, holders)], secret, iteration_exponent=ITERATION_EXPONENT
    )
    identifier = Share.from_mnemonic(shares[0]).identifier
    return SplitSecret(_recipient(secret), identifier, needed, tuple(shares))


def check_holders(competition: Competition, holders: Sequence[RoleAssignment]) -> None:
    """Refuse holders who are not of this competition, who may not hold, or who would hold two sheets of one key.

    Raises:
        InvalidError: `holder_not_valid`, `holder_twice`, both with `name`.
    """
    seen: set[int] = set()
    for holder in holders:
        if holder.competition_id != competition.id or holder.role not in HOLDERS or holder.revoked_at is not None:
            raise InvalidError("holder_not_valid", name=holder.pseudonym or "")
        if holder.account_id in seen:
            raise InvalidError("holder_twice", name=holder.pseudonym or "")
        seen.add(holder.account_id)


def add_split_key(
    ctx: ServiceContext,
    competition: Competition,
    purpose: KeyPurpose,
    *,
    made: SplitSecret,
    holders: Sequence[RoleAssignment],
    subject: str = "",
    waiting: Sequence[bytes] = (),
) -> SplitKey:
    """Write down and record the public half of a key and who holds its shares.

    `waiting` are the sheets that their holders have yet to take, encrypted; without them all are on paper already.
    """
    kept = dict(enumerate(waiting, start=1))
    key = SplitKey(
        competition_id=competition.id,
        purpose=purpose,
        subject=subject,
        recipient=made.recipient,
        identifier=made.identifier,
        needed=made.needed,
        made_at=ctx.now,
        shares=[
            KeyShare(
                number=number,
                assignment_id=holder.id,
                waiting=kept.get(number),
                taken_at=None if number in kept else ctx.now,
            )
            for number, holder in enumerate(holders, start=1)
        ],
    )
    ctx.session.add(key)
    ctx.session.flush()
    payload = {
        "purpose": purpose.value,
        "subject": subject,
        "recipient": made.recipient,
        "needed": made.needed,
        "holders": [holder.pseudonym for holder in holders],
    }
    key.record_seq = record(ctx, competition, Event.KEY_SPLIT, f"competition/{competition.code}", payload)
    return key


def recipient_as_recorded(ctx: ServiceContext, competition: Competition, key: SplitKey) -> str:
    """The public half that something may be closed to: the one that was recorded when the key was split.

    Whoever has the database could put the public half of an own key in its place, and read at once what the holders
    alone should open.

    Raises:
        ConflictError: `split_key_changed`.
    """
    log = get_log(ctx.session, competition.code)
    stated = {"purpose": key.purpose.value, "subject": key.subject, "recipient": key.recipient, "needed": key.needed}
    for row in list_records_of(ctx.session, log.id, [] if key.record_seq is None else [key.record_seq]):
        if row.is_as_committed and row.event == Event.KEY_SPLIT and stated.items() <= row.content.items():
            return key.recipient
    raise ConflictError("split_key_changed")


def check_share(ctx: ServiceContext, key: SplitKey, words: str) -> KeyShare:
    """Note that these are the words of a sheet of this key and can be read; whose it is the caller asks.

    Raises:
        InvalidError: `share_words_missing`, `share_word_unknown`, `share_not_valid`, `share_of_other_key`.
    """
    share = _share(key, words, place=1)
    held = next((row for row in key.shares if row.number == share.index + 1), None)
    if held is None:
        raise InvalidError("share_of_other_key", number=1)
    held.checked_at = ctx.now
    return held


def join_split_key(
    ctx: ServiceContext, key: SplitKey, words: Sequence[str]
) -> tuple[pyrage.x25519.Identity, list[str]]:
    """As `read_split_key`; from now on the key counts as opened. The caller records who opened what.

    Raises:
        InvalidError: those of `read_split_key`.
    """
    identity, holders = read_split_key(key, words)
    if key.opened_at is None:
        key.opened_at = ctx.now
    return identity, holders


def read_split_key(key: SplitKey, words: Sequence[str]) -> tuple[pyrage.x25519.Identity, list[str]]:
    """Put a key together from the words of enough holders: the identity that decrypts, and their pseudonyms.

    `key.shares` and their assignments are loaded. Nothing is noted: the caller decrypts, and forgets.

    Raises:
        InvalidError: `share_words_missing`, `share_word_unknown` (with `place` and `word`), `share_not_valid` (words
            changed places), `share_of_other_key`, `share_twice`, each with `number` of the field from 1;
            `shares_too_few`; `shares_do_not_fit`.
    """
    given: dict[int, str] = {}
    for place, text in enumerate(words, start=1):
        if not plain_words(text):
            continue
        share = _share(key, text, place=place)
        if share.index in given:
            raise InvalidError("share_twice", number=place)
        given[share.index] = full_words(text)
    if len(given) < key.needed:
        raise InvalidError("shares_too_few", given=len(given), needed=key.needed)
    chosen = dict(sorted(given.items())[: key.needed])
    try:
        secret = shamir_mnemonic.combine_mnemonics(chosen.values())
    except shamir_mnemonic.MnemonicError:
        raise InvalidError("shares_do_not_fit") from None
    if _recipient(secret) != key.recipient:
        raise InvalidError("shares_do_not_fit")
    names = {row.number: row.assignment.pseudonym or "" for row in key.shares}
    return _identity(secret), sorted(names.get(index + 1, "") for index in chosen)


def full_words(text: str, *, number: int = 1) -> str:
    """The words of a sheet in full: the first four letters of a word are enough. `number` is that of its field.

    Raises:
        InvalidError: `share_word_unknown`, with the `number`, the `place` of the word and the `word`.
    """
    found: list[str] = []
    for place, typed in enumerate(plain_words(text).split(), start=1):
        word = _WORD_OF_START.get(typed[:4], "")
        if not word or not word.startswith(typed):
            raise InvalidError("share_word_unknown", number=number, place=place, word=typed[:20])
        found.append(word)
    return " ".join(found)


def _share(key: SplitKey, words: str, *, place: int) -> Share:
    count = len(plain_words(words).split())
    if count != SHARE_WORDS:
        raise InvalidError("share_words_missing", number=place, count=count, wanted=SHARE_WORDS)
    try:
        share = Share.from_mnemonic(full_words(words, number=place))
    except shamir_mnemonic.MnemonicError:
        raise InvalidError("share_not_valid", number=place) from None
    if share.identifier != key.identifier or share.member_threshold != key.needed:
        raise InvalidError("share_of_other_key", number=place)
    return share


def _identity(secret: bytes) -> pyrage.x25519.Identity:
    return pyrage.x25519.Identity.from_str(identity_text(secret))


def _recipient(secret: bytes) -> str:
    return str(_identity(secret).to_public())
