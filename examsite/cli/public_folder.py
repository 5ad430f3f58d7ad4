"""The public folder: what everyone may read of a competition, as files for any web server or a stick."""

from __future__ import annotations

import shutil
import sys
from importlib import import_module
from pathlib import Path

import click

from examsite.domain.errors import DomainError, NotFoundError


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
    click.echo(f"✓ {out}: {len(files)} tệp. Mở {out / 'index.html'} bằng trình duyệt (open it in a browser).")
