"""Who asked: the address, scheme and host that a proxy passes on count only when the proxy is configured.

Anybody can write `X-Forwarded-For` into a request. So the headers are read only when the connection itself comes from
an address in `trusted_proxies`; otherwise the connection is what counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.middleware.proxy_fix import ProxyFix

from examsite.domain.addresses import is_inside, read_ranges

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class TrustedProxies:
    """Reads the forwarded headers of one proxy in front, when the connection comes from a configured address."""

    def __init__(self, app: WsgiApp, trusted: str) -> None:
        """Stand before this application; `trusted` holds one CIDR a line or comma."""
        self._plain = app
        self._ranges = read_ranges(trusted)
        self._fixed = ProxyFix(app, x_for=1, x_proto=1, x_host=1)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Pass the request on, with the forwarded address or with the one of the connection."""
        if is_inside(str(environ.get("REMOTE_ADDR", "")), self._ranges):
            return self._fixed(environ, start_response)
        return self._plain(environ, start_response)
