"""The witness of a record log, on a machine of its own: fed by files, without network, database or installation.

Decision: a witness remembers the last checkpoint of each log in a file before it hands out its signature, as C2SP
tlog-witness wants: a machine that stops in between has signed nothing that it does not know of. What it refuses as a
second history is kept beside, for that file is the evidence.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import BinaryIO, NoReturn

import click
import segno
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from examsite.config import SettingsError, key_file
from examsite.domain import checkpoints
from examsite.domain.checkpoints import (
    MAX_SIGNATURES,
    PUBLIC_KEY_BYTES,
    Note,
    VerifierKey,
    note_text,
    parse_checkpoint_text,
    parse_note,
    parse_verifier_key,
)
from examsite.domain.cosignatures import COSIGNATURE, cosign, standing_witnesses, with_cosignatures
from examsite.domain.errors import DomainError, InvalidError
from examsite.domain.merkle import HASH_BYTES
from examsite.domain.witnessing import Seen, WitnessRequest, check_request, parse_request
from examsite.services.checkpoints import is_signature_good
from examsite.services.context import read_clock

#: Longest file that is read. Source: our choice, because the longest request is a third of it. Unit: bytes.
_LARGEST = 20_000

#: What a refusal means to whoever holds the file, Vietnamese and English.
_REFUSALS = {
    "checkpoint_not_signed": (
        "chữ ký của sổ không đúng với khóa đã ghim: tệp giả, hoặc của máy chủ khác",
        "the log's signature does not fit the pinned key",
    ),
    "checkpoint_of_other_log": ("mốc này là của một sổ khác", "this checkpoint is of another log"),
    "note_not_valid": ("tệp không phải mốc ký, hoặc bị chép thiếu", "not a signed checkpoint"),
    "checkpoint_not_valid": ("tệp không phải mốc ký, hoặc bị chép thiếu", "not a checkpoint"),
    "witness_request_not_valid": ("tệp không phải đề nghị đồng ký", "not a request for a cosignature"),
    "witness_log_shorter": (
        "mốc này ghi {size} mục, ít hơn {seen} mục đã ký lần trước: tệp cũ, hoặc sổ đã bị đưa lùi; hãy lấy tệp mới "
        "nhất trên trang sổ ghi: nếu vẫn ít hơn {seen} mục thì giữ tệp này và báo ban giám sát",
        "{size} records, {seen} were signed before: an old file, or the log was set back; fetch the newest file, and "
        "if it is still shorter, keep this one and tell the supervision board",
    ),
    "witness_log_forked": (
        "sổ {size} mục khác sổ {seen} mục đã ký: có hai lịch sử khác nhau; giữ tệp này và báo ban giám sát",
        "the log of {size} records is not the one signed at {seen}: two histories; keep this file as evidence",
    ),
    "witness_log_not_continued": (
        "sổ {size} mục không nối tiếp sổ {seen} mục đã ký: có hai lịch sử khác nhau, hoặc phần chứng minh trong tệp bị "
        "hỏng; hãy lấy lại tệp nối từ mốc {seen}: nếu vẫn bị từ chối thì giữ tệp này và báo ban giám sát",
        "the log of {size} records does not continue the one of {seen}: two histories, or a damaged proof; fetch the "
        "file that starts at {seen} again, and if it is refused, too, keep this one as evidence",
    ),
    "witness_proof_needed": (
        "tệp nối từ mốc {old} mục, lần trước đã ký ở {seen} mục; hãy lấy trên trang sổ ghi tệp nối từ mốc {seen}",
        "the proof starts at {old} records, the last signature was at {seen}: fetch the file that starts at {seen}",
    ),
    "verifier_key_not_valid": ("dòng khóa không đúng", "the key line is not valid"),
    "key_name_not_valid": ("tên khóa không được có dấu cách hay dấu cộng", "a key name has no blanks and no plus"),
}
#: Refusals of what the log signed and what does not fit what was signed before: kept, for it may be the evidence.
_EVIDENCE = {"witness_log_shorter", "witness_log_forked"}


@dataclass(frozen=True)
class _Home:
    """The folder of a witness: its key, its name, and what it has seen of each log."""

    path: Path

    def load(self) -> tuple[VerifierKey, Callable[[bytes], bytes]]:
        """The key; says what to do when there is none."""
        if not (self.path / "name").is_file():
            _stop(
                f"chưa có khóa trong {self.path}; chạy trước: witness init --name TEN (no key here: run witness init)"
            )
        try:
            private = _private_key(key_file(self.path / "witness.key", _no_key))
            name = (self.path / "name").read_text(encoding="utf-8").strip()
            key = VerifierKey(name, private.public_key().public_bytes_raw(), COSIGNATURE)
            key.as_text()
        except SettingsError as refusal:
            _stop(str(refusal))
        except (ValueError, DomainError):
            _stop(f"tệp trong {self.path} bị hỏng: khóa hoặc tên (key or name in this folder is damaged)")
        return key, private.sign

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else signs with this key meanwhile: two at once could sign two histories of the same size."""
        with (self.path / "lock").open("w") as file:
            flock(file, LOCK_EX)
            yield

    def file_of(self, origin: str) -> Path:
        """Where the last checkpoint of a log is remembered."""
        return self.path / f"{hashlib.sha256(origin.encode()).hexdigest()[:16]}.json"

    def recall(self, origin: str) -> dict[str, str | int]:
        """What is remembered of a log: its pinned key, size and root; a damaged memory is no first time."""
        path = self.file_of(origin)
        return self.read(path) if path.exists() else {}

    def read(self, path: Path) -> dict[str, str | int]:
        """What one of the files says; stops where it is damaged, for only its owner may decide to forget."""
        try:
            known = json.loads(path.read_text(encoding="utf-8"))
            sound = (
                type(known["size"]) is int
                and known["size"] >= 0
                and len(bytes.fromhex(known["root"])) == HASH_BYTES
                and path == self.file_of(known["origin"])
                and parse_verifier_key(known["log_key"]).name == known["origin"]
            )
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError, DomainError):
            sound = False
        if not sound:
            _stop(
                f"{path} bị hỏng: không còn biết đã ký đến đâu; đừng xóa, hãy báo ban giám sát "
                "(damaged: what was signed is not known any more; tell the supervision board)"
            )
        return dict(known)

    def remember(self, origin: str, values: dict[str, str | int]) -> None:
        """Keep it so that neither a crash nor a power cut leaves half of it."""
        path = self.file_of(origin)
        waiting = path.with_suffix(".part")
        with waiting.open("w", encoding="utf-8") as file:
            json.dump(values, file)
            file.flush()
            os.fsync(file.fileno())
        waiting.replace(path)
        folder = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


