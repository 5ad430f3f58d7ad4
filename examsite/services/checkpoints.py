"""Signed checkpoints of the record log: the installation's key, and one statement of size and root at each gate.

Between the gates the closer of every worker signs what is due. Decision: it takes no lock on the head of a log, for an
act of a room may hold that; the committed head is one row, so that size and root belong together, and two workers who
sign the same size at one instant write the same text, of which the tables keep one.
"""

from __future__ import annotations

from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import select

from examsite.config import Settings, key_file
from examsite.domain import checkpoints
from examsite.domain.canonical import parse_instant
from examsite.domain.checkpoints import Checkpoint, VerifierKey
from examsite.domain.events import Event
from examsite.domain.merkle import TreeState
from examsite.services.context import LogSigner, ServiceContext
from examsite.storage.models.records import CheckpointRow, RecordLog
from examsite.storage.queries.checkpoints import list_uncovered


def load_signer(settings: Settings, path: Path | None = None) -> LogSigner:
    """The signer of the installation's logs; its key is made once, readable by its owner only.

    `path` names another key file, e.g. that of a backup.

    Raises:
        SettingsError: the key file can be read by others.
    """
    path = path or settings.log_key_path
    key = Ed25519PrivateKey.from_private_bytes(key_file(path, lambda: Ed25519PrivateKey.generate().private_bytes_raw()))
    return LogSigner(host_name=settings.host_name, public_key=key.public_key().public_bytes_raw(), sign=key.sign)


def sign_checkpoint(ctx: ServiceContext, code: str) -> CheckpointRow | None:
    """Sign size and root of the log with this code as it stands in this transaction, unless that size is signed.

    Gives None without a signer (a command that only reads) and for a log that does not exist yet.

    Source: record format (a checkpoint is signed at least at every gate).
    """
    log = ctx.session.scalars(select(RecordLog).where(RecordLog.code == code)).one_or_none()
    if ctx.signer is None or log is None:
        return None
    known = ctx.session.scalars(
        select(CheckpointRow).where(CheckpointRow.log_id == log.id, CheckpointRow.size == log.size)
    ).one_or_none()
    if known is not None:
        return known
    root = TreeState.from_json(log.tree).root()
    origin = origin_of(ctx.signer.host_name, code)
    note = checkpoints.sign_checkpoint(
        Checkpoint(origin=origin, size=log.size, root=root),
        origin,
        public_key=ctx.signer.public_key,
        sign=ctx.signer.sign,
    )
    row = CheckpointRow(log_id=log.id, size=log.size, root=root.hex(), note=note, signed_at=ctx.now)
    ctx.session.add(row)
    ctx.session.flush()
    return row


#: Facts whose people are handed a receipt.
RECEIPTED = (Event.ANSWERS_SUBMITTED, Event.PROPOSAL_UPLOADED, Event.PROPOSALS_LOCKED, Event.APPEAL_SUBMITTED)


def list_due_logs(ctx: ServiceContext) -> list[str]:
    """Codes of the logs that are to be signed now. Source: record format: every 100 records or 60 s."""
    return [
        head.code
        for head in list_uncovered(ctx.session, [event.value for event in RECEIPTED])
        if checkpoints.is_due(
            head.uncovered,
            ctx.now - parse_instant(head.oldest_at),
            receipt_waits=head.receipt_waits,
        )
    ]


def log_key(signer: LogSigner, code: str) -> VerifierKey:
    """The key of a log, as it is printed for everyone."""
    return VerifierKey(origin_of(signer.host_name, code), signer.public_key)


def origin_of(host_name: str, code: str) -> str:
    """Origin and key name of a log. Source: record format, `<host>/<competition code>`."""
    return f"{host_name}/{code}"


def is_signature_good(public_key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether this Ed25519 key signed the message."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
