"""A browser's share of HTTP/1.1 on asyncio streams, over TLS where the server speaks it: one kept line, cookies."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

#: How long one answer is waited for. Unit: seconds.
PATIENCE_SECONDS = 60

NO_ANSWER = (OSError, asyncio.IncompleteReadError, TimeoutError, ValueError)


@dataclass(frozen=True)
class Door:
    """Where the server of the rehearsal listens, and how its certificate is checked (None: plain HTTP)."""

    port: int
    host: str = "127.0.0.1"
    tls: ssl.SSLContext | None = None


@dataclass(frozen=True)
class Answer:
    """Status, body, and how long it took. Unit: seconds."""

    status: int
    body: bytes
    seconds: float

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")


class Line:
    """One kept connection of one machine; a line that the server closed is opened again once."""

    def __init__(self, door: Door) -> None:
        """Connect at the first request."""
        self._door = door
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.cookies: dict[str, str] = {}

    async def request(
        self, method: str, path: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send and wait for the whole answer.

        Raises:
            OSError, asyncio.IncompleteReadError, TimeoutError, ValueError: there was none.
        """
        message = self._message(method, path, body, headers or {})
        began = time.perf_counter()
        async with asyncio.timeout(PATIENCE_SECONDS):
            was_open = self._streams is not None
            try:
                status, content = await self._exchange(message)
            except (ConnectionError, asyncio.IncompleteReadError):
                if not was_open:
                    raise
                self.close()
                status, content = await self._exchange(message)
        return Answer(status, content, time.perf_counter() - began)

    async def send_and_cut(self, method: str, path: str, *, body: bytes, headers: Mapping[str, str]) -> None:
        """Send a request and tear the line before its answer, as a bad cable does."""
        with contextlib.suppress(*NO_ANSWER):
            _reader, writer = await self._open()
            writer.write(self._message(method, path, body, headers))
            await writer.drain()
        self.close()

    async def post_form(self, path: str, fields: Mapping[str, str]) -> Answer:
        """Send a form."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return await self.request("POST", path, body=urlencode(fields).encode(), headers=headers)

    def close(self) -> None:
        """Drop the line; cookies stay."""
        if self._streams is not None:
            self._streams[1].close()
        self._streams = None

    def _message(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
        host = f"{self._door.host}:{self._door.port}"
        fields = {"Host": host, "Accept": "text/html, application/json", **headers}
        if self._door.tls is not None:
            fields["Referer"] = f"https://{host}/"  # browsers send it, and forms over HTTPS are taken with it only
        if body or method == "POST":
            fields["Content-Length"] = str(len(body))
        if self.cookies:
            fields["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        return head.encode("ascii") + b"\r\n" + body

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is None:
            name = self._door.host if self._door.tls is not None else None
            self._streams = await asyncio.open_connection(
                "127.0.0.1", self._door.port, ssl=self._door.tls, server_hostname=name
            )
        return self._streams

    async def _exchange(self, message: bytes) -> tuple[int, bytes]:
        reader, writer = await self._open()
        writer.write(message)
        await writer.drain()
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        fields: dict[str, str] = {}
        for text in head[1:]:
            name, _colon, value = text.partition(":")
            if name.lower() == "set-cookie":
                cookie, _sign, rest = value.strip().partition("=")
                self.cookies[cookie] = rest.partition(";")[0]
            elif name:
                fields[name.lower()] = value.strip().lower()
        body = await _body(reader, fields)
        if fields.get("connection") == "close":
            self.close()
        return int(head[0].split(" ")[1]), body


async def _body(reader: asyncio.StreamReader, fields: Mapping[str, str]) -> bytes:
    if fields.get("transfer-encoding") != "chunked":
        return await reader.readexactly(int(fields.get("content-length", "0")))
    parts: list[bytes] = []
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        parts.append((await reader.readexactly(size + 2))[:-2])
    await reader.readexactly(2)
    return b"".join(parts)
