"""The public folder: what everyone may read of a competition, as files for any web server or a stick."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from importlib import import_module
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import click

from examsite.domain.checkpoints import parse_note, parse_verifier_key
from examsite.domain.cosignatures import COSIGNATURE, standing_witnesses
from examsite.domain.errors import DomainError, NotFoundError
from examsite.services.checkpoints import is_signature_good


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
    is_ours = all((out / name).is_file() for name in ("KHOA.txt", "HUONG-DAN.txt", "verify/index.html"))
    if out.exists() and any(out.iterdir()) and not is_ours:
        click.echo(f"✗ {out}: thư mục có tệp khác; hãy chọn thư mục trống (choose an empty folder)", err=True)
        sys.exit(1)
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
    if out.exists():
        shutil.rmtree(out)
    for name, data in files.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    for path in (out, *out.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)  # for a web server, which is somebody else
    for name in lacking_witnesses(files):
        click.echo(
            f"! {name} chưa ký mốc trong gói: ai kiểm theo hướng dẫn sẽ thấy ✗. Lấy chữ ký rồi ghi lại thư mục"
            " (has not signed the checkpoint: whoever follows the instructions sees ✗; have it signed, write again)",
            err=True,
        )
    click.echo(f"✓ {out}: {len(files)} tệp. Mở {out / 'index.html'} bằng trình duyệt (open it in a browser).")


def lacking_witnesses(files: Mapping[str, bytes]) -> list[str]:
    """The folder's witnesses that have not signed the checkpoint of its newest bundle; none without a bundle."""
    bundles = [name for name in files if name.endswith(".zip")]
    if not bundles:
        return []
    newest = max(bundles, key=lambda name: (len(name), name))
    with ZipFile(BytesIO(files[newest])) as bundle:
        signed = bundle.read("checkpoint.txt").decode("utf-8")
    lines = files["KHOA.txt"].decode("utf-8").splitlines()
    _log, *texts = [line for line in lines if line and not line.startswith("#")]
    witnesses = [parse_verifier_key(text, kind=COSIGNATURE) for text in texts]
    note = parse_note(signed)
    standing = standing_witnesses(note, witnesses, verify=is_signature_good)
    return [one.name for one in witnesses if one not in standing]
