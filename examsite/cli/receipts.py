"""Checking a receipt offline: its proof, who signed it, a later state of the log, and its content once opened."""

from __future__ import annotations

import codecs
import sys
from pathlib import Path

import click

from examsite.domain.checkpoints import open_checkpoint, parse_verifier_key
from examsite.domain.errors import DomainError, InvalidError
from examsite.domain.receipts import MAX_RECEIPT, check_opening, check_receipt, parse_opening, parse_receipt
from examsite.domain.witnessing import Seen, check_request, parse_request
from examsite.services.checkpoints import is_signature_good

_file = click.Path(exists=True, dir_okay=False, path_type=Path)

#: Longest opening that is read: the answers of one candidate. Unit: bytes.
_LARGEST_OPENING = 8_000_000

_REFUSALS = {
    "receipt_not_valid": "không phải biên nhận đủ, hoặc bị sửa (not a receipt in full, or changed)",
    "receipt_not_included": "chứng minh không dẫn tới gốc: biên nhận bị sửa (the proof does not lead to the root)",
    "checkpoint_not_signed": "mốc trên biên nhận không có chữ ký đúng của khóa này (not signed by this key)",
    "checkpoint_of_other_log": "biên nhận là của sổ khác (the receipt is of another log)",
    "verifier_key_not_valid": "dòng khóa không đúng (the key line is not valid)",
    "opening_not_valid": "nội dung mở không đúng dạng (the opening is not well formed)",
    "opening_of_other_record": "nội dung mở là của mục khác (the opening is of another record)",
    "opening_differs": "nội dung mở không khớp dấu trên biên nhận: bài đã bị thay hoặc sửa (substituted or altered)",
    "witness_log_shorter": (
        "mốc đưa vào ngắn hơn mốc trên biên nhận: tệp cũ, hoặc sổ đã bị đưa lùi "
        "(an older file, or the log was set back)"
    ),
    "witness_log_forked": (
        "sổ về sau không nối tiếp mốc trên biên nhận: có hai lịch sử, hoặc tệp nối bị hỏng "
        "(two histories, or a damaged file)"
    ),
    "witness_proof_needed": "tệp nối không bắt đầu từ mốc trên biên nhận (the proof starts at another checkpoint)",
}


@click.command("receipt")
@click.argument("file", type=_file)
@click.option("--log-key", required=True, help="Dòng khóa của sổ, in trên thông báo (key line of the log).")
@click.option(
    "--against", type=_file, help="Tệp nối tới một mốc về sau, từ trang sổ ghi (proof up to a later checkpoint)."
)
@click.option("--opening", type=_file, help="Tệp bản ghi của tôi, có muối và nội dung đã mở (the own records, opened).")
def check_receipt_file(file: Path, log_key: str, against: Path | None, opening: Path | None) -> None:
    """Kiểm tra một biên nhận không cần mạng (check a receipt offline); exits with 1 when anything is wrong."""
    try:
        log = parse_verifier_key(log_key)
        receipt = parse_receipt(_read(file, MAX_RECEIPT))
        signed = open_checkpoint(receipt.note, log.name, public_key=log.public_key, verify=is_signature_good)
        click.echo(f"✓ mốc {signed.size} mục có chữ ký của {log.name} (signed by the log)")
        check_receipt(receipt)
        record = receipt.record
        click.echo(
            f"✓ mục {record.seq} ({record.event}, {record.at}) có trong sổ (is in the log); mã {receipt.short_code}"
        )
        if against is not None:
            later = check_request(
                parse_request(_read(against, 4 * MAX_RECEIPT)),
                Seen(signed.size, signed.root),
                log=log,
                verify=is_signature_good,
            )
            click.echo(f"✓ sổ ở mốc {later.size} mục nối tiếp mốc trên biên nhận (continues it)")
        if opening is not None:
            check_opening(record, parse_opening(_read(opening, _LARGEST_OPENING), seq=record.seq))
            click.echo("✓ nội dung được mở đúng từng chữ như khi nộp (the content is the one that was handed in)")
    except (DomainError, UnicodeDecodeError) as refusal:
        code = refusal.code if isinstance(refusal, DomainError) else "receipt_not_valid"
        click.echo(f"✗ {_REFUSALS.get(code, code)}", err=True)
        sys.exit(1)


def _read(path: Path, most: int) -> str:
    with path.open("rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise InvalidError("receipt_not_valid", part="record")
    is_utf16 = data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)  # as a terminal of Windows writes a file
    return data.decode("utf-16" if is_utf16 else "utf-8-sig")
