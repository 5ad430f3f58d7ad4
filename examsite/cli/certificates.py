"""HTTPS in the room: making the local certificate authority and the server's certificate."""

from __future__ import annotations

import click

from examsite.config import load_settings
from examsite.domain.errors import InvalidError
from examsite.services.certificates import CertificateReport, find_certificates, make_certificates
from examsite.services.clock import open_clock
from examsite.services.context import read_clock


@click.group()
def certificates() -> None:
    """HTTPS trong phòng thi (certificates of this installation)."""


@certificates.command()
@click.option("--host", "hosts", multiple=True, required=True, help="A name or an address of this server; repeat it.")
@click.option("--replace", "replaces", is_flag=True, help="Make new ones although there are some.")
def make(hosts: tuple[str, ...], *, replaces: bool) -> None:
    """Make a certificate authority and this server's certificate in instance/tls/; the server then speaks HTTPS."""
    settings = load_settings()
    open_clock(settings)
    if settings.has_tls and not replaces:
        raise click.ClickException(
            "đã có chứng thư; mọi máy đã nhập sẽ phải nhập lại nếu tạo mới. Thêm --replace nếu đúng ý. "
            "(there are certificates; machines that imported them would have to import anew; say --replace)"
        )
    try:
        report = make_certificates(settings, hosts=hosts, now=read_clock())
    except InvalidError as error:
        raise click.ClickException(f"tên máy chủ không dùng được (no such host name): {error}") from None
    _tell(report)
    click.echo("  Khởi động lại máy chủ web; in tờ hướng dẫn ở trang của quản trị, mục Chứng thư.")
    click.echo("  (Restart the web server; the administrator's page “Certificate” has the sheet to print.)")


@certificates.command()
def show() -> None:
    """Show what the certificates of this installation say."""
    report = find_certificates(load_settings())
    if report is None:
        raise click.ClickException("chưa có chứng thư (there are no certificates): certificates make --host …")
    _tell(report)


def _tell(report: CertificateReport) -> None:
    click.echo(f"✓ {', '.join(report.names)}  đến (until) {report.ends_at:%d/%m/%Y}")
    click.echo(f"  {report.authority_name}  đến (until) {report.authority_ends_at:%d/%m/%Y}")
    groups = " ".join(report.fingerprint[start : start + 8] for start in range(0, 64, 8))
    click.echo(f"  SHA-256  {groups}")