_home = click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("nhan-chung"),
    show_default=True,
    help="Thư mục giữ khóa và mốc đã ký (folder of the key and of what was signed).",
)


@click.group()
def witness() -> None:
    """Nhân chứng của sổ ghi, trên máy riêng (a witness of the record log, on a machine of its own)."""


@witness.command("init")
@click.option("--name", required=True, help="Tên khóa, không dấu cách, ví dụ giam-sat.vanhai.example/2026.")
@_home
def make_key(name: str, home: Path) -> None:
    """Tạo khóa và in dòng kiểm tra để gửi ban giám sát (make the key, print its verification line)."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    if (home / "name").exists():
        _stop(f"{home} đã có khóa; mỗi thư mục một khóa (there is a key here already)")
    try:
        VerifierKey(name, bytes(PUBLIC_KEY_BYTES), COSIGNATURE).as_text()
        # A key that stands there already is taken: its making was interrupted before its name was written.
        private = _private_key(key_file(home / "witness.key", Ed25519PrivateKey.generate().private_bytes_raw))
    except InvalidError as refusal:
        _stop(_words(refusal))
    except (SettingsError, ValueError) as refusal:
        _stop(str(refusal))
    line = VerifierKey(name, private.public_key().public_bytes_raw(), COSIGNATURE).as_text()
    (home / "name").write_text(name + "\n", encoding="utf-8")
    click.echo("✓ Dòng khóa của nhân chứng, gửi cho ban giám sát (verification line of this witness):")
    click.echo(line)


@witness.command("show")
@_home
def show_key(home: Path) -> None:
    """In lại dòng kiểm tra và các sổ đã ký (print the line and what was signed)."""
    place = _Home(home)
    key, _sign = place.load()
    click.echo(key.as_text())
    for path in sorted(home.glob("*.json")):
        known = place.read(path)
        click.echo(f"{known['origin']}: đã ký đến (signed up to) {known['size']} mục, khóa (key) {known['log_key']}")


@witness.command("cosign")
@click.argument("file", type=click.File("rb"))
@click.option("--log-key", help="Dòng khóa của sổ, in trên thông báo; cần ở lần đầu (key line of the log).")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Tệp sẽ ghi; mặc định: tên tệp + .signed")
@click.option("--qr", is_flag=True, help="In chữ ký thành mã QR trên màn hình (show the answer as a QR code).")
@_home
def cosign_file(file: BinaryIO, log_key: str | None, out: Path | None, home: Path, *, qr: bool) -> None:
    """Ký một mốc sau khi kiểm tra nó nối tiếp mốc đã ký lần trước (sign a checkpoint that continues the last one)."""
    place = _Home(home)
    own, sign = place.load()
    data = file.read(_LARGEST + 1)
    with place.alone():
        request, origin, size = _accepted(place, data, log_key)
    at_seconds = int(read_clock().timestamp())
    note = parse_note(request.note)
    line = cosign(note, own.name, public_key=own.public_key, sign=sign, at_seconds=at_seconds)
    signed = with_cosignatures(request.note, [line])
    target = out or Path(f"{'moc' if file.name == '-' else file.name}.signed")
    target.write_text(signed, encoding="utf-8")
    click.echo(f"✓ đã ký mốc {size} mục của {origin} (signed); tệp gửi lại (send back): {target}")
    if qr:
        _show_picture(note_text(Note(note.text, (*(one for one in note.signatures if one.name == origin), line))))


def _accepted(place: _Home, data: bytes, log_key: str | None) -> tuple[WitnessRequest, str, int]:
    """The request, the log and the size that may be signed, remembered already; stops where it may not."""
    try:
        request = parse_request(_clean(data))
        note = parse_note(request.note)
        if len(note.signatures) >= MAX_SIGNATURES:  # one more, and nobody could read it
            raise InvalidError("note_not_valid")
        origin = parse_checkpoint_text(note.text).origin
        known = place.recall(origin)
        if log_key is None and not known:
            _stop(
                "lần đầu với sổ này: hãy thêm --log-key với dòng khóa in trên thông báo (give --log-key the first time)"
            )
        pinned = str(known["log_key"]) if known else str(log_key).strip()
        if log_key is not None and log_key.strip() != pinned:
            _stop(f"khóa đưa vào khác khóa đã ghim của sổ này: {pinned} (another key is pinned for this log)")
        log = parse_verifier_key(pinned)
        seen = Seen(int(known["size"]), bytes.fromhex(str(known["root"]))) if known else None
        checkpoint = check_request(request, seen, log=log, verify=is_signature_good)
    except DomainError as refusal:
        if refusal.code in _EVIDENCE:
            kept = place.path / f"bang-chung-{hashlib.sha256(data).hexdigest()[:12]}.txt"
            kept.write_bytes(data)
            click.echo(f"  tệp đã được giữ (kept): {kept}", err=True)
        _stop("TỪ CHỐI KÝ: " + _words(refusal))
    place.remember(
        origin, {"origin": origin, "log_key": pinned, "size": checkpoint.size, "root": checkpoint.root.hex()}
    )
    return request, origin, checkpoint.size


def _show_picture(text: str) -> None:
    try:
        segno.make(text, error="l", micro=False).terminal(compact=True)
    except segno.DataOverflowError:
        _stop("dài quá một mã QR; hãy gửi tệp (too long for a QR code: send the file)")


@witness.command("check")
@click.argument("file", type=click.File("rb"))
@click.option("--log-key", required=True, help="Dòng khóa của sổ (key line of the log).")
@click.option("--witness", "lines", multiple=True, help="Dòng khóa của một nhân chứng; lặp lại được (repeatable).")
@click.option(
    "--quorum", type=click.IntRange(min=0), default=0, help="Cần ít nhất bao nhiêu nhân chứng (how many are needed)."
)
def check_file(file: BinaryIO, log_key: str, lines: tuple[str, ...], quorum: int) -> None:
    """Kiểm tra chữ ký của sổ và đủ số nhân chứng trên một mốc (check a checkpoint and its quorum)."""
    try:
        log = parse_verifier_key(log_key)
        keys = [parse_verifier_key(line, kind=COSIGNATURE) for line in lines]
        text = parse_request(_clean(file.read(_LARGEST + 1))).note
        checkpoint = checkpoints.open_checkpoint(text, log.name, public_key=log.public_key, verify=is_signature_good)
        standing = standing_witnesses(parse_note(text), keys, verify=is_signature_good)
    except DomainError as refusal:
        _stop(_words(refusal))
    click.echo(f"✓ {log.name}: {checkpoint.size} mục, chữ ký của sổ đúng (signed by the log)")
    for key in keys:
        sign = "✓" if key in standing else "✗"
        click.echo(f"{sign} {key.name}: {'đã ký (signed)' if key in standing else 'không có chữ ký đúng (not signed)'}")
    if len(standing) < quorum:
        _stop(f"chỉ có {len(standing)} nhân chứng, cần {quorum} (only {len(standing)} witnesses, {quorum} needed)")


def _clean(data: bytes) -> str:
    """The text of a file however it came: other ends of lines, blanks around it."""
    if len(data) > _LARGEST:
        raise InvalidError("witness_request_not_valid")
    text = data.decode("utf-8", errors="replace")
    return "\n".join(line.rstrip() for line in text.strip().splitlines()) + "\n"


def _words(refusal: DomainError) -> str:
    code = refusal.code
    if code == "witness_log_forked" and refusal.params["size"] != refusal.params["seen"]:
        code = "witness_log_not_continued"  # a mistake in the copied proof looks the same
    vietnamese, english = _REFUSALS.get(code, (code, code))
    with suppress(KeyError):
        vietnamese, english = vietnamese.format(**refusal.params), english.format(**refusal.params)
    return f"{vietnamese} ({english})"


def _private_key(data: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(data)


def _no_key() -> bytes:
    _stop("tệp witness.key đã mất (the key file is gone)")


def _stop(text: str) -> NoReturn:
    click.echo(f"✗ {text}", err=True)
    sys.exit(1)
