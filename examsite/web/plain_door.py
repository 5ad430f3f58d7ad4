"""Where plain HTTP is asked although the server speaks HTTPS: one page that says the right address, and one file.

Whoever types the address without its first letters must not meet a broken connection. The page leads to the right
address and gives the authority's certificate, which a machine needs before it can go there without a warning. Nothing
of the site is served here.
"""

from __future__ import annotations

import html
import logging
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from examsite.config import Settings
from examsite.services.certificates import authority_file, find_certificates

#: A caller that says nothing for so long is let go. Unit: seconds.
PATIENCE_SECONDS = 10

FILE_PATH = "/certificate/authority.crt"

_PAGE = """<!doctype html>
<html lang="vi"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Trang thi mở bằng HTTPS</title></head><body>
<h1>Trang thi mở bằng HTTPS</h1>
<p><a href="{address}">{address}</a></p>
<p>Nếu trình duyệt cảnh báo, máy này chưa nhập chứng thư của phòng thi: <a href="{file}">tải chứng thư</a>, rồi làm
theo tờ hướng dẫn của quản trị. Đừng bấm bỏ qua cảnh báo.</p>
<p lang="en">This site is opened over HTTPS at the address above. If the browser warns, this machine has not imported
the room's certificate yet.</p>
</body></html>
"""

_log = logging.getLogger("examsite.plain_door")


class _Door(ThreadingHTTPServer):
    """Every worker opens the same port; the system gives each call to one of them."""

    allow_reuse_port = True
    daemon_threads = True

    def __init__(self, address: tuple[str, int], settings: Settings) -> None:
        self.settings = settings
        super().__init__(address, _Answer)


class _Answer(BaseHTTPRequestHandler):
    """The page or the file; everything else is the page too."""

    server: _Door
    timeout = PATIENCE_SECONDS
    server_version = "examsite"
    sys_version = ""

    def do_GET(self) -> None:
        """Tell the address, or give the certificate."""
        content = authority_file(self.server.settings) if self.path == FILE_PATH else None
        if content is not None:
            self._send(content, "application/x-x509-ca-cert")
            return
        self._send(self._page(), "text/html; charset=utf-8")

    do_HEAD = do_POST = do_GET  # noqa: N815 - names of the base class

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the signature of the base class
        """Say nothing: anybody on the network can ask here."""

    def _page(self) -> bytes:
        settings = self.server.settings
        report = find_certificates(settings)
        names = report.names if report is not None else ()
        try:
            asked = urlsplit(f"//{self.headers.get('Host', '')}").hostname or ""
        except ValueError:
            asked = ""
        # Only names of the certificate are repeated: whatever else stands in the header is somebody's text.
        host = asked if asked in names else next(iter(names), "")
        port = settings.bind.rpartition(":")[2]
        address = f"https://{host}{'' if port == '443' else ':' + port}/"
        return _PAGE.format(address=html.escape(address), file=FILE_PATH).encode("utf-8")

    def _send(self, content: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


def open_plain_door(settings: Settings) -> ThreadingHTTPServer | None:
    """Listen on `plain_bind` in a thread of its own, where HTTPS is spoken and an address is set."""
    if not (settings.has_tls and settings.plain_bind):
        return None
    host, _colon, port = settings.plain_bind.rpartition(":")
    try:
        door = _Door((host.strip("[]"), int(port)), settings)
    except (OSError, ValueError) as error:
        _log.warning("no page for plain HTTP on %s: %s", settings.plain_bind, error)
        return None
    threading.Thread(target=door.serve_forever, name="plain door", daemon=True).start()
    return door
