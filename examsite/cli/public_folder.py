"""The public folder: what everyone may read of a competition, as files for any web server or a stick."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from importlib import import_module
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import click

from examsite.domain.canonical import sha256_hex
from examsite.domain.checkpoints import parse_note, parse_verifier_key
from examsite.domain.cosignatures import COSIGNATURE, standing_witnesses
from examsite.domain.errors import DomainError, NotFoundError
from examsite.services.checkpoints import is_signature_good

#: Every file of the folder with its hash, as `sha256sum -c` reads it.
HASHES = "SHA256SUMS"
KEYS = "KHOA.txt"


@click.command("public-folder")
@click.argument("code")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Thư mục sẽ ghi; có thì thay mới.",
)
def write_public_folder(code: str, out: Path) -> None:
    """Ghi thư mục công khai của một kỳ: thông báo, quy tắc, kết quả, gói, trang kiểm tra (write the public folder)."""
    # As the server starts it: the pages of the folder are those of the site.
    site = import_module("wsgi").app
    try:
        files: dict[str, bytes] = site.extensions["public_folder"](code)
    except NotFoundError:
        click.echo(f"✗ {code}: không có kỳ này hoặc chưa thông báo (no such competition, or not announced)", err=True)
        sys.exit(1)
    except DomainError as refusal:
        click.echo(f"✗ {code}: {refusal.code}", err=True)
        sys.exit(1)
    except RuntimeError as failure:
        click.echo(f"✗ trang không mở được, chưa ghi gì (a page fails, nothing was written): {failure}", err=True)
        sys.exit(1)
    try:
        put_in_place(files, out)
    except FolderTakenError as taken:
        click.echo(f"✗ {out}: {taken.words}", err=True)
        sys.exit(1)
    except OSError as failure:
        where, why = failure.filename or out, failure.strerror or failure
        click.echo(f"✗ {where}: {why}. Thư mục cũ còn nguyên (the folder is as it was)", err=True)
        sys.exit(1)
    for name in lacking_witnesses(files):
        click.echo(
            f"! {name} chưa ký mốc trong gói: ai kiểm theo hướng dẫn sẽ thấy ✗. Lấy chữ ký rồi ghi lại thư mục"
            " (has not signed the checkpoint: whoever follows the instructions sees ✗; have it signed, write again)",
            err=True,
        )
    click.echo(f"✓ {out}: {len(files) + 1} tệp. Mở {out / 'index.html'} bằng trình duyệt (open it in a browser).")


class FolderTakenError(Exception):
    """The folder holds what would be lost; `words` say what."""

    def __init__(self, words: str) -> None:
        """Words for whoever gave the command, in both languages."""
        super().__init__(words)
        self.words = words


def put_in_place(files: Mapping[str, bytes], out: Path) -> None:
    """Write the folder beside `out`; only when it stands whole does it take the place of the one before.

    A link stays and leads to the new files. What was begun and broken off is removed the next time.

    Raises:
        FolderTakenError: `out` holds another competition, or a file that is not of such a folder.
        OSError: the disk is full, or somebody else's; `out` is as it was.
    """
    out = out.resolve()
    hashes = [f"{sha256_hex(data)}  {name}\n" for name, data in sorted(files.items())]
    whole = {**files, HASHES: "".join(hashes).encode()}
    _check_ours(out, files)
    fresh, old = (out.with_name(f".{out.name}.{word}") for word in ("new", "old"))
    out.parent.mkdir(parents=True, exist_ok=True)
    if fresh.exists():
        shutil.rmtree(fresh)
    for name, data in whole.items():
        path = fresh / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    for path in (fresh, *fresh.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)  # for a web server, which is somebody else
    if out.exists():
        if old.exists():
            shutil.rmtree(old)
        out.rename(old)
    fresh.rename(out)
    if old.exists():
        shutil.rmtree(old)


def _check_ours(out: Path, files: Mapping[str, bytes]) -> None:
    present = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_symlink() or not path.is_dir()}
    if not present:
        return
    hashes = out / HASHES
    lines = hashes.read_text("utf-8", errors="replace").splitlines() if hashes.is_file() else []
    foreign = sorted(present - {line.partition("  ")[2] for line in lines} - {HASHES})
    if foreign:
        raise FolderTakenError(f"thư mục có tệp khác ({foreign[0]}); hãy chọn thư mục trống (choose an empty folder)")
    if _log_of((out / KEYS).read_bytes()) != _log_of(files[KEYS]):
        raise FolderTakenError("thư mục là của kỳ khác; hãy chọn thư mục khác (it holds another competition)")


def _log_of(keys: bytes) -> str:
    """The name of the log, out of the list of keys."""
    lines = keys.decode("utf-8", errors="replace").splitlines()
    return next((line.partition("+")[0] for line in lines if line and not line.startswith("#")), "")


def lacking_witnesses(files: Mapping[str, bytes]) -> list[str]:
    """The folder's witnesses that have not signed the checkpoint of its newest bundle; none without a bundle."""
    bundles = [name for name in files if name.endswith(".zip")]
    if not bundles:
        return []
    newest = max(bundles, key=lambda name: (len(name), name))
    with ZipFile(BytesIO(files[newest])) as bundle:
        signed = bundle.read("checkpoint.txt").decode("utf-8")
    lines = files[KEYS].decode("utf-8").splitlines()
    _log, *texts = [line for line in lines if line and not line.startswith("#")]
    witnesses = [parse_verifier_key(text, kind=COSIGNATURE) for text in texts]
    note = parse_note(signed)
    standing = standing_witnesses(note, witnesses, verify=is_signature_good)
    return [one.name for one in witnesses if one not in standing]
