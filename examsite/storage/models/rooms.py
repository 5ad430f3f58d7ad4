"""What happens in the room beside the writing: pauses, silences, lost time, messages, calls, requests of two people."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from examsite.domain.rooms import AnswerFileState, HelpKind, LostTimeState, RequestKind, RequestState, ServerAct
from examsite.storage.column_types import UtcDateTime, enum_column
from examsite.storage.database import Base
from examsite.storage.models.sittings import Attempt, Sitting
from examsite.storage.row_seals import Sealed


class Pause(Sealed, Base):
    """A stretch in which an attempt's clock stood still; open while it has no end. Append only but for the end."""

    __tablename__ = "pauses"

    id: Mapped[int] = mapped_column(primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempts.id"), index=True)
    began_at: Mapped[datetime] = mapped_column(UtcDateTime())
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    reason: Mapped[str] = mapped_column(String(500))
    began_by_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    #: Whether it is part of a pause of the whole room.
    for_room: Mapped[bool] = mapped_column(default=False)


class Silence(Base):
    """A stretch without a word from a page, found when the next word came; what lost time is computed from."""

    __tablename__ = "silences"

    id: Mapped[int] = mapped_column(primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempts.id"), index=True)
    began_at: Mapped[datetime] = mapped_column(UtcDateTime())
    ended_at: Mapped[datetime] = mapped_column(UtcDateTime())
    #: Whether the page was opened anew to end it: the machine was gone, not only the network.
    reopened: Mapped[bool] = mapped_column(default=False)


class LostTime(Sealed, Base):
    """Time lost at one seat: computed from silences or named by a person, decided by a person, given back once."""

    __tablename__ = "lost_times"
    __table_args__ = (CheckConstraint("(state = 'proposed') = (decided_at IS NULL)", name="decided_when_decided"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempts.id"), index=True)
    silence_id: Mapped[int | None] = mapped_column(ForeignKey("silences.id"), unique=True)
    #: The outage of the server that it comes from; while it is undecided the attempt is not closed at once.
    outage_id: Mapped[int | None] = mapped_column(ForeignKey("server_outages.id"), index=True)
    state: Mapped[LostTimeState] = mapped_column(enum_column(LostTimeState), default=LostTimeState.PROPOSED)
    began_at: Mapped[datetime] = mapped_column(UtcDateTime())
    ended_at: Mapped[datetime] = mapped_column(UtcDateTime())
    #: What is proposed, and what was given in the end.
    seconds: Mapped[int]
    given_seconds: Mapped[int | None]
    cause: Mapped[str] = mapped_column(String(500))
    reason: Mapped[str] = mapped_column(String(500), default="")
    extension_id: Mapped[int | None] = mapped_column(ForeignKey("extensions.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))

    attempt: Mapped[Attempt] = relationship(lazy="raise")


class RoomMessage(Base):
    """A message from the invigilator to one candidate or, without an attempt, to the room."""

    __tablename__ = "room_messages"

    id: Mapped[int] = mapped_column(primary_key=True)
    sitting_id: Mapped[int] = mapped_column(ForeignKey("sittings.id"), index=True)
    attempt_id: Mapped[int | None] = mapped_column(ForeignKey("attempts.id"), index=True)
    text: Mapped[str] = mapped_column(String(500))
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime())
    sent_by_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))


class HelpCall(Base):
    """A candidate asks for an invigilator from the test page."""

    __tablename__ = "help_calls"

    id: Mapped[int] = mapped_column(primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempts.id"), index=True)
    kind: Mapped[HelpKind] = mapped_column(enum_column(HelpKind))
    #: The item in front of the candidate, e.g. Q07.
    item: Mapped[str] = mapped_column(String(20), default="")
    called_at: Mapped[datetime] = mapped_column(UtcDateTime())
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    answer: Mapped[str] = mapped_column(String(500), default="")

    attempt: Mapped[Attempt] = relationship(lazy="raise")


class RoomRequest(Sealed, Base):
    """An act that takes two people: one asks with a reason, another one decides. What it says is in `data`."""

    __tablename__ = "room_requests"
    __table_args__ = (
        CheckConstraint("(state = 'asked') = (decided_at IS NULL)", name="decided_when_decided"),
        CheckConstraint("decided_by_id IS NULL OR decided_by_id <> asked_by_id", name="two_people"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    sitting_id: Mapped[int] = mapped_column(ForeignKey("sittings.id"), index=True)
    attempt_id: Mapped[int | None] = mapped_column(ForeignKey("attempts.id"), index=True)
    kind: Mapped[RequestKind] = mapped_column(enum_column(RequestKind))
    state: Mapped[RequestState] = mapped_column(enum_column(RequestState), default=RequestState.ASKED)
    data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    reason: Mapped[str] = mapped_column(String(500))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime())
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    decision_reason: Mapped[str] = mapped_column(String(500), default="")

    sitting: Mapped[Sitting] = relationship(lazy="raise")
    attempt: Mapped[Attempt | None] = relationship(lazy="raise")


class Evidence(Base):
    """Something the test page noticed (focus lost, paste, burst of typing …). It never leads to anything by itself."""

    __tablename__ = "evidence"
    __table_args__ = (
        UniqueConstraint("attempt_id", "epoch", "number"),
        Index("ix_evidence_attempt_at", "attempt_id", "received_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempts.id"))
    #: Word of `domain.evidence.EvidenceKind`.
    kind: Mapped[str] = mapped_column(String(30))
    epoch: Mapped[int]
    #: Running number of the page, so that a repeated call makes no second row.
    number: Mapped[int]
    #: How long it lasted, where it lasts. Unit: milliseconds.
    milliseconds: Mapped[int | None]
    #: Figures only, never text: letters pasted, item.
    data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime())


class HandoverNote(Base):
    """Minutes at the handover of the room from one invigilator to the next, or of the material at the end."""

    __tablename__ = "handover_notes"

    id: Mapped[int] = mapped_column(primary_key=True)
    sitting_id: Mapped[int] = mapped_column(ForeignKey("sittings.id"), index=True)
    text: Mapped[str] = mapped_column(Text)
    handed_to: Mapped[str] = mapped_column(String(200))
    written_at: Mapped[datetime] = mapped_column(UtcDateTime())
    written_by_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))


class AnswerFile(Base):
    """An encrypted answer file that was carried to the server, once for each content."""

    __tablename__ = "answer_files"

    id: Mapped[int] = mapped_column(primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempts.id"), index=True)
    #: SHA-256 of the file as it came, hex: the same file is taken in once.
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    state: Mapped[AnswerFileState] = mapped_column(enum_column(AnswerFileState))
    versions: Mapped[int]
    new_versions: Mapped[int]
    imported_at: Mapped[datetime] = mapped_column(UtcDateTime())
    imported_by_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))


class Rehearsal(Sealed, Base):
    """One rehearsal on this installation; its certificate when it passed."""

    __tablename__ = "rehearsals"

    id: Mapped[int] = mapped_column(primary_key=True)
    competition_id: Mapped[int] = mapped_column(ForeignKey("competitions.id"), index=True)
    began_at: Mapped[datetime] = mapped_column(UtcDateTime())
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    passed: Mapped[bool] = mapped_column(default=False)
    #: SHA-256 over the program's files and over the settings that matter, hex.
    code_sha256: Mapped[str] = mapped_column(String(64))
    settings_sha256: Mapped[str] = mapped_column(String(64))
    head_count: Mapped[int]
    #: What was measured, by name: starts, saves, lost, percentiles in milliseconds, failures in words.
    figures: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    ordered_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))


