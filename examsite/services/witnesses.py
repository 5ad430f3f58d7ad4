"""Witnesses of a record log: who they are, and what they signed.

Decision: a cosignature is no record of the log. It speaks of the log, carries its own proof, and a record of it would
make the next checkpoint, which would ask for the next cosignature.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy.orm import Session

from examsite.domain.checkpoints import (
    VerifierKey,
    parse_checkpoint_text,
    parse_note,
    parse_signature_line,
    parse_verifier_key,
    signature_line,
)
from examsite.domain.cosignatures import COSIGNATURE, cosigned_at, with_cosignatures
from examsite.domain.errors import ConflictError, InvalidError, NotFoundError
from examsite.domain.events import Event
from examsite.domain.permissions import Role
from examsite.services.checkpoints import is_signature_good
from examsite.services.context import ServiceContext
from examsite.services.records import record
from examsite.storage.models.competitions import Competition
from examsite.storage.models.records import CheckpointRow, Cosignature, Witness
from examsite.storage.queries.checkpoints import list_cosignatures, list_witnesses
from examsite.storage.queries.records import get_checkpoint, get_log

#: Longest file that is read. Source: our choice, because a checkpoint with a hundred signatures is shorter.
#: Unit: characters.
MAX_NOTE = 20_000


def name_witness(ctx: ServiceContext, competition: Competition, *, key: str, holder: str) -> Witness:
    """Let the signatures of a key count as those of a witness of this competition.

    Raises:
        ConflictError: `witness_name_taken`: the name or the key is known already.
        InvalidError: `verifier_key_not_valid`, `witness_holder_missing`.
        NotAllowedError: `role_needed`: the supervision board names them, and nobody who runs the server.
    """
    ctx.require(Role.SUPERVISOR, competition_id=competition.id)
    parsed = parse_verifier_key(key, kind=COSIGNATURE)
    if not holder.strip():
        raise InvalidError("witness_holder_missing")
    known = list_witnesses(ctx.session, competition.id)
    if any(parsed.name == one.name or parsed.public_key.hex() == one.public_key for one in known):
        raise ConflictError("witness_name_taken")
    witness = Witness(
        competition_id=competition.id,
        name=parsed.name,
        public_key=parsed.public_key.hex(),
        holder=holder.strip(),
        named_at=ctx.now,
    )
    ctx.session.add(witness)
    ctx.session.flush()
    payload = {"key": parsed.as_text(), "holder": witness.holder}
    record(ctx, competition, Event.WITNESS_NAMED, f"competition/{competition.code}", payload)
    return witness


def end_witness(ctx: ServiceContext, competition: Competition, name: str) -> None:
    """No longer count what a key signs from now on, because it was lost or replaced; what it signed stays.

    Raises:
        ConflictError: `witness_ended`.
        NotAllowedError: `role_needed`.
        NotFoundError: `witness_not_found`.
    """
    ctx.require(Role.SUPERVISOR, competition_id=competition.id)
    witness = next((one for one in list_witnesses(ctx.session, competition.id) if one.name == name), None)
    if witness is None:
        raise NotFoundError("witness_not_found", name=name)
    if witness.ended_at is not None:
        raise ConflictError("witness_ended")
    witness.ended_at = ctx.now
    ctx.session.flush()
    payload = {"key": key_of(witness).as_text()}
    record(ctx, competition, Event.WITNESS_ENDED, f"competition/{competition.code}", payload)


def add_cosignatures(ctx: ServiceContext, competition: Competition, text: str) -> list[Witness]:
    """Keep what witnesses signed under a checkpoint of this log; anything else in the text is left out.

    Gives the witnesses whose signatures are new; adding one twice changes nothing.

    Raises:
        ConflictError: `cosignature_of_other_checkpoint`: the text is not what this server signed at that size.
        InvalidError: `note_not_valid`, `checkpoint_not_valid`, `cosignature_missing`.
        NotAllowedError: `role_needed`.
        NotFoundError: `checkpoint_not_found`, `log_not_found`.
    """
    ctx.require(Role.SUPERVISOR, competition_id=competition.id)
    if len(text) > MAX_NOTE:
        raise InvalidError("note_not_valid")
    note = parse_note("\n".join(line.rstrip() for line in text.strip().splitlines()) + "\n")
    shown = parse_checkpoint_text(note.text)
    checkpoint = get_checkpoint(ctx.session, get_log(ctx.session, competition.code).id, shown.size)
    if parse_note(checkpoint.note).text != note.text:
        raise ConflictError("cosignature_of_other_checkpoint")
    held = {one.witness_id for one in list_cosignatures(ctx.session, checkpoint.id)}
    signed, new = 0, []
    for witness in list_witnesses(ctx.session, competition.id, standing=True):
        key = key_of(witness)
        at_seconds = cosigned_at(note, key, verify=is_signature_good)
        if at_seconds is None:
            continue
        signed += 1
        if witness.id not in held:
            line = next(line for line in note.signatures if line.name == witness.name and line.key_id == key.key_id)
            ctx.session.add(
                Cosignature(
                    checkpoint_id=checkpoint.id,
                    witness_id=witness.id,
                    signed_at=_instant(at_seconds),
                    line=signature_line(line),
                    received_at=ctx.now,
                )
            )
            new.append(witness)
    if not signed:
        raise InvalidError("cosignature_missing")
    ctx.session.flush()
    return new


def cosigned_note(session: Session, checkpoint: CheckpointRow, *, until: datetime | None = None) -> str:
    """The checkpoint as signed, with what witnesses signed under it (received up to an instant)."""
    lines = [parse_signature_line(one.line) for one in list_cosignatures(session, checkpoint.id, until=until)]
    return with_cosignatures(checkpoint.note, lines)


def key_of(witness: Witness) -> VerifierKey:
    """The key whose signatures are those of this witness."""
    return VerifierKey(witness.name, bytes.fromhex(witness.public_key), COSIGNATURE)


def _instant(at_seconds: int) -> datetime:
    """What the witness's clock said; one that no calendar holds is as wrong as any other, and kept at the last one."""
    return datetime.fromtimestamp(min(at_seconds, _LAST_SECOND), UTC)


#: 9999-12-31T23:59:59Z as a POSIX timestamp.
_LAST_SECOND = 253_402_300_799
