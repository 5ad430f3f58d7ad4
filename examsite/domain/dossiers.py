"""States of a candidacy, from the first form to the decision on eligibility, and what a person must say to apply."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from examsite.domain.errors import InvalidError
from examsite.domain.state_machine import StateMachine


class CandidacyState(StrEnum):
    """Where one person's standing for a post is."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    ELIGIBLE = "eligible"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class UploadKind(StrEnum):
    """What a file is, decided by its structure and never by its name."""

    PDF = "pdf"
    DOCX = "docx"
    PPTX = "pptx"
    PNG = "png"
    JPEG = "jpeg"


class CandidacyEvent(StrEnum):
    """What happens to a candidacy."""

    SUBMITTED = "submitted"
    REOPENED = "reopened"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    RECONSIDERED = "reconsidered"


_S = CandidacyState
_E = CandidacyEvent

CANDIDACY = StateMachine(
    name="candidacy",
    initial=_S.DRAFT,
    table={
        (_S.DRAFT, _E.SUBMITTED): _S.SUBMITTED,
        (_S.DRAFT, _E.WITHDRAWN): _S.WITHDRAWN,
        (_S.SUBMITTED, _E.REOPENED): _S.DRAFT,
        (_S.SUBMITTED, _E.ACCEPTED): _S.ELIGIBLE,
        (_S.SUBMITTED, _E.REFUSED): _S.REFUSED,
        (_S.SUBMITTED, _E.WITHDRAWN): _S.WITHDRAWN,
        (_S.ELIGIBLE, _E.RECONSIDERED): _S.SUBMITTED,
        (_S.REFUSED, _E.RECONSIDERED): _S.SUBMITTED,
    },
)


#: Age from which a person may stand. Unit: years. Source: our choice, because nobody younger can be an official.
LEAST_AGE = 18

#: Oldest year of birth that is believed. Source: our choice, because earlier ones are typing errors.
EARLIEST_BIRTH_YEAR = 1930

#: Letters of application codes: none that look alike on paper. Source: our choice, as for printed passwords.
APPLICATION_CODE_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"

#: Random letters after `hs-`. Source: our choice, because 31^6 codes cannot be tried one by one.
APPLICATION_CODE_LENGTH = 6

#: Most unfinished applications of one competition that may be begun within `DRAFTS_MINUTES`.
# Source: our choice, because the door is public and each password costs the server a hash; a busy hour stays below.
MOST_NEW_DRAFTS = 30

#: Unit: minutes. Source: our choice, together with the number above.
DRAFTS_MINUTES = 10

#: Digits of a candidate number after its letters. Source: our choice, three as printed on seat cards.
LEAST_NUMBER_DIGITS = 3


@dataclass(frozen=True)
class Applicant:
    """What a person says of themselves when they apply; already read, not yet accepted."""

    full_name: str
    born_on: date
    identity_number: str
    unit: str
    position_title: str
    phone: str = ""
    email: str = ""
    hometown: str = ""


def read_identity_number(text: str) -> str:
    """The identity number as it is stored: twelve digits, or nine of the old card.

    Source: Law 26/2023/QH15 on identification (12 digits); the nine digits of the old card, because old files name it.

    Raises:
        InvalidError: `identity_number_not_valid`.
    """
    digits = "".join(char for char in text if not char.isspace() and char not in ".-'")
    if not digits.isascii() or not digits.isdigit() or len(digits) not in {9, 12}:
        raise InvalidError("identity_number_not_valid", field="identity_number")
    return digits


def check_born_on(born_on: date, *, today: date) -> None:
    """Refuse a date of birth that cannot be that of a person who stands for a post.

    Raises:
        InvalidError: `born_on_not_possible`.
    """
    comes_of_age = (born_on.year + LEAST_AGE, born_on.month, born_on.day)
    if born_on.year < EARLIEST_BIRTH_YEAR or comes_of_age > (today.year, today.month, today.day):
        raise InvalidError("born_on_not_possible", field="born_on")


def candidate_numbers(prefix: str, count: int) -> list[str]:
    """Numbers in one unbroken row from 1, of equal length."""
    digits = max(LEAST_NUMBER_DIGITS, len(str(count)))
    return [f"{prefix}{place:0{digits}d}" for place in range(1, count + 1)]


def missing_items(checklist: Iterable[str], present: Iterable[str]) -> list[str]:
    """Which items of the checklist have no file yet, in the order of the checklist."""
    there = set(present)
    return [item for item in checklist if item not in there]