class RefusedMachine(Base):
    """A machine that the rules of a room kept out, counted by seat, address and reason: for whoever goes and helps."""

    __tablename__ = "refused_machines"
    __table_args__ = (UniqueConstraint("attempt_id", "address", "reason"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempts.id"))
    address: Mapped[str] = mapped_column(String(64))
    #: Code of the refusal, e.g. `machine_outside_room`.
    reason: Mapped[str] = mapped_column(String(40))
    first_at: Mapped[datetime] = mapped_column(UtcDateTime())
    last_at: Mapped[datetime] = mapped_column(UtcDateTime())

    attempt: Mapped[Attempt] = relationship(lazy="raise")


class ServerFault(Base):
    """An act of the server that fails at a sitting or at one of its seats; renewed while it goes on failing."""

    __tablename__ = "server_faults"
    __table_args__ = (UniqueConstraint("sitting_id", "act", "seat"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    sitting_id: Mapped[int] = mapped_column(ForeignKey("sittings.id"))
    act: Mapped[ServerAct] = mapped_column(enum_column(ServerAct))
    #: Empty where it is the sitting as a whole.
    seat: Mapped[str] = mapped_column(String(10), default="")
    #: The kind of the fault, never its text: that may hold what somebody wrote.
    error: Mapped[str] = mapped_column(String(80))
    first_at: Mapped[datetime] = mapped_column(UtcDateTime())
    last_at: Mapped[datetime] = mapped_column(UtcDateTime())


class ServerOutage(Base):
    """A stretch in which no process of the server was alive, found by the first one that came back."""

    __tablename__ = "server_outages"

    id: Mapped[int] = mapped_column(primary_key=True)
    began_at: Mapped[datetime] = mapped_column(UtcDateTime())
    ended_at: Mapped[datetime] = mapped_column(UtcDateTime())


class ServerPulse(Base):
    """The last sign of life of the server, one row; written every few seconds."""

    __tablename__ = "server_pulse"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime())
