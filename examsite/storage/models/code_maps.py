"""What joins scripts and candidates while nobody may: closed to the holders of the key of the codes.

Decision: from the cut to the opening no row of the database says whose a script is. The map, the answers under the name
of their author and every content of a record that would tell lie in age files; `CodeEntry` and the answers come back
when the holders open them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from examsite.storage.column_types import UtcDateTime
from examsite.storage.database import Base
from examsite.storage.row_seals import Sealed


class CodeMap(Sealed, Base):
    """The code map of one competition: an age file until it is opened."""

    __tablename__ = "code_maps"

    id: Mapped[int] = mapped_column(primary_key=True)
    competition_id: Mapped[int] = mapped_column(ForeignKey("competitions.id"), unique=True)
    #: The age file, armoured; empty once it was opened.
    content: Mapped[str] = mapped_column(Text)
    #: Hex of SHA-256 of the age file as it was closed.
    age_sha256: Mapped[str] = mapped_column(String(64))
    #: Numbers of the records whose salt and content lie in closed files.
    withheld: Mapped[list[Any]] = mapped_column(JSON)
    #: Who was known to be near to whom at the cut: [account, candidacy] each. Who is found near later may mark nothing.
    recusals: Mapped[list[Any]] = mapped_column(JSON)
    closed_at: Mapped[datetime] = mapped_column(UtcDateTime())
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime())


class ClosedAnswers(Sealed, Base):
    """Everything that one attempt left in words and points, as an age file, from the cut to the opening."""

    __tablename__ = "closed_answers"

    id: Mapped[int] = mapped_column(primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempts.id"), unique=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class ScriptCut(Sealed, Base):
    """What was cut off together with a script and no marker reads."""

    __tablename__ = "script_cuts"

    id: Mapped[int] = mapped_column(primary_key=True)
    script_id: Mapped[int] = mapped_column(ForeignKey("scripts.id"), unique=True)
    #: Answers to the objective questions by item, so that a ruling on a question can be scored while the map is closed.
    responses: Mapped[dict[str, Any]] = mapped_column(JSON)
    #: A tag for each person who is kept away, filled up to one number for all scripts; see `storage.kept_away`.
    kept_away: Mapped[list[Any]] = mapped_column(JSON)
