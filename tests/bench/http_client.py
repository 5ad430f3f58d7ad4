"""A browser's share of HTTP/1.1 on asyncio streams: one kept connection, cookies, and how long each answer took."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class Answer:
    """Status, headers (lower case), body, and how long it took from the first byte sent."""

    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


@dataclass
class Figures:
    """What one kind of request did: how long each answer took, which were no answer that was wanted."""

    name: str
    seconds: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    began: float = 0.0
    ended: float = 0.0
    #: Processor seconds that the server used meanwhile.
    server_seconds: float = 0.0
    #: Tells the processor seconds of the server so far.
    meter: Callable[[], float] | None = None

    def count(self, seconds: float) -> None:
        self.seconds.append(seconds)

    def fail(self, reason: str) -> None:
        self.errors[reason] += 1

    @property
    def per_second(self) -> float:
        lasted = self.ended - self.began
        return len(self.seconds) / lasted if lasted > 0 else 0.0

    @property
    def server_milliseconds(self) -> float:
        """Processor time of the server for each answer: hardly moved by what else the machine does."""
        return 1000 * self.server_seconds / len(self.seconds) if self.seconds else float("nan")

    def percentile(self, percent: float) -> float:
        """Nearest rank, in milliseconds."""
        if not self.seconds:
            return float("nan")
        ordered = sorted(self.seconds)
        return 1000 * ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]

    def __enter__(self) -> Figures:
        self.server_seconds -= self.meter() if self.meter else 0.0
        self.began = time.perf_counter()
        return self

    def __exit__(self, *_error: object) -> None:
        self.ended = time.perf_counter()
        self.server_seconds += self.meter() if self.meter else 0.0


class Connection:
    """One kept connection with its cookies; a connection that the server closed is opened again once."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self.cookies: dict[str, str] = {}

    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        return await self.request("GET", path, headers=headers)

    async def post_form(self, path: str, fields: Mapping[str, str]) -> Answer:
        return await self.request(
            "POST",
            path,
            body=urlencode(fields).encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )

    async def request(
        self, method: str, path: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send and wait for the whole answer.

        Raises:
            OSError, asyncio.TimeoutError, asyncio.IncompleteReadError: there was none.
        """
        fields = {"Host": f"127.0.0.1:{self._port}", "Accept": "text/html, application/json", **(headers or {})}
        if body or method == "POST":
            fields["Content-Length"] = str(len(body))
        if self.cookies:
            fields["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        message = head.encode("ascii") + b"\r\n" + body
        began = time.perf_counter()
        async with asyncio.timeout(TIMEOUT_SECONDS):
            was_open = self._writer is not None
            try:
                answer = await self._exchange(message)
            except (ConnectionError, asyncio.IncompleteReadError):
                if not was_open:
                    raise
                self.close()
                answer = await self._exchange(message)
        status, answered, content = answer
        return Answer(status, answered, content, time.perf_counter() - began)

    async def _exchange(self, message: bytes) -> tuple[int, dict[str, str], bytes]:
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._reader, self._writer
        assert reader is not None
        writer.write(message)
        await writer.drain()
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status = int(head[0].split(" ")[1])
        headers: dict[str, str] = {}
        for line in head[1:]:
            name, _colon, value = line.partition(":")
            if name.lower() == "set-cookie":
                cookie, _eq, rest = value.strip().partition("=")
                self.cookies[cookie] = rest.partition(";")[0]
            elif name:
                headers[name.lower()] = value.strip()
        body = await _body(reader, headers)
        if headers.get("connection", "").lower() == "close":
            self.close()
        return status, headers, body

    def close(self) -> None:
        """Drop the connection; cookies stay."""
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None


async def _body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() != "chunked":
        return await reader.readexactly(int(headers.get("content-length", "0")))
    parts: list[bytes] = []
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        parts.append(await reader.readexactly(size))
        await reader.readexactly(2)
    await reader.readexactly(2)
    return b"".join(parts)
