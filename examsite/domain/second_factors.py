"""What a person proves beside the password, and for how long one proof counts.

A critical act takes a factor that was shown in this very log-in a moment ago: a password that somebody overheard, and
a desk that was left for coffee, open nothing.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final


class FactorKind(StrEnum):
    """How somebody proves to be the person behind the account."""

    CODE_APP = "code_app"
    PASSKEY = "passkey"


@dataclass(frozen=True)
class Assertion:
    """What a passkey signed, in base64url: everything that a stranger needs to check the signature again."""

    credential: str
    public_key: str
    authenticator_data: str
    client_data: str
    signature: str

    def as_data(self) -> dict[str, str]:
        """As it stands in a record."""
        return {
            "credential": self.credential,
            "public_key": self.public_key,
            "authenticator_data": self.authenticator_data,
            "client_data": self.client_data,
            "signature": self.signature,
        }


FRESH_SECONDS: Final = 300
"""How long a factor that was shown counts for critical acts. Unit: seconds. Source: goal S9 of this product (at most
five minutes); long enough to read one page again before pressing."""

STEP_SECONDS: Final = 30
"""How long one code of an app is valid. Unit: seconds. Source: RFC 6238 sec. 5.2."""

CODE_DIGITS: Final = 6
"""Digits of a code. Source: RFC 6238, and what every app shows."""

NEIGHBOUR_STEPS: Final = 1
"""How many codes before and after the present one are taken. Source: RFC 6238 sec. 5.2 (one step for slow clocks)."""

SECRET_BYTES: Final = 20
"""Randomness of an app's secret. Unit: bytes. Source: RFC 4226 sec. 4 (160 bits recommended)."""

MOST_FACTORS: Final = 8
"""Factors of one account. Source: our choice, because a phone, two keys and spares are enough."""

MOST_NAME_LENGTH: Final = 60
"""Signs of the name of a factor. Source: our choice, because it names a thing in a drawer."""


def is_fresh(shown_at: datetime | None, *, now: datetime) -> bool:
    """Whether a factor shown at that instant still counts for a critical act."""
    return shown_at is not None and (now - shown_at).total_seconds() <= FRESH_SECONDS


def plain_code(text: str) -> str:
    """A code as it is compared: apps show it in groups, people type it so."""
    return "".join(sign for sign in text if not sign.isspace())


def public_secret(login: str) -> str:
    """The secret of an account of a demonstration, in Base32: anybody can compute it, so that anybody may look around.

    Pages show the code of an account with this very secret, because it protects nothing.
    """
    digest = hashlib.sha256(f"examsite demonstration {login}".encode()).digest()
    return base64.b32encode(digest[:SECRET_BYTES]).decode("ascii")
