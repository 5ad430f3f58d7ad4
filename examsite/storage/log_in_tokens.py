"""Tokens of log-ins: what the cookie holds, and what the database keeps of it.

Decision: a token names its account and is kept as an HMAC under the key of the installation. Whoever only writes into
the table opens nothing with it: neither a row of an own making nor an own row given to somebody else;
and the instant at which a second factor was shown counts only with an HMAC of its own.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from examsite.storage.row_seals import row_key_of

#: Randomness of a token. Unit: bytes. Source: our choice, because nobody guesses 256 bits.
_TOKEN_BYTES = 32

#: Greatest key that a database gives an account.
_MOST_KEY = 2**31 - 1


def new_token(account_id: int) -> str:
    """A fresh token of an account: shown once, never stored."""
    return f"{account_id}.{secrets.token_urlsafe(_TOKEN_BYTES)}"


def account_of(token: str) -> int:
    """The account that a token names; 0, which nobody has, where it names none."""
    number = token.partition(".")[0]
    found = int(number) if number.isascii() and number.isdigit() and len(number) <= len(str(_MOST_KEY)) else 0
    return found if found <= _MOST_KEY else 0


def token_mac(session: Session, token: str) -> str:
    """What the database keeps of a token: hex of HMAC-SHA-256."""
    text = f"log-in/{token}".encode("utf-8", "replace")
    return hmac.new(row_key_of(session.connection()), text, hashlib.sha256).hexdigest()


def factor_mac(session: Session, log_in: str, shown_at: datetime) -> str:
    """What says that a second factor was shown at this instant in a log-in, which is named by the HMAC of its token."""
    text = f"factor/{log_in}/{shown_at.astimezone(UTC).isoformat(timespec='microseconds')}"
    return hmac.new(row_key_of(session.connection()), text.encode("ascii", "replace"), hashlib.sha256).hexdigest()
