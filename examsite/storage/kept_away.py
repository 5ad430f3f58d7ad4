"""Who may not mark which script, told without the code map and told to nobody who only has the database.

Decision: for each person near to its author a script bears a tag, an HMAC under the key of the installation. With the
key a pair can be tried, which is what an allocation needs; without it a tag is a random number. All scripts bear as
many tags, so that a number of tags tells nothing either. What is left: whoever owns the server with its key learns
which scripts a marker is kept away from, and a marker near to one candidate only betrays that one.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Collection, Mapping
from typing import Final

from sqlalchemy.orm import Session

from examsite.storage.row_seals import row_key_of

#: Fewest tags on a script. Source: our choice, because few candidates have more people near to them on the boards.
LEAST_TAGS: Final = 4

_TAG_BYTES: Final = 16


def away_tag(session: Session, competition_id: int, script: str, account_id: int) -> str:
    """The tag that a script bears if this person is kept away from it."""
    key = row_key_of(session.connection())
    text = f"kept away/{competition_id}/{script}/{account_id}".encode()
    return hmac.new(key, text, hashlib.sha256).digest()[:_TAG_BYTES].hex()


def away_tags(session: Session, competition_id: int, people: Mapping[str, Collection[int]]) -> dict[str, list[str]]:
    """The tags of each script, in no order, as many on every one; `people` are the accounts kept away by script."""
    count = max([LEAST_TAGS, *(len(accounts) for accounts in people.values())])
    found = {}
    for script, accounts in people.items():
        tags = [away_tag(session, competition_id, script, account) for account in accounts]
        tags += [secrets.token_hex(_TAG_BYTES) for _empty in range(count - len(tags))]
        found[script] = sorted(tags)
    return found
