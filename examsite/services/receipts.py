"""Receipts: which record a person may carry home, its proof once a checkpoint covers it, and checking one shown.

A receipt in full names the first checkpoint that covers the record, so that it is the same whenever it is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from examsite.domain import checkpoints, receipts
from examsite.domain.canonical import parse_instant
from examsite.domain.errors import DomainError, InvalidError, NotFoundError
from examsite.domain.merkle import verify_consistency
from examsite.domain.receipts import Receipt
from examsite.domain.records import VERSION, Record
from examsite.services.checkpoints import is_signature_good, origin_of
from examsite.services.context import LogSigner
from examsite.services.log_proofs import prove_consistency, prove_inclusion
from examsite.storage.models.records import CheckpointRow, RecordRow
from examsite.storage.queries.checkpoints import find_record_by_code
from examsite.storage.queries.records import (
    find_covering_checkpoint,
    find_last_checkpoint,
    get_log,
    get_record,
)

#: By when a receipt in full is promised. Source: our choice, because the rule is five seconds, and whoever signs looks
#: every few seconds only. Unit: seconds.
PROMISED_SECONDS = 10


@dataclass(frozen=True)
class OwnReceipt:
    """A record as its person may carry it home; `text` is None as long as no checkpoint covers it."""

    seq: int
    at: datetime
    leaf: str
    code: str
    text: str | None
    checkpoint: CheckpointRow | None

    @property
    def due_at(self) -> datetime:
        """By when the receipt in full is promised."""
        return self.at + timedelta(seconds=PROMISED_SECONDS)


def read_receipt(session: Session, log_code: str, seq: int) -> OwnReceipt:
    """The receipt of one record of a log; the caller has made sure that it is this person's.

    Raises:
        NotFoundError: `log_not_found`, `record_not_found`.
    """
    log = get_log(session, log_code)
    row = get_record(session, log.id, seq)
    covering = find_covering_checkpoint(session, log.id, seq)
    text = None
    if covering is not None:
        text = receipts.receipt_text(
            record_of(row), prove_inclusion(session, log.id, seq, size=covering.size), covering.note
        )
    code = receipts.short_code(bytes.fromhex(row.leaf))
    return OwnReceipt(row.seq, parse_instant(row.at), row.leaf, code, text, covering)


def record_of(row: RecordRow) -> Record:
    """The record in a row, as it is hashed."""
    return Record(VERSION, row.seq, row.at, row.event, row.actor, row.subject, row.commit)


@dataclass(frozen=True)
class Finding:
    """One thing that was asked of a receipt: the code of the sentence, and whether it holds (None: not asked)."""

    code: str
    holds: bool | None
    params: dict[str, Any]


@dataclass(frozen=True)
class ReceiptCheck:
    """What checking a receipt found; `receipt` is None for a short code, or what could not be read."""

    findings: tuple[Finding, ...]
    receipt: Receipt | None = None

    @property
    def holds(self) -> bool:
        """Whether nothing is broken."""
        return all(finding.holds is not False for finding in self.findings)


def check_receipt(session: Session, log_code: str, text: str, signer: LogSigner) -> ReceiptCheck:
    """Check a receipt that somebody shows against the newest checkpoint of the log.

    Findings, in order: `signed`, `included`, `continued` (the newest checkpoint continues the one of the receipt),
    `kept` (the record stands in the log today as it stands on the receipt).

    Raises:
        InvalidError: `receipt_not_valid`: it cannot be read as a receipt.
        NotFoundError: `log_not_found`.
    """
    log = get_log(session, log_code)
    receipt = receipts.parse_receipt(text)
    origin = origin_of(signer.host_name, log.code)
    findings = []
    try:
        opened = checkpoints.open_checkpoint(
            receipt.note, origin, public_key=signer.public_key, verify=is_signature_good
        )
    except InvalidError as refusal:
        return ReceiptCheck((Finding("signed", holds=False, params={"why": refusal}),), receipt)
    params = {"number": receipt.record.seq, "size": opened.size, "origin": origin}
    findings.append(Finding("signed", holds=True, params=params))
    try:
        receipts.check_receipt(receipt)
        included = True
    except InvalidError:
        included = False
    findings.append(Finding("included", holds=included, params=params))
    newest = find_last_checkpoint(session, log.code)
    later = {**params, "newest": 0 if newest is None else newest.size}
    findings.append(Finding("continued", holds=_continues(session, log.id, opened, newest), params=later))
    try:
        same = record_of(get_record(session, log.id, receipt.record.seq)) == receipt.record
    except NotFoundError:
        same = False
    findings.append(Finding("kept", holds=same, params=params))
    return ReceiptCheck(tuple(findings), receipt)


def check_short_code(session: Session, log_code: str, text: str) -> ReceiptCheck:
    """Whether the log holds a record with this code; nothing of the record is told, for codes are read aloud.

    Raises:
        InvalidError: `short_code_not_valid`.
        NotFoundError: `log_not_found`, `receipt_not_found`.
    """
    code = receipts.parse_short_code(text)
    log = get_log(session, log_code)
    low, high = receipts.leaves_of_code(code)
    row = find_record_by_code(session, log.id, low=low, high=high)
    if row is None:
        raise NotFoundError("receipt_not_found", text=code)
    covering = find_covering_checkpoint(session, log.id, row.seq)
    params = {"code": code, "number": row.seq, "size": 0 if covering is None else covering.size}
    found = Finding("found", holds=True, params=params)
    return ReceiptCheck((found, Finding("covered", holds=None if covering is None else True, params=params)))


def _continues(session: Session, log_id: int, opened: checkpoints.Checkpoint, newest: CheckpointRow | None) -> bool:
    if newest is None or newest.size < opened.size:
        return False
    try:
        proof = prove_consistency(session, log_id, first_size=opened.size, second_size=newest.size)
    except DomainError:
        return False
    return verify_consistency(
        first_size=opened.size,
        second_size=newest.size,
        first_root=opened.root,
        second_root=bytes.fromhex(newest.root),
        proof=proof,
    )
