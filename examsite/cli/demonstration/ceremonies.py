"""Draws of the demonstration: three of the council give numbers from machines of their own, and show them."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pyrage

from examsite.cli.demonstration.keys import words_of
from examsite.domain.draw_ceremonies import DrawKind
from examsite.domain.draws import NONCE_BYTES, commitment_of
from examsite.domain.permissions import Role
from examsite.domain.split_keys import KeyPurpose
from examsite.services import draws, papers
from examsite.services.draw_acts import hold_draw_named, prepare_draw_named
from examsite.services.rulesets import ruleset_of
from examsite.storage.queries.competitions import get_post
from examsite.storage.queries.split_keys import get_split_key

if TYPE_CHECKING:
    from examsite.cli.demonstration.play import Play

#: Who gives numbers.
GIVERS = (("chutich", Role.CHAIR), ("uyvien1", Role.COUNCIL_MEMBER), ("uyvien2", Role.COUNCIL_MEMBER))

_MINUTE = timedelta(minutes=1)


def hold_draw(play: Play, name: str, at: datetime, *, terms: str | None = None, kept_back: bool = False) -> None:
    """Hold a draw of the council as the rule set wants it; its outcome is there at this instant.

    Args:
        play: the competition.
        name: of the draw, as in the log.
        at: when the outcome is computed; what goes before takes the notice of the rule set and half an hour.
        terms: what the act behind the draw wants to be told, for instance why there are too few seeds.
        kept_back: whether the last number is opened by the holders of the key.
    """
    chair = play.by("chutich", Role.CHAIR, at)
    if draws.draws_together(play.competition):
        _gather(play, name, at, terms=terms, kept_back=kept_back)
        terms = None
    elif name.startswith(f"{DrawKind.PAPER_VERSION}-"):
        post = get_post(play.session, play.competition.id, name.removeprefix(f"{DrawKind.PAPER_VERSION}-"))
        papers.agree_to_opening(play.by("uyvien1", Role.COUNCIL_MEMBER, at), play.competition, post)
    hold_draw_named(chair, play.competition, name, terms=terms)


def _gather(play: Play, name: str, at: datetime, *, terms: str | None, kept_back: bool) -> None:
    notice = timedelta(minutes=ruleset_of(play.competition).draw_notice_minutes)
    begins = at - notice - 20 * _MINUTE
    prepare_draw_named(play.by("chutich", Role.CHAIR, begins), play.competition, name, terms=terms)
    numbers = give_numbers(play, name, begins)
    draws.commit_draw(play.by("chutich", Role.CHAIR, begins + 10 * _MINUTE), play.competition, name)
    shown_at = begins + 10 * _MINUTE + notice
    shown = numbers[: len(numbers) - kept_back]
    for place, ((login, role), nonce) in enumerate(zip(GIVERS, shown, strict=False)):
        draws.reveal_number(play.by(login, role, shown_at + place * _MINUTE), play.competition, name, nonce)
    if kept_back:
        words = words_of(play, KeyPurpose.DRAWS)
        draws.open_numbers(play.by("chutich", Role.CHAIR, shown_at + 5 * _MINUTE), play.competition, name, words)


def give_numbers(play: Play, name: str, begins: datetime) -> list[bytes]:
    """The numbers of those who give, each committed to two minutes after the one before."""
    key = get_split_key(play.session, play.competition.id, KeyPurpose.DRAWS)
    recipient = pyrage.x25519.Recipient.from_str(key.recipient)
    numbers = [secrets.token_bytes(NONCE_BYTES) for _giver in GIVERS]
    for place, ((login, role), nonce) in enumerate(zip(GIVERS, numbers, strict=True), start=1):
        deposit = pyrage.encrypt(nonce, [recipient], armored=True).decode("ascii")
        ctx = play.by(login, role, begins + 2 * place * _MINUTE)
        draws.contribute_number(ctx, play.competition, name, commitment=commitment_of(nonce), deposit=deposit)
    return numbers
